// The ClickHouse port over `@clickhouse/client`: shared by both adapters, which differ in what answers the client.
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { DriftError } from '../errors.ts';
import { createTurns } from '../turns.ts';
import type { ClickHouse, ClickHouseParameter } from './clickhouse.ts';

/** A query ends by this: aborting one does not stop it in chDB. */
const READ_SECONDS = 10;
const WRITE_SECONDS = 300;

/** Questions a process asks at once, and how many may wait for that. */
const AT_ONCE = 8;
const WAITING = 200;

/** The same for every statement: in chDB settings stick to their session. */
const COMMON = {
  output_format_json_quote_64bit_integers: 0,
  // Old event times must not make a batch fail; the months they touch are few.
  max_partitions_per_insert_block: '0',
  max_insert_block_size: '1048576',
} satisfies ClickHouseSettings;

/** One thread parses: several cost more memory than they save time on the few megabytes of a batch. */
const INSERTING = {
  input_format_parallel_parsing: 0,
  max_insert_threads: '1',
  max_threads: 2,
} satisfies ClickHouseSettings;
export const READ_SETTINGS: ClickHouseSettings = {
  ...COMMON,
  max_execution_time: READ_SECONDS,
  max_memory_usage: '400000000',
  max_threads: 2,
};
export const WRITE_SETTINGS = {
  ...COMMON,
  ...INSERTING,
  max_execution_time: WRITE_SECONDS,
} satisfies ClickHouseSettings;

export function createClickHouse(options: {
  /** Two sessions at least: one is a serial queue, and a long write must not delay a question. */
  read: ClickHouseClient;
  write: ClickHouseClient;
  database: string;
  /** How it is called in messages: never with a password. */
  name: string;
  /** Takes TabSeparated bytes in the writing session, where there is a shorter way than the client's. */
  insertBytes?: (table: string, columns: readonly string[], bytes: Buffer) => Promise<unknown>;
}): ClickHouse {
  const { read, write, database, name, insertBytes } = options;
  const turns = createTurns({ name, atOnce: AT_ONCE, waiting: WAITING });

  async function ask<Row>(
    sql: string,
    parameters: Readonly<Record<string, ClickHouseParameter>>,
  ): Promise<Row[]> {
    try {
      const result = await read.query({
        query: sql,
        query_params: { ...parameters },
        format: 'JSONEachRow',
      });
      return await result.json<Row>();
    } catch (error) {
      throw clickHouseError(error, name);
    }
  }

  return {
    database,
    query: <Row>(sql: string, parameters: Readonly<Record<string, ClickHouseParameter>> = {}) =>
      turns.take(JSON.stringify([sql, parameters]), () => ask<Row>(sql, parameters)),
    async command(sql, parameters = {}) {
      try {
        await write.command({ query: sql, query_params: { ...parameters } });
      } catch (error) {
        throw clickHouseError(error, name);
      }
    },
    async insert(table, columns, rows) {
      if (rows.length === 0) return;
      try {
        if (insertBytes !== undefined) {
          await insertBytes(table, columns, rows);
          return;
        }
        const { stream } = await write.exec({
          query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT TabSeparated`,
          values: Readable.from([rows], { objectMode: false }),
        });
        // There is no answer but its end.
        await finished(stream.resume());
      } catch (error) {
        throw clickHouseError(error, name);
      }
    },
    async close() {
      turns.close();
      await Promise.all([read.close(), write.close()]);
    },
  };
}

/** Codes of ClickHouse's ErrorCodes.cpp that say "not now": timeouts, too many parts or queries, memory, network. */
const AGAIN = new Set([159, 160, 202, 209, 210, 241, 252, 279, 319, 425]);
const TIMED_OUT = new Set([159, 160]);
/** Values that do not fit their columns: parse errors and type mismatches. The batch holds what cannot be stored. */
const BAD_VALUE = new Set([6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 441]);

export function clickHouseError(error: unknown, name: string): DriftError {
  if (error instanceof DriftError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === null)
    return new DriftError(`${name} cannot be reached: ${message}`, {
      code: 'DM_DATABASE_UNREACHABLE',
      retriable: true,
      public: 'The ClickHouse database cannot be reached at the moment. Try again; see the log if it lasts.',
      cause: error,
    });
  if (TIMED_OUT.has(code))
    return new DriftError(`${name} gave a statement up: ${message}`, {
      code: 'DM_TIMEOUT',
      retriable: true,
      public: 'The history took too long to answer. Ask for a shorter time or for less, or try again.',
      cause: error,
    });
  return new DriftError(`${name} refused a statement: ${message} (${code})`, {
    code: 'DM_DATABASE_FAILED',
    retriable: AGAIN.has(code),
    public: 'The ClickHouse database refused a statement. The log has the reason.',
    cause: error,
  });
}

/** Code of what ClickHouse itself reported; null for any other failure. The class of such errors is not one: chDB has its own copy. */
function codeOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if ('clickhouseCode' in error && typeof error.clickhouseCode === 'number') return error.clickhouseCode;
  return 'code' in error && typeof error.code === 'string' && /^\d+$/.test(error.code)
    ? Number(error.code)
    : null;
}

/** True when it was the values that were refused, not the statement. */
export const isBadValue = (error: DriftError): boolean => BAD_VALUE.has(codeOf(error.cause) ?? 0);
