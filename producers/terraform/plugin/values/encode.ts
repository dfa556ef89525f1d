// Values to the wire, as MessagePack, checked against their type. Pure.
import { ExtData, encode as pack } from '@msgpack/msgpack';
import { ExactNumber } from '../../exact-json.ts';
import { numberToWire } from './number.ts';
import { at, below, undecodable } from './problem.ts';
import { type Type, typeFromJson, typeToBytes } from './type.ts';
import { unknownToWire } from './unknown.ts';
import { isObject, Unknown, type Value, type ValueObject } from './value.ts';

/** Terraform's own limit is its stack; a schema nests two levels for each block. */
const DEEPEST = 2000;

/** Throws a ValueProblem, naming the path, when the value is none of the type. Objects need every attribute. */
export const encodeMsgpack = (type: Type, value: Value): Buffer => {
  const bytes = pack(toWire(type, value, ''), { useBigInt64: true, maxDepth: DEEPEST });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

/** As the protocol's DynamicValue, which SDKv2 providers take in MessagePack only. */
export const encode = (type: Type, value: Value): { msgpack: Buffer } => ({
  msgpack: encodeMsgpack(type, value),
});

function toWire(type: Type, value: Value, path: string): unknown {
  if (value instanceof Unknown) {
    const { code, payload } = unknownToWire(value);
    return new ExtData(code, payload);
  }
  if (value === null) return null;
  switch (type.kind) {
    case 'string':
      if (typeof value === 'string') return value.normalize('NFC');
      break;
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'number':
      if (typeof value === 'number' || value instanceof ExactNumber) {
        const number = numberToWire(value);
        if (number !== null) return number;
      }
      break;
    case 'list':
    case 'set':
      if (Array.isArray(value))
        return value.map((element, index) => toWire(type.element, element, at(path, index)));
      break;
    case 'tuple':
      if (Array.isArray(value) && value.length === type.elements.length)
        return value.map((element, index) => toWire(type.elements[index]!, element, at(path, index)));
      break;
    case 'map':
      if (isObject(value)) return wireMembers(value, () => type.element, path);
      break;
    case 'object':
      if (isObject(value)) return wireObject(type.attributes, value, path);
      break;
    case 'dynamic':
      if (isObject(value)) return wireDynamic(value, path);
      break;
  }
  throw undecodable(`the value to send is no ${type.kind}`, path);
}

function wireObject(attributes: Readonly<Record<string, Type>>, value: ValueObject, path: string): unknown {
  for (const name in attributes)
    if (!Object.hasOwn(value, name)) throw undecodable('the attribute is missing', below(path, name));
  return wireMembers(
    value,
    (name) => {
      const type = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      if (!type) throw undecodable('the schema has no such attribute', below(path, name));
      return type;
    },
    path,
  );
}

function wireMembers(value: ValueObject, typeOf: (name: string) => Type, path: string): unknown {
  const entries = Object.keys(value).map(
    (name) => [name.normalize('NFC'), toWire(typeOf(name), value[name] ?? null, below(path, name))] as const,
  );
  return Object.fromEntries(entries);
}

function wireDynamic(value: ValueObject, path: string): unknown {
  if (!Object.hasOwn(value, 'type') || !Object.hasOwn(value, 'value'))
    throw undecodable('the value to send does not name its type', path);
  const type = typeFromJson(value.type as Parameters<typeof typeFromJson>[0]);
  return [typeToBytes(type), toWire(type, value.value ?? null, path)];
}
