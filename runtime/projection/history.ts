// What a log no longer holds: copied from the generation before, so that a rebuild loses no history.
//
// A row of the old generation is copied when the new one did not read the record it came from: it expired or was
// compacted away. Rows of records that were read are made anew by the code of today, even where it makes none.
import type { ClickHouse } from '../clickhouse/clickhouse.ts';
import { rowBytes, tabSeparated } from '../clickhouse/tab-separated.ts';
import type { ClickHouseProjection } from '../projection.ts';
import { tableOf } from '../serving.ts';
import type { Chunk } from './reader.ts';
import { placeKey } from './reader.ts';

/** Which offsets were read while filling, as runs: few, unless much was compacted away. */
export class ReadRuns {
  private readonly runs: Chunk['runs'] = [];
  private readonly last = new Map<string, Chunk['runs'][number]>();

  add(runs: Chunk['runs']): void {
    for (const run of runs) {
      const key = placeKey(run);
      const held = this.last.get(key);
      if (held !== undefined && held.last + 1 === run.first) held.last = run.last;
      else {
        const added = { ...run };
        this.runs.push(added);
        this.last.set(key, added);
      }
    }
  }

  all(): Chunk['runs'] {
    return this.runs;
  }
}

/** The newest generation of the projection's tables in ClickHouse before `below`; 0 when there is none. */
export async function newestTables(
  clickhouse: ClickHouse,
  projection: ClickHouseProjection,
  below: number,
): Promise<number> {
  const generations = await existingTables(clickhouse, projection);
  return Math.max(0, ...generations.filter((generation) => generation < below));
}

async function existingTables(clickhouse: ClickHouse, projection: ClickHouseProjection): Promise<number[]> {
  const prefixes = Object.keys(projection.tables).map((table) =>
    tableOf('', projection.name, table, 0).slice(1, -1),
  );
  const rows = await clickhouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = {database:String}`,
    { database: clickhouse.database },
  );
  return rows.flatMap(({ name }) => {
    const number = prefixes.some((prefix) => name.startsWith(prefix))
      ? /_g(\d+)$/.exec(name)?.[1]
      : undefined;
    return number === undefined ? [] : [Number(number)];
  });
}

/** Where the runs stand while history is copied; a crash may leave it, and dropping the generation drops it. */
export const runsTable = (
  clickhouse: ClickHouse,
  projection: ClickHouseProjection,
  generation: number,
): string => tableOf(clickhouse.database, projection.name, 'read', generation);

const RUNS_AT_ONCE = 50_000;

/** `positions`: up to where the new generation has read, by place; it makes later rows itself. */
export async function copyHistory(options: {
  clickhouse: ClickHouse;
  projection: ClickHouseProjection;
  from: number;
  to: number;
  read: ReadRuns;
  positions: ReadonlyMap<string, number>;
  partitions: number;
}): Promise<void> {
  const { clickhouse, projection, from, to, read, positions, partitions } = options;
  const runs = runsTable(clickhouse, projection, to);
  await clickhouse.command(`DROP TABLE IF EXISTS ${runs}`);
  await clickhouse.command(
    `CREATE TABLE ${runs} (topic LowCardinality(String), partition UInt32, first UInt64, last UInt64)
     ENGINE = MergeTree ORDER BY (topic, partition, first)`,
  );
  const all = read.all();
  for (let at = 0; at < all.length; at += RUNS_AT_ONCE)
    await clickhouse.insert(
      runs,
      ['topic', 'partition', 'first', 'last'],
      rowBytes(
        all
          .slice(at, at + RUNS_AT_ONCE)
          .map(({ topic, partition, first, last }) => tabSeparated([topic, partition, first, last])),
      ),
    );
  for (const table of Object.keys(projection.tables)) {
    const old = tableOf(clickhouse.database, projection.name, table, from);
    const next = tableOf(clickhouse.database, projection.name, table, to);
    const columns = await commonColumns(clickhouse, old, next);
    if (columns.length === 0) continue;
    // In pieces: a long statement holds up every other write.
    for (const topic of projection.reads) {
      for (let partition = 0; partition < partitions; partition++) {
        await clickhouse.command(
          `INSERT INTO ${next} (${columns.join(', ')})
           SELECT ${columns.map((column) => `o.${column}`).join(', ')}
           FROM (SELECT * FROM ${old} WHERE topic = {topic:String} AND partition = {partition:UInt32}) AS o
           ASOF LEFT JOIN (
             SELECT partition, first, last + 1 AS after FROM ${runs}
             WHERE topic = {topic:String} AND partition = {partition:UInt32}
           ) AS r ON o.partition = r.partition AND o.offset >= r.first
           WHERE o.offset >= r.after AND o.offset < {end:UInt64}`,
          { topic, partition, end: positions.get(placeKey({ topic, partition })) ?? 0 },
        );
      }
    }
  }
  await clickhouse.command(`DROP TABLE ${runs}`);
}

async function commonColumns(clickhouse: ClickHouse, old: string, next: string): Promise<string[]> {
  const columnsOf = async (table: string): Promise<string[]> => {
    const [database = '', name = ''] = table.split('.');
    const rows = await clickhouse.query<{ name: string }>(
      'SELECT name FROM system.columns WHERE database = {database:String} AND table = {name:String} ORDER BY position',
      { database, name },
    );
    return rows.map((row) => row.name);
  };
  const [before, after] = await Promise.all([columnsOf(old), columnsOf(next)]);
  return after.filter((column) => before.includes(column));
}
