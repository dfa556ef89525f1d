// The live stream over a log in memory: nothing missed, nothing twice, nobody holds up anybody.
import fc from 'fast-check';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../runtime/cache/memory-cache.ts';
import { createMemoryLog } from '../runtime/log/memory-log.ts';
import { createTestClock } from '../runtime/testing/clock.ts';
import { testCodec } from '../runtime/testing/codec.ts';
import {
  declared,
  eventOf,
  runFinished,
  runStarted,
  snapshotCompleted,
  snapshotFailed,
  statePublished,
} from '../runtime/testing/events.ts';
import type { Event } from '../schemas/index.ts';
import { placement, recordKey, topicOf } from '../schemas/index.ts';
import type { Live, LiveOptions, Reader, Sink } from './live.ts';
import { createLive } from './live.ts';
import { idOf, vectorOf, wants } from './live-items.ts';
import { driftOf } from './testing/harness.ts';

const PARTITIONS = 3;
const codec = testCodec();

interface Read {
  kind: string;
  id: string;
  data: Record<string, unknown>;
}

/** A reader that keeps what it was sent. */
class Kept implements Sink {
  readonly events: Read[] = [];
  heartbeats = 0;
  ended: 'gently' | 'at once' | null = null;
  unread = 0;
  write(text: string): void {
    if (text.startsWith(':')) this.heartbeats++;
    else {
      const [, kind, id, data] = /^event: (.*)\nid: (.*)\ndata: (.*)\n\n$/.exec(text) ?? [];
      this.events.push({ kind: kind!, id: id!, data: JSON.parse(data!) as Record<string, unknown> });
    }
  }
  waiting = (): number => this.unread;
  /** Resolves what `drained` gave: the reader took everything. */
  take = (): void => undefined;
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.take = () => {
        this.unread = 0;
        resolve();
      };
    });
  }
  end(gently: boolean): void {
    this.ended = gently ? 'gently' : 'at once';
  }
  get told(): Read[] {
    return this.events.filter(({ kind }) => kind !== 'ready');
  }
  ids(): unknown[] {
    return this.told.map(({ data }) => (data.drift as { id: string } | undefined)?.id ?? data.at);
  }
}

function setUp(options: Partial<LiveOptions> = {}) {
  const clock = createTestClock();
  const log = createMemoryLog({ partitions: PARTITIONS, clock });
  const live = createLive({
    log,
    codec,
    clock,
    logger: pino({ level: 'silent' }),
    cache: createMemoryCache({ clock }),
    beatMs: 500,
    heartbeatMs: 15_000,
    maxWaiting: 1_000,
    stalledMs: 30_000,
    maxReaders: 3,
    ...options,
  });
  const append = (...events: Event[]): Promise<void> =>
    log.append(
      events.flatMap((event) =>
        placement(event, PARTITIONS).map((partition) => ({
          topic: topicOf(event.type),
          partition,
          key: recordKey(event),
          value: codec.encode(event),
        })),
      ),
    );
  return { clock, log, live, append };
}

async function join(live: Live, reader: Partial<Reader> = {}) {
  const sink = new Kept();
  const leave = await live.join(
    { wants: () => true, lastEventId: undefined, mayStay: async () => true, ...reader },
    sink,
  );
  return { sink, leave };
}

const opened = (n: number, fields: object = {}): Event => {
  const drift = driftOf({ id: `drf_${n}`, objectKey: `default/aws/-/-/s3-bucket/${n}`, ...fields });
  return eventOf('drift.opened', { drift, causedBy: 'e' }, { objectKey: drift.objectKey, id: `evt_${n}` });
};
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);
const openedIds = (from: number, to: number): string[] => numbers(from, to).map((n) => `drf_${n}`);

