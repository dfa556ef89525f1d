// One resource, read: what is found is observed, what a verified caller does not find is gone, and everything that goes
// wrong is a failure that says what and why, never "gone". Real processes: the pretend providers and the pretend plugin.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../runtime/cache/memory-cache.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/telemetry.ts';
import { temporaryFolder } from '../../../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../../../schemas/index.ts';
import { TARGET } from '../plugin/find/find.ts';
import { type PretendOptions, pretend } from '../plugin/testing/pretend-options.ts';
import { type CloudClient, cloudClient } from '../pretend/cloud/client.ts';
import { ACCOUNT, KEYS, OTHER_ACCOUNT } from '../pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../pretend/cloud/server.ts';
import { writeMirror } from '../pretend/launchers.ts';
import type { StatedInstance } from '../stated/index.ts';
import type { ReaderRow } from './bindings.ts';
import {
  createReader,
  type Reader,
  type ReaderOptions,
  type ReadOutcome,
  type ReadTarget,
} from './reader.ts';

const TOKEN = 'tok-77b1e0-very-secret';
const never = new AbortController().signal;
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

let folder: ReturnType<typeof temporaryFolder>;
let cloud: RunningCloud;
let mirror: string;
const logged: string[] = [];
const opened: Reader[] = [];
const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

