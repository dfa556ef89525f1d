import { describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  observed,
  readFailed,
  requestSettled,
  runFinished,
  runStarted,
  statePublished,
  TEST_TIME,
  vanished,
} from '../../runtime/testing/events.ts';
import { A, at, B, type Given, given, hour, minute, second, state } from './testing/given.ts';

const SOURCE = 'terraform-read';
const byRead = (offset: number) => ({ ...at(offset), source: SOURCE });
const read = (attributes: string, offset: number) => observed({ attributes, via: 'read' }, byRead(offset));
const byTerraform = { via: 'terraform', name: 'ci', principal: 'arn:aws:iam::123456789012:role/ci' } as const;
const change = (offset: number, body: Parameters<typeof changeReported>[0] = {}) =>
  changeReported({ providerEventId: `e${offset}`, ...body }, at(offset));
const deletion = (offset: number) => change(offset, { verb: 'delete', operation: 'DeleteBucket' });
/** A version of the state whose original is kept. */
const stored = (attributes: string, offset = 0, serial = 1) => [
  declared({ attributes, serial }, at(offset)),
  statePublished({ serial, blob: `blob-${serial}` }, at(offset)),
];
const withReads = (options: Parameters<typeof given>[0] = {}): Given => given({ reads: true, ...options });
const wishes = (detector: Given) =>
  detector.outputsOf('resource.read-requested').map(({ body }) => body.since - TEST_TIME);

describe('a read is wished for', () => {
  it('when someone else changed a declared instance, with the state to read it with', () => {
    const detector = withReads();
    detector.inputs([...stored(A, 0, 7), change(minute)]);
    expect(detector.outputsOf('resource.read-requested')).toMatchObject([
      {
        objectKey: 'default/aws/-/-/s3-bucket/logs',
        body: {
          workspace: 'prod',
          address: 'aws_s3_bucket.logs',
          provider: 'aws',
          account: '123456789012',
          region: 'us-east-1',
          type: 'aws_s3_bucket',
          resourceId: 'logs',
          serial: 7,
          state: 'blob-7',
          since: TEST_TIME + minute,
        },
      },
    ]);
  });

  it('when someone else deleted it', () => {
    const detector = withReads();
    detector.inputs([...stored(A), deletion(minute)]);
    expect(wishes(detector)).toEqual([minute]);
  });

  it('not where nothing reads, nor where nothing reads that provider of that workspace', () => {
    const asked: string[][] = [];
    const readable = (workspace: string, provider: string): boolean => {
      asked.push([workspace, provider]);
      return false;
    };
    for (const detector of [given(), withReads({ readable })]) {
      detector.inputs([...stored(A), change(minute)]);
      detector.advanceTo(TEST_TIME + 3 * hour);
      expect(wishes(detector)).toEqual([]);
      expect(detector.open()).toMatchObject([{ confidence: 'suspected' }]);
    }
    expect(asked[0]).toEqual(['prod', 'aws']);
  });

  it('not for what Terraform changed itself, nor when it was seen after the change', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      change(minute, { actor: byTerraform }),
      observed({ attributes: A }, at(3 * minute)),
      change(2 * minute),
    ]);
    expect(wishes(detector)).toEqual([]);
  });

  it('once: not for repetitions, older changes, or other news while it stands unanswered', () => {
    const detector = withReads();
    detector.inputs([...stored(A), change(2 * minute), change(2 * minute), change(minute)]);
    detector.inputs(stored(A, 3 * minute, 2));
    detector.rebuild({ compacted: true });
    detector.inputs([change(2 * minute), observed({ attributes: A }, { ...at(minute), source: 'late' })]);
    expect(wishes(detector)).toEqual([2 * minute]);
  });

  it('again for each newer change, also before the first answer', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      change(minute),
      change(2 * minute),
      read(A, 2 * minute),
      change(3 * minute),
    ]);
    expect(wishes(detector)).toEqual([minute, 2 * minute, 3 * minute]);
    const ids = detector.outputsOf('resource.read-requested').map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('for each instance that the change may have been about', () => {
    const detector = withReads();
    detector.inputs([
      declared({ attributes: A }, at(0)),
      declared({ type: 'aws_s3_bucket_acl', address: 'aws_s3_bucket_acl.a', attributes: A }, at(0)),
      statePublished({}, at(0)),
      change(minute, {
        targets: [
          { type: 'aws_s3_bucket', id: 'logs' },
          { type: 'aws_s3_bucket_acl', id: 'logs' },
        ],
      }),
    ]);
    const types = detector.outputsOf('resource.read-requested').map(({ body }) => body.type);
    expect(types.sort()).toEqual(['aws_s3_bucket', 'aws_s3_bucket_acl']);
  });

  it('under a further object that the instance concerns, where only what is said to be as declared there is dismissed', () => {
    const objectKey = 'default/aws/-/-/network-interface/eni-1';
    for (const [attributes, expected] of [
      ['{}', { status: 'resolved', resolution: 'dismissed' }],
      [B, { status: 'open', confidence: 'unverified', note: expect.stringContaining('its own object') }],
    ] as const) {
      const detector = withReads();
      detector.inputs([
        declared({ primary: false, attributes: '{}' }, { ...at(0), objectKey }),
        statePublished({}, at(0)),
        changeReported({ targets: [] }, { ...at(minute), objectKey }),
      ]);
      expect(detector.outputsOf('resource.read-requested')).toMatchObject([{ objectKey }]);
      detector.input(observed({ attributes, via: 'read' }, { ...byRead(2 * minute), objectKey }));
      detector.runOut();
      expect(detector.drifts()).toMatchObject([expected]);
      expect(wishes(detector)).toHaveLength(1);
    }
  });

  it('after a change to what has drifted, by anyone: it may have been put right', () => {
    for (const actor of [{}, byTerraform]) {
      const detector = withReads();
      detector.inputs([...stored(A), observed({ attributes: B }, at(minute)), change(2 * minute, { actor })]);
      expect(wishes(detector)).toEqual([2 * minute]);
      detector.input(read(A, 2 * minute));
      expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted' }]);
    }
  });

  it('after a creation of what is missing', () => {
    const detector = withReads();
    detector.inputs([...stored(A), vanished({}, at(minute)), change(2 * minute, { verb: 'create' })]);
    expect(wishes(detector)).toEqual([2 * minute]);
  });
});

