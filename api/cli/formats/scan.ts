// What a scan found, as every format takes it (DESIGN § 8). Pure.
import type { CoverageJson, DriftJson } from '../../types.ts';

export interface ScanSummary {
  workspaces: number;
  /** Declared managed instances. */
  resources: number;
  /** Confirmed drifts that no rule ignores and no one accepted. */
  drifts: number;
  suspected: number;
  unverified: number;
  /** Declared instances of which it is not known whether they are in sync. */
  unknown: number;
  /** States and records of feeds that could not be read. */
  unread: number;
  accepted: number;
  ignored: number;
}

export interface ScanResult {
  summary: ScanSummary;
  drifts: readonly DriftJson[];
  coverage: readonly CoverageJson[];
  unread: readonly Unread[];
}

/** What was there and could not be read: nothing is known of what it holds. */
export interface Unread {
  /** A workspace, or the source of a feed. */
  what: string;
  reason: string;
}

/** A drift that counts: not resolved, not accepted, not ignored by a rule. */
export const counts = (drift: DriftJson): boolean =>
  drift.status !== 'resolved' && drift.status !== 'accepted' && drift.ignoredBy === null;

/** Where it is, in words: the address, or for what no state declares its type and id. */
export const placeOf = (drift: DriftJson): string => drift.address ?? `${drift.type}.${drift.resourceId}`;

const plural = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`;

/** `3 attributes differ: ingress, tags.Name`. */
export function headline(drift: DriftJson): string {
  switch (drift.kind) {
    case 'missing':
      return 'declared, but gone';
    case 'unmanaged':
      return 'exists, but no state declares it';
    case 'contested':
      return 'declared by more than one workspace';
    case 'modified': {
      const paths = drift.differences.map((difference) => difference.path);
      if (paths.length === 0) return 'was changed; what differs was not read';
      const shown = paths.slice(0, 3).join(', ') + (paths.length > 3 ? ', …' : '');
      return `${plural(paths.length, 'attribute differs', 'attributes differ')}: ${shown}`;
    }
  }
}

/** `alice (console)`; several are counted. */
export function whoOf(drift: DriftJson): string {
  const [first] = drift.actors;
  if (!first) return 'unknown';
  const more = drift.actors.length > 1 ? ` +${drift.actors.length - 1}` : '';
  return `${first.name} (${first.via})${more}`;
}

export const summaryLine = (summary: ScanSummary): string =>
  [
    `${plural(summary.resources, 'resource')} in ${plural(summary.workspaces, 'workspace')}`,
    plural(summary.drifts, 'drift'),
    ...(summary.suspected > 0 ? [`${summary.suspected} suspected`] : []),
    ...(summary.unverified > 0 ? [`${summary.unverified} unverified`] : []),
    ...(summary.accepted > 0 ? [`${summary.accepted} accepted`] : []),
    ...(summary.ignored > 0 ? [`${summary.ignored} ignored`] : []),
    ...(summary.unknown > 0 ? [`${summary.unknown} unknown`] : []),
    ...(summary.unread > 0 ? [`${summary.unread} unread`] : []),
  ].join(' · ');
