// The index says of rows what a map and a sorted list of them say, whatever keys, parts and small values hold.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Place, RowIndex } from './row-index.ts';

const place = fc.record<Place>({
  segment: fc.nat(),
  position: fc.nat({ max: 2 ** 40 }),
  length: fc.nat(),
  small: fc.option(fc.string({ unit: 'binary', maxLength: 6 }), { nil: null }),
});
/** Few enough that writes meet; some that need more than a byte a character, and some that look like what is between rows. */
const part = fc.oneof(
  fc.constantFrom('', '\0', '\u0080', 'a', 'aa', 'ä', 'Ω', '😀', 'x'.repeat(200), 'x'.repeat(20_000)),
  fc.nat({ max: 400 }).map((n) => `p${String(n).padStart(3, '0')}`),
);
const step = fc.record({
  key: fc.constantFrom('k', 'Ω', ''),
  part,
  place: fc.option(place, { freq: 4, nil: undefined }),
});

const sorted = (rows: ReadonlyMap<string, Place>): [string, Place][] =>
  [...rows].sort(([one], [other]) => (one < other ? -1 : 1));

describe('the index of rows', () => {
  it('is a map of a map, and lists in order what starts with a prefix', () => {
    const steps = fc.array(step, { maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(steps, fc.constantFrom('', 'p', 'p1', 'x', 'zz'), fc.nat(80), (all, prefix, limit) => {
        const index = new RowIndex();
        const model = new Map<string, Map<string, Place>>();
        for (const { key, part, place } of all) {
          const rows = model.get(key) ?? new Map<string, Place>();
          model.set(key, rows);
          const before = rows.get(part);
          expect(index.get(key, part)).toEqual(before);
          expect(place ? index.set(key, part, place) : index.delete(key, part)).toEqual(before);
          if (place) rows.set(part, place);
          else rows.delete(part);
        }
        for (const [key, rows] of model) {
          const expected = sorted(rows).filter(([part]) => part.startsWith(prefix));
          const { parts, places } = index.list(key, prefix, limit);
          expect(parts).toEqual(expected.slice(0, limit).map(([part]) => part));
          expect(places).toEqual(expected.slice(0, limit).map(([, place]) => place));
        }
        const keys = [...model].flatMap(([key, rows]) => (rows.size > 0 ? [key] : []));
        expect(index.sortedKeys()).toEqual(keys.sort());
      }),
      { numRuns: 60 },
    );
  });

  it('keeps thousands of rows of one key, in any order of coming and going', () => {
    const numbers = fc.shuffledSubarray(
      Array.from({ length: 2_000 }, (_, n) => n),
      { minLength: 1_000 },
    );
    fc.assert(
      fc.property(numbers, fc.boolean(), (order, ascending) => {
        const index = new RowIndex();
        const coming = ascending ? order.toSorted((a, b) => a - b) : order;
        const nameOf = (n: number): string => String(n).padStart(5, '0');
        for (const n of coming)
          index.set('k', nameOf(n), { segment: 1, position: n, length: 1, small: null });
        for (const n of order.slice(0, 900)) expect(index.delete('k', nameOf(n))?.position).toBe(n);
        const left = order.slice(900).toSorted((a, b) => a - b);
        expect(index.list('k', '', Number.POSITIVE_INFINITY).places.map(({ position }) => position)).toEqual(
          left,
        );
        for (const n of left) expect(index.get('k', nameOf(n))?.position).toBe(n);
      }),
      { numRuns: 10 },
    );
  });
});
