// Blobs as encrypted files below one directory. A file is there whole or not at all; `put` returns when it is durable.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../durable-file.ts';
import type { Blobs } from './blobs.ts';
import { seal, unseal } from './envelope.ts';
import type { Keys } from './keys.ts';
import { DIRECTORY, placeOf, placesBefore, referenceOf } from './place.ts';

const BESIDE = '~unfinished';

export function openDirectoryBlobs(options: { directory: string; keys: Pick<Keys, 'master'> }): Blobs {
  const { directory, keys } = options;
  const beside = join(directory, BESIDE);
  // What a crash left half written.
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true, mode: 0o700 });

  const pathOf = (reference: string): string => join(directory, placeOf(reference));

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
      return sealed === null ? null : unseal(keys.master, reference, sealed, path);
    },
    async list(prefix) {
      const found: string[] = [];
      await walk(directory, '', placesBefore(prefix), found);
      return found.sort();
    },
    async delete(reference) {
      const path = pathOf(reference);
      await rm(path, { force: true });
      await syncDirectory(dirname(path)).catch(absent);
    },
  };
}

/** Goes only into directories that can hold places with that beginning. */
async function walk(path: string, above: string, beginning: string, found: string[]): Promise<void> {
  for (const entry of (await readdir(path).catch(absent)) ?? []) {
    const place = above + entry;
    const reference = referenceOf(place);
    if (reference !== null) {
      if (place.startsWith(beginning)) found.push(reference);
    } else if (entry.endsWith(DIRECTORY)) {
      const within = `${place}/`;
      if (within.startsWith(beginning) || beginning.startsWith(within))
        await walk(join(path, entry), within, beginning, found);
    }
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
