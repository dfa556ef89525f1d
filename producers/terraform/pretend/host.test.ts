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
import { AWS, GOOGLE } from './types/index.ts';

let folder: ReturnType<typeof temporaryFolder>;
let cloud: RunningCloud;
let mirror: string;
const opened: Provider[] = [];
const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

beforeAll(async () => {
  folder = temporaryFolder();
  cloud = await startCloud({ directory: folder.path });
  mirror = writeMirror(join(folder.path, 'mirror'), [
    { provider: AWS, lists: true },
    { provider: GOOGLE, protocol: 6 },
  ]);
});
afterAll(async () => {
  await Promise.all(opened.map((provider) => provider.stop()));
  await cloud?.close();
  folder?.remove();
});

async function open(type: string, who: keyof typeof KEYS, more: JsonObject = {}): Promise<Provider> {
  const { program } = await findProvider(
    { host: 'registry.terraform.io', namespace: 'hashicorp', type },
    { environment: { TF_CLI_CONFIG_FILE: mirror }, directory: null, own: null },
  );
  const provider = await openProvider({
    name: `pretend ${type}`,
    program,
    configuration: { endpoint: cloud.url, access_key: KEYS[who], ...more },
    cache: schemaCache(null),
  });
  opened.push(provider);
  return provider;
}
const read = async (provider: Provider, type: string, attributes: JsonObject) =>
  provider.read(
    type,
    await provider.upgrade({
      type,
      schemaVersion: 0,
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
    expect(await where(await open('aws', 'reader', { region: 'eu-west-1' }))).toEqual([
      '123456789012',
      'eu-west-1',
      true,
    ]);
    await expect(open('aws', 'expired')).rejects.toThrow(/expired/);
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
