// The envelope read where it lies says what decoding says, for every event there is.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Event, Range, TopicName } from './index.ts';
import { createCodec, envelopeOf, TOPICS, topicOf } from './index.ts';

const topics = TOPICS.map(({ name }) => name);
const codec = createCodec({
  idOf: (topic: TopicName) => topics.indexOf(topic) + 1,
  schemaOf: () => undefined,
});
const folder = new URL('examples/', import.meta.url);

it.each(readdirSync(folder))('reads the envelope of %s without decoding it', (file) => {
  for (const event of JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Event[]) {
    const value = codec.encode(event);
    const text = (range: Range | null): string | null =>
      range && value.toString('utf8', range.start, range.end);
    const read = envelopeOf(topicOf(event.type), value)!;
    expect({
      type: read.type,
      time: read.time,
      id: text(read.id),
      source: text(read.source),
      objectKey: text(read.objectKey),
      correlationId: text(read.correlationId),
    }).toEqual({
      type: event.type,
      time: event.time,
      id: event.id,
      source: event.source,
      objectKey: event.objectKey,
      correlationId: event.correlationId,
    });
    expect(envelopeOf(topicOf(event.type), value.subarray(0, 30))).toBeNull();
  }
});
