// The cache in Redis, which all processes share.
//
// While Redis is away: limits are counted by this process alone (with n processes, an attacker gets at most n times as many
// attempts, never unlimited ones), listeners are told that they hear nothing, and values are unknown. It is connected to
// again by itself.
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Logger } from '../telemetry.ts';
import type { Cache, Count } from './cache.ts';
import { createRedisChannels } from './redis-channels.ts';
import { checkRedisUrl, openRedisConnection } from './redis-connection.ts';
import { createWindows } from './windows.ts';

export interface RedisCacheOptions {
  /** `redis://user:password@host:port/database`, or rediss:// */
  url: string;
  logger: Logger;
  /** Everything of ours in Redis starts with it. */
  prefix?: string;
  clock?: Clock;
}

/** In one step, which every request takes: counts, and says when the window ends that the first one has begun. */
const COUNT = `local count = redis.call('INCR', KEYS[1])
local ends = redis.call('PTTL', KEYS[1])
if ends < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  ends = tonumber(ARGV[1])
end
return {count, ends}`;
const COUNT_SHA = createHash('sha1').update(COUNT).digest('hex');

async function counted(redis: Redis, key: string, windowMs: number): Promise<[number, number]> {
  try {
    return (await redis.evalsha(COUNT_SHA, 1, key, windowMs)) as [number, number];
  } catch (error) {
    // It forgets scripts when it starts anew. What was not found was not run: nothing is counted twice.
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return (await redis.eval(COUNT, 1, key, windowMs)) as [number, number];
  }
}

/** How long opening waits for a server that is slow, or away. */
const FIRST_ANSWER_MS = 1_000;
const WALKED_AT_ONCE = 1_000;
/** A full Redis refuses everything: it is said this often. */
const REFUSAL_LOG_MS = 60_000;

/** Opens also while Redis is away, with what that means for its answers. DM_CONFIG_INVALID for what is no such URL. */
export async function openRedisCache(options: RedisCacheOptions): Promise<Cache> {
  const { url, logger, prefix = 'driftmgr:', clock = systemClock } = options;
  const { host } = checkRedisUrl(url);
  const windows = createWindows(clock);
  let since = clock.now();
  let closing = false;
  let answered: () => void;
  const firstAnswer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  function turned(up: boolean): void {
    since = clock.now();
    answered();
    if (closing) return;
    if (up) logger.info({ host }, 'Redis answers');
    else
      logger.warn(
        { host, reason: connection.reason() },
        'Redis is away: each process counts limits by itself and reads the log by itself; sessions are unknown',
      );
  }
  let refusalLogged = Number.NEGATIVE_INFINITY;
  function refused(reason: string): void {
    if (clock.now() - refusalLogged < REFUSAL_LOG_MS) return;
    refusalLogged = clock.now();
    logger.warn({ host, reason }, 'Redis refuses commands: what it refuses is answered as if it were away');
  }
  const connection = openRedisConnection(url, { turned, refused });
  const channels = createRedisChannels(url, logger, refused);
  const countKey = (key: string): string => `${prefix}count:${key}`;
  const valueKey = (key: string): string => `${prefix}value:${key}`;
  const channelOf = (channel: string): string => `${prefix}channel:${channel}`;

  /** Counts in all processes: the first of a window says when it ends. */
  const countedByAll = (key: string, windowMs: number): Promise<Count | undefined> =>
    connection.ask(async (redis) => {
      const [count, endsInMs] = await counted(redis, countKey(key), Math.max(1, Math.ceil(windowMs)));
      return { count, endsInMs: Math.max(0, endsInMs) };
    });

  await Promise.race([firstAnswer, systemClock.sleep(FIRST_ANSWER_MS)]);
  if (!connection.isUp())
    logger.warn({ host, reason: connection.reason() }, 'Redis is not there yet: it is tried again');

  return {
    async count(key, windowMs) {
      const own = windows.count(key, windowMs);
      const all = await countedByAll(key, windowMs);
      if (all === undefined || all.count < own.count) return own;
      windows.learn(key, all);
      return all;
    },
    async counts(keys) {
      const own = keys.map(windows.counted);
      if (keys.length === 0) return own;
      const all = await connection.ask((redis) => redis.mget(keys.map(countKey)));
      return own.map((count, at) => Math.max(count, Number(all?.[at] ?? 0)));
    },
    async publish(channel, text) {
      const answer = await connection.ask((redis) => redis.publish(channelOf(channel), text));
      return answer !== undefined;
    },
    subscribe: (channel, listener) => channels.subscribe(channelOf(channel), listener),
    async put(key, value, expiresMs) {
      const expires = Math.max(1, Math.ceil(expiresMs));
      return (await connection.ask((redis) => redis.set(valueKey(key), value, 'PX', expires))) === 'OK';
    },
    async get(key) {
      const value = await connection.ask((redis) => redis.get(valueKey(key)));
      return value === undefined ? { known: false } : { known: true, value };
    },
    async remove(key) {
      return (await connection.ask((redis) => redis.del(valueKey(key)))) !== undefined;
    },
    async list(start) {
      const before = valueKey('');
      const pattern = `${valueKey(start).replaceAll(/[*?[\]\\^]/g, '\\$&')}*`;
      const keys = new Set<string>();
      for (let cursor = '0'; ; ) {
        const answer = await connection.ask((redis) =>
          redis.scan(cursor, 'MATCH', pattern, 'COUNT', WALKED_AT_ONCE),
        );
        if (answer === undefined) return null;
        for (const key of answer[1]) keys.add(key);
        cursor = answer[0];
        if (cursor === '0') break;
      }
      const sorted = [...keys].sort();
      if (sorted.length === 0) return new Map();
      const values = await connection.ask((redis) => redis.mget(sorted));
      if (values === undefined) return null;
      const found = new Map<string, string>();
      for (const [at, value] of values.entries())
        if (value !== null) found.set(sorted[at]!.slice(before.length), value);
      return found;
    },
    state: () => ({ reachable: connection.isUp(), since, reason: connection.reason() }),
    async close() {
      closing = true;
      channels.close();
      connection.close();
    },
  };
}
