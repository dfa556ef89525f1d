// The log in memory: for tests and one-shot runs. Keeps nothing beyond the process; compacts as far as the rules allow.

import type { Topic, TopicName } from '../../schemas/index.ts';
import { TOPICS } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { firstFrom } from './first-from.ts';
import type { Commit, Log, LogRecord, NewRecord, Position } from './log.ts';
import { checkCommit, checkPartitions, checkPlace, closedLog } from './log-input.ts';
import { createSlices } from './slices.ts';
import { createSubscriptions } from './subscriptions.ts';

interface Partition {
  records: LogRecord[];
  end: number;
}

/** Values are kept by reference: neither writers nor readers may change their bytes. */
export function createMemoryLog(options: { partitions: number; clock: Clock }): Log {
  const { partitions, clock } = options;
  checkPartitions(partitions);
  const kept = new Map<TopicName, Partition[]>(
    TOPICS.map((topic) => [topic.name, Array.from({ length: partitions }, () => ({ records: [], end: 0 }))]),
  );
  const groups = new Map<string, Map<string, Position>>();
  const subscriptions = createSubscriptions();
  const breathe = createSlices();
  let closed = false;

  function place(topic: TopicName, partition: number): Partition {
    if (closed) throw closedLog();
    checkPlace(topic, partition, partitions);
    return kept.get(topic)![partition]!;
  }

  function write(records: readonly NewRecord[]): Position[] {
    const timestamp = clock.now();
    const topics = new Set<TopicName>();
    const ends = new Map<Partition, Position>();
    for (const { topic, partition, key, value } of records) {
      const at = kept.get(topic)![partition]!;
      at.records.push({ offset: at.end++, key, value, timestamp });
      topics.add(topic);
      ends.set(at, { topic, partition, offset: at.end });
    }
    subscriptions.announce(topics);
    return [...ends.values()];
  }

  return {
    partitions,
    gatherMs: 0,
    async takeOver() {
      if (closed) throw closedLog();
    },
    async append(records) {
      if (closed) throw closedLog();
      checkCommit(records, [], partitions);
      write(records);
    },
    async commit({ group, records, positions }: Commit) {
      if (closed) throw closedLog();
      checkCommit(records, positions, partitions);
      const held = groups.get(group) ?? new Map<string, Position>();
      groups.set(group, held);
      for (const position of positions) held.set(`${position.topic}/${position.partition}`, { ...position });
      return write(records);
    },
    async read(topic, partition, from, limits) {
      await breathe();
      const { records, end } = place(topic, partition);
      const found: LogRecord[] = [];
      let bytes = 0;
      let index = firstFrom(records, from);
      while (
        index < records.length &&
        found.length < limits.records &&
        (bytes < limits.bytes || !found.length)
      ) {
        const record = records[index++]!;
        found.push(record);
        bytes += record.key.length + (record.value?.length ?? 0);
      }
      const last = found.at(-1);
      // Past what compaction dropped there may be nothing left to read; the reader then goes on from the end.
      return { records: found, next: last ? last.offset + 1 : Math.max(from, end) };
    },
    async end(topic, partition) {
      return place(topic, partition).end;
    },
    async start(topic, partition) {
      const { records, end } = place(topic, partition);
      return records[0]?.offset ?? end;
    },
    async positions(group) {
      if (closed) throw closedLog();
      return [...(groups.get(group)?.values() ?? [])].map((position) => ({ ...position }));
    },
    subscribe: (topics, notify) => subscriptions.add(topics, notify),
    async compact() {
      if (closed) throw closedLog();
      for (const topic of TOPICS)
        for (const partition of kept.get(topic.name)!)
          partition.records = compacted(topic, partition.records, clock.now());
    },
    async close() {
      closed = true;
      subscriptions.clear();
    },
  };
}

function compacted(topic: Topic, records: readonly LogRecord[], now: number): LogRecord[] {
  const oldest = topic.retentionMs === null ? Number.NEGATIVE_INFINITY : now - topic.retentionMs;
  if (topic.cleanup === 'delete') return records.filter((record) => record.timestamp >= oldest);
  const newest = new Map(records.map((record) => [record.key, record.offset]));
  return records.filter(
    (record) =>
      newest.get(record.key) === record.offset && (record.value !== null || record.timestamp >= oldest),
  );
}
