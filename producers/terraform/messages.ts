// What the main thread and the worker that decodes states say to each other. Types only, and no secret crosses back.
import type { DeclareSettings, IdentifiedChange, StateHead } from './decode.ts';
import type { ProblemKind } from './problem.ts';

/** Given to the worker when it starts. */
export interface WorkerSetup {
  hmacKey: Uint8Array;
}

/** A worker has one job at a time: opened, then perhaps declared, until it is dropped. */
export type ToWorker =
  | { say: 'open'; bytes: SharedArrayBuffer }
  | { say: 'declare'; settings: Omit<DeclareSettings, 'hmac'>; table: SharedArrayBuffer | null }
  | { say: 'withdraw'; table: SharedArrayBuffer; workspace: string; version: number; serial: number }
  /** One batch was taken: another may be made ready. */
  | { say: 'taken' }
  | { say: 'drop' };

export type FromWorker =
  | { say: 'opened'; head: StateHead }
  /** Fingerprints lie packed, 16 bytes a change, in the order of the changes; zeros where a change has none. */
  | { say: 'batch'; changes: BareChange[]; prints: Uint8Array }
  | { say: 'done'; table: Uint8Array }
  | { say: 'refused'; kind: ProblemKind; text: string }
  | { say: 'failed'; message: string };

type Bare<C> = C extends { fingerprint: Buffer } ? Omit<C, 'fingerprint'> : C;
export type BareChange = Bare<IdentifiedChange>;

export const PRINT_BYTES = 16;
/** Batches that are ready and not yet taken: enough to keep both threads busy, few enough to keep memory small. */
export const BATCHES_AHEAD = 3;
