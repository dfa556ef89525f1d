// Which generation of each projection answers questions now: what queries ask for table names.
import type { Clock } from './clock.ts';
import { DriftError } from './errors.ts';
import type { Postgres } from './postgres/postgres.ts';
import type { Logger } from './telemetry.ts';

export interface Serving {
  /** Quoted Postgres schema of the generation that serves; DM_DATABASE_UNREACHABLE (retriable) before there is one. */
  schema(projection: string): string;
  /** Qualified ClickHouse table of the generation that serves. */
  table(projection: string, table: string): string;
}

export interface WatchedServing extends Serving {
  /** Reads again which generations serve. */
  refresh(): Promise<void>;
  close(): void;
}

const RETRY_MS = 500;

/** Told on every switch, in every process. */
export const SERVING_CHANNEL = 'driftmgr_serving';

/** Unquoted identifier part of a projection's name: `open-drifts` → `open_drifts`. */
const identifier = (name: string): string => name.replaceAll('-', '_');
export const schemaOf = (projection: string, generation: number): string =>
  `"${identifier(projection)}_g${generation}"`;
export const tableOf = (database: string, projection: string, table: string, generation: number): string =>
  `${database}.${identifier(projection)}_${table}_g${generation}`;

/** Follows the switches of all projections; the old generation outlives a switch by a grace, so a short delay harms no query. */
export async function watchServing(options: {
  postgres: Postgres;
  /** Database of the ClickHouse port. */
  database: string;
  clock: Clock;
  logger: Logger;
}): Promise<WatchedServing> {
  const { postgres, database, clock, logger } = options;
  let generations = new Map<string, number>();

  async function refresh(): Promise<void> {
    const rows = await postgres.query<{ name: string; generation: number }>(
      `SELECT name, generation FROM driftmgr.projections WHERE state = 'serving'`,
    );
    generations = new Map(rows.map((row) => [row.name, row.generation]));
  }

  function generationOf(projection: string): number {
    const generation = generations.get(projection);
    if (generation !== undefined) return generation;
    throw new DriftError(`projection ${projection} has no generation that serves`, {
      code: 'DM_DATABASE_UNREACHABLE',
      retriable: true,
      public: `The tables of ${projection} are not there yet: they are filled at the first start. Try again shortly.`,
    });
  }

  await prepareProjections(postgres);
  await refresh();
  const closed = new AbortController();
  // A switch that is missed would leave questions with tables that are dropped after the grace: tried until it is known.
  async function follow(): Promise<void> {
    while (!closed.signal.aborted) {
      try {
        return await refresh();
      } catch (error) {
        if (closed.signal.aborted) return;
        logger.warn({ err: error }, 'could not read which generations serve; trying again');
        await clock.sleep(RETRY_MS, closed.signal);
      }
    }
  }
  const unlisten = await postgres.listen(SERVING_CHANNEL, () => {
    void follow();
  });
  return {
    schema: (projection) => schemaOf(projection, generationOf(projection)),
    table: (projection, table) => tableOf(database, projection, table, generationOf(projection)),
    refresh,
    close() {
      closed.abort();
      unlisten();
    },
  };
}

/** Creates the tables in which the loop keeps generations and positions. Safe to call from several processes at once. */
export async function prepareProjections(postgres: Postgres): Promise<void> {
  await postgres.transaction(async (queries) => {
    await queries.query(`SELECT pg_advisory_xact_lock(hashtext('driftmgr.projections'))`);
    await queries.query(PROJECTION_TABLES);
  });
}

const PROJECTION_TABLES = `
CREATE SCHEMA IF NOT EXISTS driftmgr;
CREATE TABLE IF NOT EXISTS driftmgr.projections (
  name text NOT NULL,
  generation int NOT NULL,
  version int NOT NULL,
  store text NOT NULL,
  state text NOT NULL CHECK (state IN ('filling', 'serving', 'retired')),
  changed_at bigint NOT NULL,
  PRIMARY KEY (name, generation)
);
CREATE UNIQUE INDEX IF NOT EXISTS one_serves ON driftmgr.projections (name) WHERE state = 'serving';
CREATE TABLE IF NOT EXISTS driftmgr.projection_positions (
  name text NOT NULL,
  generation int NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  next bigint NOT NULL,
  PRIMARY KEY (name, generation, topic, partition)
) WITH (fillfactor = 50);
`;
