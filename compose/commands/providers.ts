// `driftmgr providers`: which Terraform providers resources are read with, and putting one where it is found. Nothing is
// ever fetched unless `install` is called.
import { join } from 'node:path';
import { Command } from 'commander';
import { type Io, Mistake } from '../../api/cli/io.ts';
import {
  installProvider,
  listChoices,
  locksOf,
  type ProviderSource,
  parseSource,
  shortName,
  sourceText,
} from '../../producers/index.ts';
import type { Configuration } from '../../runtime/config-schema.ts';
import { findTerraform } from '../demo/terraform.ts';
import { configurationFrom } from './settings.ts';

interface Options {
  config?: string;
  data?: string;
}

interface InstallOptions extends Options {
  directory?: string;
}

const FIELDS = ['WORKSPACE', 'PROVIDER', 'VERSION', 'FROM', 'RISK'];

export function providersCommand(io: Io): Command {
  const command = new Command('providers').description(
    'The Terraform providers that resources are read with (docs/providers.md)',
  );
  const list = new Command('list')
    .description('Which provider each reader of the configuration would use now, and what speaks against it')
    .action((options: Options) => listProviders(io, options));
  const install = new Command('install')
    .argument('[source]', 'hashicorp/aws, or host/namespace/type; without one, all that the lock file names')
    .option('--directory <directory>', 'folder of a workspace, with its .terraform.lock.hcl')
    .description('Put a provider into DriftMgr’s own folder, with the terraform or tofu of this machine')
    .addHelpText(
      'after',
      `
Terraform gets it from the mirrors of its CLI configuration, or from the registry if that says no other way, and
checks it against the lock file. Nothing else ever fetches a provider.

Examples:
  $ driftmgr providers install hashicorp/aws@5.100.0
  $ driftmgr providers install --directory ./network-prod`,
    )
    .action((source: string | undefined, options: InstallOptions) => installProviders(io, source, options));
  for (const one of [list, install])
    one
      .option(
        '-c, --config <file>',
        'configuration file (default: $DRIFTMGR_CONFIG, else ./driftmgr.yaml when there)',
      )
      .option('--data <directory>', 'the data directory');
  return command.addCommand(list).addCommand(install);
}

/** Where the reader looks for what was installed (compose/reading.ts gives it the folder above). */
const ownFolder = ({ data }: Configuration): string => join(data, 'providers', 'providers');

async function listProviders(io: Io, options: Options): Promise<void> {
  const configuration = configurationFrom(io, options);
  const { readers } = configuration.terraform;
  const rows = await listChoices(readers, { environment: io.environment, own: ownFolder(configuration) });
  if (rows.length === 0) {
    io.out('No readers are configured (terraform.readers): nothing is read through a provider.\n');
    return;
  }
  const cells = rows.map(({ workspace, source, written, choice, problem }) => [
    workspace,
    source ? shortName(source) : written,
    choice ? (choice.version ?? 'development') : '-',
    choice?.place ?? '-',
    choice ? (choice.risk ?? 'none') : 'not readable',
    choice ? choice.because || choice.program : (problem ?? ''),
  ]);
  const widths = FIELDS.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]!.length)));
  for (const row of [[...FIELDS, ''], ...cells])
    io.out(
      `${row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

async function installProviders(io: Io, given: string | undefined, options: InstallOptions): Promise<void> {
  const wanted = await wantedOf(given, options);
  const terraform = await findTerraform(io.environment);
  if (!terraform)
    throw new Mistake(
      'neither terraform nor tofu is on the PATH, and one of them installs providers',
      'Install one, or put the unpacked provider into a filesystem mirror (docs/providers.md).',
    );
  const own = ownFolder(configurationFrom(io, options));
  for (const { source, version } of wanted) {
    io.out(
      `${sourceText(source)} ${version}: "${terraform.program} init" gets it (${terraform.version}), from the mirrors of its CLI configuration or from the registry\n`,
    );
    const folder = await installProvider({
      source,
      version,
      program: terraform.program,
      own,
      directory: options.directory ?? null,
      environment: io.environment,
      signal: io.signal,
    });
    io.out(`  it is in ${folder}\n`);
  }
}

async function wantedOf(
  given: string | undefined,
  { directory = null }: { directory?: string | null },
): Promise<{ source: ProviderSource; version: string }[]> {
  const locks = await locksOf({ directory });
  if (given === undefined) {
    const all = [...locks].map(([name, lock]) => ({ source: parseSource(name)!, version: lock.version }));
    if (all.length > 0) return all;
    throw new Mistake(
      directory === null
        ? 'nothing says which provider is meant'
        : `${directory} has no lock file that names a provider`,
      'Name one: driftmgr providers install hashicorp/aws@5.100.0',
    );
  }
  const [name = '', version] = given.split('@', 2);
  const source = parseSource(name);
  if (!source) throw new Mistake(`${name} is no source of a provider`, 'Write it as hashicorp/aws.');
  const wanted = version ?? locks.get(sourceText(source))?.version;
  if (wanted === undefined)
    throw new Mistake(
      `nothing says which version of ${shortName(source)} is meant`,
      `Write ${shortName(source)}@VERSION, or give --directory with the folder of a workspace whose lock file names it.`,
    );
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]{1,64})?$/.test(wanted)) throw new Mistake(`${wanted} is no version`);
  return [{ source, version: wanted }];
}
