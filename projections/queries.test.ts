// What the query functions answer, on real databases, over one story.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  eventOf,
  observed,
  snapshotCompleted,
  snapshotFailed,
  statePublished,
  TEST_TIME,
  withdrawn,
} from '../runtime/testing/events.ts';
import type { ProjectionBench } from '../runtime/testing/projections.ts';
import { openProjections } from '../runtime/testing/projections.ts';
import type { Drift, Event, EventType } from '../schemas/index.ts';
import { driftKey, partitionOf } from '../schemas/index.ts';
import {
  changesPage,
  coveragePage,
  deadLetterCounts,
  deadLettersPage,
  driftById,
  driftCounts,
  driftsAt,
  driftsPage,
  driftTimeline,
  exposure,
  iso,
  PROJECTIONS,
  requestById,
  resourceAt,
  resourceByKey,
  resourceCounts,
  resourcesPage,
  snapshotsPage,
  workspaceByName,
  workspacesPage,
} from './index.ts';

const org = 'default';
const minute = 60_000;
const at = (minutes: number): number => TEST_TIME + minutes * minute;
const bucket = (id: string): string => `default/aws/-/-/s3-bucket/${id}`;
let bench: ProjectionBench;

beforeAll(async () => {
  bench = await openProjections(PROJECTIONS);
  await bench.append(story());
  await bench.settled();
});
afterAll(() => bench.close());

const driftOf = (over: Partial<Drift>): Drift => ({
  id: 'drf_1',
  revision: 1,
  kind: 'modified',
  confidence: 'confirmed',
  certainty: 'high',
  status: 'open',
  absorbed: false,
  severity: 'high',
  org,
  provider: 'aws',
  account: '123456789012',
  region: 'us-east-1',
  objectKey: bucket('logs'),
  owner: 'team-net',
  type: 'aws_s3_bucket',
  resourceId: 'logs',
  workspace: 'prod',
  address: 'aws_s3_bucket.logs',
  stateSerial: 1,
  differences: [
    { path: 'acl', op: 'changed', declared: '"private"', observed: '"public"', configured: true },
  ],
  actors: [
    {
      principal: 'arn:aws:iam::123456789012:user/alice',
      name: 'alice',
      via: 'console',
      sourceIp: '203.0.113.7',
      userAgent: null,
      session: null,
      eventIds: ['e1'],
      operations: ['PutBucketPolicy'],
      certainty: 'high',
    },
  ],
  declaredAsOf: at(0),
  observedAsOf: at(10),
  openedAt: at(10),
  changedAt: at(10),
  resolvedAt: null,
  resolution: null,
  resolvedBy: null,
  ignoredBy: null,
  note: null,
  acknowledgement: null,
  acceptance: null,
  ...over,
});

/** A step of a drift as the detector writes it: the transition, and the current drift. */
function step(
  type: Extract<
    EventType,
    `drift.${'opened' | 'changed' | 'acknowledged' | 'accepted' | 'resolved' | 'reopened'}`
  >,
  minutes: number,
  over: Partial<Drift>,
): Event[] {
  const drift = driftOf(over);
  const fields = { time: at(minutes), objectKey: drift.objectKey, source: 'drift-detector' };
  return [
    eventOf(type, { drift, causedBy: 'cause' }, { ...fields, id: `${drift.id}/${drift.revision}` }),
    eventOf('drift.current', { drift }, { ...fields, id: `${drift.id}/${drift.revision}/current` }),
  ];
}

const declare = (id: string, minutes = 0, over: Parameters<typeof declared>[0] = {}) =>
  declared(
    {
      address: `aws_s3_bucket.${id}`,
      resourceId: id,
      owner: 'team-net',
      attributes: `{"acl":"private","id":"${id}"}`,
      ...over,
    },
    { objectKey: bucket(id), time: at(minutes) },
  );
const observe = (id: string, minutes: number, attributes: string, source = 'aws-read') =>
  observed({ resourceId: id, attributes, via: 'read' }, { objectKey: bucket(id), time: at(minutes), source });

