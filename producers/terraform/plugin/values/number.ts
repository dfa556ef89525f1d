// Terraform's numbers are decimals of any length; on the wire they are integers, doubles or decimal strings. Pure.
import { ExactNumber } from '../../exact-json.ts';

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;
/** Powers of ten beyond this stay powers: written out they would be an attack. */
const LONGEST = 4000;
const INT64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

interface Decimal {
  negative: boolean;
  /** Without leading or trailing zeros; empty for zero. */
  digits: string;
  /** The value is 0.digits × 10^point. */
  point: number;
}

function parse(text: string): Decimal | null {
  const match = DECIMAL.exec(text);
  if (!match) return null;
  const whole = match[2] ?? '';
  const fraction = match[3] ?? '';
  if (whole === '' && fraction === '') return null;
  const all = whole + fraction;
  const significant = all.replace(/^0+/, '');
  return {
    negative: match[1] === '-' && significant !== '',
    digits: significant.replace(/0+$/, ''),
    point: significant === '' ? 0 : whole.length + Number(match[4] ?? 0) - (all.length - significant.length),
  };
}

/** The one spelling of a decimal: no exponent unless it is huge, no needless zeros. */
function spell({ negative, digits, point }: Decimal): string {
  const sign = negative ? '-' : '';
  if (digits === '') return '0';
  if (point > LONGEST || point < -LONGEST)
    return `${sign}${digits[0]}.${digits.slice(1) || '0'}e${point - 1}`;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Null when the text is no number. Infinities are doubles; nothing else in Terraform has no digits. */
export function numberFromText(text: string): number | ExactNumber | null {
  if (/^[+-]?Inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const decimal = parse(text);
  if (!decimal) return null;
  const spelled = spell(decimal);
  const double = Number(spelled);
  const same = Number.isFinite(double) && spell(parse(String(double))!) === spelled;
  return same ? double : new ExactNumber(spelled);
}

export function numberFromDouble(double: number): number | null {
  if (Number.isNaN(double)) return null;
  return double === 0 ? 0 : double;
}

/**
 * As Terraform itself writes it: integers of 64 bits as integers, all else as decimal text, which both sides read back to the
 * same number; a double would be another number than the decimal in the configuration (0.1 is none in binary).
 */
export function numberToWire(value: number | ExactNumber): number | bigint | string | null {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return null;
    if (!Number.isFinite(value)) return value;
    if (Number.isSafeInteger(value)) return Math.abs(value) < 2 ** 31 ? value + 0 : BigInt(value);
  }
  const decimal = parse(typeof value === 'number' ? String(value) : value.text);
  if (!decimal) return null;
  const spelled = spell(decimal);
  if (!/^-?\d{1,19}$/.test(spelled)) return spelled;
  const integer = BigInt(spelled);
  return integer >= INT64.least && integer <= INT64.most ? integer : spelled;
}
