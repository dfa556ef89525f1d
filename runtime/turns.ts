// Questions take turns: so many are asked at once, the others wait in their order, and beyond a bound they are refused.
// Without it a database that is slower than it is asked would fill the memory, and hold up the end of the process.
import { DriftError } from './errors.ts';

export interface Turns {
  /**
   * Does the work when it is its turn. Who comes with the same key while it still waits gets the same answer: it begins
   * later than both asked, so it is as new as one of their own. The answer is shared: it must not be changed.
   * DM_DATABASE_UNREACHABLE (retriable) when too many wait, for too long, or when closed.
   */
  take<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** What waits is refused; what has begun goes on. */
  close(): void;
}

interface Waiting {
  begin(): void;
  refuse(error: DriftError): void;
  /** Refuses it. */
  late: NodeJS.Timeout;
  answer: Promise<unknown>;
}

export interface TurnsOptions {
  /** Who is asked, for messages. */
  name: string;
  atOnce: number;
  /** How many may wait; those who wait with one key count once. */
  waiting: number;
  /** For how long, milliseconds: one that is stopped in its tracks answers nothing, and refuses nothing either. */
  withinMs?: number;
}

const WITHIN_MS = 10_000;

export function createTurns(options: TurnsOptions): Turns {
  const { name, atOnce, waiting: most, withinMs = WITHIN_MS } = options;
  const refused = (why: string): DriftError =>
    new DriftError(`${name} was not asked: ${why}`, {
      code: 'DM_DATABASE_UNREACHABLE',
      retriable: true,
      public: 'More is asked than can be answered at the moment. Try again shortly.',
    });
  const waiting = new Map<string, Waiting>();
  let under = 0;
  let closed = false;

  /** Gives the place of one that has ended to the one that has waited longest. */
  function next(): void {
    const [first] = waiting;
    if (first === undefined) {
      under--;
      return;
    }
    waiting.delete(first[0]);
    clearTimeout(first[1].late);
    first[1].begin();
  }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      next();
    }
  }

  return {
    async take<T>(key: string, work: () => Promise<T>): Promise<T> {
      if (closed) throw refused('the process stops');
      if (under < atOnce) {
        under++;
        return run(work);
      }
      const same = waiting.get(key);
      if (same) return same.answer as Promise<T>;
      if (waiting.size >= most) throw refused(`${most} questions wait already`);
      const turn = Promise.withResolvers<void>();
      const answer = turn.promise.then(() => run(work));
      const late = setTimeout(() => {
        waiting.delete(key);
        turn.reject(refused(`its turn did not come within ${withinMs} ms`));
      }, withinMs);
      waiting.set(key, { begin: turn.resolve, refuse: turn.reject, late, answer });
      return answer;
    },
    close() {
      closed = true;
      for (const { refuse, late } of waiting.values()) {
        clearTimeout(late);
        refuse(refused('the process stops'));
      }
      waiting.clear();
    },
  };
}
