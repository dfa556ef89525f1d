// What the main thread and the worker that holds stored states say to each other. Types only.
//
// States cross as shared memory, and instances as places in it: nothing large is ever copied by a message.
import type { StateHead } from '../decode.ts';
import type { ProblemKind } from '../problem.ts';
import type { Binding } from '../scope.ts';
import type { PlacedInstance } from './open.ts';

export interface StatedSetup {
  hmacKey: Uint8Array;
  org: string;
  bindings: readonly Binding[];
}

/** `state` is the number under which the main thread knows a version. */
export type Asked =
  | { ask: 'open'; state: number; bytes: SharedArrayBuffer; length: number; table: SharedArrayBuffer | null }
  | { ask: 'instances'; state: number; addresses: readonly string[]; workspace: string }
  | { ask: 'observed'; state: number; address: string; text: string; sensitive: readonly string[] }
  | { ask: 'page'; state: number; workspace: string; after: string | null; limit: number };

export interface Answers {
  open: StateHead;
  instances: PlacedInstance[];
  observed: string | null;
  page: { instances: PlacedInstance[]; next: string | null };
}

export type ToStated = { call: number; asked: Asked } | { forget: number };

export type FromStated = { call: number } & (
  | { answer: Answers[keyof Answers] }
  | { refused: ProblemKind; text: string }
  | { failed: string }
);
