// Coverage: what is watched by what, and the gaps, which come first.
import { coveragePage } from '../../projections/postgres/coverage-queries.ts';
import type { Routes } from '../dependencies.ts';
import { CoverageQuery, CoverageSchema, pageOf } from '../types.ts';
import { visibleWorkspaces } from '../visibility.ts';

export const coverage: Routes = (app, context) => {
  app.get(
    '/api/v1/coverage',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listCoverage',
        summary:
          'Every type and scope in which something is declared (by the workspaces of the key), gaps first',
        tags: ['coverage'],
        querystring: CoverageQuery,
        response: { 200: pageOf(CoverageSchema) },
      },
    },
    async (request) => {
      const { org } = context;
      const workspaces = await visibleWorkspaces(context, org, request.principal);
      return coveragePage(context, { ...request.query, org, ...(workspaces ? { workspaces } : {}) });
    },
  );
};
