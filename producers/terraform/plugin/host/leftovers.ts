// Providers whose starter was killed: go-plugin never looks whether anyone still wants it, and each holds hundreds of
// megabytes and credentials. The pools of others end them, when they are made and now and then.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const FOLDER_PREFIX = 'dm-plugin-';
const FILE = 'started-by';

/** Who started the process that this folder was made for, and which that is. */
export const markFolder = (folder: string, child: number): void =>
  writeFileSync(
    join(folder, FILE),
    JSON.stringify({ starter: identity(process.pid), child: identity(child) }),
  );

/** A process and when it began, for its number may be another's by now; null where the system does not tell. */
function identity(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the start is the 20th field after it.
    return `${pid}@${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return null;
  }
}

/** Ends them and removes their folders; how many there were. Only Linux tells enough to be sure; elsewhere nothing is done. */
export function endLeftovers(folder = tmpdir()): number {
  if (!existsSync('/proc/self/stat')) return 0;
  let ended = 0;
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(FOLDER_PREFIX))) {
    const path = join(folder, name);
    const mark = markOf(path);
    if (!mark || isAlive(mark.starter)) continue;
    if (isAlive(mark.child)) {
      process.kill(pidOf(mark.child), 'SIGKILL');
      ended++;
    }
    rmSync(path, { recursive: true, force: true });
  }
  return ended;
}

function markOf(folder: string): { starter: string; child: string } | null {
  try {
    const { starter, child } = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Record<
      string,
      unknown
    >;
    return typeof starter === 'string' && typeof child === 'string' ? { starter, child } : null;
  } catch {
    // Not ours, another user's, or not marked yet.
    return null;
  }
}

const pidOf = (identified: string): number => Number(identified.split('@')[0]);
const isAlive = (identified: string): boolean => identity(pidOf(identified)) === identified;
