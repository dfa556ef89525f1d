// Reads that failed, as coverage tells them: by type, scope and kind of failure, until something was observed later.
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  declared,
  observed,
  readFailed,
  snapshotCompleted,
  TEST_TIME,
  vanished,
  withdrawn,
} from '../runtime/testing/events.ts';
import { openProjections, type ProjectionBench } from '../runtime/testing/projections.ts';
import type { Event } from '../schemas/index.ts';
import { coveragePage, iso, PROJECTIONS, resourcesPage } from './index.ts';

const org = 'default';
const minute = 60_000;
const at = (minutes: number): number => TEST_TIME + minutes * minute;
const SCOPE = 'aws/123456789012/us-east-1/aws_sqs_queue';
const READER = 'terraform-read';
let bench: ProjectionBench;

beforeAll(async () => {
  bench = await openProjections(PROJECTIONS);
});
afterAll(() => bench.close());

const queue = (id: string) => ({ objectKey: `default/aws/123456789012/us-east-1/sqs/${id}` });
const type = 'aws_sqs_queue';
const declare = (id: string, workspace = 'prod'): Event =>
  declared(
    { type, resourceId: id, workspace, address: `aws_sqs_queue.${id}` },
    { ...queue(id), time: at(0) },
  );
const fail = (id: string, minutes: number, code = 'denied', source = READER): Event =>
  readFailed(
    { type, resourceId: id, address: `aws_sqs_queue.${id}`, code, reason: `${code} at ${minutes}` },
    { ...queue(id), time: at(minutes), source },
  );
const see = (id: string, minutes: number, source = READER): Event =>
  observed({ type, resourceId: id, via: 'read' }, { ...queue(id), time: at(minutes), source });

const told = async (...events: Event[]) => {
  await bench.append(events);
  await bench.settled();
  const { items } = await coveragePage(bench, { org });
  const [item] = items.filter(({ scope }) => scope === SCOPE);
  return { status: item!.status, reasons: item!.reasons, failures: item!.failures };
};
const statusOf = async (id: string) => {
  const { items } = await resourcesPage(bench, { org });
  const item = items.find(({ resourceId }) => resourceId === id)!;
  return [item.status, item.statusReason];
};

it('a resource that could not be read makes its scope unknown, with the reason, how many, when and an example', async () => {
  const all = ['a', 'b', 'c', 'd'];
  expect(await told(...all.flatMap((id) => [declare(id), see(id, 1)]))).toEqual({
    status: 'covered',
    reasons: [],
    failures: [],
  });
  expect(await told(fail('a', 2), fail('b', 3), fail('c', 4, 'throttled'))).toEqual({
    status: 'unknown',
    reasons: ['2 could not be read: denied at 3', '1 could not be read: throttled at 4'],
    failures: [
      {
        code: 'denied',
        reason: 'denied at 3',
        count: 2,
        lastAt: iso(at(3)),
        workspace: 'prod',
        address: 'aws_sqs_queue.b',
      },
      {
        code: 'throttled',
        reason: 'throttled at 4',
        count: 1,
        lastAt: iso(at(4)),
        workspace: 'prod',
        address: 'aws_sqs_queue.c',
      },
    ],
  });
  expect(await statusOf('a')).toEqual(['unknown', 'it could not be read: denied at 2']);
  expect(await statusOf('d')).toEqual(['in_sync', null]);
});

it('the newest failure of whoever read it is the one that is told', async () => {
  expect((await told(fail('b', 5, 'hung', 'terraform-sweep'))).failures).toMatchObject([
    { code: 'denied', count: 1, address: 'aws_sqs_queue.a' },
    { code: 'hung', count: 1, reason: 'hung at 5' },
    { code: 'throttled', count: 1 },
  ]);
});

it('is a gap no more when something was observed later, by anyone, also that it is gone; an earlier sight ends nothing', async () => {
  expect((await told(see('a', 1, 'late'))).failures).toHaveLength(3);
  const gone = vanished(
    { type, resourceId: 'c', proof: 'read' },
    { ...queue('c'), time: at(6), source: READER },
  );
  expect((await told(see('a', 6, 'other'), gone)).failures).toMatchObject([{ code: 'hung' }]);
  expect(await statusOf('a')).toEqual(['in_sync', null]);
});

it('is told only to who may see the workspace, and no more when the resource is no longer declared', async () => {
  await told(declare('e', 'stage'), fail('e', 7));
  const seen = async (workspaces: string[]) =>
    (await coveragePage(bench, { org, workspaces })).items.flatMap(({ failures }) =>
      failures.map(({ address }) => address),
    );
  expect(await seen(['stage'])).toEqual(['aws_sqs_queue.e']);
  expect(await seen(['prod'])).toEqual(['aws_sqs_queue.b']);
  const removed = withdrawn(
    { type, resourceId: 'e', workspace: 'stage', address: 'aws_sqs_queue.e' },
    { ...queue('e'), time: at(8) },
  );
  await told(removed);
  expect(await seen(['stage', 'prod'])).toEqual(['aws_sqs_queue.b']);
});

it('is a gap no more when a listing of its scope that began later is complete', async () => {
  const listing = snapshotCompleted({ scope: SCOPE, startedAt: at(10) }, { time: at(11), source: 'sweep' });
  expect(await told(listing)).toEqual({ status: 'covered', reasons: [], failures: [] });
});
