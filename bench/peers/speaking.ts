// A child process that says what happens to it: a line of JSON each on its standard output. What it logs goes to a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Running } from './contestant.ts';

export interface Said {
  event: string;
  at?: number;
  [more: string]: unknown;
}

export interface Speaking extends Running {
  /** Resolves with the first line of that event. */
  said(event: string): Promise<Said>;
}

const STOP_MS = 30_000;
const TAIL = 2_000;

/** `environment`: besides that of this process. */
export function startSpeaking(
  name: string,
  command: string,
  args: string[],
  log: string,
  environment: Record<string, string> = {},
): Speaking {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const heard = new Map<string, PromiseWithResolvers<Said>>();
  const lineOf = (event: string): PromiseWithResolvers<Said> => {
    const known = heard.get(event) ?? Promise.withResolvers<Said>();
    heard.set(event, known);
    return known;
  };
  const logged = createWriteStream(log, { flags: 'a' });
  createInterface({ input: child.stdout }).on('line', (line) => {
    // A Java machine told to record or log also speaks there.
    if (!line.startsWith('{')) logged.write(`${line}\n`);
    else lineOf((JSON.parse(line) as Said).event).resolve(JSON.parse(line) as Said);
  });
  child.stderr.pipe(logged);
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  let stopping = false;
  const failed = closed.then(([code, signal]): Promise<never> => {
    if (stopping) return new Promise(() => undefined);
    const tail = readFileSync(log, 'utf8').slice(-TAIL);
    throw new Error(`${name} ended by itself with ${signal ?? `code ${code}`}; its log ends:\n${tail}`);
  });
  // Whoever waits for something of it is told; when no one does, nothing is wrong yet.
  failed.catch(() => undefined);
  return {
    pids: [child.pid!],
    first: lineOf('first').promise.then(({ at }) => at!),
    failed,
    said: (event) => lineOf(event).promise,
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const [, signal] = await closed;
      clearTimeout(late);
      if (signal === 'SIGKILL') throw new Error(`${name} did not stop within ${STOP_MS / 1_000} s`);
    },
  };
}
