// Record headers: what CloudEvents says of an event (https://github.com/cloudevents/spec, Kafka protocol binding, binary
// mode), for consumers that route without decoding, and the trace of what someone asked for. Copied out of the value;
// nothing of ours reads them. Pure.
import type { Envelope, EventType, Range, TopicName } from '../../../schemas/index.ts';
import { EVENT_TYPES, envelopeOf, traceparentOf } from '../../../schemas/index.ts';
import type { Header } from './record-batch.ts';

const ID = Buffer.from('ce_id');
const TYPE = Buffer.from('ce_type');
const SOURCE = Buffer.from('ce_source');
const TIME = Buffer.from('ce_time');
const SUBJECT = Buffer.from('ce_subject');
const TRACE = Buffer.from('traceparent');
const VERSION: Header = [Buffer.from('ce_specversion'), Buffer.from('1.0')];
/** Of what can be written as a date. */
const LATEST_TIME = 8.64e15;
const types = new Map<EventType, Buffer>(EVENT_TYPES.map((type) => [type, Buffer.from(type)]));

/** None for a tombstone, and for a value that is not one of ours. */
export function headersOf(topic: TopicName, value: Buffer | null): readonly Header[] {
  const envelope = value === null ? null : envelopeOf(topic, value);
  return value === null || envelope === null ? [] : cloudEvent(value, envelope);
}

function cloudEvent(value: Buffer, { type, time, id, source, objectKey, correlationId }: Envelope): Header[] {
  const headers: Header[] = [
    VERSION,
    [ID, value.subarray(id.start, id.end)],
    [TYPE, types.get(type)!],
    [SOURCE, value.subarray(source.start, source.end)],
    [TIME, Buffer.from(new Date(Math.min(time, LATEST_TIME)).toISOString())],
  ];
  if (objectKey) headers.push([SUBJECT, value.subarray(objectKey.start, objectKey.end)]);
  // What sources observe has none, and that is nearly all there is.
  if (correlationId)
    headers.push([TRACE, Buffer.from(traceparentOf(textAt(value, id), textAt(value, correlationId)))]);
  return headers;
}

const textAt = (value: Buffer, { start, end }: Range): string => value.toString('utf8', start, end);