beforeAll(async () => {
  folder = temporaryFolder();
  cloud = await startCloud({ directory: folder.path });
  mirror = writeMirror(join(folder.path, 'mirror'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((reader) => reader.close()));
});
afterAll(async () => {
  await cloud?.close();
  folder?.remove();
});

function readerWith(rows: Partial<ReaderRow>[], more: Partial<ReaderOptions> = {}): Reader {
  const reader = createReader({
    readers: rows.map((row) => ({
      workspace: '*',
      provider: 'aws',
      environment: {},
      configuration: {},
      allow: [],
      ...row,
    })),
    readsPerSecond: 10_000,
    environment: { TF_CLI_CONFIG_FILE: mirror, READER_KEY: KEYS.reader },
    directory: null,
    cache: createMemoryCache({ clock: systemClock }),
    clock: systemClock,
    logger: createLogger({ level: 'trace', destination: { write: (line) => void logged.push(line) } }),
    ...more,
  });
  opened.push(reader);
  return reader;
}
/** A reader of the pretend cloud, as one of its principals. */
const onCloud = (
  who: keyof typeof KEYS,
  row: Partial<ReaderRow> = {},
  configuration: JsonObject = {},
): Reader =>
  readerWith([
    {
      account: ACCOUNT,
      region: 'eu-central-1',
      environment: { PRETEND_CLOUD_KEY: KEYS[who] },
      configuration: { endpoint: cloud.url, ...configuration },
      ...row,
    },
  ]);
const stated = (
  type: string,
  attributes: JsonObject,
  more: Partial<StatedInstance> = {},
): StatedInstance => ({
  address: `${type}.one`,
  type,
  resourceId: String(attributes.id),
  providerAddress: 'provider["registry.terraform.io/hashicorp/aws"]',
  schemaVersion: 0,
  attributes: Buffer.from(JSON.stringify(attributes)),
  private: null,
  ...more,
});
const target = (instance: StatedInstance, more: Partial<ReadTarget> = {}): ReadTarget => ({
  workspace: 'prod',
  address: instance.address,
  provider: 'aws',
  account: null,
  region: null,
  type: instance.type,
  resourceId: instance.resourceId,
  state: 'states/x',
  ...more,
});
const read = (
  reader: Reader,
  instance: StatedInstance,
  more: Partial<ReadTarget> = {},
): Promise<ReadOutcome> => reader.read(target(instance, more), instance, 'change', never);
const queue = async (name: string): Promise<StatedInstance> =>
  stated('aws_sqs_queue', (await as('terraform').create('aws_sqs_queue', { name })).attributes);
const reasonOf = (outcome: ReadOutcome): string =>
  outcome.kind === 'failed' ? outcome.reason : outcome.kind;

describe('through a provider that works', { timeout: 120_000 }, () => {
  it('what the cloud holds now is observed, with what the schema says of the type', async () => {
    const reader = onCloud('reader', { environment: { PRETEND_CLOUD_KEY: '$READER_KEY' } });
    const instance = await queue('observed');
    const before = Date.now();
    await as('alice').update('aws_sqs_queue', instance.resourceId, { delay_seconds: 7 });
    const outcome = await read(reader, instance);
    expect(outcome).toMatchObject({
      kind: 'observed',
      attributes: { name: 'observed', delay_seconds: 7 },
      described: {
        provider: 'registry.terraform.io/hashicorp/aws',
        version: '5.100.0',
        type: 'aws_sqs_queue',
        schemaVersion: 0,
      },
    });
    expect(outcome.began).toBeGreaterThanOrEqual(before);
    const facts = JSON.parse((outcome as { described: { facts: string } }).described.facts);
    expect(facts).toMatchObject({
      computed: expect.arrayContaining(['arn']),
      maps: expect.arrayContaining(['tags']),
    });
  });

  it('what a verified caller does not find is gone', async () => {
    const instance = await queue('deleted');
    await as('alice').delete('aws_sqs_queue', instance.resourceId);
    expect(await read(onCloud('reader'), instance)).toMatchObject({ kind: 'gone' });
  });

  it('a killed process in mid-read: the read fails as crashed, it is never gone, and the next one is answered', async () => {
    const reader = onCloud('reader');
    const registry = new Registry();
    reader.measure(registry);
    const instance = await queue('killed');
    await read(reader, instance);
    await as('bob').set({ delayMs: 1_500 });
    try {
      const reading = read(reader, instance);
      await expect.poll(() => reader.pool()?.running[0]?.calls, { timeout: 5_000 }).toBe(1);
      await systemClock.sleep(300);
      process.kill(reader.pool()!.running[0]!.pid!, 'SIGKILL');
      const outcome = await reading;
      expect(outcome).toMatchObject({ kind: 'failed', code: 'crashed', again: true });
    } finally {
      await as('bob').set({ delayMs: 0 });
    }
    expect(await read(reader, instance)).toMatchObject({ kind: 'observed' });
    expect(await registry.metrics()).toMatch(/driftmgr_reads_total\{outcome="crashed",priority="change"\} 1/);
  });

  it('a cloud that is asked too often is left alone for a while, and then asked again', async () => {
    const reader = onCloud('reader');
    const instance = await queue('throttled');
    await read(reader, instance);
    // The provider tries five times by itself, as an SDK does.
    await as('bob').set({ refusals: [{ times: 5, status: 429, code: 'Throttling', operation: 'read' }] });
    const began = performance.now();
    expect(await read(reader, instance)).toMatchObject({ kind: 'observed' });
    expect(performance.now() - began).toBeGreaterThan(800);
  });

  it('no more than so many reads of one account in a second', async () => {
    const reader = readerWith([
      {
        account: ACCOUNT,
        environment: { PRETEND_CLOUD_KEY: KEYS.reader },
        configuration: { endpoint: cloud.url, region: 'eu-central-1' },
        readsPerSecond: 5,
      },
    ]);
    const instance = await queue('counted');
    await read(reader, instance);
    await systemClock.sleep(1_000);
    const began = performance.now();
    await Promise.all(Array.from({ length: 11 }, () => read(reader, instance)));
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });
});

describe('who reads is not who should', { timeout: 120_000 }, () => {
  it.each([
    ['the reader says another account', 'elsewhere', {}, {}],
    ['the resource is in another account', 'elsewhere', { account: undefined }, { account: ACCOUNT }],
  ] as const)('%s: wrong-account, whether it is found or not', async (_, who, row, more) => {
    const reader = onCloud(who, row as Partial<ReaderRow>);
    const outcome = await read(reader, await queue(`account-${who}-${JSON.stringify(more).length}`), more);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'wrong-account', again: false });
    expect(reasonOf(outcome)).toContain(OTHER_ACCOUNT);
    expect(reasonOf(outcome)).toContain(ACCOUNT);
  });

  it('another region: wrong-region', async () => {
    const { attributes } = await as('terraform').create('aws_vpc', { cidr_block: '10.9.0.0/16' });
    const reader = onCloud('reader', { region: undefined } as never, { region: 'eu-west-1' });
    const outcome = await read(reader, stated('aws_vpc', attributes), { region: 'eu-central-1' });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'wrong-region' });
    expect(reasonOf(outcome)).toMatch(/eu-west-1.*eu-central-1/);
  });

  it('expired credentials: denied, with what to do, and no key in the reason', async () => {
    const outcome = await read(onCloud('expired'), await queue('expired'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'denied' });
    expect(reasonOf(outcome)).toMatch(/check the credentials of the binding/);
    expect(reasonOf(outcome)).not.toContain(KEYS.expired);
  });

  it('nobody says whose account it should be: what is not found is unknown, what is found is observed', async () => {
    const reader = onCloud('reader', { account: undefined } as never);
    const instance = await queue('whose');
    expect(await read(reader, instance)).toMatchObject({ kind: 'observed' });
    await as('alice').delete('aws_sqs_queue', instance.resourceId);
    const outcome = await read(reader, instance);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'unverified-caller' });
    expect(reasonOf(outcome)).toMatch(/proves nothing.*give the reader its account/);
  });
});

