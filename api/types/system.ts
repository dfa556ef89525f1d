// The server itself, as the API shows it.
import type { Static } from 'typebox';
import Type from 'typebox';
import { json, nullable, nullableText, object, oneOf, text, time } from './forms.ts';

export const HealthSchema = object({ status: oneOf(['ok']) });
export const ReadinessSchema = object({
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String(), { description: 'What is still missing; empty when ready.' }),
});
export type Readiness = Static<typeof ReadinessSchema>;

export const SystemSchema = object({
  org: Type.String(),
  version: Type.String(),
  startedAt: time,
  now: time,
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  partitions: Type.Integer(),
  readers: Type.Array(
    object({
      name: Type.String(),
      kind: oneOf(['processor', 'reactor', 'projection']),
      lag: Type.Integer({ description: 'Records it has still to read, over all its topics.' }),
    }),
  ),
  sources: Type.Array(
    object({
      name: Type.String(),
      status: oneOf(['running', 'waiting', 'finished', 'failed']),
      detail: nullableText,
    }),
  ),
  deadLetters: Type.Integer({ description: 'Dead letters kept.' }),
  liveClients: Type.Integer(),
  configuration: Type.Record(Type.String(), json),
});
export type SystemJson = Static<typeof SystemSchema>;

export const TopologySchema = object({
  diagram: text('Mermaid flowchart.'),
  elements: Type.Array(
    object({
      name: Type.String(),
      kind: oneOf(['source', 'processor', 'reactor', 'projection']),
      reads: Type.Array(Type.String()),
      writes: Type.Array(Type.String()),
    }),
  ),
});
export type TopologyJson = Static<typeof TopologySchema>;

export const DeadLetterSchema = object({
  id: Type.String(),
  at: time,
  reader: Type.String(),
  topic: nullableText,
  partition: nullable(Type.Integer()),
  offset: nullable(Type.Integer()),
  recordKey: nullableText,
  objectKey: nullableText,
  code: Type.String(),
  reason: Type.String(),
  blob: nullable(text('Reference of the original in the encrypted store.')),
});
export type DeadLetterJson = Static<typeof DeadLetterSchema>;

export const ReplayBody = object({
  ids: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      minItems: 1,
      maxItems: 1000,
      description: 'Left out: all that are kept.',
    }),
  ),
});

export const ReplaySchema = object({
  replayed: Type.Integer(),
  skipped: Type.Array(object({ id: Type.String(), reason: Type.String() })),
});
export type ReplayJson = Static<typeof ReplaySchema>;

export const RebuildSchema = object({ projection: Type.String(), status: oneOf(['started']) });
export type RebuildJson = Static<typeof RebuildSchema>;
