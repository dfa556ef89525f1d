// One process of the cluster, `driftmgr run <role…>`, as a test starts it, stops it, kills it and lets it sleep.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readiness } from '../../api/types.ts';
import type { Role } from '../../compose/roles.ts';
import { patiently } from './patience.ts';

const ENTRY = fileURLToPath(new URL('../../compose/driftmgr.ts', import.meta.url));
/** Started together on a busy machine, processes wait for each other and for their servers. */
const READY_WITHIN_MS = 240_000;

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** How long it took to end, milliseconds. */
  tookMs: number;
}

export interface RoleProcess {
  name: string;
  roles: readonly Role[];
  url: string;
  data: string;
  /** Starts it, again after it ended: on the same port and data. */
  start(): void;
  /** Until it says that it is ready; rejects with what it said instead when it ends. */
  ready(withinMs?: number): Promise<void>;
  isRunning(): boolean;
  /** Null when it does not run. */
  pid(): number | null;
  send(signal: NodeJS.Signals): void;
  /** Sends the signal and waits for the end; one that has not come by then is forced, which shows in what is returned. */
  end(signal: 'SIGTERM' | 'SIGKILL', withinMs?: number): Promise<End>;
  /** What it logged, of all its lives. */
  logged(): string;
}

export interface RoleOptions {
  name: string;
  roles: readonly Role[];
  directory: string;
  port: number;
  environment: Readonly<Record<string, string>>;
}

export function roleProcess({ name, roles, directory, port, environment }: RoleOptions): RoleProcess {
  const data = join(directory, name);
  const log = join(directory, `${name}.log`);
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  let ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }> = Promise.resolve({
    code: null,
    signal: null,
  });
  const logged = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return {
    name,
    roles,
    url,
    data,
    logged,
    isRunning: () => child !== null,
    pid: () => child?.pid ?? null,
    start() {
      if (child) throw new Error(`${name} runs`);
      const output = openSync(log, 'a', 0o600);
      const started = spawn(
        process.execPath,
        [ENTRY, 'run', ...roles, '--port', String(port), '--data', data],
        {
          cwd: directory,
          stdio: ['ignore', output, output],
          env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? directory, ...environment },
        },
      );
      closeSync(output);
      child = started;
      ended = new Promise((resolve, reject) => {
        started.on('error', reject);
        started.on('exit', (code, signal) => {
          child = null;
          resolve({ code, signal });
        });
      });
      ended.catch(() => undefined);
    },
    ready: (withinMs = READY_WITHIN_MS) =>
      patiently(`${name} to be ready`, withinMs, async () => {
        if (!child) throw new Error(`${name} ended instead of running:\n${tailOf(logged(), 30)}`);
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
        return answer?.ok === true && ((await answer.json()) as Readiness).ready;
      }).then(() => undefined),
    send(signal) {
      if (!child?.kill(signal)) throw new Error(`${name} does not run`);
    },
    async end(signal, withinMs = 60_000) {
      const began = performance.now();
      const ending = child;
      ending?.kill(signal);
      const force = setTimeout(() => ending?.kill('SIGKILL'), withinMs);
      const end = await ended;
      clearTimeout(force);
      return { ...end, tookMs: performance.now() - began };
    },
  };
}

/** The last lines of a log, shortened to when, what, and why. */
export const tailOf = (text: string, lines: number): string =>
  text.trimEnd().split('\n').slice(-lines).map(shortened).join('\n');

function shortened(line: string): string {
  try {
    const { time, msg, err, level, hostname, pid, ...rest } = JSON.parse(line);
    const why = err?.message ?? '';
    return `${level} ${time} ${msg} ${why} ${JSON.stringify({ ...rest, err: undefined })}`.slice(0, 400);
  } catch {
    return line.slice(0, 400);
  }
}

/** Ports that are free now, from the first on. */
export async function freePorts(count: number, first: number): Promise<number[]> {
  const found: number[] = [];
  for (let port = first; found.length < count; port++) {
    if (port > first + 500) throw new Error(`no ${count} free ports from ${first} on`);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) found.push(port);
  }
  return found;
}
