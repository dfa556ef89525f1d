// API keys: what is stored, who gets in, and for how long.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Postgres } from '../runtime/postgres/postgres.ts';
import { createTestClock, type TestClock } from '../runtime/testing/clock.ts';
import { openMadePostgres } from '../runtime/testing/made-database.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { adminKeyPath, ensureAdminKey, readAdminKey } from './admin-key.ts';
import { allows, allowsWorkspace, createKeys, type Keys, makeKey, type Principal } from './keys.ts';
import { SCOPES } from './types.ts';

const logger = pino({ level: 'silent' });
const folder = temporaryFolder();
let postgres: Postgres;
let clock: TestClock;
let keys: Keys;
beforeAll(async () => {
  postgres = await openMadePostgres({ directory: join(folder.path, 'pg'), logger });
});
beforeEach(async () => {
  await postgres.query('DROP SCHEMA IF EXISTS api CASCADE');
  clock = createTestClock();
  keys = createKeys({ postgres, clock, logger });
  await keys.prepare();
});
afterAll(async () => {
  await postgres.close();
  folder.remove();
});

const NEW = { name: 'ci', scopes: ['read'], workspaces: null, expiresAt: null, createdBy: 'admin' } as const;
const minute = 60_000;

describe('a key', () => {
  it('is stored as a hash only', async () => {
    const { key } = await keys.create(NEW);
    const secret = key.split('_').slice(2).join('_');
    const stored = JSON.stringify(await postgres.query('SELECT * FROM api.keys'));
    expect(key).toMatch(/^dmk_[0-9a-f]{16}_.{43}$/);
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret).toString('hex'));
  });

  it('gets in with its scopes, and nothing like it does', async () => {
    const { key, record } = await keys.create({ ...NEW, workspaces: ['dev-*'] });
    expect(await keys.verify(key)).toEqual({
      id: `key:${record.id}`,
      name: 'ci',
      scopes: new Set(['read']),
      workspaces: ['dev-*'],
    });
    const other = (await keys.create({ ...NEW, name: 'other' })).key;
    const mixed = `${key.slice(0, 21)}${other.slice(21)}`;
    for (const wrong of [
      mixed,
      makeKey(),
      `${key}x`,
      key.slice(0, -1),
      key.toUpperCase(),
      '',
      'dmk__',
      `${key}\n`,
    ])
      expect(await keys.verify(wrong)).toBeNull();
  });

  it('has a name of its own while it works: a second one of that name is refused, and may come once it is revoked or expired', async () => {
    const made = await Promise.allSettled([keys.create(NEW), keys.create(NEW)]);
    const first = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value.record] : []));
    expect(first).toHaveLength(1);
    await expect(keys.create({ ...NEW, scopes: ['admin'] })).rejects.toMatchObject({
      code: 'DM_REQUEST_REFUSED',
      public: expect.stringMatching(/named ci already .*revoke that key first/),
    });
    await keys.revoke(first[0]!.id);
    await keys.create({ ...NEW, expiresAt: clock.now() + 1_000 });
    await expect(keys.create(NEW)).rejects.toMatchObject({ code: 'DM_REQUEST_REFUSED' });
    clock.advance(1_000);
    await keys.create(NEW);
    const names = (await keys.list({ limit: 10, after: null })).items.map(({ name }) => name);
    expect(names).toEqual(['ci', 'ci', 'ci']);
  });

  it('works no more once it expired, cached or not', async () => {
    const { key } = await keys.create({ ...NEW, expiresAt: clock.now() + 3_000 });
    expect(await keys.verify(key)).not.toBeNull();
    clock.advance(3_000);
    expect(await keys.verify(key)).toBeNull();
    clock.advance(10 * minute);
    expect(await keys.verify(key)).toBeNull();
  });

  it('works no more at once where it was revoked, and within seconds in other processes', async () => {
    const elsewhere = createKeys({ postgres, clock, logger });
    const { key, record } = await keys.create(NEW);
    expect(await keys.verify(key)).not.toBeNull();
    expect(await elsewhere.verify(key)).not.toBeNull();
    const first = await keys.revoke(record.id);
    expect(await keys.verify(key)).toBeNull();
    clock.advance(5_000);
    expect(await elsewhere.verify(key)).toBeNull();
    expect(await keys.revoke(record.id)).toEqual(first);
    await expect(keys.revoke('none')).rejects.toMatchObject({ code: 'DM_NOT_FOUND' });
  });

  it('notes its last use, at most once a minute', async () => {
    const { key } = await keys.create(NEW);
    const lastUse = async (): Promise<number | null> => {
      await postgres.query('SELECT 1');
      return (await keys.list({ limit: 1, after: null })).items[0]!.lastUsedAt;
    };
    const began = clock.now();
    await keys.verify(key);
    await expect.poll(lastUse).toBe(began);
    clock.advance(minute - 1);
    await keys.verify(key);
    expect(await lastUse()).toBe(began);
    clock.advance(1);
    await keys.verify(key);
    await expect.poll(lastUse).toBe(began + minute);
  });

  it('that was right here before is known; for any other nothing is asked, and one revoked since is no key', async () => {
    const { key, record } = await keys.create(NEW);
    let asked = 0;
    const counting = createKeys({
      postgres: {
        ...postgres,
        query: (...query) => {
          asked++;
          return postgres.query(...query);
        },
      },
      clock,
      logger,
    });
    expect(await counting.verifyKnown(key)).toBeNull();
    expect(asked).toBe(0);
    expect(await counting.verify(key)).not.toBeNull();
    asked = 0;
    expect(await counting.verifyKnown(key)).not.toBeNull();
    expect(await counting.verifyKnown(`${key.slice(0, 21)}${makeKey().slice(21)}`)).toBeNull();
    expect(asked).toBe(0);
    clock.advance(minute - 1);
    expect(await counting.verifyKnown(key)).not.toBeNull();
    await keys.revoke(record.id);
    clock.advance(5_000);
    expect(await counting.verifyKnown(key)).toBeNull();
  });

  it('that cannot be looked up fails, and lets nobody in', async () => {
    const failing = createKeys({
      postgres: { ...postgres, query: () => Promise.reject(new Error('down')) },
      clock,
      logger,
    });
    await expect(failing.verify(makeKey())).rejects.toThrow('down');
  });
});

