// What a source is: it turns something outside into events. The loop in run-source.ts appends, restarts and counts.
import type { Bodies, EventType, Json } from '../schemas/index.ts';
import type { Clock } from './clock.ts';
import type { EncodedEvents, SourceEncoding } from './source-records.ts';
import type { Logger } from './telemetry.ts';

/** An event as a source hands it over; the runtime adds org, source and recordedAt, and clamps times far ahead. */
export type SourceEvent = {
  [T in EventType]: {
    type: T;
    body: Bodies[T];
    time: number;
    /** A hash of the provider's own event id; the same however often it is read. */
    id: string;
    /** Null exactly on broadcasts and on what belongs to no object. Starts with the org. */
    objectKey: string | null;
    correlationId?: string | null;
    /** 16 bytes over what must differ for the record to say something new; declarations and observations carry one. */
    fingerprint?: Buffer;
  };
}[EventType];

/** What a source publishes: events, or many of them that a thread of its own has encoded already. */
export type Publication = SourceEvent | { encoded: EncodedEvents };

export interface Progress {
  item: string;
  /** Null forgets the item. */
  progress: Json | null;
}

export interface SourceContext {
  org: string;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  /** For a source that encodes events in a thread of its own. */
  encoding: SourceEncoding;
  /**
   * Appends the events and the progress in one atomic commit: after a crash either both are there or neither. A call of
   * more than 2,000 events is appended in pieces, in order: the progress with the last, so that it is never there without
   * the events. Events of one resource must be handed over in event order. Broadcasts stand after everything handed over
   * before them.
   */
  publish(events: Publication[], progress?: Progress[]): Promise<void>;
  /** Progress committed earlier, by item, as of the start of this run plus what this run published. */
  progress(item: string): Json | undefined;
  progressItems(): Iterable<[item: string, progress: Json]>;
  /** Refused input: stores the original encrypted, records a dead letter, and counts it. */
  deadLetter(letter: { code: string; reason: string; original: Buffer; objectKey?: string }): Promise<void>;
  /** Counts what was left out on purpose, by reason: `failed-call`, `read-only`, `duplicate`, … */
  ignored(reason: string, count?: number): void;
}

export interface Source {
  /** Unique, stable, part of every event it writes: `aws-cloudtrail`, `terraform-file`, `digitalocean-snapshot`. */
  name: string;
  /** Runs until the signal aborts, or returns when there is nothing more to come (one-shot scans). Retriable errors restart it with backoff. */
  run(context: SourceContext): Promise<void>;
  /** What keeps it, though it runs, from what it is there for; null: nothing. Left out where it does nothing but read. */
  notReady?(): string | null;
}