function story(): Event[] {
  return [
    declare('logs'),
    declare('clean'),
    declare('unseen', 0, { type: 'aws_s3_bucket_policy', address: 'aws_s3_bucket_policy.unseen' }),
    declare('nowhere', 0, { scopeProblem: 'no scope', account: null, region: null }),
    declare('suspect'),
    declare('gone'),
    declare('late', 30),
    withdrawn(
      { address: 'aws_s3_bucket.gone', resourceId: 'gone', serial: 2 },
      { objectKey: bucket('gone'), time: at(20) },
    ),
    declare('hidden', 0, { workspace: 'sealed' }),
    statePublished({ owner: 'team-net', serial: 1, instances: 6 }, { time: at(0) }),
    statePublished({ owner: 'team-net', serial: 2, instances: 5, writtenBy: 'carol' }, { time: at(20) }),
    statePublished({ owner: 'team-net', serial: 2, instances: 5, kind: 'checked' }, { time: at(25) }),
    statePublished({ workspace: 'sealed', serial: 7, instances: 1 }, { time: at(0) }),
    statePublished(
      { workspace: 'sealed', serial: 0, instances: 0, kind: 'unreadable', problem: 'it is encrypted' },
      { time: at(5) },
    ),
    statePublished({ workspace: 'removed', kind: 'removed' }, { time: at(5) }),
    eventOf(
      'run.started',
      {
        workspace: 'prod',
        runId: 'r1',
        operation: 'OperationTypeApply',
        who: 'carol',
        terraformVersion: '1.9.0',
      },
      { time: at(19) },
    ),
    eventOf('run.finished', { workspace: 'prod', runId: 'r1', forced: false }, { time: at(20) }),
    eventOf(
      'run.started',
      {
        workspace: 'sealed',
        runId: 'r2',
        operation: 'OperationTypeApply',
        who: 'dave',
        terraformVersion: null,
      },
      { time: at(40) },
    ),
    observe('logs', 1, '{"acl":"private"}'),
    observe('logs', 10, '{"acl":"public"}'),
    observe('clean', 1, '{"acl":"private"}'),
    observe('suspect', 1, '{"acl":"private"}'),
    snapshotCompleted({ startedAt: at(15) }, { time: at(16), source: 'aws-snapshot' }),
    snapshotFailed(
      { scope: 'digitalocean/-/-/digitalocean_droplet', reason: 'page 2: 500', retryAt: at(20) },
      { time: at(15), source: 'digitalocean-snapshot' },
    ),
    changeReported(
      { providerEventId: 'e1' },
      { time: at(9), objectKey: bucket('logs'), source: 'aws-cloudtrail' },
    ),
    changeReported(
      { providerEventId: 'e2', verb: 'delete', actor: { name: 'bob', via: 'cli' } },
      { time: at(12), objectKey: bucket('suspect'), source: 'aws-cloudtrail' },
    ),
    ...step('drift.opened', 10, {}),
    ...step('drift.acknowledged', 20, {
      revision: 2,
      status: 'acknowledged',
      changedAt: at(20),
      acknowledgement: { by: 'erin', reason: 'looking', at: at(20) },
    }),
    ...step('drift.opened', 12, {
      id: 'drf_2',
      confidence: 'suspected',
      severity: 'low',
      objectKey: bucket('suspect'),
      resourceId: 'suspect',
      address: 'aws_s3_bucket.suspect',
      differences: [],
    }),
    ...step('drift.opened', 5, {
      id: 'drf_3',
      objectKey: bucket('elsewhere'),
      severity: 'critical',
      workspace: 'old',
      address: 'a.b',
      openedAt: at(5),
    }),
    ...step('drift.resolved', 15, {
      id: 'drf_3',
      objectKey: bucket('elsewhere'),
      revision: 2,
      severity: 'critical',
      workspace: 'old',
      address: 'a.b',
      status: 'resolved',
      resolvedAt: at(15),
      resolution: 'reverted',
      resolvedBy: 'e3',
    }),
    ...step('drift.opened', 5, {
      id: 'drf_4',
      objectKey: bucket('elsewhere'),
      workspace: 'other',
      address: 'a.c',
      ignoredBy: 'co-managed',
      owner: null,
    }),
    eventOf(
      'drift.acknowledge-requested',
      { driftId: 'drf_1', by: 'erin', reason: 'looking' },
      { id: 'req_1', time: at(20), correlationId: 'c1' },
    ),
    eventOf(
      'request.settled',
      { requestId: 'req_1', outcome: 'done', reason: null, driftId: 'drf_1' },
      { id: 'set_1', time: at(20), correlationId: 'c1' },
    ),
    eventOf(
      'snapshot.requested',
      { provider: 'aws', scope: null, by: 'erin' },
      { id: 'req_2', time: at(20), correlationId: 'c2', objectKey: null },
    ),
    ...[29, 31].flatMap((days) => {
      const fields = { time: at(20) - days * 86_400_000 };
      return [
        eventOf('state.refresh-requested', { workspace: 'prod' }, { ...fields, id: `req_${days}` }),
        eventOf(
          'request.settled',
          { requestId: `req_${days}`, outcome: 'done', reason: null, driftId: null },
          { ...fields, id: `set_${days}` },
        ),
      ];
    }),
    eventOf(
      'dead-letter.recorded',
      {
        reader: 'drift-detector',
        topic: 'driftmgr.changes',
        partition: 1,
        offset: 4,
        recordKey: bucket('logs'),
        code: 'DM_EVENT_UNDECODABLE',
        reason: 'it does not fit',
        blob: 'dead-letters/x',
      },
      { id: 'dlq_1', time: at(9), recordedAt: Date.now(), objectKey: bucket('late') },
    ),
  ];
}

