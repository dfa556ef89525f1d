// Listening on channels of Redis, which takes a connection of its own, made with the first listener.
import type { Logger } from '../telemetry.ts';
import type { Listener } from './cache.ts';
import type { RedisConnection } from './redis-connection.ts';
import { openRedisConnection } from './redis-connection.ts';

export interface RedisChannels {
  subscribe(channel: string, listener: Listener): () => void;
  close(): void;
}

/** How long until a subscription that was not answered, or was refused, is asked for again. */
const AGAIN_MS = 1_000;

export function createRedisChannels(
  url: string,
  logger: Logger,
  refused: (reason: string) => void,
): RedisChannels {
  const channels = new Map<string, Set<Listener>>();
  /** Channels that Redis has confirmed on the connection there is. */
  const heard = new Set<string>();
  let connection: RedisConnection | null = null;

  /** One listener that fails takes nothing from the others. */
  function tell(channel: string, what: (listener: Listener) => void): void {
    for (const listener of [...(channels.get(channel) ?? [])])
      try {
        what(listener);
      } catch (error) {
        logger.error({ err: error, channel }, 'a listener of a channel failed');
      }
  }

  function turned(up: boolean): void {
    if (up) {
      for (const channel of channels.keys()) void listen(channel);
      return;
    }
    for (const channel of [...heard]) {
      heard.delete(channel);
      tell(channel, (listener) => listener.listening(false));
    }
  }

  /** While the connection is down there is nothing to do: it will turn up, and then all channels are asked for. */
  async function listen(channel: string): Promise<void> {
    const mine = connection!;
    const answer = await mine.ask((redis) => redis.subscribe(channel));
    if (heard.has(channel) || !mine.isUp() || !channels.has(channel)) return;
    if (answer === undefined) {
      setTimeout(() => void listen(channel), AGAIN_MS).unref();
      return;
    }
    heard.add(channel);
    tell(channel, (listener) => listener.listening(true));
  }

  function connect(): RedisConnection {
    const made = openRedisConnection(url, { turned, refused });
    made.redis.on('message', (channel: string, text: string) =>
      tell(channel, (listener) => listener.message(text)),
    );
    return made;
  }

  return {
    subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      if (connection === null) connection = connect();
      else if (heard.has(channel))
        queueMicrotask(() => {
          if (listeners.has(listener) && heard.has(channel)) listener.listening(true);
        });
      else void listen(channel);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || channels.get(channel) !== listeners) return;
        channels.delete(channel);
        heard.delete(channel);
        void connection?.ask((redis) => redis.unsubscribe(channel));
      };
    },
    close() {
      channels.clear();
      connection?.close();
    },
  };
}
