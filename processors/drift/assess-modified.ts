// Decides the `modified` drift of one declared instance, confirmed or suspected, from facts alone. Pure.
import type { Difference, Drift } from '../../schemas/index.ts';
import { type Absorption, absorb } from './absorb.ts';
import { automatedBy } from './automated.ts';
import { type Comparison, LOOKED_AT } from './comparison.ts';
import {
  type Assessment,
  driftIdOf,
  end,
  isOpen,
  knownOf,
  leave,
  type Sight,
  type Standing,
  subjectOf,
} from './desired.ts';
import { differing } from './differing.ts';
import { actorsOf, creates, deletes, forgotten, isTerraform, rewrites } from './evidence.ts';
import {
  gate,
  isRunning,
  lookAgain,
  UNREAD,
  untilBoundary,
  untilRunEnds,
  waitedFor,
  waitOf,
} from './gate.ts';
import { ignoringRule } from './ignoring.ts';
import { attributeOf, configurationOf, factsOf } from './known-facts.ts';
import { withoutChildren } from './parents.ts';
import { failureNote, failureSince, hasReader, later, readToEnd } from './reading.ts';
import {
  type AbsorbedRow,
  absorbedOf,
  anyPlaced,
  type DeclaredRow,
  driftOf,
  type Evidence,
  type Observed,
  runOf,
  stateOf,
  stateScope,
} from './rows.ts';

const KIND = 'modified';

interface Seen {
  sight: Sight;
  row: DeclaredRow;
  id: string;
  drift: Drift | undefined;
  /** What states took over of the drift. */
  taken: AbsorbedRow | undefined;
  observed: Observed | undefined;
  changes: Evidence[];
  /** Changes by anyone but Terraform that may have modified the instance. */
  others: Evidence[];
}

export function assessModified(sight: Sight, row: DeclaredRow): Assessment {
  const { rows } = sight;
  const boundary = untilBoundary(sight, row);
  if (boundary) return { ...leave(''), wait: boundary };
  const { observed, changes } = knownOf(sight, row.type, row.resourceId);
  const others = changes.filter((change) => mayModify(sight, row, change, changes));
  const comparison = observed && observed.attributes !== null ? comparisonOf(sight, row, observed) : null;
  // Most of what happens ends here: nothing differs, nothing is suspected, nothing stands.
  if (others.length === 0 && !comparison?.differences.length && !anyPlaced(rows, row.workspace, row.address))
    return leave('');

  const id = driftIdOf(rows, sight.event.org, row.workspace, row.type, row.resourceId, KIND);
  const drift = driftOf(rows, id);
  if (row.deposed) return end(id, drift, 'removed', row.time, 'the instance is deposed');
  if (observed && observed.attributes === null && observed.seenAt >= row.time)
    return end(id, drift, 'removed', observed.seenAt, 'the object is gone');
  const taken = absorbedOf(rows, id);
  const seen: Seen = { sight, row, id, drift, taken, observed, changes, others };
  return observed && comparison ? compared(seen, observed, comparison) : suspect(seen, null);
}

/**
 * Only its own key holds what an instance declares. Under another, nothing is said to be as declared but what was observed
 * as empty as it is declared there; of the rest it is only known that it was seen.
 */
const isComparable = (row: DeclaredRow, observed: Observed): boolean =>
  row.primary || observed.attributes === row.attributes;

const EQUAL: Comparison = { differences: [], certainty: 'high', ignoredBy: null, severity: 'info' };

function comparisonOf({ rows, options }: Sight, row: DeclaredRow, observed: Observed): Comparison {
  if (row.attributes === observed.attributes || !isComparable(row, observed)) return EQUAL;
  const comparison = options.compare({
    type: row.type,
    ...differing(row.attributes, observed.attributes ?? '{}', LOOKED_AT),
    facts: factsOf(rows, row.type),
    configuration: configurationOf(rows, row.workspace, row.address),
  });
  return withoutChildren(rows, row, comparison);
}

/** A creation by hand before the state was written is how the object came to be adopted; only pushed states tell when. */
function mayModify(sight: Sight, row: DeclaredRow, change: Evidence, changes: Evidence[]): boolean {
  if (isTerraform(change) || deletes(change, row.type, row.resourceId)) return false;
  if (!creates(change, row.type, row.resourceId)) return true;
  const isAdoption =
    stateOf(sight.rows, row.workspace)?.pushed === true &&
    change.time < row.time &&
    !changes.some((one) => deletes(one, row.type, row.resourceId) && one.time <= change.time);
  return !isAdoption;
}

