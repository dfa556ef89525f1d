// Runs the blob contract on every adapter, and tests what encryption and files add.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pausesIn } from '../testing/pauses.ts';
import type { Blobs } from './blobs.ts';
import { blobsContract } from './contract.ts';
import { openDirectoryBlobs } from './directory-blobs.ts';
import { createMemoryBlobs } from './memory-blobs.ts';

blobsContract('memory', async () => ({ blobs: createMemoryBlobs(), reopen: null, dispose: async () => {} }));

blobsContract('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'driftmgr-blobs-'));
  const keys = { master: randomBytes(32) };
  return {
    blobs: openDirectoryBlobs({ directory, keys }),
    reopen: async () => openDirectoryBlobs({ directory, keys }),
    dispose: () => rm(directory, { recursive: true }),
  };
});

describe('directory blobs', () => {
  let directory: string;
  let blobs: Blobs;
  const keys = { master: randomBytes(32) };
  const fileOf = (name: string): string => join(directory, 'states+', `${name}=`);
  const unreadable = expect.objectContaining({ code: 'DM_BLOB_UNREADABLE', retriable: false });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'driftmgr-blobs-'));
    blobs = openDirectoryBlobs({ directory, keys });
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('writes no plain text, and nothing that others may read', async () => {
    await blobs.put('states/prod', Buffer.from('hunter2'.repeat(100)));
    const bytes = await readFile(fileOf('prod'));
    expect(bytes.includes('hunter2')).toBe(false);
    expect((await stat(fileOf('prod'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'states+'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(directory, '~unfinished'))).toEqual([]);
  });

  it('encrypts equal content differently each time', async () => {
    await blobs.put('states/a', Buffer.from('same'));
    const first = await readFile(fileOf('a'));
    await blobs.put('states/a', Buffer.from('same'));
    expect((await readFile(fileOf('a'))).equals(first)).toBe(false);
  });

  it('does not open with another key, and says which key it was', async () => {
    await blobs.put('states/a', Buffer.from('secret'));
    const other = openDirectoryBlobs({ directory, keys: { master: randomBytes(32) } });
    await expect(other.get('states/a')).rejects.toEqual(unreadable);
    await expect(other.get('states/a')).rejects.toThrow(/master key [0-9a-f]{16}/);
  });

  it('does not open under another reference', async () => {
    await blobs.put('states/a', Buffer.from('secret'));
    await rename(fileOf('a'), fileOf('b'));
    await expect(blobs.get('states/b')).rejects.toEqual(unreadable);
  });

  it('notices every change: any byte, cut short, made longer', async () => {
    await blobs.put('states/a', Buffer.from('secret'));
    const bytes = await readFile(fileOf('a'));
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      await writeFile(fileOf('a'), changed);
      await expect(blobs.get('states/a')).rejects.toEqual(unreadable);
    }
    for (const wrong of [
      bytes.subarray(0, -1),
      bytes.subarray(0, 40),
      Buffer.alloc(0),
      Buffer.concat([bytes, bytes]),
    ]) {
      await writeFile(fileOf('a'), wrong);
      await expect(blobs.get('states/a')).rejects.toEqual(unreadable);
    }
    await writeFile(fileOf('a'), bytes);
    expect((await blobs.get('states/a'))!.toString()).toBe('secret');
  });

  it('clears what a crash left half written', async () => {
    await writeFile(join(directory, '~unfinished', 'abc'), 'half');
    openDirectoryBlobs({ directory, keys });
    expect(await readdir(join(directory, '~unfinished'))).toEqual([]);
  });

  it('does not hold the event loop while it stores and reads 100 MB', async () => {
    const bytes = Buffer.alloc(100 << 20, 'state');
    let read: Buffer | null = null;
    const { longest } = await pausesIn(async () => {
      await blobs.put('states/large', bytes);
      read = await blobs.get('states/large');
    });
    expect(read!.length).toBe(bytes.length);
    expect(read!.equals(bytes)).toBe(true);
    // The aim is 50 ms; the bound leaves room for a busy machine.
    expect(longest).toBeLessThan(150);
  });
});