describe('what a read shows', () => {
  it('answers every change up to the moment it began, also where the clock of the cloud is ahead', () => {
    const detector = withReads();
    // The change is told with a time four minutes ahead of ours; the read waits for that moment.
    detector.inputs([
      ...stored(A),
      changeReported({}, { ...at(5 * minute), recordedAt: TEST_TIME + minute }),
    ]);
    detector.input(observed({ attributes: B, via: 'read' }, { ...byRead(5 * minute) }));
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed', differences: [{ path: 'acl' }] }]);
    expect(wishes(detector)).toEqual([5 * minute]);
  });

  it('says nothing of a change after it began, which is read again', () => {
    const detector = withReads();
    detector.inputs([...stored(A), change(minute), change(3 * minute), read(A, 2 * minute)]);
    expect(detector.open()).toMatchObject([{ confidence: 'suspected' }]);
    expect(wishes(detector)).toEqual([minute, 3 * minute]);
  });

  it('confirms that it is gone', () => {
    const detector = withReads();
    detector.inputs([...stored(A), deletion(minute), vanished({ proof: 'read' }, byRead(minute))]);
    expect(detector.open()).toMatchObject([
      { kind: 'missing', confidence: 'confirmed', actors: [{ name: 'alice' }] },
    ]);
  });

  it('is heard also when it is what the last read showed: the wish is settled, and that is looked at', () => {
    const detector = withReads();
    detector.inputs([...stored(A), read(A, minute), change(2 * minute)]);
    const [wish] = detector.outputsOf('resource.read-requested');
    // Settled is heard first: its topic is read before the other.
    detector.input(requestSettled({ requestId: wish!.id }, byRead(3 * minute)));
    expect(detector.open()).toMatchObject([{ confidence: 'suspected' }]);
    detector.input(observed({ attributes: A, via: 'read' }, { ...byRead(3 * minute) }));
    detector.advanceTo(TEST_TIME + 3 * minute + 2 * second);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'dismissed' }]);
  });

  it('not found right after the declaration, is read again later, and only then missing', () => {
    const detector = withReads();
    detector.inputs([...stored(A), vanished({ proof: 'read' }, byRead(second))]);
    expect(wishes(detector)).toEqual([]);
    detector.advanceTo(TEST_TIME + 11 * second);
    expect(wishes(detector)).toEqual([10 * second]);
    expect(detector.drifts()).toEqual([]);
    const seen = withReads();
    seen.inputs([...stored(A), vanished({ proof: 'read' }, byRead(second))]);
    seen.advanceTo(TEST_TIME + 11 * second);
    seen.input(read(A, 11 * second));
    seen.runOut();
    expect(seen.drifts()).toEqual([]);
    const [wish] = detector.outputsOf('resource.read-requested');
    detector.input(vanished({ proof: 'read' }, byRead(12 * second)));
    detector.input(requestSettled({ requestId: wish!.id }, byRead(12 * second)));
    expect(detector.open()).toMatchObject([{ kind: 'missing', confidence: 'confirmed' }]);
  });

  it('not found right after the declaration and never read again, is unverified in the end', () => {
    const detector = withReads();
    detector.inputs([...stored(A), vanished({ proof: 'read' }, byRead(second))]);
    detector.advanceTo(TEST_TIME + hour);
    expect(detector.open()).toMatchObject([{ kind: 'missing', confidence: 'unverified' }]);
  });
});

