// The list of projections, and what the API asks them. To add one: its file, and its line here.
import type { Projection } from '../runtime/projection.ts';
import { changes } from './clickhouse/changes.ts';
import { driftTransitions } from './clickhouse/drift-transitions.ts';
import { resourceVersions } from './clickhouse/resource-versions.ts';
import { coverage } from './postgres/coverage.ts';
import { openDrifts } from './postgres/open-drifts.ts';
import { requests } from './postgres/requests.ts';
import { resources } from './postgres/resources.ts';
import { workspaces } from './postgres/workspaces.ts';

export const PROJECTIONS: readonly Projection[] = [
  workspaces,
  resources,
  openDrifts,
  coverage,
  requests,
  changes,
  driftTransitions,
  resourceVersions,
];

export * from './clickhouse/changes.ts';
export * from './clickhouse/drift-transitions.ts';
export * from './clickhouse/resource-versions.ts';
export * from './drift-json.ts';
export * from './postgres/coverage-queries.ts';
export * from './postgres/open-drifts.ts';
export * from './postgres/requests.ts';
export * from './postgres/resource-queries.ts';
export * from './postgres/workspaces.ts';
export * from './queries.ts';
