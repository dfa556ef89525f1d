// How drifts, actors and times are put into words. Pure: the current time is passed in.
import type { ActorJson, DifferenceJson, DriftJson } from '../api/types.ts';
import { phrase } from './values.ts';

const UNITS: [ms: number, name: string][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** A length of time in its largest unit, from an hour on in the next one too: `3 minutes`, `2 days 4 hours`. */
export function duration(ms: number): string {
  const at = UNITS.findIndex(([size]) => ms >= size);
  if (at === -1) return 'under a second';
  const [size, name] = UNITS[at]!;
  const text = plural(Math.floor(ms / size), name);
  const next = at < 2 ? UNITS[at + 1]! : null;
  const rest = next ? Math.floor((ms % size) / next[0]) : 0;
  return next && rest > 0 ? `${text} ${plural(rest, next[1])}` : text;
}

const JUST_NOW_MS = 10_000;
export function ago(time: string, now: number): string {
  const passed = now - Date.parse(time);
  if (passed < JUST_NOW_MS) return 'just now';
  const [size, name] = UNITS.find(([ms]) => passed >= ms)!;
  return `${plural(Math.floor(passed / size), name)} ago`;
}

/** `2026-11-23 07:04:26 UTC`: the same for everyone who reads it. */
export const clockTime = (time: string): string => `${time.slice(0, 19).replace('T', ' ')} UTC`;

/** The worst first: in this order drifts are listed, counted and told. */
export const WORST_FIRST: readonly DriftJson['severity'][] = ['critical', 'high', 'medium', 'low', 'info'];

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;

const VIA_WORDS: Record<ActorJson['via'], string> = {
  console: 'in the console',
  cli: 'with the command line',
  sdk: 'with a script',
  terraform: 'with Terraform',
  pipeline: 'through a pipeline',
  service: '(a service)',
  unknown: '(tool not known)',
};

export const actorPhrase = (actor: ActorJson): string => `${actor.name} ${VIA_WORDS[actor.via]}`;

/** Who did it, in one line; an honest "not known" where the provider does not say. */
export function who(drift: DriftJson): string {
  const [first, ...others] = drift.actors;
  if (!first) return 'Actor not known';
  return others.length === 0
    ? actorPhrase(first)
    : `${actorPhrase(first)} and ${plural(others.length, 'other')}`;
}

/** What was called, the first of it by name; null where no feed told. */
export function calls(actors: readonly ActorJson[]): string | null {
  const [first, ...others] = new Set(actors.flatMap((actor) => actor.operations));
  if (first === undefined) return null;
  return others.length === 0 ? first : `${first} and ${plural(others.length, 'other call')}`;
}

/** What was called and who did it, in one line. */
export const deed = (drift: DriftJson): string => {
  const called = calls(drift.actors);
  return called === null ? who(drift) : `${called} by ${who(drift)}`;
};

/** What happened, in one line. */
export function what(drift: DriftJson): string {
  if (drift.kind === 'missing')
    return drift.confidence === 'confirmed' ? 'Declared, but gone' : 'Reported as deleted';
  if (drift.kind === 'unmanaged') return 'Exists, but no state declares it';
  if (drift.kind === 'contested') return 'Declared by more than one workspace';
  const [first, ...others] = drift.differences;
  if (!first) {
    if (drift.actors.length === 0) return 'Changed by someone other than Terraform';
    return calls(drift.actors) === null ? `Changed by ${who(drift)}` : deed(drift);
  }
  const more = others.length === 0 ? '' : ` and ${plural(others.length, 'more attribute')}`;
  return `${differencePhrase(first)}${more}`;
}

export function differencePhrase({ path, op, declared, observed }: DifferenceJson): string {
  if (op === 'added') return `${path} added: ${phrase(observed)}`;
  if (op === 'removed') return `${path} removed: ${phrase(declared)}`;
  const [from, to] = [phrase(declared, 36), phrase(observed, 36)];
  return from === to ? `${path} changed` : `${path}: ${from} → ${to}`;
}

export const addressOrId = (drift: DriftJson): string => drift.address ?? `${drift.type} ${drift.resourceId}`;

/** How sure the finding is, in a sentence. */
export function confidencePhrase({ confidence, certainty, kind }: DriftJson): string {
  if (confidence === 'suspected')
    return 'Suspected: a change was reported; what it is now has not been read.';
  if (confidence === 'unverified')
    return 'Unverified: a change was reported, and it could not be read in time.';
  if (certainty === 'low')
    return 'Confirmed, with low certainty: the provider may have set this by itself; the code is not known.';
  return kind === 'modified' ? 'Confirmed: it was read, and it differs.' : 'Confirmed by a complete listing.';
}

const RESOLUTIONS: Record<NonNullable<DriftJson['resolution']>, string> = {
  reverted: 'the declared value is back',
  declared: 'Terraform declares the observed value now',
  adopted: 'a state declares it now',
  accepted: 'it was accepted for good',
  removed: 'it is gone',
  dismissed: 'it turned out to be none',
  ignored: 'a rule ignores it now',
  expired: 'nothing was heard of it in time',
};

/** How it ended, in words that follow "Nothing:". */
export const resolutionPhrase = ({ resolution }: DriftJson): string =>
  resolution === null ? 'it is resolved' : RESOLUTIONS[resolution];

export interface Fix {
  name: string;
  how: string;
}

/** What can be done about an unresolved drift, the likeliest first. */
export function fixes(drift: DriftJson): Fix[] {
  const where = drift.workspace ? `in ${drift.workspace}` : 'in its workspace';
  const accept = { name: 'Accept', how: 'Leave it as it is, with a reason, for a time or until it changes.' };
  if (drift.status === 'accepted')
    return [
      { name: 'Nothing now', how: 'It counts again when the acceptance ends or the difference changes.' },
    ];
  if (drift.kind === 'contested')
    return [
      { name: 'Decide', how: 'Choose the workspace that keeps it, and remove it from the other state.' },
      accept,
    ];
  if (drift.kind === 'unmanaged')
    return [
      { name: 'Adopt', how: 'Bring it under Terraform with an import block.' },
      { name: 'Remove', how: 'Delete it, if no one needs it.' },
      accept,
    ];
  if (drift.confidence !== 'confirmed')
    return [
      { name: 'Look', how: `Run terraform plan ${where}: it shows what the change did.` },
      { name: 'Ask', how: 'Ask who made the change; the evidence is below.' },
      accept,
    ];
  if (drift.kind === 'missing')
    return [
      { name: 'Restore', how: `Run terraform apply ${where} to create it again.` },
      { name: 'Let go', how: 'Remove it from the code and the state.' },
      accept,
    ];
  if (drift.absorbed)
    return [
      {
        name: 'Revert',
        how: `Run terraform apply ${where}: the state took the value over, the code did not say so.`,
      },
      { name: 'Keep', how: 'Put the observed value into the code.' },
      accept,
    ];
  return [
    { name: 'Revert', how: `Run terraform apply ${where} to put the declared value back.` },
    { name: 'Keep', how: 'Put the observed value into the code, then apply.' },
    accept,
  ];
}
