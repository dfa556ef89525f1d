// `driftmgr workspaces`, `resources`, `coverage`, `snapshots`: what is watched, how fresh it is, and what is not.
import { Command, Option } from 'commander';
import type { CoverageQuery, ResourceDetail, ResourcesQuery, WorkspaceDetail } from '../../types.ts';
import { RESOURCE_STATUSES } from '../../types.ts';
import type { Io } from '../io.ts';
import { anyOf, count, time } from '../options.ts';
import { collect, sessionOf } from '../session.ts';
import { ago, brief, printable } from '../text.ts';

export function workspacesCommand(io: Io): Command {
  const command = new Command('workspaces')
    .description('Workspaces: how fresh, who holds the lock, what drifted')
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr workspaces
  $ driftmgr workspaces --owner team-net
  $ driftmgr workspaces show prod`,
    );
  command
    .command('list', { isDefault: true })
    .description('List workspaces by name')
    .option('--owner <team>', 'only of this team')
    .option('-q, --search <text>', 'found in the name')
    .option('--limit <count>', 'at most so many', count, 500)
    .action(async (options: { owner?: string; search?: string; limit: number }, self: Command) => {
      const session = sessionOf(io, self);
      const { owner, search: q } = options;
      const rows = await collect(session, options.limit, (page) =>
        session.client.workspaces.list({ owner, q, ...page }),
      );
      const columns = [
        { title: 'WORKSPACE', of: (row: (typeof rows)[0]) => row.name },
        { title: 'OWNER', of: (row: (typeof rows)[0]) => row.owner ?? '-' },
        { title: 'RESOURCES', of: (row: (typeof rows)[0]) => String(row.instances) },
        {
          title: 'DRIFTS',
          of: (row: (typeof rows)[0]) => String(row.drifts.confirmed),
          colour: (row: (typeof rows)[0]) => (row.drifts.confirmed > 0 ? ('red' as const) : null),
        },
        { title: 'SUSPECTED', of: (row: (typeof rows)[0]) => String(row.drifts.suspected) },
        { title: 'SERIAL', of: (row: (typeof rows)[0]) => String(row.serial) },
        {
          title: 'WRITTEN',
          of: (row: (typeof rows)[0]) => (row.lastWrite ? ago(row.lastWrite.at, io.now()) : '-'),
        },
        {
          title: 'STATE',
          of: (row: (typeof rows)[0]) =>
            row.problem ?? (row.run ? `${row.run.operation} by ${row.run.who ?? 'unknown'}` : 'idle'),
        },
      ];
      session.rows(
        rows,
        columns,
        'No workspace is known yet: connect a state (README, "Connect Terraform and the clouds").',
      );
    });
  command
    .command('show')
    .description('One workspace')
    .argument('<name>', 'name of the workspace')
    .addHelpText('after', '\nExample:\n  $ driftmgr workspaces show prod')
    .action(async (name: string, _options: object, self: Command) => {
      const session = sessionOf(io, self);
      session.one(await session.client.workspaces.get(name), workspacePage);
    });
  return command;
}

function workspacePage(one: WorkspaceDetail): string {
  const { resources, drifts } = one;
  const lines = [
    ['workspace', one.name],
    ['owner', one.owner ?? '-'],
    [
      'state',
      `serial ${one.serial} of ${one.lineage} (${one.backend}, Terraform ${one.terraformVersion ?? 'unknown'})`,
    ],
    ['problem', one.problem ?? 'none'],
    [
      'written',
      one.lastWrite ? `${one.lastWrite.at} by ${one.lastWrite.by ?? 'unknown'} (${one.lastWrite.kind})` : '-',
    ],
    [
      'run',
      one.run ? `${one.run.operation} by ${one.run.who ?? 'unknown'} since ${one.run.startedAt}` : 'none',
    ],
    [
      'resources',
      `${resources.declared}: ${resources.inSync} in sync, ${resources.drifted} drifted, ${resources.unknown} unknown`,
    ],
    [
      'drifts',
      `${drifts.confirmed} confirmed, ${drifts.suspected} suspected, ${drifts.unverified} unverified, ${drifts.accepted} accepted`,
    ],
  ];
  return `${lines.map(([label, text]) => `${`${label}:`.padEnd(12)}${printable(text!)}`).join('\n')}\n`;
}

export function resourcesCommand(io: Io): Command {
  const command = new Command('resources')
    .description('Declared resources, and what was observed of them')
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr resources --workspace prod --status drifted,unknown
  $ driftmgr resources show default/aws/-/-/s3-bucket/logs
  $ driftmgr resources show default/aws/-/-/s3-bucket/logs --at 2026-01-31T12:00:00Z`,
    );
  command
    .command('list', { isDefault: true })
    .description('List declared resource instances')
    .option('-w, --workspace <name>', 'only of this workspace')
    .option('--owner <team>', 'only of this team')
    .option('--type <type>', 'only of this Terraform type')
    .addOption(anyOf('--status <status>', 'only with this status', RESOURCE_STATUSES))
    .option('-q, --search <text>', 'found in address or resource id')
    .option('--limit <count>', 'at most so many', count, 100)
    .action(
      async (
        options: Omit<ResourcesQuery, 'q' | 'limit'> & { search?: string; limit: number },
        self: Command,
      ) => {
        const session = sessionOf(io, self);
        const { search, limit, ...filters } = options;
        const query: ResourcesQuery = { ...filters, ...(search === undefined ? {} : { q: search }) };
        const rows = await collect(session, limit, (page) =>
          session.client.resources.list({ ...query, ...page }),
        );
        type Row = (typeof rows)[0];
        session.rows(
          rows,
          [
            {
              title: 'STATUS',
              of: (row: Row) => row.status,
              colour: (row: Row) =>
                ({ in_sync: 'green', drifted: 'red', unknown: 'yellow' })[row.status] as 'red',
            },
            { title: 'WORKSPACE', of: (row: Row) => row.workspace },
            { title: 'ADDRESS', of: (row: Row) => row.address },
            {
              title: 'SEEN',
              of: (row: Row) => (row.observedAsOf ? ago(row.observedAsOf, io.now()) : 'never'),
            },
            { title: 'OBJECT', of: (row: Row) => row.objectKey },
            { title: 'WHY UNKNOWN', of: (row: Row) => row.statusReason ?? '' },
          ],
          'No resource fits.',
        );
      },
    );
  command
    .command('show')
    .description('Everything under one object key, now or as it was')
    .argument('<object-key>', 'as `driftmgr resources` lists it')
    .addOption(new Option('--at <time>', 'as it was then').argParser(time))
    .addHelpText(
      'after',
      '\nExample:\n  $ driftmgr resources show default/aws/-/-/s3-bucket/logs --at 2026-01-31T12:00:00Z',
    )
    .action(async (objectKey: string, options: { at?: string }, self: Command) => {
      const session = sessionOf(io, self);
      session.one(await session.client.resources.get(objectKey, options), resourcePage);
    });
  return command;
}

