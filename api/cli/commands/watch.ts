// `driftmgr watch`: live events until it is stopped. It reconnects by itself and misses nothing, or says that it did.
import { Command } from 'commander';
import { ApiProblem, Unreachable } from '../../client.ts';
import type { EventsQuery, LiveEvent } from '../../types.ts';
import { CONFIDENCES, SEVERITIES } from '../../types.ts';
import { headline, placeOf, whoOf } from '../formats/scan.ts';
import type { Io } from '../io.ts';
import { anyOf } from '../options.ts';
import { type Session, sessionOf } from '../session.ts';
import { type Paint, printable } from '../text.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export function watchCommand(io: Io): Command {
  return new Command('watch')
    .description('Show drifts, state writes, runs and snapshots as they happen')
    .addOption(anyOf('--kinds <kinds>', 'only these', ['drift', 'workspace', 'run', 'snapshot']))
    .option('-w, --workspace <name>', 'only of this workspace')
    .option('--owner <team>', 'only of this team')
    .addOption(anyOf('--severity <severity>', 'only drifts of this severity', SEVERITIES))
    .addOption(anyOf('--confidence <confidence>', 'only drifts with this confidence', CONFIDENCES))
    .addHelpText(
      'after',
      `
With --output json every event is one line of JSON: { "kind", "id", "data" }.

Examples:
  $ driftmgr watch
  $ driftmgr watch --kinds drift --severity critical,high --output json | while read event; do …; done`,
    )
    .action((query: EventsQuery, self: Command) => watch(sessionOf(io, self), query));
}

async function watch(session: Session, query: EventsQuery): Promise<void> {
  const { io } = session;
  let lastEventId: string | undefined;
  let wait = FIRST_WAIT_MS;
  while (!io.signal.aborted) {
    try {
      const stream = session.client.events(query, {
        signal: io.signal,
        ...(lastEventId ? { lastEventId } : {}),
      });
      for await (const event of stream) {
        wait = FIRST_WAIT_MS;
        lastEventId = event.id;
        tell(session, event);
      }
    } catch (error) {
      if (io.signal.aborted) return;
      // A key that does not work will not work in a minute either; and a first connection that fails is the user's to mend.
      if (lastEventId === undefined || !mayPass(error)) throw error;
      if (io.errIsTerminal) io.err(`lost the server; trying again in ${wait / 1_000} s\n`);
    }
    await io.sleep(wait, io.signal);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}

/** A network failure in the middle of the stream is no ApiProblem; neither is a server that restarts. */
const mayPass = (error: unknown): boolean =>
  error instanceof Unreachable ||
  error instanceof TypeError ||
  (error instanceof ApiProblem && error.status >= 429);

function tell(session: Session, event: LiveEvent): void {
  if (session.json) {
    if (event.kind !== 'ready') session.print(`${JSON.stringify(event)}\n`);
    return;
  }
  if (event.kind === 'ready') session.progress('watching … (Ctrl+C ends)\n');
  else if (event.kind === 'reset') session.io.err(`events may be missing here: ${event.data.reason}\n`);
  else session.print(`${lineOf(event, session.paint)}\n`);
}

function lineOf(event: Exclude<LiveEvent, { kind: 'ready' | 'reset' }>, paint: Paint): string {
  switch (event.kind) {
    case 'drift': {
      const { at, type, drift } = event.data;
      const bad = type === 'drift.opened' || type === 'drift.reopened';
      const what = type === 'drift.resolved' ? `resolved: ${drift.resolution}` : headline(drift);
      const text = `${drift.severity} ${drift.confidence} ${drift.workspace ?? '-'} ${placeOf(drift)}: ${what}, by ${whoOf(drift)} [${drift.id}]`;
      return `${paint(at, 'dim')}  ${paint(type.padEnd(18), bad ? 'red' : 'green')}  ${printable(text)}`;
    }
    case 'workspace': {
      const { at, workspace, serial, kind, problem } = event.data;
      return said(
        paint,
        at,
        'state',
        `${workspace} serial ${serial} (${kind})${problem === null ? '' : `: ${problem}`}`,
      );
    }
    case 'run': {
      const { at, workspace, phase, operation, who, forced } = event.data;
      const what =
        phase === 'started' ? `${operation} by ${who ?? 'unknown'}` : forced ? 'lock broken' : 'done';
      return said(paint, at, `run ${phase}`, `${workspace} ${what}`);
    }
    case 'snapshot': {
      const { at, scope, phase, listed, reason } = event.data;
      const what = phase === 'completed' ? ` ${listed} listed` : phase === 'failed' ? ` ${reason}` : '';
      return said(paint, at, `snapshot ${phase}`, `${scope}${what}`);
    }
  }
}

const said = (paint: Paint, at: string, what: string, text: string): string =>
  `${paint(at, 'dim')}  ${what.padEnd(18)}  ${printable(text)}`;
