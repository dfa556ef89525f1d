import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_FINGERPRINT } from '../../schemas/index.ts';
import { Seen } from './seen.ts';

const print = (n: number): string => Buffer.alloc(16, n + 1).toString('latin1');
const NONE = NO_FINGERPRINT.toString('latin1');

describe('what was seen', () => {
  it('is unchanged when the fingerprint is equal, stale when it differs and is older, and new otherwise', () => {
    const seen = new Seen([7, 9]);
    expect(seen.note('k', print(1), 100)).toBe('new');
    expect(seen.note('k', print(1), 200)).toBe('unchanged');
    expect(seen.timeOf('k')).toBe(200);
    expect(seen.note('k', print(1), 50)).toBe('unchanged');
    expect(seen.timeOf('k')).toBe(200);
    expect(seen.note('k', print(2), 150)).toBe('stale');
    expect(seen.note('k', print(2), 200)).toBe('new');
    expect(seen.timeOf('other')).toBeUndefined();
  });

  it('without a fingerprint is never unchanged', () => {
    const seen = new Seen([7, 9]);
    expect(seen.note('k', NONE, 1)).toBe('new');
    expect(seen.note('k', NONE, 1)).toBe('new');
    expect(seen.note('k', NONE, 0)).toBe('stale');
  });

  it('of an awaited key is new when it is newer, as long as it is awaited', () => {
    const seen = new Seen([7, 9]);
    seen.note('k', print(1), 100);
    seen.awaitRepetition('k', true);
    expect(seen.note('k', print(1), 100)).toBe('unchanged');
    expect(seen.note('k', print(1), 200)).toBe('new');
    expect(seen.note('k', print(1), 150)).toBe('unchanged');
    expect(seen.timeOf('k')).toBe(200);
    seen.awaitRepetition('k', false);
    expect(seen.note('k', print(1), 300)).toBe('unchanged');
  });

  const step = fc.record({ key: fc.nat(300), print: fc.nat(3), time: fc.nat(50), forget: fc.boolean() });

  it('behaves as a map of all keys, and the same when it is stored and loaded', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 800 }), fc.nat(800), fc.integer(), (steps, storedAt, seed) => {
        let seen = new Seen([seed, ~seed]);
        const model = new Map<string, { print: number; time: number }>();
        steps.forEach((each, at) => {
          if (at === storedAt) {
            const loaded = new Seen([seed, ~seed]);
            for (const shard of seen.changedShards()) loaded.loadShard(shard, seen.saveShard(shard));
            seen = loaded;
          }
          const key = `default/aws/-/-/s3-bucket/bucket-${each.key}`;
          const before = model.get(key);
          if (each.forget && each.print === 0) {
            seen.forget(key);
            model.delete(key);
          } else if (before && before.print === each.print) {
            expect(seen.note(key, print(each.print), each.time)).toBe('unchanged');
            before.time = Math.max(before.time, each.time);
          } else if (before && each.time < before.time) {
            expect(seen.note(key, print(each.print), each.time)).toBe('stale');
          } else {
            expect(seen.note(key, print(each.print), each.time)).toBe('new');
            model.set(key, { print: each.print, time: each.time });
          }
        });
        expect(seen.size).toBe(model.size);
        for (const [key, { time }] of model) expect(seen.timeOf(key)).toBe(time);
      }),
      { numRuns: 60 },
    );
  });

  it('noted again from an earlier point ends the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(5), print: fc.nat(2) }), { maxLength: 60 }),
        fc.nat(60),
        (notes, from) => {
          const once = new Seen([1, 2]);
          const again = new Seen([1, 2]);
          // Times of one key do not fall: each source writes in order of event time.
          const note = (seen: Seen, at: number): void => {
            seen.note(String(notes[at]!.key), print(notes[at]!.print), at);
          };
          for (let at = 0; at < notes.length; at++) note(once, at);
          for (let at = 0; at < notes.length; at++) note(again, at);
          for (let at = from; at < notes.length; at++) note(again, at);
          const table = (seen: Seen): string[] =>
            seen.changedShards().map((shard) => `${shard} ${seen.saveShard(shard)}`);
          expect(table(again)).toEqual(table(once));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is the same from shards, however old they are each, and all that was new since', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(40), print: fc.nat(2), save: fc.option(fc.nat(63), { freq: 3 }) }), {
          maxLength: 200,
        }),
        (notes) => {
          const seen = new Seen([1, 2]);
          const again = new Seen([1, 2]);
          seen.recordNews();
          const shards = new Map<number, string>();
          const news: string[] = [];
          const times = new Map<string, number>();
          notes.forEach(({ key, print: value, save }, at) => {
            seen.note(String(key), print(value), at);
            times.set(String(key), at);
            if (save === null) return;
            if (seen.changedShards().includes(save)) shards.set(save, seen.saveShard(save));
            news.push(Buffer.from(seen.takeNews().buffer).toString('base64'));
          });
          news.push(Buffer.from(seen.takeNews().buffer).toString('base64'));
          for (const [number, text] of shards) again.loadShard(number, text);
          for (const text of news) again.loadNews(text);
          expect(again.size).toBe(seen.size);
          for (const [key, time] of times) {
            // Its time may be older: that of a repetition is noted again from the log. Its value is not.
            expect(again.timeOf(key)).toBeLessThanOrEqual(time);
            const last = notes.findLast((note) => String(note.key) === key)!;
            expect(again.note(key, print(last.print), time)).toBe('unchanged');
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of 100,000 keys is 32 bytes a key when it is stored', () => {
    const seen = new Seen([3, 4]);
    for (let n = 0; n < 100_000; n++) seen.note(`default/aws/-/-/s3-bucket/bucket-${n}`, print(n % 200), n);
    expect(seen.size).toBe(100_000);
    let bytes = 0;
    for (const shard of seen.changedShards()) bytes += (seen.saveShard(shard).length * 3) / 4;
    expect(Math.round(bytes / 1_000)).toBe(3_200);
  });
});
