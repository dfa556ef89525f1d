// `driftmgr drifts`: what has drifted, and what people decide about it.
import { Command, Option } from 'commander';
import type { DriftsQuery, RequestJson } from '../../types.ts';
import { CONFIDENCES, DRIFT_KINDS, DRIFT_STATUSES, SEVERITIES } from '../../types.ts';
import { driftPage, driftTable } from '../drift-table.ts';
import type { Io } from '../io.ts';
import { anyOf, count, duration, time } from '../options.ts';
import { collect, type Session, sessionOf } from '../session.ts';

export function driftsCommand(io: Io): Command {
  const command = new Command('drifts')
    .description('What has drifted, who did it, and what was decided')
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr drifts                                   all that is unresolved, the worst first
  $ driftmgr drifts --severity critical,high --owner team-net
  $ driftmgr drifts --output json | jq '.[].address'
  $ driftmgr drifts show drf_3kd9…
  $ driftmgr drifts accept drf_3kd9… --reason "until the migration is over" --for 14d`,
    );

  command
    .command('list', { isDefault: true })
    .description('List drifts, the worst first')
    .addOption(
      anyOf('--status <status>', 'only with this status (default: all but resolved)', DRIFT_STATUSES),
    )
    .addOption(anyOf('--kind <kind>', 'only of this kind', DRIFT_KINDS))
    .addOption(anyOf('--confidence <confidence>', 'only with this confidence', CONFIDENCES))
    .addOption(anyOf('--severity <severity>', 'only of this severity', SEVERITIES))
    .option('-w, --workspace <name>', 'only of this workspace')
    .option('--owner <team>', 'only of this team')
    .option('--type <type>', 'only of this Terraform type')
    .option('--actor <name>', 'only what this principal or person made')
    .option('-q, --search <text>', 'found in id, address, type, workspace, owner, actors or paths')
    .option('--ignored', 'also those that a rule ignores')
    .option('--limit <count>', 'at most so many', count, 100)
    .action(async (options: ListOptions, self: Command) => {
      const session = sessionOf(io, self);
      const { search, limit, ...filters } = options;
      const query: DriftsQuery = { ...filters, ...(search === undefined ? {} : { q: search }) };
      const drifts = await collect(session, limit, (page) =>
        session.client.drifts.list({ ...query, ...page }),
      );
      if (session.json) session.print(`${JSON.stringify(drifts, null, 2)}\n`);
      else if (drifts.length === 0) io.err('Nothing has drifted.\n');
      else session.print(driftTable(drifts, io.now(), session.paint));
    });

  command
    .command('show')
    .description('Everything about one drift: declared beside observed, and who')
    .argument('<id>', 'id of the drift')
    .option('--timeline', 'also every step it went through')
    .addHelpText('after', '\nExample:\n  $ driftmgr drifts show drf_3kd9… --timeline')
    .action(async (id: string, options: { timeline?: boolean }, self: Command) => {
      const session = sessionOf(io, self);
      const drift = await session.client.drifts.get(id);
      const steps = options.timeline
        ? await collect(session, Number.POSITIVE_INFINITY, (page) => session.client.drifts.timeline(id, page))
        : null;
      if (steps === null) return session.one(drift, (one) => driftPage(one, session.paint));
      session.one({ drift, timeline: steps }, () => {
        const lines = steps.map((step) => `  ${step.at}  ${step.type}  (revision ${step.drift.revision})`);
        return `${driftPage(drift, session.paint)}\nTimeline\n${lines.join('\n')}\n`;
      });
    });

  command
    .command('acknowledge')
    .description('Say that someone is on it')
    .argument('<id>', 'id of the drift')
    .requiredOption('--reason <text>', 'why, for those who look later')
    .addHelpText('after', '\nExample:\n  $ driftmgr drifts acknowledge drf_3kd9… --reason "on it, INC-1204"')
    .action(async (id: string, options: { reason: string }, self: Command) => {
      const session = sessionOf(io, self);
      tellOutcome(
        session,
        await session.client.drifts.acknowledge(id, { reason: options.reason }),
        'acknowledged',
      );
    });

  command
    .command('accept')
    .description('Accept it as it is, for a while or until the difference changes')
    .argument('<id>', 'id of the drift')
    .requiredOption('--reason <text>', 'why, for those who look later')
    .addOption(new Option('--until <time>', 'when the acceptance ends').argParser(time))
    .addOption(
      new Option('--for <duration>', 'how long it holds: 12h, 7d, 2w').argParser(duration).conflicts('until'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr drifts accept drf_3kd9… --reason "agreed with security" --for 30d
  $ driftmgr drifts accept drf_3kd9… --reason "black friday" --until 2026-12-01T00:00:00Z`,
    )
    .action(async (id: string, options: { reason: string; until?: string; for?: number }, self: Command) => {
      const session = sessionOf(io, self);
      const until =
        options.for === undefined ? options.until : new Date(io.now() + options.for).toISOString();
      const body = { reason: options.reason, ...(until === undefined ? {} : { until }) };
      tellOutcome(session, await session.client.drifts.accept(id, body), 'accepted');
    });
  return command;
}

interface ListOptions extends Omit<DriftsQuery, 'q' | 'limit' | 'cursor'> {
  search?: string;
  limit: number;
}

function tellOutcome(session: Session, request: RequestJson, done: string): void {
  session.one(request, () => {
    if (request.status === 'done') return `${request.driftId} is ${done}.\n`;
    if (request.status === 'unnecessary')
      return `Nothing to do: ${request.reason ?? `it was ${done} already`}.\n`;
    return `It is asked for and takes longer: look again with \`driftmgr drifts show ${request.driftId}\` (request ${request.id}).\n`;
  });
}
