// The process side of the embedded Postgres: who it runs as, what is left of an earlier one, and how it is ended.
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriftError } from '../errors.ts';

export interface Account {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root; the unprivileged account every system has stands in. Null: run as we are. */
export const accountFor = (uid: number | undefined): Account | null =>
  uid === 0 ? { uid: 65_534, gid: 65_534 } : null;

/** How Postgres is started: as another account, or (through a command that goes before its own) in a namespace. */
export interface RunAs {
  /** Who owns its folders and whom it runs as; null: as we are. */
  account: Account | null;
  through: readonly string[];
}

/**
 * As root: the unprivileged account, where it can pass every folder on the way to the paths. Where it cannot (a checkout
 * below a closed home), a user namespace in which root is that account: Postgres then sees that it is not root, and the
 * folders see root. Where neither can be had, DM_CONFIG_INVALID says which folder is in the way.
 */
export function runAsFor(uid: number | undefined, paths: readonly string[]): RunAs {
  const account = accountFor(uid);
  if (account === null) return { account, through: [] };
  try {
    checkReachable(paths, account);
    return { account, through: [] };
  } catch (closed) {
    const namespace = ['unshare', `--map-user=${account.uid}`, `--map-group=${account.gid}`];
    const [command, ...args] = [...namespace, 'true'];
    if (spawnSync(command!, args, { stdio: 'ignore', timeout: 5_000 }).status !== 0) throw closed;
    return { account: null, through: namespace };
  }
}

/** Every folder down to each path must let the account through; nothing is copied or opened up behind anyone's back. */
export function checkReachable(paths: readonly string[], account: Account): void {
  for (const path of paths) {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const { uid, gid, mode } = statSync(folder);
      const search = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
      if ((mode & search) === 0) {
        throw new DriftError(`uid ${account.uid} cannot pass ${folder} on the way to ${path}`, {
          code: 'DM_CONFIG_INVALID',
          retriable: false,
          public:
            `The embedded Postgres may not run as root, so it runs as uid ${account.uid}, which cannot pass ${folder} ` +
            `(mode ${(mode & 0o777).toString(8)}) to reach ${path}. Start DriftMgr as an ordinary user, or keep both it and ` +
            `its data (DRIFTMGR_DATA) outside that folder, or let others pass it: chmod o+x ${folder}`,
        });
      }
      if (folder === dirname(folder)) break;
    }
  }
}

/** Pid of a postmaster that runs on the data folder; null when there is none. A pid taken by someone else is cleared away. */
export function runningPostmaster(data: string): number | null {
  const file = join(data, 'postmaster.pid');
  let pid: number;
  try {
    pid = Math.abs(Number.parseInt(readFileSync(file, 'utf8'), 10));
  } catch {
    return null;
  }
  if (!Number.isInteger(pid) || pid < 2 || !alive(pid)) return null;
  if (isPostmaster(pid, data)) return pid;
  // Postgres would take any living process of this number for its own and refuse to start.
  rmSync(file, { force: true });
  return null;
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  // What has ended but was not yet waited for is no longer alive.
  return !/^State:\s*Z/m.test(procFile(pid, 'status') ?? '');
}

function isPostmaster(pid: number, data: string): boolean {
  const command = procFile(pid, 'cmdline');
  // Without /proc there is no telling: believe the file, as Postgres does.
  if (command === null) return true;
  const words = command.split('\0');
  return basename(words[0] ?? '') === 'postgres' && words.includes(data);
}

/** True when a living Node process started this postmaster: then it is in use, not left behind. */
export function ownedByLivingProcess(pid: number): boolean {
  const parent = Number(/^PPid:\s*(\d+)/m.exec(procFile(pid, 'status') ?? '')?.[1] ?? 1);
  if (parent <= 1) return false;
  try {
    return basename(readlinkSync(`/proc/${parent}/exe`)).startsWith('node');
  } catch {
    return false;
  }
}

function procFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null;
  }
}

/** Ends it in order (clients are cut off, everything is written), and by force after ten seconds. */
export async function stopPostmaster(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  if (await gone(pid, 10_000)) return;
  signal(pid, 'SIGQUIT');
  if (await gone(pid, 5_000)) return;
  throw new DriftError(`the postmaster ${pid} does not end`, {
    code: 'DM_DATA_LOCKED',
    retriable: false,
    public: `An embedded Postgres (pid ${pid}) still runs on this data directory and does not end. End it, then start again.`,
  });
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (alive(pid)) {
    if (performance.now() > until) return false;
    await sleep(10);
  }
  return true;
}
