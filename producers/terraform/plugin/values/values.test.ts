import { ExtData, encode as pack, decode as unpack } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExactNumber } from '../../exact-json.ts';
import { decode, decodeJson, decodeMsgpack, fromExact } from './decode.ts';
import { encode, encodeMsgpack } from './encode.ts';
import { numberFromText } from './number.ts';
import { ValueProblem } from './problem.ts';
import {
  BOOL,
  DYNAMIC,
  NUMBER,
  STRING,
  type Type,
  typeFromBytes,
  typeFromJson,
  typeToBytes,
  typeToJson,
} from './type.ts';
import { UNKNOWN, Unknown, type Value } from './value.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.normalize('NFC'));
/** JavaScript's own name for an object's parent: the MessagePack library refuses it as a key, see below. */
const key = text.filter((name) => name !== '__proto__');

const types: fc.Arbitrary<Type> = fc.letrec<{ type: Type }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(STRING, NUMBER, BOOL, DYNAMIC),
    fc.record({
      kind: fc.constantFrom('list' as const, 'set' as const, 'map' as const),
      element: tie('type'),
    }),
    fc.record({ kind: fc.constant('tuple' as const), elements: fc.array(tie('type'), { maxLength: 3 }) }),
    fc
      .dictionary(key, tie('type'), { maxKeys: 4, noNullPrototype: true })
      .chain((attributes) =>
        fc
          .subarray(Object.keys(attributes))
          .map((optional) => ({ kind: 'object' as const, attributes, optional })),
      ),
  ),
})).type;

/** Every kind of number: doubles, integers past a double, decimals of any length. */
const numbers: fc.Arbitrary<number | ExactNumber> = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => numberFromText(value.toString())!),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.boolean())
    .map(([whole, fraction, minus]) => numberFromText(`${minus ? '-' : ''}${whole}.${fraction}`)!),
);

const bound = fc.record({ value: numbers, inclusive: fc.boolean() });
const unknowns = fc
  .record(
    {
      null: fc.boolean(),
      prefix: text,
      min: bound,
      max: bound,
      minLength: fc.nat(),
      maxLength: fc.nat(),
    },
    { requiredKeys: [] },
  )
  .map((refinements) => (Object.keys(refinements).length > 0 ? new Unknown(refinements) : UNKNOWN));

function valuesOf(type: Type): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 8, arbitrary: known(type) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: unknowns },
  );
}

function known(type: Type): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'string':
      return text;
    case 'number':
      return numbers;
    case 'bool':
      return fc.boolean();
    case 'list':
    case 'set':
      return fc.array(valuesOf(type.element), { maxLength: 3 });
    case 'map':
      return fc.dictionary(key, valuesOf(type.element), { maxKeys: 3, noNullPrototype: true });
    case 'tuple':
      return type.elements.length === 0 ? fc.constant([]) : fc.tuple(...type.elements.map(valuesOf));
    case 'object': {
      const entries = Object.entries(type.attributes).map(
        ([name, of]) => [name, valuesOf(of)] as [string, fc.Arbitrary<Value>],
      );
      return fc
        .tuple(...entries.map(([, arbitrary]) => arbitrary))
        .map((values) => Object.fromEntries(entries.map(([name], index) => [name, values[index]!])));
    }
    case 'dynamic':
      return types
        .filter((of) => of.kind !== 'dynamic')
        .chain((of) => valuesOf(of).map((value) => ({ type: typeToJson(of) as Value, value })));
  }
}

const typed = types.chain((type) => valuesOf(type).map((value) => ({ type, value })));

