// What decides goes before what mirrors. While a partition has much to decide on, projections that have much to read
// wait: what they would write meanwhile they write afterwards, in fewer and larger batches, and the detector has the
// processor's caches to itself. What is little (the drift that someone waits for) passes at any time.

export interface Precedence {
  /** Says whether `who` has much to decide on; it holds until it says otherwise. */
  claim(who: object, hasMuch: boolean): void;
  /** Resolves when no one has, nor had a moment ago; at the latest after `ms`, or when the signal ends. */
  clear(ms: number, signal: AbortSignal): Promise<void>;
}

/** More records than this at once are much. */
export const MUCH = 200;

/** A partition that has just come to its end often finds more a moment later: who feeds it is not done. */
const MOMENT_MS = 100;

export function createPrecedence(momentMs = MOMENT_MS): Precedence {
  const claims = new Set<object>();
  let waiting: (() => void)[] = [];
  let moment: NodeJS.Timeout | null = null;
  const over = (): void => {
    moment = null;
    const told = waiting;
    waiting = [];
    for (const tell of told) tell();
  };
  return {
    claim(who, hasMuch) {
      if (hasMuch) {
        claims.add(who);
        if (moment) clearTimeout(moment);
        moment = null;
      } else if (claims.delete(who) && claims.size === 0) moment = setTimeout(over, momentMs);
    },
    clear: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || (claims.size === 0 && moment === null)) return resolve();
        const done = (): void => {
          clearTimeout(late);
          signal.removeEventListener('abort', done);
          waiting = waiting.filter((tell) => tell !== done);
          resolve();
        };
        const late = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
        waiting.push(done);
      }),
  };
}

/** There is one event loop a process, so there is one precedence on it. */
export const precedence: Precedence = createPrecedence();
