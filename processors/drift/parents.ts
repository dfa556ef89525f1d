// Attributes of a parent that separate resources declare (rules of a security group, a role's policies): the parent's own
// copy in the state is what a refresh wrote, so it is left out wherever such children are declared.
import type { Rows } from '../../runtime/processor.ts';
import type { Comparison } from './comparison.ts';
import { type DeclaredRow, instancesOf } from './rows.ts';

/** One attribute of a parent type, and the types whose instances under the same object key declare its elements. */
export interface ParentRow {
  parent: string;
  attribute: string;
  children: readonly string[];
}

export type Parents = readonly ParentRow[];

/** Attributes of an instance that children declare, in any workspace. */
export function attributesOfChildren(rows: Rows, parents: Parents, row: DeclaredRow): string[] {
  return parents
    .filter(
      ({ parent, children }) =>
        parent === row.type && children.some((child) => instancesOf(rows, child, null, 1).length > 0),
    )
    .map(({ attribute }) => attribute);
}

/** The comparison without what differs in attributes that children declare. */
export function withoutChildren(
  rows: Rows,
  parents: Parents,
  row: DeclaredRow,
  comparison: Comparison,
): Comparison {
  if (comparison.differences.length === 0) return comparison;
  const left = attributesOfChildren(rows, parents, row);
  if (left.length === 0) return comparison;
  const differences = comparison.differences.filter(
    ({ path }) =>
      !left.some(
        (attribute) =>
          path === attribute || path.startsWith(`${attribute}[`) || path.startsWith(`${attribute}.`),
      ),
  );
  return { ...comparison, differences };
}
