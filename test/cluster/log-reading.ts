// The log of a system as anyone who reads committed records finds it, and whether everything has been read.

import type { SystemJson } from '../../api/types.ts';
import { systemClock } from '../../runtime/clock.ts';
import { openKafkaLog } from '../../runtime/log/kafka-log.ts';
import type { Log } from '../../runtime/log/log.ts';
import { openConfluentRegistry } from '../../runtime/registry/confluent-registry.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { type Codec, createCodec, type Event, TOPICS, type TopicName } from '../../schemas/index.ts';
import { stopwatch } from './patience.ts';
import { copiesOn } from './servers.ts';
import type { ClusterSystem } from './system.ts';

const logger = createLogger({ level: 'silent' });

export interface LogReading {
  /** Every committed record of the topic, each partition's in its order. */
  all(topic: TopicName): Promise<{ partition: number; offset: number; event: Event }[]>;
  /** How many records there are, over these topics, else over all. */
  count(topics?: readonly TopicName[]): Promise<number>;
  close(): Promise<void>;
}

export async function openReading({ room, addresses, partitions }: ClusterSystem): Promise<LogReading> {
  const log = await openKafkaLog({
    access: { brokers: addresses.KAFKA_BROKERS!.split(','), clientId: 'test', tls: false, credentials: null },
    partitions,
    replication: copiesOn(addresses),
    logger,
    prefix: room.prefix,
  });
  const registry = await openConfluentRegistry({
    url: addresses.REGISTRY_URL!,
    logger,
    subjectPrefix: room.prefix,
  });
  const codec = createCodec(registry);
  return {
    all: (topic) => eventsIn(log, codec, topic),
    count: (topics) => recordsIn(log, topics),
    close: () => log.close(),
  };
}

/** Every event of the topic, each partition's in its order. */
export async function eventsIn(
  log: Pick<Log, 'partitions' | 'start' | 'read'>,
  codec: Pick<Codec, 'decode'>,
  topic: TopicName,
): Promise<{ partition: number; offset: number; event: Event }[]> {
  const found: { partition: number; offset: number; event: Event }[] = [];
  for (let partition = 0; partition < log.partitions; partition++) {
    for (let from = await log.start(topic, partition); ; ) {
      const { records, next } = await log.read(topic, partition, from, { records: 1_000, bytes: 8 << 20 });
      if (next === from) break;
      for (const { offset, value } of records)
        if (value !== null) found.push({ partition, offset, event: codec.decode(topic, value) });
      from = next;
    }
  }
  return found;
}

/** Offsets after the last records, summed up: it grows with everything that is written. */
export async function recordsIn(
  log: Pick<Log, 'partitions' | 'end'>,
  topics: readonly TopicName[] = TOPICS.map(({ name }) => name),
): Promise<number> {
  const ends = await Promise.all(
    topics.flatMap((name) =>
      Array.from({ length: log.partitions }, (_, partition) => log.end(name, partition)),
    ),
  );
  return ends.reduce((sum, end) => sum + end, 0);
}

/**
 * Until for `quietMs` nothing was written, and every reader was seen with nothing left to read meanwhile. What `count` does
 * not count may go on.
 */
export async function untilQuiet(
  ask: { count(): Promise<number>; readers(): Promise<SystemJson['readers']> },
  quietMs: number,
  withinMs = 60_000,
): Promise<void> {
  const passed = stopwatch();
  let before = -1;
  let since = 0;
  let caughtUp = new Set<string>();
  for (;;) {
    const count = await ask.count();
    const readers = await ask.readers();
    const now = passed();
    if (count !== before) {
      since = now;
      caughtUp = new Set();
    }
    for (const { name, lag } of readers) if (lag === 0) caughtUp.add(name);
    const behind = readers.filter(({ name }) => !caughtUp.has(name));
    if (now - since >= quietMs && behind.length === 0) return;
    if (now > withinMs)
      throw new Error(
        `not quiet after ${withinMs} ms: ${count} records (${before} before), behind: ${JSON.stringify(behind)}`,
      );
    before = count;
    await systemClock.sleep(50);
  }
}
