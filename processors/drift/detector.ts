// The drift detector: which instances an event concerns, what should stand for each, and the events in between. Pure.
import type { Output, Processor, Rows } from '../../runtime/processor.ts';
import type { Event } from '../../schemas/index.ts';
import { assessContested } from './assess-contested.ts';
import { assessMissing } from './assess-missing.ts';
import { assessModified } from './assess-modified.ts';
import { assessUnmanaged, UNMANAGED } from './assess-unmanaged.ts';
import { concerned } from './concerned.ts';
import type { Assessment, DetectorOptions, Sight } from './desired.ts';
import { arrivingIn } from './evidence.ts';
import { evolve } from './fold.ts';
import { forwarding, leftHere, ownKeyOf } from './forwarding.ts';
import { waitOf } from './gate.ts';
import { ruleExpiry } from './ignoring.ts';
import { isRetry, later, reading } from './reading.ts';
import { reconcile, type Scene } from './reconcile.ts';
import { decideWish, expire } from './requests.ts';
import {
  driftOf,
  listingScope,
  namesOf,
  part,
  RULES_SCOPE,
  standingScope,
  stateScope,
  waitPart,
} from './rows.ts';
import { severityOf } from './rules/severity.ts';
import { ACCEPTED_TIMER, EVIDENCE_TIMER, FORGET_TIMER, READ_TIMER, WAIT_TIMER } from './timers.ts';

const minute = 60_000;

/** An eventually consistent API may answer "not found" so long after a creation; nothing is waited for without a grace. */
const SETTLE_MS = 10_000;

const DEFAULT_OPTIONS = {
  graceMs: minute,
  suspectWindowMs: 30 * minute,
  evidenceMs: 120 * minute,
  maxRunMs: 120 * minute,
  headMs: minute,
  fetchHead: true,
  reads: false,
  readable: () => true,
} as const satisfies Partial<DetectorOptions>;

export type DriftDetectorOptions = Pick<DetectorOptions, 'compare'> & Partial<DetectorOptions>;

/** The detector as a processor. All times are milliseconds; see DetectorOptions. */
export function createDriftDetector(given: DriftDetectorOptions): Processor {
  const { graceMs = DEFAULT_OPTIONS.graceMs } = given;
  const settleMs = Math.min(SETTLE_MS, graceMs);
  const options: DetectorOptions = { ...DEFAULT_OPTIONS, settleMs, severity: severityOf, ...given };
  return {
    name: 'drift',
    version: 4,
    reads: ['driftmgr.declarations', 'driftmgr.observations', 'driftmgr.changes', 'driftmgr.requests'],
    restores: ['driftmgr.open-drifts'],
    emits: [
      'drift.opened',
      'drift.changed',
      'drift.acknowledged',
      'drift.accepted',
      'drift.resolved',
      'drift.reopened',
      'drift.current',
      'request.settled',
      'state.refresh-requested',
      'resource.read-requested',
      'change.forward-requested',
    ],
    evolve,
    decide: (rows, event, now) =>
      decide({ rows, event, now, options, arriving: arrivingIn(event), known: null }),
    concerns: (_, event) => concerns(event, options.reads),
  };
}

function concerns(event: Event, reads: boolean): string[] {
  switch (event.type) {
    case 'state.published':
      return [stateScope(event.body.workspace)];
    case 'run.finished':
      // Terraform may just have put right what stands.
      return [stateScope(event.body.workspace), ...(reads ? [standingScope(event.body.workspace)] : [])];
    case 'configuration.published':
      return [standingScope(event.body.workspace)];
    case 'snapshot.completed':
      return [listingScope(event.body.scope)];
    case 'rules.published':
      return [RULES_SCOPE];
    default:
      return [];
  }
}

function decide(sight: Sight): Output[] {
  const { rows, event, now, options } = sight;
  const scene: Scene = { event, objectKey: rows.objectKey, now };
  switch (event.type) {
    case 'drift.acknowledge-requested':
    case 'drift.accept-requested':
      return decideWish(rows, scene, event);
    case 'clock.due': {
      const [kind, id] = namesOf(event.body.what);
      const done: Output = { clearTimer: event.body.what };
      if (kind === EVIDENCE_TIMER || (kind === READ_TIMER && !isRetry(event.body.data))) return [done];
      if (kind === FORGET_TIMER) return [done, ...forget(rows, id!)];
      if (kind === ACCEPTED_TIMER) return [done, ...expire(rows, scene, id!)];
      // Over first: what is decided may set the same timer again.
      return [done, ...assessAll(sight, scene)];
    }
    case 'change.reported': {
      const outputs = assessAll(sight, scene);
      const evidence = sight.arriving!;
      if (evidence.targets.length > 0)
        outputs.push({ timer: part(EVIDENCE_TIMER, event.id), at: now + options.evidenceMs, data: evidence });
      return outputs;
    }
    default:
      return assessAll(sight, scene);
  }
}

const BY_INSTANCE = [
  ['modified', assessModified],
  ['missing', assessMissing],
] as const;

/** Assesses every instance the event concerns, and each resource of those once. */
function assessAll(sight: Sight, scene: Scene): Output[] {
  const { rows } = sight;
  const outputs: Output[] = [];
  const apply = (assessment: Assessment): void => {
    // Most assessments leave what stands: then no one asks for it.
    const current = assessment.desired ? driftOf(rows, assessment.id) : undefined;
    for (const output of reconcile(scene, current, assessment)) outputs.push(output);
    const expiry = expiryOf(sight, assessment);
    if (expiry) outputs.push(expiry);
  };
  const { instances, resources, left } = concerned(sight);
  for (const row of instances) {
    const ownKey = ownKeyOf(sight, row);
    if (ownKey !== null) {
      outputs.push(...forwarding(sight, row, ownKey));
      for (const assessment of leftHere(sight, row, ownKey)) apply(assessment);
      continue;
    }
    let since: number | undefined;
    for (const [kind, assess] of BY_INSTANCE) {
      const assessment = assess(sight, row);
      apply(assessment);
      since = later(since, assessment.read);
      // A difference that is gone is not waited for: the next one gets the whole grace.
      const gated = waitOf(row, kind);
      if (assessment.wait?.what !== gated && rows.has(waitPart(gated))) outputs.push({ clearTimer: gated });
    }
    if (since !== undefined) outputs.push(...reading(sight, row, since));
  }
  for (const { type, id, isContestable } of resources) {
    apply(assessUnmanaged(sight, type, id));
    if (isContestable) apply(assessContested(sight, type, id));
  }
  for (const assessment of left) apply(assessment);
  return outputs;
}

/** A drift that a rule ignores is looked at again when the rule expires. */
function expiryOf(sight: Sight, { desired }: Assessment): Output | null {
  if (desired?.state !== 'open') return null;
  const at = ruleExpiry(sight, desired.ignoredBy, desired.subject);
  if (at === null) return null;
  const { workspace, address, type, resourceId } = desired.subject;
  const what = part(
    WAIT_TIMER,
    workspace ?? type,
    address ?? resourceId,
    workspace === null ? UNMANAGED : 'rule',
  );
  return { timer: what, at, data: { scopes: [], phase: 'grace', moved: false } };
}

/** The fold of the timer let go of the row, unless the drift has gone on since. */
function forget(rows: Rows, id: string): Output[] {
  return driftOf(rows, id) === undefined ? [{ forgetDrift: id }] : [];
}
