// What a processor is: a value with pure, synchronous functions. The loop in run-processor.ts does everything else.
//
// State of one object key is rows `(key, part)`, so that an object with 50,000 parts costs what one part costs. Each
// partition also has one shared state (runs, rules, snapshots): the rows of SHARED, which every key may read.
//
// Law: `evolve` folds inputs *and own outputs*, and touches for each topic only rows that this topic's records own, so
// that folding topic after topic (restore) gives what folding them interleaved (live) gave.
import type { Event, EventType, Json, TopicName } from '../schemas/index.ts';

/** The object key of the partition's shared state. */
export const SHARED = '*';

/**
 * `rows.get(SEEN + recordKey(event))` gives the newest event time (milliseconds) seen under that record key: also the time
 * of records that were skipped because nothing but their time was new. The runtime keeps it for declarations and
 * observations; it costs no row, is not listed, and cannot be written. Use it instead of keeping the time in a row:
 * a row is not folded again when only the time moves.
 */
export const SEEN = 'seen/';

/** Read access to the rows of one object key, and to the partition's shared rows. Values must not be mutated. */
export interface Rows {
  readonly objectKey: string;
  get(part: string): Json | undefined;
  /** Whether there is such a row; reads no value. */
  has(part: string): boolean;
  /** Parts that start with `prefix`, in order, at most `limit` (all, when not given); reads no values. */
  names(prefix: string, limit?: number): string[];
  list(prefix: string): Iterable<[part: string, value: Json]>;
  /** A row of the partition's shared state. */
  shared(part: string): Json | undefined;
  listShared(prefix: string): Iterable<[part: string, value: Json]>;
}

/** A row to set (or, with undefined, to delete) on the key being folded; `index` rows are how broadcasts find keys. */
export type Write =
  | { part: string; value: Json | undefined }
  /** Puts the key under (or takes it from) a scope of the partition's index. Idempotent. */
  | { index: string; member: boolean }
  /**
   * Whether a newer repetition under this record key is awaited: it is then folded and decided on like a new value. For
   * what another record has overtaken, so that saying the same again says something. Only from inputs. Idempotent.
   */
  | { awaited: string; member: boolean };

/** What `decide` wants appended: an event without what the runtime fills in (org, source, recordedAt, id when absent). */
export type Output =
  | {
      [T in EventType]: {
        type: T;
        body: import('../schemas/index.ts').Bodies[T];
        /** Defaults to the key being decided on. */
        objectKey?: string;
        /** Event time; defaults to the time of the input. */
        time?: number;
        /** Defaults to a hash of processor, input id and index. */
        id?: string;
        correlationId?: string | null;
      };
    }[EventType]
  /**
   * Sets a timer: fires as `clock.due` (phase fired) on the same key at `at`. The same `what` again replaces it.
   * Its events are folded as own outputs; one that is cleared is folded as if it had fired, but decides nothing.
   */
  | { timer: string; at: number; data?: Json }
  | { clearTimer: string }
  /** Forgets a current drift (tombstone on open-drifts). */
  | { forgetDrift: string };

export interface Processor {
  name: string;
  /** Changes when the row format does: state is then folded anew from the log. */
  version: number;
  reads: readonly TopicName[];
  emits: readonly EventType[];
  /** Own topics whose records are folded on restore, besides the compacted ones it reads (timers are always). */
  restores: readonly TopicName[];
  /**
   * Folds one event: an input, or an own output just decided. Broadcasts come with the rows of SHARED as `rows`.
   * Must be deterministic and must not fail on anything that decodes.
   */
  evolve(rows: Rows, event: Event): Write[];
  /**
   * Outputs for one key after `event` was folded. For a broadcast it is called once for every key that `concerns`
   * names, in slices, before any later event of that key.
   */
  decide(rows: Rows, event: Event, now: number): Output[];
  /** Index scopes whose keys a broadcast concerns. Called after the broadcast was folded; `rows` are the shared ones. */
  concerns(rows: Rows, event: Event): string[];
}
