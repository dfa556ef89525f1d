import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { openProvider, type Provider } from '../provider.ts';
import { schemaCache } from '../schema-cache.ts';
import { type PretendOptions, pretend } from '../testing/pretend-options.ts';
import { fits, idlest, LIMITS, type Limits, overdue, type Running } from './limits.ts';
import { type Member, type Pool, providerPool } from './pool.ts';

const things = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`t${index}`, index]));
const pids = new Set<number>();
const member = (
  key: string,
  options: Partial<PretendOptions> = {},
  configuration = { region: key },
): Member => ({
  key,
  open: async () => {
    const provider = await openProvider({
      name: `pretend ${key}`,
      ...pretend({ things, ...options }),
      configuration,
      cache: schemaCache(null),
      times: { readMs: 3_000 },
    });
    pids.add(provider.pid);
    return provider;
  },
});
const read = (id: string) => async (provider: Provider) => {
  const attributes = Buffer.from(JSON.stringify({ id, size: 0 }));
  const held = await provider.upgrade({ type: 'pretend_thing', schemaVersion: 1, attributes, private: null });
  const seen = await provider.read('pretend_thing', held);
  return seen.gone ? null : seen.attributes;
};
const runs = (pid: number): boolean => existsSync(`/proc/${pid}/status`);

let pool: Pool;
const made = (limits: Partial<Limits> = {}): Pool => {
  pool = providerPool(limits);
  return pool;
};
afterEach(async () => {
  await pool?.close();
  expect([...pids].filter(runs)).toEqual([]);
  pids.clear();
});

