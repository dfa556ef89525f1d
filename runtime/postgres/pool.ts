// The Postgres port over a pool of `pg` connections: shared by both adapters, which differ in where the server comes from.
import type { PoolConfig } from 'pg';
import { Client, DatabaseError, Pool, types } from 'pg';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import type { Postgres, PostgresParameter, PostgresQueries } from './postgres.ts';

type Connection = Pick<PoolConfig, 'host' | 'port' | 'user' | 'database' | 'connectionString'>;

const INT8 = 20;
/** Counts and milliseconds fit in a double; bigint as text would leak into every caller. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser;

/** The commit does not wait for the disk: https://www.postgresql.org/docs/18/wal-async-commit.html */
const BEGIN_REPEATABLE = 'BEGIN; SET LOCAL synchronous_commit TO off';

export function createPostgresPool(options: {
  connection: Connection;
  /** How the server is called in messages: never with a password. */
  name: string;
  logger: Logger;
}): Postgres {
  const { connection, name, logger } = options;
  const config: PoolConfig = {
    ...connection,
    max: 12,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 60_000,
    application_name: 'driftmgr',
    types: { getTypeParser },
    // Statements of one transaction go out together: while much is being decided, each answer waits for its turn.
    pipeline: true,
  };
  const pool = new Pool(config);
  let closing = false;
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process. The error
  // itself drags the whole client along: only its message is logged.
  pool.on('error', ({ message }) => {
    if (!closing) logger.warn({ reason: message }, 'an idle Postgres connection broke');
  });
  const listeners = createListeners(config, logger);

  const named = createNames();

  async function run<Row>(
    target: Pick<Pool, 'query'>,
    sql: string,
    parameters: readonly PostgresParameter[] | undefined,
    statement?: string,
  ): Promise<Row[]> {
    try {
      const result = await (parameters === undefined
        ? target.query(sql)
        : target.query({
            text: sql,
            values: parameters as PostgresParameter[],
            ...(statement ? { name: statement } : {}),
          }));
      return Array.isArray(result) ? [] : (result.rows as Row[]);
    } catch (error) {
      throw postgresError(error, name);
    }
  }

  return {
    query: (sql, parameters) => run(pool, sql, parameters),
    ask: (sql, parameters) => run(pool, sql, parameters, named(sql)),
    async transaction(work, options) {
      const client = await pool.connect().catch((error: unknown) => {
        throw postgresError(error, name);
      });
      const queries: PostgresQueries = { query: (sql, parameters) => run(client, sql, parameters) };
      let broken = false;
      const breaks = (): void => {
        broken = true;
      };
      client.on('error', breaks);
      try {
        const begun = queries.query(options?.repeatable ? BEGIN_REPEATABLE : 'BEGIN');
        const [result] = await Promise.all([work(queries), begun]);
        await queries.query('COMMIT');
        return result;
      } catch (error) {
        // A connection whose rollback fails must not go back to the pool: the next user would be in this transaction.
        await client.query('ROLLBACK').catch(breaks);
        throw error;
      } finally {
        client.off('error', breaks);
        client.release(broken);
      }
    },
    listen: (channel, notify) => listeners.listen(channel, notify),
    async close() {
      closing = true;
      await listeners.close();
      await pool.end();
    },
  };
}

/** A connection keeps what it has planned for as long as it lives: what is asked in ever other words is planned each time. */
const MOST_NAMED = 200;

/** Names of statements, by their text; undefined for what gets none. */
function createNames(): (sql: string) => string | undefined {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= MOST_NAMED) return known;
    const name = `q${names.size}`;
    names.set(sql, name);
    return name;
  };
}

const UNREACHABLE =
  /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
const AGAIN = /^(40001|40P01|55P03)$/;

export function postgresError(error: unknown, name: string): DriftError {
  if (error instanceof DriftError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code === '57014')
    return new DriftError(`${name} cancelled a statement: ${message}`, {
      code: 'DM_TIMEOUT',
      retriable: true,
      public: 'The database took too long to answer. Ask for less, or try again.',
      cause: error,
    });
  // pg gives no code when a connection ends, or is not there in time: what is no answer of the server is that.
  if (UNREACHABLE.test(code) || !(error instanceof DatabaseError))
    return new DriftError(`${name} cannot be reached: ${message}`, {
      code: 'DM_DATABASE_UNREACHABLE',
      retriable: true,
      public: 'The Postgres database cannot be reached at the moment. Try again; see the log if it lasts.',
      cause: error,
    });
  return new DriftError(`${name} refused a statement: ${message} (${code})`, {
    code: 'DM_DATABASE_FAILED',
    retriable: AGAIN.test(code),
    public: 'The Postgres database refused a statement. The log has the reason.',
    cause: error,
  });
}

const RECONNECT_MS = 500;

/** One connection for all channels, made with the first and made again when it breaks. */
function createListeners(config: PoolConfig, logger: Logger) {
  const channels = new Map<string, Set<() => void>>();
  let client: Client | null = null;
  let opening: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function open(): Promise<void> {
    const next = new Client(config);
    const lost = (error?: Error): void => {
      if (client !== next || closed) return;
      client = null;
      logger.warn({ err: error }, 'the Postgres connection that listens broke; opening it again');
      again();
    };
    next.on('error', lost);
    next.on('end', () => lost());
    next.on('notification', ({ channel }) => {
      for (const notify of channels.get(channel) ?? []) notify();
    });
    await next.connect();
    for (const channel of channels.keys()) await next.query(`LISTEN "${channel}"`);
    client = next;
  }

  function again(): void {
    timer = setTimeout(
      () => {
        open().then(
          // What was said meanwhile was not heard.
          () => {
            for (const listeners of channels.values()) for (const notify of listeners) notify();
          },
          () => again(),
        );
      },
      RECONNECT_MS * (1 + Math.random()),
    );
    timer.unref();
  }

  return {
    async listen(channel: string, notify: () => void): Promise<() => void> {
      const listeners = channels.get(channel) ?? new Set();
      const first = listeners.size === 0;
      listeners.add(notify);
      channels.set(channel, listeners);
      if (client === null) {
        opening ??= open();
        await opening.catch((error: unknown) => {
          opening = null;
          throw postgresError(error, 'Postgres');
        });
        if (client !== null && first) await (client as Client).query(`LISTEN "${channel}"`);
      } else if (first) await client.query(`LISTEN "${channel}"`);
      return () => {
        listeners.delete(notify);
      };
    },
    async close(): Promise<void> {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await client?.end();
    },
  };
}
