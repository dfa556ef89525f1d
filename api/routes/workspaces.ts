// Workspaces: how fresh each is, who holds its lock, what has drifted in it.
import Type from 'typebox';
import { driftsAt } from '../../projections/clickhouse/drift-transitions.ts';
import { driftsPage } from '../../projections/postgres/open-drifts.ts';
import { resourceCounts } from '../../projections/postgres/resource-queries.ts';
import { configurationOf, workspaceByName, workspacesPage } from '../../projections/postgres/workspaces.ts';
import { requireWorkspace } from '../authentication.ts';
import type { Routes } from '../dependencies.ts';
import { linked } from '../links.ts';
import { notFound } from '../problems.ts';
import { timeOf } from '../times.ts';
import {
  DriftSchema,
  pageOf,
  WorkspaceDetailSchema,
  WorkspaceDriftsQuery,
  WorkspaceSchema,
  WorkspacesQuery,
} from '../types.ts';
import { visibleWorkspaces } from '../visibility.ts';
import { configurationJson } from './configurations.ts';

const Params = Type.Object({ workspace: Type.String({ minLength: 1, maxLength: 512 }) });

export const workspaces: Routes = (app, context) => {
  const { org } = context;
  app.get(
    '/api/v1/workspaces',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listWorkspaces',
        summary: 'Workspaces, by name',
        tags: ['workspaces'],
        querystring: WorkspacesQuery,
        response: { 200: pageOf(WorkspaceSchema) },
      },
    },
    async (request) => {
      const names = await visibleWorkspaces(context, org, request.principal);
      return workspacesPage(context, { ...request.query, org, ...(names ? { names } : {}) });
    },
  );

  app.get(
    '/api/v1/workspaces/:workspace',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getWorkspace',
        summary: 'One workspace',
        tags: ['workspaces'],
        params: Params,
        response: { 200: WorkspaceDetailSchema },
      },
    },
    async (request) => {
      const name = request.params.workspace;
      requireWorkspace(request.principal, name);
      const [workspace, resources, known] = await Promise.all([
        workspaceByName(context, { org, name }),
        resourceCounts(context, { org, workspace: name }),
        configurationOf(context, { org, name }),
      ]);
      if (!workspace) throw notFound(`workspace ${name}`);
      return { ...workspace, resources, configuration: known && configurationJson(known) };
    },
  );

  app.get(
    '/api/v1/workspaces/:workspace/drifts',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listWorkspaceDrifts',
        summary: 'Its unresolved drifts, now or as of a time',
        description:
          'As of a time they are in order of id; now the worst come first. Ignored ones are left out.',
        tags: ['workspaces'],
        params: Params,
        querystring: WorkspaceDriftsQuery,
        response: { 200: pageOf(DriftSchema) },
      },
    },
    async (request) => {
      const name = request.params.workspace;
      requireWorkspace(request.principal, name);
      if (!(await workspaceByName(context, { org, name }))) throw notFound(`workspace ${name}`);
      const { at, ...page } = request.query;
      const found =
        at === undefined
          ? await driftsPage(context, { ...page, org, workspace: name })
          : await driftsAt(context, { ...page, org, workspace: name, at: timeOf(at) });
      return { items: found.items.map(linked), next: found.next };
    },
  );
};
