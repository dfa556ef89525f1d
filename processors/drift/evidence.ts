// What changes prove: who touched an instance, and what became of it. Pure functions over remembered changes; the order
// in which they arrived plays no part.
import type { Rows } from '../../runtime/processor.ts';
import type { Actor, Drift, Event, EventOf } from '../../schemas/index.ts';
import {
  ANY_TYPE,
  anyEvidence,
  type Evidence,
  evidenceOf,
  instancesOf,
  isDeclared,
  targetsOf,
} from './rows.ts';
import { presentType } from './rules/parents.ts';

/** More instances of one type than this are not all suspected for a change that names none of them. */
export const NAMELESS_LIMIT = 64;

const second = 1000;

/**
 * Feeds tell times in whole seconds: the change may have been made at any moment until the next, or until it was heard of.
 * What was read in between may have been read before it.
 */
function latestTimeOf({ time, recordedAt }: EventOf<'change.reported'>): number {
  if (time % second !== 0) return time;
  return Math.max(time, Math.min(time + second - 1, recordedAt));
}

/** A change as it is remembered. */
function evidenceFrom(event: EventOf<'change.reported'>): Evidence {
  const { body } = event;
  return {
    id: event.id,
    providerEventId: body.providerEventId,
    time: latestTimeOf(event),
    heard: event.recordedAt,
    provider: body.provider,
    account: body.account,
    region: body.region,
    service: body.service,
    operation: body.operation,
    verb: body.verb,
    targets: targetsOf(body.targets),
    actor: actorOf(body.actor),
  };
}

const actorOf = (actor: Actor): Evidence['actor'] => ({
  principal: actor.principal,
  name: actor.name,
  via: actor.via,
  sourceIp: actor.sourceIp,
  userAgent: actor.userAgent,
  session: actor.session,
  eventIds: [...actor.eventIds],
  certainty: actor.certainty,
});

export const inOrder = (a: Evidence, b: Evidence): number =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * Changes that touch one instance, oldest first: those that name it, and those that name only its type or its object,
 * unless they name another declared instance of this object, or the object has more than NAMELESS_LIMIT instances of the type.
 * `arriving` is the change being decided on, which no row holds yet.
 */
export function changesOf(rows: Rows, type: string, id: string, arriving: Evidence | null): Evidence[] {
  if (!arriving && !anyEvidence(rows)) return [];
  const named = evidenceOf(rows, type, id);
  let nameless = namelessOf(rows, type);
  if (arriving) {
    const isNew = (list: Evidence[]): boolean => list.every((one) => one.id !== arriving.id);
    const names = (of: string | null): boolean =>
      arriving.targets.some(
        (target) =>
          target.id === of && (target.type === ANY_TYPE || presentType(target.type) === presentType(type)),
      );
    if (names(id) && isNew(named)) named.push(arriving);
    else if (names(null) && isNew(nameless)) nameless.push(arriving);
  }
  if (nameless.length > 0) {
    nameless = nameless.filter(
      (change) => !namesDeclared(rows, change) && named.every((one) => one.id !== change.id),
    );
    if (nameless.length > 0 && instancesOf(rows, type, null, NAMELESS_LIMIT + 1).length > NAMELESS_LIMIT)
      nameless = [];
  }
  const all = nameless.length > 0 ? [...named, ...nameless] : named;
  return all.length > 1 ? all.sort(inOrder) : all;
}

/** Changes that name no instance: those of the type, and those of which only the object is known. */
const namelessOf = (rows: Rows, type: string): Evidence[] => [
  ...evidenceOf(rows, type, null),
  ...evidenceOf(rows, ANY_TYPE, null),
];

/** Whether a change names an instance that is declared under the key. */
export const namesDeclared = (rows: Rows, change: Evidence): boolean =>
  change.targets.some(({ type, id }) => id !== null && isDeclared(rows, type, id));

