// What becomes of wishes to read: one read for all who ask within a moment, none before the moment it is to show, exactly
// one answer each, under ids that a repetition does not change.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../runtime/clock.ts';
import { DriftError } from '../../../runtime/errors.ts';
import type { SourceEvent } from '../../../runtime/source.ts';
import { eventOf } from '../../../runtime/testing/events.ts';
import type { Bodies, EventOf } from '../../../schemas/index.ts';
import { malformed } from '../problem.ts';
import type { StatedInstance } from '../stated/index.ts';
import { createReadReactor } from './reactor.ts';
import type { ReadOutcome, ReadTarget } from './reader.ts';

type Body = Bodies['resource.read-requested'];
const KEY = 'default/aws/-/-/s3-bucket/logs';
const never = new AbortController().signal;

const wish = (
  n: number,
  body: Partial<Body> = {},
  objectKey: string = KEY,
): EventOf<'resource.read-requested'> =>
  eventOf(
    'resource.read-requested',
    {
      workspace: 'prod',
      address: 'aws_s3_bucket.logs',
      provider: 'aws',
      account: '123456789012',
      region: null,
      type: 'aws_s3_bucket',
      resourceId: 'logs',
      serial: 4,
      state: 'states/prod/4',
      since: 0,
      ...body,
    },
    { id: `evt_${n}`, objectKey, correlationId: null },
  ) as EventOf<'resource.read-requested'>;

const DESCRIBED = {
  provider: 'registry.terraform.io/hashicorp/aws',
  version: '5.100.0',
  type: 'aws_s3_bucket',
  schemaVersion: 0,
  facts: '{}',
};
const observed = (): ReadOutcome => ({
  kind: 'observed',
  began: Date.now(),
  attributes: { bucket: 'logs' },
  sensitive: ['policy'],
  described: DESCRIBED,
});

function setUp(answer: (target: ReadTarget) => Promise<ReadOutcome> = async () => observed()) {
  const reads: ReadTarget[] = [];
  const reactor = createReadReactor({
    clock: systemClock,
    debounceMs: 30,
    reader: {
      read: async (target) => {
        reads.push(target);
        return answer(target);
      },
    },
    states: {
      async instances(reference, addresses) {
        if (reference === 'states/gone')
          throw new DriftError('gone', { code: 'DM_BLOB_MISSING', retriable: false });
        if (reference === 'states/broken') throw malformed('it is cut short');
        if (reference === 'states/away')
          throw new DriftError('away', { code: 'DM_BLOBS_UNREACHABLE', retriable: true });
        return new Map(
          addresses
            .filter((address) => address !== 'aws_s3_bucket.unknown')
            .map((address) => [address, { address, type: 'aws_s3_bucket' } as StatedInstance]),
        );
      },
      observed: async (_, __, attributes, sensitive) => ({
        attributes: JSON.stringify({ ...attributes, sensitive }),
      }),
    },
  });
  return {
    reads,
    reactor,
    perform: (event: EventOf<'resource.read-requested'>) => reactor.perform(event, never),
  };
}
const types = (events: SourceEvent[]): string[] => events.map(({ type }) => type);

describe('a wish to read', () => {
  it('is answered under its own object key: what the type is, then what was observed, then that it is settled', async () => {
    const { perform } = setUp();
    const events = await perform(wish(1));
    expect(types(events)).toEqual(['type.described', 'resource.observed', 'request.settled']);
    expect(events[0]).toMatchObject({ objectKey: null, body: DESCRIBED });
    expect(events[1]).toMatchObject({
      objectKey: KEY,
      correlationId: 'evt_1',
      body: {
        provider: 'aws',
        account: '123456789012',
        type: 'aws_s3_bucket',
        resourceId: 'logs',
        via: 'read',
        attributes: '{"bucket":"logs","sensitive":["policy"]}',
        ownedBy: null,
      },
    });
    expect(events[2]).toMatchObject({
      objectKey: KEY,
      body: { requestId: 'evt_1', outcome: 'done', reason: null },
    });
  });

  it('that is answered once more, after a crash, is answered under the same ids', async () => {
    const ids = async (): Promise<string[]> => (await setUp().perform(wish(1))).map(({ id }) => id);
    const first = await ids();
    expect(await ids()).toEqual(first);
    expect(new Set(first).size).toBe(3);
  });

  it('what a type is stands before each observation until it is known to be in the log, and then no more', async () => {
    const { perform, reactor } = setUp();
    expect(types(await perform(wish(1)))).toContain('type.described');
    expect(types(await perform(wish(2)))).toContain('type.described');
    reactor.committed!(wish(1));
    expect(types(await perform(wish(3)))).toEqual(['resource.observed', 'request.settled']);
  });

  it.each([
    [{ kind: 'gone', began: 5 }, 'resource.vanished', { proof: 'read' }, 'done'],
    [
      { kind: 'failed', began: 5, code: 'denied', reason: 'check the credentials', again: false },
      'resource.read-failed',
      { code: 'denied', reason: 'check the credentials', workspace: 'prod', address: 'aws_s3_bucket.logs' },
      'refused',
    ],
  ] as const)('comes to %j', async (outcome, type, body, settled) => {
    const { perform } = setUp(async () => outcome);
    const events = await perform(wish(1));
    expect(types(events)).toEqual([type, 'request.settled']);
    expect(events[0]).toMatchObject({ time: 5, objectKey: KEY, body });
    expect(events[1]).toMatchObject({ body: { outcome: settled } });
  });

  it.each([
    [{ state: null }, 'no-state', /not stored/],
    [{ state: 'states/gone' }, 'no-state', /no longer stored/],
    [{ state: 'states/broken' }, 'state-unreadable', /cut short/],
    [{ address: 'aws_s3_bucket.unknown' }, 'no-state', /holds no aws_s3_bucket.unknown/],
  ] as const)(
    'without the state %j: failed with the reason, and nothing is read',
    async (body, code, reason) => {
      const { perform, reads } = setUp();
      const events = await perform(wish(1, body));
      expect(types(events)).toEqual(['resource.read-failed', 'request.settled']);
      expect(events[0]).toMatchObject({ body: { code, reason: expect.stringMatching(reason) } });
      expect(reads).toEqual([]);
    },
  );

  it('while the store is away: tried again by the loop, not failed', async () => {
    await expect(setUp().perform(wish(1, { state: 'states/away' }))).rejects.toMatchObject({
      retriable: true,
    });
  });
});

