// Attributes of a parent that separate resources declare (rules of a security group, a role's policies). The parent's own
// copy in the state is what a refresh wrote, so wherever such children are declared it is left out, and what is observed
// is compared with the union of what the children of all workspaces declare. Pure.
import type { Rows, Write } from '../../runtime/processor.ts';
import type { Difference, Json, JsonObject } from '../../schemas/index.ts';
import type { Compare, Comparison } from './comparison.ts';
import { factsOf } from './known-facts.ts';
import { anyRow, attributesOf, type DeclaredRow, type Observed, part } from './rows.ts';
import { childElements, PARENTS, withElements } from './rules/parents.ts';

const PATHS = new Map<string, string[]>();
for (const { type, path } of PARENTS) PATHS.set(type, [...(PATHS.get(type) ?? []), path]);
const CHILD_TYPES = new Set(PARENTS.flatMap(({ children }) => children.map((child) => child.type)));

const elementsPart = (parentType: string, path: string, parentId: string, row: DeclaredRow): string =>
  part('c', parentType, path, parentId, row.workspace, row.address);

/** Rows of the elements that an instance adds to its parents' attributes, or (`kept` false) their removal. */
export function elementRows(row: DeclaredRow, kept: boolean): Write[] {
  // Only its own key holds its attributes, and with them whose element it is.
  if (!CHILD_TYPES.has(row.type) || !row.primary) return [];
  return childElements(row.type, attributesOf(row)).map(({ parentType, parentId, path, elements }) => ({
    part: elementsPart(parentType, path, parentId, row),
    value: kept ? elements : undefined,
  }));
}

/** Parents an instance is an element of. */
export function parentsOf(type: string, row: DeclaredRow | undefined): { type: string; id: string }[] {
  if (!row?.primary || !CHILD_TYPES.has(type)) return [];
  return childElements(type, attributesOf(row)).map(({ parentType, parentId }) => ({
    type: parentType,
    id: parentId,
  }));
}

/** Whether children may declare attributes of the type. */
export const isParent = (type: string): boolean => PATHS.has(type);

/** Elements that children declare for a parent's attribute; null when there are no children. */
function declaredElements(rows: Rows, type: string, path: string, id: string): Json[] | null {
  let elements: Json[] | null = null;
  // A child that does not say whose it is may be any parent's under this key.
  for (const parentId of [id, ''])
    for (const [, value] of rows.list(part('c', type, path, parentId, ''))) {
      elements ??= [];
      if (Array.isArray(value)) for (const element of value) elements.push(element);
    }
  return elements;
}

/** Whether the object has children of parents of this type at all: mostly not, and then nothing more is looked up. */
export const hasAnyChildren = (rows: Rows, type: string): boolean => anyRow(rows, part('c', type, ''));

const hasChildren = (rows: Rows, type: string, path: string, id: string): boolean =>
  [id, ''].some((parentId) => anyRow(rows, part('c', type, path, parentId, '')));

/** The comparison of a parent without what differs in attributes that children declare. */
export function withoutChildren(rows: Rows, row: DeclaredRow, comparison: Comparison): Comparison {
  const paths =
    comparison.differences.length > 0 && hasAnyChildren(rows, row.type) ? PATHS.get(row.type) : undefined;
  const left = paths?.filter((path) => hasChildren(rows, row.type, path, row.resourceId)) ?? [];
  if (left.length === 0) return comparison;
  const differences = comparison.differences.filter(
    ({ path }) =>
      !left.some((one) => path === one || path.startsWith(`${one}[`) || path.startsWith(`${one}.`)),
  );
  return { ...comparison, differences };
}

/** Elements of a parent that were observed and that neither it nor any child declares, as differences. */
export function undeclaredElements(
  rows: Rows,
  row: DeclaredRow,
  observed: Observed,
  compare: Compare,
): Difference[] {
  const paths = PATHS.get(row.type);
  if (!paths || observed.attributes === null || !hasAnyChildren(rows, row.type)) return [];
  return paths.flatMap((path) => {
    const elements = declaredElements(rows, row.type, path, row.resourceId);
    if (elements === null) return [];
    const seen = attributesOf(observed);
    if (!(path in seen)) return [];
    const own: JsonObject = { id: row.resourceId };
    const { differences } = compare({
      type: row.type,
      declared: withElements(own, path, elements),
      observed: { ...own, [path]: seen[path] ?? null },
      facts: factsOf(rows, row.type),
      configuration: null,
    });
    return (
      differences
        // An empty text (values stand here as JSON) is how providers say that nothing stands there (a bucket whose policy was deleted).
        .filter((one) => one.observed !== null && one.observed !== '""')
        .map((one): Difference => ({ ...one, op: 'added', declared: null }))
    );
  });
}
