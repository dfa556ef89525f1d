// Turns on the event loop: however many partitions have work, one of them holds the loop for a few milliseconds, then
// everything else (sockets, timers, other partitions) gets its turn.

export interface Turns {
  /**
   * Resolves when it is the caller's turn; it may then work for SLICE_MS before it asks again. What someone waits for goes
   * before what is merely much, but never so that the others do not get on.
   */
  next(urgent?: boolean): Promise<void>;
}

/** How long one piece of work may hold the event loop. */
export const SLICE_MS = 8;

/** After so many urgent turns one of the others comes, if one waits. */
const URGENT_IN_A_ROW = 4;

export function createTurns(): Turns {
  const urgent: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  let running = false;
  let inARow = 0;
  // One caller a turn of the loop: setImmediate asked for within an immediate comes after the sockets were looked at.
  const pump = (): void => {
    const isUrgent = urgent.length > 0 && (waiting.length === 0 || inARow < URGENT_IN_A_ROW);
    inARow = isUrgent ? inARow + 1 : 0;
    (isUrgent ? urgent : waiting).shift()?.();
    running = urgent.length + waiting.length > 0;
    if (running) setImmediate(pump);
  };
  return {
    next: (isUrgent = false) =>
      new Promise((resolve) => {
        (isUrgent ? urgent : waiting).push(resolve);
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
  async next(urgent = false): Promise<void> {
    await turns.next(urgent);
    this.began = performance.now();
  }
}
