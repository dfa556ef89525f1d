// What a provider's schema says of a type, as the comparison and the redaction use it. Pure.
import type { TypeFacts } from '../../../schemas/type-facts.ts';
import type { Attribute, Block, Schema } from '../plugin/values/schema.ts';
import type { Type } from '../plugin/values/type.ts';

const known = new WeakMap<Schema, TypeFacts>();

export function factsOf(schema: Schema): TypeFacts {
  const found = known.get(schema);
  if (found) return found;
  const facts = collect(schema.block);
  known.set(schema, facts);
  return facts;
}

function collect(whole: Block): TypeFacts {
  const facts = {
    computed: [] as string[],
    optionalComputed: [] as string[],
    sets: [] as string[],
    maps: [] as string[],
    blocks: [] as string[],
    sensitive: [] as string[],
    writeOnly: [] as string[],
  };

  function attribute({ name, of, optional, computed, sensitive, writeOnly }: Attribute, under: string): void {
    const path = under + name;
    if (computed) (optional ? facts.optionalComputed : facts.computed).push(path);
    if (sensitive) facts.sensitive.push(path);
    if (writeOnly) facts.writeOnly.push(path);
    if (of.kind !== 'nested') {
      values(of, path);
      return;
    }
    if (of.nesting === 'set') facts.sets.push(path);
    if (of.nesting === 'map') facts.maps.push(path);
    for (const inner of of.attributes) attribute(inner, `${path}.`);
  }

  /** A path names attributes, not their elements: of collections in collections only the outermost is told. */
  function values(type: Type, path: string): void {
    if (type.kind === 'set') facts.sets.push(path);
    if (type.kind === 'map') facts.maps.push(path);
    for (const [name, member] of members(type)) values(member, `${path}.${name}`);
  }

  function block({ attributes, blocks }: Block, under: string): void {
    for (const one of attributes) attribute(one, under);
    for (const { name, nesting, block: inner } of blocks) {
      const path = under + name;
      facts.blocks.push(path);
      if (nesting === 'set') facts.sets.push(path);
      if (nesting === 'map') facts.maps.push(path);
      block(inner, `${path}.`);
    }
  }

  block(whole, '');
  return facts;
}

/** The attributes of the objects in a type, through whatever collections hold them. */
function members(type: Type): [string, Type][] {
  if (type.kind === 'object') return Object.entries(type.attributes);
  return 'element' in type ? members(type.element) : [];
}