// Each test starts several processes, which on a busy machine takes its time.
describe('the pool', { timeout: 60_000 }, () => {
  it('one process serves all reads of a binding, at once', async () => {
    made();
    const seen = await Promise.all(Object.keys(things).map((id) => pool.use(member('r1'), read(id))));
    expect(seen.map((one) => one?.size)).toEqual(Object.values(things));
    expect(pool.status()).toMatchObject({ started: 1, crashed: 0, running: [{ key: 'r1', calls: 0 }] });
  });

  it('bindings are apart: each has its own process with its own configuration', async () => {
    made();
    const seen = await Promise.all(['r1', 'r2'].map((key) => pool.use(member(key), read('t1'))));
    expect(seen.map((one) => one?.note)).toEqual(['r1', 'r2']);
    expect(pool.status().started).toBe(2);
  });

  it('never more than allowed, all get their turn, and waiting work of a binding goes together', async () => {
    made({ processes: 2, turnMs: 200 });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, [...pids].filter(runs).length)), 5);
    const seen = await Promise.all(
      keys.flatMap((key) => ['t1', 't2', 't3'].map((id) => pool.use(member(key, { readMs: 50 }), read(id)))),
    );
    clearInterval(watch);
    expect(seen.every((one) => one !== null)).toBe(true);
    expect(most).toBeLessThanOrEqual(2);
    // Fifteen reads of five bindings: five starts, not fifteen.
    expect(pool.status().started).toBe(5);
  });

  it('work that never ends on one binding does not keep another out', async () => {
    made({ processes: 1, turnMs: 300, concurrency: 2 });
    let isOver = false;
    const endless = async (): Promise<void> => {
      while (!isOver) await pool.use(member('busy', { readMs: 20 }), read('t1'));
    };
    const loops = [endless(), endless(), endless(), endless()];
    await pool.use(member('busy'), read('t1'));
    expect(await pool.use(member('other'), read('t2'))).toMatchObject({ note: 'other' });
    isOver = true;
    await Promise.all(loops);
  });

  it('one that has nothing to do is ended', async () => {
    made({ idleMs: 200 });
    await pool.use(member('r1'), read('t1'));
    await expect.poll(() => pool.status().running.length).toBe(0);
    expect(pool.status().ended.idle).toBe(1);
  });

  it('a read that ends its provider fails alone: the reads beside it succeed', async () => {
    made();
    const ids = ['t1', 't2', 'crash', 't3', 't4'];
    const slow = { readMs: 100 };
    const settled = await Promise.allSettled(ids.map((id) => pool.use(member('r1', slow), read(id))));
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect((settled[2] as PromiseRejectedResult).reason).toMatchObject({ kind: 'crashed', retriable: true });
    expect(pool.status().crashed).toBe(2);
    expect(await pool.use(member('r1', slow), read('t5'))).toMatchObject({ id: 't5' });
  });

  it('a process that answers nothing any more is ended; the reads beside the one that did it succeed', async () => {
    made();
    await pool.use(member('r1', { readMs: 300 }), read('t1'));
    const settled = await Promise.allSettled(
      ['t2', 'stuck'].map((id) => pool.use(member('r1', { readMs: 300 }), read(id))),
    );
    expect(settled[0]).toMatchObject({ status: 'fulfilled', value: { id: 't2' } });
    expect(settled[1]).toMatchObject({ status: 'rejected', reason: { kind: 'hung', retriable: true } });
    // Once with company, once alone.
    expect(pool.status()).toMatchObject({ crashed: 0, ended: { hung: 2 } });
    expect(await pool.use(member('r1', { readMs: 300 }), read('t3'))).toMatchObject({ id: 't3' });
  });

  it('a read that is slow alone is given up alone', async () => {
    made();
    const [hung, seen] = await Promise.allSettled(
      ['hang', 't1'].map((id) => pool.use(member('r1'), read(id))),
    );
    expect(hung).toMatchObject({ status: 'rejected', reason: { kind: 'hung' } });
    expect(seen).toMatchObject({ status: 'fulfilled' });
    expect(pool.status()).toMatchObject({ started: 1, crashed: 0, ended: { hung: 0 } });
  });

  it('a provider that cannot be configured fails its own work, and is not started again at once', async () => {
    made();
    const broken = member('broken', {}, { token: 'worn-out-token' } as never);
    const [first, second] = await Promise.allSettled([
      pool.use(broken, read('t1')),
      pool.use(broken, read('t2')),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { kind: 'denied' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { kind: 'denied' } });
    await expect(pool.use(broken, read('t3'))).rejects.toMatchObject({ kind: 'denied' });
    expect(pool.status()).toMatchObject({ started: 1, running: [] });
    expect(await pool.use(member('r1'), read('t1'))).not.toBeNull();
  });

  it('what is given up is not waited for, and closing refuses what waits', async () => {
    made({ processes: 1 });
    await pool.use(member('r1'), read('t1'));
    const abort = new AbortController();
    const hanging = pool.use(member('r1'), read('hang'));
    hanging.catch(() => {});
    const given = pool.use(member('r2'), read('t1'), abort.signal);
    abort.abort();
    await expect(given).rejects.toMatchObject({ kind: 'stopped' });
    const waiting = pool.use(member('r3'), read('t1'));
    waiting.catch(() => {});
    await pool.close();
    await expect(waiting).rejects.toMatchObject({ kind: 'stopped' });
    await expect(hanging).rejects.toMatchObject({ name: 'PluginProblem' });
  });
});

describe('the limits', () => {
  const running = (more: Partial<Running> = {}): Running => ({
    ready: true,
    busy: false,
    wanted: false,
    bytes: 100,
    lastUsed: 0,
    turnBegan: 0,
    ...more,
  });
  const limits = { ...LIMITS, processes: 3, bytes: 1_000, expectedBytes: 300 };

  it('bound number and memory; one may always run', () => {
    expect(fits([], { ...limits, bytes: 1 })).toBe(true);
    expect(fits([running(), running()], limits)).toBe(true);
    expect(fits([running(), running(), running()], limits)).toBe(false);
    expect(fits([running({ bytes: 701 })], limits)).toBe(false);
    expect(fits([running({ bytes: null }), running({ bytes: null })], limits)).toBe(true);
  });

  it('the least recently used of the idle goes first, then the one whose turn was longest', () => {
    const used = [running({ lastUsed: 5 }), running({ lastUsed: 1, busy: true }), running({ lastUsed: 3 })];
    expect(idlest(used)).toBe(used[2]);
    expect(idlest([running({ wanted: true }), running({ ready: false })])).toBeNull();
    const turns = [running({ turnBegan: 50 }), running({ turnBegan: 20 }), running({ turnBegan: 90 })];
    expect(overdue(turns, 100, 40)).toBe(turns[1]);
    expect(overdue(turns, 100, 90)).toBeNull();
  });
});
