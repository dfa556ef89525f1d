// Events into rows. Each topic writes only its own rows (state is folded again topic after topic); index membership is
// computed from what both topics left, so any order ends the same. Changes fold nothing: their memory is a timer's data.
import type { Rows, Write } from '../../runtime/processor.ts';
import type { Drift, Event, EventOf } from '../../schemas/index.ts';
import { foldConfiguration, foldDescribed } from './known-facts.ts';
import { elementRows } from './parents.ts';
import { askedRow } from './reading.ts';
import {
  type AbsorbedRow,
  absorbedPart,
  asRow,
  type DeclaredRow,
  declaredAt,
  declaredPart,
  driftOf,
  driftPart,
  type Evidence,
  evidencePart,
  type FailedRow,
  failedPart,
  furtherPart,
  instancePart,
  instancesOf,
  isObserved,
  listingOf,
  listingScope,
  listingScopes,
  namesOf,
  newestOf,
  type ObservedRow,
  observedPart,
  type PartRow,
  part,
  placedPart,
  RULES_ROW,
  RULES_SCOPE,
  reportKey,
  reportsPart,
  runOf,
  standingScope,
  stateOf,
  stateScope,
  type WaitRow,
  waitPart,
} from './rows.ts';
import {
  ABSORBED_TIMER,
  EVIDENCE_TIMER,
  FORGET_TIMER,
  PART_TIMER,
  READ_TIMER,
  WAIT_TIMER,
} from './timers.ts';
import { partRows } from './wholes.ts';

/** Beyond so many instances or waits under one key, index membership is kept rather than counted again. */
const COUNTED = 8;

export function evolve(rows: Rows, event: Event): Write[] {
  switch (event.type) {
    case 'resource.declared':
      return foldDeclared(rows, event);
    case 'resource.withdrawn':
    case 'resource.rekeyed':
      return foldWithdrawn(rows, event);
    case 'state.published':
      return foldState(rows, event);
    case 'run.started':
    case 'run.finished':
      return foldRun(rows, event);
    case 'resource.observed':
    case 'resource.vanished':
      return foldObserved(rows, event);
    case 'resource.read-failed':
      return foldFailed(rows, event);
    case 'type.described':
      return foldDescribed(event);
    case 'configuration.published':
      return foldConfiguration(rows, event);
    case 'snapshot.completed':
      return foldListing(rows, event);
    case 'rules.published':
      return [{ part: RULES_ROW, value: { ...event.body, time: event.time } }];
    case 'drift.current':
      return foldDrift(rows, event.body.drift);
    case 'clock.due':
      return foldTimer(rows, event);
    default:
      return [];
  }
}

function foldDeclared(rows: Rows, event: EventOf<'resource.declared'>): Write[] {
  const { body } = event;
  const before = declaredAt(rows, body.workspace, body.address);
  if (before && isOlder(event.time, body.serial, before)) return [];
  const row: DeclaredRow = {
    workspace: body.workspace,
    address: body.address,
    type: body.type,
    resourceId: body.resourceId,
    withdrawn: false,
    time: event.time,
    serial: body.serial,
    eventId: event.id,
    owner: body.owner,
    provider: body.provider,
    account: body.account,
    region: body.region,
    primary: body.primary,
    ...(body.ownKey === null ? {} : { ownKey: body.ownKey }),
    deposed: body.deposed !== null,
    attributes: body.attributes,
  };
  const writes: Write[] = [{ part: declaredPart(body.workspace, body.address), value: row }];
  if (before && (before.type !== row.type || before.resourceId !== row.resourceId))
    writes.push({ part: instanceOf(before), value: undefined });
  if (before && !before.withdrawn) writes.push(...elementRows(before, false));
  if ((before?.ownKey === undefined) !== (row.ownKey === undefined) || before?.withdrawn)
    writes.push({
      part: furtherPart(row.workspace, row.address),
      value: row.ownKey === undefined ? undefined : 1,
    });
  writes.push({ part: instanceOf(row), value: 1 }, ...elementRows(row, true));
  if (!isObserved(rows, row.type, row.resourceId))
    for (const scope of listingScopes(row)) writes.push({ index: listingScope(scope), member: true });
  return writes;
}

const isOlder = (time: number, serial: number, than: DeclaredRow): boolean =>
  time < than.time || (time === than.time && serial < than.serial);
const instanceOf = (row: DeclaredRow): string =>
  instancePart(row.type, row.resourceId, row.workspace, row.address);

