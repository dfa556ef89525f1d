// JSON to values without losing a digit: numbers a double cannot hold keep their text. Pure.
import type { Json, JsonObject } from '../../schemas/index.ts';

/** A number kept as it was written, because a double would change it. */
export class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Exact = null | boolean | number | string | ExactNumber | Exact[] | { [key: string]: Exact };
export type ExactObject = { [key: string]: Exact };

type Reviver = (key: string, value: Exact, context: { source?: string }) => Exact;
type ParseWithSource = (text: string, reviver?: Reviver) => Exact;
// The third parameter is ES2026 (JSON.parse source text access); Node 24 has it, the library types not yet.
const parse = JSON.parse as ParseWithSource;

/** Sixteen digits or more, or an exponent, where a number may stand. Digits inside strings cost only the slower way. */
const MAY_LOSE = /[:[,\s]-?\d[\d.]{15,}|[:[,\s]-?\d[\d.]*[eE][+-]?\d/;

const keepExact: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || context.source === undefined) return value;
  return sameNumber(context.source, value) ? value : new ExactNumber(context.source);
};

/** True when the double, written out, is the number as it was written. */
function sameNumber(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  return source === String(value) || digitsOf(source) === digitsOf(String(value));
}

/** A decimal in one spelling: sign, significant digits, power of ten. */
function digitsOf(text: string): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace(/^[-+]/, '').split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return '0';
  return `${sign}${digits}e${Number(power) - fraction.length + (all.length - digits.length)}`;
}

/** Throws SyntaxError like JSON.parse. `longNumbers`: whether it holds any a double may not hold, where that is known. */
export function parseExact(text: string, longNumbers = MAY_LOSE.test(text)): Exact {
  return longNumbers ? parse(text, keepExact) : parse(text);
}

export const isObject = (value: Exact | undefined): value is ExactObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

function isPlain(value: Exact): value is Json {
  if (value === null || typeof value !== 'object') return true;
  if (value instanceof ExactNumber) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  for (const name in value) if (!isPlain(value[name]!)) return false;
  return true;
}

/** The same value as plain JSON; exact numbers become their text. The value itself when it holds none. */
export function toJson(value: Exact): Json {
  if (isPlain(value)) return value;
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return value.map(toJson);
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]))
    : null;
}

export const toJsonObject = (value: ExactObject): JsonObject => {
  const json = toJson(value);
  return json !== null && typeof json === 'object' && !Array.isArray(json) ? json : {};
};

/**
 * The value with the members of its objects in order; itself where they are. Undefined where JavaScript would not keep the
 * order (names that are numbers come first), or where there is an exact number.
 */
export function inOrder(value: Exact): Exact | undefined {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof ExactNumber) return undefined;
  if (Array.isArray(value)) {
    let items = value;
    for (let i = 0; i < value.length; i++) {
      const item = inOrder(value[i]!);
      if (item === undefined) return undefined;
      if (item === value[i]) continue;
      if (items === value) items = [...value];
      items[i] = item;
    }
    return items;
  }
  const names = Object.keys(value);
  let ordered = true;
  for (let i = 1; i < names.length && ordered; i++) ordered = names[i - 1]! <= names[i]!;
  if (!ordered) names.sort();
  let members = ordered ? value : {};
  for (const name of names) {
    const member = inOrder(value[name]!);
    if (member === undefined) return undefined;
    if (!ordered) {
      if (name === '__proto__' || (name >= '0' && name < ':')) return undefined;
    } else if (member === value[name]) continue;
    else if (members === value) members = { ...value };
    members[name] = member;
  }
  return members;
}

/** The value as JSON text that `parseExact` reads back to the same: exact numbers keep their digits. */
export function exactText(value: Exact): string {
  if (isPlain(value)) return JSON.stringify(value);
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(exactText).join(',')}]`;
  if (!isObject(value)) return 'null';
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${exactText(member)}`,
  );
  return `{${members.join(',')}}`;
}
