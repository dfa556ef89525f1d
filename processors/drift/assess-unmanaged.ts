// Decides the `unmanaged` drift of one resource that may be declared nowhere: made by hand, or found in an account whose
// states are all connected. Pure.
import type { Rows } from '../../runtime/processor.ts';
import type { Drift } from '../../schemas/index.ts';
import {
  type Assessment,
  driftIdOf,
  end,
  isOpen,
  knownOf,
  leave,
  type Sight,
  type Standing,
  type Subject,
  subjectOf,
  type Wait,
} from './desired.ts';
import { actorsOf, creates, deletes, forgotten, inOrder, isTerraform, madeBy } from './evidence.ts';
import { gate, lookAgain, waitedFor } from './gate.ts';
import { ignoringRule, isComplete } from './ignoring.ts';
import { undeclaredElements } from './parents.ts';
import {
  attributesOf,
  type DeclaredRow,
  driftOf,
  type Evidence,
  instancesOf,
  type Named,
  type Observed,
  part,
  partRowOf,
  runOf,
  stateScope,
} from './rows.ts';
import { ownedChild } from './rules/owned.ts';
import { presentType } from './rules/parents.ts';
import { WAIT_TIMER } from './timers.ts';
import { declaredAmong, deletionsOf, wholesOf } from './wholes.ts';

export const UNMANAGED = 'unmanaged';
/** The wait for another look. Apart from the wait for the end of a grace, which `found` asks how long it was. */
export const UNMANAGED_LOOK = 'unmanaged-look';

export const unmanagedIdOf = (rows: Rows, org: string, type: string, id: string): string =>
  driftIdOf(rows, org, null, type, id, UNMANAGED);

export function assessUnmanaged(sight: Sight, type: string, resourceId: string): Assessment {
  const { rows } = sight;
  const id = unmanagedIdOf(rows, sight.event.org, type, resourceId);
  const drift = driftOf(rows, id);
  const { observed, changes } = knownOf(sight, type, resourceId);
  const made = changes.filter((change) => !isTerraform(change) && makes(change, changes, type, resourceId));
  if (!drift && made.length === 0 && observed === undefined) return leave(id);
  const wholes = wholesOf(rows, id, { type, id: resourceId }, made);
  const assessment = judge(sight, type, resourceId, { drift, observed, changes, made, wholes });
  const remembered = partRowOf(rows, id)?.of.length ?? 0;
  const ends = assessment.desired?.state === 'resolved';
  if (ends && remembered > 0) return { ...assessment, partOf: [] };
  const isNew = assessment.desired?.state === 'open' && wholes.length > remembered;
  return isNew ? { ...assessment, partOf: wholes } : assessment;
}

interface Known {
  drift: Drift | undefined;
  observed: Observed | undefined;
  changes: Evidence[];
  /** Changes by anyone but Terraform that made it. */
  made: Evidence[];
  /** What it is a part of. */
  wholes: Named[];
}

