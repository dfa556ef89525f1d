import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Event } from '../schemas/index.ts';
import { recordKey, UnknownBody } from '../schemas/index.ts';
import { createMemoryBlobs } from './blobs/memory-blobs.ts';
import { DriftError } from './errors.ts';
import type { Log } from './log/log.ts';
import { createMemoryLog } from './log/memory-log.ts';
import type { Processor } from './processor.ts';
import type { FaultPoint } from './run-processor.ts';
import { createMemoryStates } from './state/memory-states.ts';
import type { StateStores } from './state/state.ts';
import { createTestClock } from './testing/clock.ts';
import { testCodec } from './testing/codec.ts';
import { counter } from './testing/counter.ts';
import { driveProcessor } from './testing/driver.ts';
import {
  changeReported,
  declared,
  eventOf,
  observed,
  statePublished,
  TEST_TIME,
  withdrawn,
} from './testing/events.ts';
import { appendEvents, outputsOf, type Running, readAll, recordsOf, start } from './testing/loop.ts';

const key = (name: string): string => `default/aws/-/-/s3-bucket/${name}`;
const running: Running[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

function setUp(partitions = 1) {
  const clock = createTestClock();
  const log = createMemoryLog({ partitions, clock });
  const states = createMemoryStates();
  const blobs = createMemoryBlobs();
  const begin = (processor: Processor = counter, faults?: (point: FaultPoint, partition: number) => void) => {
    const started = start({ processor, log, states, clock, blobs, faults });
    running.push(started);
    return started;
  };
  return { clock, log, states, blobs, begin };
}

/** What was put out, in the log's order within each partition and topic, without what depends on the moment. */
async function putOut(log: Log): Promise<unknown[]> {
  const all = await outputsOf(log, 'counter');
  return all
    .filter((each) => each.topic !== 'driftmgr.dead-letters' && !each.key.endsWith('~drain'))
    .map(({ topic, partition, key: record, event }) => [
      topic,
      partition,
      record,
      event && { ...event, recordedAt: 0 },
    ]);
}

const reasons = async (log: Log): Promise<string[]> =>
  (await outputsOf(log, 'counter')).flatMap(({ event }) =>
    event?.type === 'request.settled' ? [`${event.objectKey?.split('/').at(-1)}: ${event.body.reason}`] : [],
  );

/** Rows as stored, the runtime's bookkeeping of positions and of what was seen left out. */
const storedRows = (states: StateStores, partitions: number) =>
  Array.from({ length: partitions }, (_, partition) =>
    [...states.open('counter', partition, 1).entries()].filter(
      ([objectKey]) => objectKey !== '~own' && objectKey !== '~seen',
    ),
  );

describe('the processor loop', () => {
  it('puts out what the driver puts out for the same events', async () => {
    const events: Event[] = [
      declared({}, { objectKey: key('a') }),
      observed({}, { objectKey: key('a') }),
      declared({ workspace: 'other' }, { objectKey: key('b') }),
      withdrawn({ workspace: 'other' }, { objectKey: key('b'), time: TEST_TIME + 1 }),
    ];
    const { log, begin } = setUp();
    const loop = begin();
    const driver = driveProcessor(counter);
    for (const event of events) {
      await appendEvents(log, [event]);
      await loop.caughtUp();
      driver.input(event);
    }
    const ids = (await outputsOf(log, 'counter')).flatMap(({ event }) => (event ? [event.id] : []));
    const expected = driver.appended().flatMap(({ event }) => (event ? [event.id] : []));
    expect(ids.sort()).toEqual(expected.sort());
    expect(ids.length).toBeGreaterThan(4);
  });

  it('counts what it skips as unchanged and as stale, and decodes neither', async () => {
    const { log, begin } = setUp();
    const loop = begin();
    const at = (time: number, attributes: string) => observed({ attributes }, { time: TEST_TIME + time });
    await appendEvents(log, [at(0, '1'), at(100, '1'), at(50, '2'), at(200, '3')]);
    await loop.caughtUp();
    expect(await reasons(log)).toEqual(['logs: observed 1', 'logs: observed 2']);
    const text = await loop.metrics.metrics();
    expect(text).toContain('driftmgr_records_unchanged_total{kind="processor",name="counter"} 1');
    expect(text).toContain('driftmgr_records_stale_total{kind="processor",name="counter"} 1');
    expect(text).toContain('driftmgr_events_in_total{kind="processor",name="counter"} 2');
  });

  it.each(['stopped', 'stored', 'committed'] as const)(
    'knows after a restart what is unchanged and what is stale: last %s',
    async (last) => {
      const { log, begin } = setUp();
      let dies: FaultPoint | null = null;
      const first = begin(counter, (point) => {
        if (point === dies) throw new Error('killed');
      });
      await appendEvents(log, [observed({}, { time: TEST_TIME })]);
      await first.caughtUp();
      const later = observed({}, { time: TEST_TIME + 100 });
      const other = observed({}, { objectKey: key('other'), time: TEST_TIME });
      if (last === 'committed') {
        // Its note is in the log only: neither stored with the rows nor with what was seen.
        dies = 'committed';
        await appendEvents(log, [later, other]);
        await first.handle.stopped;
      } else {
        await appendEvents(log, [later]);
        await first.caughtUp();
        if (last === 'stored') {
          // Its note stands before the stored positions; what was seen has never been stored.
          dies = 'folded';
          await appendEvents(log, [other]);
          await first.handle.stopped;
        } else await first.stop();
      }
      const second = begin();
      await appendEvents(log, [observed({ attributes: '9' }, { time: TEST_TIME + 50 })]);
      await appendEvents(log, [observed({}, { time: TEST_TIME + 200 })]);
      await second.caughtUp();
      expect((await reasons(log)).filter((text) => text.startsWith('logs'))).toEqual(['logs: observed 1']);
    },
  );

  it.each(['stopped', 'stored', 'committed'] as const)(
    'knows after a restart whose repetition is awaited: last %s',
    async (last) => {
      const awaiting: Processor = {
        ...counter,
        evolve: (rows, event) =>
          event.type === 'resource.observed'
            ? [...counter.evolve(rows, event), { awaited: recordKey(event), member: true }]
            : counter.evolve(rows, event),
      };
      const { log, begin } = setUp();
      let dies: FaultPoint | null = null;
      const first = begin(awaiting, (point) => {
        if (point === dies) throw new Error('killed');
      });
      if (last === 'committed') dies = 'committed';
      await appendEvents(log, [observed({}, { time: TEST_TIME })]);
      if (last === 'committed') await first.handle.stopped;
      else await first.caughtUp();
      if (last === 'stopped') await first.stop();
      if (last === 'stored') {
        dies = 'folded';
        await appendEvents(log, [observed({}, { objectKey: key('other') })]);
        await first.handle.stopped;
      }
      const second = begin(awaiting);
      await appendEvents(
        log,
        [0, 100].map((time) => observed({}, { time: TEST_TIME + time })),
      );
      await second.caughtUp();
      const logs = (await reasons(log)).filter((text) => text.startsWith('logs'));
      expect(logs).toEqual(['logs: observed 1', 'logs: observed 2']);
    },
  );

  it('fires a timer that fell due while it was down, once', async () => {
    const { log, clock, begin } = setUp();
    const first = begin();
    await appendEvents(log, [declared()]);
    await first.caughtUp();
    await first.stop();
    clock.advance(3_600_000);
    const second = begin();
    await second.caughtUp();
    await second.stop();
    const third = begin();
    clock.advance(3_600_000);
    await third.caughtUp();
    expect(await reasons(log)).toEqual(['logs: declared 1', 'logs: quiet 2']);
  });

  it('wakes for a timer when the time comes', async () => {
    const { log, clock, begin } = setUp();
    const loop = begin();
    await appendEvents(log, [declared()]);
    await loop.caughtUp();
    clock.advance(60_000);
    await expect.poll(() => reasons(log)).toEqual(['logs: declared 1', 'logs: quiet 2']);
  });

  it('is not ready before its state is restored, and stops when told', async () => {
    const { begin } = setUp(3);
    const loop = begin();
    await loop.handle.ready;
    expect(loop.handle.status().map((status) => status.phase)).toEqual(['running', 'running', 'running']);
    await loop.stop();
    expect(loop.handle.status().map((status) => status.phase)).toEqual(['stopped', 'stopped', 'stopped']);
  });

  it('starts a partition again when the log fails for a moment, and decides nothing twice', async () => {
    const { log, states, clock } = setUp();
    let failures = 3;
    const flaky: Log = {
      ...log,
      commit: async (commit) => {
        // One fails before anything is written, the next after: the caller cannot tell which.
        if (--failures >= 0 && failures % 2 === 0) throw unreachable();
        const ends = await log.commit(commit);
        if (failures === 1) throw unreachable();
        return ends;
      },
    };
    const loop = start({ processor: counter, log: flaky, states, clock });
    running.push(loop);
    await appendEvents(log, [declared()]);
    await loop.caughtUp();
    await appendEvents(log, [observed()]);
    await loop.caughtUp();
    expect(await reasons(log)).toEqual(['logs: declared 1', 'logs: observed 2']);
    expect(await loop.metrics.metrics()).toContain(
      'driftmgr_retries_total{kind="processor",name="counter",code="DM_TIMEOUT"}',
    );
  });
});

const unreachable = () => new DriftError('the log did not answer', { code: 'DM_TIMEOUT', retriable: true });

describe('dead letters', () => {
  it('an undecodable record is recorded with its bytes, in the commit of its position, and the next goes on', async () => {
    const { log, blobs, begin } = setUp();
    const loop = begin();
    const [good] = recordsOf([observed()], 1);
    const broken = Buffer.from(good!.value!.subarray(0, good!.value!.length - 3));
    await log.append([{ ...good!, value: broken }]);
    await appendEvents(log, [observed({ attributes: '2' }, { time: TEST_TIME + 1 })]);
    await loop.caughtUp();
    expect(await reasons(log)).toEqual(['logs: observed 1']);
    const [letter] = (await outputsOf(log, 'counter')).filter(
      ({ topic }) => topic === 'driftmgr.dead-letters',
    );
    expect(letter!.event).toMatchObject({
      objectKey: key('logs'),
      body: { reader: 'counter', topic: 'driftmgr.observations', offset: 0, code: 'DM_EVENT_UNDECODABLE' },
    });
    const body = letter!.event!.body as { blob: string };
    expect(await blobs.get(body.blob)).toEqual(broken);
  });

  it('a decision that fails is recorded, its input stays folded, and a rebuild agrees', async () => {
    const { log, states, begin } = setUp();
    const loop = begin();
    await appendEvents(log, [declared({ attributes: '"refuse"' }), observed()]);
    await loop.caughtUp();
    expect(await reasons(log)).toEqual(['logs: observed 1']);
    await loop.stop();
    const before = storedRows(states, 1);
    states.open('counter', 0, 1).clear();
    const again = begin();
    await again.handle.ready;
    await again.stop();
    expect(storedRows(states, 1)).toEqual(before);
  });

  it('garbage with a head that claims the far future does not make later records stale', async () => {
    const { log, begin } = setUp();
    const loop = begin();
    const [good] = recordsOf([observed()], 1);
    const garbage = Buffer.alloc(64, 0xfe);
    garbage[0] = 0;
    garbage.fill(0x7f, 29);
    await log.append([{ ...good!, value: garbage }]);
    await appendEvents(log, [observed({}, { time: TEST_TIME + 1 })]);
    await loop.caughtUp();
    expect(await reasons(log)).toEqual(['logs: observed 1']);
  });

  it('a broadcast that cannot be read stops the partition, with the reason, and nothing is committed past it', async () => {
    const { log, begin } = setUp();
    const [boundary] = recordsOf([statePublished()], 1);
    await log.append([{ ...boundary!, value: boundary!.value!.subarray(0, 40) }]);
    const loop = begin();
    await loop.handle.stopped;
    expect(loop.handle.status()[0]).toMatchObject({ phase: 'stopped' });
    expect(loop.handle.status()[0]!.reason).toContain('a broadcast');
    expect(await log.positions('counter')).toEqual([]);
  });

  it('a broadcast that fails at one of its keys stops the partition', async () => {
    const { log, begin } = setUp();
    const touchy: Processor = {
      ...counter,
      decide: (rows, event, now) => {
        if (event.type === 'state.published') throw new Error('not this one');
        return counter.decide(rows, event, now);
      },
    };
    await appendEvents(log, [declared(), statePublished()]);
    const loop = begin(touchy);
    await loop.handle.stopped;
    expect(loop.handle.status()[0]!.reason).toContain('not this one');
  });

  it('a body newer than this process stops every partition, and is never a dead letter', async () => {
    const { log, states } = setUp(2);
    await appendEvents(log, [observed()]);
    const decode = () => {
      throw new UnknownBody('io.driftmgr.ResourceGuessed', 'driftmgr.observations');
    };
    const { handle } = start({ processor: counter, log, states, codec: { ...testCodec(), decode } });
    await handle.stopped;
    expect(handle.status().map((status) => status.phase)).toEqual(['stopped', 'stopped']);
    expect(handle.status().some((status) => status.reason?.includes('upgrade this process'))).toBe(true);
    for (const partition of [0, 1])
      expect(await readAll(log, 'driftmgr.dead-letters', partition)).toEqual([]);
  });

  it('a hundred in a row stop the partition: it is not the records that are at fault', async () => {
    const { log, begin } = setUp();
    const failing: Processor = {
      ...counter,
      evolve: () => {
        throw new Error('a defect');
      },
    };
    await appendEvents(
      log,
      Array.from({ length: 150 }, (_, n) => changeReported({}, { id: `evt_${n}` })),
    );
    const loop = begin(failing);
    await loop.handle.stopped;
    expect(loop.handle.status()[0]!.reason).toContain('100 records in a row');
  });
});

describe('state', () => {
  it('rebuilt after compaction equals live state and goes on alike', async () => {
    const { log, states, begin } = setUp(2);
    const first = begin();
    for (let round = 0; round < 3; round++) {
      await appendEvents(
        log,
        ['a', 'b', 'c', 'd'].map((name) =>
          declared({ attributes: String(round) }, { objectKey: key(name), time: TEST_TIME + round }),
        ),
      );
      await appendEvents(log, [statePublished({ serial: round }, { time: TEST_TIME + round })]);
      await first.caughtUp();
    }
    await first.stop();
    const live = storedRows(states, 2);
    expect(live.flat().length).toBeGreaterThan(8);
    await log.compact();
    for (const partition of [0, 1]) states.open('counter', partition, 1).clear();
    const second = begin();
    await second.handle.ready;
    await second.stop();
    expect(storedRows(states, 2)).toEqual(live);
    const third = begin();
    await appendEvents(log, [changeReported({}, { objectKey: key('a') })]);
    await third.caughtUp();
    expect((await reasons(log)).at(-1)).toMatch(/a: changed \d+|: serial/);
  });

  it('ahead of the log is forgotten and folded anew', async () => {
    const { log, states, begin } = setUp();
    const store = states.open('counter', 0, 1);
    store.write(
      [{ objectKey: key('ghost'), part: 'said', value: 9 }],
      [{ topic: 'driftmgr.declarations', partition: 0, offset: 50 }],
    );
    const loop = begin();
    await appendEvents(log, [declared({}, { objectKey: key('ghost') })]);
    await loop.caughtUp();
    expect(await reasons(log)).toEqual(['ghost: declared 1']);
  });

  it('of one object with 50,000 parts costs a change what it costs with one part', async () => {
    const { log, begin } = setUp();
    const loop = begin();
    const part = (n: number, round: number) =>
      declared(
        { address: `aws_s3_bucket.logs[${n}]`, attributes: String(round) },
        { time: TEST_TIME + round },
      );
    for (let from = 0; from < 50_000; from += 5_000)
      await appendEvents(
        log,
        Array.from({ length: 5_000 }, (_, n) => part(from + n, 0)),
      );
    await loop.caughtUp();
    const began = performance.now();
    await appendEvents(
      log,
      Array.from({ length: 2_000 }, (_, n) => part(n * 7, 1)),
    );
    await loop.caughtUp();
    expect(2_000 / ((performance.now() - began) / 1_000)).toBeGreaterThan(1_000);
  });
});

describe('a broadcast to many keys', () => {
  const KEYS = 6_000;
  const declareAll = (log: Log) =>
    appendEvents(
      log,
      Array.from({ length: KEYS }, (_, n) =>
        declared({}, { objectKey: key(`k${String(n).padStart(4, '0')}`) }),
      ),
    );
  const reached = async (log: Log) => (await reasons(log)).filter((text) => text.includes('serial'));

  it.each([
    ['with its state', false],
    ['without its state', true],
  ])(
    'is drained in several commits, and goes on behind its cursor when killed between them: %s',
    async (_how, withoutState) => {
      const { log, states, begin } = setUp();
      const first = begin();
      await declareAll(log);
      await first.caughtUp();
      await first.stop();
      let commits = 0;
      const second = begin(counter, (point) => {
        if (point === 'committed' && ++commits === 2) throw new Error('killed');
      });
      await appendEvents(log, [statePublished({ serial: 5 })]);
      await second.handle.stopped;
      const some = (await reached(log)).length;
      expect(some).toBeGreaterThan(0);
      expect(some).toBeLessThan(KEYS);
      if (withoutState) states.open('counter', 0, 1).clear();
      const third = begin();
      await appendEvents(log, [changeReported({}, { objectKey: key('k0000') })]);
      await third.caughtUp();
      const all = await reached(log);
      expect(all).toHaveLength(KEYS);
      expect(new Set(all).size).toBe(KEYS);
      expect((await reasons(log)).at(-1)).toBe('k0000: changed 3');
      await third.stop();
      expect(storedRows(states, 1)[0]!.some(([objectKey]) => objectKey === '~drain')).toBe(false);
    },
  );

  it('does not hold the event loop', async () => {
    const { log, begin } = setUp();
    const loop = begin();
    await declareAll(log);
    await loop.caughtUp();
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const began = performance.now();
    await appendEvents(log, [statePublished({ serial: 5 })]);
    // Taken only when the broadcast has reached all its keys, however many commits that takes.
    await appendEvents(log, [changeReported({}, { objectKey: key('k0000') })]);
    await loop.caughtUp();
    const took = performance.now() - began;
    clearInterval(watch);
    expect(await reached(log)).toHaveLength(KEYS);
    // In slices, whatever else the machine does: the longest pause is a small part of the whole.
    expect(longest).toBeLessThan(took / 2);
  });
});

describe('a crash', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const step = fc.record({
    kind: fc.constantFrom('declared', 'withdrawn', 'observed', 'changed', 'published', 'rules', 'wait'),
    name,
    value: fc.nat(3),
  });
  type Step = { kind: string; name: string; value: number };

  function eventFor({ kind, name: which, value }: Step, at: number): Event | null {
    const fields = { objectKey: key(which), time: TEST_TIME + at };
    if (kind === 'declared') return declared({ attributes: String(value) }, fields);
    if (kind === 'withdrawn') return withdrawn({}, fields);
    if (kind === 'observed') return observed({ attributes: String(value) }, fields);
    if (kind === 'changed') return changeReported({ providerEventId: `e${at}` }, fields);
    if (kind === 'published') return statePublished({ serial: at }, { time: fields.time });
    if (kind === 'rules')
      return eventOf('rules.published', { completeAccounts: [], rules: `[${at}]` }, { time: fields.time });
    return null;
  }

  async function play(
    steps: Step[],
    crashes: { at: number; point: FaultPoint }[],
    compactAt: number,
  ): Promise<{ out: unknown[]; rows: unknown }> {
    const { log, states, clock, blobs } = setUp(2);
    const left = [...crashes];
    let stepsDone = 0;
    const launch = () =>
      start({
        processor: counter,
        log,
        states,
        clock,
        blobs,
        faults: (point) => {
          const next = left[0];
          if (!next || next.point !== point || stepsDone < next.at) return;
          left.shift();
          throw new Error(`killed at ${point}`);
        },
      });
    let loop = launch();
    const settle = async () => {
      for (;;) {
        try {
          await loop.caughtUp();
          return;
        } catch {
          await loop.stop();
          loop = launch();
        }
      }
    };
    for (const [at, each] of steps.entries()) {
      const event = eventFor(each, at);
      if (event) await appendEvents(log, [event]);
      else clock.advance(each.value * 20_000);
      await settle();
      if (at === compactAt) await log.compact();
      stepsDone++;
    }
    clock.advance(600_000);
    await settle();
    clock.advance(1);
    await settle();
    await loop.stop();
    left.length = 0;
    const last = launch();
    await last.handle.ready;
    await last.stop();
    await log.compact();
    return { out: await putOut(log), rows: storedRows(states, 2) };
  }

  it('at any step, with state lost or behind, gives the outputs and the state of an undisturbed run', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 12 }),
        fc.array(
          fc.record({
            at: fc.nat(11),
            point: fc.constantFrom<FaultPoint>('restored', 'folded', 'letter-stored', 'committed', 'stored'),
          }),
          { maxLength: 4 },
        ),
        fc.nat(12),
        async (steps, crashes, compactAt) => {
          const ordered = [...crashes].sort((a, b) => a.at - b.at);
          const disturbed = await play(steps, ordered, compactAt);
          const calm = await play(steps, [], -1);
          expect(disturbed).toEqual(calm);
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});
