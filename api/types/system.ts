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

const SourceSchema = object({
  name: Type.String(),
  status: oneOf(['running', 'waiting', 'finished', 'failed']),
  detail: nullableText,
});

const READER_KINDS = ['processor', 'reactor', 'projection'] as const;
const records = (description: string) => nullable(Type.Integer({ description }));

export const ProcessSchema = object({
  id: text('Its own since it started: another start has another.'),
  roles: Type.Array(oneOf(['producers', 'processors', 'projections', 'api'])),
  url: nullable(text('Base URL of the API it serves; null when it serves none.')),
  startedAt: time,
  seenAt: time,
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  readers: Type.Array(
    object({
      name: Type.String(),
      kind: oneOf(READER_KINDS),
      lag: records('Records it has still to read in what it holds; null: not known.'),
      partitions: Type.Array(
        object(
          {
            partition: Type.Integer(),
            phase: oneOf(['restoring', 'running', 'retrying', 'stopped']),
            reason: nullableText,
            lag: records('Records it has still to read; null: not known.'),
            restored: nullable(
              object(
                { read: Type.Integer(), of: Type.Integer() },
                'While it restores: records folded, of how many.',
              ),
            ),
            deadLetters: Type.Integer({ description: 'Since it was last started.' }),
          },
          'What it holds. Projections hold all partitions and list none.',
        ),
      ),
    }),
  ),
  sources: Type.Array(SourceSchema),
});
export type ProcessJson = Static<typeof ProcessSchema>;

export const SystemSchema = object({
  org: Type.String(),
  version: Type.String(),
  startedAt: time,
  now: time,
  ready: Type.Boolean({ description: 'Whether the process that answers is ready.' }),
  reasons: Type.Array(Type.String()),
  unknown: Type.Array(Type.String(), {
    description: 'What could not be found out for this answer, and why: those parts are empty.',
  }),
  partitions: Type.Integer(),
  readers: Type.Array(
    object({
      name: Type.String(),
      kind: oneOf(READER_KINDS),
      lag: Type.Integer({ description: 'Records it has still to read, over all its topics.' }),
    }),
  ),
  sources: Type.Array(SourceSchema),
  processes: Type.Array(ProcessSchema, { description: 'Those that are known to live. Up to 2 seconds old.' }),
  topics: Type.Array(
    object({
      name: Type.String(),
      partitions: Type.Array(
        object({
          partition: Type.Integer(),
          start: Type.Integer({ description: 'The first offset that is kept.' }),
          end: Type.Integer({ description: 'The offset after the last record.' }),
        }),
      ),
    }),
    { description: 'Up to 2 seconds old. Offsets have gaps where records were compacted away.' },
  ),
  groups: Type.Array(
    object({
      name: Type.String(),
      kind: oneOf(['processor', 'reactor']),
      lag: Type.Integer(),
      positions: Type.Array(
        object({
          topic: Type.String(),
          partition: Type.Integer(),
          committed: nullable(Type.Integer({ description: 'The next offset to read; null: none yet.' })),
          lag: Type.Integer(),
        }),
      ),
    }),
    { description: 'How far each has committed, in all processes together. Up to 2 seconds old.' },
  ),
  cache: object({
    reachable: Type.Boolean({ description: 'Whether processes share limits and live events.' }),
    since: time,
    reason: nullableText,
  }),
  deadLetters: Type.Integer({ description: 'Dead letters that were not replayed.' }),
  refused: Type.Array(
    object({ reader: Type.String(), code: Type.String(), count: Type.Integer(), lastAt: time }),
    { description: 'Dead letters that were not replayed, by who refused them and why; the latest first.' },
  ),
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
      description: 'Left out: all that were not replayed yet.',
    }),
  ),
});

export const ReplaySchema = object({
  replayed: Type.Integer({ description: 'Records appended again: several readers may have refused one.' }),
  skipped: Type.Array(object({ id: Type.String(), reason: Type.String() })),
});
export type ReplayJson = Static<typeof ReplaySchema>;

export const RebuildSchema = object({ projection: Type.String(), status: oneOf(['started']) });
export type RebuildJson = Static<typeof RebuildSchema>;
