// Blobs as encrypted files below one directory. A file is there whole or not at all; `put` returns when it is durable.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../durable-file.ts';
import { DriftError } from '../errors.ts';
import type { Blobs } from './blobs.ts';
import { seal, Unreadable, unseal } from './envelope.ts';
import type { Keys } from './keys.ts';
import { checkReference } from './reference.ts';

/** Signs that no reference can hold keep files (`a=`) apart from directories (`a+`): both may have one name. */
const FILE = '=';
const DIRECTORY = '+';
const BESIDE = '~unfinished';

export function openDirectoryBlobs(options: { directory: string; keys: Pick<Keys, 'master'> }): Blobs {
  const { directory, keys } = options;
  const beside = join(directory, BESIDE);
  // What a crash left half written.
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true, mode: 0o700 });

  function pathOf(reference: string): string {
    checkReference(reference);
    const parts = reference.split('/');
    const file = parts.pop()!;
    return join(directory, ...parts.map((part) => part + DIRECTORY), file + FILE);
  }

  return {
    async put(reference, bytes) {
      const path = pathOf(reference);
      const unfinished = join(beside, randomBytes(12).toString('hex'));
      try {
        const file = await open(unfinished, 'wx', 0o600);
        try {
          for await (const piece of seal(keys.master, reference, bytes)) await file.writeFile(piece);
          await file.sync();
        } finally {
          await file.close();
        }
        const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await rename(unfinished, path);
        // A new directory lasts only when the ones above it do.
        for (let at = dirname(path); ; at = dirname(at)) {
          await syncDirectory(at);
          if (made === undefined || at === dirname(made)) break;
        }
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    async get(reference) {
      const path = pathOf(reference);
      const sealed = await readFile(path).catch(absent);
      if (sealed === null) return null;
      try {
        return await unseal(keys.master, reference, sealed);
      } catch (cause) {
        if (!(cause instanceof Unreadable)) throw cause;
        throw new DriftError(`blob ${reference} in ${path}: ${cause.message}`, {
          code: 'DM_BLOB_UNREADABLE',
          retriable: false,
          public: `The stored original ${reference} cannot be read: ${cause.message}. Check that the key is the one the data was written with, or restore the file from a backup.`,
          cause,
        });
      }
    },
    async list(prefix) {
      const found: string[] = [];
      await walk(directory, '', prefix, found);
      return found.sort();
    },
    async delete(reference) {
      const path = pathOf(reference);
      await rm(path, { force: true });
      await syncDirectory(dirname(path)).catch(absent);
    },
  };
}

/** Goes only into directories that can hold the prefix. */
async function walk(path: string, above: string, prefix: string, found: string[]): Promise<void> {
  for (const entry of (await readdir(path).catch(absent)) ?? []) {
    const name = above + entry.slice(0, -1);
    if (entry.endsWith(FILE)) {
      if (name.startsWith(prefix)) found.push(name);
    } else if (entry.endsWith(DIRECTORY)) {
      const within = `${name}/`;
      if (within.startsWith(prefix) || prefix.startsWith(within))
        await walk(join(path, entry), within, prefix, found);
    }
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
