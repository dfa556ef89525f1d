// Databases for tests: embedded ones in a folder that goes away, and servers when the environment names them.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder that the account of an embedded Postgres can pass, and what removes it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'driftmgr-test-'));
  chmodSync(path, 0o711);
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * URL of a server to test against; null, said loudly, when the environment names none. REQUIRE=postgres,clickhouse turns
 * absence into failure.
 */
export function serverUrl(name: 'postgres' | 'clickhouse', variable: string): string | null {
  const url = process.env[variable];
  if (url) return url;
  if ((process.env.REQUIRE ?? '').split(',').includes(name))
    throw new Error(`REQUIRE names ${name}, but ${variable} is not set`);
  process.stderr.write(`SKIPPED ${name} server: ${variable} is not set\n`);
  return null;
}
