// Drifts, their steps, and the wishes about them, as the API takes and gives them.
import type { Static } from 'typebox';
import Type from 'typebox';
import {
  filter,
  json,
  many,
  nullable,
  nullableText,
  nullableTime,
  object,
  oneOf,
  pageOf,
  paging,
  text,
  time,
} from './forms.ts';

export const DRIFT_KINDS = ['modified', 'missing', 'unmanaged', 'contested'] as const;
export const CONFIDENCES = ['confirmed', 'suspected', 'unverified'] as const;
const CERTAINTIES = ['high', 'low'] as const;
export const DRIFT_STATUSES = ['open', 'acknowledged', 'accepted', 'resolved'] as const;
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export const VIAS = ['console', 'cli', 'sdk', 'terraform', 'pipeline', 'service', 'unknown'] as const;
export const VERBS = ['create', 'update', 'delete', 'tag', 'unknown'] as const;
const RESOLUTIONS = [
  'reverted',
  'declared',
  'adopted',
  'accepted',
  'removed',
  'dismissed',
  'ignored',
  'expired',
] as const;

export const ActorSchema = object({
  principal: text("Provider's own name; 'unknown' when the feed does not say."),
  name: Type.String(),
  via: oneOf(VIAS),
  sourceIp: nullableText,
  userAgent: nullableText,
  session: nullableText,
  eventIds: Type.Array(Type.String()),
  operations: Type.Array(Type.String(), {
    description:
      'What was called, one for each of the event ids, in their order; empty where it is not known.',
  }),
  certainty: oneOf(CERTAINTIES),
});
export type ActorJson = Static<typeof ActorSchema>;

const DifferenceSchema = object({
  path: Type.String(),
  op: oneOf(['added', 'removed', 'changed']),
  declared: json,
  observed: json,
  configured: nullable(Type.Boolean({ description: 'null: the configuration is not known' })),
});
export type DifferenceJson = Static<typeof DifferenceSchema>;

export const DriftSchema = object({
  id: Type.String(),
  revision: Type.Integer(),
  kind: oneOf(DRIFT_KINDS),
  confidence: oneOf(CONFIDENCES),
  certainty: oneOf(CERTAINTIES),
  status: oneOf(DRIFT_STATUSES),
  absorbed: Type.Boolean({
    description: 'The state has taken over the drifted value, the configuration has not.',
  }),
  severity: oneOf(SEVERITIES),
  org: Type.String(),
  provider: Type.String(),
  account: nullableText,
  region: nullableText,
  objectKey: Type.String(),
  owner: nullableText,
  type: Type.String(),
  resourceId: Type.String(),
  workspace: nullableText,
  address: nullableText,
  stateSerial: nullable(Type.Integer()),
  differences: Type.Array(DifferenceSchema),
  actors: Type.Array(ActorSchema),
  declaredAsOf: nullableTime,
  observedAsOf: nullableTime,
  openedAt: time,
  changedAt: time,
  resolvedAt: nullableTime,
  resolution: nullable(oneOf(RESOLUTIONS)),
  resolvedBy: nullable(text('Id of the event that resolved it.')),
  ignoredBy: nullable(text('Rule that makes it ignored.')),
  note: nullable(text('Why it stands as it does.')),
  acknowledgement: nullable(object({ by: Type.String(), reason: Type.String(), at: time })),
  acceptance: nullable(object({ by: Type.String(), reason: Type.String(), at: time, until: nullableTime })),
  links: Type.Record(Type.String(), Type.String()),
});
export type DriftJson = Static<typeof DriftSchema>;

export const TransitionSchema = object({
  id: text('Id of the event.'),
  type: oneOf([
    'drift.opened',
    'drift.changed',
    'drift.acknowledged',
    'drift.accepted',
    'drift.resolved',
    'drift.reopened',
  ]),
  at: time,
  causedBy: text('Id of the event that made it so.'),
  correlationId: nullableText,
  drift: DriftSchema,
});
export type Transition = Static<typeof TransitionSchema>;

export const TimelineSchema = object({
  ...pageOf(TransitionSchema).properties,
  behind: Type.Integer({
    minimum: 0,
    description:
      'Steps the drift has taken that the history does not show yet, at the end of the last page: ask again shortly. 0: none.',
  }),
});
export type Timeline = Static<typeof TimelineSchema>;

export const DriftsQuery = object({
  ...paging,
  status: many(DRIFT_STATUSES),
  kind: many(DRIFT_KINDS),
  confidence: many(CONFIDENCES),
  severity: many(SEVERITIES),
  workspace: filter,
  owner: filter,
  provider: filter,
  account: filter,
  region: filter,
  type: filter,
  objectKey: filter,
  actor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'Principal or name of an actor.' }),
  ),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Found in id, address, resource id, type, workspace, owner, actors or paths.',
    }),
  ),
  ignored: Type.Optional(
    Type.Boolean({ default: false, description: 'Also those a rule ignores (they do not count as drift).' }),
  ),
});
export type DriftsQuery = Static<typeof DriftsQuery>;

export const AcknowledgeBody = object({ reason: Type.String({ minLength: 1, maxLength: 2000 }) });
export type AcknowledgeBody = Static<typeof AcknowledgeBody>;
export const AcceptBody = object({
  reason: Type.String({ minLength: 1, maxLength: 2000 }),
  until: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'When it expires; left out: until the difference changes.',
    }),
  ),
});
export type AcceptBody = Static<typeof AcceptBody>;

export const RequestSchema = object({
  id: text('Id of the request; asks after it at /api/v1/requests/{id}.'),
  type: nullable(text('drift.accept-requested, …; null when only its outcome is known yet.')),
  by: nullableText,
  correlationId: nullableText,
  status: oneOf(['pending', 'done', 'unnecessary', 'refused']),
  reason: nullableText,
  driftId: nullableText,
  requestedAt: nullableTime,
  settledAt: nullableTime,
});
export type RequestJson = Static<typeof RequestSchema>;
