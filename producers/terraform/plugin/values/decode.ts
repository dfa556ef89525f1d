// Values from the wire: MessagePack, or JSON where a provider still sends it, checked against their type. Pure.
import { DecodeError, decode as unpack } from '@msgpack/msgpack';
import type { Json } from '../../../../schemas/index.ts';
import { ExactNumber, isObject as isExactObject, parseExact, toJson } from '../../exact-json.ts';
import { at, below, undecodable } from './problem.ts';
import { type Type, typeFromBytes, typeFromJson, typeToJson } from './type.ts';
import { numberFromWire, unknownFromWire } from './unknown.ts';
import { Unknown, type Value, type ValueObject } from './value.ts';

/** What the protocol calls DynamicValue: one of the two is filled. */
export interface Encoded {
  msgpack?: Uint8Array | null;
  json?: Uint8Array | null;
}

/** Every extension code means a value that is not known; none of ours is written through here. */
const EXTENSIONS = {
  tryToEncode: () => null,
  decode: (payload: Uint8Array, code: number) => unknownFromWire(code, payload),
};

/** Throws a ValueProblem, naming the path, when the bytes are no value of the type. */
export function decode(type: Type, encoded: Encoded | null | undefined): Value {
  if (encoded?.msgpack && encoded.msgpack.length > 0) return decodeMsgpack(type, encoded.msgpack);
  if (encoded?.json && encoded.json.length > 0) return decodeJson(type, encoded.json);
  throw undecodable('a value is missing: neither MessagePack nor JSON');
}

export function decodeMsgpack(type: Type, bytes: Uint8Array): Value {
  let raw: unknown;
  try {
    raw = unpack(bytes, { useBigInt64: true, extensionCodec: EXTENSIONS });
  } catch (cause) {
    if (cause instanceof DecodeError || cause instanceof RangeError)
      throw undecodable(`a value is no MessagePack that can be read (${cause.message})`, '', cause);
    throw cause;
  }
  return check(type, raw, '');
}

export function decodeJson(type: Type, bytes: Uint8Array): Value {
  let raw: unknown;
  try {
    raw = parseExact(new TextDecoder('utf-8', { fatal: true }).decode(bytes), true);
  } catch (cause) {
    throw undecodable('a value is no JSON', '', cause);
  }
  return check(type, raw, '');
}

/** A value that was JSON already, such as a state's attributes, in the same form as one from the wire. */
export const fromExact = (type: Type, raw: unknown): Value => check(type, raw, '');

function check(type: Type, raw: unknown, path: string): Value {
  if (raw instanceof Unknown) return raw;
  if (raw === null || raw === undefined) return null;
  switch (type.kind) {
    case 'string':
      if (typeof raw === 'string') return raw.normalize('NFC');
      break;
    case 'bool':
      if (typeof raw === 'boolean') return raw;
      break;
    case 'number': {
      const number = numberFromWire(raw);
      if (number !== null) return number;
      break;
    }
    case 'list':
    case 'set':
      if (Array.isArray(raw))
        return raw.map((element, index) => check(type.element, element, at(path, index)));
      break;
    case 'tuple':
      if (Array.isArray(raw)) return tuple(type.elements, raw, path);
      break;
    case 'map':
      if (isRecord(raw)) return members(raw, (name) => [name.normalize('NFC'), type.element], path);
      break;
    case 'object':
      if (isRecord(raw)) return object(type.attributes, raw, path);
      break;
    case 'dynamic':
      return dynamic(raw, path);
  }
  throw undecodable(`a ${type.kind} was expected, ${nameOf(raw)} came`, path);
}

function tuple(types: readonly Type[], raw: readonly unknown[], path: string): Value[] {
  if (raw.length !== types.length)
    throw undecodable(`a tuple of ${types.length} was expected, one of ${raw.length} came`, path);
  return raw.map((element, index) => check(types[index]!, element, at(path, index)));
}

function object(
  attributes: Readonly<Record<string, Type>>,
  raw: Readonly<Record<string, unknown>>,
  path: string,
): ValueObject {
  for (const name in attributes)
    if (!Object.hasOwn(raw, name)) throw undecodable('the attribute is missing', below(path, name));
  return members(
    raw,
    (name) => {
      const type = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      if (!type) throw undecodable('the schema has no such attribute', below(path, name));
      return [name, type];
    },
    path,
  );
}

function members(
  raw: Readonly<Record<string, unknown>>,
  place: (name: string) => readonly [string, Type],
  path: string,
): ValueObject {
  const entries = Object.keys(raw).map((key) => {
    const [name, type] = place(key);
    return [name, check(type, raw[key], below(path, key))] as const;
  });
  return Object.fromEntries(entries);
}

/** On the wire `[type as JSON bytes, value]`, in JSON `{ type, value }`. */
function dynamic(raw: unknown, path: string): ValueObject {
  if (Array.isArray(raw) && raw.length === 2 && raw[0] instanceof Uint8Array)
    return typed(typeFromBytes(raw[0]), raw[1], path);
  if (isRecord(raw) && Object.hasOwn(raw, 'type') && Object.hasOwn(raw, 'value'))
    return typed(typeFromJson(toJson(raw.type as Parameters<typeof toJson>[0])), raw.value, path);
  throw undecodable('a value that names its type was expected', path);
}

const typed = (type: Type, raw: unknown, path: string): ValueObject => ({
  type: typeToJson(type) as Json as Value,
  value: check(type, raw, path),
});

const isRecord = (raw: unknown): raw is Record<string, unknown> =>
  isExactObject(raw as Parameters<typeof isExactObject>[0]) && !(raw instanceof Uint8Array);

function nameOf(raw: unknown): string {
  if (Array.isArray(raw)) return 'an array';
  if (raw instanceof Uint8Array) return 'bytes';
  if (raw instanceof ExactNumber || typeof raw === 'bigint') return 'a number';
  return typeof raw === 'object' ? 'an object' : `a ${typeof raw}`;
}
