// Adapter: a Postgres server that someone else runs, by URL.
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import { createPostgresPool } from './pool.ts';
import type { Postgres } from './postgres.ts';

/** Checks that the server answers; DM_DATABASE_UNREACHABLE when not, DM_CONFIG_INVALID for what is no such URL. */
export async function connectPostgres(options: { url: string; logger: Logger }): Promise<Postgres> {
  let url: URL;
  try {
    url = new URL(options.url);
  } catch {
    throw new DriftError('the Postgres URL does not parse', {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: 'The Postgres URL is not a URL: write it as postgres://user:password@host:5432/database.',
    });
  }
  const postgres = createPostgresPool({
    connection: { connectionString: options.url },
    name: `Postgres at ${url.host}${url.pathname}`,
    logger: options.logger,
  });
  try {
    await postgres.query('SELECT 1');
  } catch (error) {
    await postgres.close();
    throw error;
  }
  return postgres;
}
