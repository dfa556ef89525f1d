// The cluster mode: Kafka, a schema registry, Postgres, ClickHouse, Redis, blobs in S3. What a process keeps on its own disk
// is a cache. A mode is this record; no other file asks which it is.
import { join } from 'node:path';
import { kafkaGroups } from '../runtime/assignment/kafka-groups.ts';
import type { Blobs } from '../runtime/blobs/blobs.ts';
import { openDirectoryBlobs } from '../runtime/blobs/directory-blobs.ts';
import { type Keys, loadKeys } from '../runtime/blobs/keys.ts';
import { openS3Blobs } from '../runtime/blobs/s3-blobs.ts';
import { openRedisCache } from '../runtime/cache/redis-cache.ts';
import { connectClickHouse } from '../runtime/clickhouse/connect-clickhouse.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import { lockDataDirectory } from '../runtime/data-directory.ts';
import { DriftError } from '../runtime/errors.ts';
import type { KafkaAccess } from '../runtime/log/kafka/connection.ts';
import { openKafkaLog } from '../runtime/log/kafka-log.ts';
import { connectPostgres } from '../runtime/postgres/connect-postgres.ts';
import { openConfluentRegistry } from '../runtime/registry/confluent-registry.ts';
import { learningLog } from '../runtime/registry/learning-log.ts';
import { openEmbeddedStates } from '../runtime/state/embedded-states.ts';
import type { Logger } from '../runtime/telemetry.ts';
import { createCodec } from '../schemas/index.ts';
import type { Adapters } from './adapters.ts';
import { Closing } from './closing.ts';
import type { Role } from './roles.ts';

export interface ClusterOptions {
  configuration: Configuration;
  environment: Record<string, string | undefined>;
  roles: ReadonlySet<Role>;
  logger: Logger;
}

/**
 * Connects to everything. DM_CONFIG_INVALID for what is not configured, all of it at once; the error of the first server
 * that does not answer (retriable), after what was opened is closed.
 */
export async function openCluster(options: ClusterOptions): Promise<Adapters> {
  const { configuration, logger, roles } = options;
  const servers = serversOf(configuration);
  const { partitions } = configuration;
  const closing = new Closing();
  try {
    const keys = loadKeys({ dataDirectory: configuration.data, env: options.environment });
    // State is the one thing kept on disk: two processes must not keep it in one place.
    const directory = join(configuration.data, 'processors');
    if (roles.has('processors')) {
      const lock = await lockDataDirectory(directory);
      closing.add(() => lock.release());
    }
    const access = accessOf(configuration);
    const { prefix } = configuration.kafka;
    const registry = await openConfluentRegistry({ url: servers.registry, logger, subjectPrefix: prefix });
    const log = learningLog(
      await openKafkaLog({
        access,
        partitions,
        replication: configuration.kafka.replication,
        logger,
        prefix,
      }),
      registry,
    );
    closing.add(() => log.close());
    const assignments = kafkaGroups({ access, partitions, logger, prefix });
    closing.add(() => assignments.close());
    const cache = await openRedisCache({ url: servers.redis, logger, prefix: `${prefix}driftmgr:` });
    closing.add(() => cache.close());
    const postgres = await connectPostgres({ url: servers.postgres, logger });
    closing.add(() => postgres.close());
    const clickhouse = await connectClickHouse({ url: servers.clickhouse, logger });
    closing.add(() => clickhouse.close());
    const states = openEmbeddedStates({ directory: join(directory, 'state'), logger });
    closing.add(() => states.close());
    return {
      log,
      assignments,
      cache,
      postgres,
      clickhouse,
      states,
      blobs: await openBlobs(configuration, keys),
      keys,
      codec: createCodec(registry),
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

interface Servers {
  registry: string;
  postgres: string;
  clickhouse: string;
  redis: string;
}

function serversOf({ kafka, registry, postgres, clickhouse, redis }: Configuration): Servers {
  const needed = {
    'registry.url (DRIFTMGR_REGISTRY_URL)': registry.url,
    'postgres.url (DRIFTMGR_POSTGRES_URL)': postgres.url,
    'clickhouse.url (DRIFTMGR_CLICKHOUSE_URL)': clickhouse.url,
    'redis.url (DRIFTMGR_REDIS_URL)': redis.url,
  };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (kafka.brokers.length === 0) missing.unshift('kafka.brokers (DRIFTMGR_KAFKA_BROKERS)');
  if (missing.length > 0)
    throw new DriftError(`the cluster mode needs ${missing.join(', ')}`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `The cluster mode needs settings that are not there:\n${missing.map((name) => `  ${name}`).join('\n')}\nFor everything in one process, without servers: driftmgr up.`,
    });
  return { registry: registry.url!, postgres: postgres.url!, clickhouse: clickhouse.url!, redis: redis.url! };
}

const accessOf = ({ kafka }: Configuration): KafkaAccess => ({
  brokers: kafka.brokers,
  clientId: kafka.clientId,
  tls: kafka.tls,
  credentials:
    kafka.username === undefined
      ? null
      : { mechanism: kafka.mechanism, username: kafka.username, password: kafka.password ?? '' },
});

/** Without a bucket, a directory: for processes that share a disk. */
async function openBlobs({ blobs, kafka, data }: Configuration, keys: Keys): Promise<Blobs> {
  if (blobs.bucket === undefined) return openDirectoryBlobs({ directory: join(data, 'blobs'), keys });
  return openS3Blobs({
    bucket: blobs.bucket,
    region: blobs.region,
    keys,
    ...(kafka.prefix === '' ? {} : { prefix: kafka.prefix }),
    ...(blobs.endpoint === undefined ? {} : { endpoint: blobs.endpoint }),
    ...(blobs.accessKeyId === undefined
      ? {}
      : { credentials: { accessKeyId: blobs.accessKeyId, secretAccessKey: blobs.secretAccessKey ?? '' } }),
  });
}
