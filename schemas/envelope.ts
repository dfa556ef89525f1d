// What every event carries, read where it lies in an encoded value: no decoding of the rest, no strings made. For record
// headers, which repeat it for consumers that know CloudEvents and not our schemas. Pure.
import type { EventType } from './generated.ts';
import { EVENT_TYPES, EVENTS } from './generated.ts';
import { bodiesOf, readSchema, SCHEMA_FILES } from './load.ts';
import type { TopicName } from './topics.ts';

/** Bytes of the value, from `start` up to `end`. */
export interface Range {
  start: number;
  end: number;
}

export interface Envelope {
  type: EventType;
  /** Event time, milliseconds. */
  time: number;
  id: Range;
  source: Range;
  /** Null when the event belongs to no object. */
  objectKey: Range | null;
  /** Null when no one asked for it. */
  correlationId: Range | null;
}

const WIRE_HEADER = 5;
const FINGERPRINT = 16;

interface Layout {
  /** Where the envelope begins: a fingerprint may stand before it. */
  begin: number;
  /** The event type of each branch of the union of bodies. */
  types: EventType[];
}

const typeOfRecord = new Map(EVENT_TYPES.map((type) => [EVENTS[type].record, type]));

const layouts = new Map(
  (Object.keys(SCHEMA_FILES) as TopicName[]).map((topic): [TopicName, Layout] => {
    const schema = readSchema(SCHEMA_FILES[topic]);
    return [
      topic,
      {
        begin: WIRE_HEADER + (schema.fields[0]!.name === 'fingerprint' ? FINGERPRINT : 0),
        types: bodiesOf(schema).map(({ name }) => typeOfRecord.get(`io.driftmgr.${name}`)!),
      },
    ];
  }),
);

/**
 * Of a value this process has encoded, with the current schema of the topic: its fields stand in the order time, id,
 * recordedAt, source, org, objectKey, correlationId, clamped, body (a test holds it). Null for anything shorter.
 */
export function envelopeOf(topic: TopicName, value: Buffer): Envelope | null {
  if (value[0] !== 0) return null;
  const { begin, types } = layouts.get(topic)!;
  const cursor = new Cursor(value, begin);
  const time = cursor.long();
  const id = cursor.text();
  cursor.long();
  const source = cursor.text();
  cursor.text();
  const objectKey = cursor.long() === 1 ? cursor.text() : null;
  const correlationId = cursor.long() === 1 ? cursor.text() : null;
  cursor.skip(1);
  const type = types[cursor.long()];
  return type === undefined || cursor.at > value.length
    ? null
    : { type, time, id, source, objectKey, correlationId };
}

class Cursor {
  at: number;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A zigzag number: all that stand in an envelope are small enough for a double, and none is negative. */
  long(): number {
    let value = 0;
    let scale = 1;
    for (; this.at < this.bytes.length; scale *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value / 2;
    }
    this.at = this.bytes.length + 1;
    return 0;
  }

  text(): Range {
    const length = this.long();
    const start = this.at;
    this.at += length;
    return { start, end: this.at };
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}
