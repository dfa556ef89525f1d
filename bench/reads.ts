// `node bench/reads.ts`: what reading through providers costs on the pretend cloud, beside `terraform plan -refresh-only` of the
// same resources: a few re-read warm, many at once, and how soon a change that was fed in stands confirmed in the API. The cloud,
// DriftMgr and the providers are processes of their own. Needs terraform or tofu on the PATH.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readAdminKey } from '../api/admin-key.ts';
import { type Client, createClient } from '../api/client.ts';
import { createReader } from '../producers/terraform/observer/index.ts';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import type { StatedInstance } from '../producers/terraform/stated/index.ts';
import { createMemoryCache } from '../runtime/cache/memory-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLogger } from '../runtime/telemetry.ts';
import type { JsonObject } from '../schemas/index.ts';
import { type Figure, percentile, table } from './figures.ts';
import { cpuSeconds } from './peers/processor-time.ts';

const RESOURCES = 500;
const FEW = 3;
const ROUNDS = 5;
const PER_SECOND = 50;
/** So many changes are told by themselves: what runs has just been started, and is being compiled. */
const WARM_UP = 3 * PER_SECOND;
const REGION = 'eu-central-1';
const DRIFTMGR = fileURLToPath(new URL('../compose/driftmgr.ts', import.meta.url));
const CLOUD = fileURLToPath(new URL('../producers/terraform/pretend/start.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'driftmgr-reads-'));
const estate = join(folder, 'prod');
for (const each of [estate, join(folder, 'cloud')]) mkdirSync(each, { recursive: true });
const cliConfig = writeMirror(join(folder, 'mirror'));
const children: ChildProcess[] = [];
const base = { PATH: process.env.PATH ?? '', HOME: folder };
const terraform = ['terraform', 'tofu'].find((name) => {
  try {
    execFileSync(name, ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
if (terraform === undefined) throw new Error('neither terraform nor tofu is on the PATH');

const timed = async (work: () => unknown): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};
const median = (samples: number[]): number => percentile(samples, 0.5);

/** Starts a program and waits until it says a line that matches. */
async function begin(
  args: string[],
  environment: Record<string, string>,
  ready: RegExp,
): Promise<{ said: string; pid: number }> {
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  for (;;) {
    const match = ready.exec(out);
    if (match) return { said: match[1]!, pid: child.pid! };
    if (child.exitCode !== null) throw new Error(`${args[0]} ended with ${child.exitCode}`);
    await sleep(20);
  }
}

function runTerraform(url: string, ...args: string[]): void {
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
}

const row = (url: string) => ({
  workspace: '*',
  provider: 'aws',
  account: ACCOUNT,
  region: REGION,
  environment: { PRETEND_CLOUD_KEY: KEYS.reader, PRETEND_CLOUD_URL: url, TF_CLI_CONFIG_FILE: cliConfig },
  configuration: { region: REGION },
  directory: estate,
  allow: [],
});

function instances(): StatedInstance[] {
  const state = JSON.parse(readFileSync(join(estate, 'terraform.tfstate'), 'utf8')) as {
    resources: { mode: string; type: string; name: string; provider: string; instances: JsonObject[] }[];
  };
  const { type, name, provider, instances: found } = state.resources.find(({ mode }) => mode === 'managed')!;
  return found.map(({ attributes, schema_version, index_key }) => ({
    address: `${type}.${name}[${index_key}]`,
    type,
    resourceId: String((attributes as JsonObject).id),
    providerAddress: provider,
    schemaVersion: Number(schema_version),
    attributes: Buffer.from(JSON.stringify(attributes)),
    private: null,
  }));
}

/** Milliseconds, of several rounds. */
async function measureReader(url: string, found: readonly StatedInstance[]) {
  const { signal } = new AbortController();
  const reader = createReader({
    readers: [row(url)],
    readsPerSecond: 1_000_000,
    environment: {},
    directory: null,
    cache: createMemoryCache({ clock: systemClock }),
    clock: systemClock,
    logger: createLogger({ level: 'error' }),
  });
  const read = async (some: readonly StatedInstance[]): Promise<void> => {
    const outcomes = await Promise.all(
      some.map((instance) =>
        reader.read(
          {
            workspace: 'prod',
            address: instance.address,
            provider: 'aws',
            account: ACCOUNT,
            region: REGION,
            type: instance.type,
            resourceId: instance.resourceId,
            state: null,
          },
          instance,
          'change',
          signal,
        ),
      ),
    );
    const failed = outcomes.find(({ kind }) => kind !== 'observed');
    if (failed) throw new Error(`a read came to ${JSON.stringify(failed)}`);
  };
  try {
    const cold = await timed(() => read(found.slice(0, 1)));
    await read(found.slice(0, 50));
    const few: number[] = [];
    const many: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      few.push(await timed(() => read(found.slice(0, FEW))));
      many.push(await timed(() => read(found)));
    }
    return { cold, few, many };
  } finally {
    await reader.close();
  }
}

/** From the call that changes a resource until the API, told by its stream and then asked, has it confirmed; milliseconds. */
async function measureChanges(
  client: Client,
  alice: CloudClient,
  found: readonly StatedInstance[],
): Promise<number[]> {
  const stop = new AbortController();
  const began = new Map<string, number>();
  const took = new Map<string, number>();
  const listening = (async () => {
    for await (const event of client.events({ kinds: ['drift'] }, { signal: stop.signal })) {
      if (event.kind === 'reset') throw new Error('the stream lost events: nothing can be measured');
      if (event.kind !== 'drift' || event.data.drift.confidence !== 'confirmed') continue;
      const { id, resourceId } = event.data.drift;
      // What the stream tells, a question must answer too.
      void (async () => {
        for (;;) {
          const asked = await client.drifts.get(id).catch(() => null);
          if (asked?.confidence === 'confirmed') break;
          await sleep(5);
        }
        if (!took.has(resourceId)) took.set(resourceId, performance.now() - began.get(resourceId)!);
      })();
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const change = ({ type, resourceId }: StatedInstance): void => {
    began.set(resourceId, performance.now());
    void alice.update(type, resourceId, { visibility_timeout_seconds: 1 });
  };
  const [first, ...others] = found;
  await sleep(500);
  // The provider is started by the first: that is told by itself.
  change(first!);
  while (!took.has(first!.resourceId)) await sleep(20);
  const start = performance.now();
  for (const [n, instance] of others.entries()) {
    await sleep(Math.max(0, start + (n * 1_000) / PER_SECOND - performance.now()));
    change(instance);
  }
  for (const end = performance.now() + 60_000; took.size < found.length; await sleep(50))
    if (performance.now() > end) throw new Error(await whatIs(client, found.length - took.size));
  stop.abort();
  await listening;
  return found.map(({ resourceId }) => took.get(resourceId)!);
}

/** What became of those that were not confirmed. */
async function whatIs(client: Client, missed: number): Promise<string> {
  const { items } = await client.drifts.list({ limit: 500 });
  const counts = new Map<string, number>();
  for (const { confidence, note } of items) {
    const what = `${confidence}${note ? ` (${note})` : ''}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const standing = [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
  return `${missed} changes were not told as confirmed; drifts in the API: ${standing}`;
}

async function measure(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = (what: string, value: number, unit: string, target: Figure['target'] = null): void => {
    figures.push({ scenario: 'reads', what, value, unit, target });
  };
  const { said: url } = await begin([CLOUD, join(folder, 'cloud'), '--port', '0'], base, /at (http:\S+);/);
  writeFileSync(
    join(estate, 'main.tf'),
    `terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "${REGION}"
}
resource "aws_sqs_queue" "jobs" {
  count                      = ${RESOURCES}
  name                       = "queue-\${count.index}"
  visibility_timeout_seconds = 45
}
`,
  );
  runTerraform(url, 'init', '-input=false');
  runTerraform(url, 'apply', '-auto-approve', '-input=false', '-parallelism=50');
  const found = instances();
  if (found.length !== RESOURCES) throw new Error(`${found.length} of ${RESOURCES} were made`);

  process.stderr.write(`${RESOURCES} queues were made by terraform\n`);
  const { cold, few, many } = await measureReader(url, found);
  const targets = found.slice(0, FEW).map(({ address }) => `-target=${address}`);
  const planFew = await timed(() => runTerraform(url, 'plan', '-refresh-only', '-input=false', ...targets));
  const planMany = await timed(() => runTerraform(url, 'plan', '-refresh-only', '-input=false'));
  add('first read: the provider is started', cold, 'ms');
  add(`${FEW} resources re-read warm, median of ${ROUNDS}`, median(few), 'ms', { atMost: 50 });
  add('terraform plan -refresh-only of the same', planFew, 'ms');
  add('it takes so many times as long', planFew / median(few), '×');
  add(`${RESOURCES} reads at once, median of ${ROUNDS}`, median(many), 'ms', { atMost: 1_000 });
  add('terraform plan -refresh-only of the same', planMany, 'ms');
  add('it takes so many times as long', planMany / median(many), '×');

  process.stderr.write(`${table(figures)}\n`);
  const data = join(folder, 'data');
  const { said: api, pid } = await begin(
    [DRIFTMGR, 'up', '--port', '0', '--data', data],
    {
      ...base,
      DRIFTMGR_KEY: '5a'.repeat(32),
      DRIFTMGR_LOG_LEVEL: process.env.DRIFTMGR_LOG_LEVEL ?? 'error',
      DRIFTMGR_TERRAFORM_READERS: JSON.stringify([row(url)]),
      DRIFTMGR_TERRAFORM_READS_PER_SECOND: '10000',
      DRIFTMGR_TERRAFORM_SWEEP_EVERY_MS: '0',
      DRIFTMGR_AWS_CLOUDTRAIL: join(folder, 'cloud', 'trail'),
      DRIFTMGR_AWS_APPLY_IDENTITIES: 'arn:aws:iam::*:role/terraform-apply',
    },
    /Dashboard and API\s+(http:\S+)/,
  );
  const client = createClient({ url: api, key: () => readAdminKey(data)! });
  // Pushed, as Terraform's http backend does: of a state that lies in a file, DriftMgr waits for the next version (graceMs).
  const pushed = await fetch(`${api}/tfstate/prod`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`bench:${readAdminKey(data)}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: readFileSync(join(estate, 'terraform.tfstate')),
  });
  if (!pushed.ok) throw new Error(`the state was refused: ${pushed.status} ${await pushed.text()}`);
  while (((await client.workspaces.list()).items[0]?.instances ?? 0) < RESOURCES) await sleep(200);
  await sleep(5_000);
  const used = cpuSeconds([pid]);
  const [first, ...took] = await measureChanges(client, cloudClient({ url, accessKey: KEYS.alice }), found);
  add('a change until it is confirmed in the API, the first', first!, 'ms');
  add(`the same at ${PER_SECOND}/s, median of ${took.length}`, median(took), 'ms');
  add(
    'processor time of DriftMgr and its provider for each, milliseconds',
    ((cpuSeconds([pid]) - used) * 1_000) / (took.length + 1),
    'ms',
  );
  add(`p99 of the first ${WARM_UP}`, percentile(took.slice(0, WARM_UP), 0.99), 'ms');
  add(`p99 of the ${took.length - WARM_UP} after them`, percentile(took.slice(WARM_UP), 0.99), 'ms', {
    atMost: 1_000,
  });
  add('p99 of all', percentile(took, 0.99), 'ms');
  return figures;
}

const end = (): void => {
  for (const child of children) child.kill('SIGTERM');
};
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
