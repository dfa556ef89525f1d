// The real terraform (or tofu) of this machine, run in a folder against the http backend. Never fetches anything: providers come
// from the mirror it is given, and its own look for newer versions is off.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PRINTED = 16 * 1024 * 1024;
const QUIET = { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_INPUT: '0' };

/** The program and what it says to be (`Terraform v1.11.4`); null when neither is on the PATH. */
export async function findTerraform(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ program: string; version: string } | null> {
  for (const program of ['terraform', 'tofu'])
    try {
      const env = {
        ...QUIET,
        PATH: environment.PATH ?? '',
        HOME: environment.HOME ?? '',
        TF_CLI_CONFIG_FILE: '/dev/null',
      };
      const { stdout } = await run(program, ['version'], { env, timeout: 20_000 });
      return { program, version: stdout.split('\n', 1)[0]!.trim() };
    } catch {
      // Not there, or not one that can be run: the next.
    }
  return null;
}

export interface TerraformFolder {
  /** Throws with the end of what was printed. */
  run(...args: string[]): Promise<void>;
}

export interface TerraformOptions {
  program: string;
  /** Base URL of DriftMgr, and a key that may write states. */
  url: string;
  key: string;
  workspace: string;
  /** HCL of its resources. */
  resources: string;
  environment: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

const PROVIDERS = `
    aws          = { source = "hashicorp/aws" }
    azurerm      = { source = "hashicorp/azurerm" }
    digitalocean = { source = "digitalocean/digitalocean" }
    google       = { source = "hashicorp/google" }`;

/** Writes the configuration into the folder and makes it ready (`init`). */
export async function terraformFolder(folder: string, options: TerraformOptions): Promise<TerraformFolder> {
  const { program, url, key, workspace, resources, environment, signal } = options;
  const used = PROVIDERS.split('\n').filter((line) => resources.includes(`"${line.trim().split(' ')[0]}_`));
  const address = `${url}/tfstate/${workspace}`;
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'main.tf'),
    `terraform {
  backend "http" {
    address        = "${address}"
    lock_address   = "${address}"
    unlock_address = "${address}"
    lock_method    = "LOCK"
    unlock_method  = "UNLOCK"
    username       = "terraform"
  }
  required_providers {${used.map((line) => `\n${line}`).join('')}
  }
}
${resources}`,
  );
  const env = { ...QUIET, HOME: folder, TF_HTTP_PASSWORD: key, ...environment };
  const terraform: TerraformFolder = {
    async run(...args) {
      try {
        await run(program, [...args, '-no-color', '-input=false'], {
          cwd: folder,
          env,
          signal,
          maxBuffer: PRINTED,
        });
      } catch (error) {
        const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
        const printed = `${stdout}${stderr}`.trim().slice(-2_000) || message;
        throw new Error(`${program} ${args.join(' ')} in ${workspace} failed:\n${printed}`, { cause: error });
      }
    },
  };
  await terraform.run('init');
  return terraform;
}
