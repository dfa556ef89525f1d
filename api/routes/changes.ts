// Changes: what the providers' feeds reported. They belong to objects, not to workspaces.
import { changesPage } from '../../projections/clickhouse/changes.ts';
import type { Routes } from '../dependencies.ts';
import { timeOf } from '../times.ts';
import { ChangeSchema, ChangesQuery, pageOf } from '../types.ts';

export const changes: Routes = (app, context) => {
  app.get(
    '/api/v1/changes',
    {
      config: { scope: 'read', allWorkspaces: true },
      schema: {
        operationId: 'listChanges',
        summary: 'Entries of the providers’ feeds, newest first',
        tags: ['changes'],
        querystring: ChangesQuery,
        response: { 200: pageOf(ChangeSchema) },
      },
    },
    async (request) => {
      const { since, until, ...filter } = request.query;
      return changesPage(context, {
        ...filter,
        org: context.org,
        ...(since === undefined ? {} : { since: timeOf(since) }),
        ...(until === undefined ? {} : { until: timeOf(until) }),
      });
    },
  );
};