function foldWithdrawn(rows: Rows, event: EventOf<'resource.withdrawn' | 'resource.rekeyed'>): Write[] {
  const { workspace, address, serial } = event.body;
  const before = declaredAt(rows, workspace, address);
  if (before && isOlder(event.time, serial, before)) return [];
  const row: DeclaredRow = {
    workspace,
    address,
    type: event.body.type,
    resourceId: event.body.resourceId,
    owner: null,
    provider: '-',
    account: null,
    region: null,
    primary: false,
    deposed: false,
    withdrawn: true,
    time: event.time,
    serial,
    eventId: event.id,
    attributes: '{}',
  };
  const writes: Write[] = [
    { part: declaredPart(workspace, address), value: row },
    // What it declared may now be declared nowhere: whether that is drift is for the rules to say.
    { index: RULES_SCOPE, member: true },
  ];
  if (before && !before.withdrawn) {
    writes.push({ part: instanceOf(before), value: undefined });
    if (before.ownKey !== undefined) writes.push({ part: furtherPart(workspace, address), value: undefined });
    writes.push(...elementRows(before, false), ...leaveListings(rows, before));
  }
  return writes;
}

function foldState(rows: Rows, event: EventOf<'state.published'>): Write[] {
  const { workspace, serial, pushed, kind, problem, blob } = event.body;
  const before = stateOf(rows, workspace);
  if (before && event.time < before.time) return [];
  const value = {
    serial,
    time: event.time,
    checkedAt: Math.max(event.time, event.recordedAt),
    pushed,
    problem: kind === 'unreadable' ? (problem ?? 'unreadable') : null,
    blob,
  };
  return [{ part: stateScope(workspace), value }];
}

function foldRun(rows: Rows, event: EventOf<'run.started' | 'run.finished'>): Write[] {
  const { workspace, runId } = event.body;
  const before = runOf(rows, workspace);
  const open = event.type === 'run.started';
  if (before && (event.time < before.time || (before.runId === runId && !before.open && open))) return [];
  return [{ part: part('run', workspace), value: { runId, open, time: event.time } }];
}

function foldObserved(rows: Rows, event: EventOf<'resource.observed' | 'resource.vanished'>): Write[] {
  const { body } = event;
  const name = observedPart(body.type, body.resourceId, event.source);
  const row: ObservedRow = {
    source: event.source,
    type: body.type,
    provider: body.provider,
    account: body.account,
    region: body.region,
    attributes: event.type === 'resource.observed' ? event.body.attributes : null,
    ownedBy: event.type === 'resource.observed' ? event.body.ownedBy : null,
  };
  const reported = rows.names(reportsPart(body.type, body.resourceId));
  const others = reported.filter((one) => one !== name);
  const writes: Write[] = [{ part: name, value: row }];
  if (others.length > 0) writes.push(...awaitedOf(rows, body.resourceId, row, others));
  if (others.length < reported.length) return writes;
  const [declared] = instancesOf(rows, body.type, body.resourceId, 1);
  if (declared) writes.push(...leaveListings(rows, declared));
  else if (event.type === 'resource.observed') writes.push({ index: RULES_SCOPE, member: true });
  return writes;
}

function foldFailed(rows: Rows, event: EventOf<'resource.read-failed'>): Write[] {
  const { type, resourceId, code, reason } = event.body;
  const name = failedPart(type, resourceId, event.source);
  const before = rows.get(name) as FailedRow | undefined;
  if (before && event.time < before.time) return [];
  const row: FailedRow = { source: event.source, code, reason, time: event.time };
  return [{ part: name, value: row }];
}

/**
 * Whose repetitions are awaited: a source that last said something else than the newest value makes its own the newest when
 * it says it again. One that repeats the newest value moves nothing but the time.
 */
function awaitedOf(rows: Rows, id: string, arriving: ObservedRow, others: readonly string[]): Write[] {
  const reports = [arriving, ...others.map((name) => rows.get(name) as ObservedRow)];
  const newest = newestOf(rows, id, reports)!.row;
  return reports.map((report) => ({
    awaited: reportKey(rows, id, report),
    member: !saysTheSame(report, newest),
  }));
}

const saysTheSame = (one: ObservedRow, other: ObservedRow): boolean =>
  one.attributes === other.attributes &&
  one.ownedBy === other.ownedBy &&
  one.type === other.type &&
  one.provider === other.provider &&
  one.account === other.account &&
  one.region === other.region;

/** Takes the key from the listings of an instance, unless another instance of its type was never observed either. */
function leaveListings(rows: Rows, leaving: DeclaredRow): Write[] {
  const others = instancesOf(rows, leaving.type, null, COUNTED);
  if (others.length >= COUNTED) return [];
  const waits = others.some(
    (one) => one.resourceId !== leaving.resourceId && !isObserved(rows, one.type, one.resourceId),
  );
  if (waits) return [];
  return listingScopes(leaving)
    .map(listingScope)
    .filter((scope) => !anyWaits(rows, scope, null))
    .map((scope) => ({ index: scope, member: false }));
}

