import { describe, expect, it } from 'vitest';
import { eventOf, observed, TEST_TIME } from '../../runtime/testing/events.ts';
import { A, at, B, type Given, given, hour, minute, state } from './testing/given.ts';

const drifted = (): { detector: Given; driftId: string } => {
  const detector = given();
  detector.inputs([...state(A), observed({ attributes: B }, at(minute))]);
  return { detector, driftId: detector.open()[0]!.id };
};
const acknowledge = (driftId: string, offset = 2 * minute) =>
  eventOf(
    'drift.acknowledge-requested',
    { driftId, by: 'bob', reason: 'looking' },
    { ...at(offset), correlationId: 'c1' },
  );
const accept = (driftId: string, until: number | null, offset = 2 * minute) =>
  eventOf(
    'drift.accept-requested',
    { driftId, by: 'bob', reason: 'fine', until },
    { ...at(offset), correlationId: 'c2' },
  );

describe('requests', () => {
  it('an acknowledgement is recorded and answered under its correlation id', () => {
    const { detector, driftId } = drifted();
    detector.input(acknowledge(driftId));
    expect(detector.open()).toMatchObject([{ status: 'acknowledged', acknowledgement: { by: 'bob' } }]);
    expect(detector.outputsOf('request.settled')).toMatchObject([
      { correlationId: 'c1', body: { outcome: 'done', driftId } },
    ]);
  });

  it('every request gets exactly one answer, needless and refused ones too', () => {
    const { detector, driftId } = drifted();
    const requests = [
      acknowledge(driftId),
      acknowledge(driftId, 3 * minute),
      accept('drf_unknown', null),
      accept(driftId, TEST_TIME, 4 * minute),
    ];
    detector.inputs(requests);
    expect(detector.outputsOf('request.settled').map(({ body }) => [body.requestId, body.outcome])).toEqual([
      [requests[0]!.id, 'done'],
      [requests[1]!.id, 'unnecessary'],
      [requests[2]!.id, 'refused'],
      [requests[3]!.id, 'refused'],
    ]);
  });

  it('the same request delivered again changes nothing', () => {
    const { detector, driftId } = drifted();
    detector.inputs([accept(driftId, null), accept(driftId, null)]);
    expect(detector.outputsOf('drift.accepted')).toHaveLength(1);
    const settled = detector.outputsOf('request.settled');
    expect(new Set(settled.map((event) => event.id)).size).toBe(1);
  });

  it('an acceptance runs out: the drift is open again', () => {
    const { detector, driftId } = drifted();
    detector.input(accept(driftId, TEST_TIME + hour));
    expect(detector.open()).toMatchObject([{ status: 'accepted' }]);
    detector.advanceTo(TEST_TIME + 2 * hour);
    expect(detector.open()).toMatchObject([{ status: 'open', acceptance: null }]);
    expect(detector.outputsOf('drift.reopened')).toHaveLength(1);
  });

  it('an acceptance that was extended does not run out at its first end', () => {
    const { detector, driftId } = drifted();
    detector.inputs([accept(driftId, TEST_TIME + hour), accept(driftId, TEST_TIME + 3 * hour, 3 * minute)]);
    detector.advanceTo(TEST_TIME + 2 * hour);
    expect(detector.open()).toMatchObject([{ status: 'accepted' }]);
  });

  it('an acceptance holds for what was accepted only', () => {
    const { detector, driftId } = drifted();
    detector.input(accept(driftId, null));
    detector.input(observed({ attributes: B.replace('}', ',"tags":null}') }, at(3 * minute)));
    expect(detector.open()).toMatchObject([{ status: 'accepted' }]);
    detector.input(observed({ attributes: '{"acl":"other"}' }, at(4 * minute)));
    expect(detector.open()).toMatchObject([{ status: 'open', acceptance: null }]);
  });

  it('an acknowledged drift stays so when its differences change', () => {
    const { detector, driftId } = drifted();
    detector.inputs([acknowledge(driftId), observed({ attributes: '{"acl":"other"}' }, at(3 * minute))]);
    expect(detector.open()).toMatchObject([{ status: 'acknowledged' }]);
  });
});
