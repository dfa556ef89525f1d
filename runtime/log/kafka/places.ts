// Offsets and positions, asked of the brokers: where partitions begin and end, and up to where a group has committed.
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { Broker } from 'kafkajs/src/cluster/index.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { patiently } from './patience.ts';

export const EARLIEST = -2;
export const LATEST = -1;

export interface At {
  /** As the cluster names it. */
  topic: string;
  partition: number;
  offset: number;
}

/** Offsets of the partitions; `isolation` says whether what is not decided yet counts to the end. */
export function listOffsets(
  cluster: Cluster,
  places: readonly { topic: string; partition: number }[],
  timestamp: number,
  isolation: number,
): Promise<At[]> {
  return patiently('asking for offsets', cluster, async () => {
    const byLeader = new Map<string, Map<string, { partition: number; timestamp: number }[]>>();
    for (const { topic, partition } of places) {
      const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (leader === undefined) throw Object.assign(new Error('no leader'), { type: 'LEADER_NOT_AVAILABLE' });
      const topics = byLeader.get(leader) ?? new Map<string, { partition: number; timestamp: number }[]>();
      byLeader.set(leader, topics);
      topics.set(topic, [...(topics.get(topic) ?? []), { partition, timestamp }]);
    }
    const answers = await Promise.all(
      [...byLeader].map(async ([nodeId, topics]) => {
        const broker = await cluster.findBroker({ nodeId });
        const { responses } = await broker.listOffsets({
          isolationLevel: isolation,
          topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
        });
        return responses;
      }),
    );
    return answers.flat().flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, errorCode }): At => {
        if (errorCode !== 0) throw createErrorFromCode(errorCode);
        return { topic, partition, offset: Number(offset) };
      }),
    );
  });
}

/** Committed positions of a group at the partitions; those never committed are left out. */
export function committedOffsets(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
  partitions: number,
): Promise<At[]> {
  const numbers = Array.from({ length: partitions }, (_, partition) => ({ partition }));
  return patiently('asking for the positions of a group', cluster, async () => {
    const coordinator: Broker = await cluster.findGroupCoordinator({ groupId });
    const { responses } = await coordinator.offsetFetch({
      groupId,
      topics: topics.map((topic) => ({ topic, partitions: numbers })),
    });
    return responses.flatMap(({ topic, partitions: found }) =>
      found
        .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
        .filter(({ offset }) => offset >= 0),
    );
  });
}
