// The log on Apache Kafka: topics of the cluster, transactions, reads of what is committed.
//
// A writer has a transactional id of its own. Whoever takes over its work opens the id anew (`takeOver`), and from then on
// whoever had it before can write nothing more: fencing is the broker's, not a promise of this process.
import { randomUUID } from 'node:crypto';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { TopicName } from '../../schemas/index.ts';
import { TOPICS } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import { createCluster, type KafkaAccess, READ_COMMITTED, READ_UNCOMMITTED } from './kafka/connection.ts';
import { kafkaError } from './kafka/errors.ts';
import type { TransactionFaults } from './kafka/faults.ts';
import { headersOf } from './kafka/headers.ts';
import { patiently } from './kafka/patience.ts';
import { committedOffsets, EARLIEST, LATEST, listOffsets } from './kafka/places.ts';
import { Reader } from './kafka/reader.ts';
import { ensureTopics } from './kafka/topics.ts';
import { type Call, WriterQueue } from './kafka/writer-queue.ts';
import type { Log, Position } from './log.ts';
import { checkCommit, checkPartitions, checkPlace, closedLog } from './log-input.ts';
import { createSlices } from './slices.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface KafkaLogOptions {
  access: KafkaAccess;
  /** Partitions of every topic, fixed when the topics are made. */
  partitions: number;
  replication: number;
  logger: Logger;
  /** Before the names of topics, groups and transactional ids: several systems, or test runs, in one cluster. */
  prefix?: string;
  topicSettings?: Record<string, string>;
  /** For crash tests: where a writer dies. */
  faults?: TransactionFaults;
  /** Milliseconds that what nobody waits for is gathered between two commits: longer costs less and comes later. */
  gatherMs?: number;
}

/** A commit is five requests one after the other, to up to three brokers. */
const GATHER_MS = 25;
/** How long taking over waits for other writers' open transactions at its partition to be decided. */
const DECIDED_WITHIN_MS = 20_000;

