// Events to bytes and back: Confluent wire format (magic 0, four bytes of schema id, Avro binary).
//
// Decoding uses the schema the record was written with, then fills in what newer fields default to. A reader stops at
// the first *body* it does not know (UnknownBody), not at a schema that merely lists one.
import avro from 'avsc';
import type { Event, EventType } from './generated.ts';
import { EVENT_TYPES, EVENTS } from './generated.ts';
import { NO_FINGERPRINT } from './hash.ts';
import type { RecordSchema, SchemaType } from './load.ts';
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
  /** Ids of the schemas it writes with. */
  readonly schemaIds: Readonly<Record<TopicName, number>>;
  /**
   * `fingerprint`: of the event's content, for the topics whose schema starts with one; 16 bytes. Values share memory with
   * those encoded before and after them: a caller that keeps a few of them for long copies them.
   */
  encode(event: Event, fingerprint?: Buffer): Buffer;
  /** Throws {@link UnknownBody} or {@link Undecodable}. */
  decode(topic: TopicName, value: Buffer): Event;
}

const ENVELOPE = 'envelope';
const WIRE_HEADER = 5;
/** Small values are encoded into blocks of this size; large ones into memory of their own. */
const BLOCK_BYTES = 64 << 10;
const LARGE_BYTES = 16 << 10;
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

/** A registry that others use too has schemas that are none of ours. */
function formOfText(text: string, id: number, topic: string): Form {
  try {
    return formOf(JSON.parse(text) as RecordSchema, false);
  } catch (cause) {
    throw new Undecodable(`a record of ${topic} names schema ${id}, which is not one of an event`, { cause });
  }
}

type Fields = Record<string, unknown>;

/** A codec over the registered ids. All current schemas are compiled here, once. */
export function createCodec(ids: SchemaIds): Codec {
  const encoders = new Map<TopicName, Form & { header: Buffer }>();
  const decoders = new Map<number, Form>();
  const shapes = new Map<string, Shape>();
  const schemaIds = {} as Record<TopicName, number>;
  for (const topic of Object.keys(SCHEMA_FILES) as TopicName[]) {
    const schema = readSchema(SCHEMA_FILES[topic]);
    const form = formOf(schema, true);
    const id = ids.idOf(topic);
    const header = Buffer.alloc(WIRE_HEADER);
    header.writeInt32BE(id, 1);
    schemaIds[topic] = id;
    encoders.set(topic, { ...form, header });
    decoders.set(id, form);
    collectShapes(schema, shapes);
  }

  function encode(event: Event, fingerprint: Buffer = NO_FINGERPRINT): Buffer {
    const form = encoders.get(topicOf(event.type))!;
    const { time, id, recordedAt, source, org, objectKey, correlationId, clamped } = event;
    const body = form.onlyBody ? event.body : { [EVENTS[event.type].record]: event.body };
    // Of one shape for all events: copying each as it comes would cost as much as encoding it.
    return write(form, {
      fingerprint,
      time,
      id,
      recordedAt,
      source,
      org,
      objectKey,
      correlationId,
      clamped,
      body,
    });
  }

  /** Encoded values lie one after the other in blocks: no copy, and no allocation for each. */
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let used = 0;

  function write(form: Form & { header: Buffer }, value: Fields): Buffer {
    if (block.length - used <= WIRE_HEADER) startBlock();
    const end = form.type.encode(value, block, used + WIRE_HEADER);
    if (end < 0) {
      // What does not fit is not written; the result says how much is missing.
      const size = block.length - used - end;
      if (size > LARGE_BYTES) {
        const own = Buffer.allocUnsafeSlow(size);
        own.set(form.header);
        form.type.encode(value, own, WIRE_HEADER);
        return own;
      }
      startBlock();
      return write(form, value);
    }
    block.set(form.header, used);
    const bytes = block.subarray(used, end);
    used = end;
    return bytes;
  }

  function startBlock(): void {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    used = 0;
  }

  function decode(topic: TopicName, bytes: Buffer): Event {
    const id = schemaIdOf(bytes);
    if (id === null) throw new Undecodable(`a record of ${topic} is not in the wire format`);
    const form = decoder(id, topic);
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
    if (form.current) {
      // An object from which a member is deleted is slow to read ever after: one of the same shape for all events is made.
      const { time, id: eventId, recordedAt, source, org, objectKey, correlationId, clamped } = value;
      const event: Fields = {
        time,
        id: eventId,
        recordedAt,
        source,
        org,
        objectKey,
        correlationId,
        clamped,
        body,
        type,
      };
      return event as Fields & Event;
    }
    fill(value, shapes.get(ENVELOPE));
    fill(body, shapes.get(record));
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
    const form = formOfText(text, id, topic);
    decoders.set(id, form);
    return form;
  }

  return { schemaIds, encode, decode };
}

/** What the current schema knows of a record: the defaults of its fields, and which fields hold records themselves. */
interface Shape {
  defaults: [name: string, value: unknown][];
  members: [name: string, shape: Shape][];
}

/** The shape of a record and of every record in it. Records that are named again are those defined before. */
function shapeOf(record: RecordSchema, known: Map<string, Shape>): Shape {
  const shape: Shape = { defaults: [], members: [] };
  known.set(record.name, shape);
  for (const field of record.fields) {
    if ('default' in field) shape.defaults.push([field.name, field.default]);
    const inner = field.name === 'body' ? null : recordIn(field.type, known);
    if (inner) shape.members.push([field.name, inner]);
  }
  return shape;
}

function recordIn(type: SchemaType, known: Map<string, Shape>): Shape | null {
  if (typeof type === 'string') return known.get(type) ?? null;
  if (Array.isArray(type))
    return type.map((branch) => recordIn(branch, known)).find((shape) => shape !== null) ?? null;
  if (type.type === 'record') return shapeOf(type, known);
  return type.type === 'array' ? recordIn(type.items, known) : null;
}

function collectShapes(schema: RecordSchema, into: Map<string, Shape>): void {
  const known = new Map<string, Shape>();
  into.set(ENVELOPE, shapeOf(schema, known));
  for (const body of bodiesOf(schema)) into.set(`io.driftmgr.${body.name}`, shapeOf(body, known));
}

/** Fills what an older writer did not know, at any depth. */
function fill(value: unknown, shape: Shape | undefined): void {
  if (shape === undefined || value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const item of value) fill(item, shape);
    return;
  }
  const fields = value as Fields;
  for (const [name, fallback] of shape.defaults)
    if (!(name in fields)) fields[name] = structuredClone(fallback);
  for (const [name, inner] of shape.members) fill(fields[name], inner);
}

/** Id of the schema a value was written with; null for what is not in the wire format. */
export const schemaIdOf = (value: Buffer): number | null =>
  value.length < WIRE_HEADER || value[0] !== 0 ? null : value.readInt32BE(1);

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
