// The lock on the data directory: one process at a time. A crash leaves nothing that stops the next start.
//
// The lock is a file that names the holder: its pid and the moment the kernel says it started, so that another process
// that later got the same pid is not taken for it. It is created with its content in one step (a link to a finished
// file), so a reader never sees half of it; a stale one is moved aside by one contender only, since a rename of a file
// that is gone fails.
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DriftError } from './errors.ts';

interface Holder {
  pid: number;
  /** Boot of the machine and start of the process, as the kernel has them; null where there is no /proc. */
  started: string | null;
}

export interface DataDirectoryLock {
  release(): Promise<void>;
}

/**
 * Creates the directory if it is missing and locks it. DM_DATA_LOCKED when a living process holds it.
 *
 * The directory is 0700 for an ordinary user. Run as root it is 0711: embedded Postgres refuses to run as root and runs
 * as an unprivileged user, who must be able to pass through to its own subdirectory but not to list what is here. Every
 * other file and subdirectory is created 0600 or 0700. The directories above must let that user pass, too: a data
 * directory below a 0700 home of root does not work.
 */
export async function lockDataDirectory(path: string): Promise<DataDirectoryLock> {
  const directory = resolve(path);
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await chmod(directory, mode);
  const lock = join(directory, 'lock');
  const self: Holder = { pid: process.pid, started: await startOf(process.pid) };
  const own = `${lock}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const content = `${JSON.stringify(self)}\n`;
  await writeFile(own, content, { mode: 0o600, flag: 'wx' });
  try {
    await take(lock, own, directory);
  } finally {
    await rm(own, { force: true });
  }
  return {
    async release() {
      if ((await readIfThere(lock)) === content) await rm(lock, { force: true });
    },
  };
}

async function take(lock: string, own: string, directory: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await linkIfFree(own, lock)) {
      const other = await heldAside(directory, own);
      if (other === null) return;
      await rm(lock, { force: true });
      throw locked(directory, other);
    }
    const text = await readIfThere(lock);
    if (text === null) continue;
    const holder = parse(text);
    if (holder && (await isAlive(holder))) throw locked(directory, holder.pid);
    // Moved, then looked at again: another contender may have taken the lock since it was read. Then it is put back,
    // and whoever took its place meanwhile sees the file aside and steps back.
    const aside = `${own}${ASIDE}`;
    if (!(await renameIfThere(lock, aside))) continue;
    if ((await readIfThere(aside)) !== text)
      for (let wait = 0; wait < 200 && !(await linkIfFree(aside, lock)); wait++) await setTimeout(5);
    await rm(aside, { force: true });
  }
  throw locked(directory, null);
}

const ASIDE = '.aside';

/** The pid of a living process whose lock was moved aside by mistake; removes what dead contenders left. */
async function heldAside(directory: string, own: string): Promise<number | null> {
  for (const file of await readdir(directory)) {
    const path = join(directory, file);
    const name = /^lock\.(\d+)\./.exec(file);
    if (!name || path.startsWith(own)) continue;
    const text = await readIfThere(path);
    if (text === null) continue;
    // What a contender is still writing has no content yet: its name says whose it is.
    const holder = parse(text) ?? { pid: Number(name[1]), started: null };
    const alive = await isAlive(holder);
    if (alive && file.endsWith(ASIDE)) return holder.pid;
    if (!alive) await rm(path, { force: true });
  }
  return null;
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

const locked = (directory: string, pid: number | null): DriftError => {
  const who = pid === null ? 'another process' : `process ${pid}`;
  return new DriftError(`${directory} is locked by ${who}`, {
    code: 'DM_DATA_LOCKED',
    retriable: false,
    public: `The data directory ${directory} is in use by ${who}. Stop that process, or choose another directory with DRIFTMGR_DATA.`,
  });
};

function parse(text: string): Holder | null {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && pid > 0 ? { pid, started: started ?? null } : null;
  } catch {
    return null;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = await startOf(holder.pid);
  return holder.started === null || started === null || started === holder.started;
}

/** When the process started: boot id and clock ticks since boot (proc(5), field 22 of stat, counted after the name). */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  const boot = await readIfThere('/proc/sys/kernel/random/boot_id');
  if (stat === null || boot === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A killed process that its parent has not waited for (state Z) holds nothing any more.
  if (fields[0] === 'Z') return 'ended';
  return `${boot.trim()}/${fields[19]}`;
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  });
}
