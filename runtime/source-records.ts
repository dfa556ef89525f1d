// From what a source hands over to the records of the log: pure, so that a thread of the source may do it as the runtime
// would. What is encoded there crosses to the main thread as a few buffers, not as thousands of objects.
import type { Codec, Event, SchemaIds, TopicName } from '../schemas/index.ts';
import { isBroadcast, placement, recordKey, topicOf } from '../schemas/index.ts';
import { DriftError } from './errors.ts';
import type { NewRecord } from './log/log.ts';
import type { SourceEvent } from './source.ts';

/** Times further ahead are set back to now, and the event is marked. */
const AHEAD_MS = 300_000;

/** All that encoding an event takes besides the event and the time. Plain data: it may cross to a thread. */
export interface SourceEncoding {
  /** Name of the source. */
  source: string;
  org: string;
  partitions: number;
  /** Under which schema each topic is written. */
  schemaIds: Readonly<Record<TopicName, number>>;
}

/** Records of one topic, none of them a broadcast, packed so that they cross between threads without being copied. */
export interface EncodedEvents {
  topic: TopicName;
  keys: string[];
  partitions: Uint16Array;
  /** Where each value ends in `values`. */
  ends: Uint32Array;
  values: Uint8Array<ArrayBuffer>;
  /** How many times were set back to now. */
  clamped: number;
}

/** Ids of a codec that only writes what is current. */
export const writingIds = (schemaIds: SourceEncoding['schemaIds']): SchemaIds => ({
  idOf: (topic) => schemaIds[topic],
  schemaOf: () => undefined,
});

/** DM_EVENT_REFUSED for what no source may publish. */
export function eventOf(
  given: SourceEvent,
  { source, org }: Pick<SourceEncoding, 'source' | 'org'>,
  now: number,
): Event {
  if (given.objectKey !== null && !given.objectKey.startsWith(`${org}/`))
    throw refused(`${source} published ${given.type} under ${given.objectKey}, outside ${org}`);
  if (isBroadcast(given.type) && given.objectKey !== null)
    throw refused(`${source} published the broadcast ${given.type} under an object key`);
  const clamped = given.time > now + AHEAD_MS;
  // One member of the union of events: type and body come from the same member of the union of source events.
  return {
    time: clamped ? now : given.time,
    id: given.id,
    recordedAt: now,
    source,
    org,
    objectKey: given.objectKey,
    correlationId: given.correlationId ?? null,
    clamped,
    type: given.type,
    body: given.body,
  } as Event;
}

const refused = (message: string): DriftError =>
  new DriftError(message, { code: 'DM_EVENT_REFUSED', retriable: false });

/** Several for a broadcast. Throws what the codec throws of an event that does not fit its schema. */
export function recordsOf(
  event: Event,
  fingerprint: Buffer | undefined,
  codec: Codec,
  partitions: number,
): NewRecord[] {
  const value = codec.encode(event, fingerprint);
  const topic = topicOf(event.type);
  const key = recordKey(event);
  return placement(event, partitions).map((partition) => ({ topic, partition, key, value }));
}

/** Packs records of one topic. */
export function packRecords(topic: TopicName, records: readonly NewRecord[], clamped: number): EncodedEvents {
  const ends = new Uint32Array(records.length);
  let length = 0;
  records.forEach(({ value }, i) => {
    length += value!.length;
    ends[i] = length;
  });
  const values = new Uint8Array(length);
  records.forEach(({ value }, i) => {
    values.set(value!, ends[i]! - value!.length);
  });
  return {
    topic,
    keys: records.map(({ key }) => key),
    partitions: Uint16Array.from(records, ({ partition }) => partition),
    ends,
    values,
    clamped,
  };
}

/** One record of packed ones; its value is a view. */
export function packedRecord(
  { topic, keys, partitions, ends, values }: EncodedEvents,
  index: number,
): NewRecord {
  const start = index === 0 ? 0 : ends[index - 1]!;
  const value = Buffer.from(values.buffer, values.byteOffset + start, ends[index]! - start);
  return { topic, partition: partitions[index]!, key: keys[index]!, value };
}
