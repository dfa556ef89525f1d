// What stands in the headers of a record on the wire, as any client of Kafka reads it.
import { readFileSync } from 'node:fs';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeRecordBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { expect, it } from 'vitest';
import { type Event, topicOf, traceIdIn } from '../../../schemas/index.ts';
import { testCodec } from '../../testing/codec.ts';
import { fingerprintOf } from '../../testing/events.ts';
import { headersOf } from './headers.ts';
import { encodeBatch } from './record-batch.ts';

const codec = testCodec();
const UUID = '0197f0aa-0000-7000-8000-00000000000a';

function exampleOf(type: Event['type']): Event {
  const file = new URL(`../../../schemas/examples/${type}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as Event[])[0]!;
}

/** Through the bytes of a batch, decoded by kafkajs. */
async function onTheWire(event: Event): Promise<Record<string, string>> {
  const topic = topicOf(event.type);
  const value = codec.encode(event, fingerprintOf(event));
  const headers = headersOf(topic, value);
  const batch = encodeBatch(
    [{ key: 'k', value, headers }],
    { producerId: 1n, producerEpoch: 0, sequence: 0 },
    1_000,
  );
  const { records } = await decodeRecordBatch(new Decoder(batch));
  return Object.fromEntries(
    Object.entries(records[0]!.headers).map(([name, text]) => [name, text.toString()]),
  );
}

it('say what CloudEvents says of an event', async () => {
  const event = exampleOf('drift.acknowledged');
  expect(await onTheWire({ ...event, correlationId: null })).toEqual({
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_time: new Date(event.time).toISOString(),
    ce_subject: event.objectKey,
  });
});

it('carry the trace of what someone asked for: one for the wish and all that comes of it', async () => {
  const events = (['drift.acknowledge-requested', 'drift.acknowledged', 'request.settled'] as const).map(
    exampleOf,
  );
  const traces = await Promise.all(
    events.map(async (event) => (await onTheWire({ ...event, correlationId: UUID })).traceparent!),
  );
  expect(traces.map(traceIdIn)).toEqual(Array(3).fill(UUID.replaceAll('-', '')));
  expect(new Set(traces).size).toBe(3);
});

it('carry no trace where nobody asked', async () => {
  for (const type of ['resource.observed', 'drift.opened'] as const) {
    const headers = await onTheWire({ ...exampleOf(type), correlationId: null });
    expect(Object.keys(headers), type).not.toContain('traceparent');
    expect(headers.ce_type).toBe(type);
  }
});

it('are none on a tombstone and on what is no event of ours', () => {
  expect(headersOf('driftmgr.drifts', null)).toEqual([]);
  expect(headersOf('driftmgr.drifts', Buffer.from('something else'))).toEqual([]);
});