describe('what is not configured, or not there', { timeout: 120_000 }, () => {
  it('no reader: nothing is started', async () => {
    const instance = await queue('none');
    const reader = onCloud('reader', { workspace: 'staging-*' });
    const outcome = await read(reader, instance, { account: ACCOUNT });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'no-reader' });
    expect(reasonOf(outcome)).toMatch(
      /hashicorp\/aws.*in 123456789012 of the workspace prod: add one to terraform.readers/,
    );
  });

  it('an alias is served by its own reader alone', async () => {
    const instance = {
      ...(await queue('alias')),
      providerAddress: 'provider["registry.terraform.io/hashicorp/aws"].west',
    };
    expect(await read(onCloud('reader'), instance)).toMatchObject({ code: 'no-reader' });
    expect(await read(onCloud('reader', { alias: 'west' }), instance)).toMatchObject({ kind: 'observed' });
    expect(await read(onCloud('reader', { alias: '*' }), instance)).toMatchObject({ kind: 'observed' });
  });

  it('a provider that is not on this machine: not-found-provider, with how to get it', async () => {
    const reader = readerWith([{ provider: 'hashicorp/random', configuration: {} }]);
    const instance = stated(
      'random_id',
      { id: 'x' },
      { providerAddress: 'provider["registry.terraform.io/hashicorp/random"]' },
    );
    const outcome = await read(reader, instance);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'not-found-provider' });
    expect(reasonOf(outcome)).toMatch(/terraform init/);
  });

  it('a variable that is not set: not-configurable, with its name', async () => {
    const reader = onCloud('reader', { environment: { PRETEND_CLOUD_KEY: '$NOT_SET_ANYWHERE' } });
    const outcome = await read(reader, await queue('unset'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'not-configurable' });
    expect(reasonOf(outcome)).toMatch(/NOT_SET_ANYWHERE.*not set/);
  });

  it('a type whose read returns a secret is read only where it is allowed', async () => {
    const instance = stated('aws_ssm_parameter', { id: '/db' });
    expect(await read(onCloud('reader'), instance)).toMatchObject({ code: 'reads-a-secret' });
    // The pretend provider has no such type: it was asked.
    expect(await read(onCloud('reader', { allow: ['aws_ssm_parameter'] }), instance)).toMatchObject({
      code: 'unsupported',
    });
  });

  it('a provider that other resources configure: not-configurable', async () => {
    const reader = readerWith([{ provider: 'kubernetes' }]);
    const instance = stated(
      'kubernetes_namespace',
      { id: 'x' },
      { providerAddress: 'provider["registry.terraform.io/hashicorp/kubernetes"]' },
    );
    expect(await read(reader, instance)).toMatchObject({ kind: 'failed', code: 'not-configurable' });
  });
});

