// The three-broker variant, seen through the product's Kafka client while a broker is lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** One record to each partition in one transaction; a broken one is repeated by a producer that fences it off. */
async function write(value: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const producer = kafka.producer({
      transactionalId: 'writer',
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 10_000,
    });
    try {
      await producer.connect();
      const transaction = await producer.transaction();
      for (const partition of [0, 1, 2])
        await transaction.send({
          topic: 'tried',
          acks: -1,
          messages: [{ partition, value: `${value} ${partition}` }],
        });
      await transaction.commit();
      return;
    } catch (error) {
      if (attempt === 10) throw error;
      await sleep(500);
    } finally {
      await producer.disconnect().catch(() => undefined);
    }
  }
}

/** Waits until readers of committed records have found these. What was committed, but not heard of, comes twice. */
async function untilRead(values: string[]): Promise<void> {
  const consumer = kafka.consumer({ groupId: 'reader' });
  const found = new Set<string>();
  await consumer.connect();
  await consumer.subscribe({ topic: 'tried', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      found.add(message.value?.toString() ?? '');
    },
  });
  try {
    await expect.poll(() => [...found].sort(), { timeout: 60_000 }).toEqual(values.sort());
  } finally {
    await consumer.disconnect();
  }
}

it('of three brokers one is killed: what was committed stays, transactions go on, and it is taken back', async () => {
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
  await untilRead(
    ['before', 'without', 'with'].flatMap((value) => [0, 1, 2].map((partition) => `${value} ${partition}`)),
  );
}, 240_000);
