// What is reported of an instance under another key than its own is told again under its own, and nothing stands where it was
// reported: one thing is one drift.
import { describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  observed,
  statePublished,
  TEST_TIME,
} from '../../runtime/testing/events.ts';
import type { Bodies, Event, EventOf } from '../../schemas/index.ts';
import { forwards } from './perform.ts';
import { A, at, B, type Given, given, minute } from './testing/given.ts';

const OWN = 'default/aws/-/-/instance/i-1';
const VOLUME = 'default/aws/-/-/ebs-volume/vol-1';
const WEB = {
  type: 'aws_instance',
  resourceId: 'i-1',
  address: 'aws_instance.web',
} satisfies Partial<Bodies['resource.declared']>;
const further = (offset = 0, body: Partial<Bodies['resource.declared']> = {}) =>
  declared(
    { ...WEB, primary: false, attributes: '{}', ownKey: OWN, ...body },
    { ...at(offset), objectKey: VOLUME },
  );
const ofVolume = (offset: number, body: Partial<Bodies['change.reported']> = {}) =>
  changeReported(
    {
      operation: 'ModifyVolume',
      providerEventId: `e${offset}`,
      targets: [{ type: 'aws_ebs_volume', id: 'vol-1' }],
      parameters: '{"volumeId":"vol-1"}',
      ...body,
    },
    { ...at(offset), objectKey: VOLUME },
  );
const byTerraform = { via: 'terraform', name: 'ci', principal: 'arn:aws:iam::123456789012:role/ci' } as const;
const withReads = (options: Parameters<typeof given>[0] = {}): Given => given({ reads: true, ...options });
const wishes = (detector: Given): EventOf<'change.forward-requested'>[] => [
  ...new Map(detector.outputsOf('change.forward-requested').map((one) => [one.id, one])).values(),
];
const never = new AbortController().signal;

/** What the reactor tells of every wish so far. */
async function toldAgain(detector: Given): Promise<Event[]> {
  const told = await Promise.all(wishes(detector).map((wish) => forwards.perform(wish, never)));
  return told.flat().map((one) => ({
    recordedAt: one.time,
    source: forwards.name,
    org: 'default',
    correlationId: null,
    clamped: false,
    ...one,
  })) as Event[];
}

