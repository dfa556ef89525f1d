// One connection to Redis that comes back by itself, fails fast, and notices a server that is silent.
import { Redis } from 'ioredis';
import { DriftError } from '../errors.ts';

const CONNECT_MS = 1_000;
/** An answer later than this counts as none. */
const ANSWER_MS = 500;
/** How often it is asked whether it is still there. */
const BEAT_MS = 500;
const LONGEST_PAUSE_MS = 1_000;

export interface RedisConnection {
  readonly redis: Redis;
  /** What Redis answers; undefined when it does not, soon. Never rejects. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T | undefined>;
  isUp(): boolean;
  /** Why it is not; holds no secret. */
  reason(): string | null;
  close(): void;
}

export interface RedisEvents {
  /** The connection came up or went down. */
  turned(up: boolean): void;
  /** A command was refused by a server that is there: full, read-only, or the user may not. */
  refused(reason: string): void;
}

/** Starts to connect at once. */
export function openRedisConnection(url: string, events: RedisEvents): RedisConnection {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_MS,
    commandTimeout: ANSWER_MS,
    // A command is tried once: what was not answered is not sent again later, or it would count twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    // What was the primary before a failover: the name leads to the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    retryStrategy: (attempt) => Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(attempt, 10)),
  });
  let up = false;
  let why: string | null = 'it was not reached yet';

  function turn(to: boolean, reason: string | null): void {
    why = to ? null : (reason ?? why);
    if (to === up) return;
    up = to;
    events.turned(to);
  }

  redis.on('ready', () => turn(true, null));
  redis.on('error', (error: Error) => {
    why = error.message;
  });
  redis.on('close', () => turn(false, up ? 'the connection was closed' : null));

  const beat = setInterval(() => {
    if (redis.status !== 'ready') return;
    redis.ping().catch((error: Error) => {
      if (redis.status !== 'ready') return;
      turn(false, error.message);
      redis.disconnect(true);
    });
  }, BEAT_MS);
  beat.unref();

  return {
    redis,
    async ask(question) {
      if (!up) return undefined;
      try {
        return await question(redis);
      } catch (error) {
        const { name, message } = error as Error;
        why = message;
        if (name === 'ReplyError') events.refused(message);
        return undefined;
      }
    },
    isUp: () => up,
    reason: () => (up ? null : why),
    close() {
      clearInterval(beat);
      redis.disconnect();
    },
  };
}

/** Refuses what is no Redis URL, without repeating it: it may hold a password. */
export function checkRedisUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return url;
  throw new DriftError('the Redis URL does not parse', {
    code: 'DM_CONFIG_INVALID',
    retriable: false,
    public: 'The Redis URL is not one: write it as redis://user:password@host:6379 (rediss:// for TLS).',
  });
}
