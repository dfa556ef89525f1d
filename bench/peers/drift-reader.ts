// Reads a contestant's drifts as any consumer would: committed ones only.
import type { Codec, Drift, TopicName } from '../../schemas/index.ts';
import type { Cluster } from './cluster.ts';

const QUIET_MS = 3_000;

export interface DriftReader {
  close(): Promise<void>;
}

let readers = 0;

/** Calls back for every drift event of a topic: from its beginning, or from what comes after this resolves. */
export async function readDrifts(
  cluster: Cluster,
  codec: Codec,
  at: { topic: string; name: TopicName; from: 'beginning' | 'end' },
  each: (drift: Drift) => void,
): Promise<DriftReader> {
  const ends = at.from === 'end' ? await cluster.ends(at.topic) : [];
  const groupId = `${at.topic}.reader-${process.pid}-${++readers}`;
  const consumer = cluster.kafka.consumer({ groupId, maxWaitTimeInMs: 20, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic: at.topic, fromBeginning: true });
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) {
        if (value === null) continue;
        const { body } = codec.decode(at.name, value) as unknown as { body: { drift: Drift } };
        each(body.drift);
      }
    },
  });
  for (const [partition, offset] of ends.entries())
    consumer.seek({ topic: at.topic, partition, offset: String(offset) });
  await joined.promise;
  return { close: () => consumer.disconnect() };
}

/** Every drift event there is: until none has come for a while, because committed ones end before the topic does. */
export async function allDrifts(
  cluster: Cluster,
  codec: Codec,
  at: { topic: string; name: TopicName },
  each: (drift: Drift) => void,
): Promise<void> {
  let lastAt = performance.now();
  const reader = await readDrifts(cluster, codec, { ...at, from: 'beginning' }, (drift) => {
    lastAt = performance.now();
    each(drift);
  });
  lastAt = performance.now();
  while (performance.now() - lastAt < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 100));
  await reader.close();
}