function compared(seen: Seen, observed: Observed, comparison: Comparison): Assessment {
  const { sight, row, id, drift, taken } = seen;
  const absorption = absorb({
    drift,
    natural: comparison.differences,
    bases: taken?.differences ?? [],
    declaredMoved: drift !== undefined && row.time > (drift.declaredAsOf ?? 0),
    observedMoved: hasMoved(seen, comparison),
    declaredLater: row.time > valueSince(seen, observed),
    meant: wasMeant(seen, observed),
    agreed: agreedBy(sight, row),
  });
  const fresh = observed.seenAt >= row.time;
  const known = new Set(isOpen(drift) ? drift.differences.map((one) => one.path) : []);
  const news = absorption.differences.filter((one) => !known.has(one.path));
  if (!fresh && news.length > 0) {
    // The declaration is newer than what was seen: no drift before it was looked at again.
    const differences = absorption.differences.filter((one) => known.has(one.path));
    const assessment = conclude(seen, observed, comparison, { ...absorption, differences });
    const look = lookAgain(sight, row.time, observed);
    const wait = look && { what: waitOf(row, 'look'), ...look, phase: 'grace' as const };
    const run = runOf(sight.rows, row.workspace);
    // Somebody else had a hand in it, and what was seen of that may have been overtaken, or not: its run over, it is read.
    const touched = seen.others.length > 0 || isOpen(drift);
    if (touched && isRunning(sight, run) && hasReader(sight, row)) {
      const ended = untilRunEnds(sight, row, 'look', run);
      const scopes = [...ended.scopes, ...(wait?.scopes ?? [])];
      const at = Math.min(ended.at, wait?.at ?? ended.at);
      return { ...assessment, wait: assessment.wait ?? { ...ended, at, scopes } };
    }
    const after = run?.open === false ? Math.max(run.time, row.time) : row.time;
    const read = later(assessment.read, touched ? after : undefined);
    return { ...assessment, wait: assessment.wait ?? wait, read };
  }
  if (news.length > 0 || (isOpen(drift) && drift.confidence !== 'confirmed' && known.size > 0)) {
    const verdict = gate(sight, row, KIND, Math.max(observed.time, row.time), seen.changes, observed.seenAt);
    if (verdict.verdict === 'wait') {
      const suspected = isOpen(drift) && drift.differences.length > 0 ? leave(id) : suspect(seen, observed);
      const wait = { ...verdict.wait, moved: hasMoved(seen, comparison) };
      return {
        ...suspected,
        wait,
        refresh: verdict.refresh,
        read: later(suspected.read, verdict.read),
      };
    }
    if (verdict.verdict === 'unknown') {
      const standing = standingOf(seen, observed, comparison, absorption.differences);
      const desired: Standing = { ...standing, confidence: 'unverified', note: verdict.note };
      return { ...leave(id), desired, read: verdict.read };
    }
  } else if (isOpen(drift) && row.time > (drift.declaredAsOf ?? 0) && !wasMeant(seen, observed)) {
    // A run that moved the declaration may have read the drift into the state, or be about to undo it: its last word counts.
    const run = runOf(sight.rows, row.workspace);
    if (drift.differences.length > 0 && isRunning(sight, run))
      return {
        ...leave(id),
        wait: { ...untilRunEnds(sight, row, KIND, run), moved: hasMoved(seen, comparison) },
      };
  }
  return conclude(seen, observed, comparison, absorption);
}

/**
 * Whether what the open drift is about was observed to change since the drift last said so: by this event, or by one
 * during a wait. A value that is merely repeated wakes no one, so it has not changed.
 */
function hasMoved({ sight, row, drift }: Seen, comparison: Comparison): boolean {
  if (!isOpen(drift)) return false;
  if (waitedFor(sight, waitOf(row, KIND))?.moved) return true;
  if (sight.event.type !== 'resource.observed') return false;
  const now = new Map(comparison.differences.map((one) => [one.path, one.observed]));
  return drift.differences.some((one) => now.get(one.path) !== one.observed);
}

