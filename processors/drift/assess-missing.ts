// Decides the `missing` drift of one declared instance: proven gone, or deleted by someone else. Pure.
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
  subjectOf,
} from './desired.ts';
import { actorsOf, creates, deletes, forgotten, isTerraform } from './evidence.ts';
import { gate, lookAgain, UNREAD, untilBoundary, waitOf } from './gate.ts';
import { ignoringRule } from './ignoring.ts';
import { failureNote, failureSince, hasReader, later, readToEnd } from './reading.ts';
import {
  anyPlaced,
  type DeclaredRow,
  driftOf,
  type Evidence,
  listingOf,
  listingScope,
  listingScopes,
} from './rows.ts';

const KIND = 'missing';

export function assessMissing(sight: Sight, row: DeclaredRow): Assessment {
  const { rows, options, now } = sight;
  const { observed, changes } = knownOf(sight, row.type, row.resourceId);
  const removal = removalIn(changes, row);
  if (observed?.attributes != null && removal === null && !anyPlaced(rows, row.workspace, row.address))
    return leave('');
  const id = driftIdOf(rows, sight.event.org, row.workspace, row.type, row.resourceId, KIND);
  const drift = driftOf(rows, id);
  if (row.deposed) return end(id, drift, 'removed', row.time);
  const boundary = untilBoundary(sight, row);
  if (boundary) return { ...leave(id), wait: boundary };
  if (observed && observed.attributes !== null) {
    if (removal && removal.time > observed.seenAt) return suspected(sight, row, id, drift, changes, removal);
    return end(id, drift, drift?.confidence === 'confirmed' ? 'reverted' : 'dismissed', observed.seenAt);
  }

  const absentAt = observed ? observed.seenAt : listedAbsent(sight, row);
  // Right after a creation "not found" is what an eventually consistent API answers: only a later proof, or a delete, counts.
  const proven =
    absentAt !== null &&
    absentAt >= row.time &&
    (absentAt - row.time >= options.settleMs || removal !== null);
  if (absentAt !== null && absentAt >= row.time && !proven) {
    const until = row.time + options.settleMs;
    if (now < until) return { ...leave(id), wait: waiting(row, until) };
  }
  const since = observed && absentAt !== null ? Math.max(observed.time, row.time) : absentAt;
  if (since !== null && absentAt !== null && absentAt >= row.time) {
    const standing = standingOf(sight, row, drift, changes, removal, since);
    if (isOpen(drift) && drift.confidence === 'confirmed')
      return { ...leave(id), desired: standing, read: readToEnd(sight, row, changes, absentAt) };
    const verdict = gate(sight, row, KIND, since, changes, absentAt);
    if (verdict.verdict === 'wait') {
      const suspicion = removal ? suspected(sight, row, id, drift, changes, removal) : leave(id);
      return {
        ...suspicion,
        wait: verdict.wait,
        refresh: verdict.refresh,
        read: later(suspicion.read, verdict.read),
      };
    }
    if (verdict.verdict === 'unknown')
      return {
        ...leave(id),
        desired: { ...standing, confidence: 'unverified', note: verdict.note },
        read: verdict.read,
      };
    if (!proven) return notFoundOnce(sight, row, id, standing);
    return { ...leave(id), desired: standing };
  }
  if (removal) return suspected(sight, row, id, drift, changes, removal);
  // It was gone before it was declared. That it still is, or is again, would repeat what was seen and wake no one.
  const look = observed ? lookAgain(sight, row.time, observed) : null;
  const wait = look && { what: waitOf(row, 'gone'), ...look, phase: 'grace' as const };
  // Declared again after it was gone, or made again: nothing says that it is missing now.
  if (
    isOpen(drift) &&
    drift.confidence !== 'confirmed' &&
    forgotten(rows, drift, changes).length > 0 &&
    !changes.some((change) => creates(change, row.type, row.resourceId))
  )
    return { ...leave(id), wait };
  return { ...end(id, drift, 'reverted', changes.at(-1)?.time ?? row.time), wait };
}

