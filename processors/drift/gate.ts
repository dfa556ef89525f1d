// Whether a difference may open a confirmed drift now: not while a run may explain it, nor before the head of the state
// was looked at again. Promise 1 (no false alarm) waits; promise 2 (no silent gap) ends the wait as `unverified`.
import type { Sight, Wait } from './desired.ts';
import { isTerraform } from './evidence.ts';
import { failureNote, failureSince, hasReader } from './reading.ts';
import type { DeclaredRow, Evidence } from './rows.ts';
import {
  listingScope,
  type Observed,
  part,
  type RunRow,
  runOf,
  scopeOf,
  stateOf,
  stateScope,
  type WaitRow,
  waitPart,
} from './rows.ts';
import { WAIT_TIMER } from './timers.ts';

type Verdict =
  | { verdict: 'open' }
  | { verdict: 'unknown'; note: string; read?: number }
  | { verdict: 'wait'; wait: Wait; refresh: string | null; read?: number };

/** What is said of what should have been read and was not. */
export const UNREAD = 'could not be read in time';

export const waitOf = (row: DeclaredRow, kind: string): string =>
  part(WAIT_TIMER, row.workspace, row.address, kind);

/** Whether a run holds the workspace and is not so old that its lock must be stale. */
export const isRunning = ({ now, options }: Sight, run: RunRow | undefined): run is RunRow & { open: true } =>
  run?.open === true && now < run.time + options.maxRunMs;

/** The wait for the end of a workspace's run. */
export const untilRunEnds = ({ options }: Sight, row: DeclaredRow, kind: string, run: RunRow): Wait => ({
  what: waitOf(row, kind),
  at: run.time + options.maxRunMs,
  scopes: [stateScope(row.workspace)],
  phase: 'grace',
});

/** `at`: event time of the observation that differs; `seenAt`: when it was last seen so, where reading it again may tell more. */
export function gate(
  sight: Sight,
  row: DeclaredRow,
  kind: string,
  at: number,
  changes: readonly Evidence[],
  seenAt: number | null,
): Verdict {
  const { rows, now, options } = sight;
  const state = stateOf(rows, row.workspace);
  if (state?.problem) return { verdict: 'unknown', note: `declaration stale: ${state.problem}` };
  const scopes = [stateScope(row.workspace)];
  const what = waitOf(row, kind);
  const until = (moment: number, phase: Wait['phase'] = 'grace', refresh: string | null = null): Verdict => ({
    verdict: 'wait',
    wait: { what, at: moment, scopes, phase },
    refresh,
  });

  const run = runOf(rows, row.workspace);
  if (isRunning(sight, run)) return until(run.time + options.maxRunMs);
  if (run?.open) return { verdict: 'unknown', note: `stale lock: run ${run.runId} has not finished` };

  // A run that has ended may have put right what was seen during it: it is read again before anyone is alarmed.
  if (run && seenAt !== null && seenAt < run.time && hasReader(sight, row))
    return afterRun(sight, row, what, run.time);

  // The first moment counts: an observation that repeats itself does not begin the wait anew.
  const waited = waitedFor(sight, what);
  const settled =
    waited?.phase === 'grace' ? Math.min(waited.at, at + options.graceMs) : at + options.graceMs;
  // Terraform wrote to the object after the state we have: its next version is on the way.
  const late = changes.find(
    (change) => isTerraform(change) && change.time > row.time && change.time > (state?.time ?? 0),
  );
  if (late && now < late.time + options.graceMs) return until(late.time + options.graceMs);
  if (state === undefined || state.pushed) return { verdict: 'open' };
  if (now < settled) return until(settled);
  if (!options.fetchHead || state.checkedAt >= settled) return { verdict: 'open' };

  if (waited?.phase !== 'head') return until(now + options.headMs, 'head', row.workspace);
  if (!waited.over) return until(waited.at, 'head');
  return { verdict: 'unknown', note: 'declaration stale: the head of the state could not be fetched' };
}

function afterRun(sight: Sight, row: DeclaredRow, what: string, ended: number): Verdict {
  const { rows, now, options } = sight;
  const failure = failureSince(rows, row, ended);
  if (failure) return { verdict: 'unknown', note: failureNote(failure), read: ended };
  const waited = waitedFor(sight, what);
  const isRead = waited?.phase === 'read';
  if (isRead && waited.over) return { verdict: 'unknown', note: UNREAD, read: ended };
  const at = isRead ? waited.at : now + options.suspectWindowMs;
  const wait: Wait = { what, at, scopes: [stateScope(row.workspace)], phase: 'read' };
  return { verdict: 'wait', wait, refresh: null, read: ended };
}

/** The wait that is set, or (`over`) the one whose time has just come. */
export function waitedFor({ rows, event }: Sight, what: string): (WaitRow & { over: boolean }) | null {
  if (event.type === 'clock.due' && event.body.what === what && event.body.data !== null)
    return { ...(JSON.parse(event.body.data) as WaitRow), at: event.body.at, over: true };
  const row = rows.get(waitPart(what)) as WaitRow | undefined;
  return row ? { ...row, over: false } : null;
}

/** A first declaration stands before the boundary that tells how its state reaches us: nothing is decided in between. */
export function untilBoundary(sight: Sight, row: DeclaredRow): Wait | null {
  const { rows, now, options } = sight;
  if (options.graceMs === 0 || stateOf(rows, row.workspace) !== undefined) return null;
  const what = waitOf(row, 'state');
  const waited = waitedFor(sight, what);
  if (waited?.over) return null;
  const at = waited?.at ?? now + options.graceMs;
  return { what, at, scopes: [stateScope(row.workspace)], phase: 'grace' };
}

const LOOKING_MS = 30 * 86_400_000;

/**
 * When to look again at what a newer observation would settle. One that only repeats what was seen before wakes no one: so
 * this looks after a while, each time about twice as long after `since`, for 30 days, and whenever a listing completes.
 * Null: nothing was ever observed (the first observation wakes), or it is over.
 */
export function lookAgain(
  { now, options }: Sight,
  since: number,
  observed: Observed | undefined,
): { at: number; scopes: string[] } | null {
  const age = Math.max(now - since, options.graceMs, 1000);
  if (!observed || age > LOOKING_MS) return null;
  return { at: now + age, scopes: [listingScope(scopeOf(observed, observed.type))] };
}
