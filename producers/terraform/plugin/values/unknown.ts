// Values not known yet, on the wire: an extension, whose payload may say what is known of them. Pure.
import { decode, encode } from '@msgpack/msgpack';
import { ExactNumber } from '../../exact-json.ts';
import { numberFromDouble, numberFromText, numberToWire } from './number.ts';
import { type Bound, type Refinements, UNKNOWN, Unknown } from './value.ts';

const REFINED = 12;
const KEY = { null: 1, prefix: 2, min: 3, max: 4, minLength: 5, maxLength: 6 } as const;

/** Every extension is an unknown value. Refinements that cannot be read are left out: that is always safe. */
export function unknownFromWire(code: number, payload: Uint8Array): Unknown {
  if (code !== REFINED) return UNKNOWN;
  let read: unknown;
  try {
    read = decode(payload, { useBigInt64: true });
  } catch {
    return UNKNOWN;
  }
  if (typeof read !== 'object' || read === null) return UNKNOWN;
  const at = read as Record<number, unknown>;
  const refinements: Refinements = {};
  const isNull = at[KEY.null];
  if (typeof isNull === 'boolean') refinements.null = isNull;
  const prefix = at[KEY.prefix];
  if (typeof prefix === 'string') refinements.prefix = prefix.normalize('NFC');
  for (const name of ['min', 'max'] as const) {
    const bound = boundFrom(at[KEY[name]]);
    if (bound) refinements[name] = bound;
  }
  for (const name of ['minLength', 'maxLength'] as const) {
    const length = Number(at[KEY[name]] ?? Number.NaN);
    if (Number.isSafeInteger(length) && length >= 0) refinements[name] = length;
  }
  return Object.keys(refinements).length > 0 ? new Unknown(refinements) : UNKNOWN;
}

function boundFrom(raw: unknown): Bound | null {
  if (!Array.isArray(raw) || raw.length !== 2 || typeof raw[1] !== 'boolean') return null;
  const [number, inclusive] = raw as [unknown, boolean];
  const value = numberFromWire(number);
  return value === null ? null : { value, inclusive };
}

/** Null when it is no number. */
export function numberFromWire(raw: unknown): number | ExactNumber | null {
  if (typeof raw === 'number') return numberFromDouble(raw);
  if (typeof raw === 'bigint') return numberFromText(raw.toString());
  if (typeof raw === 'string') return numberFromText(raw);
  return raw instanceof ExactNumber ? numberFromText(raw.text) : null;
}

/** Without refinements the older code, which every reader knows. */
export function unknownToWire(value: Unknown): { code: number; payload: Uint8Array } {
  const { refinements } = value;
  const entries: [number, unknown][] = [];
  const add = (key: number, encoded: unknown): void => {
    if (encoded !== undefined) entries.push([key, encoded]);
  };
  const bound = (of: Bound | undefined): unknown => of && [numberToWire(of.value), of.inclusive];
  add(KEY.null, refinements.null);
  add(KEY.prefix, refinements.prefix);
  add(KEY.min, bound(refinements.min));
  add(KEY.max, bound(refinements.max));
  add(KEY.minLength, refinements.minLength);
  add(KEY.maxLength, refinements.maxLength);
  if (entries.length === 0) return { code: 0, payload: new Uint8Array(1) };
  // The keys are integers, which the objects of the library cannot have: a map of at most six entries is its size and they.
  const parts = entries.map(([key, encoded]) => [Uint8Array.of(key), encode(encoded, { useBigInt64: true })]);
  return { code: REFINED, payload: Buffer.concat([Uint8Array.of(0x80 + entries.length), ...parts.flat()]) };
}
