// Snapshots: complete listings of scopes, and the wish for one.
import { snapshotsPage } from '../../projections/postgres/coverage-queries.ts';
import type { Routes } from '../dependencies.ts';
import { answerOutcome } from '../outcomes.ts';
import { pageOf, RequestSchema, SnapshotBody, SnapshotSchema, SnapshotsQuery } from '../types.ts';

export const snapshots: Routes = (app, context) => {
  const { org } = context;
  app.get(
    '/api/v1/snapshots',
    {
      config: { scope: 'read', allWorkspaces: true },
      schema: {
        operationId: 'listSnapshots',
        summary: 'The newest attempt of each scope, and its newest complete listing',
        tags: ['snapshots'],
        querystring: SnapshotsQuery,
        response: { 200: pageOf(SnapshotSchema) },
      },
    },
    async (request) => snapshotsPage(context, { ...request.query, org }),
  );

  app.post(
    '/api/v1/snapshots',
    {
      config: { scope: 'snapshots:write', allWorkspaces: true },
      schema: {
        operationId: 'requestSnapshot',
        summary: 'Ask for a listing now, or for a sweep of a workspace',
        tags: ['snapshots'],
        body: SnapshotBody,
        response: { 200: RequestSchema, 202: RequestSchema },
      },
    },
    async (request, reply) => {
      const { provider, scope } = request.body;
      return answerOutcome(context, request, reply, {
        type: 'snapshot.requested',
        body: { provider, scope: scope ?? null, by: request.principal.name },
        objectKey: null,
      });
    },
  );
};
