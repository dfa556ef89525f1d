// Waiting that a machine's sleep does not end: what stands still together with everything it waits for has not waited.
import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_STEP_MS = 2_000;

/** Milliseconds since it was made, of which each step between two looks counts two seconds at most. */
export function stopwatch(): () => number {
  let last = performance.now();
  let passed = 0;
  return () => {
    const now = performance.now();
    passed += Math.min(now - last, LONGEST_STEP_MS);
    last = now;
    return passed;
  };
}

/** Asks again and again until the answer is one; fails with `what`, and what the last try told, after `withinMs`. */
export async function patiently<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | null | undefined | false>,
  told: () => unknown = () => '',
): Promise<T> {
  const passed = stopwatch();
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (passed() > withinMs)
      throw new Error(`waited ${withinMs} ms in vain for ${what} ${JSON.stringify(told())}`);
    await sleep(50);
  }
}
