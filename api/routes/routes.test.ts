// Every route, over real projections: what it answers, and what it refuses.
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  eventOf,
  observed,
  runStarted,
  snapshotCompleted,
  snapshotFailed,
  statePublished,
  TEST_TIME,
} from '../../runtime/testing/events.ts';
import { notFound } from '../problems.ts';
import type { Harness } from '../testing/harness.ts';
import { createHarness, driftEvents, driftOf } from '../testing/harness.ts';
import * as types from '../types.ts';

const { pageOf, listOf } = types;
const KEY = 'default/aws/-/-/s3-bucket/logs';
/** An object of the workspace dev-1. */
const TMP = 'default/aws/-/-/s3-bucket/tmp';
let harness: Harness;
let admin: string;
let reader: string;
let limited: string;

beforeAll(async () => {
  harness = await createHarness({
    rebuild: async (name) => {
      if (name !== 'resources') throw notFound(`projection ${name}`);
    },
  });
  admin = await harness.keyWith(['admin']);
  reader = await harness.keyWith(['read']);
  limited = await harness.keyWith(['read', 'drifts:write'], ['dev-*']);
  await harness.feed(
    declared({ owner: 'team-data', attributes: '{"bucket":"logs","tags":{"Team":"a"}}' }),
    statePublished({ owner: 'team-data' }),
    declared({ workspace: 'dev-1', address: 'aws_s3_bucket.tmp', resourceId: 'tmp' }, { objectKey: TMP }),
    statePublished({ workspace: 'dev-1', lineage: 'lineage-2' }),
    runStarted(),
    observed({ attributes: '{"bucket":"logs","tags":{"Team":"b"}}' }, { time: TEST_TIME + 1_000 }),
    snapshotCompleted(),
    snapshotFailed({ scope: 'digitalocean/-/-/digitalocean_droplet', snapshotId: 's-2' }),
    changeReported(),
    changeReported({ providerEventId: 'of-tmp' }, { objectKey: TMP }),
    ...driftEvents('drift.opened', driftOf()),
    ...driftEvents(
      'drift.opened',
      driftOf({
        id: 'drf_dev',
        workspace: 'dev-1',
        severity: 'low',
        objectKey: TMP,
      }),
    ),
    ...driftEvents('drift.opened', driftOf({ id: 'drf_old', objectKey: 'default/aws/-/-/s3-bucket/old' })),
    ...driftEvents(
      'drift.resolved',
      driftOf({
        id: 'drf_old',
        revision: 2,
        status: 'resolved',
        resolution: 'reverted',
        resolvedAt: TEST_TIME + 5_000,
        changedAt: TEST_TIME + 5_000,
        objectKey: 'default/aws/-/-/s3-bucket/old',
      }),
    ),
    eventOf('dead-letter.recorded', {
      reader: 'drift',
      topic: 'driftmgr.changes',
      partition: 0,
      offset: 7,
      recordKey: KEY,
      code: 'DM_EVENT_UNDECODABLE',
      reason: 'does not fit its schema',
      blob: 'dead/1',
    }),
  );
});
afterAll(() => harness.close());

