import { describe, expect, it } from 'vitest';
import {
  changeReported,
  observed,
  snapshotCompleted,
  snapshotFailed,
  TEST_TIME,
  vanished,
  withdrawn,
} from '../../runtime/testing/events.ts';
import { A, at, B, given, minute, state } from './testing/given.ts';

describe('modified', () => {
  it('a value that differs from the declared one opens a confirmed drift', () => {
    const detector = given();
    detector.inputs([...state(A), observed({ attributes: B }, at(minute))]);
    expect(detector.drifts()).toMatchObject([
      {
        kind: 'modified',
        confidence: 'confirmed',
        status: 'open',
        revision: 1,
        openedAt: TEST_TIME + minute,
        differences: [{ path: 'acl', declared: '"private"', observed: '"public"' }],
      },
    ]);
  });

  it('a value equal to the declared one opens nothing', () => {
    const detector = given();
    detector.inputs([...state(A), observed({ attributes: A }, at(minute))]);
    expect(detector.outputs()).toEqual([]);
  });

  it('a value that moved back to the declared one closes it as reverted', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: B }, at(minute)),
      observed({ attributes: A }, at(2 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted', revision: 2 }]);
  });

  it('a drift that comes back is the same drift, reopened', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: B }, at(minute)),
      observed({ attributes: A }, at(2 * minute)),
      observed({ attributes: B }, at(3 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'open', revision: 3, resolution: null }]);
    expect(detector.outputsOf('drift.reopened')).toHaveLength(1);
  });

  it('an observation older than the declaration proves nothing', () => {
    const detector = given();
    detector.inputs([observed({ attributes: A }, at(0)), ...state(B, minute)]);
    detector.advanceTo(TEST_TIME + 10 * minute);
    expect(detector.outputs()).toEqual([]);
  });

  it('a late older value from another source does not win', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: A }, { ...at(2 * minute), source: 'one' }),
      observed({ attributes: B }, { ...at(minute), source: 'two' }),
    ]);
    expect(detector.open()).toEqual([]);
  });

  it('a value that one source repeats after another saw a different one holds again', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: A }, { ...at(minute), source: 'one' }),
      observed({ attributes: B }, { ...at(2 * minute), source: 'two' }),
      observed({ attributes: A }, { ...at(3 * minute), source: 'one' }),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted' }]);
  });

  it('a repetition costs a lookup and no more, unless another source said something else in between', () => {
    const detector = given();
    const says = (attributes: string, source: string, offset: number) =>
      detector.input(observed({ attributes }, { ...at(offset * minute), source }));
    detector.inputs(state(A));
    expect(says(A, 'one', 1)).toBe('folded');
    expect(says(A, 'two', 2)).toBe('folded');
    expect(says(A, 'one', 3)).toBe('unchanged');
    expect(says(B, 'two', 4)).toBe('folded');
    expect(says(B, 'two', 5)).toBe('unchanged');
    expect(says(A, 'one', 3)).toBe('unchanged');
    expect(says(A, 'one', 6)).toBe('folded');
    expect(says(A, 'one', 7)).toBe('unchanged');
    expect(says(B, 'two', 8)).toBe('folded');
    expect(says(A, 'two', 9)).toBe('folded');
    expect(says(A, 'one', 10)).toBe('unchanged');
  });
});

describe('missing', () => {
  it('a declared resource that is proven gone is missing', () => {
    const detector = given();
    detector.inputs([...state(A), observed({ attributes: A }, at(minute)), vanished({}, at(2 * minute))]);
    expect(detector.drifts()).toMatchObject([{ kind: 'missing', confidence: 'confirmed', status: 'open' }]);
  });

  it('one that no complete listing of its scope ever showed is missing', () => {
    const detector = given();
    detector.inputs([...state(A), snapshotCompleted({ startedAt: TEST_TIME + minute }, at(2 * minute))]);
    expect(detector.drifts()).toMatchObject([{ kind: 'missing', confidence: 'confirmed' }]);
  });

  it('one that was gone before it was declared, and is found gone again, is missing: the repetition is looked at', () => {
    const detector = given();
    detector.inputs([vanished({}, at(0)), ...state(A, minute), vanished({}, at(10 * minute))]);
    detector.advanceTo(TEST_TIME + 60 * minute);
    expect(detector.open()).toMatchObject([{ kind: 'missing', confidence: 'confirmed' }]);
  });

  it.each(['', ', also when the state was lost in between'])(
    'one that another source saw in between, and that is found gone again, is missing%s',
    (lost) => {
      const detector = given();
      detector.inputs([
        vanished({}, { ...at(0), source: 'one' }),
        ...state(A, minute),
        observed({ attributes: A }, { ...at(5 * minute), source: 'two' }),
      ]);
      if (lost) detector.rebuild({ compacted: true });
      detector.input(vanished({}, { ...at(10 * minute), source: 'one' }));
      expect(detector.open()).toMatchObject([{ kind: 'missing', confidence: 'confirmed' }]);
    },
  );

  it('a failed listing proves nothing', () => {
    const detector = given();
    detector.inputs([...state(A), snapshotFailed({}, at(2 * minute))]);
    expect(detector.outputs()).toEqual([]);
  });

  it('one that the state no longer declares is not missing any more', () => {
    const detector = given();
    detector.inputs([...state(A), vanished({}, at(2 * minute)), withdrawn({}, at(3 * minute))]);
    expect(detector.drifts()).toMatchObject([{ kind: 'missing', status: 'resolved', resolution: 'removed' }]);
  });
});

describe('suspected', () => {
  it('a change by a person on a declared object is a suspected drift with its actor and evidence', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({}, at(minute))]);
    expect(detector.drifts()).toMatchObject([
      {
        kind: 'modified',
        confidence: 'suspected',
        differences: [],
        actors: [{ name: 'alice', via: 'console', sourceIp: '203.0.113.7', eventIds: ['provider-event-1'] }],
      },
    ]);
  });

  it('Terraform’s own write opens nothing', () => {
    const detector = given();
    detector.inputs([...state(A), changeReported({ actor: { via: 'terraform' } }, at(minute))]);
    expect(detector.open()).toEqual([]);
  });

  it('a change heard of before the state that declares its object is suspected all the same', () => {
    const detector = given();
    detector.inputs([changeReported({}, at(minute)), ...state(A)]);
    expect(detector.open()).toMatchObject([{ kind: 'modified', confidence: 'suspected' }]);
  });
});
