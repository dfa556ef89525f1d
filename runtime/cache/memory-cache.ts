// The cache of a single process: for the embedded mode and for tests. There is nobody to share with, so it is never away.
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Cache, Listener } from './cache.ts';
import { createWindows } from './windows.ts';

/** More values than this, and the oldest go. */
const KEPT = 10_000;

export function createMemoryCache(options: { clock?: Clock } = {}): Cache {
  const clock = options.clock ?? systemClock;
  const windows = createWindows(clock);
  const values = new Map<string, { value: string; expires: number }>();
  const channels = new Map<string, Set<Listener>>();
  const since = clock.now();

  function kept(key: string): string | null {
    const found = values.get(key);
    if (found === undefined) return null;
    if (found.expires > clock.now()) return found.value;
    values.delete(key);
    return null;
  }

  return {
    async count(key, windowMs) {
      return windows.count(key, windowMs);
    },
    async counts(keys) {
      return keys.map(windows.counted);
    },
    async publish(channel, text) {
      // Whoever has taken it off meanwhile hears nothing any more.
      for (const listener of [...(channels.get(channel) ?? [])])
        queueMicrotask(() => {
          if (channels.get(channel)?.has(listener)) listener.message(text);
        });
      return true;
    },
    subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      queueMicrotask(() => {
        if (listeners.has(listener)) listener.listening(true);
      });
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel);
      };
    },
    async put(key, value, expiresMs) {
      values.delete(key);
      if (values.size >= KEPT) values.delete(values.keys().next().value!);
      values.set(key, { value, expires: clock.now() + expiresMs });
      return true;
    },
    async get(key) {
      return { known: true, value: kept(key) };
    },
    async remove(key) {
      values.delete(key);
      return true;
    },
    async list(prefix) {
      const found = new Map<string, string>();
      for (const key of [...values.keys()].filter((each) => each.startsWith(prefix)).sort()) {
        const value = kept(key);
        if (value !== null) found.set(key, value);
      }
      return found;
    },
    state: () => ({ reachable: true, since, reason: null }),
    async close() {
      channels.clear();
    },
  };
}
