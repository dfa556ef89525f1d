// A steady stream of requests as a team's browsers and scripts send them, from a process of its own, so that nothing but the
// system makes them wait. Each answer is looked at: how long it took, counted from when it was due, and whether it is right.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Asked } from './asker.ts';
import { patiently } from './patience.ts';

export interface Requests {
  /** Of requests that were due between two moments (`now()`), when all of them are answered. */
  between(from: number, to: number): Promise<Answered>;
  stop(): Promise<void>;
}

export interface Answered {
  count: number;
  p50: number;
  p99: number;
  failed: string[];
  /** By what was asked, the slowest first: its p99. */
  slowest: [name: string, p99: number][];
  /** How late the asking process itself was, at most: what it adds to every time. */
  late: number;
}

const ASKER = fileURLToPath(new URL('./asker.ts', import.meta.url));

/** The same moment in all processes, milliseconds. */
export const now = (): number => performance.timeOrigin + performance.now();

export function startRequests(options: Asked): Requests {
  const asker = fork(ASKER, { stdio: 'inherit', serialization: 'advanced' });
  const answers: Answer[] = [];
  /** All that were due before are answered. */
  let answeredTo = 0;
  asker.on('message', (told: { answers: Answer[]; answeredTo: number }) => {
    answers.push(...told.answers);
    answeredTo = told.answeredTo;
  });
  asker.send(options);
  return {
    async between(from, to) {
      await patiently('all requests to be answered', 120_000, async () => {
        if (!asker.connected) throw new Error('the process that asks has ended');
        return answeredTo >= to;
      });
      const found = answers.filter(({ due }) => from <= due && due < to);
      const names = [...new Set(found.map(({ name }) => name))];
      return {
        count: found.length,
        p50: share(found, 0.5),
        p99: share(found, 0.99),
        failed: found.flatMap(({ failure }) => (failure === null ? [] : [failure])),
        slowest: names
          .map((name): [string, number] => [
            name,
            share(
              found.filter((each) => each.name === name),
              0.99,
            ),
          ])
          .sort((a, b) => b[1] - a[1]),
        late: Math.round(Math.max(...found.map(({ late }) => late))),
      };
    },
    async stop() {
      if (!asker.connected) return;
      const ended = once(asker, 'exit');
      asker.disconnect();
      await ended;
    },
  };
}

function share(answers: readonly Answer[], part: number): number {
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return Math.round(times[Math.floor(times.length * part)] ?? Number.NaN);
}