describe('values on the wire', () => {
  it('any value of any type comes back as it went', () => {
    fc.assert(
      fc.property(typed, ({ type, value }) => {
        expect(decodeMsgpack(type, encodeMsgpack(type, value))).toEqual(value);
      }),
      { numRuns: 400 },
    );
  });

  it('the type itself comes back as it went', () => {
    fc.assert(
      fc.property(types, (type) => {
        expect(typeFromBytes(typeToBytes(type))).toEqual(type);
      }),
    );
  });

  it('bytes cut short or changed are a problem, never a crash and never a wrong type', () => {
    const shape = typeFromJson(['object', { name: 'string', ports: ['set', 'number'], any: 'dynamic' }]);
    const good = encodeMsgpack(shape, { name: 'n', ports: [1, 443], any: { type: 'bool', value: true } });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), (position, byte, cut) => {
        const bytes = cut ? good.subarray(0, position) : Buffer.from(good);
        if (!cut) bytes[position] = byte;
        try {
          const value = decodeMsgpack(shape, bytes);
          // Still a value of the type: it can be sent again.
          encodeMsgpack(shape, value);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueProblem);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('numbers', () => {
  it.each([
    ['9007199254740993', new ExactNumber('9007199254740993')],
    ['18446744073709551615', new ExactNumber('18446744073709551615')],
    ['-9223372036854775808', new ExactNumber('-9223372036854775808')],
    ['0.1', 0.1],
    ['1e3', 1000],
    ['00012.500', 12.5],
    ['-0', 0],
    ['3.14159265358979323846', new ExactNumber('3.14159265358979323846')],
    ['1E-30', 1e-30],
  ])('%s keeps every digit', (written, expected) => {
    expect(decodeMsgpack(NUMBER, pack(written))).toEqual(expected);
  });

  it('64-bit integers arrive without loss, and go as integers', () => {
    const bytes = pack(9007199254740993n, { useBigInt64: true });
    const value = decodeMsgpack(NUMBER, bytes);
    expect(value).toEqual(new ExactNumber('9007199254740993'));
    expect(unpack(encodeMsgpack(NUMBER, value), { useBigInt64: true })).toBe(9007199254740993n);
  });

  it('a decimal that is none in binary goes as text, so that it equals the one in the configuration', () => {
    expect(unpack(encodeMsgpack(NUMBER, 0.1))).toBe('0.1');
    expect(unpack(encodeMsgpack(NUMBER, 1e-7))).toBe('0.0000001');
    expect(unpack(encodeMsgpack(NUMBER, 1e21))).toBe('1000000000000000000000');
  });

  it('the same number in state JSON and on the wire is the same value', () => {
    for (const written of ['9007199254740993', '0.30000000000000004', '1.10', '12345678901234567890.5'])
      expect(fromExact(NUMBER, decodeJson(NUMBER, Buffer.from(written)))).toEqual(
        decodeMsgpack(NUMBER, pack(written)),
      );
  });

  it.each(['', '.', '1.2.3', '0x10', 'NaN', '1e', 'seven'])('%j is no number', (written) => {
    expect(() => decodeMsgpack(NUMBER, pack(written))).toThrow(ValueProblem);
  });

  it('a huge power of ten costs no memory', () => {
    const value = decodeMsgpack(NUMBER, pack('1e999999')) as ExactNumber;
    expect(value.text.length).toBeLessThan(20);
    expect(unpack(encodeMsgpack(NUMBER, value))).toBe(value.text);
  });
});

describe('unknown values', () => {
  it('any extension is unknown; refinements are read from code 12 only', () => {
    const refined = new ExtData(12, Uint8Array.of(0x81, 0x01, 0xc2));
    expect(decodeMsgpack(STRING, pack(new ExtData(0, Uint8Array.of(0))))).toEqual(UNKNOWN);
    expect(decodeMsgpack(STRING, pack(new ExtData(99, Uint8Array.of(1, 2, 3))))).toEqual(UNKNOWN);
    expect(decodeMsgpack(STRING, pack(refined))).toEqual(new Unknown({ null: false }));
  });

  it('refinements of a later version, or ones that make no sense, leave it unknown', () => {
    const later = new ExtData(12, Uint8Array.of(0x82, 0x63, 0x01, 0x01, 0xc2));
    expect(decodeMsgpack(STRING, pack(later))).toEqual(new Unknown({ null: false }));
    expect(decodeMsgpack(STRING, pack(new ExtData(12, Uint8Array.of(0x81))))).toEqual(UNKNOWN);
    expect(decodeMsgpack(STRING, pack(new ExtData(12, Uint8Array.of(0xc0))))).toEqual(UNKNOWN);
  });

  it('without refinements the code is 0, which every version reads', () => {
    expect([...encodeMsgpack(STRING, UNKNOWN)]).toEqual([0xd4, 0, 0]);
  });
});

describe('what is no value of its type', () => {
  const shape = typeFromJson(['object', { rule: ['list', ['object', { port: 'number' }]] }]);

  it('is told with its path and without its content', () => {
    const bytes = pack({ rule: [{ port: 80 }, { port: 'hunter2' }] });
    expect(() => decodeMsgpack(shape, bytes)).toThrow('rule[1].port: a number was expected, a string came');
  });

  it('a missing attribute and one too many are both told', () => {
    expect(() => decodeMsgpack(shape, pack({}))).toThrow('rule: the attribute is missing');
    expect(() => decodeMsgpack(shape, pack({ rule: null, 'a b': 1 }))).toThrow(
      '["a b"]: the schema has no such attribute',
    );
    expect(() => encodeMsgpack(shape, {})).toThrow('rule: the attribute is missing');
  });

  it('a key that JavaScript keeps to itself is a problem, told', () => {
    const bytes = Buffer.concat([
      Uint8Array.of(0x81, 0xa9),
      Buffer.from('__proto__'),
      Uint8Array.of(0xa1, 0x78),
    ]);
    expect(() => decodeMsgpack({ kind: 'map', element: STRING }, bytes)).toThrow(/__proto__/);
  });

  it('types that Terraform does not have are refused', () => {
    for (const json of [
      'text',
      ['list'],
      ['list', 'string', 'string'],
      ['object', []],
      ['tuple', {}],
      7,
      null,
    ])
      expect(() => typeFromJson(json)).toThrow(ValueProblem);
    expect(() => typeFromJson(['object', { a: 'string' }, ['b']])).toThrow(ValueProblem);
  });
});

describe('DynamicValue', () => {
  it('is read from MessagePack, else from JSON, and neither is a problem', () => {
    expect(decode(STRING, encode(STRING, 'a'))).toBe('a');
    expect(decode(STRING, { msgpack: Buffer.alloc(0), json: Buffer.from('"b"') })).toBe('b');
    expect(() => decode(STRING, null)).toThrow(/neither MessagePack nor JSON/);
  });

  it('a dynamic value has the same form from the wire and from a state', () => {
    const inState = Buffer.from('{"value":{"a":[1]},"type":["object",{"a":["tuple",["number"]]}]}');
    const value = decodeJson(DYNAMIC, inState);
    expect(decodeMsgpack(DYNAMIC, encodeMsgpack(DYNAMIC, value))).toEqual(value);
    expect(decodeMsgpack(DYNAMIC, pack(null))).toBeNull();
  });

  it('text is brought into one Unicode form, as Terraform does', () => {
    expect(decodeMsgpack(STRING, pack('e\u0301'))).toBe('\u00e9');
  });
});