describe('drifts', () => {
  it('are listed worst first, unresolved and not ignored ones unless asked', async () => {
    const page = await driftsPage(bench, { org });
    expect(page).toMatchObject({ next: null, items: [{ id: 'drf_1', revision: 2 }, { id: 'drf_2' }] });
    expect(page.items[0]).toMatchObject({
      openedAt: iso(at(10)),
      acknowledgement: { by: 'erin', at: iso(at(20)) },
      differences: [{ declared: 'private', observed: 'public' }],
    });
    const ids = async (filter: object): Promise<string[]> =>
      (await driftsPage(bench, { org, ...filter })).items.map((drift) => drift.id);
    expect(await ids({ ignored: true, status: ['open', 'acknowledged', 'resolved'] })).toEqual([
      'drf_3',
      'drf_1',
      'drf_4',
      'drf_2',
    ]);
    expect(await ids({ q: 'ALICE' })).toEqual(['drf_1', 'drf_2']);
    expect(await ids({ q: '100%_' })).toEqual([]);
    expect(await ids({ actor: 'alice', confidence: ['suspected'] })).toEqual(['drf_2']);
    expect(
      await ids({ workspace: 'prod', owner: 'team-net', severity: ['high'], kind: ['modified'] }),
    ).toEqual(['drf_1']);
    expect(await ids({ workspaces: ['none'] })).toEqual([]);
    expect(
      await ids({ account: '123456789012', region: 'us-east-1', provider: 'aws', type: 'aws_s3_bucket' }),
    ).toHaveLength(2);
    expect(await ids({ org: 'someone-else' })).toEqual([]);
  });

  it('come in pages that hold each once', async () => {
    const all: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await driftsPage(bench, {
        org,
        ignored: true,
        status: ['open', 'acknowledged', 'resolved'],
        limit: 1,
        ...(cursor ? { cursor } : {}),
      });
      all.push(...page.items.map((drift) => drift.id));
      cursor = page.next ?? undefined;
    } while (cursor);
    expect(all).toEqual(['drf_3', 'drf_1', 'drf_4', 'drf_2']);
    await expect(driftsPage(bench, { org, cursor: 'made-up' })).rejects.toMatchObject({
      code: 'DM_INPUT_INVALID',
    });
  });

  it('are found by id, resolved ones too, until their tombstone', async () => {
    expect(await driftById(bench, { org, id: 'drf_3' })).toMatchObject({
      resolution: 'reverted',
      resolvedAt: iso(at(15)),
    });
    expect(await driftById(bench, { org, id: 'none' })).toBeNull();
    const [opened] = step('drift.resolved', 1, { id: 'drf_9', status: 'resolved' }).slice(1);
    await bench.append([opened!]);
    await expect.poll(() => driftById(bench, { org, id: 'drf_9' })).not.toBeNull();
    const partition = partitionOf(bucket('logs'), bench.log.partitions);
    await bench.log.append([
      { topic: 'driftmgr.open-drifts', partition, key: driftKey(org, 'drf_9'), value: null },
    ]);
    await expect.poll(() => driftById(bench, { org, id: 'drf_9' })).toBeNull();
  });

  it('are counted by owner, workspace and severity', async () => {
    expect(await driftCounts(bench, { org })).toEqual([
      {
        owner: 'team-net',
        workspace: 'prod',
        severity: 'high',
        confidence: 'confirmed',
        status: 'acknowledged',
        count: 1,
      },
      {
        owner: 'team-net',
        workspace: 'prod',
        severity: 'low',
        confidence: 'suspected',
        status: 'open',
        count: 1,
      },
    ]);
  });

  it('have a timeline', async () => {
    const first = await driftTimeline(bench, { org, driftId: 'drf_1', limit: 1 });
    expect(first.items).toMatchObject([
      { type: 'drift.opened', at: iso(at(10)), causedBy: 'cause', drift: { revision: 1 } },
    ]);
    const second = await driftTimeline(bench, { org, driftId: 'drf_1', cursor: first.next! });
    expect(second).toMatchObject({
      items: [{ type: 'drift.acknowledged', drift: { status: 'acknowledged' } }],
      next: null,
    });
  });

  it('are told as they stood at a moment', async () => {
    const then = async (minutes: number, filter: object = {}): Promise<string[]> =>
      (await driftsAt(bench, { org, at: at(minutes), ...filter })).items.map(
        (drift) => `${drift.id}@${drift.revision}`,
      );
    expect(await then(4)).toEqual([]);
    expect(await then(11)).toEqual(['drf_1@1', 'drf_3@1']);
    expect(await then(11, { workspace: 'old' })).toEqual(['drf_3@1']);
    expect(await then(16)).toEqual(['drf_1@1', 'drf_2@1']);
    expect(await then(30, { ignored: true })).toEqual(['drf_1@2', 'drf_2@1', 'drf_4@1']);
    expect(await then(30, { objectKey: bucket('suspect') })).toEqual(['drf_2@1']);
  });

  it('tell for how long things stood open', async () => {
    expect(await exposure(bench, { org, since: at(0), until: at(30) })).toEqual([
      {
        owner: 'team-net',
        workspace: 'prod',
        severity: 'high',
        drifts: 1,
        standing: 1,
        seconds: 1200,
        longest: 1200,
      },
      {
        owner: 'team-net',
        workspace: 'old',
        severity: 'critical',
        drifts: 1,
        standing: 0,
        seconds: 600,
        longest: 600,
      },
    ]);
    expect(await exposure(bench, { org, since: at(12), until: at(13), workspace: 'old' })).toMatchObject([
      { seconds: 60, standing: 1 },
    ]);
    expect(await exposure(bench, { org, since: at(0), until: at(5) })).toEqual([]);
  });
});