describe('a change under a further key of a declared instance', () => {
  it('is told again under its own key, as a change of it by the same actor, and opens nothing where it was', () => {
    const detector = withReads();
    detector.inputs([further(), statePublished({}, at(0)), ofVolume(minute)]);
    detector.runOut();
    expect(detector.drifts()).toEqual([]);
    expect(detector.outputsOf('resource.read-requested')).toEqual([]);
    const [wish, ...more] = wishes(detector);
    expect(more).toEqual([]);
    expect(wish).toMatchObject({
      time: TEST_TIME + minute,
      objectKey: VOLUME,
      body: {
        toObjectKey: OWN,
        changeId: ofVolume(minute).id,
        change: {
          operation: 'ModifyVolume',
          verb: 'update',
          targets: [{ type: 'aws_instance', id: 'i-1' }],
          actor: ofVolume(minute).body.actor,
          parameters: '{"volumeId":"vol-1"}',
        },
      },
    });
  });

  it.each([
    ['confirms it when the instance differs', B, { status: 'open', confidence: 'confirmed' }],
    ['dismisses it when it is as declared', A, { status: 'resolved', resolution: 'dismissed' }],
  ])('told there, the read of the instance %s', async (_, found, expected) => {
    const there = withReads();
    there.inputs([further(), statePublished({}, at(0)), ofVolume(minute)]);
    const home = withReads();
    home.inputs([
      declared({ ...WEB, attributes: A }, { ...at(0), objectKey: OWN }),
      statePublished({}, at(0)),
      ...(await toldAgain(there)).filter(({ type }) => type === 'change.reported'),
    ]);
    expect(home.open()).toMatchObject([{ confidence: 'suspected' }]);
    expect(home.outputsOf('resource.read-requested')).toMatchObject([{ objectKey: OWN }]);
    const { type, resourceId } = WEB;
    home.input(
      observed(
        { type, resourceId, attributes: found, via: 'read' },
        { ...at(2 * minute), objectKey: OWN, source: 'terraform-read' },
      ),
    );
    expect(home.drifts()).toMatchObject([
      { ...expected, address: 'aws_instance.web', actors: [{ operations: ['ModifyVolume'] }] },
    ]);
  });

  it('that deletes a thing of its type is its deletion; one of another type is a change of it', () => {
    const detector = withReads();
    const deleted = (offset: number, type: string) =>
      ofVolume(offset, { verb: 'delete', targets: [{ type, id: 'other-name' }] });
    detector.inputs([
      further(),
      statePublished({}, at(0)),
      deleted(minute, 'aws_ebs_volume'),
      deleted(2 * minute, 'aws_instance'),
    ]);
    expect(wishes(detector).map(({ body }) => body.change.verb)).toEqual(['update', 'delete']);
  });

  it('is told again also when it was heard of before the declaration, under the same id', () => {
    const [early, late] = [withReads(), withReads()];
    early.inputs([further(), statePublished({}, at(0)), ofVolume(minute)]);
    late.inputs([ofVolume(minute), further(), statePublished({}, at(0))]);
    expect(wishes(late).map(({ id }) => id)).toEqual(wishes(early).map(({ id }) => id));
    late.rebuild({ compacted: true });
    late.inputs([further(2 * minute, { serial: 2 }), ofVolume(minute)]);
    expect(wishes(late)).toHaveLength(1);
  });

  it('is told again when it names the instance, its type, or only the object', () => {
    for (const targets of [[{ type: 'aws_instance', id: 'i-1' }], [{ type: 'aws_instance', id: null }], []]) {
      const detector = withReads();
      detector.inputs([further(), statePublished({}, at(0)), ofVolume(minute, { targets })]);
      expect(wishes(detector)).toHaveLength(1);
      expect(detector.drifts()).toEqual([]);
    }
  });

  it('is not told again when it is of what is declared there, when it only made the object, or when Terraform did it', () => {
    const volume = declared(
      { type: 'aws_ebs_volume', resourceId: 'vol-1', address: 'aws_ebs_volume.data' },
      { ...at(0), objectKey: VOLUME },
    );
    for (const events of [
      [volume, ofVolume(minute)],
      [ofVolume(minute, { verb: 'create' })],
      [ofVolume(minute, { actor: { ...ofVolume(minute).body.actor, ...byTerraform } })],
    ]) {
      const detector = withReads();
      detector.inputs([further(), statePublished({}, at(0)), ...events]);
      expect(wishes(detector)).toEqual([]);
    }
  });

  it('is not told again once the instance has left the key', () => {
    const detector = withReads();
    detector.inputs([
      further(),
      statePublished({}, at(0)),
      {
        ...further(minute),
        type: 'resource.withdrawn',
        id: 'gone',
        body: { ...WEB, workspace: 'prod', serial: 2, reason: 'removed' },
      } as Event,
      ofVolume(2 * minute),
    ]);
    expect(wishes(detector)).toEqual([]);
  });

  it('stays where it was reported while nothing reads the instance, and ends there when something does', () => {
    let readable = false;
    const detector = withReads({ readable: () => readable });
    const named = { targets: [{ type: 'aws_instance', id: 'i-1' }] };
    detector.inputs([further(), statePublished({}, at(0)), ofVolume(minute, named)]);
    expect(wishes(detector)).toEqual([]);
    expect(detector.open()).toMatchObject([{ confidence: 'suspected', objectKey: VOLUME }]);
    readable = true;
    detector.input(ofVolume(2 * minute, named));
    expect(wishes(detector)).toHaveLength(1);
    expect(detector.drifts()).toMatchObject([
      { status: 'resolved', resolution: 'dismissed', note: `told under ${OWN}` },
    ]);
  });
});

describe('the reactor', () => {
  it('tells the change and settles the wish, with the same ids however often it is asked', async () => {
    const detector = withReads();
    detector.inputs([further(), statePublished({}, at(0)), ofVolume(minute)]);
    const [wish] = wishes(detector);
    const [once, again] = [await forwards.perform(wish!, never), await forwards.perform(wish!, never)];
    expect(again).toEqual(once);
    expect(once).toMatchObject([
      { type: 'change.reported', objectKey: OWN, time: TEST_TIME + minute },
      { type: 'request.settled', objectKey: VOLUME, body: { requestId: wish!.id, outcome: 'done' } },
    ]);
    expect(forwards.wants(wish!)).toBe(true);
    expect(forwards.wants(ofVolume(minute))).toBe(false);
  });
});
