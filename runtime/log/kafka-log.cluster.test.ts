// Runs the log contract on Apache Kafka.
import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
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

describe.skipIf(brokers === null)('Apache Kafka', contract);
