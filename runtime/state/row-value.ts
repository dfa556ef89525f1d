// A row's value as text and back: JSON, and long texts among its members after it as they are. Most of what is kept is
// JSON text of attributes inside a row: escaping it inside JSON, and taking that back, costs more than the row itself. Pure.
//
//   value   JSON · for each long text: NUL · name of the member · NUL · the text
//
// JSON holds no NUL outside of escapes, so the first one ends it.
import type { Json, JsonObject } from '../../schemas/index.ts';

const LONG = 256;
const END = '\u0000';

/** Texts that UTF-8 would not give back, or that hold the separator, stay in the JSON, which escapes them. */
const standsBeside = (name: string, member: Json | undefined): member is string =>
  typeof member === 'string' &&
  member.length >= LONG &&
  member.isWellFormed() &&
  !member.includes(END) &&
  !name.includes(END);

export function textOfValue(value: Json): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  let texts = '';
  for (const name in value) {
    const member = value[name];
    if (standsBeside(name, member)) texts += END + name + END + member;
  }
  if (texts === '') return JSON.stringify(value);
  const rest: JsonObject = {};
  for (const name in value) if (!standsBeside(name, value[name])) rest[name] = value[name]!;
  return JSON.stringify(rest) + texts;
}

export function valueOfText(text: string): Json {
  const end = text.indexOf(END);
  if (end < 0) return JSON.parse(text) as Json;
  const value = JSON.parse(text.slice(0, end)) as JsonObject;
  for (let at = end; at < text.length; ) {
    const name = text.indexOf(END, at + 1);
    const next = text.indexOf(END, name + 1);
    const to = next < 0 ? text.length : next;
    value[text.slice(at + 1, name)] = text.slice(name + 1, to);
    at = to;
  }
  return value;
}