function judge(
  sight: Sight,
  type: string,
  resourceId: string,
  { drift, observed, changes, made, wholes }: Known,
): Assessment {
  const { rows, arriving } = sight;
  const id = unmanagedIdOf(rows, sight.event.org, type, resourceId);

  const told = made.filter((change) => isToldOf(change, type, resourceId));
  const stood = told.length > 0 ? standingOf(sight, type, resourceId, drift, changes, told, null) : null;
  const [declared] = instancesOf(rows, type, resourceId, 1);
  const elements = declared ? undeclaredIn(sight, declared, drift, changes, observed) : null;
  if (elements) return elements;
  const holder = declaredAmong(rows, wholes);
  if (declared || holder) {
    const at = Math.max(
      declared?.time ?? 0,
      made.length === 0 ? (holder?.time ?? 0) : 0,
      made.at(-1)?.time ?? 0,
      drift?.observedAsOf ?? 0,
    );
    const wait = declared ? untilSeen(sight, declared, observed) : null;
    return {
      ...leave(id),
      desired: { state: 'resolved', resolution: 'adopted', at, note: null, stood },
      wait,
    };
  }
  // What deletes the whole takes its parts along, and is told of the whole alone.
  const ended = [
    ...changes.filter((one) => deletes(one, type, resourceId)),
    ...deletionsOf(rows, wholes, arriving),
  ].sort(inOrder);
  const last = ended.at(-1);
  const remade = changes.some((one) => creates(one, type, resourceId) && last && inOrder(one, last) > 0);
  const deletion = last && !remade ? last : null;
  const goneAt = Math.max(
    deletion?.time ?? 0,
    observed?.attributes === null ? observed.seenAt : 0,
    drift?.resolution === 'removed' ? (drift.resolvedAt ?? 0) : 0,
  );
  // A deletion from before it was made may be heard of when its making is forgotten.
  const madeAt = made.at(-1)?.time ?? (isOpen(drift) ? drift.openedAt : 0);
  const seenAt = Math.max(madeAt, observed?.attributes != null ? observed.seenAt : 0);
  const look = (since: number): Wait | null => lookFor(sight, type, resourceId, since, observed);
  const complete = observed?.attributes != null && isComplete(sight, observed);
  if (goneAt > 0 && goneAt >= seenAt) {
    // It was seen before it was gone. That it is there again, as it was, would repeat what was seen and wake no one.
    const again = complete || (stood !== null && observed?.attributes != null);
    return {
      ...leave(id),
      wait: again ? look(deletion?.heard ?? goneAt) : null,
      desired: {
        state: 'resolved',
        resolution: 'removed',
        at: goneAt,
        note: null,
        by: deletion?.time === goneAt ? deletion.id : undefined,
        stood,
      },
    };
  }
  if (observed && complete) return found(sight, type, resourceId, drift, changes, made, observed);
  if (stood)
    return { ...leave(id), desired: stood, wait: look(Math.max(...made.map((change) => change.heard))) };
  // Nothing new about one whose creation is no longer remembered; but a withdrawn rule takes its drift along.
  if (isOpen(drift) && drift.confidence === 'confirmed')
    return end(id, drift, 'ignored', sight.event.time, 'its account is not complete');
  return leave(id);
}

function lookFor(
  sight: Sight,
  type: string,
  resourceId: string,
  since: number,
  observed: Observed | undefined,
): Wait | null {
  const look = lookAgain(sight, since, observed);
  return look && { what: part(WAIT_TIMER, type, resourceId, UNMANAGED_LOOK), ...look, phase: 'grace' };
}

/** What a parent held before its state was written says nothing yet; that it still does would wake no one. */
function untilSeen(sight: Sight, row: DeclaredRow, observed: Observed | undefined): Wait | null {
  if (!observed || observed.seenAt >= row.time) return null;
  if (undeclaredElements(sight.rows, row, observed, sight.options.compare).length === 0) return null;
  return lookFor(sight, row.type, row.resourceId, row.time, observed);
}

/** A call that makes a thing or writes over it is told as both: as a creation of the thing and as an update of what it touched. */
const mayReplace = (change: Evidence, changes: readonly Evidence[]): boolean =>
  changes.some((one) => one.providerEventId === change.providerEventId && one.verb === 'update');

/** Such a call also names what the thing is a part of, which it did not make. */
function makes(change: Evidence, changes: readonly Evidence[], type: string, id: string): boolean {
  if (!creates(change, type, id)) return false;
  const thing = mayReplace(change, changes) ? madeBy(change) : null;
  return thing === null || (presentType(thing.type) === presentType(type) && thing.id === id);
}

/** A creation that names several types of one thing, or two names of one, is told once: of the first. */
function isToldOf(change: Evidence, type: string, id: string): boolean {
  const thing = madeBy(change);
  return thing === null || (thing.type === type && thing.id === id);
}

/**
 * A declared parent that holds elements no one declares. Whoever was seen changing it makes that certain; else a state
 * that is not connected may declare them, unless the account is complete.
 */
