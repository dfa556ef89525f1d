// A codec for tests: the current schemas under made-up ids, without a registry.
import type { Codec, TopicName } from '../../schemas/index.ts';
import { createCodec, TOPICS } from '../../schemas/index.ts';

let codec: Codec | null = null;

/** Compiled once a process: it takes some tens of milliseconds and keeps no state. */
export function testCodec(): Codec {
  const ids = new Map<TopicName, number>(TOPICS.map((topic, index) => [topic.name, index + 1]));
  codec ??= createCodec({ idOf: (topic) => ids.get(topic)!, schemaOf: () => undefined });
  return codec;
}
