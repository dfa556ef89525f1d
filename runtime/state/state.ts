// The keyed-state port: rows `(object key, part)` of one processor partition. Adapters: memory, embedded (files).
//
// State is a cache of the log: it may be lost, and is then folded again. Reads are synchronous (processors are pure and
// synchronous); writes of one `write` call and the positions in it become durable together or not at all.
import type { Json } from '../../schemas/index.ts';
import type { Position } from '../log/log.ts';

export interface RowWrite {
  objectKey: string;
  part: string;
  /** Undefined deletes the row. */
  value: Json | undefined;
}

export interface StateStore {
  get(objectKey: string, part: string): Json | undefined;
  /** Whether there is such a row; reads no value. */
  has(objectKey: string, part: string): boolean;
  /** Parts of the key that start with `prefix`, in order, at most `limit`; reads no values. */
  parts(objectKey: string, prefix: string, limit: number): string[];
  /** Rows of the key whose part starts with `prefix`, in order of part (order.ts), as they are at the first step. */
  list(objectKey: string, prefix: string): Iterable<[part: string, value: Json]>;
  /** All rows, in order of key and part; for start-up. */
  entries(): Iterable<[objectKey: string, part: string, value: Json]>;
  /** Up to where the log is folded in: the newest position written of each topic and partition. */
  positions(): Position[];
  /** Sets rows (the last write of a row wins) and moves the positions given; positions not given stay. */
  write(rows: RowWrite[], positions: Position[]): void;
  /** Forgets everything, positions too. */
  clear(): void;
}

/** Opens the store of one processor partition; `version` changes when the row format does, and empties the store. */
export interface StateStores {
  open(processor: string, partition: number, version: number): StateStore;
  close(): Promise<void>;
}