const ask = async (
  url: string,
  key = reader,
  method: 'GET' | 'POST' | 'DELETE' = 'GET',
  payload?: object,
) => {
  const answer = await harness.app.inject({
    url,
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(payload ? { payload } : {}),
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
};

const ANSWERS: [path: string, schema: TSchema, key?: 'admin'][] = [
  ['/healthz', types.HealthSchema],
  ['/readyz', types.ReadinessSchema],
  ['/api/v1/workspaces', pageOf(types.WorkspaceSchema)],
  ['/api/v1/workspaces?owner=team-data&q=PRO&limit=1', pageOf(types.WorkspaceSchema)],
  ['/api/v1/workspaces/prod', types.WorkspaceDetailSchema],
  ['/api/v1/workspaces/prod/drifts', pageOf(types.DriftSchema)],
  ['/api/v1/workspaces/prod/drifts?at=2026-12-01T00:00:00Z', pageOf(types.DriftSchema)],
  ['/api/v1/resources', pageOf(types.ResourceSchema)],
  ['/api/v1/resources?status=drifted,unknown&workspace=prod', pageOf(types.ResourceSchema)],
  [`/api/v1/resources/${encodeURIComponent(KEY)}`, types.ResourceDetailSchema],
  [`/api/v1/resources/${encodeURIComponent(KEY)}?at=2026-12-01T00:00:00Z`, types.ResourceDetailSchema],
  ['/api/v1/drifts', pageOf(types.DriftSchema)],
  ['/api/v1/drifts?status=resolved', pageOf(types.DriftSchema)],
  ['/api/v1/drifts/drf_1', types.DriftSchema],
  ['/api/v1/drifts/drf_old/timeline', types.TimelineSchema],
  ['/api/v1/changes', pageOf(types.ChangeSchema)],
  ['/api/v1/changes?since=2020-01-01T00:00:00Z&via=console,cli&verb=update', pageOf(types.ChangeSchema)],
  ['/api/v1/coverage', pageOf(types.CoverageSchema)],
  ['/api/v1/snapshots', pageOf(types.SnapshotSchema)],
  ['/api/v1/analytics/drifts', listOf(types.DriftCountSchema)],
  ['/api/v1/analytics/exposure', listOf(types.ExposureSchema)],
  ['/api/v1/keys', pageOf(types.KeySchema), 'admin'],
  ['/api/v1/system', types.SystemSchema],
  ['/api/v1/system/topology', types.TopologySchema],
  ['/api/v1/system/dead-letters', pageOf(types.DeadLetterSchema), 'admin'],
];

describe('every route answers what its schema says', () => {
  it.each(ANSWERS)('%s', async (path, schema, key) => {
    const { status, body } = await ask(path, key === 'admin' ? admin : reader);
    expect(body).not.toHaveProperty('errors');
    expect(status).toBe(200);
    expect(Value.Errors(schema, body)).toEqual([]);
    if (Array.isArray(body.items)) expect(body.items.length).toBeGreaterThan(0);
  });
});

describe('lists', () => {
  it('hand out a cursor that leads on, until nothing is left', async () => {
    const first = await ask('/api/v1/drifts?status=open,resolved&limit=2');
    expect(first.body.items).toHaveLength(2);
    const second = await ask(`/api/v1/drifts?status=open,resolved&limit=2&cursor=${first.body.next}`);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.next).toBeNull();
    const ids = [...first.body.items, ...second.body.items].map((drift: { id: string }) => drift.id);
    expect(new Set(ids)).toEqual(new Set(['drf_1', 'drf_dev', 'drf_old']));
  });

  it('name every wrong parameter at once, and never pass one over', async () => {
    const { status, headers, body } = await ask(
      '/api/v1/drifts?limit=0&status=opne&serverity=high&ignored=maybe',
    );
    expect(status).toBe(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(Value.Errors(types.ProblemSchema, body)).toEqual([]);
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'query.ignored',
      'query.limit',
      'query.serverity',
      'query.status.0',
    ]);
  });

  it.each([
    '/api/v1/workspaces',
    '/api/v1/resources',
    '/api/v1/drifts',
    '/api/v1/changes',
    '/api/v1/coverage',
    '/api/v1/snapshots',
    '/api/v1/keys',
    '/api/v1/system/dead-letters',
    '/api/v1/workspaces/prod/drifts',
    '/api/v1/drifts/drf_1/timeline',
  ])('%s refuses a wrong limit and a cursor it did not give out', async (path) => {
    expect((await ask(`${path}?limit=many`, admin)).body).toMatchObject({
      status: 400,
      code: 'dm_input_invalid',
    });
    expect((await ask(`${path}?cursor=nonsense`, admin)).body).toMatchObject({
      status: 400,
      code: 'dm_input_invalid',
    });
  });

  it.each([
    '/api/v1/changes?since=yesterday',
    '/api/v1/workspaces/prod/drifts?at=1',
    '/api/v1/analytics/exposure?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z',
  ])('%s: a wrong time is refused', async (path) => {
    expect((await ask(path)).status).toBe(400);
  });
});

