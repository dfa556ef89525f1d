// The topics in the cluster: made at the first start with the partitions, copies and retention that DESIGN § 4 gives them.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type ITopicMetadata, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { Topic } from '../../../schemas/index.ts';
import { TOPICS } from '../../../schemas/index.ts';
import { DriftError } from '../../errors.ts';
import type { KafkaAccess } from './connection.ts';
import { kafkaError, typeOf } from './errors.ts';

/** Largest batch the topics take: one large record may be a whole one. */
const LARGEST_BATCH = 32 << 20;
const MADE_WITHIN_MS = 20_000;
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

export interface TopicsOptions {
  access: KafkaAccess;
  /** Name of a topic in the cluster. */
  nameOf(topic: Topic['name']): string;
  /** Partitions of topics that are made. */
  partitions: number;
  replication: number;
  /** Settings of the topics beside ours, for tests that want to see compaction soon. */
  settings?: Record<string, string>;
}

/**
 * Makes the topics that are missing; several processes may do so at once. Returns the number of partitions they have.
 * DM_CONFIG_INVALID when they do not all have the same, or not the number that is configured.
 */
export async function ensureTopics(options: TopicsOptions): Promise<void> {
  const { access, nameOf, partitions } = options;
  const admin = new Kafka({
    brokers: [...access.brokers],
    clientId: access.clientId,
    ssl: access.tls,
    sasl: (access.credentials ?? undefined) as SASLOptions | undefined,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 2_000 },
  }).admin();
  try {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    const missing = TOPICS.filter(({ name }) => !there.has(nameOf(name)));
    if (missing.length > 0)
      await admin.createTopics({
        waitForLeaders: false,
        timeout: 15_000,
        topics: missing.map((topic) => ({
          topic: nameOf(topic.name),
          numPartitions: partitions,
          replicationFactor: options.replication,
          configEntries: Object.entries({
            ...settingsOf(topic, options.replication),
            ...options.settings,
          }).map(([name, value]) => ({ name, value })),
        })),
      });
    const topics = await untilLed(
      admin,
      TOPICS.map(({ name }) => nameOf(name)),
    );
    const other = topics.find((topic) => topic.partitions.length !== partitions);
    if (other)
      throw new DriftError(`${other.name} has ${other.partitions.length} partitions, not ${partitions}`, {
        code: 'DM_CONFIG_INVALID',
        retriable: false,
        public: `Topic ${other.name} has ${other.partitions.length} partitions, but partitions (DRIFTMGR_PARTITIONS) is ${partitions}. The number is fixed when the topics are made: set it to ${other.partitions.length}.`,
      });
  } catch (error) {
    if (typeOf(error) === 'INVALID_REPLICATION_FACTOR') throw tooManyCopies(options.replication, error);
    throw kafkaError('making the topics', error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

const tooManyCopies = (copies: number, cause: unknown): DriftError =>
  new DriftError(`there are fewer than ${copies} brokers`, {
    code: 'DM_CONFIG_INVALID',
    retriable: false,
    cause,
    public: `Topics are to have ${copies} copies, more than there are brokers. Set kafka.replication (DRIFTMGR_KAFKA_REPLICATION) to the number of brokers or less.`,
  });

/** A new topic is known to all brokers, and led by one, a moment after it was made. */
async function untilLed(admin: Admin, names: string[]): Promise<ITopicMetadata[]> {
  const began = performance.now();
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return topics;
    } catch (error) {
      if (!NOT_YET.has(typeOf(error)) || performance.now() - began > MADE_WITHIN_MS) throw error;
    }
    await sleep(50);
  }
}

function settingsOf({ cleanup, retentionMs }: Topic, replication: number): Record<string, string> {
  return {
    'cleanup.policy': cleanup,
    ...(cleanup === 'compact'
      ? { 'delete.retention.ms': String(retentionMs) }
      : { 'retention.ms': String(retentionMs ?? -1), 'retention.bytes': '-1' }),
    'min.insync.replicas': String(Math.max(1, replication - 1)),
    'max.message.bytes': String(LARGEST_BATCH),
    // Ours come so and stay so; what another producer compresses in a way we do not read, the broker writes out.
    'compression.type': 'uncompressed',
    'message.timestamp.type': 'CreateTime',
  };
}
