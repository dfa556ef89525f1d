// Compiles a real provider from source, through the Go module proxy, and keeps what it made. README.md beside it says what of.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eachLine } from '../../producers/terraform/plugin/host/lines.ts';
import { isRequired } from '../../runtime/testing/servers.ts';

/** Name of the folder with its go.mod → what Terraform calls it, and the package to build. */
const PROVIDERS = {
  local: {
    address: 'registry.terraform.io/hashicorp/local',
    version: '1.4.0',
    package: 'github.com/terraform-providers/terraform-provider-local',
  },
  digitalocean: {
    address: 'registry.terraform.io/digitalocean/digitalocean',
    version: '1.23.0',
    package: 'github.com/digitalocean/terraform-provider-digitalocean',
  },
} as const;

export interface Built {
  /** As a state spells it. */
  address: string;
  version: string;
  program: string;
}

/** One busy machine took ten minutes for what takes two of processor time. */
const WITHIN_MS = 20 * 60_000;
const SAY_EVERY_MS = 10_000;
/** Others may be waiting for this machine. */
const NICE = 10;

/** Null, said loudly, when it cannot be built here and nothing requires it (REQUIRE=go-providers). */
export async function builtProvider(name: keyof typeof PROVIDERS): Promise<Built | null> {
  try {
    return { ...PROVIDERS[name], program: await built(name) };
  } catch (error) {
    const reason = `the provider ${name} was not built from source: ${(error as Error).message}`;
    if (isRequired('go-providers')) throw new Error(`REQUIRE names go-providers, but ${reason}`);
    process.stderr.write(`\n*** SKIPPED what needs a real provider: ${reason} ***\n\n`);
    return null;
  }
}

async function built(name: keyof typeof PROVIDERS): Promise<string> {
  const { version, package: main } = PROVIDERS[name];
  const folder = fileURLToPath(new URL(name, import.meta.url));
  const compiler = execFileSync('go', ['version'], { encoding: 'utf8' }).trim();
  // Another pin or another compiler is another build, not a mix.
  const of = createHash('sha256').update(compiler);
  for (const pin of ['go.mod', 'go.sum']) of.update(readFileSync(join(folder, pin)));
  const kept = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'driftmgr/go-providers',
    `${name}-${version}-${of.digest('hex').slice(0, 16)}`,
  );
  const program = join(kept, `terraform-provider-${name}_v${version}`);
  if (existsSync(program)) return program;
  mkdirSync(kept, { recursive: true });
  // Made beside its place and moved there whole: neither a crash nor a neighbour leaves half of it.
  const made = `${program}.${process.pid}.new`;
  try {
    await compile(`${name} ${version} with ${compiler}`, folder, main, made);
    renameSync(made, program);
  } finally {
    rmSync(made, { force: true });
  }
  return program;
}

function compile(what: string, folder: string, main: string, into: string): Promise<void> {
  const say = (text: string): void => void process.stdout.write(`${what}: ${text}\n`);
  const began = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - began) / 1_000)} s`;
  const counts = { fetched: 0, compiled: 0 };
  const rest: string[] = [];
  say('building from source, the first time only');
  const child: ChildProcess = spawn('go', ['build', '-v', '-trimpath', '-ldflags=-s -w', '-o', into, main], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: '-mod=readonly -buildvcs=false',
      // What go.sum does not list is not built, whatever a database says; nor is another compiler fetched.
      GOSUMDB: 'off',
      GOTOOLCHAIN: 'local',
      GOWORK: 'off',
    },
  });
  if (child.pid !== undefined) setPriority(child.pid, NICE);
  eachLine(child.stderr!, 4_096, (line) => {
    if (line.startsWith('go: downloading ')) counts.fetched++;
    else if (/^[\w./~-]+$/.test(line)) counts.compiled++;
    else rest.push(line);
  });
  const progress = setInterval(
    () => say(`${counts.fetched} modules fetched, ${counts.compiled} packages compiled, ${seconds()}`),
    SAY_EVERY_MS,
  );
  const patience = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) {
        say(`built in ${seconds()}, ${counts.fetched} modules fetched, ${counts.compiled} packages compiled`);
        return resolve();
      }
      const end = rest.slice(-8).join('\n');
      reject(new Error(`go build ended with ${code ?? signal} after ${seconds()}\n${end}`));
    });
  }).finally(() => {
    clearInterval(progress);
    clearTimeout(patience);
  });
}

/** A filesystem mirror in `directory` that holds these, and a file for TF_CLI_CONFIG_FILE. Returns that file's path. */
export function mirrorOfBuilt(directory: string, all: readonly Built[]): string {
  const architecture = { x64: 'amd64' }[process.arch as string] ?? process.arch;
  for (const { address, version, program } of all) {
    const folder = join(directory, address, version, `${process.platform}_${architecture}`);
    mkdirSync(folder, { recursive: true });
    copyFileSync(program, join(folder, basename(program)));
  }
  const path = join(directory, 'mirror.tfrc');
  writeFileSync(
    path,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(directory)}\n  }\n}\n`,
  );
  return path;
}
