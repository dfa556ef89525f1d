import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Event, Json } from '../schemas/index.ts';
import { createCodec } from '../schemas/index.ts';
import { createMemoryBlobs } from './blobs/memory-blobs.ts';
import { DriftError } from './errors.ts';
import type { Log, NewRecord } from './log/log.ts';
import { createMemoryLog } from './log/memory-log.ts';
import { runSource, type SourceHandle } from './run-source.ts';
import type { Source, SourceContext, SourceEvent } from './source.ts';
import { eventOf, packRecords, recordsOf, writingIds } from './source-records.ts';
import { createTestClock } from './testing/clock.ts';
import { testCodec } from './testing/codec.ts';
import { declared, fingerprintOf, statePublished, TEST_ORG, TEST_TIME } from './testing/events.ts';
import { outputsOf, silent } from './testing/loop.ts';
import { pausesIn } from './testing/pauses.ts';

const handles: { stop: AbortController; handle: SourceHandle }[] = [];
afterEach(async () => {
  for (const { stop, handle } of handles.splice(0)) {
    stop.abort();
    await handle.stopped;
  }
});

function setUp(partitions = 4) {
  const clock = createTestClock();
  const log = createMemoryLog({ partitions, clock });
  const blobs = createMemoryBlobs();
  const metrics = new Registry();
  const begin = (run: Source['run'], name = 'toy', on: Log = log) => {
    const stop = new AbortController();
    const handle = runSource({
      source: { name, run },
      log: on,
      codec: testCodec(),
      org: TEST_ORG,
      blobs,
      clock,
      logger: silent,
      metrics,
      signal: stop.signal,
    });
    handles.push({ stop, handle });
    return handle;
  };
  return { clock, log, blobs, metrics, begin };
}

const given = (event: Event): SourceEvent =>
  ({
    type: event.type,
    body: event.body,
    time: event.time,
    id: event.id,
    objectKey: event.objectKey,
    fingerprint: fingerprintOf(event),
  }) as SourceEvent;

const bucket = (n: number, time = TEST_TIME) =>
  given(
    declared({ address: `aws_s3_bucket.b[${n}]` }, { objectKey: `default/aws/-/-/s3-bucket/b${n}`, time }),
  );

const published = async (log: Log) =>
  (await outputsOf(log, 'toy')).filter(({ topic }) => topic !== 'driftmgr.sources');

