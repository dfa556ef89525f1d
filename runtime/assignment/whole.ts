// One process has all partitions, for as long as it runs.
import type { Assignments } from './assignment.ts';
import { Work } from './work.ts';

export function wholeAssignments(partitions: number): Assignments {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return {
    join({ work, signal }) {
      const working = new Work(work, () => Promise.resolve());
      working.hold(signal.aborted ? [] : all);
      const done = working.done();
      const leave = (): void => working.hold([]);
      signal.addEventListener('abort', leave, { once: true });
      const ended = done.finally(() => signal.removeEventListener('abort', leave));
      return { joined: Promise.resolve(all), ended, held: () => working.held };
    },
    async close() {},
  };
}
