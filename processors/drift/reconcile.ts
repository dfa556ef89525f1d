// From what stands and what should stand to the events between them. Pure; the only place that writes drifts.
import type { Output } from '../../runtime/processor.ts';
import type { Drift, Event, Json } from '../../schemas/index.ts';
import { canonical, stableId } from '../../schemas/index.ts';
import type { Assessment, Ended, Standing } from './desired.ts';
import { type AbsorbedRow, asRow, type PartRow, part } from './rows.ts';
import { ABSORBED_TIMER, FORGET_TIMER, PART_TIMER } from './timers.ts';

/** A resolved drift is forgotten after this: 30 days. */
const FORGET_MS = 30 * 86_400_000;
const ABSORBED_MS = 400 * 86_400_000;
/** Longer than any drift stands: ten years. */
const PART_MS = 3_650 * 86_400_000;

type Transition =
  | 'drift.opened'
  | 'drift.changed'
  | 'drift.acknowledged'
  | 'drift.accepted'
  | 'drift.resolved'
  | 'drift.reopened';

/** What a reconciliation acts on; `objectKey` is the key being decided on. */
export interface Scene {
  event: Event;
  objectKey: string;
  now: number;
}

/** Events of one transition: the history and the current drift. */
export function transition(scene: Scene, type: Transition, drift: Drift): Output[] {
  const id = stableId('dre', drift.id, drift.revision, drift.openedAt);
  const outputs: Output[] = [
    { type, body: { drift, causedBy: scene.event.id }, id },
    { type: 'drift.current', body: { drift }, id: `drc${id.slice('dre'.length)}` },
  ];
  if (type === 'drift.resolved') {
    const data = { id: drift.id, revision: drift.revision, resolvedAt: drift.resolvedAt };
    outputs.push({ timer: part(FORGET_TIMER, drift.id), at: scene.now + FORGET_MS, data });
  }
  return outputs;
}

export function reconcile(scene: Scene, current: Drift | undefined, assessment: Assessment): Output[] {
  const outputs: Output[] = [];
  const { id, desired, wait, refresh, absorbed, partOf } = assessment;
  if (desired?.state === 'open') outputs.push(...stand(scene, id, current, desired));
  else if (desired) outputs.push(...resolve(scene, id, current, desired));
  if (wait)
    outputs.push({
      timer: wait.what,
      at: wait.at,
      data: { scopes: wait.scopes, phase: wait.phase, moved: wait.moved ?? false },
    });
  if (refresh !== null) outputs.push({ type: 'state.refresh-requested', body: { workspace: refresh } });
  if (absorbed) outputs.push(remembering(scene, id, absorbed));
  if (partOf?.length === 0) outputs.push({ clearTimer: part(PART_TIMER, id) });
  else if (partOf && desired?.state === 'open') {
    const { type, resourceId } = desired.subject;
    outputs.push(holding(scene, { driftId: id, type, id: resourceId, of: [...partOf] }));
  }
  return outputs;
}

/** Sets what a state took over of a drift; without differences there is nothing left to remember. */
export const remembering = (scene: Scene, driftId: string, { since, differences }: AbsorbedRow): Output => ({
  timer: part(ABSORBED_TIMER, driftId),
  at: scene.now + ABSORBED_MS,
  data: { driftId, since, differences: differences.map((one) => ({ ...one })) },
});

/** Sets what the thing of a drift is a part of. */
const holding = ({ now }: Scene, row: PartRow): Output => ({
  timer: part(PART_TIMER, row.driftId),
  at: now + PART_MS,
  data: asRow(row),
});

function stand(scene: Scene, id: string, current: Drift | undefined, desired: Standing): Output[] {
  if (!current) return transition(scene, 'drift.opened', opened(scene, id, desired));
  const drift: Drift = {
    ...current,
    ...factsOf(desired),
    changedAt: Math.max(current.changedAt, desired.at),
  };
  if (current.status === 'resolved') {
    return transition(scene, 'drift.reopened', {
      ...drift,
      revision: current.revision + 1,
      status: 'open',
      openedAt: desired.at,
      changedAt: desired.at,
      resolvedAt: null,
      resolution: null,
      resolvedBy: null,
      acknowledgement: null,
      acceptance: null,
    });
  }
  if (!differs(current, drift)) {
    const isOlder =
      current.declaredAsOf !== drift.declaredAsOf || current.observedAsOf !== drift.observedAsOf;
    return isOlder
      ? [{ type: 'drift.current', body: { drift: { ...drift, changedAt: current.changedAt } } }]
      : [];
  }
  drift.revision = current.revision + 1;
  // An acceptance holds for the differences that were accepted, and for no others.
  if (current.status === 'accepted' && !sameJson(current.differences, drift.differences))
    return transition(scene, 'drift.reopened', { ...drift, status: 'open', acceptance: null });
  return transition(scene, 'drift.changed', drift);
}

function resolve(scene: Scene, id: string, current: Drift | undefined, desired: Ended): Output[] {
  if (current && current.status !== 'resolved')
    return transition(scene, 'drift.resolved', resolved(scene, current, desired));
  if (current || !desired.stood) return [];
  // It came and went before anyone could look: both are recorded, whatever order they were heard in.
  const drift = opened(scene, id, desired.stood);
  return [
    ...transition(scene, 'drift.opened', drift),
    ...transition(scene, 'drift.resolved', resolved(scene, drift, desired)),
  ];
}

export const resolved = (
  scene: Scene,
  drift: Drift,
  { resolution, at, note, by }: Omit<Ended, 'state' | 'stood'>,
): Drift => ({
  ...drift,
  revision: drift.revision + 1,
  status: 'resolved',
  changedAt: Math.max(drift.changedAt, at),
  resolvedAt: at,
  resolution,
  resolvedBy: by ?? scene.event.id,
  note,
});

/** What follows from the facts; the rest of a drift is its life. */
const factsOf = (desired: Standing) => ({
  kind: desired.kind,
  confidence: desired.confidence,
  certainty: desired.certainty,
  absorbed: desired.absorbed,
  severity: desired.severity,
  ...desired.subject,
  differences: desired.differences,
  actors: desired.actors,
  declaredAsOf: desired.declaredAsOf,
  observedAsOf: desired.observedAsOf,
  ignoredBy: desired.ignoredBy,
  note: desired.note,
});

const opened = (scene: Scene, id: string, desired: Standing): Drift => ({
  id,
  revision: 1,
  status: 'open',
  org: scene.event.org,
  objectKey: scene.objectKey,
  ...factsOf(desired),
  openedAt: desired.at,
  changedAt: desired.at,
  resolvedAt: null,
  resolution: null,
  resolvedBy: null,
  acknowledgement: null,
  acceptance: null,
});

/** In whatever order their fields stand: what was read back from the log has that of the schema, and more than members. */
const sameJson = (a: object, b: object): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b) || canonical(a as Json) === canonical(b as Json);

/** Whether there is something new to say; that only the times of its facts moved on is not. */
const differs = (before: Drift, after: Drift): boolean =>
  before.confidence !== after.confidence ||
  before.certainty !== after.certainty ||
  before.absorbed !== after.absorbed ||
  before.severity !== after.severity ||
  before.owner !== after.owner ||
  before.address !== after.address ||
  before.ignoredBy !== after.ignoredBy ||
  before.note !== after.note ||
  !sameJson(before.differences, after.differences) ||
  !sameJson(before.actors, after.actors);
