// Events to bytes and back: Confluent wire format (magic 0, four bytes of schema id, Avro binary).
//
// Decoding uses the schema the record was written with, then fills in what newer fields default to. A reader stops at
// the first *body* it does not know (UnknownBody), not at a schema that merely lists one.
import avro from 'avsc';
import type { Event, EventType } from './generated.ts';
import { EVENT_TYPES, EVENTS } from './generated.ts';
import { NO_FINGERPRINT } from './hash.ts';
import type { RecordSchema } from './load.ts';
import { bodiesOf, readSchema, SCHEMA_FILES } from './load.ts';
import type { TopicName } from './topics.ts';
import { topicOf } from './topics.ts';

/** Where schema ids come from: a registry adapter, already loaded, answering synchronously. */
export interface SchemaIds {
  /** Id under which the current schema of the topic is registered. */
  idOf(topic: TopicName): number;
  /** The Avro schema (JSON text) registered under an id; undefined when the registry does not have it. */
  schemaOf(id: number): string | undefined;
}

/** A record holds a body this process has no code for: a newer process wrote it. Stop reading; never a dead letter. */
export class UnknownBody extends Error {
  constructor(record: string, topic: string) {
    super(
      `${topic} holds a ${record}, which is newer than this process: upgrade this process, then start it again`,
    );
  }
}

/** Bytes that are not an event of the topic: wrong magic, unknown schema id, truncated. */
export class Undecodable extends Error {}

export interface Codec {
  /** `fingerprint`: of the event's content, for the topics whose schema starts with one; 16 bytes. */
  encode(event: Event, fingerprint?: Buffer): Buffer;
  /** Throws {@link UnknownBody} or {@link Undecodable}. */
  decode(topic: TopicName, value: Buffer): Event;
}

const WIRE_HEADER = 5;
const FINGERPRINT_END = WIRE_HEADER + 16;
const recordToEvent = new Map<string, EventType>(EVENT_TYPES.map((type) => [EVENTS[type].record, type]));

/** The Avro type of a topic schema. A union of several records keeps its branches wrapped; nullable fields do not. */
export const avroType = (schema: RecordSchema): avro.Type =>
  avro.Type.forSchema(schema as avro.Schema, { wrapUnions: 'auto', registry: {} });

interface Form {
  type: avro.Type;
  /** Set when the union holds a single body, which avsc leaves unwrapped. */
  onlyBody: string | null;
  fingerprinted: boolean;
  current: boolean;
}

function formOf(schema: RecordSchema, current: boolean): Form {
  const bodies = bodiesOf(schema);
  return {
    type: avroType(schema),
    onlyBody: bodies.length === 1 ? `io.driftmgr.${bodies[0]!.name}` : null,
    fingerprinted: schema.fields[0]?.name === 'fingerprint',
    current,
  };
}

type Fields = Record<string, unknown>;

/** A codec over the registered ids. All current schemas are compiled here, once. */
export function createCodec(ids: SchemaIds): Codec {
  const encoders = new Map<TopicName, Form & { header: Buffer }>();
  const decoders = new Map<number, Form>();
  const defaults = new Map<string, [string, unknown][]>();
  for (const topic of Object.keys(SCHEMA_FILES) as TopicName[]) {
    const schema = readSchema(SCHEMA_FILES[topic]);
    const form = formOf(schema, true);
    const id = ids.idOf(topic);
    const header = Buffer.alloc(WIRE_HEADER);
    header.writeInt32BE(id, 1);
    encoders.set(topic, { ...form, header });
    decoders.set(id, form);
    collectDefaults(schema, defaults);
  }

  function encode(event: Event, fingerprint: Buffer = NO_FINGERPRINT): Buffer {
    const form = encoders.get(topicOf(event.type))!;
    const { type: _type, body, ...rest } = event;
    const value: Fields = rest;
    value.body = form.onlyBody ? body : { [EVENTS[event.type].record]: body };
    if (form.fingerprinted) value.fingerprint = fingerprint;
    return Buffer.concat([form.header, form.type.toBuffer(value)]);
  }

  function decode(topic: TopicName, bytes: Buffer): Event {
    if (bytes.length < WIRE_HEADER || bytes[0] !== 0)
      throw new Undecodable(`a record of ${topic} is not in the wire format`);
    const form = decoder(bytes.readInt32BE(1), topic);
    let value: Fields;
    try {
      value = form.type.fromBuffer(bytes.subarray(WIRE_HEADER)) as Fields;
    } catch (cause) {
      throw new Undecodable(`a record of ${topic} does not fit its schema`, { cause });
    }
    const wrapped = value.body as Fields;
    const record = form.onlyBody ?? Object.keys(wrapped)[0]!;
    const type = recordToEvent.get(record);
    if (type === undefined) throw new UnknownBody(record, topic);
    const body = (form.onlyBody ? wrapped : wrapped[record]) as Fields;
    if (!form.current) {
      fill(value, defaults.get('envelope'));
      fill(body, defaults.get(record));
    }
    delete value.fingerprint;
    value.type = type;
    value.body = body;
    return value as Fields & Event;
  }

  function decoder(id: number, topic: TopicName): Form {
    const known = decoders.get(id);
    if (known) return known;
    const text = ids.schemaOf(id);
    if (text === undefined)
      throw new Undecodable(`a record of ${topic} names schema ${id}, which the registry does not have`);
    const form = formOf(JSON.parse(text) as RecordSchema, false);
    decoders.set(id, form);
    return form;
  }

  return { encode, decode };
}

function collectDefaults(schema: RecordSchema, into: Map<string, [string, unknown][]>): void {
  const of = (record: RecordSchema): [string, unknown][] =>
    record.fields.filter((field) => 'default' in field).map((field) => [field.name, field.default]);
  into.set('envelope', of(schema));
  for (const body of bodiesOf(schema)) into.set(`io.driftmgr.${body.name}`, of(body));
}

function fill(value: Fields, defaults: [string, unknown][] | undefined): void {
  for (const [name, fallback] of defaults ?? []) if (!(name in value)) value[name] = fallback;
}

/**
 * What can be read of a declaration or observation without decoding it: the 16 bytes of its fingerprint (as a latin1
 * string, fit for a Map key or comparison) and its event time. Null for a value that carries no fingerprint.
 */
export function peek(value: Buffer): { fingerprint: string; time: number } | null {
  if (value.length < FINGERPRINT_END + 1) return null;
  let time = 0;
  let scale = 1;
  for (let i = FINGERPRINT_END; i < value.length; i++) {
    const byte = value[i]!;
    time += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) break;
  }
  // Zigzag: event times are positive, so the value is even; halve it.
  return { fingerprint: value.toString('latin1', WIRE_HEADER, FINGERPRINT_END), time: time / 2 };
}
