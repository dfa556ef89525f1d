// The detector's state: names and shapes of its rows. Every row is owned by one topic, so that any fold order agrees.
import type { Rows } from '../../runtime/processor.ts';
import { SEEN } from '../../runtime/processor.ts';
import type { Actor, Difference, Drift, Json, JsonObject, Target, Verb } from '../../schemas/index.ts';

import { presentType } from './rules/parents.ts';

const SEPARATOR = '\u001f';
export function part(first: string, ...names: string[]): string {
  let text = first;
  for (const name of names) text += SEPARATOR + name;
  return text;
}
export const namesOf = (name: string): string[] => name.split(SEPARATOR);

/** Declarations: what one workspace declares at one address under this key. A withdrawn one stays, to beat late duplicates. */
export type DeclaredRow = {
  workspace: string;
  address: string;
  type: string;
  resourceId: string;
  withdrawn: boolean;
  /** Event time of the state version this was taken from. */
  time: number;
  serial: number;
  eventId: string;
  owner: string | null;
  provider: string;
  account: string | null;
  region: string | null;
  primary: boolean;
  /** Under a further key: the instance's own, where that was told. */
  ownKey?: string;
  deposed: boolean;
  /** JSON text; parsed only when it is compared. */
  attributes: string;
};

/** Observations: the newest value one source reported. When, the runtime knows (SEEN): also of repetitions, which fold nothing. */
export type ObservedRow = {
  source: string;
  type: string;
  provider: string;
  account: string | null;
  region: string | null;
  /** JSON text; null: proven gone. */
  attributes: string | null;
  ownedBy: string | null;
};

/** Observations: the newest read of one source that failed. Says nothing about what is there. */
export type FailedRow = { source: string; code: string; reason: string; time: number };

/** A change as it is remembered for a while, in the data of a timer. */
export type Evidence = {
  id: string;
  providerEventId: string;
  time: number;
  /** When this system heard of it. */
  heard: number;
  provider: string;
  account: string | null;
  region: string | null;
  /** Left out of what was remembered before it was. */
  service?: string;
  operation: string;
  verb: Verb;
  targets: { type: string; id: string | null }[];
  actor: {
    principal: string;
    name: string;
    via: Actor['via'];
    sourceIp: string | null;
    userAgent: string | null;
    session: string | null;
    eventIds: string[];
    certainty: Actor['certainty'];
  };
};

/** Declarations, shared: the newest boundary of a workspace's state. */
type StateRow = {
  serial: number;
  time: number;
  /** Until when it is known to be the head: the time it was written or looked at. */
  checkedAt: number;
  pushed: boolean;
  problem: string | null;
  /** Reference of the encrypted original; null: it is not kept. */
  blob: string | null;
};

/** Declarations, shared: the newest run of a workspace. */
export type RunRow = { runId: string; open: boolean; time: number };

/** Observations, shared: the newest complete listing of a scope. */
type ListingRow = { startedAt: number; eventId: string };

/** Timers: an instance that waits for a boundary or a moment. */
export type WaitRow = {
  at: number;
  scopes: string[];
  phase: 'grace' | 'head' | 'read';
  /** True when what an open drift is about was observed to change while it waited. */
  moved: boolean;
};

export type Named = { type: string; id: string };

/** Timers: what the thing of an unmanaged drift is a part of, while the drift stands. */
export type PartRow = Named & { driftId: string; of: Named[] };

export const declaredPart = (workspace: string, address: string): string => part('d', workspace, address);
export const instancePart = (type: string, id: string, workspace: string, address: string): string =>
  part('i', presentType(type), id, workspace, address);
/** Instances declared under the key that have an own key elsewhere. */
export const furtherPart = (workspace: string, address: string): string => part('n', workspace, address);
/** Observations: the newest value of one source. */
export const observedPart = (type: string, id: string, source: string): string =>
  part('o', presentType(type), id, source);
/** Begins the names of all that is observed of a resource. */
export const reportsPart = (type: string, id: string): string => part('o', presentType(type), id, '');
export const failedPart = (type: string, id: string, source: string): string =>
  part('f', presentType(type), id, source);
