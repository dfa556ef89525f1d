// What changes prove: who touched an instance, and what became of it. Pure functions over remembered changes; the order
// in which they arrived plays no part.
import type { Rows } from '../../runtime/processor.ts';
import type { Actor, Event, EventOf } from '../../schemas/index.ts';
import { type Evidence, evidenceOf, instancesOf, isDeclared, targetsOf } from './rows.ts';

/** More instances of one type than this are not all suspected for a change that names none of them. */
export const NAMELESS_LIMIT = 64;

/** A change as it is remembered. */
export function evidenceFrom(event: EventOf<'change.reported'>): Evidence {
  const { body } = event;
  return {
    id: event.id,
    providerEventId: body.providerEventId,
    time: event.time,
    heard: event.recordedAt,
    provider: body.provider,
    account: body.account,
    region: body.region,
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

const inOrder = (a: Evidence, b: Evidence): number =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * Changes that touch one instance, oldest first: those that name it, and those that name only its type, unless they name
 * another declared instance of this object, or the object has more than NAMELESS_LIMIT instances of the type.
 * `arriving` is the change being decided on, which no row holds yet.
 */
export function changesOf(rows: Rows, type: string, id: string, arriving: Evidence | null): Evidence[] {
  const named = evidenceOf(rows, type, id);
  let nameless = evidenceOf(rows, type, null);
  if (arriving) {
    const isNew = (list: Evidence[]): boolean => list.every((one) => one.id !== arriving.id);
    if (arriving.targets.some((target) => target.type === type && target.id === id) && isNew(named))
      named.push(arriving);
    else if (arriving.targets.some((target) => target.type === type && target.id === null) && isNew(nameless))
      nameless.push(arriving);
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

/** Whether a change names an instance that is declared under the key. */
export const namesDeclared = (rows: Rows, change: Evidence): boolean =>
  change.targets.some(({ type, id }) => id !== null && isDeclared(rows, type, id));

export const isTerraform = (change: Evidence): boolean => change.actor.via === 'terraform';

/** Whether the change made or removed this very resource; the further targets of such a call were only touched by it. */
export const isAbout = (change: Evidence, type: string, id: string): boolean =>
  change.targets[0]?.type === type && (change.targets[0].id === id || change.targets[0].id === null);

/** Whether a change ends the existence of this very resource. */
export const deletes = (change: Evidence, type: string, id: string): boolean =>
  change.verb === 'delete' && isAbout(change, type, id);
export const creates = (change: Evidence, type: string, id: string): boolean =>
  change.verb === 'create' && isAbout(change, type, id);

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
 * Actors of changes, one per session, oldest first, each with all its event ids; then those of `remembered` whose changes
 * are no longer kept.
 */
export function actorsOf(changes: readonly Evidence[], remembered: readonly Actor[]): Actor[] {
  const bySession = new Map<string, Actor>();
  for (const change of changes) {
    const known = bySession.get(sessionOf(change));
    if (!known) bySession.set(sessionOf(change), { ...change.actor, eventIds: idsOf(change) });
    else {
      for (const id of idsOf(change)) if (!known.eventIds.includes(id)) known.eventIds.push(id);
      if (change.actor.certainty === 'low') known.certainty = 'low';
    }
  }
  return [...bySession.values(), ...remembered];
}

const idsOf = (change: Evidence): string[] =>
  change.actor.eventIds.length > 0 ? [...change.actor.eventIds] : [change.providerEventId];

/** The part of known actors whose changes are not among those still kept. */
export function forgotten(actors: readonly Actor[], kept: readonly Evidence[]): Actor[] {
  if (actors.length === 0) return [];
  const ids = new Set(kept.flatMap(idsOf));
  return actors.flatMap((actor) => {
    const eventIds = actor.eventIds.filter((id) => !ids.has(id));
    return eventIds.length > 0 ? [{ ...actor, eventIds }] : [];
  });
}

/** The change in an event, if it is one. */
export const arrivingIn = (event: Event): Evidence | null =>
  event.type === 'change.reported' ? evidenceFrom(event) : null;
