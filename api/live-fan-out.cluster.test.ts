// Live streams of two processes over a real Redis that is killed and comes back while events happen.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import pino from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import type { Cache } from '../runtime/cache/cache.ts';
import { openRedisCache } from '../runtime/cache/redis-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import { createMemoryLog } from '../runtime/log/memory-log.ts';
import { isRequired } from '../runtime/testing/servers.ts';
import { open, type Process, partitionOf, startProcess } from './testing/live-readers.ts';

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) {
  if (isRequired('redis'))
    throw new Error('REQUIRE names redis, but there is no redis-server to start and kill');
  process.stderr.write('SKIPPED live streams over Redis: there is no redis-server to start and kill\n');
}
const PORT = 29_472;
const PARTITIONS = 3;

describe.skipIf(!installed)('two processes that serve live streams over Redis', () => {
  let server: ChildProcess | null = null;
  const caches: Cache[] = [];
  const among: Process[] = [];
  afterAll(async () => {
    for (const process of among) process.close();
    for (const cache of caches) await cache.close();
    server?.kill('SIGKILL');
  });

  async function startRedis(): Promise<void> {
    const args = ['--port', String(PORT), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()];
    server = spawn('redis-server', args, { stdio: 'ignore' });
    await expect.poll(listens).toBe(true);
  }
  async function killRedis(): Promise<void> {
    const gone = once(server!, 'exit');
    server!.kill('SIGKILL');
    await gone;
  }

  it('read the log once while it is there, each by itself while it is away; nothing is lost, nothing twice', async () => {
    await startRedis();
    const log = createMemoryLog({ partitions: PARTITIONS, clock: systemClock });
    for (let n = 0; n < 2; n++) {
      const cache = await openRedisCache({
        url: `redis://127.0.0.1:${PORT}`,
        logger: pino({ level: 'silent' }),
      });
      caches.push(cache);
      among.push(startProcess(log, cache, { beatMs: 100 }));
    }
    const readers = await Promise.all(among.map((process) => process.join()));
    let made = 0;
    const all = async (): Promise<void> => {
      for (const { told } of readers) await expect.poll(() => told.length).toBeGreaterThanOrEqual(made);
    };
    /** How many processes read the log for one more event. */
    const reading = async (): Promise<number> => {
      const before = among.map((process) => process.reads());
      await open(log, made++);
      await all();
      return among.filter((process, at) => process.reads() > before[at]!).length;
    };
    for (let round = 0; round < 3; round++) {
      await expect.poll(reading, { timeout: 15_000 }).toBe(1);
      // Killed in the middle of it, while both are written to.
      for (let n = 0; n < 20; n++) await open(log, made++);
      await killRedis();
      for (let n = 0; n < 20; n++) await open(log, made++);
      await all();
      await expect.poll(reading, { timeout: 15_000 }).toBe(2);
      await startRedis();
      for (let n = 0; n < 20; n++) await open(log, made++);
    }
    await all();
    for (const { told, ended } of readers) {
      expect(ended).toBe(false);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const numbers = Array.from({ length: made }, (_, n) => `drf_${n}`);
        const of = (ids: string[]): string[] => ids.filter((id) => partitionOf(id, PARTITIONS) === partition);
        expect(of(told)).toEqual(of(numbers));
      }
    }
  });
});

const listens = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: PORT });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
