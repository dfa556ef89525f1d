// `node bench/sweep.ts [RESOURCES]`: a sweep of that many resources (10,000) of the pretend provider, and the same estate read
// by `terraform plan -refresh-only`, side by side. One resource is made by real Terraform; the others are made of it, in its
// state and in the cloud. Needs terraform or tofu on the PATH. `--without-plan` leaves the other side out.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readAdminKey } from '../api/admin-key.ts';
import { type Client, createClient } from '../api/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import type { JsonObject } from '../schemas/index.ts';
import { type Figure, table } from './figures.ts';
import { processTree, pssKilobytes } from './memory.ts';

const RESOURCES = Number(process.argv.slice(2).find((given) => /^\d+$/.test(given)) ?? 10_000);
const WITH_PLAN = !process.argv.includes('--without-plan');
const MOST_MEGABYTES = 300;
const DRIFTMGR = fileURLToPath(new URL('../compose/driftmgr.ts', import.meta.url));
const CLOUD = fileURLToPath(new URL('../producers/terraform/pretend/start.ts', import.meta.url));
const REGION = 'eu-central-1';
const ONE = 'queue-zero';

const folder = mkdtempSync(join(tmpdir(), 'driftmgr-sweep-'));
const estate = join(folder, 'prod');
const states = join(folder, 'states');
const cloudFolder = join(folder, 'cloud');
for (const each of [estate, states, cloudFolder]) mkdirSync(each, { recursive: true });
const cliConfig = writeMirror(join(folder, 'mirror'));
const children: ChildProcess[] = [];
const terraform = ['terraform', 'tofu'].find((name) => {
  try {
    execFileSync(name, ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
if (terraform === undefined) throw new Error('neither terraform nor tofu is on the PATH');

/** Starts a program and waits until it says a line that matches. */
async function begin(
  args: string[],
  environment: Record<string, string>,
  ready: RegExp,
): Promise<{ child: ChildProcess; match: RegExpExecArray }> {
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  for (;;) {
    const match = ready.exec(out);
    if (match) return { child, match };
    if (child.exitCode !== null) throw new Error(`${args[0]} ended with ${child.exitCode}`);
    await sleep(20);
  }
}

const base = { PATH: process.env.PATH ?? '', HOME: folder };
const startCloud = async (): Promise<{ child: ChildProcess; url: string }> => {
  const { child, match } = await begin([CLOUD, cloudFolder, '--port', '0'], base, /at (http:\S+);/);
  return { child, url: match[1]! };
};
const configuration = (count: number): string => `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "${REGION}"
}
resource "aws_sqs_queue" "jobs" {
  count                      = ${count}
  name                       = count.index == 0 ? "${ONE}" : "queue-\${count.index}"
  visibility_timeout_seconds = 45
}
`;
const run = (url: string, ...args: string[]): void => {
  execFileSync(terraform!, args, {
    cwd: estate,
    env: {
      ...base,
      TF_CLI_CONFIG_FILE: cliConfig,
      PRETEND_CLOUD_URL: url,
      PRETEND_CLOUD_KEY: KEYS.terraform,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
    maxBuffer: 1 << 28,
  });
};

/** The first one by Terraform, the others by copying it: in the state, and in the cloud's file. */
async function make(): Promise<void> {
  writeFileSync(join(estate, 'main.tf'), configuration(1));
  const cloud = await startCloud();
  run(cloud.url, 'init', '-input=false');
  run(cloud.url, 'apply', '-auto-approve', '-input=false');
  const ended = new Promise((resolve) => cloud.child.once('exit', resolve));
  cloud.child.kill('SIGTERM');
  await ended;
  const numbered = (value: JsonObject, n: number): JsonObject =>
    n === 0 ? value : (JSON.parse(JSON.stringify(value).replaceAll(ONE, `queue-${n}`)) as JsonObject);
  const numbers = Array.from({ length: RESOURCES }, (_, n) => n);
  interface State {
    resources: { mode: string; instances: JsonObject[] }[];
  }
  const statePath = join(estate, 'terraform.tfstate');
  const state = JSON.parse(readFileSync(statePath, 'utf8')) as State;
  const resource = state.resources.find(({ mode }) => mode === 'managed')!;
  const [first] = resource.instances;
  resource.instances = numbers.map((n) => ({ ...numbered(first!, n), index_key: n }));
  const text = JSON.stringify(state, null, 2);
  writeFileSync(statePath, text);
  writeFileSync(join(states, 'prod.tfstate'), text);
  writeFileSync(join(estate, 'main.tf'), configuration(RESOURCES));
  interface CloudFile {
    resources: JsonObject[];
  }
  const cloudPath = join(cloudFolder, 'cloud.json');
  const held = JSON.parse(readFileSync(cloudPath, 'utf8')) as CloudFile;
  const queue = held.resources.find(({ type }) => type === 'aws_sqs_queue')!;
  const others = held.resources.filter((each) => each !== queue);
  held.resources = [...others, ...numbers.map((n) => numbered(queue, n))];
  writeFileSync(cloudPath, JSON.stringify(held));
}

async function declaredQueues(client: Client): Promise<number> {
  const { items } = await client.coverage.list({ limit: 500 });
  return items.find(({ type }) => type === 'aws_sqs_queue')?.declared ?? 0;
}

interface Swept {
  seconds: number;
  listed: number;
  published: number;
}

async function sweep(client: Client): Promise<Swept> {
  const since = new Date().toISOString();
  const began = performance.now();
  await client.snapshots.request({ provider: 'terraform', scope: 'prod' });
  for (;;) {
    const { items } = await client.snapshots.list({ provider: 'terraform' });
    const done = items.find(
      ({ status, startedAt }) => status === 'completed' && startedAt !== null && startedAt >= since,
    );
    if (done)
      return {
        seconds: (performance.now() - began) / 1_000,
        listed: done.listed ?? 0,
        published: done.published ?? 0,
      };
    const failed = items.find(({ status }) => status === 'failed');
    if (failed) throw new Error(`the sweep failed: ${failed.reason}`);
    await sleep(100);
  }
}

async function measure(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = (what: string, value: number, unit: string, target: Figure['target'] = null): void => {
    figures.push({ scenario: 'sweep', what, value, unit, target });
  };
  await make();
  const cloud = await startCloud();

  const data = join(folder, 'data');
  const readers = [
    {
      provider: 'aws',
      account: ACCOUNT,
      region: REGION,
      environment: {
        PRETEND_CLOUD_KEY: KEYS.reader,
        PRETEND_CLOUD_URL: cloud.url,
        TF_CLI_CONFIG_FILE: cliConfig,
      },
      configuration: { region: REGION },
      directory: estate,
    },
  ];
  const { child, match } = await begin(
    [DRIFTMGR, 'up', '--port', '0', '--data', data],
    {
      ...base,
      DRIFTMGR_KEY: '5a'.repeat(32),
      DRIFTMGR_LOG_LEVEL: process.env.DRIFTMGR_LOG_LEVEL ?? 'error',
      DRIFTMGR_TERRAFORM_STATES: join(states, 'prod.tfstate'),
      DRIFTMGR_TERRAFORM_READERS: JSON.stringify(readers),
      DRIFTMGR_TERRAFORM_READS_PER_SECOND: '10000',
      DRIFTMGR_TERRAFORM_SWEEP_EVERY_MS: '0',
      DRIFTMGR_TERRAFORM_SWEEP_PERCENT: '75',
    },
    /Dashboard and API\s+(http:\S+)/,
  );
  const client = createClient({ url: match[1]!, key: () => readAdminKey(data)! });
  while ((await declaredQueues(client)) < RESOURCES) await sleep(200);
  await sleep(10_000);

  const idle = watchParts(child.pid!);
  await sleep(2_000);
  const before = idle.stop();
  const growth = async (): Promise<{ swept: Swept; above: Parts }> => {
    const watch = watchParts(child.pid!);
    const swept = await sweep(client);
    const peak = watch.stop();
    if (swept.listed !== RESOURCES) throw new Error(`${swept.listed} of ${RESOURCES} were read`);
    const { ours, databases, provider } = peak;
    return {
      swept,
      above: { ours: ours - before.ours, databases: databases - before.databases, provider },
    };
  };
  const first = await growth();
  await sleep(5_000);
  const second = await growth();

  add('idle: DriftMgr (PSS)', before.ours, 'MB');
  add(`${RESOURCES} resources swept for the first time in`, first.swept.seconds, 's');
  add('records published', first.swept.published, '');
  add('peak above idle: DriftMgr, with deciding on them (PSS)', first.above.ours, 'MB', {
    atMost: MOST_MEGABYTES,
  });
  add('swept again, nothing changed, in', second.swept.seconds, 's');
  add('records published', second.swept.published, '', { atMost: 0 });
  add('peak above idle: DriftMgr (PSS)', second.above.ours, 'MB', { atMost: MOST_MEGABYTES });
  add('peak above idle: its databases, first sweep', first.above.databases, 'MB');
  add(
    'peak of the provider, a Node program here',
    Math.max(first.above.provider, second.above.provider),
    'MB',
  );
  if (WITH_PLAN) {
    const began = performance.now();
    run(cloud.url, 'plan', '-refresh-only', '-input=false');
    const plan = (performance.now() - began) / 1_000;
    add('terraform plan -refresh-only of the same', plan, 's');
    add('it takes so many times as long as a sweep', plan / second.swept.seconds, '×');
  }
  return figures;
}

/** Megabytes by whose they are. */
interface Parts {
  ours: number;
  databases: number;
  provider: number;
}

/** The most of each while it is watched. */
function watchParts(root: number): { stop(): Parts } {
  const peak: Parts = { ours: 0, databases: 0, provider: 0 };
  const sample = (): void => {
    const now: Parts = { ours: 0, databases: 0, provider: 0 };
    for (const id of processTree([root])) {
      const part =
        id === root
          ? 'ours'
          : commandOf(id).includes('terraform/pretend/provider')
            ? 'provider'
            : 'databases';
      now[part] += pssKilobytes(id) / 1024;
    }
    for (const part of ['ours', 'databases', 'provider'] as const)
      peak[part] = Math.max(peak[part], now[part]);
  };
  const timer = setInterval(sample, 250);
  return {
    stop() {
      clearInterval(timer);
      sample();
      return peak;
    },
  };
}

function commandOf(id: number): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

function end(): void {
  for (const child of children) child.kill('SIGTERM');
}
process.once('SIGTERM', () => {
  end();
  process.exit(1);
});
try {
  const figures = await measure();
  process.stdout.write(`${table(figures)}\n${JSON.stringify(figures)}\n`);
} finally {
  end();
  await Promise.all(
    children.map((child) =>
      child.exitCode !== null || child.signalCode !== null
        ? null
        : Promise.race([new Promise((resolve) => child.once('exit', resolve)), sleep(20_000)]),
    ),
  );
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
