// The servers that tests of the cluster run against (`npm run test:cluster`). The environment says where they are.

/** Which variable names which server. */
export const SERVERS = {
  /** `host:port,host:port` */
  kafka: 'KAFKA_BROKERS',
  /** Confluent-compatible: `http://host:port/path` */
  registry: 'REGISTRY_URL',
  /** `postgres://user:password@host:port/database` */
  postgres: 'POSTGRES_URL',
  /** `http://user:password@host:port/database` */
  clickhouse: 'CLICKHOUSE_URL',
  /** `redis://host:port` */
  redis: 'REDIS_URL',
  /** `http://accesskey:secret@host:port/bucket` */
  s3: 'S3_URL',
} as const;
export type ServerName = keyof typeof SERVERS;

/**
 * Where a server to test against is; null, said loudly, when the environment names none. For `describe.skipIf(url === null)`.
 * REQUIRE=kafka,postgres,… turns absence into failure.
 */
export function serverUrl(name: ServerName): string | null {
  const variable = SERVERS[name];
  const url = process.env[variable];
  if (url) return url;
  if (isRequired(name)) throw new Error(`REQUIRE names ${name}, but ${variable} is not set`);
  process.stderr.write(`SKIPPED what needs ${name}: ${variable} is not set\n`);
  return null;
}

export const isRequired = (name: string): boolean => (process.env.REQUIRE ?? '').split(',').includes(name);
