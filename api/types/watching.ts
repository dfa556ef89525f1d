// What is watched and what was seen: changes, coverage, snapshots, as the API gives them.
import type { Static } from 'typebox';
import Type from 'typebox';
import { ActorSchema, VERBS, VIAS } from './drifts.ts';
import {
  filter,
  json,
  many,
  nullable,
  nullableText,
  nullableTime,
  object,
  oneOf,
  paging,
  text,
  time,
} from './forms.ts';

export const ChangeSchema = object({
  id: Type.String(),
  at: time,
  recordedAt: time,
  source: Type.String(),
  provider: Type.String(),
  account: nullableText,
  region: nullableText,
  service: Type.String(),
  operation: Type.String(),
  verb: oneOf(VERBS),
  objectKey: nullableText,
  targets: Type.Array(object({ type: Type.String(), id: nullableText })),
  actor: ActorSchema,
  providerEventId: Type.String(),
  requestId: nullableText,
  parameters: json,
});
export type ChangeJson = Static<typeof ChangeSchema>;

export const ChangesQuery = object({
  ...paging,
  objectKey: filter,
  provider: filter,
  account: filter,
  region: filter,
  service: filter,
  operation: filter,
  type: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'Terraform type of a target.' }),
  ),
  actor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'Principal or name of the actor.' }),
  ),
  via: many(VIAS),
  verb: many(VERBS),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'From then on.' })),
  until: Type.Optional(Type.String({ format: 'date-time', description: 'Before then.' })),
});
export type ChangesQuery = Static<typeof ChangesQuery>;

export const ReadFailureSchema = object({
  code: text('What kind of failure: denied, throttled, no-reader, …'),
  reason: text('What happened the last time, and what to do about it.'),
  count: Type.Integer({ description: 'Instances it concerns.' }),
  lastAt: time,
  workspace: text('Of one of them.'),
  address: text('Of the same one.'),
});
export type ReadFailureJson = Static<typeof ReadFailureSchema>;

export const CoverageSchema = object({
  provider: Type.String(),
  account: nullableText,
  region: nullableText,
  type: Type.String(),
  scope: text('provider/account/region/type, - for what does not apply'),
  declared: Type.Integer({ description: 'Managed instances declared in this scope.' }),
  observed: Type.Integer({ description: 'Of those, how many were observed at least once.' }),
  status: oneOf(['covered', 'partial', 'unknown', 'uncovered']),
  reasons: Type.Array(Type.String(), { description: 'Why it is not fully covered; empty when it is.' }),
  byFeed: nullable(text('Source of changes.')),
  bySnapshot: nullable(text('Source of listings.')),
  lastCompletedAt: nullableTime,
  attributes: Type.Array(Type.String(), { description: 'Attributes that are compared.' }),
  failures: Type.Array(ReadFailureSchema, {
    description:
      'Declared instances that could not be read and were not observed since, by what kept them from it.',
  }),
});
export type CoverageJson = Static<typeof CoverageSchema>;

export const CoverageQuery = object({
  ...paging,
  provider: filter,
  status: many(['covered', 'partial', 'unknown', 'uncovered']),
});
export type CoverageQuery = Static<typeof CoverageQuery>;

export const SnapshotSchema = object({
  scope: text('provider/account/region/type, - for what does not apply'),
  source: Type.String(),
  status: oneOf(['running', 'completed', 'failed']),
  snapshotId: Type.String(),
  startedAt: nullableTime,
  completedAt: nullable(text('Newest complete listing, whatever came after it.')),
  listed: nullable(Type.Integer()),
  published: nullable(Type.Integer()),
  attributes: Type.Array(Type.String()),
  reason: nullable(text('Why the newest attempt failed.')),
  retryAt: nullableTime,
});
export type SnapshotJson = Static<typeof SnapshotSchema>;

export const SnapshotsQuery = object({ ...paging, provider: filter });
export type SnapshotsQuery = Static<typeof SnapshotsQuery>;

export const SnapshotBody = object({
  provider: Type.String({ minLength: 1, maxLength: 64 }),
  scope: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description:
        'Left out: all scopes of the provider. Of the provider `terraform` it is the workspace whose declared resources are all read anew.',
    }),
  ),
});
export type SnapshotBody = Static<typeof SnapshotBody>;
