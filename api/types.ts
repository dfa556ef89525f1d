// What the API takes and gives, as JSON Schemas (TypeBox) and the types they stand for. No code: the server validates
// with these, the OpenAPI document shows them, and the client and the dashboard import the types only.
import type { Static, TSchema } from 'typebox';
import Type from 'typebox';

const object = <P extends Record<string, TSchema>>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** One of literal names; the document lists them. */
const oneOf = <const V extends string[]>(values: readonly [...V]) => Type.Enum<V>(values, { type: 'string' });
const text = (description?: string) => Type.String(description ? { description } : {});
const nullableText = nullable(Type.String());
const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });
const nullableTime = nullable(time);
const json = Type.Unknown({ description: 'Any JSON value; a secret is {"$secret": "<keyed fingerprint>"}' });

export const DRIFT_KINDS = ['modified', 'missing', 'unmanaged', 'contested'] as const;
export const CONFIDENCES = ['confirmed', 'suspected', 'unverified'] as const;
export const CERTAINTIES = ['high', 'low'] as const;
export const DRIFT_STATUSES = ['open', 'acknowledged', 'accepted', 'resolved'] as const;
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export const VIAS = ['console', 'cli', 'sdk', 'terraform', 'pipeline', 'service', 'unknown'] as const;
export const VERBS = ['create', 'update', 'delete', 'tag', 'unknown'] as const;
export const RESOLUTIONS = [
  'reverted',
  'declared',
  'adopted',
  'accepted',
  'removed',
  'dismissed',
  'ignored',
  'expired',
] as const;

/** What a key may do. `admin` stands for all of them but `tfstate:read`, which is always given by name. */
export const SCOPES = [
  'read',
  'drifts:write',
  'snapshots:write',
  'tfstate:read',
  'tfstate:write',
  'metrics:read',
  'admin',
] as const;
export type KeyScope = (typeof SCOPES)[number];

export const ProblemSchema = object(
  {
    type: text('Where the code is explained.'),
    title: Type.String(),
    status: Type.Integer(),
    detail: text('What happened, to what, and what to do.'),
    instance: text('Path that was asked for.'),
    code: text('Stable: dm_not_found, dm_forbidden, …'),
    correlationId: text('Quote it: the log has it.'),
    errors: Type.Optional(
      Type.Array(object({ path: Type.String(), message: Type.String() }), {
        description: 'Every parameter that is wrong, at once.',
      }),
    ),
  },
  'RFC 9457 problem',
);
export type Problem = Static<typeof ProblemSchema>;

export const pageOf = <T extends TSchema>(items: T) =>
  object({
    items: Type.Array(items),
    next: nullable(text('Pass as `cursor` for the next page; null: this was the last one.')),
  });
export interface Page<T> {
  items: T[];
  next: string | null;
}

const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
};
export const PageQuery = object(paging);
export type PageQuery = Static<typeof PageQuery>;

// Drifts ---------------------------------------------------------------------------------------------------------------

export const ActorSchema = object({
  principal: text("Provider's own name; 'unknown' when the feed does not say."),
  name: Type.String(),
  via: oneOf(VIAS),
  sourceIp: nullableText,
  userAgent: nullableText,
  session: nullableText,
  eventIds: Type.Array(Type.String()),
  certainty: oneOf(CERTAINTIES),
});
export type ActorJson = Static<typeof ActorSchema>;

