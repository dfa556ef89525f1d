// One edit in the whole system: made in the cloud, told by the feed, and what the API then says; taken back, and the same.
import type { DriftJson } from '../../api/types.ts';
import { callsOf, type Outcome } from './bench.ts';
import { send } from './cloud.ts';
import { tell, type Who } from './feed.ts';
import type { Planned } from './mutations/index.ts';
import type { Watch } from './watch.ts';

export interface Whole {
  moto: string;
  trail: string;
  watch: Watch;
  /** Types that are not read, and so stay unverified. */
  unread: ReadonlySet<string>;
  /** Object keys that the instances around an instance have. */
  keysAround(address: string): ReadonlySet<string>;
}

export interface Seen extends Outcome {
  /** From the feed's file to the confirmed drift in the API, and from that of its end to its end. */
  confirmedMs: number | null;
  resolvedMs: number | null;
}

/** How long anything may take before it is given up, so that what is late is told as late and not as missed. */
const PATIENCE_MS = 15_000;

const told = (drifts: readonly DriftJson[]): string =>
  drifts
    .map(
      ({ kind, confidence, address, differences, actors, ignoredBy }) =>
        `${kind} ${confidence}${ignoredBy ? ` ignored by ${ignoredBy}` : ''} ${address} [${differences.map(({ path }) => path).join(' ')}] ${actors.map(({ name }) => name).join()}`,
    )
    .join('; ');

export async function seeThrough(whole: Whole, planned: Planned, who: Who): Promise<Seen> {
  const { instance, mutation } = planned;
  const keys = whole.keysAround(instance.address);
  const seen: Seen = { planned, kind: 'fine', problem: null, confirmedMs: null, resolvedMs: null };
  const end = (kind: Outcome['kind'], problem: string | null): Seen => ({ ...seen, kind, problem });
  const mine = (open: readonly DriftJson[]): DriftJson[] =>
    open.filter(({ objectKey, type }) => keys.has(objectKey) && !whole.unread.has(type));
  const kind = mutation.expects?.kind ?? 'modified';
  const isIt = (drift: DriftJson): boolean =>
    drift.kind === kind &&
    drift.confidence === 'confirmed' &&
    (kind === 'unmanaged' ? drift.resourceId === instance.id : drift.address === instance.address);
  const make = async (calls: ReturnType<typeof mutation.change>): Promise<number> => {
    for (const call of callsOf(calls)) await send(whole.moto, call);
    for (const call of callsOf(calls)) await tell(whole.trail, who, call);
    return performance.now();
  };
  let last: DriftJson[] = [];
  let stood: DriftJson | null = null;
  try {
    const began = await make(mutation.change(instance.attributes));
    await whole.watch.until(
      'it',
      (open) => {
        last = mine(open);
        return last.find(isIt) ?? null;
      },
      PATIENCE_MS,
    );
    seen.confirmedMs = performance.now() - began;
    // Others of the object were suspected too: their reads dismiss them.
    await whole.watch.until(
      'it alone',
      (open) => {
        last = mine(open);
        return last.length === 1 && isIt(last[0]!) ? true : null;
      },
      PATIENCE_MS,
    );
    stood = last[0]!;
  } catch (error) {
    const problem = told(last) || (error as Error).message;
    Object.assign(seen, end(last.some(isIt) ? 'more' : last.length > 0 ? 'elsewhere' : 'missed', problem));
  }
  if (stood) {
    const right =
      (stood.ignoredBy !== null) === (mutation.expects?.ignored ?? false) &&
      stood.differences.length > 0 &&
      stood.differences.every(({ path }) => path.startsWith(mutation.path)) &&
      stood.actors.some(({ name }) => name === NAMES[who]);
    if (!right) Object.assign(seen, end('elsewhere', told([stood])));
  }
  try {
    const began = await make(mutation.revert(instance.attributes));
    await whole.watch.until(
      'its end',
      (open) => {
        last = mine(open);
        return last.length === 0 ? true : null;
      },
      PATIENCE_MS,
    );
    seen.resolvedMs = performance.now() - began;
  } catch (error) {
    if (seen.kind === 'fine') return end('unresolved', told(last) || (error as Error).message);
  }
  return seen;
}

/** By the names of principals of the feed. */
export const NAMES: Record<Who, string> = {
  alice: 'alice',
  bob: 'bob',
  script: 'cron-host-3',
  terraform: 'ci-4711',
  scaling: 'AutoScaling',
  rotation: 'Rotation',
};
