// What an apply would do, as Terraform asks a provider: known where the cloud's own values are known beforehand. Pure.
import { typeOfBlock, type Block as WireBlock } from '../../plugin/values/schema.ts';
import { isObject, UNKNOWN, type Value, type ValueObject } from '../../plugin/values/value.ts';
import type { Block } from '../schema.ts';
import { likeness } from './values.ts';

interface Planned {
  /** Null: it goes. */
  state: ValueObject | null;
  /** Attributes and blocks that cannot change without a new resource. */
  replace: string[];
}

/** `proposed` is what Terraform makes of the configuration and the earlier state; `wire` is the block as it is spoken. */
export function plan(
  block: Block,
  wire: WireBlock,
  prior: ValueObject | null,
  proposed: ValueObject | null,
): Planned {
  if (proposed === null) return { state: null, replace: [] };
  if (prior === null) return { state: completed(block, proposed, true), replace: [] };
  const state = completed(block, proposed, false);
  const replace: string[] = [];
  let changes = false;
  for (const [name, same] of comparisons(wire, prior, state)) {
    if (same) continue;
    changes = true;
    if (block.attributes?.[name]?.force_new || block.block_types?.[name]?.force_new) replace.push(name);
  }
  if (changes)
    for (const [name, { changing }] of Object.entries(block.attributes ?? {}))
      if (changing) state[name] = UNKNOWN;
  return { state, replace };
}

function comparisons(wire: WireBlock, a: ValueObject, b: ValueObject): [string, boolean][] {
  const type = typeOfBlock(wire);
  if (type.kind !== 'object') return [];
  return Object.entries(type.attributes).map(([name, of]) => [
    name,
    likeness(of, a[name] ?? null) === likeness(of, b[name] ?? null),
  ]);
}

/** What the cloud sets is known; what it makes is not, until it has. */
function completed(block: Block, proposed: ValueObject, created: boolean): ValueObject {
  const state: ValueObject = { ...proposed };
  for (const [name, attribute] of Object.entries(block.attributes ?? {})) {
    if (attribute.write_only) state[name] = null;
    if ((state[name] ?? null) !== null || !attribute.computed) continue;
    if (attribute.default !== undefined) state[name] = attribute.default as Value;
    else if (attribute.made !== undefined || attribute.own !== undefined || (created && name === 'id'))
      state[name] = UNKNOWN;
  }
  for (const [name, nested] of Object.entries(block.block_types ?? {})) {
    const value = state[name] ?? null;
    if (Array.isArray(value))
      state[name] = value.map((item) => (isObject(item) ? completed(nested.block, item, false) : item));
    else if (isObject(value))
      state[name] =
        nested.nesting_mode === 'map'
          ? Object.fromEntries(
              Object.entries(value).map(([key, item]) => [
                key,
                isObject(item) ? completed(nested.block, item, false) : item,
              ]),
            )
          : completed(nested.block, value, false);
  }
  return state;
}

/** Attributes and blocks whose values differ. */
export const differing = (wire: WireBlock, a: ValueObject, b: ValueObject): string[] =>
  comparisons(wire, a, b).flatMap(([name, same]) => (same ? [] : [name]));
