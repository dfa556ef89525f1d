// Runs the log contract on Apache Kafka.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry.ts';
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
