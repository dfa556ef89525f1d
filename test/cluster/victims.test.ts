import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomFrom, victimsOf } from './victims.ts';

const KINDS = ['producers', 'processors', 'projections', 'api', 'kafka-1', 'postgres', 'redis'];

it('each is drawn once before any is drawn again, and the same seed draws the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 1, max: 40 }), (seed, rounds) => {
      const drawn = victimsOf(KINDS, rounds, randomFrom(seed));
      expect(drawn).toHaveLength(rounds);
      for (let from = 0; from < rounds; from += KINDS.length) {
        const turn = drawn.slice(from, from + KINDS.length);
        expect(new Set(turn).size).toBe(turn.length);
      }
      expect(victimsOf(KINDS, rounds, randomFrom(seed))).toEqual(drawn);
    }),
  );
  const orders = new Set(
    Array.from({ length: 50 }, (_, seed) => victimsOf(KINDS, KINDS.length, randomFrom(seed)).join()),
  );
  expect(orders.size).toBeGreaterThan(40);
});
