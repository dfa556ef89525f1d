// The pretend providers under DriftMgr's own host: found in a mirror, started, asked.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../../../schemas/index.ts';
import { findProvider } from '../plugin/find/find.ts';
import { openProvider, type Provider } from '../plugin/provider.ts';
import { schemaCache } from '../plugin/schema-cache.ts';
import { type CloudClient, cloudClient } from './cloud/client.ts';
import { KEYS } from './cloud/principals.ts';
import { type RunningCloud, startCloud } from './cloud/server.ts';
import { writeMirror } from './launchers.ts';
import { AWS, AWS_6, AZURERM, AZURERM_3, GOOGLE } from './types/index.ts';

let folder: ReturnType<typeof temporaryFolder>;
let cloud: RunningCloud;
let mirror: string;
/** With another version of a provider each. */
let newer: string;
let older: string;
const FEATURES = { features: [{}] };
const opened: Provider[] = [];
const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

beforeAll(async () => {
  folder = temporaryFolder();
  cloud = await startCloud({ directory: folder.path });
  mirror = writeMirror(join(folder.path, 'mirror'), [
    { provider: AWS, lists: true },
    { provider: AZURERM },
    { provider: GOOGLE, protocol: 6 },
  ]);
  newer = writeMirror(join(folder.path, 'newer'), [{ provider: AWS_6 }]);
  older = writeMirror(join(folder.path, 'older'), [{ provider: AZURERM_3 }]);
});
afterAll(async () => {
  await Promise.all(opened.map((provider) => provider.stop()));
  await cloud?.close();
  folder?.remove();
});

async function open(
  type: string,
  who: keyof typeof KEYS,
  { more = {}, from = mirror, readMs }: { more?: JsonObject; from?: string; readMs?: number } = {},
): Promise<Provider> {
  const { program } = await findProvider(
    { host: 'registry.terraform.io', namespace: 'hashicorp', type },
    { environment: { TF_CLI_CONFIG_FILE: from }, directory: null, own: null },
  );
  const provider = await openProvider({
    name: `pretend ${type}`,
    program,
    configuration: { endpoint: cloud.url, access_key: KEYS[who], ...more },
    cache: schemaCache(null),
    ...(readMs === undefined ? {} : { times: { readMs } }),
  });
  opened.push(provider);
  return provider;
}
const read = async (provider: Provider, type: string, attributes: JsonObject, schemaVersion = 0) =>
  provider.read(
    type,
    await provider.upgrade({
      type,
      schemaVersion,
      attributes: Buffer.from(JSON.stringify(attributes)),
      private: null,
    }),
  );

