import { describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  observed,
  statePublished,
  TEST_TIME,
  vanished,
} from '../../runtime/testing/events.ts';
import { A, at, B, given, hour, minute, second, state } from './testing/given.ts';

const byTerraform = { via: 'terraform', name: 'ci', principal: 'arn:aws:iam::123456789012:role/ci' } as const;

describe('suspected drifts', () => {
  it('what one session does is one actor with all its event ids and what it called each time, in any order', () => {
    const changes = [1, 2, 3].map((n) =>
      changeReported(
        { providerEventId: `e${n}`, operation: `PutBucket${n}`, actor: { session: 'ASIA1' } },
        at(n * second),
      ),
    );
    for (const order of [changes, [...changes].reverse()]) {
      const detector = given();
      detector.inputs([...state(A), ...order]);
      const eventIds = ['e1', 'e2', 'e3'];
      const operations = ['PutBucket1', 'PutBucket2', 'PutBucket3'];
      expect(detector.open()).toMatchObject([{ actors: [{ name: 'alice', eventIds, operations }] }]);
    }
  });

  it('the same change reported twice says nothing new', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({}, at(minute))]);
    const before = detector.outputs().length;
    detector.input(changeReported({}, at(minute)));
    expect(detector.outputs()).toHaveLength(before);
  });

  it('an observation after the change that equals the declaration dismisses it', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      changeReported({}, at(minute)),
      observed({ attributes: A }, at(2 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'dismissed' }]);
  });

  it('an observation before the change proves nothing about it', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: A }, at(minute)),
      changeReported({}, at(2 * minute)),
    ]);
    expect(detector.open()).toMatchObject([{ confidence: 'suspected' }]);
  });

  it('an observation that differs confirms it, with its actors', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      changeReported({}, at(minute)),
      observed({ attributes: B }, at(2 * minute)),
    ]);
    expect(detector.open()).toMatchObject([
      { confidence: 'confirmed', revision: 2, actors: [{ name: 'alice' }], differences: [{ path: 'acl' }] },
    ]);
  });

  it('a change heard of late still names who did it', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: B }, at(2 * minute)),
      changeReported({}, at(minute)),
    ]);
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed', actors: [{ name: 'alice' }] }]);
    expect(detector.outputsOf('drift.changed')).toHaveLength(1);
  });

  it('is unverified when what should read it does not in time; without a reader it stays suspected', () => {
    for (const [reads, confidence] of [
      [true, 'unverified'],
      [false, 'suspected'],
    ] as const) {
      const detector = given({ reads });
      detector.inputs([...state(A), changeReported({}, at(minute))]);
      detector.advanceTo(TEST_TIME + 3 * hour);
      expect(detector.open()).toMatchObject([{ confidence, actors: [{ name: 'alice' }] }]);
    }
  });

  it('keeps its actors when the change itself is no longer remembered', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({}, at(minute))]);
    detector.advanceTo(TEST_TIME + 10 * hour);
    detector.input(changeReported({ providerEventId: 'later', actor: { name: 'bob' } }, at(11 * hour)));
    expect(
      detector
        .open()[0]
        ?.actors.map((actor) => actor.name)
        .sort(),
    ).toEqual(['alice', 'bob']);
    detector.input(observed({ attributes: B }, at(12 * hour)));
    expect(
      detector
        .open()[0]
        ?.actors.map((actor) => actor.name)
        .sort(),
    ).toEqual(['alice', 'bob']);
  });

  it('a service’s own change is labelled as such', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      changeReported({ actor: { via: 'service', name: 'autoscaling' } }, at(minute)),
    ]);
    expect(detector.open()).toMatchObject([{ actors: [{ via: 'service', name: 'autoscaling' }] }]);
  });

  it('Terraform writing the same thing again ends it, once a state that it pushes says so', () => {
    const detector = given();
    const operation = 'PutBucketAcl';
    detector.inputs([...state(A), changeReported({ operation }, at(minute))]);
    detector.input(changeReported({ operation, providerEventId: 't', actor: byTerraform }, at(2 * minute)));
    expect(detector.open()).toHaveLength(1);
    detector.inputs([
      declared({ attributes: A, serial: 2, owner: 'team' }, at(3 * minute)),
      statePublished({ serial: 2 }, at(3 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted' }]);
  });

  it('Terraform writing something else on the object ends nothing', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      changeReported({ operation: 'PutBucketAcl' }, at(minute)),
      changeReported(
        { operation: 'PutBucketTagging', providerEventId: 't', actor: byTerraform },
        at(2 * minute),
      ),
      ...state(A, 3 * minute, 2),
    ]);
    expect(detector.open()).toHaveLength(1);
  });

  it('the time a state file was written silences no change', () => {
    const detector = given();
    detector.inputs([...state(A, hour, 1, false), changeReported({}, at(minute))]);
    expect(detector.open()).toMatchObject([{ confidence: 'suspected' }]);
  });

  it('only candidates that are declared are suspected; a type alone counts when no named one is', () => {
    const targets = [
      { type: 'aws_s3_bucket_policy', id: null },
      { type: 'aws_s3_bucket', id: 'logs' },
    ];
    const policy = declared(
      { type: 'aws_s3_bucket_policy', address: 'aws_s3_bucket_policy.p', resourceId: 'logs' },
      at(0),
    );
    const one = given();
    one.inputs([policy, statePublished({}, at(0)), changeReported({ targets }, at(minute))]);
    expect(one.open()).toMatchObject([{ type: 'aws_s3_bucket_policy' }]);
    const both = given();
    both.inputs([changeReported({ targets }, at(minute)), policy, ...state(A)]);
    expect(both.open()).toMatchObject([{ type: 'aws_s3_bucket' }]);
  });
});

