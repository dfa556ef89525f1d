// Reads of what is suspected: when to wish for one, and what became of it. One wish for each instance and newest moment it
// is to be read after; a timer's data remembers it, so that it is not made again while it stands. Pure.
import type { Output, Rows } from '../../runtime/processor.ts';
import { stableId } from '../../schemas/index.ts';
import type { Sight } from './desired.ts';
import {
  asRow,
  type DeclaredRow,
  declaredPart,
  type Evidence,
  type FailedRow,
  failuresPart,
  namesOf,
  part,
  runOf,
  stateOf,
} from './rows.ts';
import { READ_TIMER, WAIT_TIMER } from './timers.ts';

const second = 1000;
const minute = 60 * second;

/** How long after each failure to try again; after the last of them nothing is tried until something happens. */
const PAUSES: readonly number[] = [30 * second, 2 * minute, 10 * minute];

/** Failures that another try may not meet again, by their code. */
const RETRIABLE: ReadonlySet<string> = new Set(['throttled', 'crashed', 'hung', 'stopped', 'unavailable']);

/** What was read as it had been read before wakes no one: so long after its answer a read is looked at. */
const ANSWERED_MS = second;

/** Timers: what was asked for one instance. `failedAt` is set while it waits to be tried again after that failure. */
export type AskedRow = {
  requestId: string;
  since: number;
  state: string | null;
  attempt: number;
  failedAt: number | null;
};

const ASKED = 'q';
const askedPart = (workspace: string, address: string): string => part(ASKED, workspace, address);
const timerOf = (row: DeclaredRow): string => part(READ_TIMER, row.workspace, row.address);

/** The row of a timer that remembers a wish, or (`kept` false) its removal. */
export function askedRow(
  what: string,
  data: string,
  kept: boolean,
): { part: string; value: AskedRow | undefined } {
  const [, workspace, address] = namesOf(what);
  return {
    part: askedPart(workspace!, address!),
    value: kept ? (asRow(JSON.parse(data) as AskedRow) as AskedRow) : undefined,
  };
}

/** Under which instance's declaration a wish was made, if it is remembered. */
export function askedFor(rows: Rows, requestId: string): string | undefined {
  for (const [name, value] of rows.list(part(ASKED, ''))) {
    const [, workspace, address] = namesOf(name);
    if ((value as AskedRow).requestId === requestId) return declaredPart(workspace!, address!);
  }
  return undefined;
}

/** Whether a timer of this kind is about a try that is due: others only end what was remembered. */
export const isRetry = (data: string | null): boolean =>
  data !== null && (JSON.parse(data) as AskedRow).failedAt !== null;

/** Whether anything would read the instance. */
export const hasReader = ({ options }: Sight, row: DeclaredRow): boolean =>
  options.reads && options.readable(row.workspace, row.provider);

/** The newest read that began at or after a moment and failed. */
export function failureSince(rows: Rows, row: DeclaredRow, since: number): FailedRow | undefined {
  let newest: FailedRow | undefined;
  for (const [, value] of rows.list(failuresPart(row.type, row.resourceId))) {
    const failed = value as FailedRow;
    if (newest === undefined || failed.time > newest.time) newest = failed;
  }
  return newest !== undefined && newest.time >= since ? newest : undefined;
}

export const failureNote = ({ reason }: FailedRow): string => `could not be read: ${reason}`;

/** The later of two moments, where there is one. */
export const later = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : other === undefined ? one : Math.max(one, other);

/**
 * After when a standing drift is to be read: the newest change by anyone, and the end of the newest run. Terraform may
 * just have put it right, and then nobody else would say so. Undefined when it was seen after both.
 */
export function readToEnd(
  { rows }: Sight,
  row: DeclaredRow,
  changes: readonly Evidence[],
  seenAt: number,
): number | undefined {
  let since = changes.at(-1)?.time ?? 0;
  const run = runOf(rows, row.workspace);
  if (run?.open === false) since = Math.max(since, run.time);
  return since > seenAt ? since : undefined;
}

/** What to put out when an instance is to be read after `since`: a wish, a try later, or nothing. */
export function reading(sight: Sight, row: DeclaredRow, since: number): Output[] {
  if (!hasReader(sight, row)) return [];
  const { rows, now, event } = sight;
  const due = dueFor(sight, row);
  const asked = due ?? (rows.get(askedPart(row.workspace, row.address)) as AskedRow | undefined);
  const failure = failureSince(rows, row, Math.min(since, asked?.since ?? since));
  if (asked?.failedAt === null && asked.since >= since && !(failure && failure.time >= asked.since)) {
    const isAnswered = event.type === 'request.settled' && event.body.requestId === asked.requestId;
    return isAnswered ? [lookSoon(row, now)] : [];
  }
  if (failure === undefined || failure.time < since) return wish(sight, row, since, 0);
  // The state that it was read with may be what was wrong.
  if (asked && !due && asked.state !== (stateOf(rows, row.workspace)?.blob ?? null))
    return wish(sight, row, Math.max(since, failure.time + 1), 0);
  if (asked?.failedAt === failure.time)
    return due ? wish(sight, row, failure.time + 1, asked.attempt + 1) : [];
  const attempt = asked?.attempt ?? 0;
  const pause = RETRIABLE.has(failure.code) ? PAUSES[attempt] : undefined;
  if (pause === undefined) return [];
  const waiting: AskedRow = {
    requestId: asked?.requestId ?? '',
    since,
    state: asked?.state ?? null,
    attempt,
    failedAt: failure.time,
  };
  return [{ timer: timerOf(row), at: now + pause, data: waiting }];
}

/** What was asked, when this event is its next try falling due. */
function dueFor({ event }: Sight, row: DeclaredRow): AskedRow | null {
  if (event.type !== 'clock.due' || event.body.data === null || event.body.what !== timerOf(row)) return null;
  return JSON.parse(event.body.data) as AskedRow;
}

const lookSoon = (row: DeclaredRow, now: number): Output => ({
  timer: part(WAIT_TIMER, row.workspace, row.address, 'answer'),
  at: now + ANSWERED_MS,
  data: { scopes: [], phase: 'grace', moved: false },
});

function wish(sight: Sight, row: DeclaredRow, since: number, attempt: number): Output[] {
  const { rows, event, now, options } = sight;
  const held = stateOf(rows, row.workspace);
  const state = held?.blob ?? null;
  const requestId = stableId('red', event.id, rows.objectKey, row.workspace, row.address, since);
  const asked: AskedRow = { requestId, since, state, attempt, failedAt: null };
  return [
    {
      type: 'resource.read-requested',
      id: requestId,
      body: {
        workspace: row.workspace,
        address: row.address,
        provider: row.provider,
        account: row.account,
        region: row.region,
        type: row.type,
        resourceId: row.resourceId,
        serial: held?.serial ?? row.serial,
        state,
        since,
      },
    },
    // As long as the changes it is about are remembered, at least.
    { timer: timerOf(row), at: now + options.evidenceMs, data: asked },
  ];
}
