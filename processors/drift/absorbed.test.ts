import { describe, expect, it } from 'vitest';
import {
  changeReported,
  eventOf,
  observed,
  runFinished,
  runStarted,
  TEST_TIME,
} from '../../runtime/testing/events.ts';
import { A, at, B, day, given, minute, second, state } from './testing/given.ts';

const C = '{"acl":"log-delivery"}';
const drifted = [...state(A), observed({ attributes: B }, at(minute))];
const refreshed = state(B, 2 * minute, 2);

describe('a refresh that writes the drift into the state', () => {
  it('leaves the drift open, absorbed, with what was declared before', () => {
    const detector = given();
    detector.inputs([...drifted, ...refreshed]);
    expect(detector.open()).toMatchObject([
      {
        status: 'open',
        confidence: 'confirmed',
        absorbed: true,
        differences: [{ path: 'acl', declared: '"private"', observed: '"public"' }],
      },
    ]);
  });

  it('stays so through later serials and observations', () => {
    const detector = given();
    detector.inputs([...drifted, ...refreshed]);
    detector.input(observed({ attributes: '{"acl":"public","tags":{"a":"b"}}' }, at(3 * minute)));
    expect(detector.open()).toMatchObject([
      { absorbed: true, differences: [{ path: 'acl', declared: '"private"' }, { path: 'tags' }] },
    ]);
  });

  it('is remembered when state is folded anew from what compaction leaves', () => {
    const detector = given();
    detector.inputs([...drifted, ...refreshed]);
    detector.rebuild({ compacted: true });
    detector.input(observed({ attributes: A }, at(3 * minute)));
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted' }]);
  });

  it('is over when the cloud has the first value again, and the stale state opens no drift the other way round', () => {
    const detector = given();
    detector.inputs([...drifted, ...refreshed, observed({ attributes: A }, at(3 * minute))]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted' }]);
    detector.input(observed({ attributes: '{"acl":"private","x":null}' }, at(4 * minute)));
    expect(detector.open()).toEqual([]);
  });

  it('is told against the first declaration when the cloud moves on', () => {
    const detector = given();
    detector.inputs([...drifted, ...refreshed, observed({ attributes: C }, at(3 * minute))]);
    expect(detector.open()).toMatchObject([
      { absorbed: true, differences: [{ declared: '"private"', observed: '"log-delivery"' }] },
    ]);
  });

  it('ends when someone accepts it', () => {
    const detector = given();
    detector.inputs([...drifted, ...refreshed]);
    const driftId = detector.open()[0]!.id;
    detector.input(
      eventOf('drift.accept-requested', { driftId, by: 'bob', reason: 'meant', until: null }, at(3 * minute)),
    );
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'accepted' }]);
    detector.input(observed({ attributes: '{"acl":"public","x":null}' }, at(4 * minute)));
    expect(detector.open()).toEqual([]);
  });

  it('ends when Terraform sets the first value again', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      ...refreshed,
      ...state(A, 3 * minute, 3),
      observed({ attributes: A }, at(4 * minute)),
    ]);
    expect(detector.open()).toEqual([]);
  });

  it('in a run too: a failed apply closes nothing', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      runStarted({}, at(2 * minute)),
      ...state(B, 2 * minute + second, 2),
      runFinished({}, at(3 * minute)),
    ]);
    detector.runOut(40);
    expect(detector.open()).toMatchObject([{ absorbed: true, confidence: 'confirmed' }]);
  });

  it('an apply that undoes it closes it as reverted', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      runStarted({}, at(2 * minute)),
      ...state(B, 2 * minute + second, 2),
      ...state(A, 2 * minute + 2 * second, 3),
      observed({ attributes: A }, at(2 * minute + 3 * second)),
      runFinished({}, at(3 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved' }]);
  });
});

describe('a declaration that moves to the observed value because Terraform meant it', () => {
  it('closes the drift when the feed says that Terraform wrote that value', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      changeReported({ actor: { via: 'terraform' } }, at(minute - second)),
      ...refreshed,
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'declared' }]);
  });

  it('closes an absorbed one when the feed says so late', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      ...refreshed,
      changeReported({ actor: { via: 'terraform' } }, at(minute - second)),
    ]);
    expect(detector.open()).toEqual([]);
  });

  it('not when someone else wrote last before it was observed', () => {
    const detector = given();
    detector.inputs([
      changeReported({ providerEventId: 't', actor: { via: 'terraform' } }, at(10 * second)),
      changeReported({ providerEventId: 'a' }, at(20 * second)),
      ...drifted,
      ...refreshed,
    ]);
    expect(detector.open()).toMatchObject([{ absorbed: true, actors: [{ name: 'alice' }] }]);
  });

  it('without a drift before, a declaration equal to what is observed is in sync', () => {
    const detector = given();
    detector.inputs([...state(A), ...state(B, minute, 2), observed({ attributes: B }, at(2 * minute))]);
    expect(detector.outputs()).toEqual([]);
  });
});

describe('a resolved drift', () => {
  it('is forgotten after 30 days, and one that comes back later is a new life of the same id', () => {
    const detector = given();
    detector.inputs([...drifted, observed({ attributes: A }, at(2 * minute))]);
    const [first] = detector.drifts();
    detector.advanceTo(TEST_TIME + 31 * day);
    expect(
      detector.appended().some((one) => one.topic === 'driftmgr.open-drifts' && one.event === null),
    ).toBe(true);
    detector.input(observed({ attributes: B }, at(32 * day)));
    expect(detector.open()).toMatchObject([{ id: first!.id, revision: 1, status: 'open' }]);
    const opened = detector.outputsOf('drift.opened');
    expect(new Set(opened.map((event) => event.id)).size).toBe(2);
  });
});
