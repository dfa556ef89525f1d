// Many edits, some at a time: never two on the same objects.
import { type Bench, type Outcome, tryOut } from './bench.ts';
import type { Planned } from './mutations/index.ts';

export async function tryAll(
  bench: Bench,
  url: string,
  planned: readonly Planned[],
  told: (done: number) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await inLanes(
    planned,
    ({ instance }) => bench.around(instance).map(({ address }) => address),
    4,
    async (one) => {
      outcomes.push(await tryOut(bench, url, one));
      told(outcomes.length);
    },
  );
  return outcomes;
}

/** Works on each, `lanes` at a time; what works on the same `things` waits for one another. */
export async function inLanes<T>(
  all: readonly T[],
  things: (one: T) => string[],
  lanes: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const waiting = all.map((one) => ({ one, needs: things(one) }));
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const next =
      running.size < lanes ? waiting.findIndex(({ needs }) => !needs.some((name) => busy.has(name))) : -1;
    if (next < 0) {
      await Promise.race(running);
      continue;
    }
    const [{ one, needs }] = waiting.splice(next, 1) as [(typeof waiting)[number]];
    for (const name of needs) busy.add(name);
    const run: Promise<void> = work(one).finally(() => {
      for (const name of needs) busy.delete(name);
      running.delete(run);
    });
    running.add(run);
  }
}

/** A line per type: edits, and what became of those that did not come out as they should. */
export function table(outcomes: readonly Outcome[]): string {
  const types = new Map<string, Outcome[]>();
  for (const one of outcomes)
    types.set(one.planned.mutation.type, [...(types.get(one.planned.mutation.type) ?? []), one]);
  const lines = [...types]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, all]) => {
      const missed = all.filter(({ kind }) => kind === 'missed').length;
      const wrong = all.filter(({ kind }) => kind !== 'missed' && kind !== 'fine');
      return `  ${type.padEnd(52)} ${String(all.length).padStart(3)} edits, ${missed} missed, ${wrong.length} wrong`;
    });
  const bad = outcomes
    .filter(({ kind }) => kind !== 'fine')
    .map(
      ({ planned, kind, problem }) =>
        `  ${kind}: ${planned.instance.address} ${planned.mutation.path}: ${(problem ?? 'no drift').replace(/\s+/g, ' ').slice(0, 300)}`,
    );
  return [...lines, ...bad].join('\n');
}
