// The whole system inside the test process, on the servers that the environment names: with a prefix in Kafka, the
// registry, Redis and the bucket, and with databases, of its own.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readAdminKey } from '../../api/admin-key.ts';
import { type Client, createClient } from '../../api/client.ts';
import { type Running, runCluster } from '../../compose/run-system.ts';
import { topology } from '../../compose/topology.ts';
import { connectClickHouse } from '../../runtime/clickhouse/connect-clickhouse.ts';
import { loadConfiguration } from '../../runtime/config.ts';
import type { KafkaAccess } from '../../runtime/log/kafka/connection.ts';
import { connectPostgres } from '../../runtime/postgres/connect-postgres.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { silent } from '../../runtime/testing/loop.ts';
import { type ServerName, serverUrl } from '../../runtime/testing/servers.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { until } from '../testing/running.ts';

const NAMES = ['kafka', 'registry', 'postgres', 'clickhouse', 'redis', 's3'] as const;

/** Where they all are; null, said loudly, when one is not named. */
export function allServers(): Record<ServerName, string> | null {
  const urls = Object.fromEntries(NAMES.map((name) => [name, serverUrl(name)]));
  return Object.values(urls).includes(null) ? null : (urls as Record<ServerName, string>);
}

/** A part of the servers that is one test's own. */
export interface Ground {
  prefix: string;
  servers: Record<ServerName, string>;
  access: KafkaAccess;
  /** For a process of its own. */
  environment: Record<string, string>;
  /** Lets go of the databases; topics, subjects and objects stay, under names that no one uses again. */
  clear(): Promise<void>;
}

/** `what`: in the names, to tell one test from another. */
export async function newGround(servers: Record<ServerName, string>, what: string): Promise<Ground> {
  const id = `${what}_${randomUUID().slice(0, 8)}`;
  const prefix = `${id.replace('_', '-')}.`;
  const [postgres, clickhouse] = [new URL(servers.postgres), new URL(servers.clickhouse)];
  postgres.pathname = `/${id}`;
  clickhouse.pathname = `/${id}`;
  await onPostgres(servers.postgres, `CREATE DATABASE ${id}`);
  const bucket = new URL(servers.s3);
  const own = { ...servers, postgres: postgres.href, clickhouse: clickhouse.href };
  return {
    prefix,
    servers: own,
    access: { brokers: servers.kafka.split(','), clientId: what, tls: false, credentials: null },
    environment: {
      DRIFTMGR_KEY: '5a'.repeat(32),
      DRIFTMGR_KAFKA_BROKERS: servers.kafka,
      DRIFTMGR_KAFKA_REPLICATION: '1',
      DRIFTMGR_KAFKA_PREFIX: prefix,
      DRIFTMGR_REGISTRY_URL: servers.registry,
      DRIFTMGR_POSTGRES_URL: own.postgres,
      DRIFTMGR_CLICKHOUSE_URL: own.clickhouse,
      DRIFTMGR_REDIS_URL: servers.redis,
      DRIFTMGR_BLOBS_BUCKET: bucket.pathname.slice(1),
      DRIFTMGR_BLOBS_ENDPOINT: bucket.origin,
      DRIFTMGR_BLOBS_ACCESS_KEY_ID: decodeURIComponent(bucket.username),
      DRIFTMGR_BLOBS_SECRET_ACCESS_KEY: decodeURIComponent(bucket.password),
    },
    async clear() {
      await onPostgres(servers.postgres, `DROP DATABASE IF EXISTS ${id} WITH (FORCE)`);
      const store = await connectClickHouse({ url: own.clickhouse, logger: silent });
      try {
        await store.command(`DROP DATABASE IF EXISTS ${id}`);
      } finally {
        await store.close();
      }
    },
  };
}

async function onPostgres(url: string, statement: string): Promise<void> {
  const postgres = await connectPostgres({ url, logger: silent });
  try {
    await postgres.query(statement);
  } finally {
    await postgres.close();
  }
}

export interface ClusterSystem {
  url: string;
  key: string;
  client: Client;
  running: Running;
  /** What this process keeps on its own disk. */
  data: string;
  /** Everything that was logged, JSON lines. */
  logged: string[];
  /** Until all readers have read what is in the log now, and what they say to it. */
  settled(): Promise<void>;
  /** `keep`: leaves its folder, to start again in. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

/** All roles in this process. `data`: a folder of an earlier start. */
export async function startOnServers(
  ground: Ground,
  configure: Record<string, unknown> = {},
  data?: string,
): Promise<ClusterSystem> {
  const folder = data === undefined ? temporaryFolder() : null;
  const directory = data ?? join(folder!.path, 'data');
  const logged: string[] = [];
  const running = await runCluster(
    {
      configuration: loadConfiguration({
        environment: ground.environment,
        overrides: { data: directory, port: 0, partitions: 2, ...configure },
      }),
      environment: ground.environment,
      logger: createLogger({ level: 'debug', destination: { write: (line) => void logged.push(line) } }),
      once: false,
    },
    new Set(['producers', 'processors', 'projections', 'api']),
  );
  const key = readAdminKey(directory);
  if (running.url === null || key === null) throw new Error('it started without an API');
  await until('it to be ready', async () => (await running.notReady()).length === 0, 60_000);
  // Ready as it says; what its sources are given to do they begin a moment later.
  await until(
    'its sources',
    async () => running.sources().every(({ status }) => status !== 'waiting'),
    60_000,
  );
  return {
    url: running.url,
    key,
    client: createClient({ url: running.url, key: () => key }),
    running,
    data: directory,
    logged,
    async settled() {
      // What sources said, then what processors said to it, then what a timer of theirs said.
      for (let round = 0; round < 3; round++) await readUpTo(running, await ends(running));
    },
    async stop({ keep = false } = {}) {
      await running.stop();
      if (!keep) folder?.remove();
    },
  };
}

const READERS = [...topology.processors, ...topology.reactors, ...topology.projections];

/** How many records there are ever for each reader to read. */
async function ends({ adapters: { log } }: Running): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { name, reads } of READERS)
    for (const topic of reads)
      for (let partition = 0; partition < log.partitions; partition++)
        counts.set(name, (counts.get(name) ?? 0) + (await log.end(topic, partition)));
  return counts;
}

const readUpTo = (running: Running, wanted: Map<string, number>): Promise<boolean> =>
  until(
    'readers to come this far',
    async () => {
      // Ends first: what was written meanwhile then counts as not read.
      const now = await ends(running);
      return (await running.readers()).every(({ name, lag }) => now.get(name)! - lag >= wanted.get(name)!);
    },
    60_000,
  );
