// Coverage by what is wrong, not by type: a hundred types that no one lists are one gap, not a hundred. Pure.
import type { CoverageJson } from '../api/types.ts';

export interface GapGroup {
  status: CoverageJson['status'];
  provider: string;
  account: string | null;
  region: string | null;
  /** Why, without the counts that differ from type to type. */
  reasons: string[];
  byFeed: string | null;
  bySnapshot: string | null;
  declared: number;
  observed: number;
  /** When the oldest of them was listed completely; null when any never was. */
  lastCompletedAt: string | null;
  /** What kept instances of theirs from being read, what concerns most of them first. */
  failures: CoverageJson['failures'];
  items: CoverageJson[];
}

const ORDER: readonly CoverageJson['status'][] = ['uncovered', 'unknown', 'partial', 'covered'];

/** The worst first, then what concerns most instances. */
export function gapGroups(coverage: readonly CoverageJson[]): GapGroup[] {
  const groups = new Map<string, GapGroup>();
  for (const item of coverage) {
    const { status, provider, account, region, byFeed, bySnapshot } = item;
    const reasons = item.reasons.map(withoutCount);
    const key = JSON.stringify([status, provider, account, region, byFeed, bySnapshot, reasons]);
    const group = groups.get(key) ?? {
      status,
      provider,
      account,
      region,
      reasons,
      byFeed,
      bySnapshot,
      declared: 0,
      observed: 0,
      lastCompletedAt: item.lastCompletedAt,
      failures: [],
      items: [],
    };
    group.declared += item.declared;
    group.observed += item.observed;
    group.lastCompletedAt = older(group.lastCompletedAt, item.lastCompletedAt);
    for (const failure of item.failures) addTo(group.failures, failure);
    group.items.push(item);
    groups.set(key, group);
  }
  for (const group of groups.values()) {
    group.items.sort((a, b) => b.declared - a.declared || a.type.localeCompare(b.type));
    group.failures.sort((a, b) => b.count - a.count || a.code.localeCompare(b.code));
  }
  return [...groups.values()].sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || b.declared - a.declared,
  );
}

/** The same failure of several types is one, with the newest example. */
function addTo(failures: CoverageJson['failures'], failure: CoverageJson['failures'][number]): void {
  const at = failures.findIndex(({ code, reason }) => code === failure.code && reason === failure.reason);
  const held = failures[at];
  if (held === undefined) failures.push(failure);
  else {
    const newest = Date.parse(held.lastAt) >= Date.parse(failure.lastAt) ? held : failure;
    failures[at] = { ...newest, count: held.count + failure.count };
  }
}

/** Those that are told as failures, each with an example. */
export const isOfFailure = (reason: string): boolean => reason.startsWith('could not be read: ');

/** `30 never observed: …` → `never observed: …`; a reason that starts otherwise stays as it is. */
const withoutCount = (reason: string): string => reason.replace(/^\d+ /, '');

const older = (a: string | null, b: string | null): string | null =>
  a === null || b === null ? null : Date.parse(a) <= Date.parse(b) ? a : b;