describe('workspaces', () => {
  it('tell how fresh they are, who runs, and what drifted', async () => {
    const page = await workspacesPage(bench, { org });
    expect(page.items.map((workspace) => workspace.name)).toEqual(['prod', 'sealed']);
    expect(page.items[0]).toMatchObject({
      owner: 'team-net',
      serial: 2,
      kind: 'checked',
      publishedAt: iso(at(25)),
      lastWrite: { kind: 'write', at: iso(at(20)), by: 'carol' },
      instances: 5,
      run: null,
      lastRunFinishedAt: iso(at(20)),
      drifts: { confirmed: 1, suspected: 1, unverified: 0, accepted: 0, absorbed: 0 },
    });
    expect(page.items[1]).toMatchObject({
      problem: 'it is encrypted',
      kind: 'unreadable',
      serial: 7,
      instances: 1,
      run: { runId: 'r2', who: 'dave', startedAt: iso(at(40)) },
    });
  });
  it('are filtered and paged', async () => {
    const first = await workspacesPage(bench, { org, limit: 1 });
    const second = await workspacesPage(bench, { org, cursor: first.next! });
    expect([...first.items, ...second.items].map((workspace) => workspace.name)).toEqual(['prod', 'sealed']);
    expect((await workspacesPage(bench, { org, q: 'SEAL' })).items).toHaveLength(1);
    expect((await workspacesPage(bench, { org, owner: 'team-net' })).items).toHaveLength(1);
    expect((await workspacesPage(bench, { org, names: ['sealed'] })).items).toHaveLength(1);
    expect(await workspaceByName(bench, { org, name: 'removed' })).toMatchObject({ kind: 'removed' });
    expect(await workspaceByName(bench, { org, name: 'none' })).toBeNull();
  });
});

