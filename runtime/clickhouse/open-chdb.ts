// Adapter: ClickHouse inside this process (chDB), with its data in one folder.
//
// What was seen in trials and shapes this file: one session is one serial queue, so reads have their own; settings stick
// to a session, so all statements of one carry the same; aborting a query does not stop it, so every one has a time
// limit; a process may hold one data folder only, and a worker thread that loaded chDB ends in a segmentation fault.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import type { ClickHouse } from './clickhouse.ts';
import { createClickHouse, READ_SETTINGS, WRITE_SETTINGS } from './client.ts';

const DATABASE = 'driftmgr';

/** chDB types its connection by another copy of the client's types; the two differ in a settings list only. */
type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** Opens the data under `directory` (made when missing); DM_DATA_LOCKED when another process has it. */
export async function openChdb(options: { directory: string; logger: Logger }): Promise<ClickHouse> {
  const path = resolve(options.directory);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const sessions: ReturnType<typeof createClient>[] = [];
  try {
    const writing = createChdbConnection({ path });
    for (const [connection, settings] of [
      [writing, WRITE_SETTINGS],
      [createChdbConnection({ path }), READ_SETTINGS],
    ] as const)
      sessions.push(createClient({ connection: connection as Connection, clickhouse_settings: settings }));
    const [write, read] = sessions as [ReturnType<typeof createClient>, ReturnType<typeof createClient>];
    await write.command({ query: `CREATE DATABASE IF NOT EXISTS ${DATABASE}` });
    options.logger.debug({ path }, 'chDB is open');
    return createClickHouse({
      read,
      write,
      database: DATABASE,
      name: 'chDB',
      // As bytes: the client's way makes them one text, and copies it three times on the event loop.
      insertBytes: (table, columns, bytes) =>
        writing.chdb.rawInsert({
          table,
          columns,
          values: bytes,
          format: 'TabSeparated',
          settings: WRITE_SETTINGS,
        }),
    });
  } catch (cause) {
    await Promise.all(sessions.map((session) => session.close()));
    throw new DriftError(
      `chDB does not open ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        code: 'DM_DATA_LOCKED',
        retriable: false,
        public: `The history in ${path} cannot be opened: another process may use it. Stop that one, or choose another data directory.`,
        cause,
      },
    );
  }
}
