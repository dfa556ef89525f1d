// Reads fields of API answers without trusting them: a field of another shape than documented counts as not told. Pure.
import type { Json, JsonObject } from '../../schemas/index.ts';

/** What the API does not tell is undefined, and is then not observed. */
export type Told = Json | undefined;

export const isObject = (value: Told): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The object inside; empty when there is none. */
export const inside = (item: JsonObject, name: string): JsonObject => {
  const value = item[name];
  return isObject(value) ? value : {};
};

export const text = (value: Told): string | null | undefined =>
  typeof value === 'string' || value === null ? value : undefined;
export const number = (value: Told): number | null | undefined =>
  typeof value === 'number' || value === null ? value : undefined;
export const flag = (value: Told): boolean | null | undefined =>
  typeof value === 'boolean' || value === null ? value : undefined;
/** An id, which the API gives as a number and the state holds as text. */
export const idText = (value: Told): string | undefined =>
  typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : undefined;

/** Lists: null is empty; one that is not a list at all was not told. */
export const texts = (value: Told): string[] | undefined =>
  value === null ? [] : Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
export const numbers = (value: Told): number[] | undefined =>
  value === null ? [] : Array.isArray(value) ? value.filter((one) => typeof one === 'number') : undefined;
export const objects = (value: Told): JsonObject[] | undefined =>
  value === null ? [] : Array.isArray(value) ? value.filter(isObject) : undefined;

/** Free-form map of texts. */
export const textMap = (value: Told): JsonObject | undefined => {
  if (value === null) return {};
  if (!isObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, one]) => typeof one === 'string'));
};

/** Without what was not told. */
export const told = (fields: Record<string, Told>): JsonObject => {
  const kept: JsonObject = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
};

/** A nested block of at most one: none when the API says null, not told when it says nothing. */
export const block = (value: Told, fields: (inner: JsonObject) => Record<string, Told>): Told =>
  value === undefined ? undefined : isObject(value) ? [told(fields(value))] : [];
