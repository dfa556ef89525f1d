// The limits of several processes in a real Redis, and what holds when it goes away: each counts by itself, none lifts them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../runtime/cache/cache.ts';
import { openRedisCache } from '../runtime/cache/redis-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import { isRequired } from '../runtime/testing/servers.ts';
import type { App } from './dependencies.ts';
import { makeKey } from './keys.ts';
import type { Harness } from './testing/harness.ts';
import { createHarness } from './testing/harness.ts';

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) {
  if (isRequired('redis')) throw new Error('REQUIRE names redis, but there is no redis-server to start');
  process.stderr.write('SKIPPED the limits of several processes: there is no redis-server to start\n');
}
const logger = pino({ level: 'silent' });
const PORT = 29_471;

describe.skipIf(!installed)('two processes over Redis', () => {
  let harness: Harness;
  let admin: string;
  let server: ChildProcess;
  const caches: Cache[] = [];
  beforeAll(async () => {
    harness = await createHarness();
    admin = await harness.keyWith(['admin']);
    const args = ['--port', String(PORT), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()];
    server = spawn('redis-server', args, { stdio: 'ignore' });
    while (!(await listens())) await systemClock.sleep(20);
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    for (const cache of caches) await cache.close();
    await harness?.close();
  });

  async function processWith(requestsPerMinute: number): Promise<{ app: App; cache: Cache }> {
    const cache = await openRedisCache({ url: `redis://127.0.0.1:${PORT}`, logger });
    caches.push(cache);
    return { app: await harness.another({ cache, limits: { requestsPerMinute } }), cache };
  }
  const status = async (app: App, key: string, remoteAddress: string): Promise<number> =>
    (
      await app.inject({
        url: '/api/v1/system/topology',
        headers: { authorization: `Bearer ${key}` },
        remoteAddress,
      })
    ).statusCode;

  it('share their limits, and go on from what all had counted when it goes away', async () => {
    const one = await processWith(1_000);
    const other = await processWith(1_000);
    const few = await processWith(6);
    const wrong = makeKey();
    for (let n = 0; n < 10; n++)
      expect(await status((n % 2 ? one : other).app, wrong, '192.0.2.1')).toBe(401);
    expect(await status(one.app, wrong, '192.0.2.2')).toBe(429);
    for (let n = 0; n < 99; n++)
      expect(await status((n % 2 ? one : other).app, makeKey(), '192.0.2.3')).toBe(401);
    for (let n = 0; n < 5; n++) expect(await status(other.app, admin, '192.0.2.4')).toBe(200);
    expect(await status(few.app, admin, '192.0.2.4')).toBe(200);
    expect(await status(few.app, admin, '192.0.2.4')).toBe(429);

    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    await expect
      .poll(() => [one, other, few].some(({ cache }) => cache.state().reachable), { timeout: 5_000 })
      .toBe(false);
    expect(await status(few.app, admin, '192.0.2.4')).toBe(429);
    // It goes on from what all had counted when it last counted itself, not from its own half.
    const further: number[] = [];
    for (let n = 0; n < 3; n++) further.push(await status(one.app, makeKey(), '192.0.2.3'));
    expect(further.at(-1)).toBe(429);
    expect(await status(one.app, wrong, '192.0.2.1')).toBe(429);
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
