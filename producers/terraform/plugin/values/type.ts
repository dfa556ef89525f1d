// Types of Terraform's values ("cty"), as schemas and dynamic values name them in JSON. Pure.
import type { Json } from '../../../../schemas/index.ts';
import { undecodable } from './problem.ts';

export type Primitive = 'string' | 'number' | 'bool';

export type Type =
  | { kind: Primitive | 'dynamic' }
  | { kind: 'list' | 'set' | 'map'; element: Type }
  | { kind: 'object'; attributes: Readonly<Record<string, Type>>; optional: readonly string[] }
  | { kind: 'tuple'; elements: readonly Type[] };

export const STRING: Type = { kind: 'string' };
export const NUMBER: Type = { kind: 'number' };
export const BOOL: Type = { kind: 'bool' };
/** Its values say their type themselves. */
export const DYNAMIC: Type = { kind: 'dynamic' };

const SIMPLE: Readonly<Record<string, Type>> = {
  string: STRING,
  number: NUMBER,
  bool: BOOL,
  dynamic: DYNAMIC,
};

/** Deeper ones are an attack or a defect: Terraform's own deepest are near 40. */
const DEEPEST = 500;

export function typeFromJson(json: Json, depth = 0): Type {
  if (depth > DEEPEST) throw undecodable(`a type is nested deeper than ${DEEPEST} levels`);
  if (typeof json === 'string') {
    const simple = Object.hasOwn(SIMPLE, json) ? SIMPLE[json] : undefined;
    if (simple) return simple;
    throw undecodable(`the type "${json.slice(0, 40)}" is not one of Terraform's`);
  }
  if (!Array.isArray(json)) throw undecodable('a type is neither a name nor an array');
  const [kind, argument, optional] = json;
  const inner = (of: Json | undefined): Type => typeFromJson(of ?? null, depth + 1);
  if ((kind === 'list' || kind === 'set' || kind === 'map') && json.length === 2)
    return { kind, element: inner(argument) };
  if (kind === 'tuple' && json.length === 2 && Array.isArray(argument))
    return { kind, elements: argument.map(inner) };
  if (
    kind === 'object' &&
    typeof argument === 'object' &&
    argument !== null &&
    !Array.isArray(argument) &&
    json.length <= 3
  ) {
    const attributes = Object.entries(argument).map(([name, of]) => [name, inner(of)] as const);
    return { kind, attributes: Object.fromEntries(attributes), optional: namesIn(optional, argument) };
  }
  throw undecodable(`the type ${JSON.stringify(kind ?? null).slice(0, 40)} has no form that is known`);
}

function namesIn(optional: Json | undefined, attributes: Readonly<Record<string, Json>>): string[] {
  if (optional === undefined) return [];
  if (!Array.isArray(optional)) throw undecodable("an object type's optional attributes are no list");
  return optional.map((name) => {
    if (typeof name === 'string' && Object.hasOwn(attributes, name)) return name;
    throw undecodable('an object type names an optional attribute that it does not have');
  });
}

export function typeToJson(type: Type): Json {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'map':
      return [type.kind, typeToJson(type.element)];
    case 'tuple':
      return ['tuple', type.elements.map(typeToJson)];
    case 'object': {
      const attributes = Object.fromEntries(
        Object.entries(type.attributes).map(([name, of]) => [name, typeToJson(of)]),
      );
      return type.optional.length > 0 ? ['object', attributes, [...type.optional]] : ['object', attributes];
    }
    default:
      return type.kind;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes that stand for a type in schemas and dynamic values. */
export function typeFromBytes(bytes: Uint8Array): Type {
  let json: Json;
  try {
    json = JSON.parse(utf8.decode(bytes)) as Json;
  } catch (cause) {
    throw undecodable('a type is no JSON', '', cause);
  }
  return typeFromJson(json);
}

export const typeToBytes = (type: Type): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(typeToJson(type)));

/** Whether any part of its values says its own type. */
export function holdsDynamic(type: Type): boolean {
  switch (type.kind) {
    case 'dynamic':
      return true;
    case 'list':
    case 'set':
    case 'map':
      return holdsDynamic(type.element);
    case 'tuple':
      return type.elements.some(holdsDynamic);
    case 'object':
      return Object.values(type.attributes).some(holdsDynamic);
    default:
      return false;
  }
}
