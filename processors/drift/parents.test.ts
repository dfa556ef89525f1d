import { describe, expect, it } from 'vitest';
import { driveProcessor } from '../../runtime/testing/driver.ts';
import {
  changeReported,
  declared,
  observed,
  statePublished,
  TEST_TIME,
} from '../../runtime/testing/events.ts';
import type { Drift, Event } from '../../schemas/index.ts';
import { compare } from './compare.ts';
import { createDriftDetector, driftDetector } from './index.ts';

const minute = 60_000;
const objectKey = 'default/aws/-/-/security-group/sg-1';
const at = (offset: number) => ({ time: TEST_TIME + offset, objectKey });
const block = (port: number) => ({
  from_port: port,
  to_port: port,
  protocol: 'tcp',
  cidr_blocks: ['10.0.0.0/8'],
  description: '',
  ipv6_cidr_blocks: [],
  prefix_list_ids: [],
  security_groups: [],
  self: false,
});
/** The state's own copy of `ingress` is whatever the last refresh saw; `ports` are those. */
const group = (ports: number[], offset = 0) =>
  declared(
    {
      type: 'aws_security_group',
      resourceId: 'sg-1',
      address: 'aws_security_group.web',
      attributes: JSON.stringify({ id: 'sg-1', ingress: ports.map(block) }),
    },
    at(offset),
  );
const rule = (port: number, workspace = 'prod', offset = 0) =>
  declared(
    {
      workspace,
      type: 'aws_security_group_rule',
      resourceId: `sgrule-${port}`,
      address: `aws_security_group_rule.r[${port}]`,
      attributes: JSON.stringify({
        id: `sgrule-${port}`,
        security_group_id: 'sg-1',
        type: 'ingress',
        from_port: port,
        to_port: port,
        protocol: 'tcp',
        cidr_blocks: ['10.0.0.0/8'],
      }),
    },
    at(offset),
  );
const seen = (ports: number[], offset: number) =>
  observed(
    {
      type: 'aws_security_group',
      resourceId: 'sg-1',
      attributes: JSON.stringify({ id: 'sg-1', ingress: ports.map(block) }),
    },
    at(offset),
  );
const ruleSeen = (port: number, offset: number) =>
  observed(
    {
      type: 'aws_security_group_rule',
      resourceId: 'sgrule-443',
      via: 'read',
      attributes: JSON.stringify({
        id: 'sgrule-443',
        security_group_id: 'sg-1',
        type: 'ingress',
        from_port: port,
        to_port: port,
        protocol: 'tcp',
        cidr_blocks: ['10.0.0.0/8'],
      }),
    },
    at(offset),
  );
const published = [
  statePublished({}, { time: TEST_TIME }),
  statePublished({ workspace: 'other' }, { time: TEST_TIME }),
];
const opening = changeReported(
  { operation: 'AuthorizeSecurityGroupIngress', targets: [{ type: 'aws_security_group', id: 'sg-1' }] },
  at(minute),
);

/** `over`: once all that is waited for is over. */
function drifts(events: Event[], over: boolean, detector = driftDetector): Drift[] {
  const driver = driveProcessor(detector, { now: TEST_TIME + 10 * minute });
  driver.inputs([...published, ...events]);
  if (over) driver.runOut();
  const current = new Map(driver.outputsOf('drift.current').map(({ body }) => [body.drift.id, body.drift]));
  return [...current.values()];
}
const open = (events: Event[], over = false) =>
  drifts(events, over).filter((drift) => drift.status !== 'resolved');