describe('several wishes for one instance', () => {
  it('within a moment are one read: each is settled, what was found is told once for each object', async () => {
    const { perform, reads } = setUp();
    const other = 'default/aws/-/-/s3-bucket/logs-policy';
    const all = await Promise.all([perform(wish(1)), perform(wish(2)), perform(wish(3, {}, other))]);
    expect(reads).toHaveLength(1);
    expect(all.map(types)).toEqual([
      ['type.described', 'resource.observed', 'request.settled'],
      ['request.settled'],
      ['type.described', 'resource.observed', 'request.settled'],
    ]);
    expect(all[2]![1]).toMatchObject({ objectKey: other });
    expect(all.map((events) => (events.at(-1) as { body: { requestId: string } }).body.requestId)).toEqual([
      'evt_1',
      'evt_2',
      'evt_3',
    ]);
  });

  it('are read with the newest state, not before the latest moment that any of them names', async () => {
    const { perform, reads } = setUp();
    const since = Date.now() + 120;
    const [events] = await Promise.all([
      perform(wish(1)),
      perform(wish(2, { serial: 5, state: 'states/prod/5', since })),
      perform(wish(3, { serial: 3, state: 'states/prod/3' })),
    ]);
    expect(reads).toMatchObject([{ state: 'states/prod/5' }]);
    expect(events![1]!.time).toBeGreaterThanOrEqual(since);
  });

  it('one that comes while it is read joins only when the read began late enough for it', async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { perform, reads } = setUp(async () => {
      begun.resolve();
      await go.promise;
      return observed();
    });
    const first = perform(wish(1));
    await begun.promise;
    const early = perform(wish(2));
    const late = perform(wish(3, { since: Date.now() + 20 }));
    go.resolve();
    expect(types(await early)).toEqual(['request.settled']);
    expect(types(await late)).toContain('resource.observed');
    await first;
    expect(reads).toHaveLength(2);
  });

  it('a moment far ahead keeps waiting only who names it', async () => {
    const { reactor, perform } = setUp();
    const stop = new AbortController();
    const far = reactor.perform(wish(1, { since: Date.now() + 60_000 }), stop.signal);
    expect(types(await perform(wish(2)))).toContain('resource.observed');
    stop.abort();
    await expect(far).rejects.toThrow();
  });

  it('one that is given up does not end the read for the others; when all are, it is ended', async () => {
    const signals: AbortSignal[] = [];
    const reactor = createReadReactor({
      clock: systemClock,
      debounceMs: 5,
      reader: {
        read: (_, __, ___, signal) =>
          new Promise((resolve, reject) => {
            signals.push(signal);
            signal.addEventListener('abort', () => reject(signal.reason));
            setTimeout(() => resolve(observed()), 150);
          }),
      },
      states: {
        instances: async (_, [address]) => new Map([[address!, {} as StatedInstance]]),
        observed: async () => ({ attributes: '{}' }),
      },
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = reactor.perform(wish(1), one.signal);
    const second = reactor.perform(wish(2), two.signal);
    setTimeout(() => one.abort(), 40);
    await expect(first).rejects.toThrow();
    expect(types(await second)).toEqual(['request.settled']);
    const third = reactor.perform(wish(3), one.signal);
    await expect(third).rejects.toThrow();
    const stop = new AbortController();
    const fourth = reactor.perform(wish(4), stop.signal);
    setTimeout(() => stop.abort(), 60);
    await expect(fourth).rejects.toThrow();
    expect(signals.at(-1)!.aborted).toBe(true);
  });
});