describe('a read that fails', () => {
  const failed = (offset: number, code = 'denied') =>
    readFailed({ code, reason: `${code}: do this` }, byRead(offset));

  it('makes what is suspected unverified at once, with the reason', () => {
    for (const [event, kind] of [
      [change(minute), 'modified'],
      [deletion(minute), 'missing'],
    ] as const) {
      const detector = withReads();
      detector.inputs([...stored(A), event, failed(minute)]);
      expect(detector.open()).toMatchObject([
        { kind, confidence: 'unverified', note: 'could not be read: denied: do this' },
      ]);
    }
  });

  it('does so also when it is heard of before the change', () => {
    const detector = withReads();
    detector.inputs([...stored(A), failed(2 * minute), change(minute)]);
    expect(detector.open()).toMatchObject([
      { confidence: 'unverified', note: expect.stringContaining('denied') },
    ]);
    expect(wishes(detector)).toEqual([]);
  });

  it('before the change says nothing of it', () => {
    const detector = withReads();
    detector.inputs([...stored(A), failed(minute), change(2 * minute)]);
    expect(detector.open()).toMatchObject([{ confidence: 'suspected' }]);
    expect(wishes(detector)).toEqual([2 * minute]);
  });

  it('opens nothing where nothing was suspected, and says nothing of what is there', () => {
    const detector = withReads();
    detector.inputs([...stored(A), failed(minute)]);
    expect(detector.drifts()).toEqual([]);
  });

  it('leaves a confirmed drift on its last observation', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      observed({ attributes: B }, at(minute)),
      change(2 * minute),
      failed(2 * minute),
    ]);
    expect(detector.open()).toMatchObject([
      { confidence: 'confirmed', differences: [{ path: 'acl', observed: '"public"' }] },
    ]);
  });

  it('is forgotten when a later read shows what is there', () => {
    for (const [value, expected] of [
      [A, { status: 'resolved', resolution: 'dismissed' }],
      [B, { status: 'open', confidence: 'confirmed', note: null }],
    ] as const) {
      const detector = withReads();
      detector.inputs([...stored(A), change(minute), failed(minute), read(value, 2 * minute)]);
      expect(detector.drifts()).toMatchObject([expected]);
    }
  });

  it('for a reason that may pass is tried again after 30 seconds, 2 and 10 minutes, and no more', () => {
    const detector = withReads();
    const wishedAt = () =>
      detector
        .outputsOf('resource.read-requested')
        .map(({ recordedAt }) => (recordedAt - TEST_TIME) / second);
    detector.inputs([...stored(A), change(minute), failed(minute, 'throttled')]);
    for (const moment of [90, 210, 810]) {
      detector.advanceTo(TEST_TIME + moment * second - 1);
      const before = wishedAt().length;
      detector.rebuild({ compacted: true });
      detector.advanceTo(TEST_TIME + moment * second);
      expect(wishedAt().slice(before)).toEqual([moment]);
      detector.input(failed(moment * second, 'throttled'));
    }
    detector.runOut();
    expect(wishedAt()).toEqual([60, 90, 210, 810]);
    expect(detector.open()).toMatchObject([
      { confidence: 'unverified', note: expect.stringContaining('throttled') },
    ]);
    // A later read is not begun before the failure it follows.
    expect(wishes(detector)).toEqual([minute, minute + 1, 90 * second + 1, 210 * second + 1]);
  });

  it('for a reason that lasts is not tried again until something happens: another change, or another state', () => {
    const detector = withReads();
    detector.inputs([...stored(A), change(minute), failed(minute)]);
    detector.advanceTo(TEST_TIME + 20 * minute);
    expect(wishes(detector)).toHaveLength(1);
    detector.input(change(20 * minute));
    expect(wishes(detector)).toHaveLength(2);
    detector.input(failed(20 * minute));
    detector.inputs(stored(A, 21 * minute, 2));
    expect(detector.outputsOf('resource.read-requested').at(-1)?.body).toMatchObject({
      serial: 2,
      state: 'blob-2',
    });
    expect(wishes(detector)).toHaveLength(3);
  });

  it('is not tried again when something else has shown meanwhile what is there', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      change(minute),
      failed(minute, 'hung'),
      observed({ attributes: A }, at(70 * second)),
    ]);
    detector.runOut();
    expect(wishes(detector)).toEqual([minute]);
  });
});

