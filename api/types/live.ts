// The live stream: what it is asked with and what it carries.
import type { Static } from 'typebox';
import Type from 'typebox';
import { CONFIDENCES, SEVERITIES, type Transition } from './drifts.ts';
import { filter, many, object, oneOf } from './forms.ts';

export const EventsQuery = object({
  kinds: Type.Optional(
    Type.Array(oneOf(['drift', 'workspace', 'run', 'snapshot']), {
      description: 'Left out: all.',
      maxItems: 4,
    }),
  ),
  workspace: filter,
  owner: filter,
  severity: many(SEVERITIES),
  confidence: many(CONFIDENCES),
});
export type EventsQuery = Static<typeof EventsQuery>;

/** What the stream at /api/v1/events carries, by the name of the SSE event. */
export type LiveEvent =
  /** The first of every stream: what is asked for after it misses nothing, whatever comes later is told. */
  | { kind: 'ready'; id: string; data: { at: string } }
  | { kind: 'drift'; id: string; data: Transition }
  | { kind: 'workspace'; id: string; data: LiveWorkspace }
  | { kind: 'run'; id: string; data: LiveRun }
  | { kind: 'snapshot'; id: string; data: LiveSnapshot }
  /** What came before is lost to this reader: load everything again, then read on. */
  | { kind: 'reset'; id: string; data: { reason: string } };

export interface LiveWorkspace {
  workspace: string;
  owner: string | null;
  serial: number;
  kind: string;
  problem: string | null;
  instances: number;
  at: string;
}
export interface LiveRun {
  workspace: string;
  runId: string;
  phase: 'started' | 'finished';
  operation: string | null;
  who: string | null;
  forced: boolean;
  at: string;
}
export interface LiveSnapshot {
  scope: string;
  snapshotId: string;
  phase: 'started' | 'completed' | 'failed';
  listed: number | null;
  reason: string | null;
  at: string;
}
