// Workspaces and resources, as the API gives them.
import type { Static } from 'typebox';
import Type from 'typebox';
import { ConfigurationSchema } from './configurations.ts';
import { DriftSchema } from './drifts.ts';
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

const RunSchema = object({
  runId: Type.String(),
  operation: Type.String(),
  who: nullableText,
  terraformVersion: nullableText,
  startedAt: time,
});

const DriftCountsSchema = object({
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
  configuration: nullable(ConfigurationSchema),
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
      primary: Type.Boolean({
        description:
          'False where the resource is another object, which this one belongs to: its attributes stand under that one.',
      }),
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
