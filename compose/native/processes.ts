// Processes that outlive the command that started them: who they are, how they are started, stopped and paused.
//
// A process is known by its id and the time it started. An id alone may belong to someone else by now, and a name never
// says whose a process is.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../../runtime/postgres/postmaster.ts';

export interface Identity {
  pid: number;
  /** When it started, in the system's own words. */
  started: string;
}

export interface Command {
  program: string;
  args: readonly string[];
  /** Added to what a program needs to be found. */
  environment?: Readonly<Record<string, string>>;
  folder: string;
  log: string;
  account?: Account | null;
}

/** When the process of this id started; null when there is none. */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; what follows it does not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    if (process.platform === 'linux') return null;
  }
  const said = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return said.status === 0 ? said.stdout.trim() || null : null;
}

export const lives = ({ pid, started }: Identity): boolean => startOf(pid) === started;

/** Starts it on its own, with its output in a file. */
export function launch(command: Command): Identity {
  const output = openSync(command.log, 'a', 0o600);
  try {
    const child = spawn(command.program, command.args, {
      cwd: command.folder,
      detached: true,
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C.UTF-8', ...command.environment },
      ...(command.account ?? {}),
    });
    // What could not be started is told apart by its missing id.
    child.on('error', () => undefined);
    child.unref();
    const started = child.pid === undefined ? null : startOf(child.pid);
    if (child.pid === undefined || started === null)
      throw new Error(`${command.program} could not be started; see ${command.log}`);
    return { pid: child.pid, started };
  } finally {
    closeSync(output);
  }
}

/** Sends a signal to that very process; false when it is gone. */
export function send(identity: Identity, signal: NodeJS.Signals): boolean {
  if (!lives(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

export async function ended(identity: Identity, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (lives(identity)) {
    if (performance.now() > until) return false;
    await sleep(20);
  }
  return true;
}

/** Asks it to end, and ends it by force when it does not in time. */
export async function endProcess(
  identity: Identity,
  signal: NodeJS.Signals,
  patienceMs: number,
): Promise<void> {
  // A paused process hears nothing but this.
  send(identity, 'SIGCONT');
  send(identity, signal);
  if (await ended(identity, patienceMs)) return;
  send(identity, 'SIGKILL');
  if (!(await ended(identity, 10_000))) throw new Error(`process ${identity.pid} does not end`);
}

export function remember(file: string, identity: Identity): void {
  writeFileSync(`${file}.new`, JSON.stringify(identity));
  renameSync(`${file}.new`, file);
}

/** The process a file tells of; null when it is gone, or there is no such file. */
export function remembered(file: string): Identity | null {
  try {
    const { pid, started } = JSON.parse(readFileSync(file, 'utf8')) as Identity;
    if (Number.isInteger(pid) && pid > 1 && lives({ pid, started })) return { pid, started };
  } catch {
    // No file, or one that a crash left half-written: there is no process to speak of.
  }
  return null;
}

export const forget = (file: string): void => rmSync(file, { force: true });
