// Elements that have no order, as multisets of their canonical text; and elements that differ only where one of them left
// a value to its provider. Pure.
import type { Json, JsonObject } from '../../schemas/index.ts';
import { canonical } from '../../schemas/index.ts';
import { isEmpty, isObject } from './values.ts';

export interface Changed {
  removed: Json[];
  added: Json[];
}

/** What is gone and what is new; an element that stands there twice counts twice. */
export function multisets(from: readonly Json[], to: readonly Json[]): Changed {
  const counts = new Map<string, number>();
  const before = from.map((value) => canonical(value));
  const after = to.map((value) => canonical(value));
  for (const key of before) counts.set(key, (counts.get(key) ?? 0) + 1);
  const added: Json[] = [];
  after.forEach((key, i) => {
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    else added.push(to[i]!);
  });
  const removed: Json[] = [];
  before.forEach((key, i) => {
    const left = counts.get(key) ?? 0;
    if (left === 0) return;
    counts.set(key, left - 1);
    removed.push(from[i]!);
  });
  return { removed, added };
}

/** Elements of one list leave out the same values, nearly always; in a hostile one the rest stays unmatched. */
const MOST_MASKS = 16;

/**
 * Takes out pairs of a removed and an added element that are equal but for values at `optional` paths which the removed
 * one does not have; then added elements that hold nothing but values at such paths. `pattern` is where the elements
 * stand, and every path begins with it.
 */
export function matchFilledIn(
  pattern: string,
  optional: readonly string[],
  removed: readonly Json[],
  added: readonly Json[],
): Changed {
  if (added.length === 0) return { removed: [...removed], added: [] };
  const steps = optional.map((path) => path.slice(pattern.length + 1).split('.'));
  const byMask = new Map<string, Json[]>();
  for (const element of removed) {
    const mask = steps.map((path) => (holdsAt(element, path) ? '1' : '0')).join('');
    const alike = byMask.get(mask);
    if (alike) alike.push(element);
    else byMask.set(mask, [element]);
  }
  let rest = [...added];
  const gone: Json[] = [];
  let masks = 0;
  for (const [mask, elements] of byMask) {
    const unset = steps.filter((_, i) => mask[i] === '0');
    if (unset.length === 0 || masks++ >= MOST_MASKS) {
      gone.push(...elements);
      continue;
    }
    const free = new Map<string, Json[]>();
    for (const element of rest) {
      const key = canonical(without(element, unset) ?? null);
      const alike = free.get(key);
      if (alike) alike.push(element);
      else free.set(key, [element]);
    }
    const taken = new Set<Json>();
    for (const element of elements) {
      const match = free.get(canonical(without(element, unset) ?? null))?.pop();
      if (match === undefined) gone.push(element);
      else taken.add(match);
    }
    rest = rest.filter((element) => !taken.has(element));
  }
  return { removed: gone, added: rest.filter((element) => without(element, steps) !== undefined) };
}

function holdsAt(value: Json | undefined, path: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((element) => holdsAt(element, path));
  if (path.length === 0) return !isEmpty(value);
  return isObject(value) && Object.hasOwn(value, path[0]!) && holdsAt(value[path[0]!], path.slice(1));
}

/** The value without what stands at the paths; undefined when nothing is left. */
function without(value: Json, paths: readonly (readonly string[])[]): Json | undefined {
  if (Array.isArray(value)) {
    const elements = value.flatMap((element) => {
      const kept = without(element, paths);
      return kept === undefined ? [] : [kept];
    });
    return elements.length === 0 ? undefined : elements;
  }
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const inside = paths.filter(([first]) => first === key).map(([, ...rest]) => rest);
    if (inside.some((rest) => rest.length === 0)) continue;
    const left = inside.length === 0 ? member : without(member, inside);
    if (left !== undefined) kept[key] = left;
  }
  return isEmpty(kept) ? undefined : kept;
}
