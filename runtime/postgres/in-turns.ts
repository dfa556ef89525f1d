// A Postgres that is only asked: its questions take turns, and who waits with the same question is answered together. For
// what answers many callers, who often look at the same pages; what writes does not belong here.
import { createTurns } from '../turns.ts';
import type { Postgres, PostgresQueries } from './postgres.ts';

/** Fewer than connections of the pool (pool.ts): writes of keys find one at any time. */
const AT_ONCE = 8;
const WAITING = 1_000;

export interface Questions extends PostgresQueries {
  /** Refuses what waits. */
  close(): void;
}

export function inTurns(postgres: Pick<Postgres, 'ask'>): Questions {
  const turns = createTurns({ name: 'Postgres', atOnce: AT_ONCE, waiting: WAITING });
  return {
    query: (sql, parameters = []) =>
      turns.take(JSON.stringify([sql, parameters]), () => postgres.ask(sql, parameters)),
    close: turns.close,
  };
}
