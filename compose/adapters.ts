// What a mode provides: one adapter for each port.
import type { Assignments } from '../runtime/assignment/assignment.ts';
import type { Blobs } from '../runtime/blobs/blobs.ts';
import type { Keys } from '../runtime/blobs/keys.ts';
import type { Cache } from '../runtime/cache/cache.ts';
import type { ClickHouse } from '../runtime/clickhouse/clickhouse.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Postgres } from '../runtime/postgres/postgres.ts';
import type { StateStores } from '../runtime/state/state.ts';
import type { Codec } from '../schemas/index.ts';

export interface Adapters {
  log: Log;
  assignments: Assignments;
  cache: Cache;
  states: StateStores;
  blobs: Blobs;
  postgres: Postgres;
  clickhouse: ClickHouse;
  codec: Codec;
  keys: Keys;
  /** Closes all of them, in the order that lets each finish. */
  close(): Promise<void>;
}
