// Sweeps on a real log, with states written through the real http backend; only the provider is made up.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, type JsonObject, stableId } from '../../../schemas/index.ts';
import { one, type ResourceSpec } from '../testing/states.ts';
import { SWEEP } from './index.ts';
import { createWorld, type World } from './testing/world.ts';

const PRETEND = 'provider["registry.terraform.io/driftmgr/pretend"]';
const thing = (n: number, attributes: JsonObject = {}): ResourceSpec =>
  one(
    'pretend_thing',
    `t${String(n).padStart(3, '0')}`,
    { id: `t${n}`, n, ...attributes },
    { provider: PRETEND },
  );
const things = (count: number): ResourceSpec[] => Array.from({ length: count }, (_, i) => thing(i));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

describe('a sweep', () => {
  it('publishes each value once, in the form of its declaration, and from then on only its end', async () => {
    await world.put('prod', 1, ...things(25), one('other_thing', 'x', { id: 'x' }));
    const sweep = world.begin();
    expect(await sweep.ask('prod')).toMatchObject({ outcome: 'done', reason: null });
    const observed = await world.of('resource.observed');
    expect(observed).toHaveLength(25);
    for (const { body, objectKey } of observed) {
      const n = Number(body.resourceId.slice(1));
      const { body: declared, objectKey: declaredKey } = await world.declared(
        `pretend_thing.t${String(n).padStart(3, '0')}`,
      );
      expect(objectKey).toBe(declaredKey);
      const { provider, account, region, type, resourceId, attributes } = declared;
      expect(body).toEqual({
        provider,
        account,
        region,
        type,
        resourceId,
        attributes,
        via: 'read',
        ownedBy: null,
      });
    }
    expect(await world.of('type.described')).toMatchObject([{ body: { type: 'pretend_thing' } }]);
    const [started] = await world.of('snapshot.started');
    expect(started?.body).toMatchObject({
      scope: 'terraform/prod',
      estimate: [{ account: 'pretend/reader 0', reads: 25, seconds: 1 }],
    });
    expect(await sweep.ask('prod')).toMatchObject({ outcome: 'done' });
    expect(world.reads).toHaveLength(50);
    const [first, second, ...others] = await world.of('snapshot.completed');
    expect(others).toEqual([]);
    expect(first?.body).toMatchObject({
      scope: 'terraform/prod',
      listed: 25,
      published: 25,
      snapshotId: started?.body.snapshotId,
    });
    expect(second?.body).toMatchObject({ listed: 25, published: 0 });
    expect(await world.of('resource.observed')).toHaveLength(25);
    expect(await world.of('type.described')).toHaveLength(1);
  });

  it('says nothing twice after a restart either', async () => {
    await world.put('prod', 1, ...things(12));
    const first = world.begin();
    await first.ask('prod');
    await first.stop();
    const second = world.begin();
    await second.ask('prod');
    expect(await world.of('resource.observed')).toHaveLength(12);
    expect(await world.of('type.described')).toHaveLength(1);
    expect(await world.of('snapshot.completed')).toHaveLength(2);
  });

  it('of one change publishes one record, and one when it is reverted', async () => {
    await world.put('prod', 1, ...things(25));
    const sweep = world.begin();
    await sweep.ask();
    world.cloud = (id, stated) => (id === 't7' ? { ...stated, n: 70 } : stated);
    for (let i = 0; i < 2; i++) await sweep.ask();
    expect(
      (await world.of('resource.observed')).slice(25).map(({ body }) => JSON.parse(body.attributes)),
    ).toEqual([{ id: 't7', n: 70 }]);
    world.cloud = (_id, stated) => stated;
    for (let i = 0; i < 2; i++) await sweep.ask();
    expect(
      (await world.of('resource.observed')).slice(26).map(({ body }) => JSON.parse(body.attributes)),
    ).toEqual([{ id: 't7', n: 7 }]);
  });

  it('repeats its own value when another read found something else in between, and not when it found the same', async () => {
    await world.put('prod', 1, ...things(3));
    const sweep = world.begin();
    await sweep.ask();
    const of = async (id: string) =>
      (await world.of('resource.observed')).filter(({ body }) => body.resourceId === id);
    const [seen] = await of('t1');
    const [same] = await of('t2');
    const readNow = (event: typeof seen, attributes: string) => ({
      ...event!,
      source: 'terraform-read',
      id: stableId('evt', event!.id, attributes),
      time: Date.now(),
      body: { ...event!.body, attributes },
    });
    await pause(3);
    await world.append(readNow(seen, '{"id":"t1","n":11}'), readNow(same, same!.body.attributes));
    await pause(3);
    await sweep.ask();
    expect((await of('t1')).map(({ body }) => body.attributes)).toEqual([
      seen!.body.attributes,
      seen!.body.attributes,
    ]);
    expect(await of('t2')).toHaveLength(1);
  });

  it('tells a value again that was declared anew since: what was seen before proves nothing of now', async () => {
    await world.put('prod', 1, ...things(3));
    const sweep = world.begin();
    await sweep.ask();
    await pause(3);
    // The apply says that it is 5 now; the cloud still has what it had.
    world.cloud = (id, stated) => (id === 't1' ? { ...stated, n: 1 } : stated);
    await world.put('prod', 2, thing(0), thing(1, { n: 5 }), thing(2));
    await pause(3);
    for (let i = 0; i < 2; i++) await sweep.ask();
    const again = (await world.of('resource.observed')).slice(3);
    expect(again.map(({ body }) => JSON.parse(body.attributes))).toEqual([{ id: 't1', n: 1 }]);
  });

  it('says of what could not be read why, once, and again what it is when it can', async () => {
    await world.put('prod', 1, ...things(5));
    const sweep = world.begin();
    await sweep.ask();
    const denied = { code: 'denied', reason: 'the cloud refuses the credentials' };
    world.cloud = (id, stated) => (id === 't2' ? denied : stated);
    expect(await sweep.ask('prod')).toMatchObject({
      outcome: 'done',
      reason: 'Of prod 1 could not be read (denied 1).',
    });
    await sweep.ask('prod');
    const failed = await world.of('resource.read-failed');
    expect(failed.map(({ body }) => body)).toMatchObject([
      { ...denied, resourceId: 't2', workspace: 'prod', address: 'pretend_thing.t002' },
    ]);
    world.cloud = (_id, stated) => stated;
    for (let i = 0; i < 2; i++) await sweep.ask('prod');
    expect((await world.of('resource.observed')).slice(5).map(({ body }) => body.resourceId)).toEqual(['t2']);
    world.cloud = (id, stated) => (id === 't2' ? denied : stated);
    for (let i = 0; i < 2; i++) await sweep.ask('prod');
    expect(await world.of('resource.read-failed')).toHaveLength(2);
  });

  it('says once that something is gone, with the proof', async () => {
    await world.put('prod', 1, ...things(5));
    const sweep = world.begin();
    world.cloud = (id, stated) => (id === 't3' ? 'gone' : stated);
    for (let i = 0; i < 2; i++) await sweep.ask();
    expect((await world.of('resource.vanished')).map(({ body }) => body)).toMatchObject([
      { resourceId: 't3', proof: 'read' },
    ]);
    expect((await world.of('snapshot.completed')).map(({ body }) => body.listed)).toEqual([5, 5]);
  });

  it('carries fingerprints by which repetitions are told', async () => {
    await world.put('prod', 1, thing(0));
    const sweep = world.begin();
    await sweep.ask();
    const [event] = await world.of('resource.observed');
    expect(event?.source).toBe(SWEEP);
    // What is followed after a restart is the fingerprint in the record.
    expect(fingerprint(event!.body as unknown as JsonObject)).toHaveLength(16);
    await sweep.stop();
    await world.begin().ask();
    expect(await world.of('resource.observed')).toHaveLength(1);
  });
});