describe('resources', () => {
  it('are in sync only if they were seen and nothing is open; else unknown, with the reason', async () => {
    const { items } = await resourcesPage(bench, { org });
    const status = Object.fromEntries(
      items.map((item) => [item.resourceId, [item.status, item.statusReason]]),
    );
    expect(status).toEqual({
      clean: ['in_sync', null],
      hidden: ['unknown', 'the state cannot be read: it is encrypted'],
      late: ['unknown', 'an event of it could not be processed (see dead letters)'],
      logs: ['drifted', null],
      nowhere: ['unknown', 'no scope'],
      suspect: ['unknown', 'a change was reported that could not be compared yet'],
      unseen: ['unknown', 'never observed'],
    });
    expect(items.find((item) => item.resourceId === 'logs')).toMatchObject({
      drifts: ['drf_1'],
      declaredAsOf: iso(at(0)),
      observedAsOf: iso(at(15)),
    });
    expect(await resourceCounts(bench, { org })).toEqual({ declared: 7, inSync: 1, drifted: 1, unknown: 5 });
    expect(await resourceCounts(bench, { org, workspace: 'sealed' })).toMatchObject({
      declared: 1,
      unknown: 1,
    });
  });
  it('are filtered and paged', async () => {
    const ids = async (filter: object): Promise<string[]> =>
      (await resourcesPage(bench, { org, ...filter })).items.map((item) => item.resourceId);
    expect(await ids({ status: ['in_sync', 'drifted'] })).toEqual(['clean', 'logs']);
    expect(await ids({ q: 'BUCKET.CL' })).toEqual(['clean']);
    expect(await ids({ type: 'aws_s3_bucket_policy' })).toEqual(['unseen']);
    expect(await ids({ workspaces: ['sealed'] })).toEqual(['hidden']);
    expect(
      await ids({ workspace: 'prod', address: 'aws_s3_bucket.logs', objectKey: bucket('logs') }),
    ).toEqual(['logs']);
    const first = await resourcesPage(bench, { org, limit: 3 });
    const second = await resourcesPage(bench, { org, cursor: first.next! });
    expect([...first.items, ...second.items]).toHaveLength(7);
  });
  it('are told whole by object key', async () => {
    const found = await resourceByKey(bench, { org, objectKey: bucket('logs'), now: at(30) });
    expect(found).toMatchObject({
      asOf: iso(at(30)),
      declarations: [{ workspace: 'prod', attributes: { acl: 'private', id: 'logs' }, withdrawn: false }],
      observations: [{ source: 'aws-read', attributes: { acl: 'public' }, observedAsOf: iso(at(10)) }],
      drifts: [{ id: 'drf_1' }],
    });
    expect(await resourceByKey(bench, { org, objectKey: 'none', now: 0 })).toBeNull();
  });

  it('shows as newest what the source that looked last found, also when that repeats itself', async () => {
    const seen = (minutes: number, attributes: string, source: string): Event =>
      observed(
        { resourceId: 'twice', attributes },
        { objectKey: bucket('twice'), time: at(minutes), source },
      );
    await bench.append([
      seen(20, '{"acl":"private"}', 'one'),
      seen(21, '{"acl":"public"}', 'two'),
      seen(22, '{"acl":"private"}', 'one'),
    ]);
    await bench.settled();
    const found = await resourceByKey(bench, { org, objectKey: bucket('twice'), now: at(30) });
    expect(found?.observations).toMatchObject([
      { source: 'one', attributes: { acl: 'private' }, observedAsOf: iso(at(22)) },
      { source: 'two', attributes: { acl: 'public' }, observedAsOf: iso(at(21)) },
    ]);
  });
  it('are told as they were at a moment', async () => {
    const then = (id: string, minutes: number) =>
      resourceAt(bench, { org, objectKey: bucket(id), at: at(minutes) });
    expect(await then('logs', -1)).toBeNull();
    expect(await then('logs', 5)).toMatchObject({ observations: [{ attributes: { acl: 'private' } }] });
    expect((await then('logs', 5))?.drifts.map((drift) => drift.id)).toEqual([]);
    expect(await then('logs', 11)).toMatchObject({
      observations: [{ attributes: { acl: 'public' } }],
      drifts: [{ id: 'drf_1', status: 'open' }],
    });
    expect(await then('gone', 19)).toMatchObject({
      declarations: [{ withdrawn: false, attributes: { id: 'gone' } }],
    });
    expect(await then('gone', 21)).toMatchObject({ declarations: [{ withdrawn: true, attributes: null }] });
  });
  it('stand whole under their own key only: under those of what belongs to them, without attributes', async () => {
    const objectKey = bucket('part-of-logs');
    const part = declared({ primary: false, attributes: '{"id":"logs"}' }, { objectKey, time: at(1) });
    await bench.append([part]);
    await bench.settled();
    const named = { address: 'aws_s3_bucket.logs', resourceId: 'logs', primary: false, attributes: null };
    expect((await resourceByKey(bench, { org, objectKey, now: at(30) }))?.declarations).toMatchObject([
      named,
    ]);
    expect((await resourceAt(bench, { org, objectKey, at: at(30) }))?.declarations).toMatchObject([named]);
    expect((await resourcesPage(bench, { org, objectKey })).items).toEqual([]);
  });
  it('whose version is older than the history are told from what still stands', async () => {
    await bench.clickhouse.command(
      `ALTER TABLE ${bench.serving.table('resource-versions', 'declarations')} DELETE WHERE object_key = {key:String} SETTINGS mutations_sync = 1`,
      { key: bucket('clean') },
    );
    const found = await resourceAt(bench, { org, objectKey: bucket('clean'), at: at(3) });
    expect(found).toMatchObject({
      declarations: [{ attributes: { id: 'clean' } }],
      observations: [{ source: 'aws-read' }],
    });
  });
});