function resourcePage(found: ResourceDetail): string {
  const lines = [`${printable(found.objectKey)} as of ${found.asOf}`, '', 'Declared'];
  for (const one of found.declarations) {
    const end = one.withdrawn ? ', withdrawn' : '';
    lines.push(
      `  ${printable(`${one.workspace} ${one.address}`)} (serial ${one.serial}, ${one.declaredAsOf}${end})`,
    );
    lines.push(
      one.primary
        ? `    ${brief(one.attributes, 400)}`
        : `    it belongs to ${printable(one.type)} ${printable(one.resourceId)}`,
    );
  }
  lines.push('', 'Observed');
  for (const one of found.observations) {
    lines.push(
      `  ${printable(`${one.type} ${one.resourceId}`)} by ${one.source} (${one.vanished ? 'gone' : one.via}, ${one.observedAsOf})`,
    );
    if (!one.vanished) lines.push(`    ${brief(one.attributes, 400)}`);
  }
  lines.push('', `Drifts: ${found.drifts.map((drift) => drift.id).join(', ') || 'none'}`);
  return `${lines.join('\n')}\n`;
}

export function coverageCommand(io: Io): Command {
  return new Command('coverage')
    .description('What is watched, and what is not: gaps first')
    .option('--provider <name>', 'only of this provider')
    .addOption(
      anyOf('--status <status>', 'only with this status', ['covered', 'partial', 'unknown', 'uncovered']),
    )
    .option('--limit <count>', 'at most so many', count, 500)
    .addHelpText('after', '\nExample:\n  $ driftmgr coverage --status unknown,uncovered')
    .action(async (options: Omit<CoverageQuery, 'limit'> & { limit: number }, self: Command) => {
      const session = sessionOf(io, self);
      const rows = await collect(session, options.limit, (page) =>
        session.client.coverage.list({ ...options, ...page }),
      );
      type Row = (typeof rows)[0];
      session.rows(
        rows,
        [
          { title: 'SCOPE', of: (row: Row) => row.scope },
          {
            title: 'STATUS',
            of: (row: Row) => row.status,
            colour: (row: Row) => (row.status === 'covered' ? 'green' : 'yellow'),
          },
          { title: 'DECLARED', of: (row: Row) => String(row.declared) },
          { title: 'OBSERVED', of: (row: Row) => String(row.observed) },
          { title: 'FEED', of: (row: Row) => row.byFeed ?? '-' },
          {
            title: 'LISTING',
            of: (row: Row) => (row.lastCompletedAt ? `${ago(row.lastCompletedAt, io.now())} ago` : '-'),
          },
          { title: 'WHY', of: (row: Row) => row.reasons.join('; ') },
        ],
        'Nothing is declared and nothing was listed yet.',
      );
    });
}
