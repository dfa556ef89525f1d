// Values between Terraform, the pretend cloud and earlier states: comparing, trimming, turning into JSON. Pure.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { ExactNumber } from '../../exact-json.ts';
import type { Block } from '../../plugin/values/schema.ts';
import type { Type } from '../../plugin/values/type.ts';
import { isObject, Unknown, type Value, type ValueObject } from '../../plugin/values/value.ts';

/** A text that is equal for values Terraform takes for equal: sets have no order. What is unknown equals nothing known. */
export function likeness(type: Type, value: Value): string {
  if (value === null) return 'null';
  if (value instanceof Unknown) return 'unknown';
  switch (type.kind) {
    case 'list':
      return `[${(value as Value[]).map((item) => likeness(type.element, item)).join()}]`;
    case 'set':
      return `{${(value as Value[])
        .map((item) => likeness(type.element, item))
        .sort()
        .join()}}`;
    case 'tuple':
      return `[${(value as Value[]).map((item, at) => likeness(type.elements[at]!, item)).join()}]`;
    case 'map':
      return members(value as ValueObject, () => type.element);
    case 'object':
      return members(value as ValueObject, (name) => type.attributes[name]!);
    case 'dynamic':
      return JSON.stringify(known(value));
    default:
      return value instanceof ExactNumber ? value.text : JSON.stringify(value);
  }
}

const members = (value: ValueObject, typeOf: (name: string) => Type): string =>
  `{${Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${likeness(typeOf(name), value[name]!)}`)
    .join()}}`;

/** What is known of it, as JSON: long numbers become their text, what is unknown is left out of objects and null elsewhere. */
export function known(value: Value): Json {
  if (value instanceof Unknown) return null;
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return value.map(known);
  return isObject(value) ? knownMembers(value) : value;
}

export const knownMembers = (value: ValueObject): JsonObject =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !(member instanceof Unknown))
      .map(([name, member]) => [name, known(member)]),
  );

/** What an earlier version of the schema wrote, without what this one does not have. */
export function trimmed(block: Block, given: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const { name } of block.attributes) if (given[name] !== undefined) kept[name] = given[name];
  for (const { name, block: inner, nesting } of block.blocks) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) kept[name] = value.map((item) => trimmed(inner, item as JsonObject));
    else if (nesting === 'map')
      kept[name] = Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, trimmed(inner, item as JsonObject)]),
      );
    else kept[name] = trimmed(inner, value as JsonObject);
  }
  return kept;
}
