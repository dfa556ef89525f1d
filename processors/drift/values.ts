// Questions about JSON values that comparing asks: equal, empty, blocks, secrets. Pure; knows no rules.
import type { Json, JsonObject } from '../../schemas/index.ts';
import { canonical, isSecret } from '../../schemas/index.ts';

/** A member of its own: a key called `constructor` is a key like any other. */
export const memberOf = (value: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined;

/** Strict equality of JSON values: the exit for nearly everything. An absent member and a null one are equal. */
export function identical(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === null || a === undefined) return b === null || b === undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!identical(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  for (const key in b) if (!identical(memberOf(a, key), b[key])) return false;
  for (const key in a) if (!Object.hasOwn(b, key) && a[key] !== null) return false;
  return true;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
export const isBlocks = (value: Json | undefined): value is JsonObject[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** null, absent, "", [] and {} are one thing; false and 0 are not. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

export function holdsSecret(value: Json): boolean {
  if (value === null || typeof value !== 'object') return false;
  return isSecret(value) || Object.values(value).some(holdsSecret);
}

export const sortedByText = (values: Json[]): Json[] =>
  values
    .map((value): [string, Json] => [canonical(value), value])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);

/** One element as itself, several as an array, none as nothing. */
export const few = (elements: Json[]): Json | undefined => (elements.length > 1 ? elements : elements[0]);
