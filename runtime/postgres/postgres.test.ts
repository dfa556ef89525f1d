import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { placeDatabase } from '../testing/made-database.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { connectPostgres } from './connect-postgres.ts';
import { postgresContract } from './contract.ts';
import { openEmbeddedPostgres } from './embedded-postgres.ts';
import { accountFor, alive, checkReachable } from './postmaster.ts';

const logger = pino({ level: 'silent' });
const folders: { remove: () => void }[] = [];
const folder = (): string => {
  const made = temporaryFolder();
  folders.push(made);
  return made.path;
};
afterAll(() => {
  for (const made of folders) made.remove();
});

/** A directory for one, with its database made. */
const made = async (): Promise<string> => {
  const directory = join(folder(), 'pg');
  await placeDatabase(directory);
  return directory;
};

postgresContract('embedded', () => openEmbeddedPostgres({ directory: join(folder(), 'pg'), logger }));

const postmasterOf = (directory: string): number =>
  Number.parseInt(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8'), 10);

/** A process that opens the database, writes one row, says so, and stays until it is killed. */
function anotherProcess(directory: string) {
  const code = `
    import pino from 'pino';
    import { openEmbeddedPostgres } from '${new URL('./embedded-postgres.ts', import.meta.url).href}';
    const postgres = await openEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, logger: pino({ level: 'silent' }) });
    await postgres.query('CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    process.stdout.write('ready');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: process.cwd() });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ready = new Promise<void>((done, fail) => {
    child.stdout.once('data', () => done());
    child.once('exit', () => fail(new Error(`it ended before it was ready: ${errors}`)));
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  return { child, ready, ended };
}

describe('embedded Postgres', () => {
  it('keeps its data over a restart, and stops its server when closed', async () => {
    const directory = join(folder(), 'pg');
    const first = await openEmbeddedPostgres({ directory, logger });
    await first.query('CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    const pid = postmasterOf(directory);
    expect(alive(pid)).toBe(true);
    await first.close();
    expect(alive(pid)).toBe(false);
    const second = await openEmbeddedPostgres({ directory, logger });
    expect(await second.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(await second.query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await second.query('SHOW fsync')).toEqual([{ fsync: 'on' }]);
    await second.close();
  });

  it('a server left behind by kill -9 stops no later start, and loses nothing', async () => {
    const directory = await made();
    const { child, ready, ended } = anotherProcess(directory);
    await ready;
    const orphan = postmasterOf(directory);
    child.kill('SIGKILL');
    await ended;
    expect(alive(orphan)).toBe(true);
    const began = performance.now();
    const postgres = await openEmbeddedPostgres({ directory, logger });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(alive(orphan)).toBe(false);
    expect(await postgres.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await postgres.close();
  });

  it('a database that a living process uses is refused', async () => {
    const directory = await made();
    const { child, ready, ended } = anotherProcess(directory);
    await ready;
    await expect(openEmbeddedPostgres({ directory, logger })).rejects.toMatchObject({
      code: 'DM_DATA_LOCKED',
    });
    const orphan = postmasterOf(directory);
    child.kill('SIGTERM');
    await ended;
    if (alive(orphan)) process.kill(orphan, 'SIGINT');
    await expect.poll(() => alive(orphan), { timeout: 10_000 }).toBe(false);
  });

  it('a stale pid file stops no start, be its process gone or another one', async () => {
    const directory = await made();
    const first = await openEmbeddedPostgres({ directory, logger });
    const pid = postmasterOf(directory);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => alive(pid)).toBe(false);
    // The adapter starts it again by itself: a killed server is no reason to be down.
    await expect
      .poll(() => first.query('SELECT 1 AS n').catch(() => null), { timeout: 15_000 })
      .toEqual([{ n: 1 }]);
    await first.close();
    const file = join(directory, 'data', 'postmaster.pid');
    const account = accountFor(process.getuid?.());
    for (const stale of [spawnSync('true').pid, process.pid]) {
      writeFileSync(file, `${stale}\n${join(directory, 'data')}\n1\n5432\n\n\n`);
      if (account) chownSync(file, account.uid, account.gid);
      const next = await openEmbeddedPostgres({ directory, logger });
      expect(await next.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
      await next.close();
    }
  });

  it('a crash while the database is made leaves nothing that stops the next start', async () => {
    const directory = join(folder(), 'pg');
    mkdirSync(join(directory, 'data.new', 'base'), { recursive: true });
    writeFileSync(join(directory, 'data.new', 'PG_VERSION'), '18\n');
    const postgres = await openEmbeddedPostgres({ directory, logger });
    expect(existsSync(join(directory, 'data.new'))).toBe(false);
    await postgres.close();
  });

  it('works where the path is too long for a socket', async () => {
    const directory = join(folder(), 'a'.repeat(60), 'b'.repeat(60));
    const postgres = await openEmbeddedPostgres({ directory, logger });
    expect(await postgres.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await postgres.close();
  });

  it('a folder that the unprivileged account cannot pass is named, with what to do', () => {
    const path = folder();
    const closed = join(path, 'home');
    mkdirSync(join(closed, 'pg'), { recursive: true });
    chmodSync(closed, 0o700);
    const account = { uid: 65_534, gid: 65_534 };
    expect(() => checkReachable([join(closed, 'pg')], account)).toThrow(/cannot pass .*home/);
    chmodSync(closed, 0o711);
    expect(() => checkReachable([join(closed, 'pg')], account)).not.toThrow();
  });
});

// Only root can be too powerful for Postgres, and only a system with user namespaces has the way round it.
const canMap =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--map-user=65534', '--map-group=65534', 'true']).status === 0;

if (!canMap)
  process.stderr.write('SKIPPED root below a closed home: not root, or no user namespaces (unshare) here\n');

describe('root, below a closed home', () => {
  it.runIf(canMap)('runs Postgres in a user namespace, and finds its data there again', async () => {
    const home = folder();
    chmodSync(home, 0o700);
    const directory = join(home, 'pg');
    for (const expected of [null, 7]) {
      const postgres = await openEmbeddedPostgres({ directory, logger });
      const found = await postgres.query<{ n: number }>("SELECT to_regclass('kept') IS NOT NULL AS there");
      expect(found).toEqual([{ there: expected !== null }]);
      if (expected === null) await postgres.query('CREATE TABLE kept AS SELECT 7 AS n');
      else expect(await postgres.query('SELECT n FROM kept')).toEqual([{ n: expected }]);
      await postgres.close();
    }
  });
});

describe('a Postgres server', () => {
  it('that cannot be reached is a retriable failure that names no password', async () => {
    const failure = await connectPostgres({ url: 'postgres://me:hidden@127.0.0.1:1/x', logger }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'DM_DATABASE_UNREACHABLE', retriable: true });
    expect(String(failure)).not.toContain('hidden');
  });
  it('whose URL is none is refused', async () => {
    await expect(connectPostgres({ url: 'nonsense', logger })).rejects.toMatchObject({
      code: 'DM_CONFIG_INVALID',
    });
  });
});
