// `driftmgr topology`, `replay`, `keys`, `snapshots`: for who runs the server.
import { Command, Option } from 'commander';
import type { CreateKeyBody } from '../../types.ts';
import { SCOPES } from '../../types.ts';
import type { Io } from '../io.ts';
import { anyOf, count, duration, time } from '../options.ts';
import { collect, sessionOf } from '../session.ts';
import { ago } from '../text.ts';

export function topologyCommand(io: Io): Command {
  return new Command('topology')
    .description('What reads and writes which topic, as a Mermaid diagram')
    .addHelpText('after', '\nExample:\n  $ driftmgr topology > topology.mmd')
    .action(async (_options: object, self: Command) => {
      const session = sessionOf(io, self);
      session.one(await session.client.system.topology(), (topology) => `${topology.diagram.trimEnd()}\n`);
    });
}

export function replayCommand(io: Io): Command {
  const command = new Command('replay')
    .description('Process again what is kept: dead letters, or a projection')
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr replay dead-letters --list          what could not be processed, and why
  $ driftmgr replay dead-letters                 all of them
  $ driftmgr replay dead-letters dlt_1 dlt_2
  $ driftmgr replay projection resources         fill it anew; the old one serves until it is there`,
    );
  command
    .command('dead-letters')
    .description('Append the originals of dead letters again')
    .argument('[ids...]', 'which; left out: all that were not replayed yet')
    .option('--list', 'only show them')
    .option('--limit <count>', 'list at most so many', count, 100)
    .action(async (ids: string[], options: { list?: boolean; limit: number }, self: Command) => {
      const session = sessionOf(io, self);
      if (options.list) {
        const rows = await collect(session, options.limit, (page) => session.client.system.deadLetters(page));
        type Row = (typeof rows)[0];
        return session.rows(
          rows,
          [
            { title: 'ID', of: (row: Row) => row.id },
            { title: 'AGE', of: (row: Row) => ago(row.at, io.now()) },
            { title: 'READER', of: (row: Row) => row.reader },
            { title: 'CODE', of: (row: Row) => row.code },
            { title: 'REASON', of: (row: Row) => row.reason },
            { title: 'OBJECT', of: (row: Row) => row.objectKey ?? '-' },
          ],
          'There are no dead letters.',
        );
      }
      const outcome = await session.client.system.replayDeadLetters(ids.length === 0 ? 'all' : ids);
      session.one(outcome, () =>
        [
          `${outcome.replayed} appended again.`,
          ...outcome.skipped.map(({ id, reason }) => `${id} was left: ${reason}.`),
          '',
        ].join('\n'),
      );
    });
  command
    .command('projection')
    .description('Fill a projection anew from the log')
    .argument('<name>', 'as `driftmgr topology` names it')
    .action(async (name: string, _options: object, self: Command) => {
      const session = sessionOf(io, self);
      session.one(
        await session.client.system.rebuild(name),
        () => `${name} is being filled anew; the old one serves until it is there.\n`,
      );
    });
  return command;
}

export function keysCommand(io: Io): Command {
  const command = new Command('keys').description('API keys: list, create, revoke').addHelpText(
    'after',
    `
Examples:
  $ driftmgr keys
  $ driftmgr keys create --name ci --scope read
  $ driftmgr keys create --name terraform-prod --scope tfstate:read,tfstate:write --workspace 'prod-*' --for 90d
  $ driftmgr keys revoke 2e178fd8cb377d23`,
  );
  command
    .command('list', { isDefault: true })
    .description('List keys, newest first')
    .action(async (_options: object, self: Command) => {
      const session = sessionOf(io, self);
      const rows = await collect(session, Number.POSITIVE_INFINITY, (page) => session.client.keys.list(page));
      type Row = (typeof rows)[0];
      const stateOf = (row: Row): string => {
        if (row.revokedAt !== null) return 'revoked';
        if (row.expiresAt === null) return 'valid';
        return Date.parse(row.expiresAt) <= io.now() ? 'expired' : `until ${row.expiresAt}`;
      };
      session.rows(
        rows,
        [
          { title: 'ID', of: (row: Row) => row.id },
          { title: 'NAME', of: (row: Row) => row.name },
          { title: 'SCOPES', of: (row: Row) => row.scopes.join(',') },
          { title: 'WORKSPACES', of: (row: Row) => row.workspaces?.join(',') ?? 'all' },
          {
            title: 'USED',
            of: (row: Row) => (row.lastUsedAt ? `${ago(row.lastUsedAt, io.now())} ago` : 'never'),
          },
          { title: 'STATE', of: stateOf },
        ],
        'There are no keys.',
      );
    });
  command
    .command('create')
    .description('Make a key; it is shown once')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(anyOf('--scope <scope>', 'what it may do', SCOPES).makeOptionMandatory())
    .option('--workspace <globs...>', 'only for these workspaces')
    .addOption(new Option('--for <duration>', 'how long it is valid: 12h, 90d').argParser(duration))
    .addOption(new Option('--until <time>', 'when it expires').argParser(time).conflicts('for'))
    .action(async (options: CreateOptions, self: Command) => {
      const session = sessionOf(io, self);
      const expiresAt =
        options.for === undefined ? options.until : new Date(io.now() + options.for).toISOString();
      const created = await session.client.keys.create({
        name: options.name,
        scopes: options.scope,
        ...(options.workspace ? { workspaces: options.workspace } : {}),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      session.one(created, ({ key }) => `${key}\n`);
      if (!session.json) io.err('Keep it: it is not shown again.\n');
    });
  command
    .command('revoke')
    .description('Revoke a key: it works no more')
    .argument('<id>', 'id of the key (not the key)')
    .action(async (id: string, _options: object, self: Command) => {
      const session = sessionOf(io, self);
      session.one(await session.client.keys.revoke(id), (key) => `${key.id} (${key.name}) is revoked.\n`);
    });
  return command;
}

interface CreateOptions {
  name: string;
  scope: CreateKeyBody['scopes'];
  workspace?: string[];
  for?: number;
  until?: string;
}

export function snapshotsCommand(io: Io): Command {
  const command = new Command('snapshots')
    .description('Complete listings of scopes, and sweeps of workspaces')
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr snapshots
  $ driftmgr snapshots request digitalocean
  $ driftmgr snapshots request terraform --scope network-prod    read all that this workspace declares anew
  $ driftmgr snapshots request terraform                         the same of every workspace that has a reader`,
    );
  command
    .command('list', { isDefault: true })
    .description('The newest attempt of each scope')
    .option('--provider <name>', 'only of this provider')
    .option('--limit <count>', 'at most so many', count, 500)
    .action(async (options: { provider?: string; limit: number }, self: Command) => {
      const session = sessionOf(io, self);
      const { provider } = options;
      const rows = await collect(session, options.limit, (page) =>
        session.client.snapshots.list({ provider, ...page }),
      );
      type Row = (typeof rows)[0];
      session.rows(
        rows,
        [
          { title: 'SCOPE', of: (row: Row) => row.scope },
          {
            title: 'STATUS',
            of: (row: Row) => row.status,
            colour: (row: Row) => (row.status === 'failed' ? 'red' : null),
          },
          {
            title: 'COMPLETED',
            of: (row: Row) => (row.completedAt ? `${ago(row.completedAt, io.now())} ago` : 'never'),
          },
          { title: 'LISTED', of: (row: Row) => String(row.listed ?? '-') },
          { title: 'WHY', of: (row: Row) => row.reason ?? '' },
        ],
        'Nothing was listed yet.',
      );
    });
  command
    .command('request')
    .description('Ask for a listing, or a sweep, now')
    .argument('<provider>', 'digitalocean, …; terraform for a sweep')
    .argument('[scope]', 'provider/account/region/type, or the workspace to sweep; left out: all of them')
    .option('--scope <scope>', 'the same')
    .action(
      async (provider: string, named: string | undefined, options: { scope?: string }, self: Command) => {
        const session = sessionOf(io, self);
        const scope = options.scope ?? named;
        const request = await session.client.snapshots.request({ provider, ...(scope ? { scope } : {}) });
        session.one(request, ({ id, status, reason }) =>
          status === 'pending'
            ? `It is asked for (request ${id}); \`driftmgr snapshots\` shows when it is there.\n`
            : `${status}${reason === null ? '' : `: ${reason}`}\n`,
        );
      },
    );
  return command;
}
