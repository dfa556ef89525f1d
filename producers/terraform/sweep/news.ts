// Whether what a sweep has read says anything that is not known. Pure.
//
// Known is the newest value that any of our reads gave, and the newest failure. A value is told again although it repeats
// the newest one where its time matters: the instance was declared anew since (what was seen before proves nothing of what
// holds now), or a read failed since.

/** What the log has of one resource, of all sources that read it. Fingerprints as latin1; empty where there is none. */
export interface Known {
  value: string;
  valueAt: number;
  failure: string;
  failedAt: number;
  /** The newest of the sweep's own, under its record keys. */
  ownValue: string;
  ownFailure: string;
}

export const nothingKnown = (): Known => ({
  value: '',
  valueAt: Number.NEGATIVE_INFINITY,
  failure: '',
  failedAt: Number.NEGATIVE_INFINITY,
  ownValue: '',
  ownFailure: '',
});

export interface Finding {
  failed: boolean;
  print: string;
  /** When the read began. */
  at: number;
}

/**
 * `anew`: it is published without a fingerprint, since under its own record key it repeats what stands there, and readers
 * pass over repetitions.
 */
export type News = 'nothing' | 'new' | 'anew';

export function newsIn(finding: Finding, known: Known, declaredAt: number): News {
  const { failed, print, at } = finding;
  // Someone else read it after we had asked: what they found holds.
  if (known.valueAt > at || known.failedAt > at) return 'nothing';
  if (failed) {
    if (known.failure === print && known.failedAt >= known.valueAt) return 'nothing';
    return known.ownFailure === print ? 'anew' : 'new';
  }
  const stands = known.value === print && known.valueAt >= known.failedAt && known.valueAt >= declaredAt;
  if (stands) return 'nothing';
  return known.ownValue === print ? 'anew' : 'new';
}

/** Takes note of a record, of whichever source; older ones than what is known change nothing. */
export function note(known: Known, { failed, print, at }: Finding, own: boolean): void {
  if (failed) {
    if (own) known.ownFailure = print;
    if (at < known.failedAt) return;
    known.failure = print;
    known.failedAt = at;
  } else {
    if (own) known.ownValue = print;
    if (at < known.valueAt) return;
    known.value = print;
    known.valueAt = at;
  }
}
