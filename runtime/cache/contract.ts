// What every cache must do, as tests. Run by the adapters' tests with a fresh cache each.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache, Listener } from './cache.ts';

export interface CacheUnderTest {
  cache: Cache;
  /** The same cache as another process has it; null for one that is not shared. */
  another: (() => Promise<Cache>) | null;
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Keeps what a listener was told. */
export function recordingListener(): Listener & { told: (string | boolean)[] } {
  const told: (string | boolean)[] = [];
  return { told, message: (text) => told.push(text), listening: (on) => told.push(on) };
}

export function cacheContract(adapter: string, open: () => Promise<CacheUnderTest>): void {
  describe(`cache contract: ${adapter}`, () => {
    let given: CacheUnderTest;
    let cache: Cache;
    beforeEach(async () => {
      given = await open();
      cache = given.cache;
    });
    afterEach(() => given.dispose());

    it('counts in a window that begins with the first, and anew after it', async () => {
      for (const expected of [1, 2, 3]) {
        const { count, endsInMs } = await cache.count('address 10.0.0.1', 400);
        expect(count).toBe(expected);
        expect(endsInMs).toBeGreaterThan(0);
        expect(endsInMs).toBeLessThanOrEqual(400);
      }
      expect((await cache.count('address 10.0.0.2', 400)).count).toBe(1);
      expect(await cache.counts(['address 10.0.0.1', 'address 10.0.0.2', 'nobody'])).toEqual([3, 1, 0]);
      expect(await cache.counts([])).toEqual([]);
      await given.pass(450);
      expect(await cache.counts(['address 10.0.0.1'])).toEqual([0]);
      expect((await cache.count('address 10.0.0.1', 400)).count).toBe(1);
    });

    it('a window does not grow longer by being counted in', async () => {
      await cache.count('key', 400);
      await given.pass(250);
      expect((await cache.count('key', 400)).endsInMs).toBeLessThanOrEqual(150);
      await given.pass(200);
      expect((await cache.count('key', 400)).count).toBe(1);
    });

    it('counts each of many at once', async () => {
      const counts = await Promise.all(Array.from({ length: 200 }, () => cache.count('busy', 60_000)));
      expect(counts.map(({ count }) => count).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 200 }, (_, at) => at + 1),
      );
    });

    it('keeps values until they expire, are replaced or removed', async () => {
      expect(await cache.get('session/1')).toEqual({ known: true, value: null });
      expect(await cache.put('session/1', 'ünï "1"', 60_000)).toBe(true);
      expect(await cache.get('session/1')).toEqual({ known: true, value: 'ünï "1"' });
      await cache.put('session/1', '2', 200);
      expect(await cache.get('session/1')).toEqual({ known: true, value: '2' });
      await given.pass(250);
      expect(await cache.get('session/1')).toEqual({ known: true, value: null });
      await cache.put('session/1', '3', 60_000);
      expect(await cache.remove('session/1')).toBe(true);
      expect(await cache.remove('session/1')).toBe(true);
      expect(await cache.get('session/1')).toEqual({ known: true, value: null });
    });

    it('lists values by the beginning of their key, taken as it stands', async () => {
      for (const key of ['process/b', 'process/a', 'process', 'other/1', 'pro*/1', 'p[r]/1', 'p\\/1'])
        await cache.put(key, `at ${key}`, 60_000);
      await cache.put('process/gone', 'x', 1);
      await cache.count('process/counted', 60_000);
      await given.pass(20);
      expect([...(await cache.list('process/'))!]).toEqual([
        ['process/a', 'at process/a'],
        ['process/b', 'at process/b'],
      ]);
      for (const key of ['pro*', 'p[r]', 'p\\', 'other/1'])
        expect([...(await cache.list(key))!.keys()], key).toHaveLength(1);
      expect([...(await cache.list(''))!]).toHaveLength(7);
      expect([...(await cache.list('none'))!]).toEqual([]);
    });

    it('a message reaches all who listen on its channel, in order, until they stop', async () => {
      const first = recordingListener();
      const second = recordingListener();
      const elsewhere = recordingListener();
      const stop = cache.subscribe('drifts', first);
      cache.subscribe('drifts', second);
      cache.subscribe('other', elsewhere);
      await expect.poll(() => [first.told, second.told, elsewhere.told]).toEqual([[true], [true], [true]]);
      for (const text of ['1', '2', 'ü']) expect(await cache.publish('drifts', text)).toBe(true);
      await expect.poll(() => second.told).toEqual([true, '1', '2', 'ü']);
      expect(first.told).toEqual([true, '1', '2', 'ü']);
      stop();
      await cache.publish('drifts', '4');
      await expect.poll(() => second.told.at(-1)).toBe('4');
      expect(first.told.at(-1)).toBe('ü');
      expect(elsewhere.told).toEqual([true]);
      cache.subscribe('drifts', first);
      await expect.poll(() => first.told.at(-1)).toBe(true);
    });

    it('says that it is there', () => {
      expect(cache.state()).toMatchObject({ reachable: true, reason: null });
    });

    it('is the same for all processes', async () => {
      if (!given.another) return;
      const other = await given.another();
      expect((await cache.count('address', 60_000)).count).toBe(1);
      expect((await other.count('address', 60_000)).count).toBe(2);
      expect(await cache.counts(['address'])).toEqual([2]);
      await cache.put('process/1', 'http://127.0.0.1:1', 60_000);
      expect([...(await other.list('process/'))!]).toEqual([['process/1', 'http://127.0.0.1:1']]);
      const listener = recordingListener();
      other.subscribe('drifts', listener);
      await expect.poll(() => listener.told).toEqual([true]);
      await cache.publish('drifts', 'news');
      await expect.poll(() => listener.told).toEqual([true, 'news']);
      await other.close();
    });
  });
}
