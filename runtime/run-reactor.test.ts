import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Event } from '../schemas/index.ts';
import { stableId } from '../schemas/index.ts';
import { wholeAssignments } from './assignment/whole.ts';
import { createMemoryBlobs } from './blobs/memory-blobs.ts';
import { DriftError } from './errors.ts';
import { createMemoryLog } from './log/memory-log.ts';
import type { Reactor } from './reactor.ts';
import { Hand, type Held } from './reactor-hand.ts';
import { type ReactorHandle, runReactor } from './run-reactor.ts';
import type { SourceEvent } from './source.ts';
import { createTestClock } from './testing/clock.ts';
import { testCodec } from './testing/codec.ts';
import { eventOf, TEST_ORG } from './testing/events.ts';
import { appendEvents, outputsOf, silent } from './testing/loop.ts';

const handles: { stop: AbortController; handle: ReactorHandle }[] = [];
afterEach(async () => {
  for (const { stop, handle } of handles.splice(0)) {
    stop.abort();
    await handle.stopped;
  }
});

const wish = (n: number, objectKey: string | null = null): Event =>
  eventOf(
    'state.refresh-requested',
    { workspace: `w${n}` },
    { id: `evt_${n}`, correlationId: `c${n}`, objectKey },
  );

const outcome = (event: Event): SourceEvent => ({
  type: 'request.settled',
  time: event.time,
  id: stableId('evt', event.id),
  objectKey: null,
  body: { requestId: event.id, outcome: 'done', reason: null, driftId: null },
});

function setUp(partitions = 1) {
  const clock = createTestClock();
  const log = createMemoryLog({ partitions, clock });
  const begin = (
    perform: (event: Event, signal: AbortSignal) => Promise<SourceEvent[]>,
    more: Partial<Reactor> = {},
  ) => {
    const stop = new AbortController();
    const handle = runReactor({
      reactor: {
        name: 'toy',
        reads: ['driftmgr.requests'],
        wants: (event) => event.type === 'state.refresh-requested',
        perform,
        ...more,
      },
      log,
      assignments: wholeAssignments(partitions),
      codec: testCodec(),
      blobs: createMemoryBlobs(),
      org: TEST_ORG,
      clock,
      logger: silent,
      metrics: new Registry(),
      signal: stop.signal,
    });
    handles.push({ stop, handle });
    return { handle, stop };
  };
  return { clock, log, begin };
}

describe('the reactor loop', () => {
  it('answers what it wants, once, with the correlation of the wish, also over a restart', async () => {
    const { log, begin } = setUp();
    const done: string[] = [];
    const perform = async (event: Event) => {
      done.push(event.id);
      return [outcome(event)];
    };
    const first = begin(perform);
    await appendEvents(log, [wish(1), wish(2)]);
    await expect.poll(() => outputsOf(log, 'toy')).toHaveLength(2);
    first.stop.abort();
    await first.handle.stopped;
    begin(perform);
    await appendEvents(log, [wish(3)]);
    await expect.poll(() => outputsOf(log, 'toy')).toHaveLength(3);
    expect(done).toEqual(['evt_1', 'evt_2', 'evt_3']);
    const [settled] = await outputsOf(log, 'toy');
    expect(settled!.event).toMatchObject({
      correlationId: 'c1',
      source: 'toy',
      body: { requestId: 'evt_1' },
    });
  });

  it('tries again what may pass, in order, and dead-letters what does not', async () => {
    const { log, clock, begin } = setUp();
    let attempts = 0;
    begin(async (event) => {
      if (event.id === 'evt_1') throw new Error('cannot be done');
      if (event.id === 'evt_2' && ++attempts < 3)
        throw new DriftError('busy', { code: 'DM_PROVIDER_FAILED', retriable: true });
      return [outcome(event)];
    });
    await appendEvents(log, [wish(1), wish(2), wish(3)]);
    await expect
      .poll(async () => {
        clock.advance(60_000);
        return (await outputsOf(log, 'toy')).map(({ event }) => event?.type);
      })
      .toEqual(['request.settled', 'request.settled', 'dead-letter.recorded']);
    expect(attempts).toBe(3);
  });

  it('tells at once how far it has read: past what it does not want, and past what it wants when that is done', async () => {
    const { log, begin } = setUp();
    const doing = Promise.withResolvers<void>();
    const { handle } = begin(async (event) => {
      await doing.promise;
      return [outcome(event)];
    });
    const place = 'driftmgr.requests/0';
    const unwanted = { ...wish(1), ...outcome(wish(1)) } as Event;
    await appendEvents(log, [unwanted, unwanted, wish(2)]);
    // The clock stands still: nothing waits for the time at which positions are committed.
    await expect.poll(() => handle.read().get(place)).toBe(2);
    expect(await log.positions('toy')).toEqual([]);
    doing.resolve();
    await expect.poll(() => handle.read().get(place)).toBeGreaterThan(2);
    expect(await outputsOf(log, 'toy')).toHaveLength(1);
  });

  it('gives up on one event after ten attempts, so that the next are not held up', async () => {
    const { log, clock, begin } = setUp();
    let attempts = 0;
    begin(async () => {
      attempts++;
      throw new DriftError('down', { code: 'DM_PROVIDER_FAILED', retriable: true });
    });
    await appendEvents(log, [wish(1)]);
    await expect
      .poll(async () => {
        clock.advance(60_000);
        return (await outputsOf(log, 'toy')).length;
      })
      .toBe(1);
    expect(attempts).toBe(10);
  });
});

