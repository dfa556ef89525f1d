// A process that spends the budget of an account over Redis, for tests of several: asked for turns on standard input
// (`{"account":"a","perSecond":20,"change":60,"sweep":0}`, a line each), it prints each turn it got, and when it got them all.
import { createInterface } from 'node:readline';
import { openRedisCache } from '../../../../runtime/cache/redis-cache.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { createLogger } from '../../../../runtime/telemetry.ts';
import { createBudget, type Priority } from '../budget.ts';

export interface Ask {
  account: string;
  perSecond: number;
  change: number;
  sweep: number;
}

export interface Turn {
  /** Null: all that were asked for are given. */
  priority: Priority | null;
  /** Milliseconds since the epoch. */
  at: number;
}

async function run(url: string, prefix: string): Promise<void> {
  const cache = await openRedisCache({ url, logger: createLogger({ level: 'silent' }), prefix });
  const budget = createBudget({ cache, clock: systemClock });
  const never = new AbortController().signal;
  const say = (priority: Priority | null): void => {
    process.stdout.write(`${JSON.stringify({ priority, at: Date.now() } satisfies Turn)}\n`);
  };
  const asked: Promise<void>[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const { account, perSecond, ...counts } = JSON.parse(line) as Ask;
    const turns = (['sweep', 'change'] as const).flatMap((priority) =>
      Array.from({ length: counts[priority] }, () =>
        budget.turn(account, perSecond, priority, never).then(() => say(priority)),
      ),
    );
    asked.push(Promise.all(turns).then(() => say(null)));
  }
  await Promise.all(asked);
  await cache.close();
}

const [url, prefix] = process.argv.slice(2);
if (url !== undefined && prefix !== undefined) await run(url, prefix);
