// Which declared instances and resources an event may change the drifts of. Never lists a whole object unless a change
// names only a type: cost follows what changed.
import type { Rows } from '../../runtime/processor.ts';
import { UNMANAGED, UNMANAGED_LOOK, unmanagedIdOf } from './assess-unmanaged.ts';
import { type Assessment, end, isOpen, type Sight } from './desired.ts';
import { madeBy, NAMELESS_LIMIT, namesDeclared } from './evidence.ts';
import { furtherTouched } from './forwarding.ts';
import { hasAnyChildren, isParent, parentsOf } from './parents.ts';
import { askedFor } from './reading.ts';
import {
  anyDrift,
  anyEvidence,
  type DeclaredRow,
  declaredAt,
  driftOf,
  evidenceOf,
  instancesOf,
  isObserved,
  listingScope,
  namesOf,
  part,
  stateScope,
  type WaitRow,
  waitPart,
} from './rows.ts';
import { READ_TIMER, WAIT_TIMER } from './timers.ts';
import { partsHeldBy } from './wholes.ts';

interface Concerned {
  instances: DeclaredRow[];
  resources: { type: string; id: string; isContestable: boolean }[];
  /** Ends of drifts whose instance left this object. */
  left: Assessment[];
}

class Collected implements Concerned {
  readonly instances: DeclaredRow[] = [];
  readonly resources: Concerned['resources'] = [];
  readonly left: Assessment[] = [];
  private readonly rows: Rows;
  private readonly seen = new Set<string>();

  constructor(rows: Rows) {
    this.rows = rows;
  }

  instance(row: DeclaredRow | undefined): void {
    if (!row || row.withdrawn || this.isSeen(part('d', row.workspace, row.address))) return;
    this.instances.push(row);
  }

  resource(type: string, id: string, isContestable: boolean): void {
    if (this.isSeen(part('r', type, id, String(isContestable)))) return;
    this.resources.push({ type, id, isContestable });
  }

  instancesOf(type: string, id: string | null): void {
    for (const row of instancesOf(this.rows, type, id)) this.instance(row);
  }

  private isSeen(name: string): boolean {
    if (this.seen.has(name)) return true;
    this.seen.add(name);
    return false;
  }
}

export function concerned(sight: Sight): Concerned {
  const { rows, event } = sight;
  const found = new Collected(rows);
  switch (event.type) {
    case 'resource.declared': {
      const { workspace, address, type, resourceId } = event.body;
      const row = declaredAt(rows, workspace, address);
      leftBehind(sight, workspace, address, row, found);
      found.instance(row);
      found.resource(type, resourceId, true);
      // A change that names this instance no longer concerns those it only names the type of.
      for (const change of evidenceOf(rows, type, resourceId)) {
        const made = madeBy(change);
        if (made) found.resource(made.type, made.id, false);
        for (const target of change.targets) if (target.id === null) nameless(rows, target.type, found);
      }
      heldBy(rows, type, resourceId, found);
      elementOf(sight, row, found);
      break;
    }
    case 'resource.withdrawn':
    case 'resource.rekeyed': {
      const { workspace, address, type, resourceId } = event.body;
      const moved = event.type === 'resource.withdrawn' && event.body.reason === 'moved';
      const row = declaredAt(rows, workspace, address);
      if (!(moved && row?.withdrawn)) leftBehind(sight, workspace, address, row, found);
      found.resource(type, resourceId, true);
      break;
    }
    case 'resource.read-failed':
      found.instancesOf(event.body.type, event.body.resourceId);
      break;
    case 'request.settled': {
      const asked = askedFor(rows, event.body.requestId);
      if (asked !== undefined) found.instance(rows.get(asked) as DeclaredRow | undefined);
      break;
    }
    case 'resource.observed':
    case 'resource.vanished': {
      const { type, resourceId } = event.body;
      found.instancesOf(type, resourceId);
      // What is declared was adopted when it was; only a parent may still hold what no one declares.
      if (found.instances.length === 0 || mayHoldElements(sight, type, resourceId))
        found.resource(type, resourceId, false);
      // What its parent holds may be what it was changed to.
      for (const row of found.instances)
        if (anyEvidence(rows) || anyDrift(rows))
          for (const parent of parentsOf(row.type, row)) found.resource(parent.type, parent.id, false);
      break;
    }
    case 'change.reported':
      touched(sight, found);
      break;
    case 'clock.due':
      woken(rows, namesOf(event.body.what), found);
      break;
    case 'state.published':
      waiting(rows, stateScope(event.body.workspace), found);
      standingIn(rows, event.body.workspace, true, found);
      break;
    case 'run.finished':
      waiting(rows, stateScope(event.body.workspace), found);
      // Where nothing reads, nothing but what was unknown because of the run has anything new to say.
      standingIn(rows, event.body.workspace, !sight.options.reads, found);
      break;
    case 'configuration.published':
      standingIn(rows, event.body.workspace, false, found);
      break;
    case 'snapshot.completed':
      waiting(rows, listingScope(event.body.scope), found);
      unobserved(rows, event.body.scope, found);
      break;
    case 'rules.published':
      ruled(rows, found);
      break;
  }
  return found;
}

