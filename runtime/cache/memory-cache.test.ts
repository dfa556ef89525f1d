// Runs the cache contract on the memory of one process.
import { expect, it } from 'vitest';
import { createTestClock } from '../testing/clock.ts';
import { cacheContract } from './contract.ts';
import { createMemoryCache } from './memory-cache.ts';
import { createWindows } from './windows.ts';

cacheContract('memory', async () => {
  const clock = createTestClock();
  const cache = createMemoryCache({ clock });
  return {
    cache,
    another: null,
    pass: async (ms) => clock.advance(ms),
    dispose: () => cache.close(),
  };
});

it('who asks under ever new keys takes no memory without bound, and frees nobody who asked lately', () => {
  const windows = createWindows(createTestClock());
  for (let at = 0; at < 25_000; at++) windows.count(`key ${at}`, 60_000);
  expect(windows.counted('key 0')).toBe(0);
  expect(windows.counted('key 24999')).toBe(1);
  expect(windows.counted('key 15000')).toBe(1);
});
