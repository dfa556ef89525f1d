// The lock with real processes: held, refused, and free again after kill -9.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDataDirectory } from './data-directory.ts';

let parent: string;
let data: string;
let children: ChildProcess[];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'driftmgr-lock-'));
  data = join(parent, 'data');
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(parent, { recursive: true });
});

/** Starts a process that tries to lock and stays; resolves with what it printed: `locked`, or the refusal. */
async function contender(): Promise<{ child: ChildProcess; said: string }> {
  const module = new URL('data-directory.ts', import.meta.url).href;
  const code = `import(${JSON.stringify(module)}).then((m) => m.lockDataDirectory(process.argv[1])).then(
    () => { process.stdout.write('locked'); setInterval(() => {}, 1000); },
    (error) => process.stdout.write(error.code + ' ' + error.public))`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, said: said.toString() };
}

it('refuses a second process, naming the first and the path, and frees the directory on release', async () => {
  const lock = await lockDataDirectory(data);
  const { said } = await contender();
  expect(said).toContain('DM_DATA_LOCKED');
  expect(said).toContain(`${process.pid}`);
  expect(said).toContain(data);
  await lock.release();
  expect((await contender()).said).toBe('locked');
});

it('refuses the same process, too', async () => {
  const lock = await lockDataDirectory(data);
  await expect(lockDataDirectory(data)).rejects.toMatchObject({ code: 'DM_DATA_LOCKED', retriable: false });
  await lock.release();
  await (await lockDataDirectory(data)).release();
});

it('is free again after its holder was killed with -9', async () => {
  const { child, said } = await contender();
  expect(said).toBe('locked');
  await expect(lockDataDirectory(data)).rejects.toThrow(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockDataDirectory(data);
  await lock.release();
});

it('does not take a later process with the same pid for the holder', async () => {
  const { child } = await contender();
  const file = join(data, 'lock');
  const holder = JSON.parse(await readFile(file, 'utf8')) as { pid: number; started: string };
  expect(holder.pid).toBe(child.pid);
  // As if the process that locked had died, and the living one of that pid had started a moment later.
  await writeFile(file, JSON.stringify({ ...holder, started: holder.started.replace(/\d+$/, '1') }));
  await (await lockDataDirectory(data)).release();
});

it('treats a lock file that is no lock (a crash of the machine while it was written) as stale', async () => {
  await (await lockDataDirectory(data)).release();
  for (const text of ['', '{"pid":', 'null', '{"pid":0}']) {
    await writeFile(join(data, 'lock'), text);
    await (await lockDataDirectory(data)).release();
  }
});

it('lets exactly one of several contenders have a stale lock', async () => {
  await (await lockDataDirectory(data)).release();
  await writeFile(join(data, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, started: 'gone' }));
  const said = (await Promise.all(Array.from({ length: 6 }, contender))).map((one) => one.said);
  expect(said.filter((text) => text === 'locked')).toHaveLength(1);
  expect(said.filter((text) => text.startsWith('DM_DATA_LOCKED'))).toHaveLength(5);
  expect(await readdir(data)).toEqual(['lock']);
});

it('what a contender is still writing is left to it, and what a dead one left goes', async () => {
  await (await lockDataDirectory(data)).release();
  const living = `lock.${process.ppid}.0123456789ab`;
  await writeFile(join(data, living), '');
  await writeFile(join(data, `lock.${2 ** 22 + 1}.0123456789ab`), '');
  const lock = await lockDataDirectory(data);
  expect((await readdir(data)).sort()).toEqual(['lock', living]);
  await lock.release();
});

it('creates the directory closed to others, but passable for the user of embedded Postgres when run as root', async () => {
  await (await lockDataDirectory(join(data, 'deep'))).release();
  const mode = (await stat(join(data, 'deep'))).mode & 0o777;
  expect(mode).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
});
