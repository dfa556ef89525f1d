// The cluster the bench runs on: topics of one run, made and dropped again; how far topics and groups are.
import kafkajs, { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { TOPICS, type TopicName } from '../../schemas/index.ts';
import type { Message } from './input.ts';

/** The next offset of each partition. */
export type Offsets = readonly number[];

export const connect = (brokers: string[]): Kafka =>
  new Kafka({ clientId: 'bench-peers', brokers, logLevel: logLevel.ERROR });

export class Cluster {
  readonly kafka: Kafka;
  private readonly admin: Admin;
  private readonly partitions: number;

  private constructor(kafka: Kafka, admin: Admin, partitions: number) {
    this.kafka = kafka;
    this.admin = admin;
    this.partitions = partitions;
  }

  static async open(brokers: string[], partitions: number): Promise<Cluster> {
    const kafka = connect(brokers);
    const admin = kafka.admin();
    await admin.connect();
    return new Cluster(kafka, admin, partitions);
  }

  /** The topics of a contestant or of the input, each under the prefix. */
  async create(prefix: string, names: readonly TopicName[]): Promise<void> {
    await this.admin.createTopics({
      waitForLeaders: true,
      topics: TOPICS.filter(({ name }) => names.includes(name)).map(({ name, cleanup }) => ({
        topic: prefix + name,
        numPartitions: this.partitions,
        replicationFactor: 1,
        configEntries: [
          { name: 'cleanup.policy', value: cleanup },
          // What one contestant has read, the next must still find.
          { name: 'min.compaction.lag.ms', value: '86400000' },
        ],
      })),
    });
  }

  /** Drops every topic and group whose name begins with the prefix. */
  async drop(prefix: string): Promise<void> {
    const topics = (await this.admin.listTopics()).filter((name) => name.startsWith(prefix));
    if (topics.length > 0) await this.admin.deleteTopics({ topics });
    const { groups } = await this.admin.listGroups();
    const own = groups.map(({ groupId }) => groupId).filter((group) => group.startsWith(prefix));
    // One that still has a member (of a run that failed) is left; it expires.
    if (own.length > 0) await this.admin.deleteGroups(own).catch(() => undefined);
  }

  async ends(topic: string): Promise<Offsets> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    return offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
  }

  /** None while the broker that keeps the group's offsets is still taking them over, as on a cluster that has just come up. */
  async committed(group: string, topic: string): Promise<Offsets> {
    const answers = await this.admin.fetchOffsets({ groupId: group, topics: [topic] }).catch((error) => {
      if (error instanceof kafkajs.KafkaJSProtocolError && error.retriable) return [];
      throw error;
    });
    return (answers[0]?.partitions ?? [])
      .sort((a, b) => a.partition - b.partition)
      .map(({ offset }) => Math.max(0, Number(offset)));
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
  }
}

export const reached = (at: Offsets, ends: Offsets): boolean =>
  ends.every((end, partition) => (at[partition] ?? 0) >= end);

export const total = (offsets: Offsets): number => offsets.reduce((sum, offset) => sum + offset, 0);

/** Appends records of one topic, as one request. */
export const sendingTo =
  (producer: Producer, prefix: string) =>
  async (messages: readonly Message[]): Promise<void> => {
    const topic = messages[0]?.record.topic;
    if (topic === undefined) return;
    await producer.send({
      topic: prefix + topic,
      acks: -1,
      messages: messages.map(({ record: { key, value, partition }, headers }) => ({
        key,
        value,
        partition,
        headers,
      })),
    });
  };
