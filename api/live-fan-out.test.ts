// Live streams of several processes: one reads the log for all, and whatever is lost between them, no reader loses anything.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Cache } from '../runtime/cache/cache.ts';
import { createMemoryCache } from '../runtime/cache/memory-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import { createMemoryLog } from '../runtime/log/memory-log.ts';
import { open, type Process, partitionOf, type Reader, startProcess } from './testing/live-readers.ts';

const PARTITIONS = 3;
const BEAT_MS = 20;
const SLOTS = PARTITIONS + 2;

const processes: Process[] = [];
afterEach(() => {
  for (const process of processes.splice(0)) process.close();
});

function setUp(): { log: Log; cache: Cache; start: (beatMs?: number) => Process } {
  const log = createMemoryLog({ partitions: PARTITIONS, clock: systemClock });
  const cache = createMemoryCache();
  return {
    log,
    cache,
    start(beatMs = BEAT_MS) {
      const process = startProcess(log, cache, { beatMs });
      processes.push(process);
      return process;
    },
  };
}

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `drf_${from + at}`);
/** Everything, once, and of each partition in the order of the log. */
async function toldOf(reader: Reader, expected: string[], timeout = 5_000): Promise<void> {
  await expect
    .poll(() => reader.told.length, { timeout, interval: 5 })
    .toBeGreaterThanOrEqual(expected.length);
  const byPartition = (told: string[]): string[][] =>
    Array.from({ length: PARTITIONS }, (_, at) => told.filter((id) => partitionOf(id, PARTITIONS) === at));
  expect(byPartition(reader.told)).toEqual(byPartition(expected));
}

/** Which of the processes reads what is appended; that the others do not is what the fan-out is for. */
async function whoReads(log: Log, among: Process[], readers: Reader[], next: number): Promise<Process[]> {
  const before = among.map((process) => process.reads());
  await open(log, next);
  for (const reader of readers)
    await expect.poll(() => reader.told.at(-1), { interval: 2 }).toBe(`drf_${next}`);
  return among.filter((process, at) => process.reads() > before[at]!);
}

async function oneReads(
  log: Log,
  among: Process[],
  readers: Reader[],
  next: { n: number },
): Promise<Process> {
  let who: Process[] = [];
  await expect
    .poll(
      async () => {
        who = await whoReads(log, among, readers, next.n++);
        return who.length;
      },
      { interval: BEAT_MS },
    )
    .toBe(1);
  return who[0]!;
}

