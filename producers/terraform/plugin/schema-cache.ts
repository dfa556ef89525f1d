// What is known of a provider binary: its schema, asked for once per version and kept in memory and in a directory, and which
// forms of configuration it has found right. None of it holds a secret.
import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from './protocol/definitions.ts';
import { type ProviderSchemas, schemasFrom } from './schemas.ts';

export interface SchemaCache {
  /** Null when they are not known; the caller then asks the provider and remembers. */
  find(program: string, name: string): Promise<ProviderSchemas | null>;
  remember(program: string, name: string, protocol: ProtocolVersion, bytes: Buffer): Promise<ProviderSchemas>;
  /** Whether it has checked a configuration of this form, and had nothing to say nor to add. In memory only. */
  isChecked(program: string, form: string): Promise<boolean>;
  markChecked(program: string, form: string): Promise<void>;
}

/**
 * `directory` null: in memory only. A binary is known by its real path, size, inode and time of change, for reading 700 MB to
 * hash them costs more than asking.
 */
export function schemaCache(directory: string | null): SchemaCache {
  const known = new Map<string, ProviderSchemas>();
  const checked = new Set<string>();
  const file = (key: string): string => join(directory!, `${key}.schema`);
  return {
    async find(program, name) {
      const key = await fingerprint(program);
      const found = known.get(key);
      if (found || directory === null) return found ?? null;
      try {
        const kept = await readFile(file(key));
        const protocol = PROTOCOL_VERSIONS.find((version) => version === kept[0]);
        if (!protocol || kept.length < 2) return null;
        const schemas = schemasFrom(protocol, kept.subarray(1), name);
        known.set(key, schemas);
        return schemas;
      } catch {
        // Missing or damaged: it is asked for anew, and replaced.
        return null;
      }
    },
    async remember(program, name, protocol, bytes) {
      const schemas = schemasFrom(protocol, bytes, name);
      const key = await fingerprint(program);
      known.set(key, schemas);
      if (directory !== null) await keep(directory, file(key), Buffer.concat([Buffer.of(protocol), bytes]));
      return schemas;
    },
    isChecked: async (program, form) => checked.has(`${await fingerprint(program)} ${form}`),
    async markChecked(program, form) {
      if (checked.size < MOST_FORMS) checked.add(`${await fingerprint(program)} ${form}`);
    },
  };
}

const MOST_FORMS = 10_000;

async function fingerprint(program: string): Promise<string> {
  const path = await realpath(program);
  const { size, mtimeNs, ino, dev } = await stat(path, { bigint: true });
  return createHash('sha256').update([path, size, mtimeNs, ino, dev].join('\0')).digest('hex').slice(0, 32);
}

/** Whole or not at all. A cache that cannot be written is none: the schema is asked for again next time. */
async function keep(directory: string, path: string, bytes: Buffer): Promise<void> {
  const half = `${path}.${process.pid}`;
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(half, bytes);
    await rename(half, path);
  } catch {
    await rm(half, { force: true }).catch(() => {});
  }
}