/** It is read again, where anything can; until that answers, nothing is said of what may only be late to appear. */
function notFoundOnce(sight: Sight, row: DeclaredRow, id: string, standing: Standing): Assessment {
  const { rows, options, now } = sight;
  const settled = row.time + options.settleMs;
  const reads = hasReader(sight, row);
  const failure = reads ? failureSince(rows, row, settled) : undefined;
  const until = settled + options.suspectWindowMs;
  if (reads && !failure && now < until) return { ...leave(id), wait: waiting(row, until), read: settled };
  return {
    ...leave(id),
    desired: {
      ...standing,
      confidence: 'unverified',
      note: failure ? failureNote(failure) : 'not found only once, right after it was declared',
    },
    wait: waiting(row, now + Math.max(now - row.time, options.graceMs, 1000)),
    read: settled,
  };
}

const waiting = (row: DeclaredRow, at: number): Assessment['wait'] => ({
  what: waitOf(row, 'settle'),
  at,
  scopes: listingScopes(row).map(listingScope),
  phase: 'grace',
});

/** The last deletion by anyone but Terraform, if nothing made the object again since. */
function removalIn(changes: readonly Evidence[], row: DeclaredRow): Evidence | null {
  let removal: Evidence | null = null;
  for (const change of changes) {
    if (deletes(change, row.type, row.resourceId)) removal = isTerraform(change) ? null : change;
    else if (creates(change, row.type, row.resourceId)) removal = null;
  }
  return removal;
}

/** When the newest complete listing that should have shown the instance began; null when there is none. */
function listedAbsent({ rows }: Sight, row: DeclaredRow): number | null {
  // Under a further object it concerns, the instance is never observed itself: its listing proves nothing there.
  if (!row.primary) return null;
  let newest: number | null = null;
  for (const scope of listingScopes(row)) {
    const listing = listingOf(rows, scope);
    if (listing && (newest === null || listing.startedAt > newest)) newest = listing.startedAt;
  }
  return newest;
}

function standingOf(
  sight: Sight,
  row: DeclaredRow,
  drift: Drift | undefined,
  changes: readonly Evidence[],
  removal: Evidence | null,
  at: number,
): Standing {
  const { rows } = sight;
  const deletions = removal
    ? changes.filter((change) => !isTerraform(change) && deletes(change, row.type, row.resourceId))
    : [];
  return {
    state: 'open',
    kind: KIND,
    subject: subjectOf(row),
    confidence: 'confirmed',
    certainty: 'high',
    absorbed: false,
    severity: sight.options.severity({ type: row.type, kind: KIND, differences: [] }),
    differences: [],
    actors: actorsOf(deletions, forgotten(rows, drift, changes)),
    declaredAsOf: row.time,
    observedAsOf: at,
    at,
    ignoredBy: ignoringRule(sight, subjectOf(row), []),
    note: null,
  };
}

function suspected(
  sight: Sight,
  row: DeclaredRow,
  id: string,
  drift: Drift | undefined,
  changes: readonly Evidence[],
  removal: Evidence,
): Assessment {
  const { options, now } = sight;
  const reads = hasReader(sight, row);
  const overdue = reads ? removal.heard + options.suspectWindowMs : Number.POSITIVE_INFINITY;
  const failure = reads ? failureSince(sight.rows, row, removal.time) : undefined;
  const late = failure !== undefined || now >= overdue;
  const look = lookAgain(sight, removal.heard, knownOf(sight, row.type, row.resourceId).observed);
  const at = Math.min(
    now >= overdue ? Number.POSITIVE_INFINITY : overdue,
    look?.at ?? Number.POSITIVE_INFINITY,
  );
  const scopes = look?.scopes ?? [];
  const standing = standingOf(sight, row, drift, changes, removal, removal.time);
  return {
    ...leave(id),
    desired: {
      ...standing,
      confidence: late ? 'unverified' : 'suspected',
      observedAsOf: null,
      note: failure ? failureNote(failure) : late ? UNREAD : null,
    },
    read: removal.time,
    wait: at === Number.POSITIVE_INFINITY ? null : { what: waitOf(row, 'gone'), at, scopes, phase: 'grace' },
  };
}
