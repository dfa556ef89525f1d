// Partitions are shared fairly and moved as little as that allows, whoever comes and goes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { share } from './share.ts';

const partitions = fc.integer({ min: 1, max: 40 });
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 9 });

function isFair(shares: ReadonlyMap<string, number[]>, of: number): void {
  const given = [...shares.values()].flat().sort((a, b) => a - b);
  expect(given).toEqual(Array.from({ length: of }, (_, partition) => partition));
  const sizes = [...shares.values()].map(({ length }) => length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
}

it('gives every partition to exactly one member, evenly, whatever members say that they hold', () => {
  const members = fc.uniqueArray(
    fc.record({ id: fc.string({ maxLength: 4 }), holds: fc.array(fc.integer({ min: -2, max: 50 })) }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 9 },
  );
  fc.assert(fc.property(members, partitions, (given, of) => isFair(share(given, of), of)));
});

it('is the same in whatever order members are named', () => {
  fc.assert(
    fc.property(ids, partitions, (given, of) => {
      const members = given.map((id) => ({ id, holds: [] }));
      expect(share([...members].reverse(), of)).toEqual(share(members, of));
    }),
  );
});

it.each([2, 3, 5, 7])(
  'moves nothing when nothing has changed, and only what it must when one of %i leaves or comes',
  (n) => {
    for (const of of [4, 12, 16]) {
      const start = share(
        Array.from({ length: n }, (_, i) => ({ id: `m${i}`, holds: [] })),
        of,
      );
      const members = [...start].map(([id, holds]) => ({ id, holds }));
      expect(share(members, of)).toEqual(start);

      const after = share(members.slice(1), of);
      isFair(after, of);
      // What its own members kept is what did not have to move: all but what was left behind.
      for (const [id, holds] of [...start].slice(1))
        for (const partition of holds) expect(after.get(id)).toContain(partition);

      const grown = share([...members, { id: 'new', holds: [] }], of);
      isFair(grown, of);
      const moved = [...grown]
        .filter(([id]) => id !== 'new')
        .flatMap(([id, share]) => share.filter((partition) => !start.get(id)!.includes(partition)));
      expect(moved).toEqual([]);
    }
  },
);

it('gives nothing to no one', () => {
  expect(share([], 4)).toEqual(new Map());
});
