// An embedded Postgres as its first start leaves it, made once for a test run: whoever needs one that is merely there gets
// a copy in a tenth of a second. Tests of the first start itself do not use it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { silent } from './loop.ts';
import { TEST_RUN_FOLDER } from './test-run.ts';

/** An embedded Postgres in a new folder, for tests that are not about how it is made. */
export async function openMadePostgres(
  options: Parameters<typeof openEmbeddedPostgres>[0],
): Promise<Postgres> {
  await placeDatabase(options.directory);
  return openEmbeddedPostgres(options);
}

/** Makes `directory` such that openEmbeddedPostgres finds its database made there. */
export async function placeDatabase(directory: string): Promise<void> {
  const made = await madeDatabase();
  if (made === null) return;
  mkdirSync(dirname(directory), { recursive: true, mode: 0o711 });
  // As cp does it, with owner and mode: as root the database belongs to another account.
  const { status, stderr } = spawnSync('cp', ['-Rp', made, directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the made database could not be copied: ${stderr}`);
}

/** Null while another process is making it: then the caller's own first start makes its own, and waits for nobody. */
async function madeDatabase(): Promise<string | null> {
  const shared = process.env[TEST_RUN_FOLDER];
  if (shared === undefined) return null;
  const made = join(shared, 'made');
  if (existsSync(made)) return made;
  const making = join(shared, 'making');
  try {
    mkdirSync(making, { mode: 0o711 });
  } catch {
    return null;
  }
  const postgres = await openEmbeddedPostgres({ directory: join(making, 'pg'), logger: silent });
  await postgres.close();
  renameSync(join(making, 'pg'), made);
  return made;
}
