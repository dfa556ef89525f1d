import { describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  observed,
  runFinished,
  runStarted,
  snapshotCompleted,
  statePublished,
  TEST_TIME,
} from '../../runtime/testing/events.ts';
import { A, at, B, given, hour, minute, second, state } from './testing/given.ts';

describe('while a run is open', () => {
  it('a clean apply alarms at no moment', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      observed({ attributes: A }, at(second)),
      runStarted({}, at(minute)),
      observed({ attributes: B }, at(minute + second)),
      ...state(B, minute + 2 * second, 2),
      runFinished({}, at(minute + 3 * second)),
    ]);
    detector.runOut();
    expect(detector.outputs()).toEqual([]);
  });

  it('its differences are pending, and are settled when it finishes', () => {
    const detector = given();
    detector.inputs([...state(A), runStarted({}, at(minute)), observed({ attributes: B }, at(2 * minute))]);
    expect(detector.outputs()).toEqual([]);
    detector.input(runFinished({}, at(3 * minute)));
    expect(detector.open()).toMatchObject([{ kind: 'modified', confidence: 'confirmed' }]);
  });

  it('what someone else does is told all the same', () => {
    const detector = given();
    detector.inputs([...state(A), runStarted({}, at(minute)), changeReported({}, at(2 * minute))]);
    expect(detector.open()).toMatchObject([{ confidence: 'suspected', actors: [{ name: 'alice' }] }]);
  });

  it('an intermediate serial settles what it contains with the observed value', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      runStarted({}, at(minute)),
      observed({ attributes: B }, at(2 * minute)),
      ...state(B, 3 * minute, 2),
      runFinished({}, at(4 * minute)),
    ]);
    expect(detector.outputs()).toEqual([]);
  });

  it('a run that never finishes makes the difference unknown, not silent', () => {
    const detector = given();
    detector.inputs([...state(A), runStarted({}, at(minute)), observed({ attributes: B }, at(2 * minute))]);
    detector.advanceTo(TEST_TIME + 4 * hour);
    expect(detector.open()).toMatchObject([
      { confidence: 'unverified', note: 'stale lock: run run-1 has not finished' },
    ]);
  });

  it('a stale lock that is released at last lets the drift be confirmed', () => {
    const detector = given();
    detector.inputs([...state(A), runStarted({}, at(minute)), observed({ attributes: B }, at(2 * minute))]);
    detector.advanceTo(TEST_TIME + 4 * hour);
    detector.input(runFinished({ forced: true }, at(5 * hour)));
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed', note: null }]);
  });

  it('another workspace’s run holds nothing back', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      runStarted({ workspace: 'other' }, at(minute)),
      observed({ attributes: B }, at(2 * minute)),
    ]);
    expect(detector.open()).toHaveLength(1);
  });
});

describe('without word of runs (state files)', () => {
  const file = (attributes: string, offset = 0, serial = 1) => state(attributes, offset, serial, false);
  const checked = (offset: number, serial = 1) =>
    statePublished({ serial, pushed: false, kind: 'checked' }, at(offset));

  it('a state that comes within the grace explains the difference: no alarm', () => {
    const detector = given();
    detector.inputs([
      ...file(A),
      observed({ attributes: B }, at(minute)),
      ...file(B, minute + 30 * second, 2),
    ]);
    detector.runOut();
    expect(detector.outputs()).toEqual([]);
  });

  it('before a drift opens, the head of the state is fetched again', () => {
    const detector = given();
    detector.inputs([...file(A), observed({ attributes: B }, at(minute))]);
    detector.advanceTo(TEST_TIME + 2 * minute);
    expect(detector.outputsOf('state.refresh-requested')).toHaveLength(1);
    expect(detector.open()).toEqual([]);
    detector.input(checked(2 * minute + second));
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed' }]);
  });

  it('a head that holds the observed value opens nothing', () => {
    const detector = given();
    detector.inputs([...file(A), observed({ attributes: B }, at(minute))]);
    detector.advanceTo(TEST_TIME + 2 * minute);
    detector.inputs(file(B, 2 * minute + second, 2));
    detector.runOut();
    expect(detector.drifts()).toEqual([]);
  });

  it('a head that cannot be fetched makes it unknown: declaration stale', () => {
    const detector = given();
    detector.inputs([...file(A), observed({ attributes: B }, at(minute))]);
    detector.advanceTo(TEST_TIME + hour);
    expect(detector.open()).toMatchObject([
      { confidence: 'unverified', note: 'declaration stale: the head of the state could not be fetched' },
    ]);
    detector.input(checked(2 * hour));
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed', note: null }]);
  });

  it('in a scan nothing is waited for', () => {
    const detector = given({ graceMs: 0, settleMs: 0, fetchHead: false });
    detector.inputs([...file(A), observed({ attributes: B }, at(second))]);
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed' }]);
    expect(detector.outputsOf('state.refresh-requested')).toEqual([]);
  });

  it('Terraform wrote, its state is late: waited for', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      changeReported({ actor: { via: 'terraform' } }, at(minute)),
      observed({ attributes: B }, at(minute + second)),
      ...state(B, minute + 20 * second, 2),
    ]);
    detector.runOut();
    expect(detector.drifts()).toEqual([]);
  });
});

describe('a state that cannot be read', () => {
  it('opens no confirmed drift', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      statePublished({ kind: 'unreadable', problem: 'encrypted' }, at(minute)),
      observed({ attributes: B }, at(2 * minute)),
    ]);
    expect(detector.open()).toMatchObject([
      { confidence: 'unverified', note: 'declaration stale: encrypted' },
    ]);
  });

  it('is confirmed once it can be read again', () => {
    const detector = given();
    detector.inputs([
      ...state(A),
      statePublished({ kind: 'unreadable', problem: 'encrypted' }, at(minute)),
      observed({ attributes: B }, at(2 * minute)),
      statePublished({ kind: 'checked' }, at(3 * minute)),
    ]);
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed', note: null }]);
  });
});

describe('a declaration newer than the observation', () => {
  it('opens a drift once a listing has left the old value as it was', () => {
    const detector = given();
    detector.inputs([
      observed({ attributes: A }, at(0)),
      ...state(B, minute),
      snapshotCompleted({ startedAt: TEST_TIME + 2 * minute }, at(3 * minute)),
    ]);
    expect(detector.open()).toMatchObject([{ kind: 'modified', confidence: 'confirmed' }]);
  });

  it('opens a drift once the same value was seen again, though repetitions wake no one', () => {
    const detector = given();
    detector.inputs([observed({ attributes: A }, at(0)), ...state(B, minute)]);
    expect(detector.input(observed({ attributes: A }, at(2 * minute)))).toBe('unchanged');
    detector.advanceTo(TEST_TIME + 10 * minute);
    expect(detector.open()).toMatchObject([{ kind: 'modified', confidence: 'confirmed' }]);
  });

  it('a resource declared after the listing began is not missing', () => {
    const detector = given();
    detector.inputs([
      declared({ attributes: A }, at(minute)),
      statePublished({}, at(minute)),
      snapshotCompleted({ startedAt: TEST_TIME }, at(2 * minute)),
    ]);
    detector.runOut();
    expect(detector.drifts()).toEqual([]);
  });
});