/** Begins the names of all failed reads of a resource. */
export const failuresPart = (type: string, id: string): string => part('f', presentType(type), id, '');
export const evidencePart = (type: string, id: string | null, changeId: string): string =>
  part('e', presentType(type), id ?? '', changeId);
export const driftPart = (id: string): string => part('x', id);
/** Which drift stands at an address, so that one whose instance left can be found. */
export const placedPart = (workspace: string, address: string, id: string): string =>
  part('p', workspace, address, id);
export const absorbedPart = (driftId: string): string => part('a', driftId);
export const partRowPart = (driftId: string): string => part('h', driftId);
/** Which drifts are of parts of an object, so that a deletion of the object finds them. */
export const partsHeldPart = (type: string, id: string, driftId: string): string =>
  part('g', presentType(type), id, driftId);
export const waitPart = (what: string): string => part('w', what);

export const stateScope = (workspace: string): string => part('state', workspace);
/** Keys with a drift that stands in a workspace, or stood. */
export const standingScope = (workspace: string): string => part('standing', workspace);
export const listingScope = (scope: string): string => part('listing', scope);
export const RULES_SCOPE = 'rules';
export const RULES_ROW = 'rules';

const asObject = (value: Json | undefined): object | undefined => value as object | undefined;
/** A value whose members are all JSON, as a row. */
export const asRow = (value: object): Json => value as Json;

export const declaredAt = (rows: Rows, workspace: string, address: string): DeclaredRow | undefined =>
  rows.get(declaredPart(workspace, address)) as DeclaredRow | undefined;

/** Stands for every type. */
export const ANY_TYPE = '';

/** Instances declared under the key, of one type and, when given, one id; at most `limit`. */
export function instancesOf(
  rows: Rows,
  type: string,
  id: string | null,
  limit = Number.POSITIVE_INFINITY,
): DeclaredRow[] {
  const found: DeclaredRow[] = [];
  const of = type === ANY_TYPE ? [] : id === null ? [presentType(type)] : [presentType(type), id];
  // There is such a row for no other than instances that stand.
  for (const name of rows.names(part('i', ...of, ''), limit)) {
    const [, , , workspace, address] = namesOf(name);
    const row = declaredAt(rows, workspace!, address!);
    if (row && !row.withdrawn) found.push(row);
  }
  return found;
}

/** Instances that stand under the key and have their own elsewhere, at most `limit`. */
export function furtherInstances(rows: Rows, limit: number): DeclaredRow[] {
  return rows.names(part('n', ''), limit).flatMap((name) => {
    const [, workspace, address] = namesOf(name);
    const row = declaredAt(rows, workspace!, address!);
    return row && !row.withdrawn ? [row] : [];
  });
}

/** Whether there is any row with the prefix. */
export const anyRow = (rows: Rows, prefix: string): boolean => rows.names(prefix, 1).length > 0;

export const isDeclared = (rows: Rows, type: string, id: string): boolean =>
  anyRow(rows, part('i', presentType(type), id, ''));

export type Observed = ObservedRow & {
  /** Newest event time at which its source reported the value, repetitions included. */
  time: number;
  /** The same, or the begin of a later listing that left it as it was. */
  seenAt: number;
};

/** Under which record key one source reports a resource. */
export const reportKey = (rows: Rows, id: string, { type, source }: ObservedRow): string =>
  part(rows.objectKey, type, id, source);

/** The newest of what several sources reported, by event time. At equal times a value beats an absence, then the name decides. */
export function newestOf(
  rows: Rows,
  id: string,
  reports: readonly ObservedRow[],
): { row: ObservedRow; time: number } | undefined {
  let newest: { row: ObservedRow; time: number } | undefined;
  for (const row of reports) {
    const seen = rows.get(`${SEEN}${reportKey(rows, id, row)}`);
    const time = typeof seen === 'number' ? seen : 0;
    if (newest === undefined || time > newest.time || (time === newest.time && beats(row, newest.row)))
      newest = { row, time };
  }
  return newest;
}

