import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../schemas/index.ts';
import { textOfValue, valueOfText } from './row-value.ts';

const throughBytes = (value: Json): Json => valueOfText(Buffer.from(textOfValue(value)).toString('utf8'));
const long = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.integer({ min: 0, max: 300 }))
  .map(([text, filling]) => text + '"\\'.repeat(filling) + text);

describe('the text of a value', () => {
  it('gives the value back after it was bytes, whatever texts it holds', () => {
    const values = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__'),
        fc.oneof(long, fc.jsonValue()),
      ),
    );
    fc.assert(
      fc.property(values, (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(throughBytes(json)).toEqual(json);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps texts that UTF-8 loses, that hold its own separator, or whose name does', () => {
    const filling = 'x'.repeat(300);
    const values: Json[] = [
      { lone: `\ud800${filling}` },
      { separator: `a\u0000b${filling}`, other: filling },
      { 'na\u0000me': filling, plain: filling },
      { empty: '', two: filling, three: `${filling}\u{1f600}` },
    ];
    for (const value of values) expect(throughBytes(value)).toEqual(value);
  });

  it('does not escape JSON text inside a row', () => {
    const attributes = JSON.stringify({ name: 'x'.repeat(300) });
    expect(textOfValue({ a: 1, attributes })).toBe(`{"a":1}\u0000attributes\u0000${attributes}`);
  });
});