describe('the end of a run', () => {
  it('has what differed during it read again, before anyone is alarmed', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      runStarted({}, at(minute)),
      change(2 * minute),
      read(B, 2 * minute),
      runFinished({}, at(3 * minute)),
    ]);
    expect(detector.open()).toEqual([]);
    expect(wishes(detector)).toEqual([2 * minute, 3 * minute]);
    detector.input(read(A, 3 * minute));
    expect(detector.open()).toEqual([]);
  });

  it('confirms what still differs then', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      runStarted({}, at(minute)),
      change(2 * minute),
      read(B, 2 * minute),
      runFinished({}, at(3 * minute)),
      observed({ attributes: '{"acl":"other"}', via: 'read' }, byRead(3 * minute)),
    ]);
    expect(detector.open()).toMatchObject([{ confidence: 'confirmed', actors: [{ name: 'alice' }] }]);
  });

  it('leaves what differed unverified when that cannot be read, at once or in time', () => {
    const before = [
      ...stored(A),
      runStarted({}, at(minute)),
      change(2 * minute),
      read(B, 2 * minute),
      runFinished({}, at(3 * minute)),
    ];
    const refused = withReads();
    refused.inputs([...before, readFailed({}, byRead(3 * minute))]);
    expect(refused.open()).toMatchObject([
      {
        confidence: 'unverified',
        note: expect.stringContaining('AccessDenied'),
        differences: [{ path: 'acl' }],
      },
    ]);
    const silent = withReads();
    silent.inputs(before);
    silent.advanceTo(TEST_TIME + hour);
    expect(silent.open()).toMatchObject([{ confidence: 'unverified', note: 'could not be read in time' }]);
  });

  it('has what had drifted read again: Terraform may have put it right', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      observed({ attributes: B }, at(minute)),
      runStarted({}, at(2 * minute)),
      runFinished({}, at(3 * minute)),
    ]);
    expect(wishes(detector)).toEqual([3 * minute]);
    detector.input(read(A, 3 * minute));
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'reverted' }]);
  });

  it('has what was touched and seen before the state was written read with the new state', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      runStarted({}, at(minute)),
      change(2 * minute),
      read(B, 2 * minute),
      ...stored('{"acl":"new"}', 3 * minute, 2),
      runFinished({}, at(4 * minute)),
    ]);
    expect(detector.outputsOf('resource.read-requested').at(-1)?.body).toMatchObject({
      since: TEST_TIME + 4 * minute,
      serial: 2,
      state: 'blob-2',
    });
    detector.input(read('{"acl":"new"}', 4 * minute));
    detector.runOut();
    expect(detector.open()).toEqual([]);
  });

  it('of a clean apply has nothing read', () => {
    const detector = withReads();
    detector.inputs([
      ...stored(A),
      observed({ attributes: A }, at(second)),
      runStarted({}, at(minute)),
      change(2 * minute, { actor: byTerraform }),
      ...stored(B, 3 * minute, 2),
      runFinished({}, at(4 * minute)),
    ]);
    expect(wishes(detector)).toEqual([]);
    expect(detector.open()).toEqual([]);
  });
});

describe('the state that is read with', () => {
  it('is the newest whose original is kept; without one that is said', () => {
    const detector = withReads();
    detector.inputs([...state(A), change(minute)]);
    expect(detector.outputsOf('resource.read-requested')).toMatchObject([
      { body: { state: null, serial: 1 } },
    ]);
  });
});