describe('a reactor that takes several events in hand', () => {
  const settledIds = async (log: ReturnType<typeof setUp>['log']): Promise<string[]> =>
    (await outputsOf(log, 'toy')).flatMap(({ event }) =>
      event?.type === 'request.settled' ? [event.body.requestId] : [],
    );
  /** Performs what is let go, in the order it is let go. */
  function gates() {
    const asked: string[] = [];
    const waiting = new Map<string, PromiseWithResolvers<void>>();
    const gate = (id: string): PromiseWithResolvers<void> => {
      if (!waiting.has(id)) waiting.set(id, Promise.withResolvers());
      return waiting.get(id)!;
    };
    return {
      asked,
      perform: async (event: Event, signal?: AbortSignal): Promise<SourceEvent[]> => {
        asked.push(event.id);
        const stopped = new Promise<never>((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('given up'))),
        );
        await Promise.race([gate(event.id).promise, stopped]);
        return [{ ...outcome(event), objectKey: event.objectKey }];
      },
      finish: (...numbers: number[]): void => {
        for (const n of numbers) gate(`evt_${n}`).resolve();
      },
      fail: (n: number, error: Error): void => gate(`evt_${n}`).reject(error),
    };
  }
  const of = (...keys: string[]): Event[] => keys.map((key, n) => wish(n + 1, `${TEST_ORG}/${key}`));

  it('performs as many at once as it says, and not one more', async () => {
    const { log, begin } = setUp();
    const { asked, perform, finish } = gates();
    begin(perform, { concurrency: 2 });
    await appendEvents(log, of('a', 'b', 'c'));
    await expect.poll(() => asked).toEqual(['evt_1', 'evt_2']);
    finish(2);
    await expect.poll(() => asked).toEqual(['evt_1', 'evt_2', 'evt_3']);
  });

  it('writes outcomes as they come, but those of one object in the order of what was asked', async () => {
    const { log, begin } = setUp();
    const { perform, finish } = gates();
    begin(perform, { concurrency: 8 });
    await appendEvents(log, of('a', 'a', 'b', 'a'));
    finish(2, 3, 4);
    await expect.poll(() => settledIds(log)).toEqual(['evt_3']);
    finish(1);
    await expect.poll(() => settledIds(log)).toEqual(['evt_3', 'evt_1', 'evt_2', 'evt_4']);
  });

  it('commits positions only up to what is done with everything before it: after a crash only what was in hand is done again', async () => {
    const { log, begin } = setUp();
    const first = gates();
    const { stop, handle } = begin(first.perform, { concurrency: 4 });
    await appendEvents(log, of('a', 'b', 'c', 'd'));
    first.finish(1, 3);
    await expect.poll(() => settledIds(log)).toEqual(['evt_1', 'evt_3']);
    expect(handle.read().get('driftmgr.requests/0')).toBe(1);
    expect(await log.positions('toy')).toMatchObject([{ topic: 'driftmgr.requests', offset: 1 }]);
    stop.abort();
    await handle.stopped;
    const second = gates();
    begin(second.perform, { concurrency: 4 });
    await expect.poll(() => second.asked).toEqual(['evt_2', 'evt_3', 'evt_4']);
    second.finish(2, 3, 4);
    await expect
      .poll(async () => (await settledIds(log)).sort())
      .toEqual(['evt_1', 'evt_2', 'evt_3', 'evt_3', 'evt_4']);
    // Done again, it says the same under the same id: readers count it once.
    expect(new Set((await outputsOf(log, 'toy')).map(({ event }) => event?.id)).size).toBe(4);
  });

  it('does not run on for ever past one that takes long: a crash repeats no more than was in hand', async () => {
    const { log, begin } = setUp();
    const { asked, perform, finish } = gates();
    begin(perform, { concurrency: 2 });
    await appendEvents(log, of(...Array.from({ length: 60 }, (_, n) => `k${n}`)));
    finish(...Array.from({ length: 59 }, (_, n) => n + 2));
    await expect.poll(() => asked).toHaveLength(32);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(asked).toHaveLength(32);
    finish(1);
    await expect.poll(async () => new Set(await settledIds(log)).size).toBe(60);
  });

  it('a broadcast among the outcomes reaches every partition, once', async () => {
    const { log, begin } = setUp(3);
    const { perform, finish } = gates();
    finish(1);
    const described = (event: Event): SourceEvent => ({
      type: 'type.described',
      time: event.time,
      id: stableId('evt', event.id, 'described'),
      objectKey: null,
      body: { provider: 'p', version: '1', type: 't', schemaVersion: 0, facts: '{}' },
    });
    const committed: string[] = [];
    begin(async (event) => [described(event), ...(await perform(event))], {
      concurrency: 2,
      committed: (event) => void committed.push(event.id),
    });
    await appendEvents(log, of('a'));
    await expect.poll(() => committed).toEqual(['evt_1']);
    const written = await outputsOf(log, 'toy');
    expect(
      written.filter(({ event }) => event?.type === 'type.described').map(({ partition }) => partition),
    ).toEqual([0, 1, 2]);
    expect(written.filter(({ event }) => event?.type === 'request.settled')).toHaveLength(1);
  });

  it('what fails for good is dead-lettered in its place, and holds up nothing but its object', async () => {
    const { log, begin } = setUp();
    const { perform, finish, fail } = gates();
    begin(perform, { concurrency: 4 });
    await appendEvents(log, of('a', 'a', 'b'));
    finish(2, 3);
    await expect.poll(() => settledIds(log)).toEqual(['evt_3']);
    fail(1, new Error('cannot be done'));
    await expect
      .poll(async () => (await outputsOf(log, 'toy')).map(({ event }) => event?.type).sort())
      .toEqual(['dead-letter.recorded', 'request.settled', 'request.settled']);
    expect(await settledIds(log)).toEqual(['evt_3', 'evt_2']);
  });
});

