// Looks for providers where Terraform looks, and never fetches one: what is not there is told, with how to get it.
import { access, constants, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { arch, homedir, platform } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { PluginProblem } from '../host/problem.ts';
import { packageChecksum } from './checksum.ts';
import { type Candidate, type Choice, choose, type Place } from './choose.ts';
import {
  type CliConfiguration,
  type Lock,
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

export const LOCK_FILE = '.terraform.lock.hcl';

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
    else throw missing(source, [`${folder} (a development override)`], null, []);
  }
  for (const [place, folder] of placesOf(source, configuration, where)) {
    looked.push(folder);
    candidates.push(...(await installedIn(folder, source, place)));
  }
  const lock = (await locksOf(where)).get(sourceText(source)) ?? null;
  const wanted = lock?.version ?? null;
  const spoilt: Candidate[] = [];
  for (;;) {
    const choice = choose(
      source,
      candidates.filter((candidate) => !spoilt.includes(candidate)),
      wanted,
    );
    // One that is there in the version wanted, and was changed, is no reason to take another version.
    if (spoilt.length > 0 && choice?.risk !== null) throw changed(source, spoilt[0]!);
    if (!choice) throw missing(source, looked, wanted, await packedIn(looked, source));
    if (choice.risk !== null || (await isAsLocked(choice, lock))) return choice;
    spoilt.push(
      candidates.find(({ program, place }) => program === choice.program && place === choice.place)!,
    );
  }
}

/** Whether it is one of the packages that the lock file has checksums of. Those of archives (`zh:`) say nothing of it. */
async function isAsLocked({ program, folder }: Choice, lock: Lock | null): Promise<boolean> {
  const checksums = lock?.checksums.filter((one) => one.startsWith('h1:')) ?? [];
  return checksums.length === 0 || checksums.includes(await packageChecksum(folder ?? dirname(program)));
}

/** Packages as archives, which have to be unpacked before they can be run. */
async function packedIn(folders: readonly string[], source: ProviderSource): Promise<string[]> {
  const { host, namespace, type } = source;
  const found = await Promise.all(
    folders.map(async (folder) => {
      const at = join(folder, host, namespace, type);
      const ours = (await names(at)).filter(
        (name) => name.startsWith(`terraform-provider-${type}_`) && name.endsWith(`_${TARGET}.zip`),
      );
      return ours.map((name) => join(at, name));
    }),
  );
  return found.flat();
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
      .map(async (version) => {
        const unpacked = join(versions, version, TARGET);
        return { version, folder: unpacked, program: await programIn(unpacked, source) };
      }),
  );
  return found.flatMap(({ version, program, folder: of }) =>
    program ? [{ program, version, place, folder: of }] : [],
  );
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

/** What the workspace's lock file says, by source. */
export async function locksOf({
  directory,
  lockFile,
}: Pick<Where, 'directory' | 'lockFile'>): Promise<ReadonlyMap<string, Lock>> {
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

function missing(
  source: ProviderSource,
  looked: readonly string[],
  locked: string | null,
  packed: readonly string[],
): PluginProblem {
  const name = shortName(source);
  const what = `the provider ${name}${locked ? ` ${locked}` : ''} is not on this machine for ${TARGET}: looked in ${
    looked.join(', ') || 'no place, for none is configured'
  }. `;
  const unpack = `driftmgr providers install ${name}`;
  return new PluginProblem(
    'not-found',
    packed.length > 0
      ? `${what}It is packed there as ${packed[0]}, and has to be unpacked: "${unpack}" does that`
      : `${what}Put it there with "${unpack}", "terraform init" or "terraform providers mirror", or name its mirror in the CLI configuration`,
  );
}

const changed = (source: ProviderSource, { program, version, folder }: Candidate): PluginProblem =>
  new PluginProblem(
    'unstartable',
    `${shortName(source)} ${version} in ${folder ?? dirname(program)} is not what the lock file has a checksum of, and is not run: find out who changed it, and install it anew; if the lock file was made for other platforms alone, "terraform providers lock -platform=${TARGET}" adds this one`,
  );
