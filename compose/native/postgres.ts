// PostgreSQL, Debian's binaries on a data folder of our own: the system's cluster is none of our business.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runAsFor, runningPostmaster } from '../../runtime/postgres/postmaster.ts';
import { run } from './downloads.ts';
import { portOf } from './layout.ts';
import type { Server } from './server.ts';

const INSTALLED = '/usr/lib/postgresql';
const USER = 'driftmgr';
const DATABASE = 'driftmgr';

/** Debian keeps each major version in a folder of its own; the newest serves. Null: none is installed. */
export function binaries(): string | null {
  if (!existsSync(INSTALLED)) return null;
  const versions = readdirSync(INSTALLED)
    .filter((version) => existsSync(join(INSTALLED, version, 'bin', 'postgres')))
    .sort((a, b) => Number(b) - Number(a));
  return versions[0] === undefined ? null : join(INSTALLED, versions[0], 'bin');
}

export const postgresPackage = { package: 'postgresql', found: () => binaries() !== null };

export function postgres(options: { portBase: number; folder: string }): Server {
  const { folder } = options;
  const data = join(folder, 'data');
  const port = String(portOf('postgres', options.portBase));
  const program = (name: string): string => join(binaries()!, name);
  const runAs = () => runAsFor(process.getuid?.(), [program('postgres'), folder]);
  const psql = (database: string, sql: string): Promise<string> =>
    run(
      program('psql'),
      ['-h', '127.0.0.1', '-p', port, '-U', USER, '-d', database, '-XAtqc', sql],
      'postgresql-client',
    );
  return {
    name: 'postgres',
    async prepare() {
      mkdirSync(folder, { recursive: true });
      // Clears away a pid file whose number belongs to someone else by now.
      runningPostmaster(data);
      if (existsSync(join(data, 'PG_VERSION'))) return;
      const { account, through } = runAs();
      if (account) chownSync(folder, account.uid, account.gid);
      // Made beside and renamed when complete, so that a crash leaves no half-made database.
      const made = join(folder, 'data.new');
      rmSync(made, { recursive: true, force: true });
      const [first, ...rest] = [
        ...through,
        program('initdb'),
        ...['-D', made, '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C'],
      ];
      const said = spawnSync(first!, rest, { cwd: folder, encoding: 'utf8', ...(account ?? {}) });
      if (said.status !== 0) throw new Error(`initdb failed: ${said.error?.message ?? said.stderr.trim()}`);
      renameSync(made, data);
    },
    command() {
      const { account, through } = runAs();
      const settings = {
        listen_addresses: '127.0.0.1',
        port,
        unix_socket_directories: '',
        // Several processes of each role, each with a pool.
        max_connections: '200',
        log_min_messages: 'warning',
        log_line_prefix: '%m [%p] ',
      };
      const [first, ...rest] = [
        ...through,
        program('postgres'),
        '-D',
        data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ];
      return { program: first!, args: rest, folder, account };
    },
    async healthy() {
      return (
        spawnSync(program('pg_isready'), ['-q', '-h', '127.0.0.1', '-p', port], { timeout: 3_000 }).status ===
        0
      );
    },
    async finish() {
      const found = await psql('postgres', `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`);
      if (found.trim() !== '1') await psql('postgres', `CREATE DATABASE ${DATABASE}`);
    },
    // Backends of a killed postmaster take a moment to notice.
    again: /shared memory block|lock file "postmaster.pid" already exists/,
  };
}