describe('a change of which only the object is known', () => {
  const change = changeReported({ targets: [], operation: 'SetVaultAccessPolicy' }, at(minute));

  it('is one of whatever is declared there, in any order of arrival', () => {
    for (const order of [
      [...state(A), change],
      [change, ...state(A)],
    ]) {
      const detector = given();
      detector.inputs(order);
      expect(detector.open()).toMatchObject([
        { kind: 'modified', confidence: 'suspected', actors: [{ name: 'alice' }] },
      ]);
    }
  });

  it('opens nothing where nothing is declared, however it is called', () => {
    const detector = given();
    for (const verb of ['create', 'delete', 'update'] as const)
      detector.input(changeReported({ targets: [], verb, providerEventId: verb }, at(minute)));
    expect(detector.drifts()).toEqual([]);
  });

  it('does not say that what is declared there is gone, whatever it deleted', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({ targets: [], verb: 'delete' }, at(minute))]);
    expect(detector.open()).toMatchObject([{ kind: 'modified', confidence: 'suspected' }]);
  });

  it('by Terraform opens nothing', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({ targets: [], actor: byTerraform }, at(minute))]);
    expect(detector.drifts()).toEqual([]);
  });

  it('is dismissed by an observation after it that equals the declaration', () => {
    const detector = given();
    detector.inputs([...state(A), change, observed({ attributes: A }, at(2 * minute))]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'dismissed' }]);
  });
});

describe('deletions by someone else', () => {
  const deletion = changeReported(
    { verb: 'delete', operation: 'DeleteBucket', providerEventId: 'd' },
    at(minute),
  );

  it('are a suspected missing drift, confirmed when it is proven gone', () => {
    const detector = given();
    detector.inputs([...state(A), deletion]);
    expect(detector.open()).toMatchObject([
      { kind: 'missing', confidence: 'suspected', actors: [{ eventIds: ['d'] }] },
    ]);
    detector.input(vanished({}, at(2 * minute)));
    expect(detector.open()).toMatchObject([
      { kind: 'missing', confidence: 'confirmed', actors: [{ eventIds: ['d'] }] },
    ]);
  });

  it('are dismissed when the resource is seen afterwards', () => {
    const detector = given();
    detector.inputs([...state(A), deletion, observed({ attributes: A }, at(2 * minute))]);
    expect(detector.open()).toEqual([]);
  });

  it('by Terraform open nothing', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({ verb: 'delete', actor: byTerraform }, at(minute))]);
    expect(detector.drifts()).toEqual([]);
  });

  it('one right after the declaration that is not found only once is unknown, not missing', () => {
    const detector = given();
    detector.inputs([...state(A), vanished({ proof: 'read' }, at(second))]);
    expect(detector.drifts()).toEqual([]);
    detector.advanceTo(TEST_TIME + minute);
    expect(detector.open()).toMatchObject([{ kind: 'missing', confidence: 'unverified' }]);
  });
});
