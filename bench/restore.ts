// `npm run bench:restore -- [keys]`: how long the processors of a cluster need to have their state again, after the work has
// moved to a process with an empty disk. The topics are filled with keys of 1.3 KB; one process folds them and is killed;
// another takes over, and says at /readyz how far it is. KAFKA_BROKERS, REGISTRY_URL, … say where the servers are.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openKafkaLog } from '../runtime/log/kafka-log.ts';
import type { NewRecord } from '../runtime/log/log.ts';
import { connectPostgres } from '../runtime/postgres/connect-postgres.ts';
import { openConfluentRegistry } from '../runtime/registry/confluent-registry.ts';
import { createLogger } from '../runtime/telemetry.ts';
import { declared, fingerprintOf, observed } from '../runtime/testing/events.ts';
import { createCodec, placement, recordKey, topicOf } from '../schemas/index.ts';
import { type Figure, table } from './figures.ts';
import { watchPeakPss } from './memory.ts';

const KEYS = Number(process.argv[2] ?? 1_000_000);
const PARTITIONS = Number(process.env.BENCH_PARTITIONS ?? 4);
const AT_ONCE = 2_000;
const DRIFTMGR = fileURLToPath(new URL('../compose/driftmgr.ts', import.meta.url));
const PADDING = 'x'.repeat(900);

const id = `restore_${randomUUID().slice(0, 8)}`;
const prefix = `${id.replace('_', '-')}.`;
const logger = createLogger({ level: 'error' });
const given = (name: string): string => {
  const value = process.env[name];
  if (!value)
    throw new Error(
      `${name} is not set: bring a cluster up (npm run cluster -- up) and take its environment`,
    );
  return value;
};
const inDatabase = (url: string): string => Object.assign(new URL(url), { pathname: `/${id}` }).href;
const environment = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  DRIFTMGR_KEY: '5a'.repeat(32),
  DRIFTMGR_LOG_LEVEL: process.env.DRIFTMGR_LOG_LEVEL ?? 'warn',
  DRIFTMGR_PARTITIONS: String(PARTITIONS),
  DRIFTMGR_KAFKA_BROKERS: given('KAFKA_BROKERS'),
  DRIFTMGR_KAFKA_REPLICATION: '1',
  DRIFTMGR_KAFKA_PREFIX: prefix,
  DRIFTMGR_REGISTRY_URL: given('REGISTRY_URL'),
  DRIFTMGR_POSTGRES_URL: inDatabase(given('POSTGRES_URL')),
  DRIFTMGR_CLICKHOUSE_URL: inDatabase(given('CLICKHOUSE_URL')),
  DRIFTMGR_REDIS_URL: given('REDIS_URL'),
};
const folder = mkdtempSync(join(tmpdir(), 'driftmgr-restore-'));
const children: ChildProcess[] = [];

interface Started {
  child: ChildProcess;
  url: string;
}

async function startProcessors(name: string): Promise<Started> {
  const child = spawn(
    process.execPath,
    [DRIFTMGR, 'run', 'processors', '--port', '0', '--data', join(folder, name)],
    { env: environment, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  for (;;) {
    const url = /at (http:\S+)/.exec(out)?.[1];
    if (url !== undefined) return { child, url };
    if (child.exitCode !== null) throw new Error(`the processors ended with ${child.exitCode}`);
    await sleep(20);
  }
}

async function readiness(url: string): Promise<{ ready: boolean; reasons: string[] }> {
  const response = await fetch(`${url}/readyz`);
  return (await response.json()) as { ready: boolean; reasons: string[] };
}

/** Records that are not processed, over the partitions it holds. */
async function lagOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lags = [...text.matchAll(/^driftmgr_lag_records\{[^}]*"drift"[^}]*\} (\S+)/gm)];
  return lags.length < PARTITIONS
    ? Number.POSITIVE_INFINITY
    : lags.reduce((sum, [, lag]) => sum + Number(lag), 0);
}

