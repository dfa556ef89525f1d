// A codec for tests: the current schemas under made-up ids, without a registry.
import type { Codec, TopicName } from '../../schemas/index.ts';
import { createCodec, TOPICS } from '../../schemas/index.ts';
import type { SourceEncoding } from '../source-records.ts';

let codec: Codec | null = null;

/** Compiled once a process: it takes some tens of milliseconds and keeps no state. */
export function testCodec(): Codec {
  const ids = new Map<TopicName, number>(TOPICS.map((topic, index) => [topic.name, index + 1]));
  codec ??= createCodec({ idOf: (topic) => ids.get(topic)!, schemaOf: () => undefined });
  return codec;
}

/** What the runtime tells a source of how events are encoded. */
export const testEncoding = (source: string): SourceEncoding => ({
  source,
  org: 'default',
  partitions: 4,
  schemaIds: testCodec().schemaIds,
});