describe('the live stream', () => {
  it('begins with ready, and tells what comes after it, drifts as the API shows them', async () => {
    const { live, append } = setUp();
    await append(opened(0));
    const { sink } = await join(live);
    expect(sink.events.map(({ kind }) => kind)).toEqual(['ready']);
    await append(opened(1));
    await expect.poll(() => sink.ids()).toEqual(['drf_1']);
    expect(sink.told[0]).toMatchObject({
      kind: 'drift',
      data: { id: 'evt_1', type: 'drift.opened', drift: { links: { self: '/api/v1/drifts/drf_1' } } },
    });
  });

  it('tells each boundary once, although it stands in every partition, and nothing of resources', async () => {
    const { live, append } = setUp();
    const { sink } = await join(live);
    await append(
      runStarted(),
      declared(),
      statePublished({ serial: 7 }),
      runFinished(),
      snapshotCompleted(),
      snapshotFailed(),
    );
    await expect.poll(() => sink.told.length).toBe(5);
    expect(sink.told.map(({ kind, data }) => [kind, data.phase ?? data.serial])).toEqual([
      ['run', 'started'],
      ['workspace', 7],
      ['run', 'finished'],
      ['snapshot', 'completed'],
      ['snapshot', 'failed'],
    ]);
  });

  it('resumed after any event it goes on with the next, none lost, none twice, in any number of connections', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 8 }),
        async (breaks) => {
          const { live, append } = setUp();
          const first = await join(live);
          let last = first.sink.events[0]!.id;
          first.leave();
          const seen: unknown[] = [];
          let made = 0;
          for (const count of breaks) {
            await append(...numbers(made, made + count).map((n) => opened(n)));
            made += count;
            const { sink, leave } = await join(live, { lastEventId: last });
            // Some of it comes while the reader catches up.
            await append(opened(made++));
            await expect.poll(() => seen.length + sink.told.length).toBe(made);
            seen.push(...sink.ids());
            last = sink.events.at(-1)!.id;
            leave();
          }
          expect([...seen].sort()).toEqual(openedIds(0, made).sort());
        },
      ),
      { numRuns: 15 },
    );
  });

  it('resumed with an id that is not of this log says reset, and goes on from now', async () => {
    const { live, append } = setUp();
    await append(opened(0));
    const ahead = idOf(Array(PARTITIONS + 2).fill(1_000_000));
    for (const lastEventId of ['nonsense', ahead, '1.2', `${'9'.repeat(40)}.1.1.1.1`]) {
      const { sink, leave } = await join(live, { lastEventId });
      expect(sink.told.map(({ kind }) => kind)).toEqual(['reset']);
      await append(opened(1));
      await expect.poll(() => sink.told.at(-1)?.kind).toBe('drift');
      leave();
    }
  });

  it('resumed from what is not kept any more says reset', async () => {
    const { live, append, log } = setUp();
    const { sink, leave } = await join(live);
    const { id } = sink.events[0]!;
    leave();
    await append(opened(0), opened(1), opened(2));
    const gone = createLive({
      log: { ...log, start: async (topic, partition) => ((await log.end(topic, partition)) > 0 ? 1 : 0) },
      codec,
      clock: createTestClock(),
      logger: pino({ level: 'silent' }),
      cache: createMemoryCache(),
      beatMs: 500,
      heartbeatMs: 1_000,
      maxWaiting: 1_000,
      stalledMs: 1_000,
      maxReaders: 1,
    });
    const resumed = await join(gone, { lastEventId: id });
    expect(resumed.sink.told[0]).toMatchObject({
      kind: 'reset',
      data: { reason: expect.stringContaining('not kept') },
    });
  });

  it('lets a reader that does not keep up read on at its own pace, and the others notice nothing', async () => {
    const { live, append } = setUp({ maxWaiting: 10 });
    const slow = await join(live);
    const quick = await join(live);
    slow.sink.unread = 11;
    await append(opened(0));
    await append(opened(1), opened(2));
    await expect.poll(() => quick.sink.told.length).toBe(3);
    expect(slow.sink.told).toHaveLength(1);
    slow.sink.take();
    await expect.poll(() => slow.sink.ids().sort()).toEqual(openedIds(0, 3));
    await append(opened(3));
    await expect.poll(() => slow.sink.ids().sort()).toEqual(openedIds(0, 4));
    expect([slow.sink.ended, quick.sink.ended]).toEqual([null, null]);
  });

  it('drops a reader that takes nothing, which can resume where it was', async () => {
    const { live, append, clock } = setUp({ maxWaiting: 10 });
    const stalled = await join(live);
    stalled.sink.unread = 11;
    await append(opened(0));
    await append(opened(1));
    await expect.poll(() => stalled.sink.told.length).toBe(1);
    clock.advance(30_000);
    await expect.poll(() => stalled.sink.ended).toBe('at once');
    const back = await join(live, { lastEventId: stalled.sink.events.at(-1)!.id });
    await expect.poll(() => back.sink.ids()).toEqual(['drf_1']);
  });

  it('beats while nothing happens, and sends away who may not stay', async () => {
    const { live, clock } = setUp();
    let may = true;
    const { sink } = await join(live, { mayStay: async () => may });
    const other = await join(live);
    clock.advance(15_000);
    await expect.poll(() => sink.heartbeats).toBe(1);
    may = false;
    clock.advance(15_000);
    await expect.poll(() => sink.ended).toBe('gently');
    expect(other.sink.ended).toBeNull();
  });

  it('takes no more readers than it may, and counts those that left out', async () => {
    const { live } = setUp({ maxReaders: 1 });
    const { leave } = await join(live);
    await expect(join(live)).rejects.toMatchObject({ code: 'DM_RATE_LIMITED' });
    leave();
    expect(live.readers()).toBe(0);
    await join(live);
  });

  it('that cannot read the log sends its readers away to resume, and works for the next', async () => {
    const { log, append, clock } = setUp();
    let broken = false;
    const live = createLive({
      log: {
        ...log,
        read: (...asked) => (broken ? Promise.reject(new Error('disk')) : log.read(...asked)),
      },
      codec,
      clock,
      logger: pino({ level: 'silent' }),
      cache: createMemoryCache(),
      beatMs: 500,
      heartbeatMs: 1_000,
      maxWaiting: 1_000,
      stalledMs: 1_000,
      maxReaders: 2,
    });
    const { sink } = await join(live);
    const { id } = sink.events[0]!;
    broken = true;
    await append(opened(0));
    await expect.poll(() => sink.ended).toBe('gently');
    broken = false;
    const back = await join(live, { lastEventId: id });
    await expect.poll(() => back.sink.ids()).toEqual(['drf_0']);
  });
});

describe('ids', () => {
  it('of events are read back as they were given out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 20 }),
        (vector) => {
          expect(vectorOf(idOf(vector), vector.length)).toEqual(vector);
        },
      ),
    );
  });
});

describe('filters', () => {
  it('choose by kind, workspace and owner; severity and confidence only among drifts', () => {
    const drift = {
      kind: 'drift',
      workspace: 'prod',
      owner: 'a',
      severity: 'high',
      confidence: 'confirmed',
      text: '',
    } as const;
    const run = { ...drift, kind: 'run', owner: null, severity: null, confidence: null } as const;
    expect(wants({}, drift)).toBe(true);
    expect(wants({ kinds: ['run'] }, drift)).toBe(false);
    expect(wants({ workspace: 'dev' }, drift)).toBe(false);
    expect(wants({ owner: 'a' }, run)).toBe(false);
    expect(wants({ severity: ['low'] }, drift)).toBe(false);
    expect(wants({ severity: ['low'] }, run)).toBe(true);
    expect(wants({ confidence: ['confirmed', 'suspected'] }, drift)).toBe(true);
  });
});
