// docs/consumers.md is true: the commands and programs of the page, as they stand there, read what the system wrote, with
// nothing of ours.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../../api/types.ts';
import { createTerraformClient } from '../../compose/demo/terraform-client.ts';
import { cacheFolder } from '../../compose/native/downloads.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { partitionOf } from '../../schemas/index.ts';
import { until } from '../testing/running.ts';
import { type Declared, stateOf } from '../testing/states.ts';
import { CALLERS, deliveredAs, recordOf, writeTrail } from '../testing/trail.ts';
import { blocksOf } from './external-page.ts';
import { allServers, type ClusterSystem, type Ground, newGround, startOnServers } from './external-system.ts';

const servers = allServers();
const root = fileURLToPath(new URL('../..', import.meta.url));
const arnOf = (name: string): string => `arn:aws:sns:eu-central-1:123456789012:${name}`;
const topic = (name: string): Declared => ({
  type: 'aws_sns_topic',
  attributes: { id: arnOf(name), arn: arnOf(name), name },
});
const keyOf = (name: string): string => `default/aws/123456789012/eu-central-1/sns-topic/${name}`;
const blocks = blocksOf();
const textOf = (program: string, language: string): string[] =>
  blocks.filter((each) => each.program === program && each.language === language).map(({ text }) => text);

