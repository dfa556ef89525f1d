// Runs the log contract on Apache Kafka.
import { randomUUID } from 'node:crypto';
import { type EachMessagePayload, type IHeaders, Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry.ts';
import { eventOf, TEST_ORG } from '../testing/events.ts';
import { appendEvents } from '../testing/loop.ts';
import { serverUrl } from '../testing/servers.ts';
import { logContract } from './contract.ts';
import { openKafkaLog } from './kafka-log.ts';

const brokers = serverUrl('kafka')?.split(',') ?? null;

const contract = () =>
  logContract('kafka', async (partitions) => {
    const prefix = `contract-${randomUUID().slice(0, 8)}.`;
    const open = () =>
      openKafkaLog({
        access: { brokers: brokers!, clientId: 'contract', tls: false, credentials: null },
        partitions,
        replication: 1,
        logger: createLogger({ level: 'silent' }),
        prefix,
      });
    let log = await open();
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await open();
        return log;
      },
      advance: null,
      compactsAtOnce: false,
      another: open,
      runs: 4,
      dispose: () => log.close(),
    };
  });

describe.skipIf(brokers === null)('Apache Kafka', () => {
  contract();

  it('more copies of a topic than there are brokers are refused with the setting to change', async () => {
    await expect(
      openKafkaLog({
        access: { brokers: brokers!, clientId: 'contract', tls: false, credentials: null },
        partitions: 1,
        replication: 9,
        logger: createLogger({ level: 'silent' }),
        prefix: `copies-${randomUUID().slice(0, 8)}.`,
      }),
    ).rejects.toMatchObject({
      code: 'DM_CONFIG_INVALID',
      public: expect.stringContaining('DRIFTMGR_KAFKA_REPLICATION'),
    });
  });

  it('another client reads the headers of an event, with the trace of who asked for it', async () => {
    const prefix = `headers-${randomUUID().slice(0, 8)}.`;
    const access = { brokers: brokers!, clientId: 'headers', tls: false, credentials: null };
    const logger = createLogger({ level: 'silent' });
    const log = await openKafkaLog({ access, partitions: 1, replication: 1, logger, prefix });
    const consumer = new Kafka({ brokers: brokers!, logLevel: logLevel.NOTHING }).consumer({
      groupId: `${prefix}reader`,
    });
    try {
      const traceId = randomUUID().replaceAll('-', '');
      await appendEvents(log, [
        eventOf(
          'drift.acknowledge-requested',
          { driftId: 'drf_1', reason: 'known', by: 'someone' },
          { objectKey: `${TEST_ORG}/aws/-/-/s3-bucket/logs`, correlationId: traceId },
        ),
      ]);
      await consumer.connect();
      await consumer.subscribe({ topic: `${prefix}driftmgr.requests`, fromBeginning: true });
      const headers = await new Promise<IHeaders>((resolve, reject) => {
        const eachMessage = async ({ message }: EachMessagePayload) => resolve(message.headers ?? {});
        consumer.run({ eachMessage }).catch(reject);
      });
      expect(String(headers.ce_type)).toBe('drift.acknowledge-requested');
      expect(String(headers.traceparent)).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    } finally {
      await consumer.disconnect();
      await log.close();
    }
  });

  it('a broker that is not there is told as something that may pass', async () => {
    await expect(
      openKafkaLog({
        access: { brokers: ['127.0.0.1:1'], clientId: 'contract', tls: false, credentials: null },
        partitions: 1,
        replication: 1,
        logger: createLogger({ level: 'silent' }),
      }),
    ).rejects.toMatchObject({ code: 'DM_LOG_FAILED', retriable: true });
  });
});
