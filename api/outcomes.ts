// Answers a wish by its outcome: 200 when it was done (or was so already), 409 when refused, 202 when it takes longer.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DriftJson, iso } from '../projections/drift-json.ts';
import { driftById } from '../projections/postgres/open-drifts.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Context } from './dependencies.ts';
import type { WishBody } from './requests.ts';
import type { RequestJson } from './types.ts';

/**
 * Waits until reads show what a settled wish did, so that who asked and then looks sees it. Bounded: when projections are
 * far behind, the answer is right all the same, only ahead of them.
 */
export async function untilVisible(context: Context, drift: DriftJson): Promise<void> {
  const { clock, limits, org } = context;
  const end = clock.now() + limits.visibleWaitMs;
  while (clock.now() < end) {
    const now = await driftById(context, { org, id: drift.id });
    if (now === null || now.revision !== drift.revision) return;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 20;

export async function answerOutcome(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: WishBody & { objectKey: string | null },
): Promise<RequestJson> {
  const asked = context.clock.now();
  const { requestId, settled } = await context.requests.ask({ ...wish, correlationId: request.id });
  const driftId = 'driftId' in wish.body ? wish.body.driftId : null;
  request.log.info(
    { request: requestId, type: wish.type, by: request.principal.id, outcome: settled?.outcome ?? 'pending' },
    'a request was made',
  );
  if (settled?.outcome === 'refused') {
    throw new DriftError(`request ${requestId} was refused`, {
      code: 'DM_REQUEST_REFUSED',
      retriable: false,
      ...(settled.reason === null ? {} : { public: settled.reason }),
    });
  }
  if (!settled) reply.status(202).header('location', `/api/v1/requests/${encodeURIComponent(requestId)}`);
  return {
    id: requestId,
    type: wish.type,
    by: wish.body.by,
    correlationId: request.id,
    status: settled?.outcome ?? 'pending',
    reason: settled?.reason ?? null,
    driftId: settled?.driftId ?? driftId,
    requestedAt: iso(asked),
    settledAt: settled ? iso(context.clock.now()) : null,
  };
}
