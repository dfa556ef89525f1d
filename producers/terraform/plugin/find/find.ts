// Looks for providers where Terraform looks, and never fetches one: what is not there is told, with how to get it.
import { access, constants, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { arch, homedir, platform } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { PluginProblem } from '../host/problem.ts';
import { type Candidate, type Choice, choose, type Place } from './choose.ts';
import {
  type CliConfiguration,
  NO_CONFIGURATION,
  parseCliConfiguration,
  parseLockFile,
  serves,
} from './cli-configuration.ts';
import { type ProviderSource, parseVersion, shortName, sourceText } from './source.ts';

export interface Where {
  environment: Readonly<Record<string, string | undefined>>;
  /** Terraform's working directory of the workspace, with its `.terraform` and lock file; null when it is not here. */
  directory: string | null;
  /** Where `driftmgr providers install` puts them; null when nowhere. */
  own: string | null;
  /** The lock file's text when it came another way than the directory: from a checkout, or from CI. */
  lockFile?: string | null;
  home?: string;
}

/** `linux_amd64`, as Terraform writes it. */
export const TARGET = `${{ win32: 'windows' }[platform() as 'win32'] ?? platform()}_${
  { x64: 'amd64', ia32: '386' }[arch() as 'x64'] ?? arch()
}`;

const LOCK_FILE = '.terraform.lock.hcl';

/** Throws a PluginProblem `not-found` that says where was looked. */
export async function findProvider(source: ProviderSource, where: Where): Promise<Choice> {
  const configuration = await cliConfiguration(where);
  const looked: string[] = [];
  const candidates: Candidate[] = [];
  const override = configuration.overrides.get(sourceText(source));
  if (override !== undefined) {
    const folder = resolve(where.directory ?? '.', override);
    const program = await programIn(folder, source);
    if (program) candidates.push({ program, version: null, place: 'override' });
    // Terraform fails here too: another provider than the one someone is at work on would mislead.
    else throw missing(source, [`${folder} (a development override)`], null);
  }
  for (const [place, folder] of placesOf(source, configuration, where)) {
    looked.push(folder);
    candidates.push(...(await installedIn(folder, source, place)));
  }
  const locked = (await lockedVersions(where)).get(sourceText(source)) ?? null;
  const choice = choose(source, candidates, locked);
  if (choice) return choice;
  throw missing(source, looked, locked);
}

function placesOf(
  source: ProviderSource,
  { mirrors, cache }: CliConfiguration,
  { directory, own, environment, home = homedir() }: Where,
): [Place, string][] {
  const cached = environment.TF_PLUGIN_CACHE_DIR || cache;
  const data = environment.TF_DATA_DIR || '.terraform';
  const usual = [
    ...(directory ? [join(directory, 'terraform.d/plugins')] : []),
    join(home, '.terraform.d/plugins'),
    join(environment.XDG_DATA_HOME || join(home, '.local/share'), 'terraform/plugins'),
    ...(environment.XDG_DATA_DIRS || '/usr/local/share:/usr/share')
      .split(':')
      .filter(isAbsolute)
      .map((folder) => join(folder, 'terraform/plugins')),
  ];
  const from = mirrors?.filter((mirror) => serves(mirror, source)).map(({ path }) => path) ?? usual;
  return [
    ...(directory
      ? [['working-directory', join(resolve(directory, data), 'providers')] as [Place, string]]
      : []),
    ...(own ? [['own', own] as [Place, string]] : []),
    ...(cached ? [['cache', cached] as [Place, string]] : []),
    ...from.map((path) => ['mirror', resolve(directory ?? '.', path)] as [Place, string]),
  ];
}

/** `<folder>/host/namespace/type/version/target/terraform-provider-type…` */
async function installedIn(folder: string, source: ProviderSource, place: Place): Promise<Candidate[]> {
  const versions = join(folder, source.host, source.namespace, source.type);
  const found = await Promise.all(
    (await names(versions))
      .filter((name) => parseVersion(name) !== null)
      .map(async (version) => ({
        version,
        program: await programIn(join(versions, version, TARGET), source),
      })),
  );
  return found.flatMap(({ version, program }) => (program ? [{ program, version, place }] : []));
}

/** The binary in a package's folder: `terraform-provider-aws_v5.100.0_x5`; some end with nothing more. */
async function programIn(folder: string, { type }: ProviderSource): Promise<string | null> {
  const prefix = `terraform-provider-${type}`;
  const fits = (await names(folder)).filter(
    (name) => name === prefix || name === `${prefix}.exe` || name.startsWith(`${prefix}_`),
  );
  for (const name of fits.sort()) {
    const path = join(folder, name);
    try {
      // Through links: `.terraform/providers` links to the cache.
      if ((await stat(path)).isFile()) {
        await access(path, constants.X_OK);
        return await realpath(path);
      }
    } catch {
      // Not a program for this user: another may fit, and if none does it is told as missing.
    }
  }
  return null;
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return [];
    throw error;
  }
}

async function cliConfiguration({ environment, home = homedir() }: Where): Promise<CliConfiguration> {
  const named = environment.TF_CLI_CONFIG_FILE || environment.TERRAFORM_CONFIG;
  for (const file of named ? [named] : [join(home, '.terraformrc'), join(home, '.tofurc')]) {
    const text = await textOf(file);
    if (text !== null) return parseCliConfiguration(text, file, environment);
  }
  // A named file that is missing is a warning in Terraform too, no more.
  return NO_CONFIGURATION;
}

async function lockedVersions({ directory, lockFile }: Where): Promise<ReadonlyMap<string, string>> {
  const text = lockFile ?? (directory ? await textOf(join(directory, LOCK_FILE)) : null);
  return text === null ? new Map() : parseLockFile(text, LOCK_FILE);
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const missing = (source: ProviderSource, looked: readonly string[], locked: string | null): PluginProblem =>
  new PluginProblem(
    'not-found',
    `the provider ${shortName(source)}${locked ? ` ${locked}` : ''} is not on this machine for ${TARGET}: looked in ${
      looked.join(', ') || 'no place, for none is configured'
    }. Put it there with "terraform init" or "terraform providers mirror", or name its mirror in the CLI configuration`,
  );
