// Compares lists, sets and blocks: by position, by a member that identifies them, or as multisets. Pure.
import type { Json, JsonObject } from '../../schemas/index.ts';
import { canonical } from '../../schemas/index.ts';
import type { Treatments } from './rules/rule.ts';
import { matchFilledIn, multisets } from './sets.ts';
import { few, holdsSecret, identical, isBlocks, isEmpty, isObject } from './values.ts';
import { normal, report, type Walk } from './walk.ts';

/** Compares two blocks member by member. */
export type Inside = (walk: Walk, path: string, pattern: string, was: JsonObject, is: JsonObject) => void;

export function compareArrays(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  was: Json | undefined,
  is: Json,
  inside: Inside,
): void {
  const from = Array.isArray(was) ? was : isEmpty(was) ? [] : [was!];
  const to = Array.isArray(is) ? is : isEmpty(is) ? [] : [is];
  const blocks = isBlocks(from) && isBlocks(to);
  if (at.keyedBy !== null && blocks) {
    compareKeyed(walk, path, pattern, at, at.keyedBy, from, to, inside);
    return;
  }
  if (at.order === 'list' && blocks && from.length === to.length && !reordered(walk, pattern, from, to)) {
    for (let i = 0; i < to.length; i++) inside(walk, `${path}[${i}]`, pattern, from[i]!, to[i]!);
    return;
  }
  if (from.length === to.length && from.some(holdsSecret) !== to.some(holdsSecret)) {
    walk.unverifiable.push(path);
    return;
  }
  const form = (values: Json[], seen: Set<string> | null): Json[] =>
    values.flatMap((value) => {
      const known = seen && isObject(value) ? pick(value, seen) : value;
      const result = normal(walk, pattern, known);
      return result === undefined ? [] : [result];
    });
  const unordered = at.order === 'set';
  // What stands in the same place on both sides takes nothing from what differs, and is most of a set.
  const moved =
    unordered && !at.optionalComputed && from.length === to.length
      ? (_: Json, i: number): boolean => !identical(from[i], to[i])
      : () => true;
  const before = form(from.filter(moved), membersIn(to));
  const after = form(to.filter(moved), at.block ? membersIn(from) : null);
  if (at.block) compareFilledIn(walk, path, pattern, at, before, after, was, is, unordered);
  else compareMultisets(walk, path, at, before, after, was, is, unordered);
}

/**
 * Blocks of a known schema: where a declared one leaves to the provider what the observed one has filled in, the two are
 * one; a block that no one declared and that holds nothing but such values was filled in as a whole.
 */
function compareFilledIn(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  before: Json[],
  after: Json[],
  was: Json | undefined,
  is: Json,
  unordered: boolean,
): void {
  const optional = walk.rules.filledIn(pattern);
  if (optional.length === 0) {
    compareMultisets(walk, path, at, before, after, was, is, unordered);
    return;
  }
  const { removed, added } = multisets(before, after);
  const left = matchFilledIn(pattern, optional, removed, added);
  if (left.removed.length === 0 && left.added.length === 0 && removed.length + added.length > 0) return;
  compareMultisets(walk, path, at, before, after, was, is, unordered, left);
}

/** The same blocks in another order: one difference on the list, not one on each of their attributes. */
function reordered(walk: Walk, pattern: string, from: JsonObject[], to: JsonObject[]): boolean {
  if (from.length < 2) return false;
  const texts = (blocks: JsonObject[]): string[] =>
    blocks.map((block) => canonical(normal(walk, pattern, block) ?? null));
  const before = texts(from);
  const after = texts(to);
  if (before.every((one, i) => one === after[i])) return false;
  return canonical(before.sort()) === canonical(after.sort());
}

/** Members that any of the elements mentions; null when the elements are not objects, or there are none. */
export function membersIn(elements: Json[]): Set<string> | null {
  if (!isBlocks(elements)) return null;
  const members = new Set<string>();
  for (const element of elements) for (const key in element) members.add(key);
  return members;
}

function pick(value: JsonObject, members: Set<string>): JsonObject {
  const kept: JsonObject = {};
  for (const key in value) if (members.has(key)) kept[key] = value[key]!;
  return kept;
}

function compareKeyed(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  member: string,
  from: JsonObject[],
  to: JsonObject[],
  inside: Inside,
): void {
  const keyOf = (block: JsonObject): string => canonical(block[member] ?? null);
  const old = new Map(from.map((block) => [keyOf(block), block]));
  const gone = new Map(old);
  const added: Json[] = [];
  for (const block of to) {
    const key = keyOf(block);
    const before = old.get(key);
    gone.delete(key);
    if (before === undefined) added.push(normal(walk, pattern, block) ?? block);
    else inside(walk, `${path}[${key}]`, pattern, before, block);
  }
  const removed = [...gone.values()].map((block) => normal(walk, pattern, block) ?? block);
  if (added.length > 0 || removed.length > 0) report(walk, path, at, few(removed), few(added));
}

/** Elements as multisets: only what is new and what is gone is told; a list with the same elements was re-ordered. */
export function compareMultisets(
  walk: Walk,
  path: string,
  at: Treatments,
  from: Json[],
  to: Json[],
  was: Json | undefined,
  is: Json,
  unordered: boolean,
  { removed, added } = multisets(from, to),
): void {
  if (added.length > 0 || removed.length > 0) {
    if (added.length > 0 && from.length === 0 && at.optionalComputed) return;
    report(walk, path, at, few(removed), few(added));
  } else if (!unordered && from.some((one, i) => canonical(one) !== canonical(to[i] ?? null))) {
    report(walk, path, at, was, is);
  }
}