describe('scopes', () => {
  const principal = (
    ...scopes: Principal['scopes'] extends ReadonlySet<infer S> ? S[] : never
  ): Principal => ({
    id: 'key:x',
    name: 'x',
    scopes: new Set(scopes),
    workspaces: null,
  });

  it('tfstate:read is implied by nothing, not by read and not by admin', () => {
    for (const scope of SCOPES) expect(allows(principal('admin'), scope)).toBe(scope !== 'tfstate:read');
    for (const scope of SCOPES) expect(allows(principal('read'), scope)).toBe(scope === 'read');
    expect(allows(principal('tfstate:read'), 'tfstate:read')).toBe(true);
    expect(allows(principal('tfstate:read'), 'tfstate:write')).toBe(false);
  });

  it('workspaces are globs over the whole name', () => {
    const limited = { ...principal('read'), workspaces: ['dev-*', 'prod'] };
    const seen = ['dev-1', 'dev-', 'prod', 'prod-2', 'a-dev-1', 'dev'].filter((name) =>
      allowsWorkspace(limited, name),
    );
    expect(seen).toEqual(['dev-1', 'dev-', 'prod']);
    expect(allowsWorkspace(principal('read'), 'anything')).toBe(true);
    expect(allowsWorkspace({ ...limited, workspaces: [] }, 'prod')).toBe(false);
  });
});

describe('lists', () => {
  it('go from the newest to the oldest, in pages', async () => {
    for (const name of ['a', 'b', 'c']) {
      await keys.create({ ...NEW, name });
      clock.advance(1);
    }
    const first = await keys.list({ limit: 2, after: null });
    expect(first.items.map(({ name }) => name)).toEqual(['c', 'b']);
    const second = await keys.list({ limit: 2, after: first.next });
    expect(second.items.map(({ name }) => name)).toEqual(['a']);
    expect(second.next).toBeNull();
  });
});

describe('the first admin key', () => {
  const lines: string[] = [];
  const told = pino({}, { write: (line: string) => void lines.push(line) });
  let data: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    data = temporaryFolder();
    lines.length = 0;
    return () => data.remove();
  });

  it('is written to a file that only its owner reads, its path is said, and it may do everything', async () => {
    await ensureAdminKey(keys, data.path, told);
    const key = readAdminKey(data.path)!;
    expect(statSync(adminKeyPath(data.path)).mode & 0o777).toBe(0o600);
    expect([...(await keys.verify(key))!.scopes].sort()).toEqual([...SCOPES].sort());
    expect(lines.join('')).toContain(adminKeyPath(data.path));
    expect(lines.join('')).not.toContain(key);
  });

  it('is one alone, when processes start together on new tables', async () => {
    const others = Array.from({ length: 5 }, temporaryFolder);
    try {
      await Promise.all(others.map((folder) => ensureAdminKey(keys, folder.path, told)));
      const written = others.map((folder) => readAdminKey(folder.path)).filter((key) => key !== null);
      expect(written).toHaveLength(1);
      expect(await keys.verify(written[0]!)).not.toBeNull();
    } finally {
      for (const folder of others) folder.remove();
    }
  });

  it('stays what it is at the next start', async () => {
    await ensureAdminKey(keys, data.path, told);
    const key = readAdminKey(data.path);
    await ensureAdminKey(keys, data.path, told);
    expect(readAdminKey(data.path)).toBe(key);
    expect((await keys.list({ limit: 10, after: null })).items).toHaveLength(1);
  });

  it('that was written but not stored before a crash is stored at the next start', async () => {
    const key = makeKey();
    writeFileSync(adminKeyPath(data.path), `${key}\n`);
    await ensureAdminKey(keys, data.path, told);
    expect(readAdminKey(data.path)).toBe(key);
    expect(await keys.verify(key)).not.toBeNull();
  });

  it('is made anew when no admin key works any more, in a file that is closed to others again', async () => {
    await ensureAdminKey(keys, data.path, told);
    const key = readAdminKey(data.path)!;
    await keys.revoke(key.split('_')[1]!);
    chmodSync(adminKeyPath(data.path), 0o644);
    await ensureAdminKey(keys, data.path, told);
    const next = readAdminKey(data.path)!;
    expect(next).not.toBe(key);
    expect(await keys.verify(key)).toBeNull();
    expect(await keys.verify(next)).not.toBeNull();
    expect(statSync(adminKeyPath(data.path)).mode & 0o777).toBe(0o600);
  });

  it('that someone took away is not written again while another admin key works', async () => {
    await keys.create({ ...NEW, scopes: ['admin'] });
    await ensureAdminKey(keys, data.path, told);
    expect(() => readFileSync(adminKeyPath(data.path))).toThrow();
  });
});
