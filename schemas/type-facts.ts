// What a provider's schema says of one resource type, as far as comparing goes: the `facts` of `type.described`. Pure.
//
// Paths are attribute paths without indices (`root_block_device.encrypted`); nested attributes and blocks alike.
import type { Json } from './json.ts';

export interface TypeFacts {
  /** Computed and not optional: the provider's own words, never compared. */
  computed: readonly string[];
  /** Optional and computed: filled in by the provider where nothing is configured. */
  optionalComputed: readonly string[];
  /** Attributes and blocks whose elements have no order. */
  sets: readonly string[];
  /** Attributes that are maps: their keys belong to the user. */
  maps: readonly string[];
  /** Nested blocks: an empty one and none are the same. */
  blocks: readonly string[];
  sensitive: readonly string[];
  /** Never in a state, so never compared. */
  writeOnly: readonly string[];
}

const LISTS = ['computed', 'optionalComputed', 'sets', 'maps', 'blocks', 'sensitive', 'writeOnly'] as const;

/** Null for what is not such an object: facts that cannot be read are no facts. */
export function typeFactsOf(text: string): TypeFacts | null {
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return null;
  const facts: Partial<Record<(typeof LISTS)[number], string[]>> = {};
  for (const name of LISTS) {
    const list = parsed[name] ?? [];
    if (!Array.isArray(list) || !list.every((path) => typeof path === 'string')) return null;
    facts[name] = list as string[];
  }
  return facts as Record<(typeof LISTS)[number], string[]>;
}
