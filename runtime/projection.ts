// What a projection is: a pure function from events to statements (Postgres) or rows (ClickHouse), plus its tables.
import type { Event, Json, TopicName } from '../schemas/index.ts';
import type { Hurry } from './processor/turns.ts';

/** Where an event stood in the log: what makes a projection idempotent. */
export interface Located {
  event: Event;
  topic: TopicName;
  partition: number;
  offset: number;
}

/** One set-based statement over many rows: `sql` reads its rows from `jsonb_to_recordset($1)`. */
export interface Statement {
  sql: string;
  rows: Json[];
}

export interface PostgresProjection {
  store: 'postgres';
  name: string;
  /** Changes when tables or meaning do: a new generation is then filled from the log while the old one serves. */
  version: number;
  reads: readonly TopicName[];
  /** What goes first when there is much: answers that someone waits for, or mirrors of many resources last. */
  hurry: Hurry;
  /** DDL of one generation; `{schema}` stands for its Postgres schema. */
  tables: string;
  /** Statements for a batch in log order; `{schema}` stands for the generation's Postgres schema. Within a batch the last row of a key wins. */
  apply(batch: Located[]): Statement[];
  /** Events of these record types are passed over without decoding when their fingerprint equals the last one of the record key. */
  skipUnchanged: boolean;
  /**
   * What a record key speaks of, where several keys speak of one thing (a resource that several sources report): what a key
   * repeats is not passed over when another key said something else since. Null, or left out: nothing others speak of.
   */
  speaksOf?(topic: TopicName, key: string): string | null;
  /** Passes over, without decoding, records whose key it does not want. Left out: all are wanted. */
  wants?(key: string): boolean;
  /** Statements for tombstones: record keys that were forgotten. Left out: tombstones are passed over. */
  forget?(keys: { topic: TopicName; key: string }[]): Statement[];
}

export interface ClickHouseProjection {
  store: 'clickhouse';
  name: string;
  version: number;
  reads: readonly TopicName[];
  /** As above. */
  hurry: Hurry;
  /** Table name → DDL; `{table}` stands for the generation's qualified name. Engine ReplacingMergeTree ordered by, at its end, (topic, partition, offset, row). */
  tables: Record<string, string>;
  /** Rows by table name; the loop adds topic, partition, offset and row. */
  rows(located: Located): Record<string, Json[]>;
  skipUnchanged: boolean;
  /** As above. */
  wants?(key: string): boolean;
}

export type Projection = PostgresProjection | ClickHouseProjection;
