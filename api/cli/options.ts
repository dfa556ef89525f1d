// How options are read: lists, counts, durations, times. A wrong value is a usage error that says what would be right.
import { InvalidArgumentError, Option } from 'commander';

/** An option that takes any of the values, repeated or separated by commas. */
export const anyOf = (flags: string, description: string, values: readonly string[]): Option =>
  new Option(flags, `${description}: ${values.join(', ')}`).argParser((given: string, before: unknown) => {
    const chosen = given.split(',');
    for (const one of chosen)
      if (!values.includes(one)) throw new InvalidArgumentError(`Choose from ${values.join(', ')}.`);
    return [...(Array.isArray(before) ? (before as string[]) : []), ...chosen];
  });

export function count(given: string): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** Milliseconds of `90m`, `12h`, `7d`, `2w`. */
export function duration(given: string): number {
  const [, number, unit] = /^([1-9]\d{0,5})([mhdw])$/.exec(given) ?? [];
  if (number === undefined || unit === undefined)
    throw new InvalidArgumentError('Say how long like 90m, 12h, 7d or 2w.');
  return Number(number) * UNITS[unit]!;
}

/** A time as the API takes it. */
export function time(given: string): string {
  const value = Date.parse(given);
  if (Number.isNaN(value)) throw new InvalidArgumentError('Say when like 2026-01-31T12:00:00Z.');
  return new Date(value).toISOString();
}
