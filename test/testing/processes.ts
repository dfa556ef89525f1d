// `driftmgr` as a process of its own, as a user starts it: what it prints, whether it answers, what it leaves behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from './running.ts';

const ENTRY = fileURLToPath(new URL('../../compose/driftmgr.ts', import.meta.url));

export interface Process {
  child: ChildProcess;
  /** What it printed so far. */
  out(): string;
  err(): string;
  /** Base URL, as soon as it says that it runs; rejects with what it said instead if it ends. */
  running(withinMs?: number): Promise<string>;
  /** Resolves when it has ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface Start {
  args: string[];
  /** Its home, where its keys lie; nothing of the test's own environment but PATH is passed on. */
  home: string;
  uid?: number;
  environment?: Record<string, string>;
  cwd?: string;
}

export function driftmgr({ args, home, uid, environment, cwd }: Start): Process {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: cwd ?? home,
    env: { PATH: process.env.PATH ?? '', HOME: home, ...environment },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  let isEnded = false;
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      isEnded = true;
      resolve({ code, signal });
    });
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    running: (withinMs = 60_000) =>
      until(
        'driftmgr to run',
        async () => {
          if (isEnded) throw new Error(`it ended instead of running:\n${out}${err}`);
          return /API {2}(http:\/\/\S+)/.exec(out)?.[1];
        },
        withinMs,
      ),
  };
}

/** Commands of living processes that speak of a folder: servers that were left behind. */
export function processesOn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const isZombie = /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        return command.includes(folder) && !isZombie ? [`${pid} ${command.slice(0, 120)}`] : [];
      } catch {
        return [];
      }
    });
}
