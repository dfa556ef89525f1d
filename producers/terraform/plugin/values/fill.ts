// A configuration as a person wrote it, made whole: Terraform sends every attribute of a block, set or not. Pure.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { ExactNumber } from '../../exact-json.ts';
import { fromExact } from './decode.ts';
import { numberFromText } from './number.ts';
import { at, below, undecodable } from './problem.ts';
import { type Attribute, type Block, type NestedBlock, typeOfBlock } from './schema.ts';
import { STRING, type Type, typeToJson } from './type.ts';
import type { Value, ValueObject } from './value.ts';

/**
 * The block's value: what is not given is null, or no blocks. Strings become numbers and switches where the schema says so,
 * as in Terraform. Throws a ValueProblem on what the schema does not have.
 */
export function fill(block: Block, given: JsonObject): Value {
  return fromExact(typeOfBlock(block), blockValue(block, given, ''));
}

function blockValue(block: Block, given: JsonObject, path: string): ValueObject {
  const names = new Set([...block.attributes, ...block.blocks].map(({ name }) => name));
  for (const name in given)
    if (!names.has(name)) throw undecodable('the schema has no such attribute', below(path, name));
  const of = (name: string): Json => (Object.hasOwn(given, name) ? (given[name] ?? null) : null);
  return Object.fromEntries([
    ...block.attributes.map(
      (attribute) =>
        [attribute.name, attributeValue(attribute, of(attribute.name), below(path, attribute.name))] as const,
    ),
    ...block.blocks.map(
      (nested) => [nested.name, nestedValue(nested, of(nested.name), below(path, nested.name))] as const,
    ),
  ]);
}

function attributeValue({ of }: Attribute, given: Json, path: string): Value {
  if (of.kind !== 'nested') return converted(of, given, path);
  if (given === null) return null;
  const inner: Block = { attributes: of.attributes, blocks: [], deprecated: false };
  return nestedElements(of.nesting, inner, given, path);
}

function nestedValue({ nesting, block }: NestedBlock, given: Json, path: string): Value {
  switch (nesting) {
    case 'single':
      return given === null ? null : nestedElements('single', block, given, path);
    case 'group':
      return nestedElements('single', block, given ?? {}, path);
    case 'map':
      return nestedElements('map', block, given ?? {}, path);
    default:
      return nestedElements(nesting, block, given ?? [], path);
  }
}

function nestedElements(
  nesting: 'single' | 'list' | 'set' | 'map',
  block: Block,
  given: Json,
  path: string,
): Value {
  const one = (value: Json, where: string): ValueObject => {
    if (isJsonObject(value)) return blockValue(block, value, where);
    throw undecodable('a block was expected', where);
  };
  if (nesting === 'single') return one(given, path);
  if (nesting === 'map') {
    if (!isJsonObject(given)) throw undecodable('blocks by label were expected', path);
    return Object.fromEntries(
      Object.entries(given).map(([label, value]) => [label, one(value, below(path, label))] as const),
    );
  }
  // One block alone may be written without a list around it, as in Terraform's JSON syntax.
  const list = Array.isArray(given) ? given : [given];
  return list.map((value, index) => one(value, at(path, index)));
}

function converted(type: Type, given: Json, path: string): Value {
  if (given === null) return null;
  switch (type.kind) {
    case 'string':
      return typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
    case 'number':
      return typeof given === 'string' ? (numberFromText(given) ?? given) : given;
    case 'bool':
      if (given === 'true' || given === '1') return true;
      return given === 'false' || given === '0' ? false : given;
    case 'list':
    case 'set':
      return Array.isArray(given)
        ? given.map((element, index) => converted(type.element, element, at(path, index)))
        : given;
    case 'tuple':
      return Array.isArray(given)
        ? given.map((element, index) => converted(type.elements[index] ?? STRING, element, at(path, index)))
        : given;
    case 'map':
      return isJsonObject(given) ? mapped(given, () => type.element, path) : given;
    case 'object':
      return isJsonObject(given) ? object(type.attributes, given, path) : given;
    case 'dynamic': {
      const own = typeOfJson(given);
      return { type: typeToJson(own) as Value, value: given };
    }
  }
}

function object(attributes: Readonly<Record<string, Type>>, given: JsonObject, path: string): ValueObject {
  const all = Object.fromEntries(
    Object.keys(attributes).map((name) => [name, Object.hasOwn(given, name) ? given[name]! : null] as const),
  );
  return mapped({ ...given, ...all }, (name) => attributes[name] ?? STRING, path);
}

const mapped = (given: JsonObject, typeOf: (name: string) => Type, path: string): ValueObject =>
  Object.fromEntries(
    Object.entries(given).map(
      ([name, value]) => [name, converted(typeOf(name), value, below(path, name))] as const,
    ),
  );

/** The type that a value written without one has. */
function typeOfJson(value: Json): Type {
  if (Array.isArray(value)) return { kind: 'tuple', elements: value.map(typeOfJson) };
  if (isJsonObject(value)) {
    const attributes = Object.fromEntries(
      Object.entries(value).map(([name, of]) => [name, typeOfJson(of)] as const),
    );
    return { kind: 'object', attributes, optional: [] };
  }
  if (value === null) return { kind: 'dynamic' };
  return { kind: typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'number' : 'string' };
}

const isJsonObject = (value: Json): value is JsonObject =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !((value as unknown) instanceof ExactNumber);
