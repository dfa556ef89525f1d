// How often a sweep asks: so many reads of one account in a second, evenly, whatever else asks it.
import type { Clock } from '../../../runtime/clock.ts';

export interface Pace {
  /** Resolves when the account may be asked once more; also when the signal aborts. */
  turn(account: string, perSecond: number, signal: AbortSignal): Promise<void>;
}

export function createPace(clock: Pick<Clock, 'now' | 'sleep'>): Pace {
  const next = new Map<string, number>();
  return {
    async turn(account, perSecond, signal) {
      const now = clock.now();
      const mine = Math.max(now, next.get(account) ?? 0);
      next.set(account, mine + 1_000 / perSecond);
      if (mine > now) await clock.sleep(mine - now, signal);
    },
  };
}
