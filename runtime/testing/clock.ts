// A clock that stands still until a test moves it.
import type { Clock } from '../clock.ts';
import { TEST_TIME } from './events.ts';

export interface TestClock extends Clock {
  /** Moves on by `ms`; those who sleep until then or earlier wake, the earliest first. */
  advance(ms: number): void;
}

export function createTestClock(start: number = TEST_TIME): TestClock {
  let now = start;
  let sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve();
        const sleeper = {
          until: now + ms,
          wake: () => {
            sleepers = sleepers.filter((each) => each !== sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    advance(ms) {
      now += ms;
      for (const sleeper of sleepers.filter(({ until }) => until <= now).sort((a, b) => a.until - b.until))
        sleeper.wake();
    },
  };
}
