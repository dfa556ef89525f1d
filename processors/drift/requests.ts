// Wishes about drifts: acknowledge, accept. Each gets exactly one `request.settled`, refused and needless ones included. Pure.
import type { Output, Rows } from '../../runtime/processor.ts';
import type { Drift, EventOf, Outcome } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import { remembering, resolved, type Scene, transition } from './reconcile.ts';
import { driftOf, part } from './rows.ts';
import { ACCEPTED_TIMER } from './timers.ts';

type Wish = EventOf<'drift.acknowledge-requested' | 'drift.accept-requested'>;

export function decideWish(rows: Rows, scene: Scene, event: Wish): Output[] {
  const drift = driftOf(rows, event.body.driftId);
  const settle = (outcome: Outcome, reason: string | null): Output => ({
    type: 'request.settled',
    body: { requestId: event.id, outcome, reason, driftId: event.body.driftId },
    id: stableId('set', event.id),
  });
  if (!drift) return [settle('refused', `no drift ${event.body.driftId} is known`)];
  if (drift.status === 'resolved') return [settle('unnecessary', 'the drift is resolved')];
  return event.type === 'drift.accept-requested'
    ? accept(scene, event, drift, settle)
    : acknowledge(scene, event, drift, settle);
}

type Settle = (outcome: Outcome, reason: string | null) => Output;

function acknowledge(
  scene: Scene,
  event: EventOf<'drift.acknowledge-requested'>,
  drift: Drift,
  settle: Settle,
): Output[] {
  if (drift.status === 'acknowledged') return [settle('unnecessary', 'the drift is acknowledged already')];
  if (drift.status === 'accepted') return [settle('unnecessary', 'the drift is accepted')];
  const { by, reason } = event.body;
  const next: Drift = {
    ...drift,
    revision: drift.revision + 1,
    status: 'acknowledged',
    acknowledgement: { by, reason, at: event.time },
  };
  return [...transition(scene, 'drift.acknowledged', next), settle('done', null)];
}

function accept(
  scene: Scene,
  event: EventOf<'drift.accept-requested'>,
  drift: Drift,
  settle: Settle,
): Output[] {
  const { by, reason, until } = event.body;
  if (until !== null && until <= scene.now)
    return [settle('refused', 'the acceptance would already have expired')];
  const before = drift.acceptance;
  if (
    drift.status === 'accepted' &&
    before &&
    before.until === until &&
    before.by === by &&
    before.reason === reason
  )
    return [settle('unnecessary', 'the drift is accepted already')];
  const accepted: Drift = {
    ...drift,
    revision: drift.revision + 1,
    status: 'accepted',
    acceptance: { by, reason, at: event.time, until },
  };
  const outputs = transition(scene, 'drift.accepted', accepted);
  // State and cloud agree already; what was left open is only whether it was meant. Now someone says that it is.
  if (drift.absorbed && until === null) {
    const end = { resolution: 'accepted' as const, at: event.time, note: null };
    outputs.push(...transition(scene, 'drift.resolved', resolved(scene, accepted, end)));
    outputs.push(remembering(scene, drift.id, { since: 0, differences: [] }));
  } else if (until !== null)
    outputs.push({ timer: part(ACCEPTED_TIMER, drift.id), at: until, data: { id: drift.id } });
  return [...outputs, settle('done', null)];
}

/** An acceptance that has run out: the drift stands open again. */
export function expire(rows: Rows, scene: Scene, driftId: string): Output[] {
  const drift = driftOf(rows, driftId);
  const until = drift?.acceptance?.until ?? null;
  if (drift?.status !== 'accepted' || until === null || until > scene.now) return [];
  return transition(scene, 'drift.reopened', {
    ...drift,
    revision: drift.revision + 1,
    status: 'open',
    acceptance: null,
    changedAt: Math.max(drift.changedAt, until),
    note: `the acceptance by ${drift.acceptance?.by} has expired`,
  });
}
