// A directory for one run, gone afterwards: what `scan`, `demo` and benches store into.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls back with the path of a new, empty directory; removes it whatever happens. */
export async function inTemporaryDirectory<T>(name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), `driftmgr-${name}-`));
  try {
    // Run as root, the embedded Postgres is another user, who must be able to pass through (and see nothing).
    if (process.getuid?.() === 0) await chmod(path, 0o711);
    return await use(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
