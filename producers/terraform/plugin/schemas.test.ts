import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { providerService } from './protocol/definitions.ts';
import { schemasFrom } from './schemas.ts';
import { STRING } from './values/type.ts';
import { schemaToWire } from './values/wire-schema.ts';

const schema = (name: string) =>
  schemaToWire({
    version: 2,
    block: {
      attributes: [
        {
          name,
          of: STRING,
          required: true,
          optional: false,
          computed: false,
          sensitive: false,
          writeOnly: false,
          deprecated: false,
        },
      ],
      blocks: [],
      deprecated: false,
    },
  });
const bytes = providerService(6).GetProviderSchema!.responseSerialize({
  provider: schema('token'),
  resource_schemas: { thing_a: schema('a'), thing_b: schema('b') },
  data_source_schemas: { thing_a: schema('data') },
  list_resource_schemas: { thing_b: schema('list') },
  server_capabilities: { get_provider_schema_optional: true },
});
const first = (found: { block: { attributes: readonly { name: string }[] } } | null) =>
  found?.block.attributes[0]?.name;

describe('the schemas of a provider', () => {
  it('one type is decoded out of the whole answer, and the same is given again', () => {
    const schemas = schemasFrom(6, bytes, 'pretend');
    expect([...schemas.resourceTypes]).toEqual(['thing_a', 'thing_b']);
    expect([...schemas.listTypes]).toEqual(['thing_b']);
    expect(first(schemas.resource('thing_b'))).toBe('b');
    expect(schemas.resource('thing_b')).toBe(schemas.resource('thing_b'));
    expect(first(schemas.dataSource('thing_a'))).toBe('data');
    expect(first(schemas.list('thing_b'))).toBe('list');
    expect(first(schemas.provider)).toBe('token');
    expect(schemas).toMatchObject({ schemaOptional: true, takesMeta: false });
    for (const absent of ['thing_c', '', '__proto__', 'constructor'])
      expect(schemas.resource(absent)).toBeNull();
  });

  it('bytes that are none are a problem with a name, never a crash', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (position, byte, cut) => {
        const damaged = cut ? bytes.subarray(0, position) : Buffer.from(bytes);
        if (!cut) damaged[position] = byte;
        try {
          const schemas = schemasFrom(6, damaged, 'pretend');
          for (const type of schemas.resourceTypes) schemas.resource(type);
        } catch (error) {
          expect(error).toMatchObject({ name: 'PluginProblem', kind: 'protocol' });
        }
      }),
      { numRuns: 300 },
    );
  });
});