describe('a sweep that is throttled', () => {
  it('pauses and goes on; nothing is called unreadable, and nothing is read twice', async () => {
    await world.put('prod', 1, ...things(40));
    let answered = 0;
    let refused = 0;
    world.cloud = (_id, stated) => {
      if (answered === 17 && refused < 6) {
        refused++;
        return { code: 'throttled', reason: 'too many requests' };
      }
      answered++;
      return stated;
    };
    const sweep = world.begin();
    expect(await sweep.ask('prod')).toMatchObject({ outcome: 'done', reason: null });
    expect(refused).toBe(6);
    expect(new Set(world.reads).size).toBe(40);
    expect(world.reads).toHaveLength(40);
    expect(await world.of('resource.read-failed')).toEqual([]);
    expect(await world.of('resource.observed')).toHaveLength(40);
  });

  it('for long is put off with the reason, and goes on behind what it had', async () => {
    await world.put('prod', 1, ...things(40));
    let throttled = false;
    world.cloud = (_id, stated) => {
      if (world.reads.length === 20) throttled = true;
      return throttled ? { code: 'throttled', reason: 'too many requests' } : stated;
    };
    const sweep = world.begin({}, { putOffMs: 300, pauses: 2, concurrency: 1 });
    expect(await sweep.ask('prod')).toMatchObject({
      outcome: 'refused',
      reason: 'The sweep of prod is put off: too many requests.',
    });
    expect(await world.of('snapshot.failed')).toMatchObject([
      { body: { scope: 'terraform/prod', reason: 'too many requests', retryAt: expect.any(Number) } },
    ]);
    expect(await world.of('snapshot.completed')).toEqual([]);
    world.cloud = (_id, stated) => stated;
    // Nobody asks again: its time comes.
    await expect.poll(async () => (await world.of('snapshot.completed')).length).toBe(1);
    expect(world.reads).toHaveLength(40);
    expect((await world.of('snapshot.started')).length).toBe(1);
    expect(await world.of('snapshot.completed')).toMatchObject([{ body: { listed: 40, published: 40 } }]);
  });
});

