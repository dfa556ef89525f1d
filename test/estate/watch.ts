// What the API says of drifts, asked again and again by one for all who wait for it.
import type { Client } from '../../api/client.ts';
import type { DriftJson } from '../../api/types.ts';
import { systemClock } from '../../runtime/clock.ts';

export interface Watch {
  /** Resolves with what the first answer says that pleases; rejects after `withinMs` with what was open then. */
  until<T>(what: string, pleases: (open: readonly DriftJson[]) => T | null, withinMs: number): Promise<T>;
  /** Every confirmed drift that was ever seen open, ignored ones too: by id and address. */
  confirmed: ReadonlyMap<string, DriftJson>;
  stop(): Promise<void>;
}

const EVERY_MS = 50;

export function watch(client: Client): Watch {
  const confirmed = new Map<string, DriftJson>();
  const waiting = new Set<(open: readonly DriftJson[]) => void>();
  let ended = false;
  async function ask(): Promise<void> {
    while (!ended) {
      const open: DriftJson[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.drifts.list({ status: ['open'], ignored: true, limit: 500, cursor });
        open.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      for (const drift of open)
        if (drift.confidence === 'confirmed') confirmed.set(`${drift.id} ${drift.address}`, drift);
      for (const look of [...waiting]) look(open);
      await systemClock.sleep(EVERY_MS);
    }
  }
  const asking = ask();
  asking.catch(() => undefined);
  return {
    confirmed,
    until: (what, pleases, withinMs) =>
      new Promise((resolve, reject) => {
        const end = performance.now() + withinMs;
        const look = (open: readonly DriftJson[]): void => {
          const answer = pleases(open);
          const late = performance.now() > end;
          if (answer === null && !late) return;
          waiting.delete(look);
          if (answer !== null) resolve(answer);
          else reject(new Error(`waited ${withinMs} ms in vain for ${what}`));
        };
        waiting.add(look);
        asking.catch(reject);
      }),
    async stop() {
      ended = true;
      await asking;
    },
  };
}