describe('what is not there', () => {
  it.each([
    '/api/v1/workspaces/none',
    '/api/v1/workspaces/none/drifts',
    '/api/v1/resources/none',
    `/api/v1/resources/${encodeURIComponent(KEY)}?at=2020-01-01T00:00:00Z`,
    '/api/v1/drifts/none',
    '/api/v1/drifts/none/timeline',
    '/api/v1/requests/none',
    '/api/v1/nothing',
  ])('%s is a 404 that names it', async (path) => {
    const { status, body } = await ask(path);
    expect(status).toBe(404);
    expect(body.code).toBe('dm_not_found');
    expect(body.detail).toMatch(/none|nothing|s3-bucket/);
  });

  it('is a 404 too for wishes about it', async () => {
    for (const wish of ['acknowledge', 'accept'])
      expect((await ask(`/api/v1/drifts/none/${wish}`, admin, 'POST', { reason: 'r' })).status).toBe(404);
    expect((await ask('/api/v1/keys/none', admin, 'DELETE')).status).toBe(404);
  });
});

describe('a key', () => {
  it('without the scope is refused, and told which one it takes', async () => {
    const refused: [string, 'GET' | 'POST' | 'DELETE', object?][] = [
      ['/api/v1/drifts/drf_1/accept', 'POST', { reason: 'r' }],
      ['/api/v1/drifts/drf_1/acknowledge', 'POST', { reason: 'r' }],
      ['/api/v1/snapshots', 'POST', { provider: 'aws' }],
      ['/api/v1/keys', 'GET'],
      ['/api/v1/keys', 'POST', { name: 'x', scopes: ['read'] }],
      ['/api/v1/keys/x', 'DELETE'],
      ['/api/v1/system/dead-letters', 'GET'],
      ['/api/v1/system/dead-letters/replay', 'POST', {}],
      ['/api/v1/system/projections/resources/rebuild', 'POST'],
      ['/metrics', 'GET'],
    ];
    for (const [path, method, payload] of refused) {
      const { status, body } = await ask(path, reader, method, payload);
      expect([path, status]).toEqual([path, 403]);
      expect(body.detail).toMatch(/needs the scope (drifts:write|snapshots:write|admin|metrics:read)/);
    }
    const metrics = await harness.keyWith(['metrics:read']);
    expect((await ask('/api/v1/drifts', metrics)).status).toBe(403);
  });

  it('limited to workspaces reads the changes of an object they declare, of no other, and is told to name one', async () => {
    const changesOf = (key: string) => ask(`/api/v1/changes?objectKey=${encodeURIComponent(key)}`, limited);
    const seen = (await changesOf(TMP)).body.items;
    expect(seen).toMatchObject([{ providerEventId: 'of-tmp', actor: { operations: ['PutBucketTagging'] } }]);
    expect((await changesOf(KEY)).status).toBe(404);
    expect((await ask('/api/v1/changes', limited)).body.detail).toContain('objectKey');
  });

  it('limited to workspaces reads the coverage of what they declare, in their numbers', async () => {
    const covered = async (key: string): Promise<[string, number][]> =>
      (await ask('/api/v1/coverage', key)).body.items.map((item: types.CoverageJson) => [
        item.type,
        item.declared,
      ]);
    expect(await covered(limited)).toEqual([['aws_s3_bucket', 1]]);
    expect(await covered(reader)).toEqual(
      expect.arrayContaining([
        ['aws_s3_bucket', 2],
        ['digitalocean_droplet', 0],
      ]),
    );
  });

  it('limited to workspaces sees those alone, in lists and one by one', async () => {
    const names = async (path: string, of: string): Promise<string[]> =>
      (await ask(path, limited)).body.items.map((item: Record<string, string>) => item[of]);
    expect(await names('/api/v1/workspaces', 'name')).toEqual(['dev-1']);
    expect(await names('/api/v1/resources', 'workspace')).toEqual(['dev-1']);
    expect(await names('/api/v1/drifts', 'id')).toEqual(['drf_dev']);
    expect((await ask('/api/v1/drifts/drf_dev', limited)).status).toBe(200);
    for (const path of [
      '/api/v1/drifts/drf_1',
      '/api/v1/drifts/drf_1/timeline',
      `/api/v1/resources/${encodeURIComponent(KEY)}`,
    ])
      expect([path, (await ask(path, limited)).status]).toEqual([path, 404]);
    for (const path of [
      '/api/v1/workspaces/prod',
      '/api/v1/workspaces/prod/drifts',
      '/api/v1/changes',
      '/api/v1/snapshots',
      '/api/v1/system',
      '/api/v1/analytics/drifts',
    ])
      expect([path, (await ask(path, limited)).status]).toEqual([path, 403]);
    expect((await ask('/api/v1/drifts/drf_1/accept', limited, 'POST', { reason: 'r' })).status).toBe(404);
  });
});

