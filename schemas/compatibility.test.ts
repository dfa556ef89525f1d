// Holds that everything ever written can be read: against the committed versions, and what the rule itself says.
import { describe, expect, it } from 'vitest';
import { committedVersions } from './committed.ts';
import { incompatibility } from './compatibility.ts';
import type { RecordSchema } from './load.ts';
import { readSchema, SCHEMA_FILES } from './load.ts';
import type { TopicName } from './topics.ts';

const topics = Object.keys(SCHEMA_FILES) as TopicName[];

describe.each(topics)('%s', (topic) => {
  const current = readSchema(SCHEMA_FILES[topic]);
  const committed = committedVersions(topic);

  it('has committed versions, numbered without a gap', () => {
    expect(committed.map(({ version }) => version)).toEqual(committed.map((_, i) => i + 1));
    expect(committed.length, 'run `npm run schemas:commit`').toBeGreaterThan(0);
  });

  it('reads what every committed version wrote', () => {
    for (const { version, schema } of committed)
      expect(incompatibility(current, schema), `version ${version}`).toBeNull();
  });

  it('is committed as it is', () => {
    // Compared as text: a difference of whole schemas would fill the screen.
    const isCommitted = JSON.stringify(committed.at(-1)?.schema) === JSON.stringify(current);
    expect(isCommitted, 'the schema changed: run `npm run schemas:commit`').toBe(true);
  });
});

describe('incompatibility', () => {
  const nested = (fields: RecordSchema['fields']) => ({ type: 'record' as const, name: 'Who', fields });
  const schema = (
    bodies: Record<string, RecordSchema['fields']>,
    envelope: RecordSchema['fields'] = [],
  ): RecordSchema => ({
    type: 'record',
    name: 'Topic',
    fields: [
      { name: 'time', type: 'long' },
      ...envelope,
      {
        name: 'body',
        type: Object.entries(bodies).map(([name, fields]) => ({ type: 'record', name, fields })),
      },
    ],
  });
  const a = { name: 'a', type: 'string' };
  const before = schema({ First: [a], Second: [] });

  it('finds none in the same schema, in a new body, in a new field with a default', () => {
    expect(incompatibility(before, before)).toBeNull();
    expect(incompatibility(schema({ First: [a], Second: [], Third: [a] }), before)).toBeNull();
    const more = { name: 'b', type: ['null', 'string'], default: null };
    expect(incompatibility(schema({ First: [a, more], Second: [] }), before)).toBeNull();
    expect(incompatibility(schema({ First: [a], Second: [] }, [more]), before)).toBeNull();
  });

  it('lets one body become several, and int become long', () => {
    const one = schema({ First: [{ name: 'a', type: 'int' }] });
    expect(incompatibility(schema({ First: [{ name: 'a', type: 'long' }], Second: [] }), one)).toBeNull();
  });

  it('names a body that is gone', () => {
    expect(incompatibility(schema({ First: [a] }), before)).toMatch(/Second is gone/);
  });

  it('names a new field without a default: of the envelope, of a body, of a record within', () => {
    expect(incompatibility(schema({ First: [a], Second: [] }, [a]), before)).toMatch(/field a is new/);
    expect(incompatibility(schema({ First: [a, { name: 'b', type: 'int' }], Second: [] }), before)).toMatch(
      /First.*b/s,
    );
    const deep = (fields: RecordSchema['fields']) =>
      schema({ First: [{ name: 'who', type: nested(fields) }] });
    expect(incompatibility(deep([a, { name: 'b', type: 'int' }]), deep([a]))).toMatch(/First/);
  });

  it('names a type that changed, and an enum symbol that is gone', () => {
    expect(incompatibility(schema({ First: [{ name: 'a', type: 'long' }], Second: [] }), before)).toMatch(
      /First/,
    );
    const verbs = (symbols: string[]) =>
      schema({ First: [{ name: 'verb', type: { type: 'enum', name: 'Verb', symbols } }] });
    expect(incompatibility(verbs(['create']), verbs(['create', 'delete']))).toMatch(/First/);
    expect(incompatibility(verbs(['create', 'delete']), verbs(['create']))).toBeNull();
  });
});
