// `driftmgr configuration`: tells the server what the .tf files of a workspace say. They are read here: what is sent are
// paths and addresses, never values.
import { Command } from 'commander';
import {
  ConfigurationProblem,
  type ParsedConfiguration,
  readConfiguration,
} from '../../../producers/terraform/configuration/index.ts';
import type { ConfigurationJson } from '../../types.ts';
import type { Io } from '../io.ts';
import { Mistake } from '../io.ts';
import { sessionOf } from '../session.ts';
import { ago, printable } from '../text.ts';

interface PublishOptions {
  workspace: string;
  revision?: string;
  within?: string;
  dryRun?: boolean;
  strict?: boolean;
}

export function configurationCommand(io: Io): Command {
  const command = new Command('configuration')
    .description('What the .tf files of a workspace set, so that drift is told from what a provider fills in')
    .addHelpText(
      'after',
      `
Examples:
  $ terraform apply && driftmgr configuration publish --workspace prod .
  $ driftmgr configuration publish --workspace prod envs/prod --dry-run
  $ driftmgr configuration show prod`,
    );
  command
    .command('publish')
    .description('Read .tf files here, after terraform init, and send which attributes they set: no values')
    .argument('[directory]', 'folder of the root module', '.')
    .requiredOption('--workspace <name>', 'workspace that is applied from it')
    .option('--revision <name>', 'what this version is called (default: the commit that is checked out)')
    .option(
      '--within <directory>',
      'read nothing outside of it (default: the Git checkout, else the directory)',
    )
    .option('--strict', 'publish nothing, and fail, when a part cannot be read')
    .option('--dry-run', 'only print what would be sent')
    .action(async (directory: string, options: PublishOptions, self: Command) => {
      const session = sessionOf(io, self);
      const { configuration, revision } = await parsed(io, directory, options);
      for (const problem of configuration.problems) io.err(`${printable(problem)}\n`);
      if (options.strict && configuration.problems.length > 0)
        throw new Mistake(
          `${configuration.problems.length} parts cannot be read: nothing was published`,
          'Mend them, or leave out --strict: they are then unknown.',
        );
      const body = { revision: options.revision ?? revision, ...configuration };
      if (options.dryRun) return session.one(body, (all) => sent(all));
      const published = await session.client.workspaces.publishConfiguration(options.workspace, body);
      session.one(published, (one) => summary(one, io.now()));
    });
  command
    .command('show')
    .description('What the server knows of it')
    .argument('<workspace>', 'name of the workspace')
    .action(async (workspace: string, _options: object, self: Command) => {
      const session = sessionOf(io, self);
      session.one(await session.client.workspaces.configuration(workspace), (one) => summary(one, io.now()));
    });
  return command;
}

async function parsed(io: Io, directory: string, { within }: PublishOptions) {
  try {
    return await readConfiguration({
      directory,
      signal: io.signal,
      ...(within === undefined ? {} : { within }),
    });
  } catch (error) {
    if (!(error instanceof ConfigurationProblem)) throw error;
    throw new Mistake(error.message, 'Give the folder of the root module, where terraform is run.');
  }
}

function sent(body: ParsedConfiguration & { revision: string | null }): string {
  const lines = [`revision ${printable(body.revision ?? 'unknown')}`];
  for (const { address, provider, sets, ignores, complete } of body.blocks) {
    lines.push('', `${printable(address)}  (provider ${printable(provider ?? 'unknown')})`);
    lines.push(
      `  sets     ${printable(sets.join(' ')) || 'nothing'}${complete ? '' : ' …and what is not known'}`,
    );
    if (ignores.length > 0) lines.push(`  ignores  ${printable(ignores.join(' '))}`);
  }
  for (const { module, name, alias, region, account, role, unknown } of body.providers) {
    const place = Object.entries({ region, account, role }).flatMap(([what, value]) =>
      value === null ? [] : [`${what} ${value}`],
    );
    lines.push('', `provider ${printable([module, name, alias].filter(Boolean).join('.'))}`);
    lines.push(
      `  ${printable([...place, ...unknown.map((argument) => `${argument} unknown`)].join(', ')) || 'says nothing of its place'}`,
    );
  }
  if (body.moves.length > 0) lines.push('');
  for (const { from, to } of body.moves) lines.push(printable(`${from} → ${to ?? 'removed, not destroyed'}`));
  return `${lines.join('\n')}\n`;
}

function summary(one: ConfigurationJson, now: number): string {
  const incomplete = one.incomplete === 0 ? '' : `, ${one.incomplete} of them not fully known`;
  return [
    `${printable(one.workspace)}: configuration known as of ${printable(one.revision ?? 'an unnamed version')}`,
    `  published ${ago(one.publishedAt, now)} ago, ${printable(one.by)}`,
    `  ${one.blocks} resource blocks${incomplete}; ${one.providers.length} provider blocks; ${one.moves} moves`,
    ...one.problems.map((problem) => `  unknown: ${printable(problem)}`),
    '',
  ].join('\n');
}
