// Schemas as the protocol's messages, both ways: a host reads them, a provider of our own serves them. Pure.
import { undecodable } from './problem.ts';
import {
  type Attribute,
  type Block,
  NESTINGS,
  type NestedAttributes,
  type NestedBlock,
  type Nesting,
  type Schema,
} from './schema.ts';
import { type Type, typeFromBytes, typeToBytes } from './type.ts';

/** The messages as the definitions load them (protocol/definitions.ts); protocol 5 has no `nested_type`. */
export interface WireSchema {
  version: number;
  block: WireBlock | null;
}
export interface WireBlock {
  attributes: WireAttribute[];
  block_types: WireNested[];
  deprecated?: boolean;
}
export interface WireAttribute {
  name: string;
  type: Uint8Array;
  nested_type?: { attributes: WireAttribute[]; nesting: string } | null;
  required?: boolean;
  optional?: boolean;
  computed?: boolean;
  sensitive?: boolean;
  write_only?: boolean;
  deprecated?: boolean;
}
export interface WireNested {
  type_name: string;
  block: WireBlock | null;
  nesting: string;
  min_items: number;
  max_items: number;
}

export function schemaFromWire(schema: WireSchema): Schema {
  return { version: schema.version, block: blockFrom(schema.block) };
}

const EMPTY: WireBlock = { attributes: [], block_types: [] };

function blockFrom(wire: WireBlock | null): Block {
  const { attributes, block_types, deprecated } = wire ?? EMPTY;
  return {
    attributes: attributes.map(attributeFrom),
    blocks: block_types.map(nestedFrom),
    deprecated: deprecated ?? false,
  };
}

const attributeFrom = (wire: WireAttribute): Attribute => ({
  name: wire.name,
  of: wire.nested_type ? nestedAttributesFrom(wire.nested_type) : typeFrom(wire),
  required: wire.required ?? false,
  optional: wire.optional ?? false,
  computed: wire.computed ?? false,
  sensitive: wire.sensitive ?? false,
  writeOnly: wire.write_only ?? false,
  deprecated: wire.deprecated ?? false,
});

/** The same types come again and again: a schema of a thousand resource types has a few hundred. */
const types = new Map<string, Type>();
function typeFrom({ name, type }: WireAttribute): Type {
  const key = new TextDecoder().decode(type);
  const known = types.get(key);
  if (known) return known;
  try {
    const parsed = typeFromBytes(type);
    if (types.size < 10_000) types.set(key, parsed);
    return parsed;
  } catch (cause) {
    throw undecodable(`the schema gives no type that is known`, name, cause);
  }
}

function nestedAttributesFrom(wire: { attributes: WireAttribute[]; nesting: string }): NestedAttributes {
  const nesting = nestingFrom(wire.nesting);
  if (nesting === 'group') throw undecodable('attributes cannot be nested as a group');
  return { kind: 'nested', nesting, attributes: wire.attributes.map(attributeFrom) };
}

const nestedFrom = (wire: WireNested): NestedBlock => ({
  name: wire.type_name,
  nesting: nestingFrom(wire.nesting),
  block: blockFrom(wire.block),
  minItems: wire.min_items,
  maxItems: wire.max_items,
});

function nestingFrom(name: string): Nesting {
  const nesting = NESTINGS.find((known) => known === name.toLowerCase());
  if (!nesting) throw undecodable(`the schema nests as ${name}, which is not known`);
  return nesting;
}

export const schemaToWire = (schema: Schema): WireSchema => ({
  version: schema.version,
  block: { ...blockTo(schema.block) },
});

const blockTo = (block: Block): WireBlock => ({
  attributes: block.attributes.map(attributeTo),
  block_types: block.blocks.map((nested) => ({
    type_name: nested.name,
    block: blockTo(nested.block),
    nesting: nested.nesting.toUpperCase(),
    min_items: nested.minItems,
    max_items: nested.maxItems,
  })),
  deprecated: block.deprecated,
});

const attributeTo = (attribute: Attribute): WireAttribute => ({
  name: attribute.name,
  ...(attribute.of.kind === 'nested'
    ? {
        type: new Uint8Array(),
        nested_type: {
          attributes: attribute.of.attributes.map(attributeTo),
          nesting: attribute.of.nesting.toUpperCase(),
        },
      }
    : { type: typeToBytes(attribute.of) }),
  required: attribute.required,
  optional: attribute.optional,
  computed: attribute.computed,
  sensitive: attribute.sensitive,
  write_only: attribute.writeOnly,
  deprecated: attribute.deprecated,
});