describe('what is in hand', () => {
  it('any order of doing: each is written once, an object in order, and positions never pass what is not done', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(3), wanted: fc.boolean() }), { maxLength: 30 }),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 5 }),
        (events, choices, concurrency) => {
          const hand = new Hand(concurrency);
          const open: { held: Held; n: number }[] = [];
          const written: number[] = [];
          const doneUpTo = new Set<number>();
          let position = 0;
          const write = (): void => {
            for (const { next, event } of hand.writable()) if (event) written.push(next - 1);
            for (const { next } of hand.leave()) {
              expect(next).toBeGreaterThan(position);
              position = next;
            }
            for (let n = 0; n < position; n++) expect(doneUpTo.has(n)).toBe(true);
          };
          for (let n = 0; n < events.length || open.length > 0; ) {
            const { value: choice } = choices.next() as { value: number };
            const { key, wanted } = events[n] ?? { key: 0, wanted: false };
            if (n < events.length && !hand.full && (open.length === 0 || choice % 2 === 0)) {
              if (wanted) open.push({ held: hand.take('driftmgr.requests', n + 1, wish(n, `k${key}`)), n });
              else {
                hand.pass('driftmgr.requests', n + 1);
                doneUpTo.add(n);
              }
              n++;
            } else if (open.length > 0) {
              const [one] = open.splice(choice % open.length, 1);
              hand.done(one!.held, []);
              doneUpTo.add(one!.n);
            }
            write();
          }
          expect(position).toBe(events.length);
          const asked = events.flatMap(({ wanted }, n) => (wanted ? [n] : []));
          expect([...written].sort((a, b) => a - b)).toEqual(asked);
          for (const key of [0, 1, 2, 3]) {
            const own = (n: number): boolean => events[n]!.key === key;
            expect(written.filter(own)).toEqual(asked.filter(own));
          }
        },
      ),
    );
  });
});
