// Whether a difference may open a confirmed drift now: not while a run may explain it, nor before the head of the state
// was looked at again. Promise 1 (no false alarm) waits; promise 2 (no silent gap) ends the wait as `unverified`.
import type { Sight, Wait } from './desired.ts';
import { isTerraform } from './evidence.ts';
import type { DeclaredRow, Evidence } from './rows.ts';
import { part, type RunRow, runOf, stateOf, stateScope, type WaitRow, waitPart } from './rows.ts';
import { WAIT_TIMER } from './timers.ts';

export type Verdict =
  | { verdict: 'open' }
  | { verdict: 'unknown'; note: string }
  | { verdict: 'wait'; wait: Wait; refresh: string | null };

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

/** `at`: event time of the observation that differs. */
export function gate(
  sight: Sight,
  row: DeclaredRow,
  kind: string,
  at: number,
  changes: readonly Evidence[],
): Verdict {
  const { rows, now, options, event } = sight;
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

  const settled = at + options.graceMs;
  if (state === undefined) return now < settled ? until(settled) : { verdict: 'open' };
  // Terraform wrote to the object after the state we have: its next version is on the way.
  const late = changes.find(
    (change) => isTerraform(change) && change.time > row.time && change.time > state.time,
  );
  if (late && now < late.time + options.graceMs) return until(late.time + options.graceMs);
  if (state.pushed) return { verdict: 'open' };
  if (now < settled) return until(settled);
  if (!options.fetchHead || state.checkedAt >= settled) return { verdict: 'open' };

  const waiting = rows.get(waitPart(what)) as WaitRow | undefined;
  if (waiting?.phase === 'head') return until(waiting.at, 'head');
  if (event.type === 'clock.due' && event.body.what === what && event.body.data?.includes('"head"'))
    return { verdict: 'unknown', note: 'declaration stale: the head of the state could not be fetched' };
  return until(now + options.headMs, 'head', row.workspace);
}
