// What a generation is written to: the port between the loop and its two stores.
import type { PostgresQueries } from '../postgres/postgres.ts';
import type { Chunk, Move } from './reader.ts';

/** What is ready to be written: made in slices, before anything waits for a database. */
export interface Prepared {
  /** Rows it will write. */
  rows: number;
  bytes: number;
}

export interface Target<P extends Prepared> {
  /**
   * While the last write is younger than `ms`, gather up to this much before the next. Where writes follow each other
   * without a pause, the time doubles from one to the next, up to `mostMs`.
   */
  gather: { rows: number; bytes: number; ms: number; mostMs: number };
  /** Creates the tables of the generation, in the transaction that adds it where the store can. */
  create(queries: PostgresQueries): Promise<void>;
  /** Throws what the projection throws. */
  prepare(events: Pick<Chunk, 'located' | 'forgotten'>): Promise<P>;
  /**
   * Writes the rows in order and moves the positions: in one transaction, or in an order that makes a repetition replace
   * what is there. Writing the same again changes nothing.
   */
  write(prepared: readonly P[], moves: readonly Move[]): Promise<void>;
  /** True when an error of `write` speaks of values that cannot be stored: one of the events is at fault. */
  refusesValues(error: unknown): boolean;
  drop(): Promise<void>;
}
