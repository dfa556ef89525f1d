// Turns on the event loop: however many partitions have work, one of them holds the loop for a few milliseconds, then
// everything else (sockets, timers, other partitions) gets its turn.

/**
 * `urgent`: someone waits for it. `usual`: everything else. `patient`: what mirrors many resources, and loses nothing but
 * time when decisions on them go first.
 */
export type Hurry = 'urgent' | 'usual' | 'patient';

export interface Turns {
  /**
   * Resolves when it is the caller's turn; it may then work for SLICE_MS before it asks again. The more hurried goes first,
   * but never so that the others do not get on.
   */
  next(hurry?: Hurry): Promise<void>;
}

/** How long one piece of work may hold the event loop. */
export const SLICE_MS = 8;

const ORDER = ['urgent', 'usual', 'patient'] as const;
/** Who has been passed over so often is next, however hurried the others are. */
const PASSED_OVER = { urgent: 0, usual: 4, patient: 12 } as const satisfies Record<Hurry, number>;

interface Waiting {
  callers: (() => void)[];
  passedOver: number;
}

export function createTurns(): Turns {
  const waiting: Record<Hurry, Waiting> = {
    urgent: { callers: [], passedOver: 0 },
    usual: { callers: [], passedOver: 0 },
    patient: { callers: [], passedOver: 0 },
  };
  let running = false;
  const waits = (hurry: Hurry): boolean => waiting[hurry].callers.length > 0;
  const chosen = (): Hurry | undefined =>
    ORDER.findLast((hurry) => waits(hurry) && waiting[hurry].passedOver >= PASSED_OVER[hurry]) ??
    ORDER.find(waits);
  // One caller a turn of the loop: setImmediate asked for within an immediate comes after the sockets were looked at.
  const pump = (): void => {
    const hurry = chosen();
    if (hurry !== undefined) {
      for (const other of ORDER) if (other !== hurry && waits(other)) waiting[other].passedOver++;
      waiting[hurry].passedOver = 0;
      waiting[hurry].callers.shift()!();
    }
    running = ORDER.some(waits);
    if (running) setImmediate(pump);
  };
  return {
    next: (hurry = 'usual') =>
      new Promise((resolve) => {
        waiting[hurry].callers.push(resolve);
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
  async next(hurry?: Hurry): Promise<void> {
    await turns.next(hurry);
    this.began = performance.now();
  }
}
