// What a pretend provider is made of: schemas in the form `terraform providers schema -json` prints, so that any real
// provider's can be worn as they are, and beside each what the pretend cloud does with it. Types and small readers. Pure.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import type { Template } from './template.ts';

/** A type of Terraform's type system, as its JSON writes it: `"string"`, `["set", "string"]`, `["object", {…}]`. */
export type CtyType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | ['list' | 'set' | 'map', CtyType]
  | ['tuple', CtyType[]]
  | ['object', Record<string, CtyType>]
  | ['object', Record<string, CtyType>, string[]];

export interface Attribute {
  type: CtyType;
  /** Protocol 6: an attribute with attributes of its own. `type` is then what its values are. */
  nested_type?: {
    nesting_mode: 'single' | 'list' | 'set' | 'map';
    attributes: Record<string, Attribute>;
  };
  required?: boolean;
  optional?: boolean;
  computed?: boolean;
  sensitive?: boolean;
  write_only?: boolean;
  deprecated?: boolean;

  // What Terraform's schema does not tell.
  /** Another value makes another resource. */
  force_new?: boolean;
  /** What the cloud sets where nobody says anything. */
  default?: Json;
  /** What the cloud makes when the resource is created. */
  made?: Template;
  /** Made anew whenever the resource changes. */
  changing?: boolean;
  /** Given to the cloud, never given back: a password. */
  unreadable?: boolean;
  /** What the cloud calls it, where that is not its name here. */
  cloud_name?: string;
  /** The cloud does not have it: the provider fills it in, from the region and what the cloud told. */
  own?: Template;
}

export interface NestedBlock {
  nesting_mode: 'single' | 'group' | 'list' | 'set' | 'map';
  min_items?: number;
  max_items?: number;
  block: Block;
  force_new?: boolean;
}

export interface Block {
  attributes?: Record<string, Attribute>;
  block_types?: Record<string, NestedBlock>;
}

/** One call of the cloud's own interface, as its feed tells it. */
export interface Call {
  /** Operation: `CreateQueue`; a function where it depends on the resource. */
  name: string | ((attributes: JsonObject) => string);
  request?: Template;
  response?: Template;
}

/** An update is one call for each row that speaks of a changed attribute; `*` is any other. */
export interface UpdateCall extends Call {
  on: readonly string[];
  /** Told only if elements were added or removed, which stand under that name in the templates' scope. */
  only?: 'added' | 'removed';
  /** Then one call for each of them, which stands under `one`. */
  each?: true;
}

export interface Calls {
  /** Service: `sqs`. */
  source: string;
  create: Call;
  read: Call;
  update: readonly UpdateCall[];
  delete: Call;
}

/** Where ids are unique: in the world, in an account, in a region of an account. */
export type Placed = 'world' | 'account' | 'region';

/** What is a part of another resource (cloud/parts.ts says how they show up in each other). Functions of its attributes. */
export interface Part {
  /** Type of the whole, and its id. */
  of: string;
  whole: (own: JsonObject) => string;
  /** The attribute of the whole that holds it. */
  at: (own: JsonObject) => string;
  /** What stands there. */
  value: (own: JsonObject) => Json;
  /** Where the attribute holds several: what tells them apart. Without it the part is the whole attribute. */
  key?: (element: Json) => string;
  /** What of the part is read there; null: what stands there is none. */
  from?: (held: Json, own: JsonObject) => JsonObject | null;
}

/** How its calls stand in the reports of a cloud without CloudTrail. */
export interface Reported {
  service: string;
  create: string;
  update: string;
  delete: string;
}

export interface ResourceType {
  version: number;
  block: Block;
  /** How the cloud names a new one; default: the type and a random end. */
  id?: Template;
  placed?: Placed;
  /** How its calls stand in CloudTrail. */
  calls?: Calls;
  /** How they stand in reports, for what has no CloudTrail; without both they stand in the journal alone. */
  reported?: Reported;
  part?: Part;
  /** A state of an earlier version of the schema in the form of this one. */
  upgrade?: (version: number, attributes: JsonObject) => JsonObject;
}

export interface ProviderType {
  /** Last part of its address: `aws`. */
  name: string;
  /** `registry.terraform.io/hashicorp/aws` */
  address: string;
  /** What it says to be, in file names and in user agents. */
  version: string;
  protocol: 5 | 6;
  /** Its configuration. */
  block: Block;
  resources: Record<string, ResourceType>;
  /** Data sources tell who asks: values are made from `caller`. */
  data: Record<string, { version: number; block: Block }>;
}

/** The type of a nested block's value. */
const typeOfNested = ({ nesting_mode, block }: NestedBlock): CtyType => {
  const inner = typeOfBlock(block);
  return nesting_mode === 'single' || nesting_mode === 'group' ? inner : [nesting_mode, inner];
};

/** The object type of a block's value: every attribute and every nested block is a member. */
export function typeOfBlock(block: Block): ['object', Record<string, CtyType>] {
  const members: Record<string, CtyType> = {};
  for (const [name, attribute] of Object.entries(block.attributes ?? {})) members[name] = attribute.type;
  for (const [name, nested] of Object.entries(block.block_types ?? {})) members[name] = typeOfNested(nested);
  return ['object', members];
}

/** Why the value is not one of the type, with the path; null when it is. Null is of every type. */
export function misfit(value: Json | undefined, type: CtyType, path: string): string | null {
  if (value === null || value === undefined || type === 'dynamic') return null;
  if (typeof type === 'string') {
    const right =
      type === 'bool'
        ? typeof value === 'boolean'
        : // Numbers beyond what a JSON number holds are written as text.
          type === 'number'
          ? typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
          : typeof value === 'string';
    return right ? null : `${path} is not a ${type}`;
  }
  const [kind, inner] = type;
  if (kind === 'list' || kind === 'set' || kind === 'tuple') {
    if (!Array.isArray(value)) return `${path} is not a list`;
    return first(value, (item, index) =>
      misfit(
        item,
        kind === 'tuple' ? ((inner as CtyType[])[index] ?? 'dynamic') : inner,
        `${path}[${index}]`,
      ),
    );
  }
  if (typeof value !== 'object' || Array.isArray(value)) return `${path} is not an object`;
  const members = Object.entries(value);
  if (kind === 'map')
    return first(members, ([key, item]) => misfit(item, inner as CtyType, `${path}.${key}`));
  return first(members, ([key, item]) => {
    const member = (inner as Record<string, CtyType>)[key];
    return member === undefined ? `${path}.${key} is unknown` : misfit(item, member, `${path}.${key}`);
  });
}

function first<T>(items: readonly T[], test: (item: T, index: number) => string | null): string | null {
  for (const [index, item] of items.entries()) {
    const found = test(item, index);
    if (found !== null) return found;
  }
  return null;
}

/** An element of a nested block that may be one, several, or none. */
export const elementsOf = (nested: NestedBlock, value: Json | undefined): JsonObject[] => {
  if (value === null || value === undefined) return [];
  if (nested.nesting_mode === 'map') return Object.values(value as JsonObject) as JsonObject[];
  return (Array.isArray(value) ? value : [value]) as JsonObject[];
};
