// What an assessment answers: the drift that should stand, and what to wait for. Pure data, and how it is identified.
import type { Rows } from '../../runtime/processor.ts';
import type {
  Actor,
  Certainty,
  Confidence,
  Difference,
  Drift,
  DriftKind,
  Event,
  Resolution,
  Severity,
} from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Compare } from './comparison.ts';
import { changesOf } from './evidence.ts';
import {
  type AbsorbedRow,
  type DeclaredRow,
  type Evidence,
  type Named,
  newestObserved,
  type Observed,
  type WaitRow,
} from './rows.ts';

export interface DetectorOptions {
  compare: Compare;
  severity: (drift: { type: string; kind: DriftKind; differences: readonly Difference[] }) => Severity;
  /** How long a state may lag behind what Terraform did, where nothing tells us of its runs; milliseconds. */
  graceMs: number;
  /** How long "not found" may follow a creation before it means gone; milliseconds. */
  settleMs: number;
  /** How long a suspected drift waits to be read before it is `unverified`; milliseconds. */
  suspectWindowMs: number;
  /** How long changes are remembered after they were heard of; milliseconds. */
  evidenceMs: number;
  /** A run older than this holds a stale lock; milliseconds. */
  maxRunMs: number;
  /** How long the fetch of a state's head may take; milliseconds. */
  headMs: number;
  /** False where states are read once and no one can fetch them again (a one-shot scan). */
  fetchHead: boolean;
  /** True when something reads what is suspected; without it, suspected drifts stay so. */
  reads: boolean;
  /** Whether that something reads what the provider of this short name holds of a workspace. */
  readable: (workspace: string, provider: string) => boolean;
}

/** What every assessment sees. */
export interface Sight {
  rows: Rows;
  event: Event;
  now: number;
  options: DetectorOptions;
  /** The change being decided on, which no row holds yet. */
  arriving: Evidence | null;
  /** What was read of one resource, so that its assessments read it once. */
  known: { type: string; id: string; observed: Observed | undefined; changes: Evidence[] } | null;
}

/** The newest observation of a resource, and the changes that touch it, oldest first. */
export function knownOf(
  sight: Sight,
  type: string,
  id: string,
): { observed: Observed | undefined; changes: Evidence[] } {
  if (sight.known?.type !== type || sight.known.id !== id) {
    const { rows, arriving } = sight;
    sight.known = {
      type,
      id,
      observed: newestObserved(rows, type, id),
      changes: changesOf(rows, type, id, arriving),
    };
  }
  return sight.known;
}

/** What a drift is about. */
export interface Subject {
  provider: string;
  account: string | null;
  region: string | null;
  owner: string | null;
  type: string;
  resourceId: string;
  workspace: string | null;
  address: string | null;
  stateSerial: number | null;
}

export interface Standing {
  state: 'open';
  kind: DriftKind;
  subject: Subject;
  confidence: Confidence;
  certainty: Certainty;
  absorbed: boolean;
  severity: Severity;
  differences: Difference[];
  actors: Actor[];
  declaredAsOf: number | null;
  observedAsOf: number | null;
  /** Event time of what makes it stand. */
  at: number;
  ignoredBy: string | null;
  note: string | null;
}

export interface Ended {
  state: 'resolved';
  resolution: Resolution;
  at: number;
  note: string | null;
  /** Id of the event that did it, where it was heard of before what it ended; left out: the event being decided on. */
  by?: string | undefined;
  /** What had stood; when nothing stands, it is recorded as opened and resolved. Null: then nothing is recorded. */
  stood: Standing | null;
}

/** `phase` is `head` when the head of the state was asked for as this was set. */
export type Wait = Omit<WaitRow, 'moved'> & { what: string; moved?: boolean };

export interface Assessment {
  id: string;
  /** Null: leave what stands. */
  desired: Standing | Ended | null;
  wait: Wait | null;
  /** Workspace whose head must be fetched again. */
  refresh: string | null;
  /** Differences that the state took over without being meant to; undefined: no change to what is remembered. */
  absorbed?: AbsorbedRow;
  /** What the thing is a part of, to be remembered; empty: no longer; left out: no change to what is remembered. */
  partOf?: readonly Named[];
  /** The declared instance is to be read, not before this moment; milliseconds. */
  read?: number | undefined;
}

/** Drifts of one declared instance: `modified` (also while suspected) and `missing`; of an object: the other two. */
export const driftIdOf = (
  rows: Rows,
  org: string,
  workspace: string | null,
  type: string,
  resourceId: string,
  kind: DriftKind,
): string => stableId('drf', org, workspace ?? '-', rows.objectKey, type, resourceId, kind);

export const subjectOf = (row: DeclaredRow): Subject => ({
  provider: row.provider,
  account: row.account,
  region: row.region,
  owner: row.owner,
  type: row.type,
  resourceId: row.resourceId,
  workspace: row.workspace,
  address: row.address,
  stateSerial: row.serial,
});

export const isOpen = (drift: Drift | undefined): drift is Drift =>
  drift !== undefined && drift.status !== 'resolved';

export const leave = (id: string): Assessment => ({ id, desired: null, wait: null, refresh: null });

/** Ends what stands, if anything does. */
export const end = (
  id: string,
  drift: Drift | undefined,
  resolution: Resolution,
  at: number,
  note: string | null = null,
): Assessment =>
  isOpen(drift)
    ? { id, desired: { state: 'resolved', resolution, at, note, stood: null }, wait: null, refresh: null }
    : leave(id);