/** Drifts at an address whose instance is no longer there end; one that only moved goes on at its new address. */
function leftBehind(
  { rows, event }: Sight,
  workspace: string,
  address: string,
  row: DeclaredRow | undefined,
  found: Collected,
): void {
  for (const name of rows.names(part('p', workspace, address, ''))) {
    const id = namesOf(name)[3]!;
    const drift = driftOf(rows, id);
    if (!isOpen(drift)) continue;
    if (row && !row.withdrawn && row.type === drift.type && row.resourceId === drift.resourceId) continue;
    if (instancesOf(rows, drift.type, drift.resourceId).some((one) => one.workspace === workspace)) continue;
    const rekeyed = event.type === 'resource.rekeyed' ? `placed under ${event.body.toObjectKey}` : null;
    found.left.push(end(id, drift, 'removed', event.time, rekeyed));
    found.resource(drift.type, drift.resourceId, true);
  }
}

function nameless(rows: Rows, type: string, found: Collected): void {
  const rowsOfType = instancesOf(rows, type, null, NAMELESS_LIMIT + 1);
  if (rowsOfType.length <= NAMELESS_LIMIT) for (const row of rowsOfType) found.instance(row);
}

function touched({ rows, arriving }: Sight, found: Collected): void {
  const change = arriving!;
  const named = namesDeclared(rows, change);
  for (const { type, id } of change.targets) {
    if (id !== null) found.instancesOf(type, id);
    else if (!named) nameless(rows, type, found);
  }
  if (!named) for (const row of furtherTouched(rows, change)) found.instance(row);
  const made = madeBy(change);
  if (made) found.resource(made.type, made.id, false);
  if (change.verb === 'delete')
    for (const { type, id } of change.targets) {
      if (id === null) continue;
      found.resource(type, id, false);
      for (const one of evidenceOf(rows, type, id)) {
        const part = madeBy(one);
        if (part) found.resource(part.type, part.id, false);
      }
      heldBy(rows, type, id, found);
    }
}

/** Parts of an object that were made by hand, their making forgotten. */
function heldBy(rows: Rows, type: string, id: string, found: Collected): void {
  for (const part of partsHeldBy(rows, type, id)) found.resource(part.type, part.id, false);
}

/**
 * Whether a declared parent is to be asked for elements that no one declares: where children declare any, a change may
 * have made one, or such a drift stands. Else there is nothing to decide.
 */
const mayHoldElements = ({ rows, event }: Sight, type: string, id: string): boolean =>
  isParent(type) &&
  (hasAnyChildren(rows, type) ||
    anyEvidence(rows) ||
    (anyDrift(rows) && driftOf(rows, unmanagedIdOf(rows, event.org, type, id)) !== undefined));

/** A parent with elements that no one declared: this may be the declaration of one of them. */
function elementOf({ rows, event }: Sight, row: DeclaredRow | undefined, found: Collected): void {
  if (!row) return;
  for (const { type, id } of parentsOf(row.type, row))
    if (isOpen(driftOf(rows, unmanagedIdOf(rows, event.org, type, id)))) found.resource(type, id, false);
}

function woken(rows: Rows, [kind, first, second, what]: string[], found: Collected): void {
  if ((kind !== WAIT_TIMER && kind !== READ_TIMER) || first === undefined || second === undefined) return;
  const row = declaredAt(rows, first, second);
  found.instance(row);
  if (what === UNMANAGED || what === UNMANAGED_LOOK)
    found.resource(row?.type ?? first, row?.resourceId ?? second, false);
}

function waiting(rows: Rows, scope: string, found: Collected): void {
  for (const [name, value] of rows.list(waitPart('')))
    if ((value as WaitRow).scopes.includes(scope)) woken(rows, namesOf(name).slice(1), found);
}

/** Drifts that stand in a workspace, or only those that are unknown because of its state or its run. */
function standingIn(rows: Rows, workspace: string, unknown: boolean, found: Collected): void {
  for (const name of rows.names(part('p', workspace, ''))) {
    const [, , address, id] = namesOf(name);
    if (!unknown || driftOf(rows, id!)?.confidence === 'unverified')
      found.instance(declaredAt(rows, workspace, address!));
  }
}

function unobserved(rows: Rows, scope: string, found: Collected): void {
  const type = scope.slice(scope.lastIndexOf('/') + 1);
  for (const row of instancesOf(rows, type, null))
    if (!isObserved(rows, type, row.resourceId)) found.instance(row);
}

function ruled(rows: Rows, found: Collected): void {
  for (const name of rows.names(part('x', ''))) {
    const drift = driftOf(rows, namesOf(name)[1]!);
    if (!isOpen(drift)) continue;
    if (drift.workspace !== null) found.instance(declaredAt(rows, drift.workspace, drift.address!));
    else found.resource(drift.type, drift.resourceId, true);
  }
  for (const name of rows.names(part('o', ''))) {
    const [, type, id] = namesOf(name);
    found.resource(type!, id!, false);
  }
}
