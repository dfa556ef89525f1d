import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Event } from '../schemas/index.ts';
import { stableId } from '../schemas/index.ts';
import { wholeAssignments } from './assignment/whole.ts';
import { createMemoryBlobs } from './blobs/memory-blobs.ts';
import { DriftError } from './errors.ts';
import { createMemoryLog } from './log/memory-log.ts';
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

const wish = (n: number): Event =>
  eventOf(
    'state.refresh-requested',
    { workspace: `w${n}` },
    { id: `evt_${n}`, correlationId: `c${n}`, objectKey: null },
  );

const outcome = (event: Event): SourceEvent => ({
  type: 'request.settled',
  time: event.time,
  id: stableId('evt', event.id),
  objectKey: null,
  body: { requestId: event.id, outcome: 'done', reason: null, driftId: null },
});

function setUp() {
  const clock = createTestClock();
  const log = createMemoryLog({ partitions: 1, clock });
  const begin = (perform: (event: Event) => Promise<SourceEvent[]>) => {
    const stop = new AbortController();
    const handle = runReactor({
      reactor: {
        name: 'toy',
        reads: ['driftmgr.requests'],
        wants: (event) => event.type === 'state.refresh-requested',
        perform,
      },
      log,
      assignments: wholeAssignments(1),
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