describe('coverage', () => {
  it('shows the gaps first, with the reason', async () => {
    const { items } = await coveragePage(bench, { org });
    expect(
      items.map((item) => [item.scope, item.status, item.declared, item.observed, item.reasons]),
    ).toEqual([
      [
        'aws/-/-/aws_s3_bucket',
        'unknown',
        1,
        0,
        [
          '1 declared without a known account or region',
          '1 never observed: changes are reported, but nothing has read it yet',
        ],
      ],
      [
        'aws/123456789012/us-east-1/aws_s3_bucket',
        'unknown',
        5,
        4,
        [
          'state cannot be read: sealed: it is encrypted',
          '1 with events that could not be processed',
          '1 declared after the last complete listing',
        ],
      ],
      ['digitalocean/-/-/digitalocean_droplet', 'unknown', 0, 0, ['the last listing failed: page 2: 500']],
      [
        'aws/123456789012/us-east-1/aws_s3_bucket_policy',
        'partial',
        1,
        0,
        ['1 never observed: changes are reported, but nothing has read it yet'],
      ],
    ]);
    expect(items[1]).toMatchObject({
      byFeed: 'aws-cloudtrail',
      bySnapshot: 'aws-snapshot',
      lastCompletedAt: iso(at(16)),
    });
    expect((await coveragePage(bench, { org, status: ['partial'], provider: 'aws' })).items).toHaveLength(1);
    const first = await coveragePage(bench, { org, limit: 2 });
    const second = await coveragePage(bench, { org, cursor: first.next! });
    expect([...first.items, ...second.items].map((item) => item.scope)).toEqual(
      items.map((item) => item.scope),
    );
  });
  it('lists snapshots by scope', async () => {
    const { items } = await snapshotsPage(bench, { org });
    expect(items).toMatchObject([
      {
        scope: 'aws/123456789012/us-east-1/aws_s3_bucket',
        status: 'completed',
        completedAt: iso(at(16)),
        listed: 1,
      },
      {
        scope: 'digitalocean/-/-/digitalocean_droplet',
        status: 'failed',
        reason: 'page 2: 500',
        retryAt: iso(at(20)),
        completedAt: null,
      },
    ]);
    expect((await snapshotsPage(bench, { org, provider: 'aws', limit: 1 })).next).toBeNull();
  });
  it('lists dead letters', async () => {
    expect(await deadLettersPage(bench, { org })).toMatchObject({
      items: [{ id: 'dlq_1', blob: 'dead-letters/x' }],
      next: null,
    });
    expect((await deadLettersPage(bench, { org, id: 'none' })).items).toEqual([]);
    expect(await deadLetterCounts(bench, { org })).toMatchObject([{ count: 1, lastAt: expect.any(String) }]);
  });
});

