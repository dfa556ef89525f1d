// The first admin key: written to `<data>/admin.key` (mode 0600) before it is stored, so that no crash locks people out.
import { readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../runtime/telemetry.ts';
import type { Keys, NewKey } from './keys.ts';
import { isKey, makeKey } from './keys.ts';
import { SCOPES } from './types.ts';

export const adminKeyPath = (dataDirectory: string): string => join(dataDirectory, 'admin.key');

/** Null when there is no such file, or nothing in it. */
export function readAdminKey(dataDirectory: string): string | null {
  try {
    return readFileSync(adminKeyPath(dataDirectory), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/**
 * Sees to it that an admin key exists. It may do everything, `tfstate:read` included, and is meant to make narrower keys
 * with. The path is logged, never the key. With an admin key stored and no file, nothing is done: someone took it away.
 */
export async function ensureAdminKey(keys: Keys, dataDirectory: string, logger: Logger): Promise<void> {
  if (await keys.hasAdmin()) return;
  const path = adminKeyPath(dataDirectory);
  const written = readAdminKey(dataDirectory);
  // A file without a stored key: the last start ended between the two. A revoked key stays revoked: adopting it is no use.
  if (
    written !== null &&
    isKey(written) &&
    (await keys.adoptFirst(written, FIRST)) &&
    (await keys.verify(written))
  )
    return logger.info({ path }, 'an admin API key was written');
  if (await keys.hasAdmin()) return;
  const key = makeKey();
  await writeKey(path, key);
  if (await keys.adoptFirst(key, FIRST)) return logger.info({ path }, 'an admin API key was written');
  // Processes that start together on new tables: the key of one of them counts, and no other is to be found.
  await rm(path, { force: true });
}

const FIRST: NewKey = {
  name: 'admin',
  scopes: SCOPES,
  workspaces: null,
  expiresAt: null,
  createdBy: 'first start',
};

async function writeKey(path: string, key: string): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${key}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
