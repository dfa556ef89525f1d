// What a provider says a resource looks like, the same for both protocol versions, and the type of its values. Pure.
import { DYNAMIC, holdsDynamic, type Type } from './type.ts';

export interface Schema {
  version: number;
  block: Block;
}

export interface Block {
  attributes: readonly Attribute[];
  blocks: readonly NestedBlock[];
  deprecated: boolean;
}

export interface Attribute {
  name: string;
  /** What its values are: a type, or attributes of their own (protocol 6). */
  of: Type | NestedAttributes;
  required: boolean;
  optional: boolean;
  computed: boolean;
  sensitive: boolean;
  /** Sent to the provider and never kept: null in every state. */
  writeOnly: boolean;
  deprecated: boolean;
}

export interface NestedAttributes {
  kind: 'nested';
  nesting: 'single' | 'list' | 'set' | 'map';
  attributes: readonly Attribute[];
}

export const NESTINGS = ['single', 'list', 'set', 'map', 'group'] as const;
export type Nesting = (typeof NESTINGS)[number];

export interface NestedBlock {
  name: string;
  nesting: Nesting;
  block: Block;
  minItems: number;
  /** 0: no limit. */
  maxItems: number;
}

const known = new WeakMap<Block, Type>();

/** The type that the values of a block have, which is also their form on the wire. */
export function typeOfBlock(block: Block): Type {
  const found = known.get(block);
  if (found) return found;
  const type = objectOf([
    ...block.attributes.map((attribute) => [attribute.name, typeOfAttribute(attribute)] as const),
    ...block.blocks.map((nested) => [nested.name, typeOfNested(nested)] as const),
  ]);
  known.set(block, type);
  return type;
}

export const typeOfAttribute = ({ of }: Attribute): Type => {
  if (of.kind !== 'nested') return of;
  const object = objectOf(of.attributes.map((attribute) => [attribute.name, typeOfAttribute(attribute)]));
  return of.nesting === 'single' ? object : { kind: of.nesting, element: object };
};

function typeOfNested({ nesting, block }: NestedBlock): Type {
  const object = typeOfBlock(block);
  switch (nesting) {
    case 'single':
    case 'group':
      return object;
    case 'set':
      return { kind: 'set', element: object };
    default:
      // Elements that each say their own type make no list of one type: Terraform then sends a tuple, or an object.
      return holdsDynamic(object) ? DYNAMIC : { kind: nesting, element: object };
  }
}

const objectOf = (entries: readonly (readonly [string, Type])[]): Type => ({
  kind: 'object',
  attributes: Object.fromEntries(entries),
  optional: [],
});