describe('several processes that serve live streams', () => {
  it('read the log once: one reads, the others hear it, and all readers are told the same in the same order', async () => {
    const { log, start } = setUp();
    const among = [start(), start(), start()];
    const readers = await Promise.all(among.map((process) => process.join()));
    const next = { n: 0 };
    const reading = await oneReads(log, among, readers, next);
    const before = among.map((process) => process.reads());
    for (; next.n < 60; next.n += 3) await open(log, next.n, next.n + 1, next.n + 2);
    for (const reader of readers) await toldOf(reader, ids(0, next.n));
    const others = among.filter((process) => process !== reading);
    for (const process of others) expect(process.reads()).toBe(before[among.indexOf(process)]);
  });

  it('give out ids of the log: a reader resumes at any other process, nothing lost, nothing twice', async () => {
    const { log, start } = setUp();
    const among = [start(), start()];
    const readers = await Promise.all(among.map((process) => process.join()));
    const next = { n: 0 };
    await oneReads(log, among, readers, next);
    let last = readers.map(({ lastId }) => lastId);
    let made = next.n;
    const seen: string[][] = readers.map(({ told }) => [...told]);
    for (let round = 0; round < 6; round++) {
      for (const reader of readers) reader.leave();
      await open(log, made++, made++);
      // Each goes to the other process, where the next comes while it catches up.
      const [b, a] = await Promise.all([
        among[1 - (round % 2)]!.join(last[0]),
        among[round % 2]!.join(last[1]),
      ]);
      readers.splice(0, 2, b!, a!);
      await open(log, made++);
      await expect
        .poll(() => readers.every(({ told }, at) => seen[at]!.length + told.length >= made))
        .toBe(true);
      for (const [at, { told }] of readers.entries()) seen[at]!.push(...told);
      last = readers.map(({ lastId }) => lastId);
    }
    for (const each of seen) expect([...each].sort()).toEqual(ids(0, made).sort());
  });

  it('go on at once when the one that reads says goodbye, and soon when it dies', async () => {
    const { log, start } = setUp();
    const among = [start(), start(), start()];
    const readers = await Promise.all(among.map((process) => process.join()));
    const next = { n: 0 };
    for (const ends of [
      (process: Process) => process.close(),
      (process: Process) => {
        // Dead to all others: it says nothing any more, and no goodbye.
        process.cache.losing = true;
      },
    ]) {
      const reading = await oneReads(log, among, readers, next);
      const at = among.indexOf(reading);
      ends(reading);
      among.splice(at, 1);
      readers.splice(at, 1);
      await open(log, next.n++);
      for (const reader of readers) await toldOf(reader, ids(0, next.n));
    }
  });

  it('lose nothing when a message is lost and none follows: the next beat shows it', async () => {
    const { log, start } = setUp();
    const among = [start(), start()];
    const readers = await Promise.all(among.map((process) => process.join()));
    const next = { n: 0 };
    const reading = await oneReads(log, among, readers, next);
    reading.cache.losing = true;
    await open(log, next.n++);
    await toldOf(readers[among.indexOf(reading)]!, ids(0, next.n));
    reading.cache.losing = false;
    for (const reader of readers) await toldOf(reader, ids(0, next.n));
  });

  it('lose nothing when one that heard what another missed reads for it from then on', async () => {
    const { log, start } = setUp();
    // It takes three: who reads, who heard it, and who did not. Beats are far apart: they would show it too.
    for (let round = 0; round < 4; round++) {
      const among = [start(150), start(150), start(150)];
      const readers = await Promise.all(among.map((process) => process.join()));
      const next = { n: 1_000 * (round + 1) };
      const begun = next.n;
      const reading = await oneReads(log, among, readers, next);
      const [heard, deaf] = among.filter((process) => process !== reading);
      deaf!.cache.deaf = true;
      await open(log, next.n++);
      await expect.poll(() => readers[among.indexOf(heard!)]!.told.at(-1)).toBe(`drf_${next.n - 1}`);
      reading.close();
      // The goodbye is missed too: it goes on by what the other says.
      await systemClock.sleep(10);
      deaf!.cache.deaf = false;
      for (let more = 0; more < 6; more++) await open(log, next.n++);
      for (const process of [heard!, deaf!])
        await toldOf(readers[among.indexOf(process)]!, ids(begun, next.n));
      for (const process of among) process.close();
    }
  });

  it('each read by themselves while the cache is away, and one for all when it is back', async () => {
    const { log, start } = setUp();
    const among = [start(), start()];
    const readers = await Promise.all(among.map((process) => process.join()));
    const next = { n: 0 };
    await oneReads(log, among, readers, next);
    for (const { cache } of among) cache.away();
    expect(await whoReads(log, among, readers, next.n++)).toHaveLength(2);
    for (const { cache } of among) cache.back();
    await oneReads(log, among, readers, next);
    for (const reader of readers) await toldOf(reader, ids(0, next.n));
  });

  it('believe nothing that is no message of theirs', async () => {
    const { log, cache, start } = setUp();
    const process = start();
    const reader = await process.join();
    const fact = { slot: 0, from: 0, next: 9, items: [[{ kind: 'drift', text: '{"drift":{"id":"x"}}' }, 1]] };
    const message = { version: 1, id: '', facts: [fact], vector: null, bye: false };
    const forged = [
      'garbage',
      'null',
      '{}',
      { ...message, version: 2 },
      { ...message, id: 7 },
      { ...message, facts: null },
      { ...message, facts: [{ ...fact, slot: SLOTS }] },
      { ...message, facts: [{ ...fact, items: [[{}, 1]] }] },
      { ...message, facts: [{ ...fact, next: '9' }] },
      { ...message, vector: [1] },
    ];
    for (const each of forged)
      await cache.publish('live', typeof each === 'string' ? each : JSON.stringify(each));
    await open(log, 1);
    await toldOf(reader, ids(1, 2));
    expect(reader.told).toEqual(['drf_1']);
  });

  it('whatever is lost, goes away, comes back or joins, tell every reader that stays each thing once, in order', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
      fc.record({
        do: fc.constantFrom(
          'away' as const,
          'back' as const,
          'lose' as const,
          'keep' as const,
          'deaf' as const,
        ),
        at: fc.nat({ max: 2 }),
      }),
      fc.record({ do: fc.constant('leave and join' as const), at: fc.nat({ max: 2 }) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4 * 5 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const { log, start } = setUp();
        const among = [start(5), start(5), start(5)];
        const readers = await Promise.all(among.map((process) => process.join()));
        /** What each had been told before it joined anew. */
        const before: string[][] = readers.map(() => []);
        let made = 0;
        for (const each of steps) {
          if (each.do === 'append') {
            await open(log, ...Array.from({ length: each.count }, () => made++));
          } else if (each.do === 'wait') await systemClock.sleep(each.ms);
          else if (each.do === 'away') among[each.at]!.cache.away();
          else if (each.do === 'back') among[each.at]!.cache.back();
          else if (each.do === 'lose') among[each.at]!.cache.losing = true;
          else if (each.do === 'deaf') among[each.at]!.cache.deaf = true;
          else if (each.do === 'keep') Object.assign(among[each.at]!.cache, { losing: false, deaf: false });
          else {
            const reader = readers[each.at]!;
            reader.leave();
            before[each.at]!.push(...reader.told);
            readers[each.at] = await among[each.at]!.join(reader.lastId);
          }
        }
        for (const { cache } of among) {
          cache.losing = false;
          cache.deaf = false;
          cache.back();
        }
        await open(log, made++);
        for (const [at, reader] of readers.entries()) {
          const whole = {
            ...reader,
            get told() {
              return [...before[at]!, ...reader.told];
            },
          };
          await toldOf(whole, ids(0, made));
          expect(reader.ended).toBe(false);
        }
        for (const process of among) process.close();
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
