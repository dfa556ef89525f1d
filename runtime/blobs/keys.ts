// The key that protects blobs and the fingerprints of secrets: where it comes from, and what is derived from it.
//
// It lies outside the data directory, so that a copy of the data alone opens nothing. `<data>/key.id` names it, so that
// a wrong or missing key is noticed before anything is read or written with it.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { readIfThereSync, replaceFileSync } from '../durable-file.ts';
import { DriftError } from '../errors.ts';

export interface Keys {
  /** Wraps the data keys of blobs. */
  master: Buffer;
  /** Keys the fingerprints that stand for secrets. */
  fingerprintKey: Buffer;
}

const KEY_BYTES = 32;

/**
 * In this order: DRIFTMGR_KEY (32 bytes, base64 or hex), DRIFTMGR_KEY_FILE (a file that holds the same), else
 * `$XDG_CONFIG_HOME/driftmgr/<id>.key` (default ~/.config), created at the first start with mode 0600.
 * DM_CONFIG_INVALID when the key of existing data is missing or another one is given.
 */
export function loadKeys(options: { dataDirectory: string; env: Record<string, string | undefined> }): Keys {
  const directory = resolve(options.dataDirectory);
  const idFile = join(directory, 'key.id');
  const expected = readIfThereSync(idFile)?.trim();
  const secret = given(options.env) ?? kept(directory, expected, options.env);
  const id = idOf(secret);
  if (expected === undefined) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    replaceFileSync(idFile, `${id}\n`);
  } else if (expected !== id)
    invalid(
      `The data in ${directory} is encrypted with key ${expected}, but the key given is ${id}. Give the key the data was written with (DRIFTMGR_KEY or DRIFTMGR_KEY_FILE), or use an empty data directory.`,
    );
  return { master: derive(secret, 'blobs'), fingerprintKey: derive(secret, 'fingerprints') };
}

/** What stands for a secret value in events: 22 characters, equal for equal values, worthless without the key. */
export function hmacFingerprint(fingerprintKey: Buffer, value: string): string {
  return createHmac('sha256', fingerprintKey).update(value).digest('base64url').slice(0, 22);
}

const derive = (secret: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'driftmgr', purpose, KEY_BYTES));

/** Names a key and tells nothing about it. */
const idOf = (secret: Buffer): string => derive(secret, 'id').toString('hex', 0, 8);

function given(env: Record<string, string | undefined>): Buffer | null {
  if (env.DRIFTMGR_KEY) return parse(env.DRIFTMGR_KEY, 'DRIFTMGR_KEY');
  const file = env.DRIFTMGR_KEY_FILE;
  if (!file) return null;
  const text = readIfThereSync(file);
  if (text === null) invalid(`DRIFTMGR_KEY_FILE names ${file}, which does not exist.`);
  return parse(text, file);
}

/** The key in the user's configuration directory; created for new data. */
function kept(
  directory: string,
  expected: string | undefined,
  env: Record<string, string | undefined>,
): Buffer {
  const keyDirectory = resolve(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'driftmgr');
  if (expected !== undefined) {
    const file = join(keyDirectory, `${expected}.key`);
    const text = /^[0-9a-f]{16}$/.test(expected) ? readIfThereSync(file) : null;
    if (text === null)
      invalid(
        `The key of the data in ${directory} is not at ${file}. Restore that file from a backup, give the key in DRIFTMGR_KEY, or use an empty data directory.`,
      );
    return parse(text, file);
  }
  if (existsSync(join(directory, 'blobs')))
    invalid(
      `${directory} holds encrypted data but no key.id. Give the key it was written with in DRIFTMGR_KEY, or use an empty data directory.`,
    );
  if (!relative(directory, keyDirectory).startsWith('..'))
    invalid(
      `The key would lie in ${keyDirectory}, inside the data directory it protects. Set XDG_CONFIG_HOME, or give a key in DRIFTMGR_KEY.`,
    );
  const secret = randomBytes(KEY_BYTES);
  mkdirSync(keyDirectory, { recursive: true, mode: 0o700 });
  replaceFileSync(join(keyDirectory, `${idOf(secret)}.key`), `${secret.toString('base64')}\n`);
  return secret;
}

function parse(text: string, from: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64');
  return invalid(`${from} must hold 32 bytes as base64 or hex, for example from: openssl rand -base64 32`);
}

function invalid(message: string): never {
  throw new DriftError(message, { code: 'DM_CONFIG_INVALID', retriable: false, public: message });
}
