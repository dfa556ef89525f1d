// Envelope encryption of one blob: AES-256-GCM under a random data key, which the master key wraps. In slices, so that
// a hundred megabytes do not hold the event loop. The reference is bound in: a blob moved to another name does not open.
//
//   magic 4 · id of the master key 8 · nonce 12 · wrapped data key 32 · tag 16 · nonce 12 · ciphertext · tag 16
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DriftError } from '../errors.ts';

const MAGIC = Buffer.from('DMB1');
const ALGORITHM = 'aes-256-gcm';
const KEY_ID = 8;
const NONCE = 12;
const KEY = 32;
const TAG = 16;
const HEADER = MAGIC.length + KEY_ID + NONCE + KEY + TAG + NONCE;
/** How much longer a blob is than its content. */
export const SEAL_BYTES = HEADER + TAG;
/** About a millisecond of work. */
const SLICE = 1 << 20;

/** Bytes are not a blob, were changed, or belong to another reference or key. The message holds no content. */
class Unreadable extends Error {}

const masterId = (master: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from('driftmgr master key id'), master]), 'buffer').subarray(
    0,
    KEY_ID,
  );

/** Encrypts and hands over the pieces in order. */
export async function* seal(master: Buffer, reference: string, bytes: Buffer): AsyncGenerator<Buffer> {
  const dataKey = randomBytes(KEY);
  const start = Buffer.concat([MAGIC, masterId(master)]);
  const bound = Buffer.concat([start, Buffer.from(reference)]);
  const wrapNonce = randomBytes(NONCE);
  const wrap = createCipheriv(ALGORITHM, master, wrapNonce).setAAD(bound);
  const wrapped = Buffer.concat([wrap.update(dataKey), wrap.final()]);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(ALGORITHM, dataKey, nonce).setAAD(bound);
  yield Buffer.concat([start, wrapNonce, wrapped, wrap.getAuthTag(), nonce]);
  for (let at = 0; at < bytes.length; at += SLICE) {
    yield cipher.update(bytes.subarray(at, at + SLICE));
    await nextTurn();
  }
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts; nothing is handed over before the whole has been verified. DM_BLOB_UNREADABLE for bytes that are not a blob,
 * were changed, or belong to another reference or key; `place`, for the log, says where they were.
 */
export async function unseal(
  master: Buffer,
  reference: string,
  sealed: Buffer,
  place: string,
): Promise<Buffer> {
  try {
    return await opened(master, reference, sealed);
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    throw new DriftError(`blob ${reference} in ${place}: ${cause.message}`, {
      code: 'DM_BLOB_UNREADABLE',
      retriable: false,
      public: `The stored original ${reference} cannot be read: ${cause.message}. Check that the key is the one the data was written with, or restore it from a backup.`,
      cause,
    });
  }
}

async function opened(master: Buffer, reference: string, sealed: Buffer): Promise<Buffer> {
  if (sealed.length < SEAL_BYTES || !sealed.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Unreadable('it is not an encrypted blob, or it was cut short');
  const id = sealed.subarray(MAGIC.length, MAGIC.length + KEY_ID);
  if (!id.equals(masterId(master)))
    throw new Unreadable(`it was encrypted with master key ${id.toString('hex')}, not with the one in use`);
  const bound = Buffer.concat([sealed.subarray(0, MAGIC.length + KEY_ID), Buffer.from(reference)]);
  let at = MAGIC.length + KEY_ID;
  const take = (length: number): Buffer => {
    at += length;
    return sealed.subarray(at - length, at);
  };
  try {
    const unwrap = createDecipheriv(ALGORITHM, master, take(NONCE)).setAAD(bound);
    const wrapped = take(KEY);
    unwrap.setAuthTag(take(TAG));
    const dataKey = Buffer.concat([unwrap.update(wrapped), unwrap.final()]);
    const decipher = createDecipheriv(ALGORITHM, dataKey, take(NONCE)).setAAD(bound);
    const end = sealed.length - TAG;
    const bytes = Buffer.allocUnsafeSlow(end - at);
    for (let from = at; from < end; from += SLICE) {
      decipher.update(sealed.subarray(from, Math.min(end, from + SLICE))).copy(bytes, from - at);
      await nextTurn();
    }
    decipher.setAuthTag(sealed.subarray(end));
    decipher.final();
    return bytes;
  } catch (cause) {
    throw new Unreadable('it was changed, or belongs to another reference', { cause });
  }
}
