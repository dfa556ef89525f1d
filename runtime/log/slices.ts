// Long work in slices: nothing of the log holds the event loop for more than a few milliseconds.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A function to call often in long work: lets the loop turn when this piece of work has held it for `ms`. */
export function createSlices(ms = 8): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < ms) return undefined;
    return nextTurn().then(() => {
      began = performance.now();
    });
  };
}
