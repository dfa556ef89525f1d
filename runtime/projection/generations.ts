// Generations of projections as rows in Postgres: which one serves, which is being filled, how far each has read.
//
// Every change of a position is a compare-and-set: when another process moved it, nothing of this batch is written.
import type { Clock } from '../clock.ts';
import { DriftError } from '../errors.ts';
import type { Postgres, PostgresQueries } from '../postgres/postgres.ts';
import type { Projection } from '../projection.ts';
import { SERVING_CHANNEL } from '../serving.ts';
import type { Move } from './reader.ts';
import { placeKey } from './reader.ts';

export type GenerationState = 'filling' | 'serving' | 'retired';

export interface Generation {
  name: string;
  generation: number;
  version: number;
  state: GenerationState;
  /** When the state last changed, milliseconds. */
  changedAt: number;
}

/** Another process moved the positions: what was prepared from the old ones must be thrown away. */
export class PositionsMoved extends DriftError {
  constructor(name: string, generation: number) {
    super(`another process moved the positions of ${name} (generation ${generation})`, {
      code: 'DM_FENCED',
      retriable: true,
    });
  }
}

/** Another process, which starts at the same time or has just handed its work over, made the first generation. */
class AlreadyServed extends DriftError {
  constructor(name: string) {
    super(`another process made the first generation of ${name}`, { code: 'DM_FENCED', retriable: true });
  }
}

/** Held until the transaction ends. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtext('driftmgr.projections'))`;

export class Generations {
  private readonly postgres: Postgres;
  private readonly clock: Clock;
  private readonly projection: Projection;
  constructor(postgres: Postgres, clock: Clock, projection: Projection) {
    this.postgres = postgres;
    this.clock = clock;
    this.projection = projection;
  }

  list(): Promise<Generation[]> {
    return this.listed(this.postgres);
  }

  /** When no process is in the midst of adding one, whose tables may be there before its row. */
  listSettled(): Promise<Generation[]> {
    return this.postgres.transaction(async (queries) => {
      await queries.query(LOCK);
      return this.listed(queries);
    });
  }

  private listed(queries: PostgresQueries): Promise<Generation[]> {
    return queries.query<Generation>(
      `SELECT name, generation, version, state, changed_at AS "changedAt" FROM driftmgr.projections
       WHERE name = $1 ORDER BY generation`,
      [this.projection.name],
    );
  }

  /**
   * Adds the next generation, later than all there were and than `above`; its positions begin at 0. DM_FENCED (retriable)
   * where one that is to serve is no longer the first: whoever looks again finds the one that does.
   */
  async add(
    state: 'filling' | 'serving',
    partitions: number,
    above: number,
    prepare: (queries: PostgresQueries, generation: number) => Promise<void>,
  ): Promise<Generation> {
    const { name, version, store, reads } = this.projection;
    const changedAt = this.clock.now();
    return this.postgres.transaction(async (queries) => {
      await queries.query(LOCK);
      if (state === 'serving' && (await this.serves(queries))) throw new AlreadyServed(name);
      const [row] = await queries.query<{ generation: number }>(
        `INSERT INTO driftmgr.projections (name, generation, version, store, state, changed_at)
         SELECT $1, greatest(coalesce(max(generation), 0), $2) + 1, $3, $4, $5, $6 FROM driftmgr.projections WHERE name = $1
         RETURNING generation`,
        [name, above, version, store, state, changedAt],
      );
      const { generation } = row!;
      await queries.query(
        `INSERT INTO driftmgr.projection_positions (name, generation, topic, partition, next)
         SELECT $1, $2, topic, partition, 0 FROM unnest($3::text[]) AS topic, generate_series(0, $4 - 1) AS partition`,
        [name, generation, reads, partitions],
      );
      await prepare(queries, generation);
      await queries.query(`NOTIFY ${SERVING_CHANNEL}`);
      return { name, generation, version, state, changedAt };
    });
  }

  private async serves(queries: PostgresQueries): Promise<boolean> {
    const found = await queries.query(
      `SELECT 1 FROM driftmgr.projections WHERE name = $1 AND state = 'serving'`,
      [this.projection.name],
    );
    return found.length > 0;
  }

  async positions(generation: number): Promise<Map<string, number>> {
    const rows = await this.postgres.query<{ topic: Move['topic']; partition: number; next: number }>(
      'SELECT topic, partition, next FROM driftmgr.projection_positions WHERE name = $1 AND generation = $2',
      [this.projection.name, generation],
    );
    return new Map(rows.map((row) => [placeKey(row), row.next]));
  }

  /** In the same transaction as the rows, or after them where these replace themselves; {@link PositionsMoved} otherwise. */
  async move(queries: PostgresQueries, generation: number, moves: readonly Move[]): Promise<void> {
    const { name } = this.projection;
    const moved = await queries.query(
      `UPDATE driftmgr.projection_positions p SET next = m."to"
       FROM jsonb_to_recordset($3) AS m(topic text, partition int, "from" bigint, "to" bigint)
       WHERE p.name = $1 AND p.generation = $2 AND p.topic = m.topic AND p.partition = m.partition AND p.next = m."from"
       RETURNING 1`,
      [name, generation, JSON.stringify(moves)],
    );
    if (moved.length !== moves.length) throw new PositionsMoved(name, generation);
  }

  /** From one moment to the next questions go to the new generation; the old one is retired. */
  async serve(generation: number): Promise<void> {
    const { name } = this.projection;
    const now = this.clock.now();
    await this.postgres.transaction(async (queries) => {
      await queries.query(LOCK);
      await queries.query(
        `UPDATE driftmgr.projections SET state = 'retired', changed_at = $2 WHERE name = $1 AND state = 'serving'`,
        [name, now],
      );
      await queries.query(
        `UPDATE driftmgr.projections SET state = 'serving', changed_at = $3 WHERE name = $1 AND generation = $2`,
        [name, generation, now],
      );
      await queries.query(`NOTIFY ${SERVING_CHANNEL}`);
    });
  }

  async forget(generation: number): Promise<void> {
    const { name } = this.projection;
    await this.postgres.transaction(async (queries) => {
      await queries.query('DELETE FROM driftmgr.projection_positions WHERE name = $1 AND generation = $2', [
        name,
        generation,
      ]);
      await queries.query('DELETE FROM driftmgr.projections WHERE name = $1 AND generation = $2', [
        name,
        generation,
      ]);
    });
  }
}