describe('a parent whose elements are declared by separate resources', () => {
  it('an empty text in the parent is no element: the policy of a bucket was deleted, nothing unmanaged is there', () => {
    const bucket = { type: 'aws_s3_bucket', resourceId: 'logs' };
    const attributes = { id: 'logs', bucket: 'logs' };
    const found = open([
      declared(
        {
          ...bucket,
          address: 'aws_s3_bucket.logs',
          attributes: JSON.stringify({ ...attributes, policy: '' }),
        },
        at(0),
      ),
      declared(
        {
          type: 'aws_s3_bucket_policy',
          resourceId: 'logs',
          address: 'aws_s3_bucket_policy.logs',
          attributes: JSON.stringify({ ...attributes, policy: '{"Version":"2012-10-17","Statement":[]}' }),
        },
        at(0),
      ),
      changeReported({ targets: [{ type: 'aws_s3_bucket', id: 'logs' }] }, at(minute)),
      observed({ ...bucket, attributes: JSON.stringify({ ...attributes, policy: '' }) }, at(2 * minute)),
    ]);
    expect(found.filter(({ kind }) => kind === 'unmanaged')).toEqual([]);
  });

  it('is in sync when what it holds is what the children of all workspaces declare', () => {
    expect(open([group([]), rule(443), rule(80, 'other'), seen([443, 80], minute)])).toEqual([]);
  });

  it('an element no one declares is unmanaged under the parent, even when a refresh wrote it into the state', () => {
    const found = open([group([443, 22]), rule(443), opening, seen([443, 22], 2 * minute)]);
    expect(found).toMatchObject([
      { kind: 'unmanaged', type: 'aws_security_group', resourceId: 'sg-1', confidence: 'confirmed' },
    ]);
    expect(found[0]?.differences).toMatchObject([{ path: 'ingress', op: 'added', declared: null }]);
    expect(found[0]?.differences[0]?.observed).toContain('22');
    expect(found[0]?.actors).toMatchObject([{ name: 'alice' }]);
  });

  it('with no one seen to make it, it is only suspected: a state that is not connected may declare it', () => {
    expect(open([group([]), rule(443), seen([443, 22], minute)])).toMatchObject([
      { kind: 'unmanaged', confidence: 'suspected' },
    ]);
  });

  it('holds it still when it is seen to after its own state was written, whichever is heard of first', () => {
    const before = seen([443, 22], minute);
    const written = group([443, 22], 2 * minute);
    const after = seen([443, 22], 3 * minute);
    const [one, other] = [
      [before, written, after],
      [before, after, written],
    ].map((order) => open([group([]), rule(443), ...order], true));
    expect(one).toMatchObject([{ kind: 'unmanaged', confidence: 'suspected' }]);
    expect(other?.map((drift) => drift.id)).toEqual(one?.map((drift) => drift.id));
  });

  it('is settled when the missing declaration comes', () => {
    expect(open([group([]), rule(443), seen([443, 22], minute), rule(22, 'other')])).toEqual([]);
  });

  it('is settled when the element is gone', () => {
    expect(open([group([]), rule(443), seen([443, 22], minute), seen([443], 2 * minute)])).toEqual([]);
  });

  it('a child that was changed is drift of its own, not also an element that no one declares', () => {
    const found = open([group([]), rule(443), ruleSeen(8443, minute), seen([8443], minute)]);
    expect(found).toMatchObject([{ kind: 'modified', address: 'aws_security_group_rule.r[443]' }]);
    const other = open([group([]), rule(443), seen([8443], minute), ruleSeen(8443, minute)]);
    expect(other.map((drift) => drift.id)).toEqual(found.map((drift) => drift.id));
  });

  it('where reads are made, nothing is told of the parent before both were read', () => {
    const changed = (offset: number) =>
      changeReported(
        {
          operation: 'ModifySecurityGroupRules',
          providerEventId: `event-${offset}`,
          targets: [
            { type: 'aws_security_group_rule', id: 'sgrule-443' },
            { type: 'aws_security_group', id: 'sg-1' },
          ],
        },
        at(offset),
      );
    const events = [
      ...[group([]), rule(443), ruleSeen(443, 0), seen([443], 0)],
      // The parent is read first, and later, when it is taken back, last.
      ...[changed(minute), seen([8443], 2 * minute), ruleSeen(8443, 2 * minute)],
      ...[changed(3 * minute), ruleSeen(443, 4 * minute), seen([443], 4 * minute)],
    ];
    const reads = createDriftDetector({ compare, reads: true });
    expect(drifts(events, false, reads).filter(({ kind }) => kind === 'unmanaged')).toEqual([]);
    expect(drifts(events, false, reads).find(({ kind }) => kind === 'modified')).toMatchObject({
      status: 'resolved',
      resolution: 'reverted',
    });
  });

  it('without children its own blocks count', () => {
    expect(open([group([443]), seen([443, 22], minute)])).toMatchObject([{ kind: 'modified' }]);
  });
});
