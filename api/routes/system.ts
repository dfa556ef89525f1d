// The server itself: how far its parts are, what was refused, and the operations of who runs it.
import Type from 'typebox';
import { deadLettersPage } from '../../projections/postgres/coverage-queries.ts';
import { replayDeadLetters } from '../dead-letters.ts';
import type { Routes } from '../dependencies.ts';
import { systemState } from '../system-state.ts';
import {
  DeadLetterSchema,
  PageQuery,
  pageOf,
  RebuildSchema,
  ReplayBody,
  ReplaySchema,
  SystemSchema,
  TopologySchema,
} from '../types.ts';

const Projection = Type.Object({ projection: Type.String({ minLength: 1, maxLength: 100 }) });

export const system: Routes = (app, context) => {
  const { org } = context;
  const state = systemState(context);
  app.get(
    '/api/v1/system',
    {
      config: { scope: 'read', allWorkspaces: true },
      schema: {
        operationId: 'getSystem',
        summary: 'What runs, how far it is behind, what is missing',
        tags: ['system'],
        response: { 200: SystemSchema },
      },
    },
    async (request) => state(request.log),
  );

  app.get(
    '/api/v1/system/topology',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getTopology',
        summary: 'What reads and writes which topic',
        tags: ['system'],
        response: { 200: TopologySchema },
      },
    },
    async () => context.topology,
  );

  app.get(
    '/api/v1/system/dead-letters',
    {
      config: { scope: 'admin', allWorkspaces: true },
      schema: {
        operationId: 'listDeadLetters',
        summary: 'What could not be processed, newest first',
        tags: ['system'],
        querystring: PageQuery,
        response: { 200: pageOf(DeadLetterSchema) },
      },
    },
    async (request) => deadLettersPage(context, { ...request.query, org }),
  );

  app.post(
    '/api/v1/system/dead-letters/replay',
    {
      config: { scope: 'admin', allWorkspaces: true },
      schema: {
        operationId: 'replayDeadLetters',
        summary: 'Append the originals of dead letters again',
        description:
          'Only what came from a topic can be replayed; what a source refused is read again by the source.',
        tags: ['system'],
        body: ReplayBody,
        response: { 200: ReplaySchema },
      },
    },
    async (request) => {
      const outcome = await replayDeadLetters(context, request.body.ids);
      request.log.info({ by: request.principal.id, ...outcome }, 'dead letters were replayed');
      return outcome;
    },
  );

  app.post(
    '/api/v1/system/projections/:projection/rebuild',
    {
      config: { scope: 'admin', allWorkspaces: true },
      schema: {
        operationId: 'rebuildProjection',
        summary: 'Fill a projection anew from the log; the old one serves until it is there',
        tags: ['system'],
        params: Projection,
        response: { 202: RebuildSchema },
      },
    },
    async (request, reply) => {
      const { projection } = request.params;
      await context.rebuild(projection);
      request.log.info({ by: request.principal.id, projection }, 'a rebuild was started');
      return reply.status(202).send({ projection, status: 'started' as const });
    },
  );

  app.get(
    '/metrics',
    {
      config: { scope: 'metrics:read', allWorkspaces: true },
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics in the text format of Prometheus',
        tags: ['system'],
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type(context.metrics.contentType).send(await context.metrics.metrics()),
  );

  app.get(
    '/openapi.json',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getOpenApi',
        summary: 'This document',
        tags: ['system'],
        response: { 200: Type.Unknown({ description: 'OpenAPI 3.1' }) },
      },
    },
    async () => app.swagger(),
  );
};
