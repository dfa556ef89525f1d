// A generation in ClickHouse: tables with its number in their names. Rows are inserted first and positions moved after;
// after a crash between the two the batch is read and inserted again, and replaces itself by where its rows came from.
import type { Json, TopicName } from '../../schemas/index.ts';
import type { ClickHouse } from '../clickhouse/clickhouse.ts';
import { isBadValue } from '../clickhouse/client.ts';
import { DriftError } from '../errors.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { Slice } from '../processor/turns.ts';
import type { ClickHouseProjection, Located } from '../projection.ts';
import { tableOf } from '../serving.ts';
import type { Generations } from './generations.ts';
import { runsTable } from './history.ts';
import type { Prepared, Target } from './target.ts';

type LocatedRow = { [column: string]: Json } & {
  topic: TopicName;
  partition: number;
  offset: number;
  row: number;
};

interface PreparedRows extends Prepared {
  tables: Map<string, LocatedRow[]>;
}

export function clickHouseTarget(options: {
  projection: ClickHouseProjection;
  generation: number;
  generations: Generations;
  postgres: Postgres;
  clickhouse: ClickHouse;
}): Target<PreparedRows> {
  const { projection, generation, generations, postgres, clickhouse } = options;
  const tableNamed = (table: string): string =>
    tableOf(clickhouse.database, projection.name, table, generation);

  return {
    // A part on disk per insert: small inserts are gathered, but a single one goes at once when nothing came before.
    gather: { rows: 10_000, bytes: 4 << 20, ms: 400 },
    async create() {
      for (const [table, ddl] of Object.entries(projection.tables)) {
        await clickhouse.command(`DROP TABLE IF EXISTS ${tableNamed(table)}`);
        await clickhouse.command(ddl.replaceAll('{table}', tableNamed(table)));
      }
    },
    async prepare({ located }) {
      const prepared: PreparedRows = { rows: 0, bytes: 0, tables: new Map() };
      const slice = new Slice();
      for (const each of located) {
        prepared.rows += addRows(prepared.tables, each, projection.rows(each));
        if (slice.due()) await slice.next();
      }
      return prepared;
    },
    async write(prepared, moves) {
      for (const table of Object.keys(projection.tables)) {
        const rows = prepared.flatMap((each) => each.tables.get(table) ?? []);
        for (let from = 0; from < rows.length; from += INSERT_ROWS)
          await clickhouse.insert(tableNamed(table), rows.slice(from, from + INSERT_ROWS));
      }
      if (moves.length > 0)
        await postgres.transaction((queries) => generations.move(queries, generation, moves));
    },
    refusesValues: (error) => error instanceof DriftError && isBadValue(error),
    async drop() {
      for (const table of Object.keys(projection.tables))
        await clickhouse.command(`DROP TABLE IF EXISTS ${tableNamed(table)}`);
      await clickhouse.command(`DROP TABLE IF EXISTS ${runsTable(clickhouse, projection, generation)}`);
    },
  };
}

const INSERT_ROWS = 10_000;

function addRows(
  tables: Map<string, LocatedRow[]>,
  { topic, partition, offset }: Located,
  found: Record<string, Json[]>,
): number {
  let count = 0;
  for (const [table, rows] of Object.entries(found)) {
    let held = tables.get(table);
    if (held === undefined) {
      held = [];
      tables.set(table, held);
    }
    for (const [row, columns] of rows.entries()) {
      if (columns === null || typeof columns !== 'object' || Array.isArray(columns))
        throw new TypeError(`a row of ${table} is no object`);
      held.push({ ...columns, topic, partition, offset, row });
    }
    count += rows.length;
  }
  return count;
}
