import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../schemas/index.ts';
import { canonical } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import { compare } from './compare.ts';
import type { Configured } from './comparison.ts';
import { LOOKED_AT } from './comparison.ts';
import { differing } from './differing.ts';
import { RULES } from './rules/index.ts';

const NOTHING_KEPT: ReadonlySet<string> = new Set();

const types = fc.constantFrom(
  ...new Set(RULES.flatMap((rule) => rule.types.filter((type) => !type.endsWith('*')))),
);
/** Names that rules know, and some they do not. */
const names = fc.constantFrom(
  ...new Set([
    ...RULES.flatMap(({ paths }) => paths.map((path) => path.replace('**.', '').split('.')[0]!)),
    ...LOOKED_AT,
    'a "quoted" name',
    'ü',
    'constructor',
  ]),
);
const values: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, '', [], {}, true, false, 0, 1, 'text', '["a"]', '{"a":1}'),
  fc.array(fc.dictionary(names, fc.constantFrom<Json>(null, '', 1, 'x')), { maxLength: 2 }),
  fc.dictionary(names, fc.constantFrom<Json>(null, '', 1, true, 'x')),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json),
);
/** As parsing gives it. */
const plain = (value: JsonObject): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
const objects = fc.dictionary(names, values, { maxKeys: 12 });
/** Mostly alike, as a resource and its declaration are. */
const pairs = fc
  .tuple(objects, objects, fc.array(names))
  .map(([one, other, left]): [JsonObject, JsonObject] => {
    const observed: JsonObject = { ...one, ...other };
    for (const name of left) delete observed[name];
    return [plain(one), plain(observed)];
  });

const paths = fc.array(names, { minLength: 1, maxLength: 2 }).map((steps) => steps.join('.'));
const some = fc.array(paths, { maxLength: 6 });
const schemas: fc.Arbitrary<TypeFacts> = fc.record({
  computed: some,
  optionalComputed: some,
  sets: some,
  maps: some,
  blocks: some,
  sensitive: some,
  writeOnly: some,
});
const configurations = fc
  .record({ set: fc.array(names), unset: fc.array(names), ignored: fc.array(names) })
  .map(
    ({ set, unset, ignored }): Configured => ({
      sets: (path) => (set.includes(path) ? true : unset.includes(path) ? false : undefined),
      ignores: (path) => ignored.includes(path),
    }),
  );

const known = fc.record({
  facts: fc.option(schemas, { freq: 3 }),
  configuration: fc.option(configurations),
});

describe('the differing members of two texts', () => {
  it('compare as the whole objects do, for every type that has rules, with any schema and configuration', () => {
    fc.assert(
      fc.property(types, pairs, known, (type, [declared, observed], { facts, configuration }) => {
        const whole = compare({ type, declared, observed, facts, configuration });
        const parts = differing(canonical(declared), canonical(observed), LOOKED_AT);
        const one = compare({ type, ...parts, facts, configuration });
        const inOrder = (differences: typeof one.differences) =>
          [...differences].sort((a, b) => (a.path < b.path ? -1 : 1));
        expect({ ...one, differences: inOrder(one.differences) }).toEqual({
          ...whole,
          differences: inOrder(whole.differences),
        });
      }),
      { numRuns: 3_000 },
    );
  });

  it('are those of the observation that are new or another, with what was declared, and those kept', () => {
    const declared = canonical({ a: 1, b: { c: ['x,"]', '}\\'] }, d: 'only declared', id: 'i', z: null });
    const observed = canonical({ a: 2, b: { c: ['x,"]', '}\\'] }, id: 'i', n: [], z: null });
    expect(differing(declared, observed, new Set(['id', 'absent']))).toEqual({
      declared: { a: 1, id: 'i' },
      observed: { a: 2, id: 'i', n: [] },
    });
    expect(differing('{}', '{}', NOTHING_KEPT)).toEqual({ declared: {}, observed: {} });
  });

  it('are all where a text is not canonical: white space, another order, a name twice, __proto__', () => {
    for (const text of [
      '{"a": 1}',
      '{ "a":1}',
      '{"a":1 }',
      '{"b":1,"a":1}',
      '{"a":1,"a":2}',
      '{"__proto__":{"a":1}}',
    ]) {
      const object = JSON.parse(text) as JsonObject;
      expect(differing(text, '{"c":1}', NOTHING_KEPT)).toEqual({ declared: object, observed: { c: 1 } });
      expect(differing('{"c":1}', text, NOTHING_KEPT)).toEqual({ declared: { c: 1 }, observed: object });
    }
  });

  it('are refused where a text is not JSON', () => {
    for (const text of ['', '{', '{"a"}', '{"a":}', '{"a":1,}', '{"a":"}', '{"a":[}', '{"a":]}', '{"a":1}}'])
      expect(() => differing(text, '{"a":1}', NOTHING_KEPT), text).toThrow(SyntaxError);
  });
});
