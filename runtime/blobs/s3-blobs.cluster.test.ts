// Runs the blob contract on the S3-compatible server that the environment names, and tests what a network adds.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { pausesIn } from '../testing/pauses.ts';
import { serverUrl } from '../testing/servers.ts';
import type { Blobs } from './blobs.ts';
import { blobsContract } from './contract.ts';
import { openS3Blobs } from './s3-blobs.ts';

const text = serverUrl('s3');
const url = new URL(text ?? 'http://none:none@127.0.0.1/none');
const credentials = {
  accessKeyId: decodeURIComponent(url.username),
  secretAccessKey: decodeURIComponent(url.password),
};
const where = { bucket: url.pathname.slice(1), endpoint: url.origin, region: 'us-east-1', credentials };
const client = new S3Client({ ...where, forcePathStyle: true });
const keys = { master: randomBytes(32) };

/** Every test has a prefix of its own in the bucket. */
const newPrefix = (): string => `test-${randomUUID()}`;

async function clear(prefix: string): Promise<void> {
  for (;;) {
    const { Contents } = await client.send(
      new ListObjectsV2Command({ Bucket: where.bucket, Prefix: `${prefix}/` }),
    );
    if (!Contents?.length) return;
    const Objects = Contents.map(({ Key }) => ({ Key: Key! }));
    await client.send(new DeleteObjectsCommand({ Bucket: where.bucket, Delete: { Objects } }));
  }
}

describe.skipIf(text === null)('blobs in S3', () => {
  const prefixes: string[] = [];
  async function open(options: { prefix?: string; keys?: typeof keys } = {}): Promise<Blobs> {
    const prefix = options.prefix ?? newPrefix();
    prefixes.push(prefix);
    return openS3Blobs({ ...where, keys, ...options, prefix });
  }
  afterAll(async () => {
    for (const prefix of new Set(prefixes)) await clear(prefix);
    client.destroy();
  });

  blobsContract('S3', async () => {
    const prefix = newPrefix();
    return {
      blobs: await open({ prefix }),
      reopen: () => open({ prefix }),
      dispose: () => clear(prefix),
    };
  });

  const stored = async (prefix: string, key: string): Promise<Buffer> => {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: where.bucket, Key: `${prefix}/${key}` }),
    );
    return Buffer.from(await Body!.transformToByteArray());
  };

  it('writes no plain text', async () => {
    const prefix = newPrefix();
    const blobs = await open({ prefix });
    await blobs.put('states/prod', Buffer.from('hunter2'.repeat(100)));
    expect((await stored(prefix, 'states+/prod=')).includes('hunter2')).toBe(false);
  });

  it('what was changed, or moved to another reference, is unreadable, and not missing', async () => {
    const prefix = newPrefix();
    const blobs = await open({ prefix });
    await blobs.put('states/a', Buffer.from('secret'));
    const sealed = await stored(prefix, 'states+/a=');
    const place = (reference: string, bytes: Buffer): Promise<unknown> =>
      client.send(
        new PutObjectCommand({
          Bucket: where.bucket,
          Key: `${prefix}/states+/${reference}=`,
          Body: bytes,
        }),
      );
    await place('b', sealed);
    const unreadable = { code: 'DM_BLOB_UNREADABLE', retriable: false };
    await expect(blobs.get('states/b')).rejects.toMatchObject(unreadable);
    sealed[sealed.length - 1]! ^= 1;
    await place('a', sealed);
    await expect(blobs.get('states/a')).rejects.toMatchObject(unreadable);
  });

  it('a process with another key is refused before it writes anything', async () => {
    const prefix = newPrefix();
    const blobs = await open({ prefix });
    await blobs.put('states/a', Buffer.from('secret'));
    await expect(open({ prefix, keys: { master: randomBytes(32) } })).rejects.toMatchObject({
      code: 'DM_CONFIG_INVALID',
      public: expect.stringContaining('DRIFTMGR_KEY'),
    });
    expect((await (await open({ prefix })).get('states/a'))!.toString()).toBe('secret');
  });

  it('processes that first use a bucket at once agree on the key, or are refused', async () => {
    const prefix = newPrefix();
    const other = { master: randomBytes(32) };
    const opened = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => open({ prefix, keys: at % 2 === 0 ? keys : other })),
    );
    const outcomes = new Set(opened.filter((_, at) => at % 2 === 0).map(({ status }) => status));
    const others = new Set(opened.filter((_, at) => at % 2 === 1).map(({ status }) => status));
    expect([...outcomes, ...others].sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('lists more than one page', async () => {
    const blobs = await open();
    const references = Array.from({ length: 1_050 }, (_, at) => `many/${String(at).padStart(4, '0')}`);
    for (let from = 0; from < references.length; from += 50)
      await Promise.all(
        references.slice(from, from + 50).map((reference) => blobs.put(reference, Buffer.from('x'))),
      );
    expect(await blobs.list('many/')).toEqual(references);
  });

  it('keeps what lies beside its prefix out of sight', async () => {
    const prefix = newPrefix();
    const blobs = await open({ prefix });
    const beside = await open({ prefix: `${prefix}x` });
    await beside.put('a', Buffer.from('x'));
    expect(await blobs.list('')).toEqual([]);
    expect(await blobs.get('a')).toBeNull();
  });

  it('a bucket that is not there is said to be so', async () => {
    await expect(openS3Blobs({ ...where, keys, bucket: 'no-such-bucket-here' })).rejects.toMatchObject({
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: expect.stringMatching(/no-such-bucket-here .*NoSuchBucket/),
    });
  });

  it('does not hold the event loop while it stores and reads 32 MB', async () => {
    const blobs = await open();
    const bytes = Buffer.alloc(32 << 20, 'state');
    let read: Buffer | null = null;
    const { longest } = await pausesIn(async () => {
      await blobs.put('states/large', bytes);
      read = await blobs.get('states/large');
    });
    expect(read!.equals(bytes)).toBe(true);
    expect(longest).toBeLessThan(25);
  });
});

describe('an S3 server that does not answer', () => {
  const asked = {
    ...where,
    keys,
    bucket: 'b',
    credentials: { accessKeyId: 'id', secretAccessKey: 'hidden' },
  };

  it('is a retriable failure that names bucket and server, and no secret', async () => {
    const failure = await openS3Blobs({ ...asked, endpoint: 'http://127.0.0.1:1' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      code: 'DM_BLOBS_UNREACHABLE',
      retriable: true,
      public: expect.stringMatching(/bucket b at 127\.0\.0\.1:1 /),
    });
    expect(`${failure} ${(failure as { public: string }).public}`).not.toContain('hidden');
  });

  it('and takes the connection but stays silent, is given up after a while', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const began = performance.now();
    await expect(
      openS3Blobs({ ...asked, endpoint: `http://127.0.0.1:${port}`, silentMs: 200 }),
    ).rejects.toMatchObject({ code: 'DM_BLOBS_UNREACHABLE', retriable: true });
    expect(performance.now() - began).toBeLessThan(5_000);
    server.close();
  });
});
