// Every event there is: its example encodes and decodes to itself, its type is generated, its older and newer forms read.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SchemaIds } from './codec.ts';
import { avroType } from './codec.ts';
import { isCurrent } from './generate.ts';
import type { Actor, Event, Json, TopicName } from './index.ts';
import {
  createCodec,
  EVENT_TYPES,
  EVENTS,
  fingerprint,
  NO_FINGERPRINT,
  peek,
  recordKey,
  TOPICS,
  topicOf,
  Undecodable,
  UnknownBody,
} from './index.ts';
import type { RecordSchema } from './load.ts';
import { bodiesOf, readSchema, SCHEMA_FILES } from './load.ts';

const topics = Object.keys(SCHEMA_FILES) as TopicName[];
const ids = (extra: Record<number, RecordSchema> = {}): SchemaIds => ({
  idOf: (topic) => topics.indexOf(topic) + 1,
  schemaOf: (id) => (extra[id] ? JSON.stringify(extra[id]) : undefined),
});
const examplesOf = (type: string): Event[] =>
  JSON.parse(readFileSync(new URL(`examples/${type}.json`, import.meta.url), 'utf8')) as Event[];
const codec = createCodec(ids());

/** A record as a process with another schema writes it. */
function writtenWith(schema: RecordSchema, id: number, value: unknown): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, avroType(schema).toBuffer(value)]);
}

it('lists the same topics everywhere', () => {
  expect(TOPICS.map(({ name }) => name)).toEqual(topics);
});

it('has types generated from the schemas as they are (else run `npm run schemas`)', () => {
  expect(isCurrent()).toBe(true);
});

it('has examples of every event, and of nothing else', () => {
  const files = readdirSync(new URL('examples/', import.meta.url)).sort();
  expect(files).toEqual(EVENT_TYPES.map((type) => `${type}.json`).sort());
});

describe.each(EVENT_TYPES)('%s', (type) => {
  const examples = examplesOf(type);

  it('encodes and decodes to itself', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const event of examples) {
      expect(event.type).toBe(type);
      expect(codec.decode(topicOf(type), codec.encode(event))).toEqual(event);
      expect(recordKey(event).startsWith(event.org)).toBe(true);
      // Broadcasts, and only they among what concerns objects, belong to no object.
      if (EVENTS[type].broadcast) expect(event.objectKey).toBeNull();
    }
  });

  it('refuses to be cut short, and bytes that are not in the wire format', () => {
    const bytes = codec.encode(examples[0]!);
    for (const length of [0, 4, 5, bytes.length - 1])
      expect(() => codec.decode(topicOf(type), bytes.subarray(0, length))).toThrow(Undecodable);
    const wrong = Buffer.from(bytes);
    wrong[0] = 1;
    expect(() => codec.decode(topicOf(type), wrong)).toThrow(Undecodable);
  });
});

describe('peek', () => {
  it('tells fingerprint and time of declarations and observations without decoding', () => {
    for (const type of [
      'resource.declared',
      'resource.observed',
      'resource.vanished',
      'state.published',
    ] as const)
      for (const event of examplesOf(type)) {
        const print = fingerprint(JSON.parse(JSON.stringify(event.body)) as Json);
        const peeked = peek(codec.encode(event, print))!;
        expect(peeked).toEqual({ fingerprint: print.toString('latin1'), time: event.time });
        expect(peek(codec.encode(event))!.fingerprint).toBe(NO_FINGERPRINT.toString('latin1'));
      }
  });

  it('rests on the two first fields of their schemas', () => {
    for (const topic of ['driftmgr.declarations', 'driftmgr.observations'] as const) {
      const [first, second] = readSchema(SCHEMA_FILES[topic]).fields;
      expect(first).toMatchObject({ name: 'fingerprint', type: { type: 'fixed', size: 16 } });
      expect(second).toMatchObject({ name: 'time', type: 'long' });
    }
  });
});

describe('records of other versions', () => {
  const topic = 'driftmgr.requests';
  const [example] = examplesOf('drift.acknowledge-requested');
  const { type: _type, body, ...envelope } = example!;

  it('a schema that lists a body this process does not know is read until such a body comes', () => {
    const newer = readSchema(SCHEMA_FILES[topic]);
    bodiesOf(newer).push({
      type: 'record',
      name: 'DriftEscalateRequested',
      fields: [{ name: 'to', type: 'string' }],
    });
    const reader = createCodec(ids({ 77: newer }));
    const known = { ...envelope, body: { 'io.driftmgr.DriftAcknowledgeRequested': body } };
    expect(reader.decode(topic, writtenWith(newer, 77, known))).toEqual(example);
    const unknown = { ...envelope, body: { 'io.driftmgr.DriftEscalateRequested': { to: 'team-sec' } } };
    expect(() => reader.decode(topic, writtenWith(newer, 77, unknown))).toThrow(UnknownBody);
    expect(() => reader.decode(topic, writtenWith(newer, 77, unknown))).toThrow(
      /DriftEscalateRequested.*upgrade/,
    );
  });

  it('a schema that is none of an event makes the record undecodable', () => {
    for (const foreign of [
      { type: 'record', name: 'Other', fields: [] },
      { type: 'object' },
    ] as RecordSchema[])
      expect(() =>
        createCodec(ids({ 77: foreign })).decode(topic, Buffer.from([0, 0, 0, 0, 77, 1, 2])),
      ).toThrow(Undecodable);
    const wrong = createCodec({ ...ids(), schemaOf: () => 'no JSON' });
    expect(() => wrong.decode(topic, Buffer.from([0, 0, 0, 0, 77, 1, 2]))).toThrow(Undecodable);
  });

  it('so does a record inside it', () => {
    const older = structuredClone(readSchema(SCHEMA_FILES['driftmgr.changes']));
    const body = bodiesOf(older)[0]!;
    const actor = body.fields.find((field) => field.name === 'actor')!.type as RecordSchema;
    actor.fields = actor.fields.filter((field) => field.name !== 'session');
    const event = structuredClone(examplesOf('change.reported')[0]!) as Event & {
      body: { actor: Partial<Actor> };
    };
    delete event.body.actor.session;
    const decoded = createCodec(ids({ 99: older })).decode('driftmgr.changes', writtenWith(older, 99, event));
    expect(decoded).toMatchObject({ body: { actor: { session: null } } });
  });

  it('a record of an older version gets the defaults of what it lacks', () => {
    const older = readSchema(SCHEMA_FILES[topic]);
    older.fields = older.fields.filter(({ name }) => name !== 'clamped' && name !== 'correlationId');
    const accept = bodiesOf(older).find(({ name }) => name === 'DriftAcceptRequested')!;
    accept.fields = accept.fields.filter(({ name }) => name !== 'until');
    const reader = createCodec(ids({ 78: older }));
    const { clamped: _clamped, correlationId: _correlationId, ...rest } = envelope;
    const written = { ...rest, body: { 'io.driftmgr.DriftAcceptRequested': body } };
    expect(reader.decode(topic, writtenWith(older, 78, written))).toEqual({
      ...rest,
      clamped: false,
      correlationId: null,
      type: 'drift.accept-requested',
      body: { ...body, until: null },
    });
  });

  it('a schema id that the registry does not have is undecodable', () => {
    const bytes = codec.encode(example!);
    bytes.writeInt32BE(4711, 1);
    expect(() => codec.decode(topic, bytes)).toThrow(/schema 4711/);
  });
});
