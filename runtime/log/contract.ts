// What every log adapter must do, as tests. Run by the adapters' test with a fresh log each.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TopicName } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import type { Log, LogRecord, NewRecord, Position, ReadLimits } from './log.ts';

export interface LogUnderTest {
  log: Log;
  /** Closes the log and opens it again on the same data; null for one that keeps nothing. */
  reopen: (() => Promise<Log>) | null;
  /** Sets the time that the adapter sees forward; null where a server's own clock decides. */
  advance: ((ms: number) => void) | null;
  /** True when compact() has dropped all it may by the time it resolves. */
  compactsAtOnce: boolean;
  /** The log as another process has it open; null where one process has it alone. */
  another: (() => Promise<Log>) | null;
  /** Runs of the property: each opens a log of its own. */
  runs: number;
  dispose(): Promise<void>;
}

/** A clock that stands still until told. */
export function handClock(start = 1_760_000_000_000): Clock & { advance(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

const all: ReadLimits = { records: 1_000_000, bytes: 1 << 30 };
const changes = 'driftmgr.changes';
const declarations = 'driftmgr.declarations';
const timers = 'driftmgr.timers';
const day = 86_400_000;

const record = (topic: TopicName, partition: number, key: string, value: string | null): NewRecord => ({
  topic,
  partition,
  key,
  value: value === null ? null : Buffer.from(value),
});
const text = ({ key, value }: LogRecord): [string, string | null] => [key, value?.toString() ?? null];

export async function readAll(
  log: Log,
  topic: TopicName,
  partition: number,
  limits = all,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  let from = 0;
  for (;;) {
    const batch = await log.read(topic, partition, from, limits);
    records.push(...batch.records);
    // What was written is visible at once, or milliseconds later.
    if (batch.next === from && from >= (await log.end(topic, partition))) return records;
    if (batch.next === from) await new Promise((resolve) => setTimeout(resolve, 2));
    from = batch.next;
  }
}

/** What is at `from`, as soon as it is there. */
async function readNews(log: Log, topic: TopicName, partition: number, from: number): Promise<LogRecord[]> {
  for (;;) {
    const { records } = await log.read(topic, partition, from, all);
    if (records.length > 0) return records;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function logContract(adapter: string, open: (partitions: number) => Promise<LogUnderTest>): void {
  describe(`log contract: ${adapter}`, () => {
    let given: LogUnderTest;
    let log: Log;
    beforeEach(async () => {
      given = await open(3);
      log = given.log;
    });
    afterEach(() => given.dispose());

    it('gives back what was appended, in order, with growing offsets, per topic and partition', async () => {
      await log.append([
        record(changes, 0, 'a', '1'),
        record(changes, 1, 'b', '2'),
        record(changes, 0, 'c', null),
        record(declarations, 0, 'd', '4'),
      ]);
      await log.append([record(changes, 0, 'a', '5')]);
      const read = await readAll(log, changes, 0);
      expect(read.map(text)).toEqual([
        ['a', '1'],
        ['c', null],
        ['a', '5'],
      ]);
      for (let i = 1; i < read.length; i++) expect(read[i]!.offset).toBeGreaterThan(read[i - 1]!.offset);
      expect((await readAll(log, changes, 1)).map(text)).toEqual([['b', '2']]);
      expect((await readAll(log, declarations, 0)).map(text)).toEqual([['d', '4']]);
      expect(await readAll(log, changes, 2)).toEqual([]);
    });

    it('keeps keys and values byte for byte: empty, binary, unicode, large', async () => {
      const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const large = Buffer.alloc(3_000_000, 'x');
      const records: NewRecord[] = [
        { topic: changes, partition: 0, key: '', value: Buffer.alloc(0) },
        { topic: changes, partition: 0, key: 'schlüssel\u001f𝄞', value: binary },
        { topic: changes, partition: 0, key: 'k'.repeat(5000), value: large },
      ];
      await log.append(records);
      const read = await readAll(log, changes, 0);
      expect(read.map((r) => r.key)).toEqual(records.map((r) => r.key));
      for (const [i, r] of read.entries()) expect(r.value!.equals(records[i]!.value!)).toBe(true);
    });

    it('stops at the record limit and after the record that reaches the byte limit, and reads on from there', async () => {
      const values = Array.from({ length: 20 }, (_, i) => `${i}`.padStart(100, '.'));
      await log.append(values.map((value, i) => record(changes, 0, `k${i}`, value)));
      await readNews(log, changes, 0, 0);
      expect((await log.read(changes, 0, 0, { records: 7, bytes: 1e9 })).records).toHaveLength(7);
      expect((await log.read(changes, 0, 0, { records: 100, bytes: 1 })).records).toHaveLength(1);
      const few = await log.read(changes, 0, 0, { records: 100, bytes: 350 });
      expect(few.records.length).toBeGreaterThanOrEqual(3);
      expect(few.records.length).toBeLessThanOrEqual(4);
      for (const limits of [
        { records: 3, bytes: 1e9 },
        { records: 100, bytes: 1 },
        { records: 100, bytes: 350 },
      ]) {
        const read = await readAll(log, changes, 0, limits);
        expect(read.map((r) => r.value!.toString())).toEqual(values);
      }
    });

    it('reads nothing at the end without waiting, and says where to read on', async () => {
      expect(await log.read(changes, 0, 0, all)).toEqual({ records: [], next: 0 });
      expect(await log.end(changes, 0)).toBe(0);
      await log.append([record(changes, 0, 'a', '1')]);
      await readNews(log, changes, 0, 0);
      const { records, next } = await log.read(changes, 0, 0, all);
      expect(records).toHaveLength(1);
      expect(next).toBe(await log.end(changes, 0));
      expect(await log.read(changes, 0, next, all)).toEqual({ records: [], next });
      expect(await log.start(changes, 0)).toBe(records[0]!.offset);
    });

    it('makes an append visible to a reader that was at the end before it', async () => {
      let from = 0;
      for (let i = 0; i < 20; i++) {
        await log.append([record(changes, 1, 'a', `${i}`)]);
        const records = await readNews(log, changes, 1, from);
        expect(records.map(text)).toEqual([['a', `${i}`]]);
        from = (await log.read(changes, 1, from, all)).next;
        expect((await log.read(changes, 1, from, all)).records).toEqual([]);
      }
    });

    it('lets the event loop turn under a reader that does nothing but read', async () => {
      await log.append([record(changes, 0, 'a', '1')]);
      let turned = false;
      setTimeout(() => {
        turned = true;
      }, 1);
      const began = performance.now();
      while (!turned && performance.now() - began < 5_000) await log.read(changes, 0, 0, all);
      expect(turned).toBe(true);
    });

    it('keeps the order of concurrent calls, and every call whole', async () => {
      const calls = Array.from({ length: 50 }, (_, call) =>
        Array.from({ length: 1 + (call % 5) }, (_, i) => record(changes, 0, `${call}`, `${i}`)),
      );
      await log.takeOver('w');
      await Promise.all(
        calls.map((records, i) =>
          i % 2 ? log.append(records, 'w') : log.commit({ group: 'w', records, positions: [] }),
        ),
      );
      expect((await readAll(log, changes, 0)).map(text)).toEqual(
        calls.flat().map((r) => [r.key, r.value!.toString()]),
      );
    });

    it('commits positions with records; the last position of a partition wins, groups do not mix', async () => {
      const at = (topic: TopicName, partition: number, offset: number): Position => ({
        topic,
        partition,
        offset,
      });
      const sorted = async (group: string): Promise<Position[]> =>
        (await log.positions(group)).sort(
          (a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition,
        );
      expect(await log.positions('detector')).toEqual([]);
      for (const group of ['detector', 'other']) await log.takeOver(group);
      await log.append([
        record(changes, 0, 'in', '1'),
        record(changes, 0, 'in', '2'),
        record(changes, 2, 'in', '3'),
      ]);
      await log.commit({
        group: 'detector',
        records: [record(declarations, 0, 'out', 'x')],
        positions: [at(changes, 0, 1), at(changes, 2, 1)],
      });
      await log.commit({ group: 'other', records: [], positions: [at(changes, 0, 2)] });
      await log.commit({ group: 'detector', records: [], positions: [at(changes, 0, 2)] });
      await expect.poll(() => sorted('detector')).toEqual([at(changes, 0, 2), at(changes, 2, 1)]);
      await expect.poll(() => sorted('other')).toEqual([at(changes, 0, 2)]);
      expect((await readAll(log, declarations, 0)).map(text)).toEqual([['out', 'x']]);
    });

    it('refuses a call that names a topic or partition it does not have, and does nothing of it', async () => {
      const wrong = [record(changes, 0, 'a', '1'), record(changes, 3, 'b', '2')];
      await expect(log.append(wrong)).rejects.toThrow(/partitions 0 to 2, not 3/);
      await expect(
        log.commit({ group: 'g', records: wrong, positions: [{ topic: changes, partition: 0, offset: 1 }] }),
      ).rejects.toThrow(/partitions 0 to 2/);
      await expect(log.read('driftmgr.nothing' as TopicName, 0, 0, all)).rejects.toThrow(/no topic/);
      expect(await log.end(changes, 0)).toBe(0);
      expect(await log.positions('g')).toEqual([]);
    });

    it('calls subscribers back, coalesced, for their topics only, until they end it', async () => {
      let called = 0;
      let other = 0;
      const end = log.subscribe([changes], () => called++);
      log.subscribe([timers], () => other++);
      // Told is who has read to the end.
      for (const topic of [changes, timers] as const)
        for (const partition of [0, 1, 2]) await log.read(topic, partition, 0, all);
      const settled = async (): Promise<void> => {
        for (let i = 0; i < 200 && called === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => log.append([record(changes, i % 3, 'a', '1')])),
      );
      await settled();
      expect(called).toBeGreaterThan(0);
      expect(called).toBeLessThan(100);
      expect(other).toBe(0);
      end();
      called = 0;
      await log.append([record(changes, 0, 'a', '1'), record(timers, 0, 'a', '1')]);
      await expect.poll(() => other).toBeGreaterThan(0);
      expect(called).toBe(0);
    });

    it('refuses everything once closed', async () => {
      await log.append([record(changes, 0, 'a', '1')]);
      await log.close();
      const closed = expect.objectContaining({ code: 'DM_LOG_CLOSED' });
      await expect(log.append([record(changes, 0, 'a', '1')])).rejects.toEqual(closed);
      await expect(log.commit({ group: 'g', records: [], positions: [] })).rejects.toEqual(closed);
      await expect(log.read(changes, 0, 0, all)).rejects.toEqual(closed);
      await expect(log.end(changes, 0)).rejects.toEqual(closed);
      await expect(log.positions('g')).rejects.toEqual(closed);
      await log.close();
    });

    it('keeps the newest record of every key of a compacted topic, at its offset', async () => {
      for (let round = 0; round < 5; round++)
        await log.append(
          Array.from({ length: 30 }, (_, i) =>
            record(declarations, 0, `k${i % (10 + round)}`, `${round}.${i}`),
          ),
        );
      const before = await readAll(log, declarations, 0);
      const newest = new Map(before.map((r) => [r.key, r]));
      const end = await log.end(declarations, 0);
      await log.compact();
      const after = await readAll(log, declarations, 0);
      const expected = before.filter((r) => newest.get(r.key) === r);
      if (given.compactsAtOnce) expect(after).toEqual(expected);
      expect(after.filter((r) => expected.some((e) => e.offset === r.offset))).toEqual(expected);
      expect(await log.end(declarations, 0)).toBe(end);
      expect(end).toBeGreaterThan(before.at(-1)!.offset);
    });

    it('does not let compaction of one topic or partition touch another that has the same keys', async () => {
      await log.append([
        record(declarations, 0, 'k', 'p0'),
        record(declarations, 1, 'k', 'p1'),
        record(changes, 0, 'k', '1'),
        record(changes, 0, 'k', '2'),
        record(timers, 0, 'k', 't'),
      ]);
      await log.compact();
      expect((await readAll(log, declarations, 0)).map(text)).toEqual([['k', 'p0']]);
      expect((await readAll(log, declarations, 1)).map(text)).toEqual([['k', 'p1']]);
      expect((await readAll(log, changes, 0)).map(text)).toEqual([
        ['k', '1'],
        ['k', '2'],
      ]);
      expect((await readAll(log, timers, 0)).map(text)).toEqual([['k', 't']]);
    });

    it('keeps a tombstone for the retention of its topic, then drops the key for good', async () => {
      const { advance } = given;
      if (!advance || !given.compactsAtOnce) return;
      await log.append([record(declarations, 0, 'gone', '1'), record(declarations, 0, 'stays', '1')]);
      await log.append([record(declarations, 0, 'gone', null)]);
      await log.compact();
      expect((await readAll(log, declarations, 0)).map(text)).toEqual([
        ['stays', '1'],
        ['gone', null],
      ]);
      advance(31 * day);
      await log.append([record(declarations, 0, 'new', '1')]);
      await log.compact();
      expect((await readAll(log, declarations, 0)).map(text)).toEqual([
        ['stays', '1'],
        ['new', '1'],
      ]);
    });

    it('expires records of a delete topic after its retention, and never those kept for ever', async () => {
      const { advance } = given;
      if (!advance || !given.compactsAtOnce) return;
      await log.append([record(changes, 0, 'a', 'old'), record('driftmgr.drifts', 0, 'a', 'old')]);
      advance(29 * day);
      await log.append([record(changes, 0, 'a', 'young')]);
      await log.compact();
      expect(await readAll(log, changes, 0)).toHaveLength(2);
      advance(2 * day);
      await log.compact();
      expect((await readAll(log, changes, 0)).map(text)).toEqual([['a', 'young']]);
      expect((await readAll(log, 'driftmgr.drifts', 0)).map(text)).toEqual([['a', 'old']]);
      expect(await log.start(changes, 0)).toBe(1);
      expect(await log.end(changes, 0)).toBe(2);
      advance(40 * day);
      await log.compact();
      expect(await log.start(changes, 0)).toBe(2);
      expect(await log.end(changes, 0)).toBe(2);
      // A reader that was behind goes on from the end, and new records follow on without reusing an offset.
      expect(await log.read(changes, 0, 0, all)).toEqual({ records: [], next: 2 });
      await log.append([record(changes, 0, 'a', 'new')]);
      expect((await log.read(changes, 0, 0, all)).records.map((r) => r.offset)).toEqual([2]);
    });

    it('reads the same whole records while it compacts', async () => {
      for (let i = 0; i < 30; i++)
        await log.append(Array.from({ length: 20 }, (_, k) => record(declarations, 0, `k${k}`, `${k}:${i}`)));
      let compacting = true;
      const done = log.compact().finally(() => {
        compacting = false;
      });
      do {
        const newest = new Map((await readAll(log, declarations, 0)).map(text));
        expect(newest.size).toBe(20);
        for (const [key, value] of newest) expect(value).toBe(`${key.slice(1)}:29`);
      } while (compacting);
      await done;
    });

    it('is the same after it was closed and opened again', async () => {
      if (!given.reopen) return;
      await log.append([record(changes, 0, 'a', '1'), record(declarations, 2, 'b', null)]);
      await log.takeOver('g');
      await log.commit({
        group: 'g',
        records: [record(declarations, 2, 'c', '3')],
        positions: [{ topic: changes, partition: 0, offset: 1 }],
      });
      const before = [await readAll(log, changes, 0), await readAll(log, declarations, 2)];
      log = await given.reopen();
      expect([await readAll(log, changes, 0), await readAll(log, declarations, 2)]).toEqual(before);
      await expect.poll(() => log.positions('g')).toEqual([{ topic: changes, partition: 0, offset: 1 }]);
      await log.append([record(changes, 0, 'a', '2')]);
      expect((await readAll(log, changes, 0)).map(text)).toEqual([
        ['a', '1'],
        ['a', '2'],
      ]);
    });

    it('tells where the records of a commit end, in every place it wrote to', async () => {
      await log.takeOver('g');
      const ends = await log.commit({
        group: 'g',
        records: [
          record(declarations, 0, 'a', '1'),
          record(timers, 1, 'a', '2'),
          record(declarations, 0, 'b', '3'),
        ],
        positions: [],
      });
      expect(ends).toHaveLength(2);
      for (const { topic, partition, offset } of ends) {
        const last = async () => (await readAll(log, topic, partition)).at(-1)?.offset;
        await expect.poll(last).toBe(offset - 1);
      }
      expect(await log.commit({ group: 'g', records: [], positions: [] })).toEqual([]);
    });

    it('lets a writer that was taken over write nothing more, and its successor read what it wrote', async () => {
      const other = await given.another?.();
      if (!other) return;
      try {
        await log.takeOver('w/0', 0);
        const commit = (by: Log, value: string, offset: number): Promise<Position[]> =>
          by.commit({
            group: 'w',
            writer: 'w/0',
            records: [record(declarations, 0, 'k', value), record(timers, 0, 'k', value)],
            positions: [{ topic: changes, partition: 0, offset }],
          });
        const declaredTo = (ends: Position[]) => ends.find(({ topic }) => topic === declarations)!.offset;
        const first = declaredTo(await commit(log, 'first', 1));
        await other.takeOver('w/0', 0);
        expect((await other.read(declarations, 0, 0, all)).records.map(text)).toEqual([['k', 'first']]);
        expect(await other.positions('w')).toEqual([{ topic: changes, partition: 0, offset: 1 }]);
        const fenced = expect.objectContaining({ code: 'DM_FENCED', retriable: true });
        await expect(commit(log, 'stale', 2)).rejects.toEqual(fenced);
        // Nor does trying again let it in.
        await expect(commit(log, 'stale', 2)).rejects.toEqual(fenced);
        await expect(log.append([record(timers, 0, 'k', 'stale')], 'w/0')).rejects.toEqual(fenced);
        const second = declaredTo(await commit(other, 'second', 3));
        // What it was told stays true of its own records; the end of the log is now that of the other's.
        expect(second).toBeGreaterThan(first);
        await expect.poll(() => log.end(declarations, 0)).toBeGreaterThanOrEqual(second);
        expect((await readAll(other, declarations, 0)).map(text)).toEqual([
          ['k', 'first'],
          ['k', 'second'],
        ]);
        await expect.poll(() => other.positions('w')).toEqual([{ topic: changes, partition: 0, offset: 3 }]);
      } finally {
        await other.close();
      }
    });

    it('behaves as a list per topic and partition under any sequence of calls', async () => {
      const value = fc.option(fc.string({ maxLength: 40 }), { nil: null });
      const newRecord = fc.record({
        topic: fc.constantFrom<TopicName>(changes, declarations, timers),
        partition: fc.integer({ min: 0, max: 2 }),
        key: fc.constantFrom('a', 'b', 'c', 'ü'),
        value,
      });
      const records = fc.array(newRecord, { maxLength: 8 });
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), records }) },
        {
          weight: 3,
          arbitrary: fc.record({ kind: fc.constant('commit' as const), records, offset: fc.nat(100) }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const fresh = await open(3);
          try {
            let log = fresh.log;
            const model = new Map<string, [string, string | null][]>();
            let position: number | undefined;
            const compactedTopics = new Set<string>([declarations, timers]);
            const put = (
              given: { topic: TopicName; partition: number; key: string; value: string | null }[],
            ) =>
              given.map((r) => {
                const place = `${r.topic}/${r.partition}`;
                model.set(place, [...(model.get(place) ?? []), [r.key, r.value]]);
                return record(r.topic, r.partition, r.key, r.value);
              });
            await log.takeOver('g');
            for (const s of steps) {
              if (s.kind === 'append') await log.append(put(s.records));
              else if (s.kind === 'commit') {
                position = s.offset;
                await log.commit({
                  group: 'g',
                  records: put(s.records),
                  positions: [{ topic: changes, partition: 1, offset: s.offset }],
                });
              } else if (s.kind === 'compact') await log.compact();
              else if (fresh.reopen) {
                log = await fresh.reopen();
                await log.takeOver('g');
              }
            }
            for (const topic of [changes, declarations, timers] as const)
              for (let partition = 0; partition < 3; partition++) {
                const expected = model.get(`${topic}/${partition}`) ?? [];
                const read = (await readAll(log, topic, partition)).map(text);
                if (compactedTopics.has(topic)) {
                  expect(new Map(read)).toEqual(new Map(expected));
                } else expect(read).toEqual(expected);
              }
            await expect
              .poll(() => log.positions('g'))
              .toEqual(position === undefined ? [] : [{ topic: changes, partition: 1, offset: position }]);
          } finally {
            await fresh.dispose();
          }
        }),
        { numRuns: given.runs },
      );
    });
  });
}