/** Since when at least the observed value holds that the drift is about. */
const valueSince = ({ drift }: Seen, observed: Observed): number =>
  isOpen(drift) && drift.differences.length > 0 ? drift.changedAt : observed.time;

/**
 * Whether the value that was observed is Terraform's own doing: of all changes it wrote last, or the value appeared during
 * its run and no one else changed the instance since the run began.
 */
function wasMeant(seen: Seen, observed: Observed): boolean {
  const { sight, row, changes, drift, taken } = seen;
  const value = valueSince(seen, observed);
  const last = changes.filter((change) => change.time <= value && change.verb !== 'tag').at(-1);
  const since = taken?.since ?? drift?.declaredAsOf ?? 0;
  if (last && isTerraform(last) && last.time > since) return true;
  const run = runOf(sight.rows, row.workspace);
  if (!isRunning(sight, run) || run.time > value) return false;
  return last === undefined || isTerraform(last) || last.time < run.time;
}

function conclude(
  seen: Seen,
  observed: Observed,
  comparison: Comparison,
  absorption: Absorption,
): Assessment {
  const { id, drift, row, taken } = seen;
  const since = taken?.since ?? drift?.declaredAsOf ?? 0;
  const remember = absorption.changed ? { absorbed: { since, differences: absorption.bases } } : {};
  if (absorption.differences.length > 0) {
    const standing = standingOf(seen, observed, comparison, absorption.differences);
    const absorbed = absorption.bases.length > 0;
    return {
      ...leave(id),
      desired: {
        ...standing,
        absorbed,
        note: absorbed
          ? 'the state took over the observed value; the configuration is not known to agree'
          : null,
      },
      read: readToEnd(seen.sight, row, seen.changes, observed.seenAt),
      ...remember,
    };
  }
  if (isOpen(drift) && drift.differences.length > 0 && !unsettled(seen, observed).length) {
    if (absorption.agreed)
      return { ...end(id, drift, 'declared', seen.sight.event.time, AGREED), ...remember };
    const declared = row.time > (drift.declaredAsOf ?? 0);
    return { ...end(id, drift, declared ? 'declared' : 'reverted', observed.seenAt), ...remember };
  }
  return { ...suspect(seen, observed), ...remember };
}

const AGREED = 'the configuration no longer sets what the state took over';

/**
 * Whether the configuration is known to agree with what the state took over. A configuration is known by which attributes it
 * sets, not by their values: so only where it does not set the attribute at all any more, and the attribute is gone or the
 * provider is known to keep what it finds there. One that was changed to the observed value is not told from one that still
 * has the old one: such a drift stays until it is accepted, or until Terraform's own write is seen.
 */
function agreedBy({ rows }: Sight, row: DeclaredRow): (tookOver: Difference) => boolean {
  return ({ path, observed }) => {
    const attribute = attributeOf(path);
    if (configurationOf(rows, row.workspace, row.address)?.sets(attribute) !== false) return false;
    return observed === null || (factsOf(rows, row.type)?.optionalComputed.includes(attribute) ?? false);
  };
}

function standingOf(
  { sight, row, drift, changes, others }: Seen,
  observed: Observed,
  comparison: Comparison,
  differences: Difference[],
): Standing {
  // Every change by others that is remembered, also those before an observation in between that found nothing: which
  // observations there were is not kept, so any other choice would depend on the order of arrival.
  const actors = actorsOf(others, forgotten(sight.rows, drift, changes));
  return {
    state: 'open',
    kind: KIND,
    subject: subjectOf(row),
    confidence: 'confirmed',
    certainty: comparison.certainty,
    absorbed: false,
    severity: sight.options.severity({ type: row.type, kind: KIND, differences }),
    differences,
    actors,
    declaredAsOf: row.time,
    observedAsOf: observed.time,
    at: observed.time,
    ignoredBy:
      (differences === comparison.differences ? comparison.ignoredBy : null) ??
      ignoringRule(sight, subjectOf(row), differences),
    note: null,
  };
}

/** Terraform's later write of the same thing. Only a workspace that pushes its states tells that the write was kept. */
function rewriteOf({ sight, row, changes }: Seen, change: Evidence): Evidence | undefined {
  if (!stateOf(sight.rows, row.workspace)?.pushed) return undefined;
  return changes.find((later) => isTerraform(later) && rewrites(later, change));
}