describe('a provider that misbehaves', { timeout: 120_000 }, () => {
  let number = 0;
  /** The pretend plugin as a provider of this name, found in a mirror of its own. */
  function plugin(options: Partial<PretendOptions>, more: Partial<ReaderOptions> = {}): Reader {
    const at = join(folder.path, `plugin-${++number}`);
    const program = join(
      at,
      `registry.terraform.io/test/pretend/1.0.0/${TARGET}/terraform-provider-pretend_v1.0.0`,
    );
    mkdirSync(dirname(program), { recursive: true });
    const run = pretend(options);
    writeFileSync(program, `#!/bin/sh\nexec ${[run.program, ...run.args].map(quoted).join(' ')}\n`);
    chmodSync(program, 0o755);
    const rc = join(at, 'rc');
    writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${at}"\n  }\n}\n`);
    return readerWith(
      [
        {
          provider: 'test/pretend',
          environment: { PRETEND_TOKEN: '$PLUGIN_TOKEN' },
          configuration: { token: '$PLUGIN_TOKEN', region: 'r1' },
        },
      ],
      {
        environment: { TF_CLI_CONFIG_FILE: rc, PLUGIN_TOKEN: TOKEN },
        times: { startMs: 8_000, readMs: 700, schemaMs: 8_000 },
        ...more,
      },
    );
  }
  const thing = (id: string, schemaVersion = 1): StatedInstance =>
    stated(
      'pretend_thing',
      { id, size: 9 },
      { providerAddress: 'provider["registry.terraform.io/test/pretend"]', schemaVersion },
    );

  it.each([
    ['prints garbage', { mode: 'garbage' }, 'a', 'not-a-plugin', 1],
    ['prints without end', { mode: 'endless' }, 'a', 'hung', 1],
    ['ends at once', { mode: 'ends' }, 'a', 'not-a-plugin', 1],
    ['speaks another protocol', { mode: 'old-protocol' }, 'a', 'protocol', 1],
    ['has a broken schema', { schemaError: true }, 'a', 'refused', 1],
    ['has an older schema than the state', { schemaVersion: 1 }, 'a', 'too-old', 3],
    ['does not answer a read', {}, 'hang', 'hung', 1],
    ['hangs in an endless loop', {}, 'stuck', 'hung', 1],
    ['crashes on a read', {}, 'crash', 'crashed', 1],
    ['is denied', {}, 'denied', 'denied', 1],
    ['answers what is no value', {}, 'not-a-value', 'unreadable-answer', 1],
    ['cannot say whose account it reads', {}, 'nowhere', 'unverified-caller', 1],
  ] as const)(
    'one that %s: a failure that says so, never gone, and no secret in it',
    async (_, options, id, code, version) => {
      const reader = plugin({ things: { a: 1 }, ...options });
      const outcome = await read(reader, thing(id, version));
      expect(outcome).toMatchObject({ kind: 'failed', code });
      expect(reasonOf(outcome).length).toBeGreaterThan(40);
      expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    },
  );

  it('one that never says that it started: hung', async () => {
    const outcome = await read(plugin({ mode: 'silent' }, { times: { startMs: 500 } }), thing('a'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'hung', again: true });
  });

  it('one resource that crashes it does not keep others from being read', async () => {
    const reader = plugin({ things: { a: 1, b: 2 }, readMs: 100 });
    const outcomes = await Promise.all(['a', 'crash', 'b'].map((id) => read(reader, thing(id))));
    expect(outcomes.map((one) => (one.kind === 'failed' ? one.code : one.kind))).toEqual([
      'observed',
      'crashed',
      'observed',
    ]);
  });

  it('a read that is given up is no outcome', async () => {
    const reader = plugin({ things: { a: 1 } });
    const stop = new AbortController();
    const instance = thing('hang');
    const reading = reader.read(target(instance), instance, 'change', stop.signal);
    setTimeout(() => stop.abort(), 300);
    await expect(reading).rejects.toThrow();
  });

  it('nothing of all this was logged with a secret', () => {
    expect(logged.length).toBeGreaterThan(0);
    for (const line of logged) expect(line).not.toContain(TOKEN);
    for (const line of logged) for (const key of Object.values(KEYS)) expect(line).not.toContain(key);
  });
});
