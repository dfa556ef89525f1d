// Which of the providers that are there is taken, and what speaks against it. Pure.
import { compareVersions, type ProviderSource, parseVersion, shortName, type Version } from './source.ts';

export const PLACES = ['override', 'working-directory', 'own', 'cache', 'mirror'] as const;
export type Place = (typeof PLACES)[number];

export interface Candidate {
  program: string;
  /** Null for a development override, which has none. */
  version: string | null;
  place: Place;
  /** Of the package; the program may be a link out of it. */
  folder?: string;
}

export type Risk =
  /** A development override: whatever lies there is run, as in Terraform. */
  | 'override'
  /** No lock file says which version: the newest that is there. */
  | 'not-locked'
  /** Newer than the lock file says: what it reads may be in another form than the state. */
  | 'newer'
  /** Older than the lock file says: it may not read the state at all. */
  | 'older'
  /** Not even the same major version. */
  | 'other-major';

export interface Choice {
  source: ProviderSource;
  program: string;
  version: string | null;
  place: Place;
  folder?: string;
  /** What the lock file says; null where there is none. */
  locked: string | null;
  risk: Risk | null;
  /** The risk in words; empty when there is none. */
  because: string;
}

/** Null when there is none at all. `wanted` is the locked version. */
export function choose(
  source: ProviderSource,
  candidates: readonly Candidate[],
  wanted: string | null,
): Choice | null {
  const override = candidates.find(({ place }) => place === 'override');
  if (override)
    return choice(override, 'override', 'a development override takes the place of every version');
  const known = candidates
    .map((candidate) => ({ candidate, version: parseVersion(candidate.version ?? '') }))
    .filter((one): one is { candidate: Candidate; version: Version } => one.version !== null)
    // The order of the places decides between equals.
    .sort(
      (a, b) =>
        compareVersions(b.version, a.version) ||
        PLACES.indexOf(a.candidate.place) - PLACES.indexOf(b.candidate.place),
    );
  // A version for trials is taken only when it is asked for, or when there is nothing else.
  const releases = known.filter(({ version }) => version.pre.length === 0);
  const usual = releases.length > 0 ? releases : known;
  const newest = usual[0];
  if (!newest) return null;
  const locked = wanted === null ? null : parseVersion(wanted);
  if (!locked) {
    const why = `no lock file names a version of ${shortName(source)}: ${newest.version.text} is the newest that is there`;
    return choice(newest.candidate, 'not-locked', why);
  }
  const exact = known.find(({ version }) => compareVersions(version, locked) === 0);
  if (exact) return choice(exact.candidate, null, '');
  const name = `${shortName(source)} ${locked.text} is locked and not there`;
  const major = usual.filter(({ version }) => version.numbers[0] === locked.numbers[0]);
  // The nearest above reads every state that the locked one wrote; the nearest below may not.
  const above = major.filter(({ version }) => compareVersions(version, locked) > 0).at(-1);
  if (above)
    return choice(
      above.candidate,
      'newer',
      `${name}: ${above.version.text} is newer, and may show attributes in another form`,
    );
  const below = major[0];
  if (below)
    return choice(
      below.candidate,
      'older',
      `${name}: ${below.version.text} is older, and may not know what the state holds`,
    );
  return choice(
    newest.candidate,
    'other-major',
    `${name}: ${newest.version.text} is another major version, and much may differ`,
  );

  function choice(candidate: Candidate, risk: Risk | null, because: string): Choice {
    return { source, ...candidate, locked: wanted, risk, because };
  }
}
