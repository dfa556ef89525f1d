// Figures over drifts: how many there are of what, and for how long they stood.

import { exposure } from '../../projections/clickhouse/drift-transitions.ts';
import { driftCounts } from '../../projections/postgres/open-drifts.ts';
import type { Routes } from '../dependencies.ts';
import { InputMistakes } from '../problems.ts';
import { timeOf } from '../times.ts';
import { DriftCountSchema, DriftCountsQuery, ExposureQuery, ExposureSchema, listOf } from '../types.ts';

const MONTH_MS = 30 * 86_400_000;

export const analytics: Routes = (app, context) => {
  const { org, clock } = context;
  app.get(
    '/api/v1/analytics/drifts',
    {
      config: { scope: 'read', allWorkspaces: true },
      schema: {
        operationId: 'countDrifts',
        summary: 'How many unresolved drifts there are, by owner, workspace, severity, confidence and status',
        tags: ['analytics'],
        querystring: DriftCountsQuery,
        response: { 200: listOf(DriftCountSchema) },
      },
    },
    async (request) => ({ items: await driftCounts(context, { ...request.query, org }) }),
  );

  app.get(
    '/api/v1/analytics/exposure',
    {
      config: { scope: 'read', allWorkspaces: true },
      schema: {
        operationId: 'getExposure',
        summary: 'For how long confirmed drifts stood open',
        description: 'An accepted, ignored or resolved drift is not exposed.',
        tags: ['analytics'],
        querystring: ExposureQuery,
        response: { 200: listOf(ExposureSchema) },
      },
    },
    async (request) => {
      const { since, until, ...filter } = request.query;
      const end = until === undefined ? clock.now() : timeOf(until);
      const begin = since === undefined ? end - MONTH_MS : timeOf(since);
      if (begin >= end) throw new InputMistakes([{ path: 'query.since', message: 'must be before until' }]);
      return { items: await exposure(context, { ...filter, org, since: begin, until: end }) };
    },
  );
};
