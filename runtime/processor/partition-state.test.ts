// State restored after a crash while compaction goes on: rows hold what the log says last, whatever was dropped between.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '../log/embedded-log.ts';
import type { Log } from '../log/log.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import type { FaultPoint } from '../run-processor.ts';
import { createMemoryStates } from '../state/memory-states.ts';
import type { StateStores } from '../state/state.ts';
import { createTestClock } from '../testing/clock.ts';
import { testCodec } from '../testing/codec.ts';
import { counter } from '../testing/counter.ts';
import { observed, TEST_TIME } from '../testing/events.ts';
import { appendEvents, type Running, readAll, silent, start } from '../testing/loop.ts';
import { PartitionState } from './partition-state.ts';

const TOPIC = 'driftmgr.observations';
const key = (name: string): string => `default/aws/-/-/s3-bucket/${name}`;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A processor on a log, killed and started again; values are written at ever later times. */
function play(log: Log, clock = createTestClock()) {
  const states = createMemoryStates();
  let dies: FaultPoint | null = null;
  let stored = 0;
  let decoded = 0;
  const codec = testCodec();
  const launch = (): Running =>
    start({
      processor: counter,
      log,
      states,
      clock,
      codec: {
        ...codec,
        decode: (topic, value) => {
          if (topic === TOPIC) decoded++;
          return codec.decode(topic, value);
        },
      },
      faults: (point) => {
        if (point === 'stored') stored++;
        if (point !== dies) return;
        dies = null;
        throw new Error(`killed when ${point}`);
      },
    });
  let loop = launch();
  let time = TEST_TIME;
  closing.push(() => loop.stop());
  const seen = (name: string, attributes: string) =>
    observed({ attributes }, { objectKey: key(name), time: time++ });
  return {
    codec,
    states,
    decoded: () => decoded,
    append: (...values: [name: string, attributes: string][]) =>
      appendEvents(
        log,
        values.map(([name, attributes]) => seen(name, attributes)),
      ),
    caughtUp: () => loop.caughtUp(),
    /** Returns when rows were stored after this. */
    async rowsStored(): Promise<void> {
      await loop.caughtUp();
      const before = stored;
      while (stored === before) {
        clock.advance(300);
        await appendEvents(log, [observed({}, { objectKey: key('other'), time: time++ })]);
        await loop.caughtUp();
      }
    },
    async killedWhen(point: FaultPoint, name: string, attributes: string): Promise<void> {
      dies = point;
      await appendEvents(log, [seen(name, attributes)]);
      while (loop.handle.status().some(({ phase }) => phase !== 'stopped')) {
        clock.advance(300);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await loop.stop();
    },
    async stopped(): Promise<void> {
      await loop.stop();
    },
    async startedAgain(): Promise<void> {
      loop = launch();
      await loop.caughtUp();
    },
    value: (name: string) => states.open('counter', 0, 1).get(key(name), 'observed/aws_s3_bucket/logs'),
  };
}

async function embeddedLog(clock = createTestClock()): Promise<Log> {
  const directory = await mkdtemp(join(tmpdir(), 'partition-state-'));
  closing.push(() => rm(directory, { recursive: true, force: true }));
  // Every frame is a segment of its own, and rewritten when anything of it may go.
  const log = await openEmbeddedLog({
    directory,
    partitions: 1,
    clock,
    logger: silent,
    segmentBytes: 1,
    waste: 0,
  });
  closing.push(() => log.close());
  return log;
}

describe.each([
  ['memory', async () => createMemoryLog({ partitions: 1, clock: createTestClock() })],
  ['embedded', () => embeddedLog()],
])('state restored from the %s log after a crash', (_name, openLog) => {
  it.each(['folded', 'committed'] as const)(
    'holds a value that came back while compaction dropped the one in between: killed when %s',
    async (point) => {
      const log = await openLog();
      const run = play(log);
      await run.append(['a', '1']);
      await run.caughtUp();
      // What was seen is stored: value 1. After that only rows are.
      await run.stopped();
      await run.startedAgain();
      await run.append(['a', '2']);
      await run.rowsStored();
      expect(run.value('a')).toBe('2');
      await run.killedWhen(point, 'a', '1');
      // The log goes on, so that the records of before are in segments that compaction may rewrite.
      await run.append(['last', '1']);
      await log.compact();
      const left = await readAll(log, TOPIC, 0);
      expect(left.filter((record) => record.key.startsWith(`${key('a')}\u001f`)).length).toBe(1);
      await run.startedAgain();
      await run.stopped();
      expect(run.value('a')).toBe('1');
    },
  );
});

it('state restored after a crash decodes no unchanged record, however many there are', async () => {
  const run = play(createMemoryLog({ partitions: 1, clock: createTestClock() }));
  const all = Array.from({ length: 500 }, (_, n): [string, string] => [`k${n}`, '1']);
  await run.append(...all);
  await run.rowsStored();
  await run.append(...all);
  await run.killedWhen('committed', 'a', '1');
  const before = run.decoded();
  await run.startedAgain();
  expect(run.decoded() - before).toBeLessThan(10);
});

it('state restored at any moment, with any compaction before it, holds the last value of every resource', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ does: fc.constant('see' as const), name: fc.nat(2), value: fc.nat(1) }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('store', 'compact', 'stop') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constantFrom('folded', 'committed', 'stored'),
        name: fc.nat(2),
        value: fc.nat(1),
        compacts: fc.boolean(),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const log = createMemoryLog({ partitions: 1, clock: createTestClock() });
      const run = play(log);
      const last = new Map<string, string>();
      for (const each of steps) {
        if ('name' in each) last.set(`k${each.name}`, String(each.value));
        if (each.does === 'see' && 'name' in each) {
          await run.append([`k${each.name}`, String(each.value)]);
          await run.caughtUp();
        } else if (each.does === 'store') await run.rowsStored();
        else if (each.does === 'compact') await log.compact();
        else if (each.does === 'stop') {
          await run.stopped();
          await run.startedAgain();
        } else if ('compacts' in each) {
          await run.killedWhen(each.does as FaultPoint, `k${each.name}`, String(each.value));
          if (each.compacts) await log.compact();
          await run.startedAgain();
        }
      }
      await run.stopped();
      for (const [name, value] of last) expect([name, run.value(name)]).toEqual([name, value]);
    }),
    { numRuns: 30 },
  );
}, 120_000);

