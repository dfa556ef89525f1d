// The ClickHouse port: parameterised queries, commands and batched inserts. Adapters: chDB in the process, server by URL.
//
// Who owns what: the adapter owns sessions, time limits and which failures are retriable. Callers own SQL with
// `{name:Type}` parameters, and never build it from input; table names are qualified with `database`. An insert may be
// repeated: tables replace rows of equal (topic, partition, offset, row).
export type ClickHouseParameter = string | number | boolean | null | readonly string[] | readonly number[];

export interface ClickHouse {
  /** Qualifies every table name; created by the adapter. */
  readonly database: string;
  /** Rows of a SELECT. 64-bit integers come as numbers. Ends with DM_TIMEOUT after ten seconds. */
  query<Row>(sql: string, parameters?: Readonly<Record<string, ClickHouseParameter>>): Promise<Row[]>;
  /** DDL and INSERT … SELECT, in the writing session. */
  command(sql: string, parameters?: Readonly<Record<string, ClickHouseParameter>>): Promise<void>;
  /**
   * Adds rows as one block; all of them are there when it resolves. `rows` are whole rows of the columns' values as
   * `tabSeparated` writes them; DateTime64(3) takes milliseconds. The bytes belong to the adapter from then on.
   */
  insert(table: string, columns: readonly string[], rows: Buffer): Promise<void>;
  close(): Promise<void>;
}
