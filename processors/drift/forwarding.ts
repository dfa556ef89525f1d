// What is reported of an instance under another key than its own: a further object that it concerns (the root volume of an
// instance), or another name of it. One thing is one drift, under its own key: the change is told again there, and all that
// follows (a read, a drift, who did it) follows there. Pure.
import type { Output, Rows } from '../../runtime/processor.ts';
import type { Bodies, DriftKind, EventOf } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import { type Assessment, driftIdOf, end, type Sight } from './desired.ts';
import { isTerraform, NAMELESS_LIMIT, namesDeclared } from './evidence.ts';
import { hasReader } from './reading.ts';
import { ANY_TYPE, type DeclaredRow, driftOf, type Evidence, furtherInstances, part } from './rows.ts';
import { presentType } from './rules/parents.ts';

/**
 * The key under which everything about the instance is decided; null: this one. Where nothing reads it, what is suspected
 * stays where it was reported.
 */
export const ownKeyOf = (sight: Sight, row: DeclaredRow): string | null =>
  row.ownKey !== undefined && hasReader(sight, row) ? row.ownKey : null;

/**
 * Instances that a change may concern which names nothing that is declared under the key: those that the object is a part or
 * another name of. None when the object was only made, or when there are more of them than may all be meant.
 */
export function furtherTouched(rows: Rows, change: Evidence): DeclaredRow[] {
  if (change.verb === 'create') return [];
  const further = furtherInstances(rows, NAMELESS_LIMIT + 1);
  return further.length > NAMELESS_LIMIT ? [] : further;
}

/** The wishes to tell again what touched an instance: the change that came, or, when it is declared, all remembered ones. */
export function forwarding(sight: Sight, row: DeclaredRow, ownKey: string): Output[] {
  const { rows, event, arriving } = sight;
  if (event.type === 'change.reported') return wish(row, ownKey, arriving!, event);
  if (event.type !== 'resource.declared') return [];
  const remembered = new Map<string, Evidence>();
  for (const [, value] of rows.list(part('e', ''))) {
    const change = value as Evidence;
    if (concerns(rows, change, row)) remembered.set(change.id, change);
  }
  return [...remembered.values()]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((change) => wish(row, ownKey, change, null));
}

/** What stood here before its changes were told where they belong. */
export function leftHere({ rows, event }: Sight, row: DeclaredRow, ownKey: string): Assessment[] {
  return (['modified', 'missing'] satisfies DriftKind[]).map((kind) => {
    const id = driftIdOf(rows, event.org, row.workspace, row.type, row.resourceId, kind);
    return end(id, driftOf(rows, id), 'dismissed', event.time, `told under ${ownKey}`);
  });
}

function concerns(rows: Rows, change: Evidence, row: DeclaredRow): boolean {
  const names = change.targets.some(
    ({ type, id }) => id === row.resourceId && presentType(type) === presentType(row.type),
  );
  if (names) return true;
  return !namesDeclared(rows, change) && furtherTouched(rows, change).length > 0;
}

function wish(
  row: DeclaredRow,
  ownKey: string,
  change: Evidence,
  event: EventOf<'change.reported'> | null,
): Output[] {
  // What Terraform itself does is settled by its run and its state.
  if (isTerraform(change)) return [];
  const request: Output = {
    type: 'change.forward-requested',
    id: stableId('fwd', change.id, ownKey, row.type, row.resourceId),
    time: event?.time ?? change.time,
    body: {
      toObjectKey: ownKey,
      changeId: change.id,
      change: {
        ...(event ? event.body : bodyOf(change)),
        verb: verbOf(change, row),
        targets: [{ type: row.type, id: row.resourceId }],
      },
    },
  };
  return [request];
}

/** A deletion deletes the instance if what was deleted is of its type: else only something that belongs to it is gone. */
function verbOf({ verb, targets }: Evidence, row: DeclaredRow): Evidence['verb'] {
  if (verb !== 'delete') return verb;
  const isIt = targets.some(({ type }) => type !== ANY_TYPE && presentType(type) === presentType(row.type));
  return isIt ? 'delete' : 'update';
}

const bodyOf = (change: Evidence): Bodies['change.reported'] => ({
  provider: change.provider,
  account: change.account,
  region: change.region,
  service: change.service ?? change.provider,
  operation: change.operation,
  verb: change.verb,
  targets: change.targets,
  actor: { ...change.actor, operations: change.actor.eventIds.map(() => change.operation) },
  providerEventId: change.providerEventId,
  requestId: null,
  // Only what is needed to decide is remembered.
  parameters: '{}',
});
