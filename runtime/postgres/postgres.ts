// The Postgres port: parameterised queries and transactions. Adapters: embedded (real binaries), server by URL.
//
// Who owns what: the adapter owns connections, timeouts and which failures are retriable (DM_DATABASE_UNREACHABLE, a
// serialisation failure or a deadlock: retriable; anything else: DM_DATABASE_FAILED). Callers own SQL, and never build
// it from input. bigint columns come back as numbers, jsonb as parsed values.
import type { DriftError } from '../errors.ts';

export type PostgresParameter =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[]
  | readonly (string | null)[];

export interface PostgresQueries {
  /** Rows of one statement. Without parameters `sql` may hold several statements, and gives no rows. */
  query<Row>(sql: string, parameters?: readonly PostgresParameter[]): Promise<Row[]>;
}

export interface Postgres extends PostgresQueries {
  /** Rows of one statement that is asked again and again: each connection plans it once, which may cost more than its rows. */
  ask<Row>(sql: string, parameters: readonly PostgresParameter[]): Promise<Row[]>;
  /**
   * Commits when `work` resolves; rolls back when it throws, and throws what it threw. With `repeatable`, a server that
   * crashes may forget the newest of them, whole: for what is made again from the log, together with how far it was read.
   */
  transaction<T>(
    work: (queries: PostgresQueries) => Promise<T>,
    options?: { repeatable: boolean },
  ): Promise<T>;
  /** Calls back on every NOTIFY of the channel, as long as the connection lasts, and once after each reconnection. */
  listen(channel: string, notify: () => void): Promise<() => void>;
  /** Waits for what runs, then closes. The embedded adapter stops its server. */
  close(): Promise<void>;
}

/** SQLSTATE of a failure that Postgres reported; undefined for any other. */
export function sqlStateOf(error: DriftError): string | undefined {
  const cause = error.cause;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
