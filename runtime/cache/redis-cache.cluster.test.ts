// Runs the cache contract on the Redis that the environment names, and takes one of its own away in the middle of things.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRequired, serverUrl } from '../testing/servers.ts';
import type { Cache } from './cache.ts';
import { cacheContract, recordingListener } from './contract.ts';
import { openRedisCache } from './redis-cache.ts';

const silent = pino({ level: 'silent' });
const shared = serverUrl('redis');

describe.skipIf(shared === null)('a Redis server', () => {
  cacheContract('Redis', async () => {
    // Of its own, and all of it expires: runs do not see each other.
    const prefix = `test-${randomUUID()}:`;
    const open = (): Promise<Cache> => openRedisCache({ url: shared!, logger: silent, prefix });
    const cache = await open();
    return { cache, another: open, pass: (ms) => pause(ms), dispose: () => cache.close() };
  });
});

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) {
  if (isRequired('redis'))
    throw new Error('REQUIRE names redis, but there is no redis-server to start and kill');
  process.stderr.write(
    'SKIPPED what happens while Redis is away: there is no redis-server to start and kill\n',
  );
}

/** The longest any call may take while Redis is away. */
const SOON_MS = 1_000;

async function soon<T>(work: Promise<T>): Promise<T> {
  const began = performance.now();
  const answer = await work;
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  return answer;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

describe.skipIf(!installed)('while Redis is away', () => {
  let port: number;
  let server: ChildProcess | null = null;
  const opened: Cache[] = [];
  let logged: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });

  /** Nothing is stored: a Redis that comes back is empty. */
  async function startRedis(...more: string[]): Promise<void> {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    server = spawn('redis-server', [...args, '--dir', tmpdir(), ...more], { stdio: 'ignore' });
    const child = server;
    await expect.poll(() => child.exitCode !== null || listens(port)).toBe(true);
    expect(child.exitCode, 'redis-server does not start').toBeNull();
  }
  async function killRedis(): Promise<void> {
    const child = server!;
    server = null;
    if (child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  async function open(url = `redis://127.0.0.1:${port}`): Promise<Cache> {
    const cache = await openRedisCache({ url, logger });
    opened.push(cache);
    return cache;
  }
  const away = (cache: Cache): Promise<void> =>
    expect.poll(() => cache.state().reachable, { timeout: 3_000 }).toBe(false);
  const back = (cache: Cache): Promise<void> =>
    expect.poll(() => cache.state().reachable, { timeout: 5_000 }).toBe(true);

  beforeEach(async () => {
    port = await freePort();
    logged = [];
  });
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close();
    if (server !== null) {
      server.kill('SIGCONT');
      await killRedis();
    }
  });

  it('limits go on from what all processes had counted, and a Redis that comes back empty opens none', async () => {
    await startRedis();
    const cache = await open();
    const other = await open();
    for (let i = 0; i < 4; i++) await other.count('attempts', 60_000);
    expect((await cache.count('attempts', 60_000)).count).toBe(5);
    await killRedis();
    const { count, endsInMs } = await soon(cache.count('attempts', 60_000));
    expect(count).toBe(6);
    expect(endsInMs).toBeGreaterThan(50_000);
    for (let expected = 7; expected <= 12; expected++)
      expect((await soon(cache.count('attempts', 60_000))).count).toBe(expected);
    expect(await soon(cache.counts(['attempts', 'nobody']))).toEqual([12, 0]);
    await startRedis();
    await back(cache);
    expect((await cache.count('attempts', 60_000)).count).toBe(13);
    expect(await cache.counts(['attempts'])).toEqual([13]);
  });

  it('values are unknown, not missing; nothing is published or kept, and nobody is told it was', async () => {
    await startRedis();
    const cache = await open();
    await cache.put('session/1', 'x', 60_000);
    await killRedis();
    expect(await soon(cache.get('session/1'))).toEqual({ known: false });
    expect(await soon(cache.list('session/'))).toBeNull();
    expect(await soon(cache.put('session/2', 'x', 60_000))).toBe(false);
    expect(await soon(cache.remove('session/1'))).toBe(false);
    expect(await soon(cache.publish('drifts', 'x'))).toBe(false);
    await away(cache);
    expect(cache.state().reason).not.toBeNull();
  });

  it('listeners are told when they hear nothing, and hear again when it is back', async () => {
    await startRedis();
    const cache = await open();
    const listener = recordingListener();
    cache.subscribe('drifts', listener);
    await expect.poll(() => listener.told).toEqual([true]);
    for (let round = 1; round <= 3; round++) {
      await killRedis();
      await expect.poll(() => listener.told.at(-1)).toBe(false);
      await startRedis();
      await expect.poll(() => listener.told.at(-1)).toBe(true);
      await back(cache);
      expect(await cache.publish('drifts', `news ${round}`)).toBe(true);
      await expect.poll(() => listener.told.at(-1)).toBe(`news ${round}`);
    }
    expect(listener.told).toEqual([true, ...[1, 2, 3].flatMap((n) => [false, true, `news ${n}`])]);
  });

  it('a Redis that stands still holds up no call, and its listeners know that they hear nothing', async () => {
    await startRedis();
    const cache = await open();
    const listener = recordingListener();
    cache.subscribe('drifts', listener);
    await expect.poll(() => listener.told).toEqual([true]);
    await cache.count('attempts', 60_000);
    server!.kill('SIGSTOP');
    const calls = await soon(
      Promise.all([
        cache.count('attempts', 60_000),
        cache.get('session/1'),
        cache.list(''),
        cache.publish('drifts', 'x'),
      ]),
    );
    expect(calls).toMatchObject([{ count: 2 }, { known: false }, null, false]);
    await away(cache);
    await expect.poll(() => listener.told.at(-1), { timeout: 3_000 }).toBe(false);
    // Once it is known to be away, nobody waits for it.
    const began = performance.now();
    for (let i = 0; i < 1_000; i++) await cache.count('attempts', 60_000);
    expect(performance.now() - began).toBeLessThan(SOON_MS);
    server!.kill('SIGCONT');
    await back(cache);
    await expect.poll(() => listener.told.at(-1)).toBe(true);
  });

  it('one that was never there is waited for a moment, and used when it comes', async () => {
    const began = performance.now();
    const cache = await open();
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(cache.state()).toMatchObject({
      reachable: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    const listener = recordingListener();
    cache.subscribe('drifts', listener);
    expect((await soon(cache.count('attempts', 60_000))).count).toBe(1);
    await startRedis();
    await back(cache);
    await expect.poll(() => listener.told).toEqual([true]);
    expect(logged.some((line) => line.includes('Redis answers'))).toBe(true);
  });

  it('a Redis that is full, or whose user may not listen, is taken as away for that, and it is said', async () => {
    await startRedis('--maxmemory', '1', '--user', 'few', 'on', '>few', '~*', '+@all', '-subscribe');
    const cache = await open(`redis://few:few@127.0.0.1:${port}`);
    expect(cache.state().reachable).toBe(true);
    const listener = recordingListener();
    cache.subscribe('drifts', listener);
    expect((await cache.count('attempts', 60_000)).count).toBe(1);
    expect((await cache.count('attempts', 60_000)).count).toBe(2);
    expect(await cache.counts(['attempts'])).toEqual([2]);
    expect(await cache.put('session/1', 'x', 60_000)).toBe(false);
    expect(await cache.get('session/1')).toEqual({ known: true, value: null });
    await pause(1_500);
    expect(listener.told).toEqual([]);
    expect(logged.filter((line) => line.includes('Redis refuses commands'))).toHaveLength(1);
  });

  it('a password is used, a wrong one is said to be wrong, and neither is ever shown', async () => {
    await startRedis('--requirepass', 'hidden-1');
    const right = await open(`redis://:hidden-1@127.0.0.1:${port}`);
    expect(right.state().reachable).toBe(true);
    const wrong = await open(`redis://:hidden-2@127.0.0.1:${port}`);
    expect(wrong.state()).toMatchObject({ reachable: false, reason: expect.stringContaining('WRONGPASS') });
    await killRedis();
    await away(right);
    expect(`${JSON.stringify([right.state(), wrong.state()])} ${logged.join('')}`).not.toContain('hidden-');
  });
});

describe('a Redis URL', () => {
  it('that is none is refused, and not repeated', async () => {
    for (const url of ['nonsense-hidden', 'http://:hidden@127.0.0.1:6379', 'redis://']) {
      const failure = await openRedisCache({ url, logger: silent }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'DM_CONFIG_INVALID', retriable: false });
      expect(`${failure} ${(failure as { public: string }).public}`).not.toContain('hidden');
    }
  });
});