const beats = (one: ObservedRow, other: ObservedRow): boolean =>
  (one.attributes === null) === (other.attributes === null)
    ? one.source < other.source
    : one.attributes !== null;

/** The newest observation from any source. */
export function newestObserved(rows: Rows, type: string, id: string): Observed | undefined {
  const reports: ObservedRow[] = [];
  for (const [, value] of rows.list(reportsPart(type, id))) reports.push(value as ObservedRow);
  const found = newestOf(rows, id, reports);
  if (found === undefined) return undefined;
  const newest: Observed = { ...found.row, time: found.time, seenAt: found.time };
  // A listing publishes only what it found different: what it left alone still held when it began.
  const listing = listingOf(rows, scopeOf(newest, newest.type));
  if (listing && listing.startedAt > newest.seenAt) newest.seenAt = listing.startedAt;
  return newest;
}

export const driftOf = (rows: Rows, id: string): Drift | undefined =>
  asObject(rows.get(driftPart(id))) as Drift | undefined;

/** Whether any drift stands at an address. */
export const anyPlaced = (rows: Rows, workspace: string, address: string): boolean =>
  anyRow(rows, part('p', workspace, address, ''));

export const anyDrift = (rows: Rows): boolean => anyRow(rows, part('x', ''));
export const anyEvidence = (rows: Rows): boolean => anyRow(rows, part('e', ''));

export const evidenceOf = (rows: Rows, type: string, id: string | null): Evidence[] => {
  const found: Evidence[] = [];
  for (const [, value] of rows.list(part('e', presentType(type), id ?? '', '')))
    found.push(value as Evidence);
  return found;
};

export const stateOf = (rows: Rows, workspace: string): StateRow | undefined =>
  rows.shared(stateScope(workspace)) as StateRow | undefined;
export const runOf = (rows: Rows, workspace: string): RunRow | undefined =>
  rows.shared(part('run', workspace)) as RunRow | undefined;
export const listingOf = (rows: Rows, scope: string): ListingRow | undefined =>
  rows.shared(listingScope(scope)) as ListingRow | undefined;

/** The scope of listings that would have seen an instance. */
export const scopeOf = (
  at: { provider: string; account: string | null; region: string | null },
  type: string,
): string => `${at.provider}/${at.account ?? '-'}/${at.region ?? '-'}/${type}`;

/** What a state took over of an open drift. */
export type AbsorbedRow = {
  /** Event time of the declaration before. */
  since: number;
  differences: Difference[];
};
export const absorbedOf = (rows: Rows, driftId: string): AbsorbedRow | undefined =>
  asObject(rows.get(absorbedPart(driftId))) as AbsorbedRow | undefined;

export const partRowOf = (rows: Rows, driftId: string): PartRow | undefined =>
  asObject(rows.get(partRowPart(driftId))) as PartRow | undefined;

/** Scopes of listings that prove an instance's absence: its own, and the same without a region. */
export function listingScopes(row: DeclaredRow): string[] {
  const own = scopeOf(row, row.type);
  return row.region === null ? [own] : [own, scopeOf({ ...row, region: null }, row.type)];
}

export const isObserved = (rows: Rows, type: string, id: string): boolean =>
  anyRow(rows, reportsPart(type, id));

const KEPT = 32;
let parsed = new Map<object, JsonObject>();
/**
 * Attributes of a row, parsed once while it is decided on. Only the last few are kept: parsed they take several times the
 * memory of their text, and rows stay in memory for long.
 */
export function attributesOf(row: { attributes: string | null }): JsonObject {
  let value = parsed.get(row);
  if (value === undefined) {
    value = JSON.parse(row.attributes ?? '{}') as JsonObject;
    if (parsed.size >= KEPT) parsed = new Map();
    parsed.set(row, value);
  }
  return value;
}

/** A change that names no type, known by its object alone, is one of whatever is declared there. */
export const targetsOf = (targets: readonly Target[]): Evidence['targets'] =>
  targets.length === 0 ? [{ type: ANY_TYPE, id: null }] : targets.map(({ type, id }) => ({ type, id }));
