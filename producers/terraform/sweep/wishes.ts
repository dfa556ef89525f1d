// Who waits for the sweep of which workspace. Kept in memory: a wish that was not settled is asked again by its reactor.
import { failuresText, type SweepProgress } from './progress.ts';

export interface Settled {
  outcome: 'done' | 'refused';
  reason: string | null;
}

interface Wish {
  /** Null until it is known which workspaces there are. */
  workspaces: Set<string> | null;
  since: number;
  refused: string[];
  notes: string[];
  settle(settled: Settled): void;
}

export interface Wishes {
  /** Resolves when it is settled; `workspace` null: all that can be swept. A sweep that began at `since` or later counts. */
  ask(workspace: string | null, since: number, signal: AbortSignal): Promise<Settled>;
  any(): boolean;
  /** Says which workspaces those who ask for all mean. */
  expand(all: () => string[]): void;
  /** A workspace that is asked for; the first that was. */
  next(): string | null;
  /** Whether a sweep that began then is what all who ask for the workspace want. */
  isSatisfied(workspace: string, startedAt: number): boolean;
  settle(workspace: string, done: SweepProgress): void;
  refuse(workspace: string, reason: string): void;
  /** Sleeps, or until the next wish. */
  or(
    sleep: (ms: number, signal?: AbortSignal) => Promise<void>,
    ms: number,
    signal: AbortSignal,
  ): Promise<void>;
}

export function createWishes(): Wishes {
  const wishes = new Set<Wish>();
  let wake = new AbortController();

  function leave(wish: Wish, workspace: string): void {
    wish.workspaces?.delete(workspace);
    if (wish.workspaces === null || wish.workspaces.size > 0) return;
    wishes.delete(wish);
    const reasons = [...wish.refused, ...wish.notes];
    wish.settle({
      outcome: wish.refused.length > 0 ? 'refused' : 'done',
      reason: reasons.length > 0 ? reasons.join(' ').slice(0, 1_000) : null,
    });
  }
  const askers = (workspace: string): Wish[] => [...wishes].filter((wish) => wish.workspaces?.has(workspace));

  return {
    ask(workspace, since, signal) {
      return new Promise((resolve, reject) => {
        const wish: Wish = {
          workspaces: workspace === null ? null : new Set([workspace]),
          since,
          refused: [],
          notes: [],
          settle: resolve,
        };
        wishes.add(wish);
        signal.addEventListener(
          'abort',
          () => {
            wishes.delete(wish);
            reject(signal.reason);
          },
          { once: true },
        );
        wake.abort();
      });
    },
    any: () => wishes.size > 0,
    expand(all) {
      for (const wish of wishes) {
        if (wish.workspaces !== null) continue;
        wish.workspaces = new Set(all());
        if (wish.workspaces.size > 0) continue;
        wish.refused.push('No workspace has a state that is stored and a reader: see terraform.readers.');
        leave(wish, '');
      }
    },
    next: () => [...wishes][0]?.workspaces?.values().next().value ?? null,
    isSatisfied: (workspace, startedAt) => {
      const asking = askers(workspace);
      return asking.length > 0 && asking.every(({ since }) => startedAt >= since);
    },
    settle(workspace, done) {
      for (const wish of askers(workspace)) {
        if (done.startedAt < wish.since) continue;
        const failures = failuresText(done);
        if (failures !== null) wish.notes.push(`Of ${workspace} ${failures}.`);
        leave(wish, workspace);
      }
    },
    refuse(workspace, reason) {
      for (const wish of askers(workspace)) {
        wish.refused.push(reason);
        leave(wish, workspace);
      }
    },
    async or(sleep, ms, signal) {
      if (wishes.size > 0) return;
      wake = new AbortController();
      await sleep(ms, AbortSignal.any([signal, wake.signal]));
    },
  };
}
