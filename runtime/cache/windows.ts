// Counting in windows, in the memory of this process. Remembers a bounded number of keys, the oldest goes first.
import type { Clock } from '../clock.ts';
import type { Count } from './cache.ts';

const REMEMBERED = 10_000;

export interface Windows {
  count(key: string, windowMs: number): Count;
  counted(key: string): number;
  /** What all processes have counted in the window: this one goes on from there when it is alone. */
  learn(key: string, all: Count): void;
}

export function createWindows(clock: Clock): Windows {
  const windows = new Map<string, { count: number; ends: number }>();

  function current(key: string): { count: number; ends: number } | undefined {
    const found = windows.get(key);
    if (found && found.ends <= clock.now()) {
      windows.delete(key);
      return undefined;
    }
    return found;
  }

  return {
    count(key, windowMs) {
      let window = current(key);
      if (window === undefined) {
        if (windows.size >= REMEMBERED) windows.delete(windows.keys().next().value!);
        window = { count: 0, ends: clock.now() + windowMs };
        windows.set(key, window);
      }
      window.count++;
      return { count: window.count, endsInMs: window.ends - clock.now() };
    },
    counted: (key) => current(key)?.count ?? 0,
    learn(key, all) {
      const window = current(key);
      if (window === undefined || all.count < window.count) return;
      window.count = all.count;
      window.ends = clock.now() + all.endsInMs;
    },
  };
}