function foldListing(rows: Rows, event: EventOf<'snapshot.completed'>): Write[] {
  const { scope, startedAt } = event.body;
  const before = listingOf(rows, scope);
  if (before && startedAt < before.startedAt) return [];
  return [{ part: listingScope(scope), value: { startedAt, eventId: event.id } }];
}

function foldDrift(rows: Rows, drift: Drift): Write[] {
  const before = driftOf(rows, drift.id);
  const writes: Write[] = [{ part: driftPart(drift.id), value: asRow(drift) }];
  const placed = placeOf(drift);
  const was = before && placeOf(before);
  if (was && was !== placed) writes.push({ part: was, value: undefined });
  if (placed) writes.push({ part: placed, value: 1 });
  // No one leaves that index, so whoever has a drift is in it.
  if (!before) writes.push({ index: RULES_SCOPE, member: true });
  if (placed) writes.push({ index: standingScope(drift.workspace!), member: true });
  else if (was && drift.workspace !== null && !othersStand(rows, drift.workspace, was))
    writes.push({ index: standingScope(drift.workspace), member: false });
  // Unknown because of its state or its run: whatever that workspace says next may settle it.
  if (drift.confidence === 'unverified' && drift.status !== 'resolved' && drift.workspace !== null)
    writes.push({ index: stateScope(drift.workspace), member: true });
  return writes;
}

const othersStand = (rows: Rows, workspace: string, left: string): boolean =>
  rows.names(part('p', workspace, ''), 2).some((name) => name !== left);

const placeOf = (drift: Drift): string | null =>
  drift.status === 'resolved' || drift.workspace === null || drift.address === null
    ? null
    : placedPart(drift.workspace, drift.address, drift.id);

function foldTimer(rows: Rows, event: EventOf<'clock.due'>): Write[] {
  const { what, phase, data, at } = event.body;
  const set = phase === 'set';
  const [kind] = namesOf(what);
  if (kind === EVIDENCE_TIMER && data !== null) {
    const evidence = JSON.parse(data) as Evidence;
    const value = set ? asRow(evidence) : undefined;
    return evidence.targets.map(({ type, id }) => ({ part: evidencePart(type, id, evidence.id), value }));
  }
  if (kind === WAIT_TIMER && data !== null) {
    const row: WaitRow = { ...(JSON.parse(data) as Omit<WaitRow, 'at'>), at };
    const { scopes } = row;
    return [
      { part: waitPart(what), value: set ? row : undefined },
      ...scopes
        .filter((scope) => set || !othersWait(rows, what, scope))
        .map((scope) => ({ index: scope, member: set })),
    ];
  }
  if (kind === ABSORBED_TIMER && data !== null) {
    const { driftId, ...absorbed } = JSON.parse(data) as AbsorbedRow & { driftId: string };
    const kept = set && absorbed.differences.length > 0;
    return [{ part: absorbedPart(driftId), value: kept ? asRow(absorbed) : undefined }];
  }
  if (kind === READ_TIMER && data !== null) return [askedRow(what, data, set)];
  if (kind === PART_TIMER && data !== null) return partRows(JSON.parse(data) as PartRow, set);
  if (kind === FORGET_TIMER && data !== null && !set) {
    const { id, revision, resolvedAt } = JSON.parse(data) as {
      id: string;
      revision: number;
      resolvedAt: number;
    };
    const drift = driftOf(rows, id);
    if (drift?.revision === revision && drift.resolvedAt === resolvedAt)
      return [{ part: driftPart(id), value: undefined }];
  }
  return [];
}

/** Whether the key must stay under a scope after one wait is over: another waits there, or there are too many to tell. */
function othersWait(rows: Rows, what: string, scope: string): boolean {
  if (anyWaits(rows, scope, what)) return true;
  // A key whose instances were never observed stays under the scope of their listing.
  const [kind, listing] = namesOf(scope);
  if (kind !== 'listing' || listing === undefined) return false;
  const type = listing.slice(listing.lastIndexOf('/') + 1);
  return instancesOf(rows, type, null, COUNTED).some((one) => !isObserved(rows, type, one.resourceId));
}

function anyWaits(rows: Rows, scope: string, except: string | null): boolean {
  let seen = 0;
  for (const [name, value] of rows.list(waitPart(''))) {
    if (except !== null && name === waitPart(except)) continue;
    if (++seen > COUNTED || (value as WaitRow).scopes.includes(scope)) return true;
  }
  return false;
}