describe.skipIf(servers === null)('with nothing of ours', () => {
  const folder = temporaryFolder();
  const children: ChildProcess[] = [];
  let ground: Ground;
  let system: ClusterSystem;
  let drifts: DriftJson[];

  const environment = () => ({
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    KAFKA_BROKERS: ground.servers.kafka,
    REGISTRY_URL: ground.servers.registry,
    PREFIX: ground.prefix,
    GROUP: `${ground.prefix}reader`,
  });

  /** What a program prints, line by line, while it runs. */
  function lines(program: string, args: string[], cwd: string, more: Record<string, string> = {}) {
    const child = spawn(program, args, { cwd, env: { ...environment(), ...more } });
    children.push(child);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const said = (): string[] => out.split('\n').slice(0, -1);
    return {
      ended,
      said,
      stop: () => child.kill('SIGTERM'),
      /** Until it has printed so many lines. */
      async count(wanted: number): Promise<string[]> {
        let over = false;
        void ended.then(() => {
          over = true;
        });
        return until(
          `${wanted} lines of ${args.join(' ')}; it said: ${err.slice(-1_000)}`,
          async () => {
            if (said().length >= wanted) return said();
            if (over) throw new Error(`it ended after ${said().length} lines: ${err.slice(-2_000)}`);
            return null;
          },
          60_000,
        );
      },
    };
  }

  beforeAll(async () => {
    const trail = join(folder.path, 'trail');
    mkdirSync(trail);
    ground = await newGround(servers!, 'consumers');
    system = await startOnServers(ground, {
      'aws.cloudtrail': [trail],
      'aws.pollMs': 200,
      'detector.graceMs': 0,
    });
    const terraform = createTerraformClient({ url: system.url, key: system.key, who: 'me' });
    const names = ['orders', 'invoices', 'returns'];
    await terraform.apply('shop', stateOf(names.map(topic)));
    await until(
      'the resources',
      async () => (await system.client.resources.list({ workspace: 'shop' })).items.length === names.length,
    );
    await writeTrail(trail, {
      [deliveredAs(1)]: names.map((name, n) =>
        recordOf({
          id: `call-${name}`,
          at: n,
          source: 'sns',
          name: 'SetTopicAttributes',
          req: { topicArn: arnOf(name), attributeName: 'Policy' },
          by: CALLERS.alice,
        }),
      ),
    });
    const opened = await until('three drifts', async () => {
      const { items } = await system.client.drifts.list();
      return items.length === names.length && items;
    });
    const answered = opened.find(({ objectKey }) => objectKey === keyOf('orders'))!;
    await system.client.drifts.acknowledge(answered.id, { reason: 'we look at it' });
    // What is no longer declared has no drift any more.
    await terraform.apply('shop', stateOf([topic('orders'), topic('invoices')], undefined, 5));
    drifts = await until('one to be resolved', async () => {
      const { items } = await system.client.drifts.list({
        status: ['open', 'acknowledged', 'accepted', 'resolved'],
      });
      return items.some(({ status }) => status === 'resolved') && items;
    });
    await system.settled();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await system?.stop();
    await ground?.clear();
    folder.remove();
  });

  it('the system has made what there is to read', () => {
    expect(drifts.map(({ status }) => status).sort()).toEqual(['acknowledged', 'open', 'resolved']);
  });

  it('Kafka’s console consumer shows each event of driftmgr.drifts, with its headers', async () => {
    const script = textOf('console', 'sh').join('\n');
    expect(script).toContain('--isolation-level read_committed');
    const consumer = lines('bash', ['-euc', script], root);
    await consumer.ended;
    // Java's logging may print a line or two beside them.
    const printed = consumer.said().filter((line) => line.includes('\t'));
    const records = printed.map((line) => {
      const [headers = '', key] = line.split('\t');
      return {
        key,
        ...Object.fromEntries(headers.split(',').map((each) => each.split(/:(.*)/s).slice(0, 2))),
      };
    });
    const steps = records.map((each) => `${each.ce_type} ${each.key}`).sort();
    expect(steps).toEqual(
      [
        ...['orders', 'invoices', 'returns'].map((name) => `drift.opened ${keyOf(name)}`),
        `drift.acknowledged ${keyOf('orders')}`,
        `drift.resolved ${keyOf('returns')}`,
      ].sort(),
    );
    for (const each of records)
      expect(each).toMatchObject({
        ce_specversion: '1.0',
        ce_source: 'drift',
        ce_subject: each.key,
        ce_time: expect.stringMatching(/^\d{4}-.*Z$/),
      });
    expect(new Set(records.map(({ ce_id }: Record<string, unknown>) => ce_id)).size).toBe(records.length);
  });

  it('a program in Node reads driftmgr.open-drifts through the registry, and is told what is forgotten', async () => {
    const [script] = blocks.filter(({ file }) => file === 'open-drifts.mjs');
    // The page says to install two packages: this repository has both.
    expect(textOf('node', 'sh').join()).toContain('kafkajs @kafkajs/confluent-schema-registry');
    const place = join(folder.path, 'node');
    mkdirSync(place);
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    writeFileSync(join(place, script!.file!), script!.text);
    const consumer = lines(process.execPath, [script!.file!], place);
    const newest = async (wanted: (table: Map<string, Record<string, unknown>>) => boolean) =>
      until('the table', async () => {
        const table = new Map<string, Record<string, unknown>>();
        for (const line of await consumer.count(1)) {
          const { org, id, ...rest } = JSON.parse(line) as Record<string, unknown>;
          expect(org).toBe('default');
          if (rest.forgotten) table.delete(String(id));
          else table.set(String(id), rest);
        }
        return wanted(table) && table;
      });
    const isAll = (table: ReadonlyMap<string, Record<string, unknown>>): boolean =>
      drifts.every(({ id, revision }) => table.get(id)?.revision === revision);
    const table = await newest(isAll);
    for (const { id, status, confidence, kind, severity, workspace, address } of drifts)
      expect(table.get(id)).toMatchObject({ status, confidence, kind, severity, workspace, address });
    expect(table.size).toBe(drifts.length);

    // Written by the detector when a drift has been resolved for 30 days; here for it, since no one waits so long.
    const gone = drifts.find(({ status }) => status === 'resolved')!;
    const { log } = system.running.adapters;
    await log.append([
      {
        topic: 'driftmgr.open-drifts',
        partition: partitionOf(gone.objectKey, log.partitions),
        key: `default\u001f${gone.id}`,
        value: null,
      },
    ]);
    await newest((now) => !now.has(gone.id) && now.size === drifts.length - 1);
    consumer.stop();
    expect(await consumer.ended).toBe(0);
  });

  it('a program in Python reads driftmgr.drifts, each event once however often it is started', async () => {
    const [script] = blocks.filter(({ file }) => file === 'drifts.py');
    const place = join(folder.path, 'python');
    mkdirSync(place);
    writeFileSync(join(place, script!.file!), script!.text);
    await pythonOf(textOf('python', 'sh').join('\n'), place);
    const python = join(place, 'venv', 'bin', 'python');
    const first = lines(python, ['-u', script!.file!], place);
    const printed = (await first.count(3)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(printed.map(({ id, address }) => `${id} ${address}`).sort()).toEqual(
      drifts.map(({ id, address }) => `${id} ${address}`).sort(),
    );
    first.stop();
    expect(await first.ended).toBe(0);

    // Started again it goes on, and does nothing twice: only what is new is said.
    const again = lines(python, ['-u', script!.file!], place);
    const terraform = createTerraformClient({ url: system.url, key: system.key, who: 'me' });
    await terraform.apply('other', stateOf([topic('refunds')]));
    await until(
      'it',
      async () => (await system.client.resources.list({ workspace: 'other' })).items.length === 1,
    );
    await writeTrail(join(folder.path, 'trail'), {
      [deliveredAs(2)]: [
        recordOf({
          id: 'call-refunds',
          at: 60,
          source: 'sns',
          name: 'SetTopicAttributes',
          req: { topicArn: arnOf('refunds'), attributeName: 'Policy' },
          by: CALLERS.bob,
        }),
      ],
    });
    const [line] = await again.count(1);
    expect(JSON.parse(line!)).toMatchObject({ type: 'drift.opened', address: 'aws_sns_topic.r0' });
    again.stop();
    await again.ended;
    expect(again.said()).toHaveLength(1);
  });

  /** What the page says to type, done once and kept. */
  async function pythonOf(script: string, place: string): Promise<void> {
    const kept = join(
      cacheFolder(),
      `consumers-${createHash('sha256').update(script).digest('hex').slice(0, 12)}`,
    );
    if (!existsSync(kept)) {
      const made = `${kept}.${process.pid}.new`;
      mkdirSync(made, { recursive: true });
      const typed = lines('bash', ['-euc', script], made);
      expect(await typed.ended, typed.said().join('\n')).toBe(0);
      if (existsSync(kept)) rmSync(made, { recursive: true });
      else renameSync(made, kept);
    }
    symlinkSync(join(kept, 'venv'), join(place, 'venv'));
  }
});