describe('under the host of DriftMgr', { timeout: 120_000 }, () => {
  it('over mutual TLS, both protocols: what the cloud holds is read, an edit is seen, what is deleted is gone', async () => {
    for (const [provider, type, given, edit] of [
      ['aws', 'aws_sqs_queue', { name: 'jobs' }, { delay_seconds: 9 }],
      ['google', 'google_storage_bucket', { name: 'logs', location: 'EU' }, { labels: { a: 'b' } }],
    ] as const) {
      const host = await open(provider, 'reader');
      expect(host.plugin.secured).toBe(true);
      expect(host.plugin.protocol).toBe(provider === 'aws' ? 5 : 6);
      const { id, attributes } = await as('terraform').create(type, given);
      expect(await read(host, type, attributes)).toMatchObject({ gone: false, attributes });
      await as('alice').update(type, id, edit);
      expect(await read(host, type, attributes)).toMatchObject({ attributes: { ...attributes, ...edit } });
      await as('alice').delete(type, id);
      expect(await read(host, type, attributes)).toMatchObject({ gone: true });
      expect(await host.stop()).toBe('asked');
    }
  });

  it('who reads, and where, can be asked: in another account or region all is gone', async () => {
    const { attributes } = await as('terraform').create('aws_vpc', { cidr_block: '10.0.0.0/16' });
    const where = async (provider: Provider): Promise<unknown[]> => [
      (await provider.readData('aws_caller_identity', {}))?.account_id,
      (await provider.readData('aws_region', {}))?.name,
      (await read(provider, 'aws_vpc', attributes)).gone,
    ];
    expect(await where(await open('aws', 'reader'))).toEqual(['123456789012', 'eu-central-1', false]);
    expect(await where(await open('aws', 'elsewhere'))).toEqual(['210987654321', 'eu-central-1', true]);
    expect(await where(await open('aws', 'reader', { more: { region: 'eu-west-1' } }))).toEqual([
      '123456789012',
      'eu-west-1',
      true,
    ]);
    await expect(open('aws', 'expired')).rejects.toThrow(/expired/);
  });

  it('a version of the provider other than the state’s: attributes it does not have come anew, renamed ones move', async () => {
    const queue = await as('terraform').create('aws_sqs_queue', { name: 'of-5' });
    const next = await open('aws', 'reader', { from: newer });
    expect(await read(next, 'aws_sqs_queue', queue.attributes)).toMatchObject({
      gone: false,
      attributes: { ...queue.attributes, region: 'eu-central-1' },
    });
    await as('bob').delete('aws_sqs_queue', queue.id);
    const account = await as('terraform').create('azurerm_storage_account', {
      name: 'shop',
      resource_group_name: 'shop',
      location: 'westeurope',
      account_tier: 'Standard',
      account_replication_type: 'LRS',
      https_traffic_only_enabled: false,
    });
    const { https_traffic_only_enabled, ...rest } = account.attributes;
    const written = { ...rest, enable_https_traffic_only: https_traffic_only_enabled! };
    const azure = await open('azurerm', 'reader', { more: FEATURES });
    expect(await read(azure, 'azurerm_storage_account', written, 3)).toMatchObject({
      attributes: account.attributes,
    });
    const before = await open('azurerm', 'reader', { more: FEATURES, from: older });
    expect(await read(before, 'azurerm_storage_account', written, 3)).toMatchObject({ attributes: written });
    await expect(read(before, 'azurerm_storage_account', account.attributes, 4)).rejects.toMatchObject({
      kind: 'too-old',
    });
  });

  it('refusals, throttling and silence of the cloud are told apart', async () => {
    const host = await open('aws', 'reader', { readMs: 5_000 });
    const { id, attributes } = await as('terraform').create('aws_sqs_queue', { name: 'refused' });
    const refusing = (one: JsonObject) =>
      as('bob').set({ refusals: [{ times: 9, operation: 'read', id, ...one }] });
    await refusing({ status: 403, code: 'AccessDenied' });
    await expect(read(host, 'aws_sqs_queue', attributes)).rejects.toMatchObject({ kind: 'denied' });
    await refusing({ status: 429 });
    await expect(read(host, 'aws_sqs_queue', attributes)).rejects.toMatchObject({ kind: 'throttled' });
    await refusing({ hangs: true });
    await expect(read(host, 'aws_sqs_queue', attributes)).rejects.toMatchObject({
      kind: 'hung',
    });
    await as('bob').set({ refusals: [] });
    expect(await read(host, 'aws_sqs_queue', attributes)).toMatchObject({ gone: false });
    await as('bob').delete('aws_sqs_queue', id);
  });

  it('lists what the account holds, and reads 3 and 500 at once', async () => {
    const host = await open('aws', 'reader');
    const queues = await Promise.all(
      Array.from({ length: 500 }, (_, n) => as('terraform').create('aws_sqs_queue', { name: `q-${n}` })),
    );
    const listed: string[] = [];
    for await (const { name, attributes } of host.list('aws_sqs_queue', {}, { attributes: true, limit: 0 })) {
      expect(attributes?.id).toBe(name);
      listed.push(name);
    }
    expect(listed.sort()).toEqual(queues.map(({ id }) => id).sort());
    const took = async (count: number): Promise<number> => {
      const began = performance.now();
      const all = await Promise.all(
        queues.slice(0, count).map(({ attributes }) => read(host, 'aws_sqs_queue', attributes)),
      );
      expect(all.every(({ gone }) => !gone)).toBe(true);
      return Math.round(performance.now() - began);
    };
    await took(50);
    process.stdout.write(
      `pretend aws provider, warm: 3 reads ${await took(3)} ms, 500 at once ${await took(500)} ms\n`,
    );
  });
});