async function fill(): Promise<void> {
  const registry = await openConfluentRegistry({ url: given('REGISTRY_URL'), logger, subjectPrefix: prefix });
  const codec = createCodec(registry);
  const log = await openKafkaLog({
    access: {
      brokers: given('KAFKA_BROKERS').split(','),
      clientId: 'restore',
      tls: false,
      credentials: null,
    },
    partitions: PARTITIONS,
    replication: 1,
    logger,
    prefix,
  });
  const time = Date.now() - 3_600_000;
  // Half of the keys are declarations, half what was observed of the same objects.
  for (let from = 0; from < KEYS / 2; from += AT_ONCE) {
    const records: NewRecord[] = [];
    for (let n = from; n < Math.min(KEYS / 2, from + AT_ONCE); n++) {
      const fields = { objectKey: `default/aws/-/-/s3-bucket/b${n}`, time };
      const attributes = JSON.stringify({ bucket: `b${n}`, force_destroy: false, tags: { note: PADDING } });
      const place = { type: 'aws_s3_bucket', resourceId: `b${n}`, attributes };
      for (const event of [
        declared({ ...place, workspace: `w${n % 100}`, address: `aws_s3_bucket.b[${n}]` }, fields),
        observed(place, { ...fields, time: time + 1_000, source: 'bench' }),
      ]) {
        const [key, value] = [recordKey(event), Buffer.from(codec.encode(event, fingerprintOf(event)))];
        for (const partition of placement(event, PARTITIONS))
          records.push({ topic: topicOf(event.type), partition, key, value });
      }
    }
    await log.append(records);
  }
  await log.close();
}

async function measure(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = (what: string, value: number, unit: string): void => {
    figures.push({ scenario: 'restore', what, value, unit, target: null });
  };
  const postgres = await connectPostgres({ url: given('POSTGRES_URL'), logger });
  await postgres.query(`CREATE DATABASE ${id}`);
  try {
    let began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1_000;
    await fill();
    add(`${KEYS} keys were written in`, seconds(), 's');

    began = performance.now();
    const first = await startProcessors('first');
    while (!((await readiness(first.url)).ready && (await lagOf(first.url)) === 0)) await sleep(100);
    add('one process processed them in', seconds(), 's');
    // What it has stored of its state is its own: the other begins with an empty disk.
    await sleep(1_000);
    first.child.kill('SIGKILL');

    began = performance.now();
    const second = await startProcessors('second');
    const peak = watchPeakPss([second.child.pid!], 500);
    let holds: number | null = null;
    let shown = '';
    for (;;) {
      const { ready, reasons } = await readiness(second.url);
      const restoring = reasons.find((reason) => / is restoring: /.test(reason));
      if (restoring !== undefined && holds === null) holds = seconds();
      const percent = /(\d+) %/.exec(restoring ?? '')?.[1] ?? '';
      if (restoring !== undefined && percent !== shown) {
        process.stderr.write(`${seconds().toFixed(1)} s  /readyz: ${restoring}\n`);
        shown = percent;
      }
      if (ready) break;
      await sleep(50);
    }
    const restored = seconds();
    // Nothing was seen of it where it took no longer than a look at /readyz.
    if (holds !== null) add('another restored its partitions from', holds, 's');
    add('and had the state again after', restored, 's');
    if (holds !== null) add('keys restored a second', KEYS / (restored - holds), '/s');
    add('peak PSS while it restored', peak.stop() / 1024 ** 2, 'MB');
    second.child.kill('SIGKILL');
    return figures;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await sleep(200);
    await postgres.query(`DROP DATABASE IF EXISTS ${id} WITH (FORCE)`);
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.once('SIGTERM', () => {
  for (const child of children) child.kill('SIGKILL');
  process.exit(1);
});
const figures = await measure();
process.stdout.write(`${table(figures)}\n${JSON.stringify(figures)}\n`);
process.exit(0);