describe('a sweep that is killed in the middle', () => {
  it('at a slow pace is told as it goes, and little of it is read again', async () => {
    await world.put('prod', 1, ...things(40));
    const sweep = world.begin({ readsPerSecond: 200 }, { page: 200, pageMs: 50 });
    const asked = sweep.ask('prod');
    asked.catch(() => undefined);
    // Ten in 50 ms: of forty in one page nothing would be told before the last.
    await expect.poll(() => world.reads.length).toBeGreaterThanOrEqual(25);
    const told = (await world.of('resource.observed')).length;
    expect(told).toBeGreaterThanOrEqual(10);
    expect(told).toBeLessThan(40);
    await asked;
    expect(await world.of('snapshot.completed')).toMatchObject([{ body: { listed: 40, published: 40 } }]);
    expect(world.reads).toHaveLength(40);
  });
  it('goes on where it stopped, under the same id, and says nothing twice', async () => {
    await world.put('prod', 1, ...things(60));
    const reached = Promise.withResolvers<void>();
    const late = Promise.withResolvers<JsonObject>();
    world.cloud = (_id, stated) => {
      if (world.reads.length < 35) return stated;
      reached.resolve();
      return late.promise;
    };
    const killed = world.begin();
    killed.ask('prod').catch(() => undefined);
    await reached.promise;
    // Not stopped in order: what it has in hand is lost, and what it is answered later has no effect.
    void killed.stop();
    expect((await world.of('resource.observed')).length).toBe(30);
    world.cloud = (_id, stated) => stated;
    await world.begin().ask('prod', 0);
    expect(world.reads.length).toBeLessThan(80);
    const observed = await world.of('resource.observed');
    expect(observed.map(({ body }) => body.resourceId).sort()).toEqual(
      things(60)
        .map((_, i) => `t${i}`)
        .sort(),
    );
    const [started, ...more] = await world.of('snapshot.started');
    expect(more).toEqual([]);
    expect((await world.of('snapshot.completed')).map(({ body }) => body)).toMatchObject([
      { snapshotId: started!.body.snapshotId, listed: 60, published: 60 },
    ]);
    const before = (await world.published()).length;
    late.resolve({ id: 'late' });
    await pause(50);
    expect(await world.published()).toHaveLength(before);
  });
});

describe('a state that is written during the sweep', () => {
  it('is what the rest is read from', async () => {
    await world.put('prod', 1, ...things(30));
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    world.cloud = async (_id, stated) => {
      if (world.reads.length >= 12) {
        reached.resolve();
        await goOn.promise;
      }
      return stated;
    };
    const sweep = world.begin();
    const settled = sweep.ask('prod');
    await reached.promise;
    await world.put('prod', 2, ...things(28), thing(28, { note: 'written meanwhile' }), thing(99));
    goOn.resolve();
    expect(await settled).toMatchObject({ outcome: 'done' });
    const observed = await world.of('resource.observed');
    const texts = new Map(
      observed.map(({ body }) => [body.resourceId, JSON.parse(body.attributes) as JsonObject]),
    );
    expect(texts.get('t28')).toMatchObject({ note: 'written meanwhile' });
    expect(texts.has('t99')).toBe(true);
    expect(texts.has('t29'), 'no longer declared').toBe(false);
    expect(await world.of('snapshot.completed')).toHaveLength(1);
  });
});

describe('which workspaces are swept', () => {
  it('all that have a reader, one after the other, again and again', async () => {
    await world.put('a', 1, ...things(3));
    await world.put('b', 1, thing(50));
    await world.put('c', 1, one('other_thing', 'x', { id: 'x' }));
    world.begin({ everyMs: 100 });
    const scopes = async () => (await world.of('snapshot.completed')).map(({ body }) => body.scope);
    await expect.poll(async () => (await scopes()).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    expect(new Set(await scopes())).toEqual(new Set(['terraform/a', 'terraform/b']));
    expect(await world.of('resource.observed')).toHaveLength(4);
  });

  it('none by itself when no schedule is set', async () => {
    await world.put('a', 1, thing(1));
    const sweep = world.begin();
    await pause(100);
    expect(world.reads).toEqual([]);
    expect(sweep.status()).toBeNull();
  });

  it('those asked for; others are refused with the reason', async () => {
    await world.put('a', 1, thing(1));
    await world.put('c', 1, one('other_thing', 'x', { id: 'x' }));
    const sweep = world.begin();
    expect(await sweep.ask('nowhere')).toEqual({
      requestId: expect.any(String),
      outcome: 'refused',
      reason: 'No state of the workspace nowhere is known.',
      driftId: null,
    });
    expect(await sweep.ask('c')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('has a reader'),
    });
    expect(await sweep.ask(null)).toMatchObject({ outcome: 'done' });
    expect(world.reads).toEqual(['t1']);
  });

  it('a request that was answered before a crash is not swept for again', async () => {
    await world.put('a', 1, thing(1));
    const sweep = world.begin();
    const asked = Date.now();
    await sweep.ask('a', asked);
    await sweep.ask('a', asked);
    expect(world.reads).toHaveLength(1);
  });
});
