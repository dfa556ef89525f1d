// How values are put into words. Pure: the current time is passed in.
import type { ActorJson, DifferenceJson, DriftJson } from '../api/types.ts';

const UNITS: [ms: number, name: string][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** A length of time in its largest unit: `3 minutes`. */
export function duration(ms: number): string {
  for (const [size, name] of UNITS) {
    if (ms >= size) {
      const count = Math.floor(ms / size);
      return `${count} ${name}${count === 1 ? '' : 's'}`;
    }
  }
  return 'a moment';
}

export const ago = (time: string, now: number): string => {
  const passed = now - Date.parse(time);
  return passed < 0 ? 'just now' : `${duration(passed)} ago`;
};

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;

const VIA_WORDS: Record<ActorJson['via'], string> = {
  console: 'in the console',
  cli: 'with the command line',
  sdk: 'with a script',
  terraform: 'with Terraform',
  pipeline: 'through a pipeline',
  service: 'as a service',
  unknown: 'in an unknown way',
};

export const actorPhrase = (actor: ActorJson): string => `${actor.name} ${VIA_WORDS[actor.via]}`;

/** Who did it, in one line; an honest "unknown" where the provider does not say. */
export function who(drift: DriftJson): string {
  const [first, ...others] = drift.actors;
  if (!first) return 'Not known: the provider reports no actor';
  return others.length === 0
    ? actorPhrase(first)
    : `${actorPhrase(first)} and ${plural(others.length, 'other')}`;
}

/** What happened, in one line. */
export function what(drift: DriftJson): string {
  if (drift.kind === 'missing')
    return drift.confidence === 'confirmed' ? 'Declared, but gone' : 'Reported as deleted';
  if (drift.kind === 'unmanaged') return 'Exists, but no state declares it';
  if (drift.kind === 'contested') return 'Declared by more than one workspace';
  const [actor] = drift.actors;
  if (drift.differences.length === 0)
    return `${actor ? actorPhrase(actor) : 'Someone other than Terraform'} changed it; not read yet`;
  const [first, ...others] = drift.differences;
  const more = others.length === 0 ? '' : ` and ${plural(others.length, 'more attribute')}`;
  return `${differencePhrase(first!)}${more}`;
}

export function differencePhrase(difference: DifferenceJson): string {
  const { path, op } = difference;
  if (op === 'added') return `${path}: ${short(difference.observed)} added`;
  if (op === 'removed') return `${path}: ${short(difference.declared)} removed`;
  return `${path}: ${short(difference.declared)} → ${short(difference.observed)}`;
}

const SHORT = 48;
export function short(value: unknown): string {
  const text = typeof value === 'string' ? value : isSecret(value) ? 'a secret' : JSON.stringify(value);
  return text.length <= SHORT ? text : `${text.slice(0, SHORT - 1)}…`;
}

export function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$secret' in value;
}

/** A value over several lines, fit for a fixed-width block. */
export function full(value: unknown): string {
  if (value === null || value === undefined) return '—';
  if (isSecret(value)) return 'a secret (only its fingerprint is kept)';
  if (typeof value !== 'string') return JSON.stringify(value, null, 2);
  if (!/^[[{]/.test(value)) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

/** What to do about it, first thing first. */
export function advice(drift: DriftJson): string {
  const address = drift.address ?? drift.resourceId;
  if (drift.status === 'resolved') return 'Nothing: it is resolved.';
  if (drift.status === 'accepted') return 'Nothing until the acceptance ends or the difference changes.';
  if (drift.kind === 'contested')
    return 'Decide which workspace keeps it, and remove it from the other state.';
  if (drift.kind === 'unmanaged') return 'Bring it under Terraform with an import block, or remove it.';
  if (drift.confidence !== 'confirmed')
    return `Look at ${address}: run terraform plan, or ask who made the change.`;
  if (drift.absorbed)
    return 'The state took the value over, the code did not say so: put it into the code, or apply the code again.';
  if (drift.kind === 'missing') return 'Run terraform apply to create it again, or remove it from the code.';
  return 'Run terraform apply to take the code’s value back, change the code, or accept it with a reason.';
}
