// Attributes of a parent that separate resources declare (rules of a security group, a role's policies). The parent's own
// copy in the state is what a refresh wrote, so wherever such children are declared it is left out, and what is observed
// is compared with the union of what the children of all workspaces declare. Pure.
import type { Rows, Write } from '../../runtime/processor.ts';
import type { Difference, Json, JsonObject } from '../../schemas/index.ts';
import type { Compare, Comparison } from './comparison.ts';
import { namesDeclared } from './evidence.ts';
import { factsOf } from './known-facts.ts';
import {
  anyRow,
  attributesOf,
  type DeclaredRow,
  declaredAt,
  evidenceOf,
  type FailedRow,
  failuresPart,
  namesOf,
  newestObserved,
  type Observed,
  part,
} from './rows.ts';
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

interface ChildrenOf {
  /** What the children declare. */
  declared: Json[];
  /** What they were observed to be instead, where they were observed at all. */
  observed: Json[];
}

/**
 * Elements that children declare for a parent's attribute, and those they were observed to be: a child that was changed is
 * a drift of its own, not an element that no one declares. Null when there are no children.
 */
function elementsOfChildren(rows: Rows, type: string, path: string, id: string): ChildrenOf | null {
  let found: ChildrenOf | null = null;
  for (const { row, elements } of childrenOf(rows, type, path, id)) {
    found ??= { declared: [], observed: [] };
    found.declared.push(...elements);
    const seen = row && newestObserved(rows, row.type, row.resourceId);
    if (!row || !seen || seen.attributes === null) {
      found.observed.push(...elements);
      continue;
    }
    for (const one of childElements(row.type, attributesOf(seen)))
      if (one.parentType === type && one.path === path && (one.parentId === id || one.parentId === ''))
        found.observed.push(...one.elements);
  }
  return found;
}

interface ChildOf {
  row: DeclaredRow | undefined;
  elements: Json[];
}

function childrenOf(rows: Rows, type: string, path: string, id: string): ChildOf[] {
  // A child that does not say whose it is may be any parent's under this key.
  return [id, ''].flatMap((parentId) =>
    [...rows.list(part('c', type, path, parentId, ''))].map(([name, value]): ChildOf => {
      const [, , , , workspace, address] = namesOf(name);
      return {
        row: declaredAt(rows, workspace!, address!),
        elements: Array.isArray(value) ? value : [],
      };
    }),
  );
}

/**
 * Whether the parent or a child was changed and its read is still to come: until then nobody can say whose an element of the
 * parent is.
 */
export function awaitsReads(rows: Rows, row: DeclaredRow): boolean {
  const paths = PATHS.get(row.type);
  if (!paths || !hasAnyChildren(rows, row.type)) return false;
  if (isToBeRead(rows, row)) return true;
  return paths.some((path) =>
    childrenOf(rows, row.type, path, row.resourceId).some(
      ({ row: child }) => child !== undefined && !child.withdrawn && isToBeRead(rows, child),
    ),
  );
}

function isToBeRead(rows: Rows, { type, resourceId }: DeclaredRow): boolean {
  // A change that names an instance is no reason to read those it only names the type of.
  const nameless = evidenceOf(rows, type, null).filter((change) => !namesDeclared(rows, change));
  const changes = [...evidenceOf(rows, type, resourceId), ...nameless];
  const changedAt = changes.reduce((newest, { time }) => Math.max(newest, time), 0);
  if (changedAt === 0) return false;
  const failed = [...rows.list(failuresPart(type, resourceId))].some(
    ([, value]) => (value as FailedRow).time >= changedAt,
  );
  return !failed && (newestObserved(rows, type, resourceId)?.seenAt ?? 0) < changedAt;
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
    const elements = elementsOfChildren(rows, row.type, path, row.resourceId);
    if (elements === null) return [];
    const seen = attributesOf(observed);
    if (!(path in seen)) return [];
    const own: JsonObject = { id: row.resourceId };
    const held = { ...own, [path]: seen[path] ?? null };
    const beyond = (some: readonly Json[]): Difference[] =>
      compare({
        type: row.type,
        declared: withElements(own, path, some),
        observed: held,
        facts: factsOf(rows, row.type),
        configuration: null,
      })
        // An empty text is how providers say that nothing stands there (a bucket whose policy was deleted).
        .differences.filter((one) => one.observed !== null && one.observed !== '""');
    // Parent and children are read one after another: each element may be seen as it was or as it is.
    const { declared, observed: now } = elements;
    const differences = [declared, now, [...declared, ...now]].map(beyond).reduce(fewer);
    return differences.map((one): Difference => ({ ...one, op: 'added', declared: null }));
  });
}

const fewer = (one: Difference[], other: Difference[]): Difference[] =>
  other.length < one.length ? other : one;
