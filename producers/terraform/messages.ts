// What the main thread and the worker that decodes states say to each other. Types only, and no secret crosses back.
import type { SourceEvent } from '../../runtime/source.ts';
import type { EncodedEvents, SourceEncoding } from '../../runtime/source-records.ts';
import type { DeclareSettings, StateHead } from './decode.ts';
import type { ProblemKind } from './problem.ts';

/** Given to the worker when it starts. */
export interface WorkerSetup {
  hmacKey: Uint8Array;
}

/** How the events of a job are made records: at which event time, and what time it is now. */
export interface Encoding {
  encoding: SourceEncoding;
  time: number;
  now: number;
}

/** A worker has one job at a time: opened, then perhaps declared, until it is dropped. */
export type ToWorker =
  | { say: 'open'; bytes: SharedArrayBuffer }
  | { say: 'declare'; settings: Omit<DeclareSettings, 'hmac'>; table: SharedArrayBuffer | null; as: Encoding }
  | {
      say: 'withdraw';
      table: SharedArrayBuffer;
      workspace: string;
      version: number;
      serial: number;
      as: Encoding;
    }
  /** One batch was taken: another may be made ready. */
  | { say: 'taken'; now: number }
  | { say: 'drop' };

export type FromWorker =
  | { say: 'opened'; head: StateHead }
  /** `refused`: events that do not fit their schema, without fingerprints; the source's loop sets them aside. */
  | { say: 'batch'; encoded: EncodedEvents; refused: SourceEvent[] }
  | { say: 'done'; table: Uint8Array }
  /** The job is over; nothing more comes of it. */
  | { say: 'dropped' }
  | { say: 'refused'; kind: ProblemKind; text: string }
  | { say: 'failed'; message: string };

/** Batches that are ready and not yet taken: enough to keep both threads busy, few enough to keep memory small. */
export const BATCHES_AHEAD = 3;
