// A generation in Postgres: one schema of its own; rows and positions move in one transaction.
import type { JsonObject } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { sqlStateOf } from '../postgres/postgres.ts';
import { type Hurry, Slice } from '../processor/turns.ts';
import type { PostgresProjection } from '../projection.ts';
import { schemaOf } from '../serving.ts';
import type { Generations } from './generations.ts';
import type { RowForm } from './row-text.ts';
import { rowForm } from './row-text.ts';
import type { Prepared, Target } from './target.ts';

interface PreparedStatements extends Prepared {
  statements: { sql: string; parameters: string[] }[];
}

/**
 * A transaction costs the server and us about a millisecond, however few its rows. What someone waits for goes at once:
 * what comes while a transaction runs is the next batch. The rest is gathered while it comes steadily.
 */
const GATHER: Record<Hurry, Target<Prepared>['gather']> = {
  urgent: { rows: 0, bytes: 0, ms: 0, mostMs: 0 },
  usual: { rows: 2000, bytes: 2 << 20, ms: 100, mostMs: 200 },
  patient: { rows: 4000, bytes: 4 << 20, ms: 200, mostMs: 400 },
};

/** Larger ones make the server, or us, hold on for too long. */
const STATEMENT_ROWS = 500;

export function postgresTarget(options: {
  projection: PostgresProjection;
  generation: number;
  generations: Generations;
  postgres: Postgres;
}): Target<PreparedStatements> {
  const { projection, generation, generations, postgres } = options;
  const schema = schemaOf(projection.name, generation);
  const inSchema = (sql: string): string => sql.replaceAll('{schema}', schema);
  const forms = new Map<string, RowForm>();
  const formOf = (sql: string): RowForm => {
    const form = forms.get(sql) ?? rowForm(inSchema(sql));
    forms.set(sql, form);
    return form;
  };

  return {
    gather: GATHER[projection.hurry],
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
        const form = formOf(sql);
        prepared.rows += rows.length;
        for (let from = 0; from < rows.length; from += STATEMENT_ROWS) {
          const parameters = form.encode(rows.slice(from, from + STATEMENT_ROWS) as JsonObject[]);
          prepared.bytes += parameters.reduce((sum, text) => sum + text.length, 0);
          prepared.statements.push({ sql: form.sql, parameters });
          if (slice.due()) await slice.next(projection.hurry);
        }
      }
      return prepared;
    },
    async write(prepared, moves) {
      const statements = prepared.flatMap((each) => each.statements);
      if (statements.length === 0 && moves.length === 0) return;
      await postgres.transaction(
        async (queries) => {
          const sent: Promise<unknown>[] = statements.map(({ sql, parameters }) =>
            queries.query(sql, parameters),
          );
          if (moves.length > 0) sent.push(generations.move(queries, generation, moves));
          await Promise.all(sent);
        },
        { repeatable: true },
      );
    },
    refusesValues: (error) => error instanceof DriftError && /^(22|23|54)/.test(sqlStateOf(error) ?? ''),
    async drop() {
      await postgres.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
  };
}
