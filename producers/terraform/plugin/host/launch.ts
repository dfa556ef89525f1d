// A provider's process: started as Terraform starts it, with nothing of our environment, and made to end.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAGIC_COOKIE, PROTOCOL_VERSIONS } from '../protocol/definitions.ts';
import { type OwnCertificate, ownCertificate } from './certificate.ts';
import { type Handshake, parseHandshake } from './handshake.ts';
import { FOLDER_PREFIX, markFolder } from './leftovers.ts';
import { eachLine } from './lines.ts';
import { printed, redactor } from './printed.ts';
import { PluginProblem } from './problem.ts';

export interface Launch {
  /** For messages: `hashicorp/aws 5.100.0`. */
  name: string;
  program: string;
  args?: readonly string[];
  /** Where it runs: Terraform's working directory, at which the paths of a configuration start. Else a folder of its own. */
  directory?: string | null;
  /** All it gets besides what the handshake needs: credentials, endpoints. Every value is taken for a secret when it prints. */
  environment?: Readonly<Record<string, string>>;
  /** Further values that must not appear in a message. */
  secrets?: readonly string[];
  /** How long its handshake may take. A large binary that is not in memory yet takes seconds. */
  startMs?: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Launched {
  name: string;
  pid: number;
  handshake: Handshake;
  /** Ours; null when it serves in plaintext. */
  own: OwnCertificate | null;
  /** Null as long as it runs. */
  exit(): Exit | null;
  exited: Promise<Exit>;
  /** How it ended and what it said last: for messages. */
  ending(): string;
  redact(text: string): string;
  /** Further values that must not appear in a message, from now on. */
  hide(secrets: Iterable<string>): void;
  signal(signal: NodeJS.Signals): void;
}

const START_MS = 30_000;
const LONGEST_LINE = 64 * 1024;
/** A unix socket's path is at most 107 bytes, and go-plugin appends `/plugin` and ten digits. */
const LONGEST_FOLDER = 85;

/** What must not outlive this process, however it ends short of being killed. */
const running = new Map<ChildProcess, string>();
process.on('exit', () => {
  for (const [child, folder] of running) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

export async function launch(options: Launch): Promise<Launched> {
  const { name, program } = options;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), FOLDER_PREFIX));
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    if (Buffer.byteLength(folder) > LONGEST_FOLDER)
      throw new PluginProblem(
        'unstartable',
        `${name} cannot be started: the temporary folder's path is too long for a socket, set TMPDIR to a shorter one`,
      );
    const launched = await start(options, folder);
    launched.exited.finally(forget);
    return launched;
  } catch (error) {
    forget();
    throw error instanceof PluginProblem
      ? error
      : new PluginProblem(
          'unstartable',
          `${name} cannot be started from ${program}: ${reason(error)}`,
          error,
        );
  }
}

async function start(options: Launch, folder: string): Promise<Launched> {
  const { name, program, args = [], directory, environment = {}, secrets = [], startMs = START_MS } = options;
  const own = ownCertificate(Date.now());
  const { redact, hide } = redactor();
  hide([...Object.values(environment), ...secrets]);
  const said = printed(redact);
  const child = spawn(program, args, {
    cwd: directory ?? folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // Its home is its own folder: no file of ours lends it credentials it was not given.
      HOME: folder,
      // Providers append it to the name they give the cloud: so our reads are told from Terraform's own.
      TF_APPEND_USER_AGENT: 'driftmgr',
      ...environment,
      [MAGIC_COOKIE.name]: MAGIC_COOKIE.value,
      PLUGIN_PROTOCOL_VERSIONS: PROTOCOL_VERSIONS.join(','),
      PLUGIN_CLIENT_CERT: own.certificate,
      PLUGIN_UNIX_SOCKET_DIR: folder,
      TMPDIR: folder,
    },
  });
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      exit = { code, signal };
      resolve(exit);
    });
  });
  const ending = (): string => {
    const how =
      exit === null
        ? 'is still running'
        : exit.signal
          ? `was ended by ${exit.signal}`
          : `ended with code ${exit.code}`;
    const last = said.last();
    return last.length > 0 ? `${how}; the last it said: ${last.join(' · ')}` : how;
  };
  eachLine(child.stderr, LONGEST_LINE, said.line);
  const first = firstLine(child, options, startMs, () => ending());
  // Nothing may throw for want of a listener before the line is there.
  child.on('error', () => {});
  running.set(child, folder);
  if (child.pid !== undefined) markFolder(folder, child.pid);
  try {
    const handshake = parseHandshake(await first, name);
    return {
      name,
      pid: child.pid!,
      handshake,
      own: handshake.certificate ? own : null,
      exit: () => exit,
      exited,
      ending,
      redact,
      hide,
      signal: (signal) => void child.kill(signal),
    };
  } catch (error) {
    child.kill('SIGKILL');
    if (child.pid === undefined) running.delete(child);
    else await exited;
    throw error;
  }
}

/** Its first line; a problem when it ends, or when time does, before that. */
function firstLine(
  child: ChildProcess,
  { name, program }: Launch,
  startMs: number,
  ending: () => string,
): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new PluginProblem(
            'hung',
            `${name} printed no handshake within ${startMs} ms of its start from ${program}: this machine may have too much to do, or the file is no provider`,
          ),
        ),
      startMs,
    );
    const done =
      <T>(then: (value: T) => void) =>
      (value: T): void => {
        clearTimeout(timer);
        then(value);
      };
    eachLine(child.stdout!, LONGEST_LINE, done(resolve));
    child.once('error', done(reject));
    // "close" comes when its output has been read to the end: a line printed just before it ended still counts.
    child.once(
      'close',
      done(() =>
        reject(
          new PluginProblem(
            'not-a-plugin',
            `${name} ended before its handshake: it ${ending()}. Check that ${program} is the provider's binary, for this machine`,
          ),
        ),
      ),
    );
  });
}

const reason = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be run; make the file executable for this user';
  if (code === 'ENOEXEC') return 'it is no program for this machine';
  return code ?? (error instanceof Error ? error.message : String(error));
};
