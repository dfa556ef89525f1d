// Answers that cost something, for many who ask for the same at once.
import type { Clock } from '../runtime/clock.ts';

/** Asks at most once in so long, and once for all who ask meanwhile. What failed is asked again by whoever asks next. */
export function briefly<T>(clock: Clock, ms: number, ask: () => Promise<T>): () => Promise<T> {
  let newest: { answer: Promise<T>; until: number } | null = null;
  return () => {
    if (newest !== null && clock.now() < newest.until) return newest.answer;
    // Not for ever: one that hangs is asked beside after that long.
    const mine = { answer: ask(), until: clock.now() + ms };
    newest = mine;
    mine.answer.then(
      () => {
        mine.until = clock.now() + ms;
      },
      () => {
        if (newest === mine) newest = null;
      },
    );
    return mine.answer;
  };
}
