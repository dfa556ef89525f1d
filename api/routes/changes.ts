// Changes: what the providers' feeds reported. They belong to objects, not to workspaces: a key
// that is limited to some sees those of an object that they declare.
import { changesPage } from '../../projections/clickhouse/changes.ts';
import type { Routes } from '../dependencies.ts';
import { timeOf } from '../times.ts';
import { ChangeSchema, ChangesQuery, pageOf } from '../types.ts';
import { requireDeclared } from '../visibility.ts';

export const changes: Routes = (app, context) => {
  app.get(
    '/api/v1/changes',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listChanges',
        summary:
          'Entries of the providers’ feeds, newest first; with a key for some workspaces, of one object that they declare',
        tags: ['changes'],
        querystring: ChangesQuery,
        response: { 200: pageOf(ChangeSchema) },
      },
    },
    async (request) => {
      const { since, until, ...filter } = request.query;
      await requireDeclared(context, request.principal, filter.objectKey);
      return changesPage(context, {
        ...filter,
        org: context.org,
        ...(since === undefined ? {} : { since: timeOf(since) }),
        ...(until === undefined ? {} : { until: timeOf(until) }),
      });
    },
  );
};
