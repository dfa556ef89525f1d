// Puts a provider into DriftMgr's own folder, with the terraform or tofu of this machine: it decides where from (mirrors of the
// CLI configuration, packed or not, else the registry), checks signature and lock file, and unpacks. Only when someone asks for it. IO.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PluginProblem } from '../host/problem.ts';
import { LOCK_FILE, TARGET } from './find.ts';
import { type ProviderSource, shortName, sourceText } from './source.ts';

const run = promisify(execFile);
/** A download of several hundred megabytes on a slow line. */
const LONGEST_MS = 30 * 60_000;
const PRINTED = 16 * 1024 * 1024;

export interface Installation {
  source: ProviderSource;
  version: string;
  /** `terraform`, `tofu`, or the path of one. */
  program: string;
  /** Ours: where the provider goes. */
  own: string;
  /** A workspace's folder, whose lock file is to be kept to; null when there is none. */
  directory: string | null;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

/** Resolves to the folder of the package. Rejects with what terraform printed. */
export async function installProvider(wanted: Installation): Promise<string> {
  const { source, version, own } = wanted;
  const folder = await mkdtemp(join(tmpdir(), 'driftmgr-install-'));
  try {
    await initIn(folder, wanted);
    const at = join(source.host, source.namespace, source.type, version, TARGET);
    const target = join(own, at);
    const beside = `${target}.${randomUUID().slice(0, 8)}`;
    await mkdir(dirname(target), { recursive: true });
    // Links lead into a cache that someone else may clear; what is ours is a copy. It is there whole or not at all.
    await cp(join(folder, '.terraform/providers', at), beside, { recursive: true, dereference: true });
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function initIn(
  folder: string,
  { source, version, program, directory, environment, signal }: Installation,
): Promise<void> {
  await writeFile(
    join(folder, 'main.tf'),
    `terraform {\n  required_providers {\n    wanted = {\n      source  = "${sourceText(source)}"\n      version = "= ${version}"\n    }\n  }\n}\n`,
  );
  // Terraform itself then refuses what has another checksum.
  if (directory !== null)
    await copyFile(join(directory, LOCK_FILE), join(folder, LOCK_FILE)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      },
    );
  const env = {
    ...environment,
    TF_DATA_DIR: '',
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
  try {
    await run(program, ['init', '-backend=false', '-input=false', '-no-color'], {
      cwd: folder,
      env,
      signal,
      timeout: LONGEST_MS,
      maxBuffer: PRINTED,
    });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const printed = `${stdout}\n${stderr}`.trim().slice(-1_500) || message;
    throw new PluginProblem(
      'not-found',
      `${program} could not install ${shortName(source)} ${version}:\n${printed}`,
      error,
    );
  }
}
