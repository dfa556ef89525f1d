// The attributes of a resource as the pretend cloud keeps them: what it makes, sets and refuses, and which of its calls an
// update is. Works on the schema alone.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { canonical } from '../../../../schemas/index.ts';
import type { Block, Call, ResourceType } from '../schema.ts';
import { elementsOf, misfit, typeOfBlock } from '../schema.ts';
import { fill } from '../template.ts';

/** Why the given attributes are none of the type; null when they are. */
export function refusal(type: ResourceType, given: JsonObject): string | null {
  return misfit(given, typeOfBlock(type.block), 'attributes');
}

/** What a new resource is: the given values, what is set where none is given, and what the cloud makes. */
export function created(block: Block, given: JsonObject, scope: JsonObject): JsonObject {
  // Templates see what the user gave and, as they come, what was made before them.
  const seen: JsonObject = { ...scope, ...given };
  for (const [name, attribute] of Object.entries(block.attributes ?? {}))
    if (attribute.default !== undefined && (given[name] ?? null) === null) seen[name] = attribute.default;
  const made: JsonObject = {};
  for (const [name, attribute] of Object.entries(block.attributes ?? {})) {
    const own = seen[name] ?? null;
    made[name] = own === null && attribute.made !== undefined ? fill(attribute.made, seen) : own;
    seen[name] = made[name];
  }
  return { ...made, ...nested(block, given, scope) };
}

/** Elements of nested blocks, each completed as the whole is. */
function nested(block: Block, given: JsonObject, scope: JsonObject): JsonObject {
  const found: JsonObject = {};
  for (const [name, one] of Object.entries(block.block_types ?? {})) {
    const value = given[name];
    const completed = elementsOf(one, value).map((element) => created(one.block, element, scope));
    if (one.nesting_mode === 'list' || one.nesting_mode === 'set') found[name] = completed;
    else if (one.nesting_mode === 'map')
      found[name] = Object.fromEntries(Object.keys(value ?? {}).map((key, at) => [key, completed[at]!]));
    else found[name] = completed[0] ?? null;
  }
  return found;
}

/** The resource with other values; null takes one back to what the cloud sets. Anew: what changes with every change. */
export function changed(block: Block, before: JsonObject, given: JsonObject, scope: JsonObject): JsonObject {
  const after: JsonObject = { ...before };
  for (const [name, value] of Object.entries(given)) {
    const attribute = block.attributes?.[name];
    // Taking back what the cloud makes leaves what it made.
    after[name] = value ?? attribute?.default ?? ((attribute?.made ?? null) === null ? null : before[name]!);
  }
  Object.assign(after, pick(nested(block, after, scope), Object.keys(given)));
  if (changedNames(before, after).length > 0)
    for (const [name, { changing, made }] of Object.entries(block.attributes ?? {}))
      if (changing && made !== undefined) after[name] = fill(made, { ...scope, ...after });
  return after;
}

const pick = (from: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]!]));

export const changedNames = (before: JsonObject, after: JsonObject): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => canonical(before[name] ?? null) !== canonical(after[name] ?? null),
  );

/** What the cloud tells of itself: all but what it never gives back. */
export const readable = (block: Block, attributes: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      block.attributes?.[name]?.unreadable ? null : value,
    ]),
  );

export interface Said {
  name: string;
  request: Json;
  response: Json;
}

const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** What templates of calls may read: the attributes, without what a feed must not show. */
const shown = (block: Block, attributes: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      block.attributes?.[name]?.sensitive && value !== null ? HIDDEN : value,
    ]),
  );

export function saidOf(call: Call, block: Block, scope: JsonObject): Said {
  const seen = shown(block, scope);
  return {
    name: typeof call.name === 'string' ? call.name : call.name(scope),
    request: fill(call.request ?? null, seen),
    response: fill(call.response ?? null, seen),
  };
}

/** An update as the cloud's own interface knows it: often several calls. */
export function saidOfUpdate(
  type: ResourceType,
  before: JsonObject,
  after: JsonObject,
  scope: JsonObject,
): Said[] {
  const rows = type.calls?.update ?? [];
  const names = changedNames(before, after).filter((name) => !type.block.attributes?.[name]?.changing);
  const said = new Map<object, Said[]>();
  for (const name of names) {
    const own = rows.filter((row) => row.on.includes(name));
    for (const row of own.length > 0 ? own : rows.filter((one) => one.on.includes('*'))) {
      const moved = row.only === undefined ? null : movedIn(row.only, before[name], after[name]);
      if (moved?.length === 0) continue;
      const seen = { ...scope, ...after, ...(moved ? { [row.only!]: moved } : {}) };
      const each = row.each && moved ? overwritten(row.only!, moved, after[name]) : [null];
      said.set(
        row,
        each.map((one) => saidOf(row, type.block, { ...seen, one })),
      );
    }
  }
  return [...said.values()].flat();
}

/** Elements told one by one: what is written anew under its name was not removed. */
function overwritten(which: 'added' | 'removed', moved: readonly Json[], after: Json | undefined): Json[] {
  const nameIn = (one: Json): Json => (one as JsonObject | null)?.name ?? null;
  if (which === 'added') return [...moved];
  const kept = new Set((Array.isArray(after) ? after : []).map(nameIn));
  return moved.filter((one) => nameIn(one) === null || !kept.has(nameIn(one)));
}

function movedIn(which: 'added' | 'removed', before: Json | undefined, after: Json | undefined): Json[] {
  const [from, to] = which === 'added' ? [before, after] : [after, before];
  const there = new Set((Array.isArray(from) ? from : []).map((item) => canonical(item)));
  return (Array.isArray(to) ? to : []).filter((item) => !there.has(canonical(item)));
}
