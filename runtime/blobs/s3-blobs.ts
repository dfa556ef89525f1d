// Blobs as encrypted objects in a bucket of S3, or of a server that speaks like it. S3 answers a put when it is durable.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { DriftError } from '../errors.ts';
import type { Blobs } from './blobs.ts';
import { SEAL_BYTES, seal, unseal } from './envelope.ts';
import type { Keys } from './keys.ts';
import { placeOf, placesBefore, referenceOf } from './place.ts';
import { s3Error } from './s3-error.ts';

export interface S3Options {
  bucket: string;
  /** An S3-compatible server; it is asked by path (`endpoint/bucket/key`). Without one, AWS. */
  endpoint?: string;
  region: string;
  /** Without them, what the SDK finds by itself: environment, profile, role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  keys: Pick<Keys, 'master'>;
  /** All objects lie below it; for a bucket that others use too. */
  prefix?: string;
  /** How long a server may be silent before the attempt counts as failed, milliseconds. */
  silentMs?: number;
}

const CONNECT_MS = 3_000;
const SILENT_MS = 10_000;
const ATTEMPTS = 3;
/** Sealed with the master key when a bucket is first used; not the place of any reference. */
const KEY_MARK = '~key';

/**
 * Looks whether the bucket can be used. DM_CONFIG_INVALID when it does not exist, refuses the credentials, or was written
 * with another key; DM_BLOBS_UNREACHABLE (retriable) when it does not answer.
 */
export async function openS3Blobs(options: S3Options): Promise<Blobs> {
  const { bucket, keys } = options;
  const client = new S3Client({
    region: options.region,
    maxAttempts: ATTEMPTS,
    // Our own signature covers the content, and the seal notices changes; not all servers know the SDK's checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: options.silentMs ?? SILENT_MS,
    },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  const place = `bucket ${bucket}${options.endpoint === undefined ? '' : ` at ${new URL(options.endpoint).host}`}`;
  const below = options.prefix === undefined ? '' : `${options.prefix.replace(/\/+$/, '')}/`;

  let inUse = false;

  /** What `work` gives; its failures as ours. */
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw s3Error(error, place, inUse);
    }
  }

  const read = (key: string): Promise<Buffer | null> =>
    asked(async () => {
      try {
        const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await received(Body as Readable, ContentLength!);
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    });

  /** Digest and copy are made piece by piece with the seal: at once, those of a large state would hold the event loop. */
  async function write(key: string, reference: string, bytes: Buffer, more = {}): Promise<void> {
    const sealed = Buffer.allocUnsafeSlow(bytes.length + SEAL_BYTES);
    const digest = createHash('sha256');
    let at = 0;
    for await (const piece of seal(keys.master, reference, bytes)) {
      at += piece.copy(sealed, at);
      digest.update(piece);
    }
    const sha256 = digest.digest('hex');
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: sealed, ...more });
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
        return next(args);
      },
      { step: 'build', name: 'digestOfContent' },
    );
    await asked(() => client.send(command));
  }

  /** A process with another key than the others would write what they cannot read, and the other way round. */
  async function checkKey(): Promise<void> {
    const key = below + KEY_MARK;
    if ((await read(key)) === null)
      await write(key, KEY_MARK, Buffer.alloc(0), { IfNoneMatch: '*' }).catch(async (error: unknown) => {
        // Another process was first, or the server does not know such conditions: what stands there decides.
        if ((await read(key)) === null) throw error;
      });
    const mark = await read(key);
    if (mark === null) return;
    await unseal(keys.master, KEY_MARK, mark, place).catch((cause: unknown) => {
      throw new DriftError(`${place} was written with another key`, {
        code: 'DM_CONFIG_INVALID',
        retriable: false,
        public: `The blobs in ${place} were written with another key than the one given. All processes need the same DRIFTMGR_KEY (or DRIFTMGR_KEY_FILE); give that one, or use an empty bucket or prefix.`,
        cause,
      });
    });
  }

  await checkKey();
  inUse = true;
  return {
    async put(reference, bytes) {
      await write(below + placeOf(reference), reference, bytes);
    },
    async get(reference) {
      const sealed = await read(below + placeOf(reference));
      return sealed === null ? null : unseal(keys.master, reference, sealed, place);
    },
    async list(prefix) {
      const found: string[] = [];
      await asked(async () => {
        const asking = { Bucket: bucket, Prefix: below + placesBefore(prefix) };
        for await (const { Contents } of paginateListObjectsV2({ client }, asking))
          for (const { Key } of Contents ?? []) {
            const reference = referenceOf(Key!.slice(below.length));
            if (reference !== null) found.push(reference);
          }
      });
      return found.sort();
    },
    async delete(reference) {
      const key = below + placeOf(reference);
      await asked(() => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })));
    },
  };
}

/** A body as it comes in; fails when it is not as long as was said. */
async function received(body: Readable, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) at += chunk.copy(bytes, at);
  if (at !== length) throw new Error(`the answer ended after ${at} of ${length} bytes`);
  return bytes;
}
