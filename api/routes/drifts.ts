// Drifts: what has drifted, who did it, and the decisions of people about it.
import Type from 'typebox';
import { driftTimeline } from '../../projections/clickhouse/drift-transitions.ts';
import type { DriftJson } from '../../projections/drift-json.ts';
import { driftById, driftsPage } from '../../projections/postgres/open-drifts.ts';
import type { Context, Routes } from '../dependencies.ts';
import type { Principal } from '../keys.ts';
import { linked } from '../links.ts';
import { answerOutcome, untilVisible } from '../outcomes.ts';
import { InputMistakes, notFound } from '../problems.ts';
import { timelineOf } from '../timelines.ts';
import { timeOf } from '../times.ts';
import {
  AcceptBody,
  AcknowledgeBody,
  DriftSchema,
  DriftsQuery,
  PageQuery,
  pageOf,
  RequestSchema,
  TimelineSchema,
} from '../types.ts';
import { maySee, visibleWorkspaces } from '../visibility.ts';

const Params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });

export const drifts: Routes = (app, context) => {
  const { org, clock } = context;
  app.get(
    '/api/v1/drifts',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDrifts',
        summary: 'Drifts, the worst first, then the latest changed',
        description: 'Without `status`: all but resolved. Resolved ones are listed for 30 days.',
        tags: ['drifts'],
        querystring: DriftsQuery,
        response: { 200: pageOf(DriftSchema) },
      },
    },
    async (request) => {
      const workspaces = await visibleWorkspaces(context, org, request.principal);
      const page = await driftsPage(context, {
        ...request.query,
        org,
        ...(workspaces ? { workspaces } : {}),
      });
      return { items: page.items.map(linked), next: page.next };
    },
  );

  app.get(
    '/api/v1/drifts/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getDrift',
        summary: 'One drift',
        tags: ['drifts'],
        params: Params,
        response: { 200: DriftSchema },
      },
    },
    async (request) => linked(await driftFor(context, request.principal, request.params.id)),
  );

  app.get(
    '/api/v1/drifts/:id/timeline',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getDriftTimeline',
        summary: 'Every step of one drift, oldest first, each with the whole drift as it stood then',
        description:
          'The history follows drifts by a moment: a drift whose first step it does not show yet is waited for, up to a second.',
        tags: ['drifts'],
        params: Params,
        querystring: PageQuery,
        response: { 200: TimelineSchema },
      },
    },
    async (request) => {
      const drift = await driftFor(context, request.principal, request.params.id);
      return timelineOf(context, drift, request.query);
    },
  );

  app.post(
    '/api/v1/drifts/:id/acknowledge',
    {
      config: { scope: 'drifts:write' },
      schema: {
        operationId: 'acknowledgeDrift',
        summary: 'Say that someone is on it',
        description:
          '200 with the outcome; 202 with its address when it takes longer; 409 when it was refused.',
        tags: ['drifts'],
        params: Params,
        body: AcknowledgeBody,
        response: { 200: RequestSchema, 202: RequestSchema },
      },
    },
    async (request, reply) => {
      const drift = await driftFor(context, request.principal, request.params.id);
      const outcome = await answerOutcome(context, request, reply, {
        type: 'drift.acknowledge-requested',
        body: { driftId: drift.id, by: request.principal.name, reason: request.body.reason },
        objectKey: drift.objectKey,
      });
      if (outcome.status === 'done') await untilVisible(context, drift);
      return outcome;
    },
  );

  app.post(
    '/api/v1/drifts/:id/accept',
    {
      config: { scope: 'drifts:write' },
      schema: {
        operationId: 'acceptDrift',
        summary: 'Accept it as it is, for a while or until the difference changes',
        description:
          '200 with the outcome; 202 with its address when it takes longer; 409 when it was refused.',
        tags: ['drifts'],
        params: Params,
        body: AcceptBody,
        response: { 200: RequestSchema, 202: RequestSchema },
      },
    },
    async (request, reply) => {
      const { reason } = request.body;
      const until = request.body.until === undefined ? null : timeOf(request.body.until);
      if (until !== null && until <= clock.now())
        throw new InputMistakes([{ path: 'body.until', message: 'must be in the future' }]);
      const drift = await driftFor(context, request.principal, request.params.id);
      const outcome = await answerOutcome(context, request, reply, {
        type: 'drift.accept-requested',
        body: { driftId: drift.id, by: request.principal.name, reason, until },
        objectKey: drift.objectKey,
      });
      if (outcome.status === 'done') await untilVisible(context, drift);
      return outcome;
    },
  );
};

/** DM_NOT_FOUND also for what the key may not see: it need not learn that it exists. */
async function driftFor(context: Context, principal: Principal, id: string): Promise<DriftJson> {
  const drift = (await driftById(context, { org: context.org, id })) ?? (await lastOf(context, id));
  if (!drift || !maySee(principal, drift.workspace)) throw notFound(`drift ${id}`);
  return drift;
}

/** One that was resolved more than 30 days ago is in the history only. */
async function lastOf(context: Context, driftId: string): Promise<DriftJson | null> {
  let last: DriftJson | null = null;
  let cursor: string | undefined;
  do {
    const page = await driftTimeline(context, {
      org: context.org,
      driftId,
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    last = page.items.at(-1)?.drift ?? last;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return last;
}