describe('the source loop', () => {
  it('places events by object key, broadcasts in every partition after their data, with org, source and time', async () => {
    const { log, begin } = setUp();
    const handle = begin(async (context) => {
      await context.publish([bucket(1), bucket(2), given(statePublished())]);
    });
    await handle.stopped;
    expect(handle.status()).toEqual({ phase: 'finished', reason: null, begun: true });
    const all = await published(log);
    expect(
      all.filter(({ event }) => event?.type === 'state.published').map(({ partition }) => partition),
    ).toEqual([0, 1, 2, 3]);
    expect(all.filter(({ event }) => event?.type === 'resource.declared')).toHaveLength(2);
    expect(all[0]!.event).toMatchObject({
      org: TEST_ORG,
      source: 'toy',
      recordedAt: TEST_TIME,
      clamped: false,
    });
    for (const partition of [0, 1, 2, 3]) {
      const types = all.filter((each) => each.partition === partition).map(({ event }) => event!.type);
      expect(types.indexOf('state.published')).toBe(types.length - 1);
    }
  });

  it('sets times far ahead back to now, and marks them', async () => {
    const { log, begin } = setUp();
    await begin((context) =>
      context.publish([bucket(1, TEST_TIME + 299_000), bucket(2, TEST_TIME + 301_000)]),
    ).stopped;
    const times = (await published(log)).map(({ event }) => [event!.time - TEST_TIME, event!.clamped]);
    expect(times.sort()).toEqual([
      [0, true],
      [299_000, false],
    ]);
  });

  it('appends what a thread of the source encoded as it would have encoded it, and counts times set back', async () => {
    const { log, metrics, begin } = setUp();
    const events = [bucket(1), bucket(2, TEST_TIME + 301_000), bucket(3)];
    await begin((context) => context.publish(events), 'toy').stopped;
    await begin((context) => {
      const { encoding } = context;
      const records: NewRecord[] = [];
      for (const event of events)
        records.push(
          ...recordsOf(
            eventOf(event, { ...encoding, source: 'toy' }, TEST_TIME),
            event.fingerprint,
            createCodec(writingIds(encoding.schemaIds)),
            encoding.partitions,
          ),
        );
      const encoded = structuredClone(packRecords('driftmgr.declarations', records, 1));
      return context.publish([{ encoded }]);
    }, 'thread').stopped;
    for (let partition = 0; partition < log.partitions; partition++) {
      const { records } = await log.read('driftmgr.declarations', partition, 0, {
        records: 100,
        bytes: 1 << 20,
      });
      const bare = records.map(({ key, value }) => [key, value?.toString('hex')]);
      expect(bare.slice(bare.length / 2)).toEqual(bare.slice(0, bare.length / 2));
    }
    const ends = await Promise.all([0, 1, 2, 3].map((each) => log.end('driftmgr.declarations', each)));
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(6);
    expect(await metrics.metrics()).toMatch(/ignored.*thread.*time-ahead"} 1/);
  });

  it('gives back the progress that was committed with the events, and only that', async () => {
    const { log, begin } = setUp();
    const items: [string, Json][][] = [];
    await begin(async (context) => {
      await context.publish([bucket(1)], [{ item: 'a', progress: { at: 1 } }]);
      await context.publish([], [{ item: 'b', progress: 2 }]);
      await context.publish([], [{ item: 'c', progress: 3 }]);
      await context.publish([], [{ item: 'b', progress: null }]);
      expect(context.progress('a')).toEqual({ at: 1 });
      expect(context.progress('b')).toBeUndefined();
    }).stopped;
    await begin(async (context) => context.publish([], [{ item: 'other', progress: 1 }]), 'toy-2').stopped;
    await log.compact();
    const handle = begin(async (context) => {
      items.push([...context.progressItems()]);
    });
    await handle.stopped;
    expect(handle.status().reason).toBeNull();
    expect(items[0]!.sort()).toEqual([
      ['a', { at: 1 }],
      ['c', 3],
    ]);
  });

  it('appends a small call at once, and a large one in pieces with boundary and progress in the last', async () => {
    const { log, begin } = setUp(1);
    const appends: NewRecord[][] = [];
    const watched: Log = {
      ...log,
      append: async (records) => {
        appends.push(records);
        await log.append(records);
      },
    };
    const many = Array.from({ length: 5_000 }, (_, n) => bucket(n));
    await begin(
      async (context) => {
        await context.publish([bucket(1), given(statePublished())], [{ item: 'x', progress: 1 }]);
        await context.publish([...many, given(statePublished())], [{ item: 'x', progress: 2 }]);
      },
      'toy',
      watched,
    ).stopped;
    expect(appends.map((records) => records.length)).toEqual([3, 2_000, 2_000, 1_002]);
    expect(
      appends
        .at(-1)!
        .slice(-2)
        .map((record) => record.topic),
    ).toEqual(['driftmgr.declarations', 'driftmgr.sources']);
  });

  it('does not hold the event loop while it encodes 50,000 events', async () => {
    const { begin } = setUp();
    const events = Array.from({ length: 50_000 }, (_, n) => bucket(n));
    const { longest, worked } = await pausesIn(() => begin((context) => context.publish(events)).stopped);
    expect(longest).toBeGreaterThan(0);
    // In slices: the longest pause is a small part of the whole.
    expect(longest).toBeLessThan(worked / 2);
  });

  it('keeps the order of calls that were not waited for', async () => {
    const { log, begin } = setUp(1);
    await begin(async (context) => {
      await Promise.all([1, 2, 3].map((n) => context.publish([bucket(n)])));
    }).stopped;
    const addresses = (await published(log)).map(({ event }) => (event!.body as { address: string }).address);
    expect(addresses).toEqual([1, 2, 3].map((n) => `aws_s3_bucket.b[${n}]`));
  });

  it('starts a source again after what may pass, with its progress, and stops at what does not', async () => {
    const { clock, begin, metrics } = setUp();
    const seen: (Json | undefined)[] = [];
    const handle = begin(async (context) => {
      seen.push(context.progress('x'));
      await context.publish([], [{ item: 'x', progress: seen.length }]);
      if (seen.length === 3) throw new Error('a defect');
      throw new DriftError('throttled', { code: 'DM_PROVIDER_THROTTLED', retriable: true });
    });
    await expect
      .poll(() => {
        clock.advance(60_000);
        return seen.length;
      })
      .toBe(3);
    await handle.stopped;
    expect(seen).toEqual([undefined, 1, 2]);
    expect(handle.status()).toEqual({ phase: 'stopped', reason: 'a defect', begun: true });
    expect(await metrics.metrics()).toContain('name="toy",code="DM_PROVIDER_THROTTLED"} 2');
  });

  it('dead-letters an event that does not fit its schema and publishes the others; a boundary stops it', async () => {
    const { log, blobs, begin } = setUp();
    const broken = bucket(2);
    Object.assign(broken, { body: { workspace: 7 } });
    const handle = begin(async (context: SourceContext) => {
      await context.publish([bucket(1), broken]);
      await context.publish([{ ...given(statePublished()), body: {} } as SourceEvent]);
    });
    await handle.stopped;
    expect(handle.status().reason).toContain('state.published does not fit its schema');
    const all = await published(log);
    expect(all.map(({ event }) => event!.type).sort()).toEqual(['dead-letter.recorded', 'resource.declared']);
    expect(await blobs.list('dead-letters/toy/')).toHaveLength(1);
  });

  it('refuses an event outside its organisation', async () => {
    const { log, begin } = setUp();
    const handle = begin((context) =>
      context.publish([{ ...bucket(1), objectKey: 'other/aws/-/-/s3-bucket/x' }]),
    );
    await handle.stopped;
    expect(handle.status().reason).toContain('outside default');
    expect(await published(log)).toEqual([]);
  });

  it('records refused input with its original, and counts what is left out', async () => {
    const { log, blobs, metrics, begin } = setUp();
    await begin(async (context) => {
      await context.deadLetter({ code: 'DM_INPUT_INVALID', reason: 'not JSON', original: Buffer.from('{') });
      context.ignored('read-only', 5);
    }).stopped;
    const [letter] = await published(log);
    expect(letter!.event).toMatchObject({
      type: 'dead-letter.recorded',
      body: { reader: 'toy', reason: 'not JSON' },
    });
    expect(await blobs.get((letter!.event!.body as { blob: string }).blob)).toEqual(Buffer.from('{'));
    expect(await metrics.metrics()).toContain(
      'driftmgr_ignored_total{kind="source",name="toy",reason="read-only"} 5',
    );
  });
});
