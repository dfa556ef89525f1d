import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { providerService } from '../protocol/definitions.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { fill } from './fill.ts';
import { type Attribute, type Block, type Nesting, type Schema, typeOfBlock } from './schema.ts';
import { BOOL, DYNAMIC, NUMBER, STRING, type Type, typeToJson } from './type.ts';
import { schemaFromWire, schemaToWire, type WireSchema } from './wire-schema.ts';

const attribute = (name: string, of: Attribute['of'], more: Partial<Attribute> = {}): Attribute => ({
  name,
  of,
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  writeOnly: false,
  deprecated: false,
  ...more,
});
const block = (attributes: Attribute[], blocks: Block['blocks'] = []): Block => ({
  attributes,
  blocks,
  deprecated: false,
});
const nested = (name: string, nesting: Nesting, inner: Block): Block['blocks'][number] => ({
  name,
  nesting,
  block: inner,
  minItems: 0,
  maxItems: nesting === 'list' ? 1 : 0,
});

const port = block([attribute('port', NUMBER), attribute('open', BOOL)]);
const every = block(
  [
    attribute('name', STRING, { required: true, optional: false }),
    attribute('secret', STRING, { sensitive: true, writeOnly: true }),
    attribute('tags', { kind: 'map', element: STRING }),
    attribute('any', DYNAMIC),
    attribute('rules', { kind: 'nested', nesting: 'set', attributes: [attribute('to', NUMBER)] }),
    attribute('one', { kind: 'nested', nesting: 'single', attributes: [attribute('to', NUMBER)] }),
  ],
  [
    nested('single', 'single', port),
    nested('list', 'list', port),
    nested('set', 'set', port),
    nested('map', 'map', port),
    nested('group', 'group', port),
  ],
);

describe('schemas', () => {
  it.each([5, 6] as const)('come back through the messages of protocol %i as they went', (version) => {
    const schema: Schema = {
      version: 3,
      block:
        version === 6
          ? every
          : { ...every, attributes: every.attributes.filter(({ of }) => of.kind !== 'nested') },
    };
    const method = providerService(version)[version === 5 ? 'GetSchema' : 'GetProviderSchema']!;
    const bytes = method.responseSerialize({ resource_schemas: { pretend: schemaToWire(schema) } });
    const { resource_schemas } = method.responseDeserialize(bytes) as {
      resource_schemas: Record<string, WireSchema>;
    };
    expect(schemaFromWire(resource_schemas.pretend!)).toEqual(schema);
  });

  it('a nesting that is not known is refused, not guessed', () => {
    const wire = schemaToWire({ version: 0, block: every });
    wire.block!.block_types[0]!.nesting = 'INVALID';
    expect(() => schemaFromWire(wire)).toThrow(/nests as INVALID/);
  });

  it('every nesting has the form it has on the wire', () => {
    const type = typeOfBlock(every) as Extract<Type, { kind: 'object' }>;
    const forms = Object.fromEntries(
      Object.entries(type.attributes).map(([name, of]) => [name, typeToJson(of)]),
    );
    const inner = ['object', { port: 'number', open: 'bool' }];
    expect(forms).toEqual({
      name: 'string',
      secret: 'string',
      tags: ['map', 'string'],
      any: 'dynamic',
      rules: ['set', ['object', { to: 'number' }]],
      one: ['object', { to: 'number' }],
      single: inner,
      list: ['list', inner],
      set: ['set', inner],
      map: ['map', inner],
      group: inner,
    });
  });

  it('blocks whose parts say their own type are sent as one value that does', () => {
    const dynamic = block([attribute('any', DYNAMIC)]);
    const type = typeOfBlock(block([], [nested('list', 'list', dynamic), nested('map', 'map', dynamic)]));
    expect(typeToJson(type)).toEqual(['object', { list: 'dynamic', map: 'dynamic' }]);
  });
});

describe('a configuration', () => {
  it('is made whole: what is not set is null, or no blocks', () => {
    const empty = { port: null, open: null };
    expect(fill(every, { name: 'a' })).toEqual({
      name: 'a',
      secret: null,
      tags: null,
      any: null,
      rules: null,
      one: null,
      single: null,
      list: [],
      set: [],
      map: {},
      group: empty,
    });
  });

  it('turns text into what the schema says, and gives what has no type its own', () => {
    const value = fill(every, {
      name: 7,
      any: { a: [1, 'b'] },
      list: { port: '443', open: 'true' },
      map: { web: { port: 80 } },
      rules: [{ to: '9007199254740993' }],
    });
    expect(value).toMatchObject({
      name: '7',
      any: { type: ['object', { a: ['tuple', ['number', 'string']] }], value: { a: [1, 'b'] } },
      list: [{ port: 443, open: true }],
      map: { web: { port: 80, open: null } },
      rules: [{ to: { text: '9007199254740993' } }],
    });
  });

  it('names what the schema does not have, and never the value', () => {
    expect(() => fill(every, { nome: 'hunter2' })).toThrow(/^nome: the schema has no such attribute$/);
    expect(() => fill(every, { list: [{ port: 'hunter2' }] })).toThrow(
      /^list\[0\]\.port: a number was expected/,
    );
    expect(() => fill(every, { set: ['hunter2'] })).toThrow(/^set\[0\]: a block was expected$/);
  });

  it('whatever is given, it can be sent or it is refused', () => {
    const anything = fc.dictionary(
      fc.constantFrom('name', 'tags', 'any', 'rules', 'one', 'single', 'list', 'set', 'map', 'group'),
      fc.jsonValue({ maxDepth: 3 }),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(anything, (given) => {
        fc.pre(!JSON.stringify(given).includes('__proto__'));
        let value: ReturnType<typeof fill>;
        try {
          value = fill(every, given as Parameters<typeof fill>[1]);
        } catch (error) {
          expect((error as Error).name).toBe('ValueProblem');
          return;
        }
        const type = typeOfBlock(every);
        expect(decode(type, encode(type, value))).toEqual(value);
      }),
    );
  });
});
