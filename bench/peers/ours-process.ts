// A child process: our detector on the Kafka log, until it is told to stop.
import { kafkaGroups } from '../../runtime/assignment/kafka-groups.ts';
import { openKafkaLog } from '../../runtime/log/kafka-log.ts';
import { openConfluentRegistry } from '../../runtime/registry/confluent-registry.ts';
import { learningLog } from '../../runtime/registry/learning-log.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { createCodec } from '../../schemas/index.ts';
import { startDetector } from './detector-role.ts';
import type { OursOptions } from './ours.ts';

const {
  brokers,
  registry: url,
  prefix,
  partitions,
  commitMs,
  work,
} = JSON.parse(process.argv[2]!) as OursOptions;
const logger = createLogger({ level: process.env.DRIFTMGR_LOG_LEVEL ?? 'warn' });
const access = { brokers, clientId: 'peers-ours', tls: false, credentials: null };
const registry = await openConfluentRegistry({ url: url!, logger });
const kafka = await openKafkaLog({ access, partitions, replication: 1, logger, prefix, gatherMs: commitMs });
const assignments = kafkaGroups({ access, partitions, logger, prefix });
const role = startDetector({
  log: learningLog(kafka, registry),
  assignments,
  codec: createCodec(registry),
  work,
  onFirst: () => process.stdout.write(`${JSON.stringify({ event: 'first', at: Date.now() })}\n`),
});
const stop = (): void => {
  role
    .stop()
    .then(() => assignments.close())
    .then(() => kafka.close())
    .finally(() => process.exit(0));
};
process.on('SIGTERM', stop);
// Whoever started this is gone.
process.stdin.on('end', stop).resume();
role.ready.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
