// What a thing made by hand is a part of: a call that makes a part also names the object that holds it. A deletion of that
// object takes its parts along in silence, and a state that declares it takes them in. Pure.
import type { Rows, Write } from '../../runtime/processor.ts';
import { deletes, inOrder } from './evidence.ts';
import {
  asRow,
  type DeclaredRow,
  type Evidence,
  evidenceOf,
  instancesOf,
  type Named,
  type PartRow,
  partRowOf,
  partRowPart,
  partsHeldPart,
} from './rows.ts';
import { presentType } from './rules/parents.ts';

const isSame = (one: Named, other: Named): boolean =>
  presentType(one.type) === presentType(other.type) && one.id === other.id;

/** What else the creations name, and what is remembered of those that were forgotten. */
export function wholesOf(rows: Rows, driftId: string, thing: Named, made: readonly Evidence[]): Named[] {
  const wholes: Named[] = [...(partRowOf(rows, driftId)?.of ?? [])];
  for (const { targets } of made)
    for (const { type, id } of targets) {
      if (id === null) continue;
      const target = { type, id };
      if (!isSame(target, thing) && !wholes.some((one) => isSame(one, target))) wholes.push(target);
    }
  return wholes;
}

/** Deletions of any of them, oldest first. */
export function deletionsOf(rows: Rows, wholes: readonly Named[], arriving: Evidence | null): Evidence[] {
  const found = new Map<string, Evidence>();
  for (const { type, id } of wholes)
    for (const change of [...evidenceOf(rows, type, id), ...(arriving ? [arriving] : [])])
      if (deletes(change, type, id)) found.set(change.id, change);
  return [...found.values()].sort(inOrder);
}

/** The first declared instance that is one of them. */
export function declaredAmong(rows: Rows, wholes: readonly Named[]): DeclaredRow | undefined {
  for (const { type, id } of wholes) {
    const [row] = instancesOf(rows, type, id, 1);
    if (row) return row;
  }
  return undefined;
}

/** Parts that are remembered of an object. */
export function partsHeldBy(rows: Rows, type: string, id: string): Named[] {
  const parts: Named[] = [];
  for (const [, value] of rows.list(partsHeldPart(type, id, ''))) parts.push(value as Named);
  return parts;
}

/** Rows of what a timer remembers, or (`kept` false) their removal. */
export const partRows = (row: PartRow, kept: boolean): Write[] => [
  { part: partRowPart(row.driftId), value: kept ? asRow(row) : undefined },
  ...row.of.map(({ type, id }) => ({
    part: partsHeldPart(type, id, row.driftId),
    value: kept ? { type: row.type, id: row.id } : undefined,
  })),
];
