// Turns on the event loop: however many partitions have work, one of them holds the loop for a few milliseconds, then
// everything else (sockets, timers, other partitions) gets its turn.

export interface Turns {
  /** Resolves when it is the caller's turn; it may then work for SLICE_MS before it asks again. */
  next(): Promise<void>;
}

/** How long one piece of work may hold the event loop. */
export const SLICE_MS = 8;

export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let running = false;
  // One caller a turn of the loop: setImmediate asked for within an immediate comes after the sockets were looked at.
  const pump = (): void => {
    waiting.shift()?.();
    running = waiting.length > 0;
    if (running) setImmediate(pump);
  };
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (running) return;
        running = true;
        setImmediate(pump);
      }),
  };
}

/** There is one event loop a process, so there is one queue for it. */
export const turns: Turns = createTurns();

/** For long work: `due()` after each piece says whether to wait for `turns.next()`. */
export class Slice {
  private began = performance.now();
  due(): boolean {
    return performance.now() - this.began >= SLICE_MS;
  }
  async next(): Promise<void> {
    await turns.next();
    this.began = performance.now();
  }
}