describe('state that is taken up again where it was left', () => {
  it('folds what another process wrote after it had taken over, whenever this one stored its rows', async () => {
    const clock = createTestClock();
    const log = createMemoryLog({ partitions: 1, clock });
    const codec = testCodec();
    const restored = (states: StateStores) =>
      PartitionState.restore({
        processor: counter,
        partition: 0,
        org: 'default',
        log,
        codec,
        store: states.open('counter', 0, 1),
        logger: silent,
        seed: () => [1, 2],
      });
    let offset = 0;
    /** One more value, decided on and committed. */
    async function work(state: PartitionState): Promise<void> {
      const event = observed({ attributes: `${offset}` }, { objectKey: key('a'), time: TEST_TIME + offset });
      await appendEvents(log, [event]);
      const records = state.fold
        .input(event, clock.now())
        .map(({ topic, key: name, value }) => ({ topic, partition: 0, key: name, value }));
      state.positions.set(TOPIC, ++offset);
      const positions = [{ topic: TOPIC, partition: 0, offset } as const];
      state.committed(await log.commit({ group: 'counter', records, positions }));
    }
    const said = (states: StateStores) => states.open('counter', 0, 1).get(key('a'), 'said');

    const [ours, theirs] = [createMemoryStates(), createMemoryStates()];
    const one = await restored(ours);
    await work(one);
    const other = await restored(theirs);
    await work(other);
    await work(other);
    // Told late that it is no longer its: what it knows is stored, and no more than that is said of it.
    await one.storeAll();
    expect(said(ours)).toBe(1);

    const again = await restored(ours);
    await again.storeAll();
    await other.storeAll();
    expect(said(theirs)).toBe(3);
    expect(said(ours)).toBe(3);
  });
});