export const isTerraform = (change: Evidence): boolean => change.actor.via === 'terraform';

/** Calls that create or delete are about the object itself: each of their targets is a type that may describe it as a whole. */
export const deletes = (change: Evidence, type: string, id: string): boolean =>
  change.verb === 'delete' && targetsAt(change, type, id);
export const creates = (change: Evidence, type: string, id: string): boolean =>
  change.verb === 'create' && targetsAt(change, type, id);

const targetsAt = (change: Evidence, type: string, id: string): boolean =>
  change.targets.some(
    (target) => presentType(target.type) === presentType(type) && (target.id === id || target.id === null),
  );

/** What a creation made, if the call tells its id: the first of the types that may describe it. */
export const madeBy = (change: Evidence): { type: string; id: string } | null => {
  if (change.verb !== 'create') return null;
  const target = change.targets.find(({ id }) => id !== null);
  return target?.id != null ? { type: target.type, id: target.id } : null;
};

const DOING =
  /^(Create|Delete|Put|Update|Modify|Set|Reset|Add|Remove|Attach|Detach|Associate|Disassociate|Authorize|Revoke|Enable|Disable|Start|Stop|Tag|Untag|Replace|Register|Deregister)/;

/** What a call is about, without what it does: AuthorizeSecurityGroupIngress and its Revoke have the same. */
const subjectOf = (operation: string): string => operation.replace(/20\d{6}(v\d+)?$/, '').replace(DOING, '');

/** Whether a later call wrote the same thing again. Not what a call for something else on the same object does. */
export const rewrites = (later: Evidence, earlier: Evidence): boolean =>
  later.time > earlier.time && subjectOf(later.operation) === subjectOf(earlier.operation);

const sessionOf = ({ actor }: Evidence): string =>
  actor.session !== null
    ? `session ${actor.principal} ${actor.session} ${actor.via}`
    : `${actor.principal} ${actor.name} ${actor.via} ${actor.sourceIp} ${actor.userAgent}`;

/**
 * Actors of changes, one per session, oldest first, each with all its event ids and what was called; then those of `remembered` whose changes
 * are no longer kept.
 */
export function actorsOf(changes: readonly Evidence[], remembered: readonly Actor[]): Actor[] {
  const bySession = new Map<string, Actor>();
  for (const change of changes) {
    const known = bySession.get(sessionOf(change)) ?? { ...change.actor, eventIds: [], operations: [] };
    for (const id of idsOf(change)) {
      if (known.eventIds.includes(id)) continue;
      known.eventIds.push(id);
      known.operations.push(change.operation);
    }
    if (change.actor.certainty === 'low') known.certainty = 'low';
    bySession.set(sessionOf(change), known);
  }
  return [...bySession.values(), ...remembered];
}

const idsOf = (change: Evidence): string[] =>
  change.actor.eventIds.length > 0 ? [...change.actor.eventIds] : [change.providerEventId];

/** Actors of an open drift whose changes are no longer kept: the drift itself is then what remembers them. */
export function forgotten(rows: Rows, drift: Drift | undefined, changes: readonly Evidence[]): Actor[] {
  const actors = drift && drift.status !== 'resolved' ? drift.actors : [];
  if (actors.length === 0) return [];
  // Nameless changes count as kept even where another instance took them over.
  const ids = new Set([...changes, ...namelessOf(rows, drift!.type)].flatMap(idsOf));
  return actors.flatMap((actor) => {
    const left = (_: string, index: number): boolean => !ids.has(actor.eventIds[index]!);
    const eventIds = actor.eventIds.filter(left);
    // A drift kept from before operations were told has none.
    const operations = (actor.operations ?? []).filter(left);
    return eventIds.length > 0 ? [{ ...actor, eventIds, operations }] : [];
  });
}

/** The change in an event, if it is one. */
export const arrivingIn = (event: Event): Evidence | null =>
  event.type === 'change.reported' ? evidenceFrom(event) : null;