describe('changes and requests', () => {
  it('changes are listed newest first, filtered and paged', async () => {
    const { items } = await changesPage(bench, { org });
    expect(items).toMatchObject([
      { operation: 'PutBucketTagging', verb: 'delete', actor: { name: 'bob', via: 'cli' }, at: iso(at(12)) },
      { targets: [{ type: 'aws_s3_bucket', id: 'logs' }], parameters: {}, objectKey: bucket('logs') },
    ]);
    const count = async (filter: object): Promise<number> =>
      (await changesPage(bench, { org, ...filter })).items.length;
    expect(await count({ actor: 'bob' })).toBe(1);
    expect(await count({ via: ['cli', 'sdk'], verb: ['delete'] })).toBe(1);
    expect(await count({ objectKey: bucket('logs'), provider: 'aws', account: '123456789012' })).toBe(1);
    expect(await count({ since: at(10), until: at(13) })).toBe(1);
    expect(
      await count({ type: 'aws_s3_bucket', service: 's3.amazonaws.com', operation: 'PutBucketTagging' }),
    ).toBe(2);
    const first = await changesPage(bench, { org, limit: 1 });
    const second = await changesPage(bench, { org, cursor: first.next! });
    expect(second.items.map((item) => item.id)).toEqual([items[1]!.id]);
  });
  it('requests tell what became of them', async () => {
    expect(await requestById(bench, { org, id: 'req_1' })).toMatchObject({
      status: 'done',
      driftId: 'drf_1',
      by: 'erin',
      correlationId: 'c1',
    });
    expect(await requestById(bench, { org, id: 'req_2' })).toMatchObject({
      status: 'pending',
      type: 'snapshot.requested',
    });
    expect(await requestById(bench, { org, id: 'none' })).toBeNull();
  });
  it('requests and their outcomes are forgotten after 30 days, as their topic forgets them', async () => {
    expect(await requestById(bench, { org, id: 'req_29' })).toMatchObject({
      type: 'state.refresh-requested',
      status: 'done',
    });
    expect(await requestById(bench, { org, id: 'req_31' })).toBeNull();
  });
});
