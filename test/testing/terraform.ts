// The real terraform (or tofu) binary, run in a folder against the http backend. Its absence is said loudly, or a failure.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Null when neither is on the PATH and nothing requires it (REQUIRE=terraform). */
export function findTerraform(): string | null {
  const found = ['terraform', 'tofu'].find((name) => {
    try {
      execFileSync(name, ['version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (found) return found;
  if ((process.env.REQUIRE ?? '').split(',').includes('terraform'))
    throw new Error('REQUIRE=terraform, but neither terraform nor tofu is on the PATH');
  process.stderr.write('\n*** SKIPPED: no terraform or tofu on the PATH ***\n\n');
  return null;
}

export interface Ended {
  code: number;
  /** Everything printed. */
  output: string;
}

export interface Terraform {
  /** Writes the configuration: the backend if there is one, and these resources. */
  configure(resources: string): void;
  /** Another file of the folder. */
  write(name: string, text: string): void;
  attempt(...args: string[]): Promise<Ended>;
  /** Ends what still runs. */
  kill(): void;
  /** Throws with what was printed unless the exit code is 0. */
  run(...args: string[]): Promise<string>;
}

export function terraformIn(
  folder: string,
  options: {
    binary: string;
    /** Null: no backend; the state is a file in the folder. */
    address: string | null;
    key: string;
    variables: Record<string, string>;
    /** Where providers are, for TF_CLI_CONFIG_FILE. */
    cliConfig?: string;
    environment?: Record<string, string>;
  },
): Terraform {
  const { binary, address, key } = options;
  mkdirSync(folder, { recursive: true });
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: tmpdir(),
    TF_CLI_CONFIG_FILE: options.cliConfig ?? '/dev/null',
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    ...options.environment,
  };
  for (const [name, value] of Object.entries(options.variables)) env[`TF_VAR_${name}`] = value;
  const children = new Set<ChildProcess>();
  const attempt: Terraform['attempt'] = (...args) => {
    const child = spawn(binary, args, { cwd: folder, env });
    children.add(child);
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    return new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        children.delete(child);
        resolve({ code: code ?? -1, output });
      });
    });
  };
  return {
    kill() {
      for (const child of children) child.kill('SIGKILL');
    },
    write(name, text) {
      writeFileSync(join(folder, name), text);
    },
    configure(resources) {
      writeFileSync(
        join(folder, 'main.tf'),
        address === null
          ? resources
          : `terraform {
          backend "http" {
            address        = "${address}"
            lock_address   = "${address}"
            unlock_address = "${address}"
            lock_method    = "LOCK"
            unlock_method  = "UNLOCK"
            username       = "anyone"
            password       = "${key}"
            retry_max      = 0
          }
        }
        ${resources}`,
      );
    },
    attempt,
    async run(...args) {
      const { code, output } = await attempt(...args, ...(WITHOUT_COLOUR.has(args[0]!) ? ['-no-color'] : []));
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output}`);
      return output;
    },
  };
}

const WITHOUT_COLOUR = new Set(['init', 'apply', 'plan', 'destroy', 'import']);