function undeclaredIn(
  sight: Sight,
  row: DeclaredRow,
  drift: Drift | undefined,
  changes: Evidence[],
  observed: Observed | undefined,
): Assessment | null {
  const { rows, options, event } = sight;
  if (!observed || observed.seenAt < row.time) return null;
  const differences = undeclaredElements(rows, row, observed, options.compare);
  if (differences.length === 0) return null;
  const id = unmanagedIdOf(rows, event.org, row.type, row.resourceId);
  const others = changes.filter((change) => !isTerraform(change) && change.verb !== 'tag');
  const verdict = gate(sight, row, UNMANAGED, observed.time, changes, null);
  if (verdict.verdict === 'wait' && !isOpen(drift))
    return { ...leave(id), wait: verdict.wait, refresh: verdict.refresh };
  const standing = standingOf(sight, row.type, row.resourceId, drift, changes, others, observed);
  const certain = others.length > 0 || isComplete(sight, observed) || standing.actors.length > 0;
  return {
    ...leave(id),
    desired: {
      ...standing,
      subject: { ...subjectOf(row), workspace: null, address: null, stateSerial: null },
      confidence: verdict.verdict === 'unknown' ? 'unverified' : certain ? 'confirmed' : 'suspected',
      severity: options.severity({ type: row.type, kind: 'modified', differences }),
      differences,
      note:
        verdict.verdict === 'unknown' ? verdict.note : 'held by the parent, declared by no connected state',
    },
  };
}

/** In a complete account what no state declares is drift; but a state of a run under way may yet come to declare it. */
function found(
  sight: Sight,
  type: string,
  resourceId: string,
  drift: Drift | undefined,
  changes: Evidence[],
  made: Evidence[],
  observed: Observed,
): Assessment {
  const id = unmanagedIdOf(sight.rows, sight.event.org, type, resourceId);
  const standing = standingOf(sight, type, resourceId, drift, changes, made, observed);
  if (isOpen(drift) && drift.confidence === 'confirmed') return { ...leave(id), desired: standing };
  const running = runningWorkspaces(sight);
  const what = part(WAIT_TIMER, type, resourceId, UNMANAGED);
  const until = running?.until ?? waitedFor(sight, what)?.at ?? observed.time + sight.options.graceMs;
  if (sight.now >= until) return { ...leave(id), desired: standing };
  const wait: Assessment['wait'] = {
    what,
    at: until,
    scopes: running?.scopes ?? [],
    phase: 'grace',
  };
  const suspicion = made.length > 0 ? { ...standing, confidence: 'suspected' as const } : null;
  return { ...leave(id), desired: suspicion, wait };
}

function runningWorkspaces({ rows, now, options }: Sight): { until: number; scopes: string[] } | null {
  const scopes: string[] = [];
  let until = 0;
  for (const [name] of rows.listShared(part('run', ''))) {
    const workspace = name.slice(part('run', '').length);
    const run = runOf(rows, workspace);
    if (!run?.open || now >= run.time + options.maxRunMs) continue;
    scopes.push(stateScope(workspace));
    until = Math.max(until, run.time + options.maxRunMs);
  }
  return scopes.length > 0 ? { until, scopes } : null;
}

function standingOf(
  sight: Sight,
  type: string,
  resourceId: string,
  drift: Drift | undefined,
  changes: Evidence[],
  made: Evidence[],
  observed: Observed | null,
): Standing {
  const from = observed ?? made.at(-1) ?? null;
  const subject: Subject = {
    provider: from?.provider ?? drift?.provider ?? '-',
    account: from?.account ?? null,
    region: from?.region ?? null,
    owner: null,
    type,
    resourceId,
    workspace: null,
    address: null,
    stateSerial: null,
  };
  const { rows } = sight;
  const actors = actorsOf(made, forgotten(rows, drift, changes));
  const byService = made.length > 0 && made.every((change) => change.actor.via === 'service');
  const owner = observed
    ? (observed.ownedBy ?? ownedChild(type, attributesOf(observed)))
    : byService
      ? made[0]!.actor.name
      : null;
  return {
    state: 'open',
    kind: UNMANAGED,
    subject,
    confidence: observed ? 'confirmed' : 'suspected',
    certainty: actors.every((actor) => actor.certainty === 'high') ? 'high' : 'low',
    absorbed: false,
    severity: sight.options.severity({ type, kind: UNMANAGED, differences: [] }),
    differences: [],
    actors,
    declaredAsOf: null,
    observedAsOf: observed?.time ?? null,
    at: observed?.time ?? made.at(-1)?.time ?? drift?.openedAt ?? sight.event.time,
    ignoredBy: owner !== null ? `owned by ${owner}` : ignoringRule(sight, subject, []),
    note: null,
  };
}
