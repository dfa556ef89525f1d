// Adapter: a ClickHouse server that someone else runs, by URL.
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import type { ClickHouse } from './clickhouse.ts';
import { clickHouseError, createClickHouse, READ_SETTINGS, WRITE_SETTINGS } from './client.ts';

/** `http(s)://user:password@host:8123/database`; makes the database when missing. DM_CONFIG_INVALID for what is no such URL. */
export async function connectClickHouse(options: { url: string; logger: Logger }): Promise<ClickHouse> {
  const url = parsed(options.url);
  const database = url.pathname.slice(1) || 'driftmgr';
  const connection = {
    url: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
    keep_alive: { enabled: true },
    // Its failures reach our log as errors; its own log would go to the console.
    log: { level: ClickHouseLogLevel.OFF },
  };
  // The answer's first byte may take as long as the statement may run.
  const read = createClient({ ...connection, clickhouse_settings: READ_SETTINGS, request_timeout: 15_000 });
  const write = createClient({
    ...connection,
    clickhouse_settings: WRITE_SETTINGS,
    request_timeout: 310_000,
  });
  const name = `ClickHouse at ${url.host}`;
  try {
    await write.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` });
  } catch (error) {
    await Promise.all([read.close(), write.close()]);
    throw clickHouseError(error, name);
  }
  options.logger.debug({ host: url.host, database }, 'ClickHouse answers');
  return createClickHouse({ read, write, database, name });
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && /^\/?[A-Za-z_][A-Za-z0-9_]*$|^\/?$/.test(url.pathname))
    return url;
  throw new DriftError('the ClickHouse URL does not parse', {
    code: 'DM_CONFIG_INVALID',
    retriable: false,
    public: 'The ClickHouse URL is not one: write it as http://user:password@host:8123/database.',
  });
}
