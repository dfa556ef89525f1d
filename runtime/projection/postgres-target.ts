// A generation in Postgres: one schema of its own; rows and positions move in one transaction.
import type { Json } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { sqlStateOf } from '../postgres/postgres.ts';
import { Slice } from '../processor/turns.ts';
import type { PostgresProjection } from '../projection.ts';
import { schemaOf } from '../serving.ts';
import type { Generations } from './generations.ts';
import type { Prepared, Target } from './target.ts';

interface PreparedStatements extends Prepared {
  /** SQL and the JSON array of its rows. */
  statements: { sql: string; rows: string }[];
}

/** Larger ones make the server, or us, hold on for too long. */
const STATEMENT_ROWS = 1000;
const STATEMENT_BYTES = 1 << 20;

export function postgresTarget(options: {
  projection: PostgresProjection;
  generation: number;
  generations: Generations;
  postgres: Postgres;
}): Target<PreparedStatements> {
  const { projection, generation, generations, postgres } = options;
  const schema = schemaOf(projection.name, generation);
  const inSchema = (sql: string): string => sql.replaceAll('{schema}', schema);

  return {
    // The rows are wanted at once: what comes while a transaction runs is the next batch.
    gather: { rows: 0, bytes: 0, ms: 0 },
    async create(queries) {
      await queries.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
      await queries.query(inSchema(projection.tables));
    },
    async prepare({ located, forgotten }) {
      const statements = located.length > 0 ? projection.apply(located) : [];
      if (forgotten.length > 0 && projection.forget !== undefined)
        statements.push(...projection.forget(forgotten));
      const prepared: PreparedStatements = { rows: 0, bytes: 0, statements: [] };
      const slice = new Slice();
      for (const { sql, rows } of statements) {
        const text = inSchema(sql);
        prepared.rows += rows.length;
        for (const part of await jsonArrays(rows, slice)) {
          prepared.bytes += part.length;
          prepared.statements.push({ sql: text, rows: part });
        }
      }
      return prepared;
    },
    async write(prepared, moves) {
      const statements = prepared.flatMap((each) => each.statements);
      if (statements.length === 0 && moves.length === 0) return;
      await postgres.transaction(async (queries) => {
        for (const { sql, rows } of statements) await queries.query(sql, [rows]);
        if (moves.length > 0) await generations.move(queries, generation, moves);
      });
    },
    refusesValues: (error) => error instanceof DriftError && /^(22|23|54)/.test(sqlStateOf(error) ?? ''),
    async drop() {
      await postgres.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
  };
}

/** The rows as JSON arrays that are small enough for one statement each. */
async function jsonArrays(rows: readonly Json[], slice: Slice): Promise<string[]> {
  const arrays: string[] = [];
  let text = '';
  let count = 0;
  for (const row of rows) {
    text += `${count === 0 ? '[' : ','}${storable(row)}`;
    if (++count === STATEMENT_ROWS || text.length > STATEMENT_BYTES) {
      arrays.push(`${text}]`);
      text = '';
      count = 0;
    }
    if (slice.due()) await slice.next();
  }
  if (count > 0) arrays.push(`${text}]`);
  return arrays;
}

/** Escapes of U+0000 and of halves of a surrogate pair, which Postgres holds in no text. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

/** The row as JSON; what no text in Postgres can hold becomes U+FFFD. */
function storable(row: Json): string {
  const text = JSON.stringify(row);
  if (!UNSTORABLE.test(text)) return text;
  return JSON.stringify(row, (_, value: Json) =>
    typeof value === 'string' ? value.replaceAll('\u0000', '\ufffd').toWellFormed() : value,
  );
}