export const DifferenceSchema = object({
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

const many = <const V extends string[]>(values: readonly [...V]) =>
  Type.Optional(Type.Array(oneOf(values), { description: 'Repeat, or separate with commas.', maxItems: 20 }));
const filter = Type.Optional(Type.String({ minLength: 1, maxLength: 512 }));

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

// Workspaces and resources ---------------------------------------------------------------------------------------------

export const RunSchema = object({
  runId: Type.String(),
  operation: Type.String(),
  who: nullableText,
  terraformVersion: nullableText,
  startedAt: time,
});
export type RunJson = Static<typeof RunSchema>;

export const DriftCountsSchema = object({
  confirmed: Type.Integer(),
  suspected: Type.Integer(),
  unverified: Type.Integer(),
  accepted: Type.Integer(),
  absorbed: Type.Integer(),
});

export const WorkspaceSchema = object({
  name: Type.String(),
  owner: nullableText,
  backend: text('http, file, …'),
  serial: Type.Integer(),
  lineage: Type.String(),
  terraformVersion: nullableText,
  kind: text('What the newest boundary was: write, rollback, checked, removed, unreadable.'),
  problem: nullable(text('Why the state cannot be read; its resources are then unknown.')),
  pushed: Type.Boolean({ description: 'True: every write reaches us by itself.' }),
  instances: Type.Integer(),
  publishedAt: time,
  lastWrite: nullable(object({ kind: Type.String(), at: time, by: nullableText })),
  writtenBy: nullableText,
  run: nullable(RunSchema),
  lastRunFinishedAt: nullableTime,
  drifts: DriftCountsSchema,
});
export type WorkspaceJson = Static<typeof WorkspaceSchema>;

export const WorkspaceDetailSchema = object({
  ...WorkspaceSchema.properties,
  resources: object({
    declared: Type.Integer(),
    inSync: Type.Integer(),
    drifted: Type.Integer(),
    unknown: Type.Integer(),
  }),
});
export type WorkspaceDetail = Static<typeof WorkspaceDetailSchema>;

export const WorkspacesQuery = object({
  ...paging,
  owner: filter,
  q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Found in the name.' })),
});
export type WorkspacesQuery = Static<typeof WorkspacesQuery>;

export const RESOURCE_STATUSES = ['in_sync', 'drifted', 'unknown'] as const;

export const ResourceSchema = object({
  objectKey: Type.String(),
  workspace: Type.String(),
  address: Type.String(),
  owner: nullableText,
  provider: Type.String(),
  account: nullableText,
  region: nullableText,
  scopeProblem: nullable(text('Why account or region could not be told; the resource is then unknown.')),
  type: Type.String(),
  resourceId: Type.String(),
  serial: Type.Integer(),
  tainted: Type.Boolean(),
  deposed: nullableText,
  declaredAsOf: time,
  observedAsOf: nullable(
    text('When it was last seen: observed itself, or its scope completely listed since, RFC 3339.'),
  ),
  status: oneOf(RESOURCE_STATUSES),
  statusReason: nullable(text('Why it is unknown.')),
  drifts: Type.Array(Type.String(), { description: 'Ids of its unresolved drifts.' }),
});
export type ResourceJson = Static<typeof ResourceSchema>;

export const ResourceDetailSchema = object({
  objectKey: Type.String(),
  asOf: time,
  declarations: Type.Array(
    object({
      workspace: Type.String(),
      address: Type.String(),
      type: Type.String(),
      resourceId: Type.String(),
      owner: nullableText,
      serial: Type.Integer(),
      declaredAsOf: time,
      withdrawn: Type.Boolean(),
      scopeProblem: nullableText,
      attributes: json,
    }),
  ),
  observations: Type.Array(
    object({
      type: Type.String(),
      resourceId: Type.String(),
      source: Type.String(),
      via: nullable(text('feed, snapshot or read')),
      observedAsOf: time,
      vanished: Type.Boolean(),
      attributes: json,
    }),
  ),
  drifts: Type.Array(DriftSchema),
});
export type ResourceDetail = Static<typeof ResourceDetailSchema>;

export const ResourcesQuery = object({
  ...paging,
  workspace: filter,
  owner: filter,
  provider: filter,
  account: filter,
  region: filter,
  type: filter,
  address: filter,
  resourceId: filter,
  objectKey: filter,
  status: many(RESOURCE_STATUSES),
  q: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Found in address or resource id.' }),
  ),
});
export type ResourcesQuery = Static<typeof ResourcesQuery>;

export const AtQuery = object({
  at: Type.Optional(
    Type.String({ format: 'date-time', description: 'As it was at this time; left out: as it is now.' }),
  ),
});
export type AtQuery = Static<typeof AtQuery>;

export const WorkspaceDriftsQuery = object({ ...paging, ...AtQuery.properties });
export type WorkspaceDriftsQuery = Static<typeof WorkspaceDriftsQuery>;

// Changes, coverage, snapshots -----------------------------------------------------------------------------------------

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
    Type.String({ minLength: 1, maxLength: 512, description: 'Left out: all scopes of the provider.' }),
  ),
});
export type SnapshotBody = Static<typeof SnapshotBody>;

// Analytics ------------------------------------------------------------------------------------------------------------

export const DriftCountSchema = object({
  owner: nullableText,
  workspace: nullableText,
  severity: oneOf(SEVERITIES),
  confidence: oneOf(CONFIDENCES),
  status: oneOf(DRIFT_STATUSES),
  count: Type.Integer(),
});
export type DriftCount = Static<typeof DriftCountSchema>;
export const DriftCountsQuery = object({ workspace: filter, owner: filter, provider: filter });
export type DriftCountsQuery = Static<typeof DriftCountsQuery>;

export const ExposureSchema = object({
  owner: nullableText,
  workspace: nullableText,
  severity: oneOf(SEVERITIES),
  drifts: Type.Integer({ description: 'Confirmed drifts that stood open in the time asked for.' }),
  standing: Type.Integer({ description: 'Of those, still open at its end.' }),
  seconds: Type.Integer({ description: 'Sum of the times they stood open.' }),
  longest: Type.Integer({ description: 'The longest of them, seconds.' }),
});
export type ExposureJson = Static<typeof ExposureSchema>;
export const ExposureQuery = object({
  since: Type.Optional(
    Type.String({ format: 'date-time', description: 'Left out: 30 days before `until`.' }),
  ),
  until: Type.Optional(Type.String({ format: 'date-time', description: 'Left out: now.' })),
  workspace: filter,
  owner: filter,
});
export type ExposureQuery = Static<typeof ExposureQuery>;

export const listOf = <T extends TSchema>(items: T) => object({ items: Type.Array(items) });

// System ---------------------------------------------------------------------------------------------------------------

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

// Keys -----------------------------------------------------------------------------------------------------------------

export const KeySchema = object({
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(oneOf(SCOPES)),
  workspaces: nullable(Type.Array(Type.String(), { description: 'Globs; null: all workspaces.' })),
  createdAt: time,
  createdBy: Type.String(),
  expiresAt: nullableTime,
  revokedAt: nullableTime,
  lastUsedAt: nullableTime,
});
export type KeyJson = Static<typeof KeySchema>;

export const CreateKeyBody = object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  scopes: Type.Array(oneOf(SCOPES), { minItems: 1, uniqueItems: true }),
  workspaces: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 100 }),
  ),
  expiresAt: Type.Optional(time),
});
export type CreateKeyBody = Static<typeof CreateKeyBody>;

export const CreatedKeySchema = object({
  key: text('The key itself: shown once, never again.'),
  ...KeySchema.properties,
});
export type CreatedKey = Static<typeof CreatedKeySchema>;

// Live events ----------------------------------------------------------------------------------------------------------

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