const ELSEWHERE = 'was read, but what is declared of it is known under its own object only';

/** Changes by others that no newer observation has settled, and that Terraform did not write over. */
function unsettled(seen: Seen, observed: Observed | null): Evidence[] {
  const written = stateOf(seen.sight.rows, seen.row.workspace)?.time ?? 0;
  return seen.others.filter((change) => {
    if (observed && change.time <= observed.seenAt && isComparable(seen.row, observed)) return false;
    const rewrite = rewriteOf(seen, change);
    return rewrite === undefined || rewrite.time > written;
  });
}

function suspect(seen: Seen, observed: Observed | null): Assessment {
  const { sight, row, id, drift, changes, others } = seen;
  const open = unsettled(seen, observed);
  const remembered = forgotten(sight.rows, drift, changes);
  const isSeen = observed && drift && observed.seenAt >= drift.changedAt && isComparable(row, observed);
  const still = isSeen ? [] : remembered;
  if (open.length === 0 && still.length === 0) {
    if (!isOpen(drift)) return leave(id);
    const rewrite = others.map((change) => rewriteOf(seen, change)).find((one) => one !== undefined);
    if (rewrite && !(observed && observed.seenAt > rewrite.time))
      return end(id, drift, 'reverted', rewrite.time);
    return end(id, drift, 'dismissed', observed?.seenAt ?? row.time);
  }
  const actors = actorsOf(open, still);
  const heard = Math.min(...open.map((change) => change.heard));
  const newest = open.at(-1)?.time;
  const reads = newest !== undefined && hasReader(sight, row);
  const overdue = reads ? heard + sight.options.suspectWindowMs : Number.POSITIVE_INFINITY;
  const failure = reads ? failureSince(sight.rows, row, newest) : undefined;
  // What was not read while its changes were remembered stays what it was found to be then.
  const elsewhere = newest !== undefined && observed !== null && newest <= observed.seenAt;
  const unread = isOpen(drift) && open.length === 0 && drift.confidence === 'unverified';
  const late = failure !== undefined || elsewhere || unread || sight.now >= overdue;
  return {
    ...leave(id),
    desired: {
      state: 'open',
      kind: KIND,
      subject: subjectOf(row),
      confidence: late ? 'unverified' : 'suspected',
      certainty: actors.every((actor) => actor.certainty === 'high') ? 'high' : 'low',
      absorbed: false,
      severity: sight.options.severity({ type: row.type, kind: KIND, differences: [] }),
      differences: [],
      actors,
      declaredAsOf: row.time,
      observedAsOf: observed?.time ?? null,
      at: newest ?? drift?.changedAt ?? row.time,
      ignoredBy: ignoringRule(sight, subjectOf(row), []) ?? automatedBy(sight.rows, row, actors),
      note: elsewhere
        ? ELSEWHERE
        : failure
          ? failureNote(failure)
          : late
            ? ((unread ? drift.note : null) ?? UNREAD)
            : null,
    },
    read: elsewhere ? undefined : newest,
    wait: nextLook(seen, open, overdue),
  };
}

/** What may settle suspicions: being read, another look, or a state after Terraform's own write. */
function nextLook(seen: Seen, open: readonly Evidence[], overdue: number): Assessment['wait'] {
  const { sight, row, drift } = seen;
  const awaitsState = open.some((change) => rewriteOf(seen, change) !== undefined);
  const heard =
    open.length > 0 ? Math.max(...open.map((change) => change.heard)) : (drift?.changedAt ?? row.time);
  const look = lookAgain(sight, heard, seen.observed);
  const at = Math.min(
    sight.now < overdue ? overdue : Number.POSITIVE_INFINITY,
    awaitsState ? sight.now + sight.options.maxRunMs : Number.POSITIVE_INFINITY,
    look?.at ?? Number.POSITIVE_INFINITY,
  );
  if (at === Number.POSITIVE_INFINITY) return null;
  const scopes = [...(awaitsState ? [stateScope(row.workspace)] : []), ...(look?.scopes ?? [])];
  return { what: waitOf(row, 'read'), at, scopes, phase: 'grace' };
}
