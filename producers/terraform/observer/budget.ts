// How often an account may be asked, over all processes: who waits for a change goes before a sweep, and when the cloud
// says that it was too often, all of them wait.
import type { Cache } from '../../../runtime/cache/cache.ts';
import { type Clock, WOKEN } from '../../../runtime/clock.ts';
import { backoffMs } from '../../../runtime/failure.ts';

export type Priority = 'change' | 'sweep';

export interface Budget {
  /** Resolves when it may be asked once more; also when the signal aborts. */
  turn(account: string, perSecond: number, priority: Priority, signal: AbortSignal): Promise<void>;
  /** The cloud was asked too often: nobody asks for a while, longer each time it says so in a row. */
  throttled(account: string): Promise<void>;
  answered(account: string): void;
  /** Who waits for a turn. */
  waiting(): Record<Priority, number>;
}

const WINDOW_MS = 1_000;
/** A sweep leaves so much of the budget to changes. */
const SWEEP_SHARE = 0.75;
/**
 * The pause that another process has begun is looked for so often. It lasts until the cache forgets it: the clocks of two
 * machines may differ by more than any pause.
 */
const LOOK_MS = 1_000;
/** First pause: 0.8 to 1.6 seconds; longest: half a minute. */
const FIRST_BACKOFF = 4;

interface Waiter {
  resolve(): void;
  signal: AbortSignal;
}

interface Account {
  name: string;
  perSecond: number;
  change: Waiter[];
  sweep: Waiter[];
  serving: boolean;
  pausedUntil: number;
  lookedAt: number;
  throttles: number;
  /** Ends a pause that only sweeps have to make. */
  arrived: AbortController;
}

export function createBudget({ cache, clock }: { cache: Cache; clock: Clock }): Budget {
  const accounts = new Map<string, Account>();

  function accountOf(name: string): Account {
    let found = accounts.get(name);
    if (!found) {
      found = {
        name,
        perSecond: 1,
        change: [],
        sweep: [],
        serving: false,
        pausedUntil: 0,
        lookedAt: Number.NEGATIVE_INFINITY,
        throttles: 0,
        arrived: new AbortController(),
      };
      accounts.set(name, found);
    }
    return found;
  }

  const pauseKey = (name: string): string => `reads/pause/${name}`;

  async function lookForPause(account: Account): Promise<void> {
    if (clock.now() - account.lookedAt < LOOK_MS) return;
    account.lookedAt = clock.now();
    const found = await cache.get(pauseKey(account.name));
    if (found.known && found.value !== null)
      account.pausedUntil = Math.max(account.pausedUntil, clock.now() + LOOK_MS);
  }

  function next(account: Account): { waiter: Waiter; priority: Priority } | null {
    for (const priority of ['change', 'sweep'] as const) {
      const queue = account[priority];
      while (queue[0]?.signal.aborted) queue.shift()!.resolve();
      if (queue[0]) return { waiter: queue[0], priority };
    }
    return null;
  }

  async function serve(account: Account): Promise<void> {
    account.serving = true;
    try {
      for (;;) {
        account.arrived = new AbortController();
        const first = next(account);
        if (!first) return;
        await lookForPause(account);
        const pause = account.pausedUntil - clock.now();
        if (pause > 0) {
          await clock.sleep(pause, first.waiter.signal);
          continue;
        }
        const { perSecond } = account;
        const allowed =
          first.priority === 'change' ? perSecond : Math.max(1, Math.floor(perSecond * SWEEP_SHARE));
        const { count, endsInMs } = await cache.count(`reads/${account.name}`, WINDOW_MS);
        if (count > allowed) {
          // A change does not wait until a sweep may go on.
          await clock.sleep(
            endsInMs,
            first.priority === 'change'
              ? first.waiter.signal
              : AbortSignal.any([first.waiter.signal, account.arrived.signal]),
          );
          continue;
        }
        account[first.priority].splice(account[first.priority].indexOf(first.waiter), 1);
        first.waiter.resolve();
      }
    } finally {
      account.serving = false;
    }
  }

  return {
    turn(name, perSecond, priority, signal) {
      const account = accountOf(name);
      account.perSecond = perSecond;
      return new Promise((resolve) => {
        account[priority].push({ resolve, signal });
        if (priority === 'change') account.arrived.abort(WOKEN);
        if (!account.serving) void serve(account);
      });
    },
    async throttled(name) {
      const account = accountOf(name);
      // Of those that were asked before the pause began: one occasion, however many they are.
      if (clock.now() < account.pausedUntil) return;
      const pause = Math.ceil(backoffMs(FIRST_BACKOFF + account.throttles++, Math.random()));
      account.pausedUntil = clock.now() + pause;
      // The longer pause of another process stands.
      const found = await cache.get(pauseKey(name));
      const other = found.known ? Number(found.value ?? 0) : 0;
      if (!(other >= pause)) await cache.put(pauseKey(name), String(pause), pause);
    },
    answered(name) {
      accountOf(name).throttles = 0;
    },
    waiting: () => ({
      change: [...accounts.values()].reduce((sum, { change }) => sum + change.length, 0),
      sweep: [...accounts.values()].reduce((sum, { sweep }) => sum + sweep.length, 0),
    }),
  };
}
