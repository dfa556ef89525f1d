// Changes: what the providers' feeds reported. They belong to objects, not to workspaces: a key
// that is limited to some sees those of an object that they declare.
import { changesPage } from '../../projections/clickhouse/changes.ts';
import { positionsOf } from '../../projections/queries.ts';
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
      const asked = {
        ...filter,
        org: context.org,
        ...(since === undefined ? {} : { since: timeOf(since) }),
        ...(until === undefined ? {} : { until: timeOf(until) }),
      };
      // Asked before the page: what is remembered under them is at least as new.
      const at = await positionsOf(context, 'changes');
      const table = context.serving.table('changes', 'changes');
      return context.remembered.take(JSON.stringify(['changes', table, at, asked]), () =>
        changesPage(context, asked),
      );
    },
  );
};