describe('wishes', () => {
  it('are answered with their outcome, under the correlation id of the call', async () => {
    const stop = harness.answer((request) => ({
      outcome: 'done',
      driftId: request.type === 'drift.accept-requested' ? request.body.driftId : null,
    }));
    const answer = await harness.app.inject({
      url: '/api/v1/drifts/drf_1/accept',
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'x-correlation-id': 'ticket-1204' },
      payload: { reason: 'agreed', until: '2030-01-01T00:00:00Z' },
    });
    stop();
    expect(answer.statusCode).toBe(200);
    expect(Value.Errors(types.RequestSchema, answer.json())).toEqual([]);
    expect(answer.json()).toMatchObject({ status: 'done', driftId: 'drf_1', correlationId: 'ticket-1204' });
    expect(answer.headers['x-correlation-id']).toBe('ticket-1204');
  });

  it('are answered once reads show what they did', async () => {
    const drift = driftOf({ id: 'drf_seen', objectKey: 'default/aws/-/-/s3-bucket/seen' });
    await harness.feed(...driftEvents('drift.opened', drift));
    const stop = harness.answer(() => {
      // The projections follow a little later than the outcome.
      setTimeout(
        () =>
          void harness.feed(
            ...driftEvents('drift.changed', { ...drift, revision: 2, status: 'acknowledged' }),
          ),
        60,
      );
      return { outcome: 'done' };
    });
    expect((await ask('/api/v1/drifts/drf_seen/acknowledge', admin, 'POST', { reason: 'r' })).status).toBe(
      200,
    );
    expect((await ask('/api/v1/drifts/drf_seen')).body.status).toBe('acknowledged');
    stop();
  });

  it('that were not needed are fine too', async () => {
    const stop = harness.answer(() => ({ outcome: 'unnecessary', reason: 'acknowledged already' }));
    const { status, body } = await ask('/api/v1/drifts/drf_1/acknowledge', admin, 'POST', { reason: 'mine' });
    stop();
    expect([status, body.status]).toEqual([200, 'unnecessary']);
  });

  it('that are refused are a 409 with the reason', async () => {
    const stop = harness.answer(() => ({ outcome: 'refused', reason: 'The drift is resolved.' }));
    const { status, body } = await ask('/api/v1/drifts/drf_old/accept', admin, 'POST', { reason: 'late' });
    stop();
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'dm_request_refused', detail: 'The drift is resolved.' });
  });

  it('that take longer are a 202 with the address of their outcome', async () => {
    const { status, headers, body } = await ask('/api/v1/drifts/drf_1/accept', admin, 'POST', {
      reason: 'slow',
    });
    expect([status, body.status]).toEqual([202, 'pending']);
    expect(headers.location).toBe(`/api/v1/requests/${body.id}`);
    await harness.feed(
      eventOf(
        'drift.accept-requested',
        { driftId: 'drf_1', by: 'admin', reason: 'slow', until: null },
        { id: body.id },
      ),
    );
    const later = await ask(headers.location as string);
    expect(later.status).toBe(200);
    expect(Value.Errors(types.RequestSchema, later.body)).toEqual([]);
    expect(later.body).toMatchObject({ status: 'pending', driftId: 'drf_1' });
    expect((await ask(headers.location as string, limited)).status).toBe(404);
  });

  it('for a snapshot are placed and answered as well', async () => {
    const stop = harness.answer(() => ({ outcome: 'done' }));
    const { status, body } = await ask('/api/v1/snapshots', admin, 'POST', { provider: 'digitalocean' });
    stop();
    expect([status, body.type]).toEqual([200, 'snapshot.requested']);
  });

  it('with a wrong body name what is wrong', async () => {
    const post = (path: string, payload: object) => ask(path, admin, 'POST', payload);
    const paths = async (path: string, payload: object): Promise<string[]> =>
      (await post(path, payload)).body.errors.map((mistake: { path: string }) => mistake.path).sort();
    expect(await paths('/api/v1/drifts/drf_1/accept', { until: 'soon', why: 'x' })).toEqual([
      'body.reason',
      'body.until',
      'body.why',
    ]);
    expect(
      await paths('/api/v1/drifts/drf_1/accept', { reason: 'r', until: '2001-01-01T00:00:00Z' }),
    ).toEqual(['body.until']);
    expect(await paths('/api/v1/drifts/drf_1/acknowledge', { reason: 7 })).toEqual(['body.reason']);
    expect(await paths('/api/v1/snapshots', {})).toEqual(['body.provider']);
    expect(await paths('/api/v1/keys', { name: 'x', scopes: ['root'] })).toEqual(['body.scopes.0']);
    expect(
      await paths('/api/v1/keys', { name: 'x', scopes: ['read'], expiresAt: '2001-01-01T00:00:00Z' }),
    ).toEqual(['body.expiresAt']);
    expect(await paths('/api/v1/system/dead-letters/replay', { ids: [] })).toEqual(['body.ids']);
  });
});

