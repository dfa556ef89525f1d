// A generation in ClickHouse: tables with its number in their names. Rows are inserted first and positions moved after;
// after a crash between the two the batch is read and inserted again, and replaces itself by where its rows came from.
import type { Json } from '../../schemas/index.ts';
import type { ClickHouse } from '../clickhouse/clickhouse.ts';
import { isBadValue } from '../clickhouse/client.ts';
import { rowBytes, tabSeparated } from '../clickhouse/tab-separated.ts';
import { DriftError } from '../errors.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { Slice } from '../processor/turns.ts';
import type { ClickHouseProjection, Located } from '../projection.ts';
import { tableOf } from '../serving.ts';
import type { Generations } from './generations.ts';
import { runsTable } from './history.ts';
import type { Prepared, Target } from './target.ts';

/** Rows of one table as text, with the columns they are made of. */
interface Lines {
  columns: string[];
  /** Many rows each, so that a batch is few strings. */
  pieces: string[];
  /** Rows that are not yet a piece, and their length. */
  lines: string[];
  length: number;
}

interface PreparedRows extends Prepared {
  tables: Map<string, Lines>;
}

/** Characters of a piece. */
const PIECE = 65_536;
const LOCATION = ['topic', 'partition', 'offset', 'row'];

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
    // An insert is a part on disk that is merged later: about 27 ms of processor time, however few its rows. So what comes
    // steadily is gathered, while a single row after a pause goes at once.
    gather: { rows: 20_000, bytes: 8 << 20, ms: 400, mostMs: 1600 },
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
        addRows(prepared, each, projection.rows(each));
        if (slice.due()) await slice.next(projection.hurry);
      }
      for (const lines of prepared.tables.values()) endPiece(lines);
      return prepared;
    },
    async write(prepared, moves) {
      for (const table of Object.keys(projection.tables)) {
        const parts = prepared.flatMap((each) => each.tables.get(table) ?? []);
        const [first] = parts;
        if (first === undefined) continue;
        await clickhouse.insert(
          tableNamed(table),
          first.columns,
          rowBytes(parts.flatMap((part) => part.pieces)),
        );
      }
      if (moves.length > 0)
        await postgres.transaction((queries) => generations.move(queries, generation, moves), {
          repeatable: true,
        });
    },
    refusesValues: (error) => error instanceof DriftError && isBadValue(error),
    async drop() {
      for (const table of Object.keys(projection.tables))
        await clickhouse.command(`DROP TABLE IF EXISTS ${tableNamed(table)}`);
      await clickhouse.command(`DROP TABLE IF EXISTS ${runsTable(clickhouse, projection, generation)}`);
    },
  };
}

function addRows(
  prepared: PreparedRows,
  { topic, partition, offset }: Located,
  found: Record<string, Json[]>,
): void {
  for (const table in found) {
    for (const [number, row] of found[table]!.entries()) {
      if (row === null || typeof row !== 'object' || Array.isArray(row))
        throw new TypeError(`a row of ${table} is no object`);
      let held = prepared.tables.get(table);
      if (held === undefined) {
        held = { columns: Object.keys(row).concat(LOCATION), pieces: [], lines: [], length: 0 };
        prepared.tables.set(table, held);
      }
      const values = Object.values(row);
      if (values.length + LOCATION.length !== held.columns.length)
        throw new TypeError(`rows of ${table} have different columns`);
      values.push(topic, partition, offset, number);
      const line = tabSeparated(values);
      held.lines.push(line);
      held.length += line.length;
      if (held.length >= PIECE) endPiece(held);
      prepared.rows++;
      prepared.bytes += line.length;
    }
  }
}

function endPiece(lines: Lines): void {
  if (lines.length === 0) return;
  lines.pieces.push(lines.lines.join(''));
  lines.lines = [];
  lines.length = 0;
}
