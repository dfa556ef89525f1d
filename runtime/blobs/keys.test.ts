// Where keys come from, and that a wrong or missing one is said clearly before it does harm.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hmacFingerprint, loadKeys } from './keys.ts';

let root: string;
let dataDirectory: string;
let env: Record<string, string>;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'driftmgr-keys-'));
  dataDirectory = join(root, 'data');
  env = { XDG_CONFIG_HOME: join(root, 'config') };
});
afterEach(() => rm(root, { recursive: true }));
const load = (more: Record<string, string> = {}) => loadKeys({ dataDirectory, env: { ...env, ...more } });

it('creates a key outside the data directory at the first start, and finds it again', async () => {
  const first = load();
  const files = await readdir(join(root, 'config', 'driftmgr'));
  expect(files).toHaveLength(1);
  expect((await stat(join(root, 'config', 'driftmgr', files[0]!))).mode & 0o777).toBe(0o600);
  const id = (await readFile(join(dataDirectory, 'key.id'), 'utf8')).trim();
  expect(files[0]).toBe(`${id}.key`);
  const secret = await readFile(join(root, 'config', 'driftmgr', files[0]!), 'utf8');
  for (const file of await readdir(dataDirectory))
    expect(await readFile(join(dataDirectory, file), 'utf8')).not.toContain(secret.trim());
  expect(load()).toEqual(first);
});

it('takes the key from HOME/.config when XDG_CONFIG_HOME is not set', async () => {
  loadKeys({ dataDirectory, env: { HOME: join(root, 'home') } });
  expect(await readdir(join(root, 'home', '.config', 'driftmgr'))).toHaveLength(1);
});

it('takes a key from the environment or a file, as base64 or hex, with the same result', async () => {
  const secret = randomBytes(32);
  const keys = load({ DRIFTMGR_KEY: secret.toString('base64') });
  expect(load({ DRIFTMGR_KEY: secret.toString('hex') })).toEqual(keys);
  await writeFile(join(root, 'key'), `${secret.toString('base64')}\n`);
  expect(load({ DRIFTMGR_KEY_FILE: join(root, 'key') })).toEqual(keys);
  expect(keys.master).toHaveLength(32);
  expect(keys.fingerprintKey).toHaveLength(32);
  expect(new Set([secret, keys.master, keys.fingerprintKey].map((key) => key.toString('hex'))).size).toBe(3);
});

it('gives each data directory a key of its own', () => {
  const first = load();
  const other = loadKeys({ dataDirectory: join(root, 'other'), env });
  expect(other.master.equals(first.master)).toBe(false);
});

it('refuses another key than the data was written with, and one that is missing, and says what to do', async () => {
  load();
  expect(() => load({ DRIFTMGR_KEY: randomBytes(32).toString('hex') })).toThrow(
    /encrypted with key [0-9a-f]{16}, but/,
  );
  await rm(join(root, 'config'), { recursive: true });
  expect(() => load()).toThrow(/Restore that file from a backup, give the key in DRIFTMGR_KEY/);
});

it('makes no new key for data whose key.id is gone', async () => {
  await mkdir(join(dataDirectory, 'blobs'), { recursive: true });
  expect(() => load()).toThrow(/holds encrypted data but no key.id/);
});

it('puts no key inside the data directory', () => {
  expect(() => loadKeys({ dataDirectory, env: { XDG_CONFIG_HOME: join(dataDirectory, 'config') } })).toThrow(
    /inside the data directory/,
  );
});

it('refuses malformed keys without repeating them', () => {
  for (const wrong of ['hunter2', 'ab'.repeat(31), `${'A'.repeat(44)}=`]) {
    expect(() => load({ DRIFTMGR_KEY: wrong })).toThrow(/DRIFTMGR_KEY must hold 32 bytes as base64 or hex/);
    expect(() => load({ DRIFTMGR_KEY: wrong })).not.toThrow(wrong);
  }
  expect(() => load({ DRIFTMGR_KEY_FILE: join(root, 'none') })).toThrow(/does not exist/);
});

it('fingerprints equal values equally, different values and keys differently', () => {
  const key = randomBytes(32);
  expect(hmacFingerprint(key, 'a')).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(hmacFingerprint(key, 'a')).toBe(hmacFingerprint(key, 'a'));
  expect(hmacFingerprint(key, 'a')).not.toBe(hmacFingerprint(key, 'b'));
  expect(hmacFingerprint(key, 'a')).not.toBe(hmacFingerprint(randomBytes(32), 'a'));
});
