// Coverage: what is watched by what, and the gaps, which come first.
import { coveragePage } from '../../projections/postgres/coverage-queries.ts';
import type { Routes } from '../dependencies.ts';
import { CoverageQuery, CoverageSchema, pageOf } from '../types.ts';

export const coverage: Routes = (app, context) => {
  app.get(
    '/api/v1/coverage',
    {
      config: { scope: 'read', allWorkspaces: true },
      schema: {
        operationId: 'listCoverage',
        summary: 'Every type and scope in which something is declared, gaps first',
        tags: ['coverage'],
        querystring: CoverageQuery,
        response: { 200: pageOf(CoverageSchema) },
      },
    },
    async (request) => coveragePage(context, { ...request.query, org: context.org }),
  );
};