/** Connects, and makes the topics that are missing. DM_LOG_FAILED (retriable) when no broker answers. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { access, partitions, logger } = options;
  checkPartitions(partitions);
  const prefix = options.prefix ?? '';
  const nameOf = (topic: TopicName): string => `${prefix}${topic}`;
  await ensureTopics({
    access,
    nameOf,
    partitions,
    replication: options.replication,
    settings: options.topicSettings,
  });
  const clusters = ['reading', 'following', 'writing'].map(() => createCluster(access, logger));
  try {
    for (const cluster of clusters) {
      await cluster.connect();
      const names = TOPICS.map(({ name }) => nameOf(name));
      // Another broker may not know of a new topic yet.
      await patiently('asking for the topics', cluster, () => cluster.addMultipleTargetTopics(names));
    }
  } catch (error) {
    await Promise.allSettled(clusters.map((cluster) => cluster.disconnect()));
    throw kafkaError('connecting to the brokers', error);
  }
  const [reading, following, writing] = clusters as [Cluster, Cluster, Cluster];
  const { faults, gatherMs = GATHER_MS } = options;
  return new KafkaLog({ partitions, prefix, reading, following, writing, faults, gatherMs });
}

interface Parts {
  partitions: number;
  prefix: string;
  reading: Cluster;
  following: Cluster;
  writing: Cluster;
  faults: TransactionFaults | undefined;
  gatherMs: number;
}

interface Asking {
  places: Map<string, { topic: string; partition: number }>;
  answer: Promise<ReadonlyMap<string, number>>;
}

const placeOf = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}/${partition}`;

class KafkaLog implements Log {
  readonly partitions: number;
  readonly gatherMs: number;
  private readonly parts: Parts;
  private readonly reader: Reader;
  private readonly subscriptions = createSubscriptions();
  private readonly breathe = createSlices();
  private readonly writers = new Map<string, WriterQueue>();
  /** What is written without a name belongs to this process alone: no one takes it over. */
  private readonly own = `process/${randomUUID()}`;
  /** After what was committed here; the brokers may take a moment longer to show it. */
  private readonly written = new Map<string, number>();
  /** Offsets that are about to be asked for, by what is asked. */
  private readonly asking = new Map<number, Asking>();
  private closed = false;

  constructor(parts: Parts) {
    this.parts = parts;
    this.partitions = parts.partitions;
    this.gatherMs = parts.gatherMs;
    this.reader = new Reader({
      cluster: parts.reading,
      following: parts.following,
      earliest: async (topic, partition) =>
        (await listOffsets(parts.reading, [{ topic, partition }], EARLIEST, READ_COMMITTED))[0]!.offset,
      announce: (topic) => this.subscriptions.announce([topic.slice(parts.prefix.length) as TopicName]),
    });
  }

  async takeOver(writer: string, partition?: number): Promise<void> {
    this.alive();
    await this.writer(writer).open();
    if (partition === undefined) return;
    // What the one before has committed must be there to be read: it is when nothing before it is undecided.
    const places = TOPICS.map(({ name }) => ({ topic: this.name(name), partition }));
    const { reading } = this.parts;
    const ends = await listOffsets(reading, places, LATEST, READ_UNCOMMITTED);
    const began = performance.now();
    for (;;) {
      const stable = await listOffsets(reading, places, LATEST, READ_COMMITTED);
      const at = new Map(stable.map(({ topic, offset }) => [topic, offset]));
      if (ends.every(({ topic, offset }) => at.get(topic)! >= offset)) return;
      if (performance.now() - began > DECIDED_WITHIN_MS)
        throw new DriftError(`transactions at partition ${partition} stay undecided`, {
          code: 'DM_LOG_FAILED',
          retriable: true,
        });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async append(records: Parameters<Log['append']>[0], writer = this.own): Promise<void> {
    this.alive();
    checkCommit(records, [], this.partitions);
    await this.write(writer, { records, positions: [], group: null });
  }

  async commit({ group, records, positions, writer }: Parameters<Log['commit']>[0]): Promise<Position[]> {
    this.alive();
    checkCommit(records, positions, this.partitions);
    return this.write(writer ?? group, { records, positions, group: this.groupId(group) });
  }

  private async write(
    writer: string,
    { records, positions, group }: Omit<Call, 'group'> & { group: string | null },
  ): Promise<Position[]> {
    if (records.length === 0 && positions.length === 0) return [];
    const written = await this.writer(writer).write({ records, positions, group });
    for (const { topic, partition, end } of written) {
      const key = `${topic}/${partition}`;
      this.written.set(key, Math.max(end, this.written.get(key) ?? 0));
    }
    return written.map(({ topic, partition, end }) => ({
      topic: topic.slice(this.parts.prefix.length) as TopicName,
      partition,
      offset: end,
    }));
  }

  private writer(name: string): WriterQueue {
    let writer = this.writers.get(name);
    if (!writer) {
      writer = new WriterQueue({
        cluster: this.parts.writing,
        transactionalId: `${this.parts.prefix}driftmgr/${name}`,
        nameOf: (topic) => this.name(topic),
        headersOf,
        ownedAlone: name === this.own,
        faults: this.parts.faults,
      });
      this.writers.set(name, writer);
    }
    return writer;
  }

  async read(...[topic, partition, from, limits]: Parameters<Log['read']>): ReturnType<Log['read']> {
    await this.breathe();
    this.alive();
    checkPlace(topic, partition, this.partitions);
    return this.reader.read(this.name(topic), partition, from, limits);
  }

  async end(topic: TopicName, partition: number): Promise<number> {
    const offset = await this.offset(topic, partition, LATEST);
    return Math.max(offset, this.written.get(`${this.name(topic)}/${partition}`) ?? 0);
  }

  start(topic: TopicName, partition: number): Promise<number> {
    return this.offset(topic, partition, EARLIEST);
  }

  /** Whoever asks in the same turn of the loop is asked for together: a lag is the ends of many partitions. */
  private async offset(topic: TopicName, partition: number, timestamp: number): Promise<number> {
    this.alive();
    checkPlace(topic, partition, this.partitions);
    const place = { topic: this.name(topic), partition };
    let asking = this.asking.get(timestamp);
    if (!asking) {
      asking = this.ask(timestamp);
      this.asking.set(timestamp, asking);
    }
    asking.places.set(placeOf(place), place);
    return (await asking.answer).get(placeOf(place))!;
  }

  private ask(timestamp: number): Asking {
    const places: Asking['places'] = new Map();
    const answer = new Promise((resolve) => setImmediate(resolve)).then(async () => {
      this.asking.delete(timestamp);
      const found = await listOffsets(this.parts.reading, [...places.values()], timestamp, READ_COMMITTED);
      return new Map(found.map((each) => [placeOf(each), each.offset]));
    });
    return { places, answer };
  }

  async positions(group: string): ReturnType<Log['positions']> {
    this.alive();
    const names = new Map(TOPICS.map(({ name }) => [this.name(name), name]));
    const { reading } = this.parts;
    const found = await committedOffsets(reading, this.groupId(group), [...names.keys()], this.partitions);
    return found.map(({ topic, partition, offset }) => ({ topic: names.get(topic)!, partition, offset }));
  }

  subscribe(topics: readonly TopicName[], notify: () => void): () => void {
    return this.subscriptions.add(topics, notify);
  }

  /** The brokers compact and expire by themselves. */
  async compact(): Promise<void> {
    this.alive();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.subscriptions.clear();
    await Promise.allSettled([...this.writers.values()].map((writer) => writer.idle()));
    const { reading, following, writing } = this.parts;
    // Told before its connection is taken away: else what follows would connect anew, and keep the process alive.
    const reader = this.reader.close();
    await following.disconnect();
    await reader;
    await Promise.allSettled([following, reading, writing].map((cluster) => cluster.disconnect()));
  }

  private name(topic: TopicName): string {
    return `${this.parts.prefix}${topic}`;
  }

  private groupId(group: string): string {
    return `${this.parts.prefix}driftmgr.${group}`;
  }

  private alive(): void {
    if (this.closed) throw closedLog();
  }
}
