// The servers a test's system runs on: those the environment names, or a cluster of the test's own. On them each system
// has names and databases of its own.
import { randomBytes } from 'node:crypto';
import { connectClickHouse } from '../../runtime/clickhouse/connect-clickhouse.ts';
import { connectPostgres } from '../../runtime/postgres/connect-postgres.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { SERVERS, type ServerName, serverUrl } from '../../runtime/testing/servers.ts';

/** Where each server is, by the variable that names it (KAFKA_BROKERS, …). */
export type Addresses = Readonly<Record<string, string>>;

/** Null, said loudly, when the environment does not name them all; REQUIRE turns that into failure. */
export function serversOfEnvironment(): Addresses | null {
  const found = Object.entries(SERVERS).map(
    ([name, variable]) => [variable, serverUrl(name as ServerName)] as const,
  );
  if (found.some(([, url]) => url === null)) return null;
  return Object.fromEntries(found) as Record<string, string>;
}

/** Copies of each record: on every broker, up to three. */
export const copiesOn = ({ KAFKA_BROKERS }: Addresses): number =>
  Math.min(3, KAFKA_BROKERS!.split(',').length);

/** Room of one system on the servers. */
export interface Room {
  prefix: string;
  postgres: string;
  clickhouse: string;
  /** Settings of a process, by the environment's names. */
  settings: Record<string, string>;
  /** The databases go; topics stay under their prefix, as brokers keep them. */
  remove(): Promise<void>;
}

const logger = createLogger({ level: 'silent' });

export async function makeRoom(addresses: Addresses): Promise<Room> {
  const name = `t${randomBytes(5).toString('hex')}`;
  const postgres = await connectPostgres({ url: addresses.POSTGRES_URL!, logger });
  try {
    await postgres.query(`CREATE DATABASE ${name}`);
  } finally {
    await postgres.close();
  }
  const room = {
    prefix: `${name}.`,
    postgres: at(addresses.POSTGRES_URL!, name),
    clickhouse: at(addresses.CLICKHOUSE_URL!, name),
  };
  const s3 = new URL(addresses.S3_URL!);
  return {
    ...room,
    settings: {
      DRIFTMGR_KEY: '5a'.repeat(32),
      DRIFTMGR_KAFKA_BROKERS: addresses.KAFKA_BROKERS!,
      DRIFTMGR_KAFKA_REPLICATION: String(copiesOn(addresses)),
      DRIFTMGR_KAFKA_PREFIX: room.prefix,
      DRIFTMGR_REGISTRY_URL: addresses.REGISTRY_URL!,
      DRIFTMGR_POSTGRES_URL: room.postgres,
      DRIFTMGR_CLICKHOUSE_URL: room.clickhouse,
      DRIFTMGR_REDIS_URL: addresses.REDIS_URL!,
      DRIFTMGR_BLOBS_BUCKET: s3.pathname.slice(1),
      DRIFTMGR_BLOBS_ENDPOINT: s3.origin,
      DRIFTMGR_BLOBS_ACCESS_KEY_ID: decodeURIComponent(s3.username),
      DRIFTMGR_BLOBS_SECRET_ACCESS_KEY: decodeURIComponent(s3.password),
    },
    async remove() {
      const queries = await connectPostgres({ url: addresses.POSTGRES_URL!, logger });
      await queries.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).finally(() => queries.close());
      const clickhouse = await connectClickHouse({ url: addresses.CLICKHOUSE_URL!, logger });
      await clickhouse.command(`DROP DATABASE IF EXISTS ${name}`).finally(() => clickhouse.close());
    },
  };
}

function at(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
