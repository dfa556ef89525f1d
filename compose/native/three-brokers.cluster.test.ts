// The three-broker variant, seen through the product's Kafka client while a broker is lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from './start-cluster.ts';

const directory = mkdtempSync(join(tmpdir(), 'native-three-'));
let cluster: Cluster;
let kafka: Kafka;

beforeAll(async () => {
  cluster = await startCluster({
    directory,
    brokers: 3,
    portBase: 29_100,
    only: ['kafka-1', 'kafka-2', 'kafka-3'],
    say: (line) => process.stderr.write(`[native] ${line}\n`),
  });
  kafka = new Kafka({
    brokers: cluster.env.KAFKA_BROKERS!.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 15 },
  });
}, 900_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

async function write(value: string): Promise<void> {
  const producer = kafka.producer({
    transactionalId: 'writer',
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 10_000,
  });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    for (const partition of [0, 1, 2])
      await transaction.send({ topic: 'tried', acks: -1, messages: [{ partition, value }] });
    await transaction.commit();
  } finally {
    await producer.disconnect();
  }
}

async function read(count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `reader-${count}` });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'tried', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(message.value?.toString() ?? '');
    },
  });
  try {
    await expect.poll(() => values.length, { timeout: 60_000 }).toBe(count);
  } finally {
    await consumer.disconnect();
  }
  return values.sort();
}

it('three brokers go on with transactions when one is killed, and take it back', async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'tried', numPartitions: 3 }], waitForLeaders: true });
  const { topics } = await admin.fetchTopicMetadata({ topics: ['tried'] });
  await admin.disconnect();
  expect(topics[0]?.partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3]);
  await write('before');
  await cluster.kill('kafka-2');
  await write('without');
  await cluster.start('kafka-2');
  // Now the returned one is needed: two must hold each record.
  await cluster.kill('kafka-3');
  await write('with');
  await cluster.start('kafka-3');
  expect(await read(9)).toEqual([
    ...['before', 'before', 'before', 'with', 'with', 'with', 'without', 'without', 'without'],
  ]);
}, 240_000);