describe('keys over the API', () => {
  it('are shown once, listed without their secret, and work no more once revoked', async () => {
    const made = await ask('/api/v1/keys', admin, 'POST', {
      name: 'ci',
      scopes: ['read'],
      workspaces: ['dev-*'],
    });
    expect(made.status).toBe(201);
    expect(Value.Errors(types.CreatedKeySchema, made.body)).toEqual([]);
    expect((await ask('/api/v1/drifts', made.body.key)).status).toBe(200);
    const second = await ask('/api/v1/keys', admin, 'POST', { name: 'ci', scopes: ['admin'] });
    expect(second.status).toBe(409);
    expect(second.body.detail).toContain(made.body.id);
    const listed = JSON.stringify((await ask('/api/v1/keys', admin)).body);
    expect(listed).toContain(made.body.id);
    expect(listed).not.toContain(made.body.key.slice('dmk_0123456789abcdef_'.length));
    expect(listed).not.toContain('hash');
    const revoked = await ask(`/api/v1/keys/${made.body.id}`, admin, 'DELETE');
    expect(revoked.body.revokedAt).not.toBeNull();
    expect((await ask('/api/v1/drifts', made.body.key)).status).toBe(401);
    expect(harness.logged.join('')).not.toContain(made.body.key);
  });
});

describe('operations', () => {
  it('replay appends the original of a dead letter to its topic and partition again, and names what it cannot', async () => {
    const [letter] = (await ask('/api/v1/system/dead-letters', admin)).body.items;
    const replay = (payload: object) => ask('/api/v1/system/dead-letters/replay', admin, 'POST', payload);
    expect((await replay({})).body).toEqual({
      replayed: 0,
      skipped: [{ id: letter.id, reason: 'its original is not kept' }],
    });
    await harness.dependencies.blobs.put('dead/1', Buffer.from('original'));
    const end = await harness.log.end('driftmgr.changes', 0);
    const { status, body } = await replay({ ids: [letter.id, 'dlt_none'] });
    expect(status).toBe(200);
    expect(Value.Errors(types.ReplaySchema, body)).toEqual([]);
    expect(body).toEqual({
      replayed: 1,
      skipped: [{ id: 'dlt_none', reason: 'there is no such dead letter' }],
    });
    const { records } = await harness.log.read('driftmgr.changes', 0, end, { records: 10, bytes: 1_000 });
    expect(records.map(({ key, value }) => [key, value?.toString()])).toEqual([[KEY, 'original']]);
  });

  it('a rebuild is started by name', async () => {
    const rebuild = (name: string) => ask(`/api/v1/system/projections/${name}/rebuild`, admin, 'POST');
    expect(await rebuild('resources')).toMatchObject({ status: 202, body: { projection: 'resources' } });
    expect((await rebuild('none')).status).toBe(404);
  });
});
