// Answers of the history that hold for as long as what they were asked under does: a question that was asked before under
// the same key is not asked again, and who asks while it is being asked is answered together. The key must name all that
// could make the answer another one (a revision, positions in the log). Answers are shared: they must not be changed.
import type { Clock } from '../runtime/clock.ts';

export interface Remembered {
  /** `holds`: whether the answer will still be right when the key is asked for again. */
  take<T>(key: string, ask: () => Promise<T>, holds?: (answer: T) => boolean): Promise<T>;
}

/** Characters over all answers, and of the longest that is worth its room. */
const KEPT = 8 << 20;
const LONGEST = 512 << 10;
/** What is erased where it came from is forgotten here as well. */
const KEPT_MS = 60_000;

export function createRemembered(clock: Clock): Remembered {
  /** In order of their last use. */
  const known = new Map<string, { answer: unknown; length: number; until: number }>();
  const asking = new Map<string, Promise<unknown>>();
  let kept = 0;

  function forget(key: string): void {
    kept -= known.get(key)?.length ?? 0;
    known.delete(key);
  }

  function keep(key: string, answer: unknown): void {
    const length = key.length + JSON.stringify(answer).length;
    if (length > LONGEST) return;
    forget(key);
    known.set(key, { answer, length, until: clock.now() + KEPT_MS });
    kept += length;
    for (const oldest of known.keys()) {
      if (kept <= KEPT) break;
      forget(oldest);
    }
  }

  return {
    async take<T>(key: string, ask: () => Promise<T>, holds: (answer: T) => boolean = () => true) {
      const found = known.get(key);
      if (found !== undefined && clock.now() < found.until) {
        known.delete(key);
        known.set(key, found);
        return found.answer as T;
      }
      const underWay = asking.get(key);
      if (underWay !== undefined) return underWay as Promise<T>;
      const answering = ask();
      asking.set(key, answering);
      try {
        const answer = await answering;
        if (holds(answer)) keep(key, answer);
        return answer;
      } finally {
        asking.delete(key);
      }
    },
  };
}
