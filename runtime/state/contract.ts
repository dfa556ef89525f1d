// What every keyed-state adapter must do, as tests. Run by the adapters' test with fresh stores each.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../schemas/index.ts';
import type { Position } from '../log/log.ts';
import { compareText } from './order.ts';
import type { StateStore, StateStores } from './state.ts';

export interface StatesUnderTest {
  stores: StateStores;
  /** Closes the stores and opens them again on the same data; null for an adapter that keeps nothing. */
  reopen: (() => Promise<StateStores>) | null;
  dispose(): Promise<void>;
}

const at = (partition: number, offset: number): Position => ({
  topic: 'driftmgr.changes',
  partition,
  offset,
});
const row = (objectKey: string, part: string, value: Json | undefined) => ({ objectKey, part, value });

export function stateContract(adapter: string, open: () => Promise<StatesUnderTest>): void {
  describe(`state contract: ${adapter}`, () => {
    let given: StatesUnderTest;
    let store: StateStore;
    beforeEach(async () => {
      given = await open();
      store = given.stores.open('detector', 0, 1);
    });
    afterEach(() => given.dispose());

    it('gives back the last value written of each row, whatever JSON it is', () => {
      const values: Json[] = [
        null,
        true,
        0,
        -1.5,
        '',
        'ü𝄞\u0000',
        [],
        {},
        { a: [1, { b: null }] },
        'x'.repeat(100_000),
      ];
      store.write(
        values.map((value, i) => row('key', `${i}`, value)),
        [],
      );
      for (const [i, value] of values.entries()) expect(store.get('key', `${i}`)).toEqual(value);
      store.write([row('key', '0', 'first'), row('key', '0', 'second')], []);
      expect(store.get('key', '0')).toBe('second');
      expect(store.get('key', 'absent')).toBeUndefined();
      expect(store.get('absent', '0')).toBeUndefined();
    });

    it('deletes rows, those it does not have included', () => {
      store.write([row('k', 'a', 1), row('k', 'b', 2)], []);
      store.write([row('k', 'a', undefined), row('k', 'z', undefined), row('x', 'a', undefined)], []);
      expect(store.get('k', 'a')).toBeUndefined();
      expect([...store.entries()]).toEqual([['k', 'b', 2]]);
      store.write([row('k', 'b', 3), row('k', 'b', undefined)], []);
      expect([...store.entries()]).toEqual([]);
    });

    it('lists the parts of one key under a prefix, in order, and nothing of its neighbours', () => {
      store.write(
        ['b/2', 'b/1', 'a', 'b', 'b/10', 'c', 'B/1', 'b\uffff', 'b𝄞'].map((part) => row('k', part, part)),
        [],
      );
      store.write(
        [row('k/', 'b/1', 'neighbour'), row('j', 'b/1', 'neighbour'), row('kb', '/1', 'neighbour')],
        [],
      );
      expect([...store.list('k', 'b/')].map(([part]) => part)).toEqual(['b/1', 'b/10', 'b/2']);
      expect([...store.list('k', 'b')].map(([part]) => part)).toEqual([
        'b',
        'b/1',
        'b/10',
        'b/2',
        'b𝄞',
        'b\uffff',
      ]);
      expect([...store.list('k', '')].map(([part]) => part)[0]).toBe('B/1');
      expect([...store.list('absent', '')]).toEqual([]);
    });

    it('tells which parts there are, as many as asked for, and whether there is one', () => {
      store.write(
        ['a/3', 'a/1', 'b/1', 'a/2'].map((part) => row('k', part, part)),
        [],
      );
      store.write([row('k', 'a/2', undefined)], []);
      expect(store.parts('k', 'a/', 9)).toEqual(['a/1', 'a/3']);
      expect(store.parts('k', 'a/', 1)).toEqual(['a/1']);
      expect(store.parts('absent', '', 9)).toEqual([]);
      expect(store.has('k', 'a/1')).toBe(true);
      expect(store.has('k', 'a/2')).toBe(false);
      expect(store.has('absent', 'a/1')).toBe(false);
    });

    it('keeps thousands of rows of one key in order, in whatever order they come and go', () => {
      const names = Array.from({ length: 4_000 }, (_, i) => String((i * 2_741) % 4_000).padStart(4, '0'));
      const gone = new Set(names.slice(0, 1_500));
      for (let from = 0; from < names.length; from += 500)
        store.write(
          names.slice(from, from + 500).map((part) => row('k', part, part)),
          [],
        );
      store.write(
        [...gone].map((part) => row('k', part, undefined)),
        [],
      );
      const left = names.filter((part) => !gone.has(part)).sort();
      expect([...store.list('k', '')].map(([part]) => part)).toEqual(left);
      expect(store.parts('k', '1', 5_000)).toEqual(left.filter((part) => part.startsWith('1')));
      for (const part of names) expect(store.get('k', part)).toBe(gone.has(part) ? undefined : part);
      store.write(
        left.map((part) => row('k', part, undefined)),
        [],
      );
      expect(store.parts('k', '', 1)).toEqual([]);
    });

    it('gives the newest values to who reads in the order of writing, while rows are rewritten', () => {
      const model = new Map<string, Json>();
      const write = (from: number, round: number): void => {
        const rows = Array.from({ length: 100 }, (_, i) => {
          const value = { round, text: 'é'.repeat(300 + ((from + i) % 700)) };
          model.set(`k${from + i}`, value);
          return row(`k${from + i}`, 'a', value);
        });
        store.write(rows, []);
      };
      for (let from = 0; from < 1_000; from += 100) write(from, 0);
      for (let n = 0; n < 1_000; n++) {
        // Behind the place of reading, at it, and ahead of it.
        if (n % 100 === 50) for (const by of [900, 0, 200]) write((n - 50 + by) % 1_000, n);
        expect(store.get(`k${n}`, 'a')).toEqual(model.get(`k${n}`));
      }
    });

    it('takes keys and parts that are long, empty or hold separators', () => {
      const long = 'k'.repeat(5000);
      const names = ['', '*', 'a\u001fb', 'a', 'a\u0000b', long, `${long}x`];
      store.write(
        names.flatMap((objectKey) => names.map((part) => row(objectKey, part, `${objectKey}|${part}`))),
        [],
      );
      for (const objectKey of names)
        for (const part of names) expect(store.get(objectKey, part)).toBe(`${objectKey}|${part}`);
      expect([...store.entries()]).toHaveLength(names.length ** 2);
      expect([...store.list('a', '')]).toHaveLength(names.length);
    });

    it('lists and reads while a listing is under way, and lists what was there when it began', () => {
      store.write([row('k', 'a', 1), row('k', 'b', 2), row('k', 'c', 3)], []);
      const seen: Json[] = [];
      for (const [part, value] of store.list('k', '')) {
        seen.push([part, value, [...store.list('k', 'c')].length, store.get('k', 'b') ?? null]);
        if (part === 'a') store.write([row('k', 'b', 'new'), row('k', 'd', 4)], []);
      }
      expect(seen).toEqual([
        ['a', 1, 1, 2],
        ['b', 2, 1, 'new'],
        ['c', 3, 1, 'new'],
      ]);
    });

    it('keeps the newest position of each topic and partition', () => {
      expect(store.positions()).toEqual([]);
      store.write([], [at(0, 5), at(1, 7)]);
      store.write([row('k', 'a', 1)], [at(0, 6)]);
      store.write([row('k', 'a', 2)], []);
      expect([...store.positions()].sort((a, b) => a.partition - b.partition)).toEqual([at(0, 6), at(1, 7)]);
    });

    it('keeps processors and partitions apart', () => {
      store.write([row('k', 'a', 1)], [at(0, 1)]);
      for (const other of [given.stores.open('detector', 1, 1), given.stores.open('policy', 0, 1)]) {
        expect(other.get('k', 'a')).toBeUndefined();
        expect(other.positions()).toEqual([]);
      }
      expect(store.get('k', 'a')).toBe(1);
    });

    it('forgets rows and positions when cleared, and goes on', () => {
      store.write([row('k', 'a', 1)], [at(0, 1)]);
      store.clear();
      expect([...store.entries()]).toEqual([]);
      expect(store.get('k', 'a')).toBeUndefined();
      expect(store.positions()).toEqual([]);
      store.write([row('k', 'b', 2)], [at(0, 2)]);
      expect([...store.entries()]).toEqual([['k', 'b', 2]]);
      expect(store.positions()).toEqual([at(0, 2)]);
    });

    it('starts empty when the row format has another version, positions too', () => {
      store.write([row('k', 'a', 1)], [at(0, 1)]);
      const same = given.stores.open('detector', 0, 1);
      expect(same.get('k', 'a')).toBe(1);
      const newer = given.stores.open('detector', 0, 2);
      expect([...newer.entries()]).toEqual([]);
      expect(newer.positions()).toEqual([]);
    });

    it('is the same after it was closed and opened again', async () => {
      if (!given.reopen) return;
      store.write([row('k', 'a', { b: 1 }), row('k', 'c', 'gone')], [at(0, 3)]);
      store.write([row('k', 'c', undefined)], [at(0, 4)]);
      const reopened = (await given.reopen()).open('detector', 0, 1);
      expect([...reopened.entries()]).toEqual([['k', 'a', { b: 1 }]]);
      expect(reopened.positions()).toEqual([at(0, 4)]);
    });

    it('behaves as a map of maps under any sequence of writes', async () => {
      const name = fc.oneof(
        fc.constantFrom('a', 'b', 'a/1', 'a/2'),
        fc.string({ maxLength: 3, unit: 'binary' }),
      );
      // Through text once: JSON has no negative zero.
      const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
      const write = fc.record({
        objectKey: name,
        part: name,
        value: fc.option(json, { nil: undefined }),
      });
      const writes = fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 12 });
      let version = 10;
      await fc.assert(
        fc.asyncProperty(writes, name, async (batches, prefix) => {
          const fresh = given.stores.open('property', 0, version++);
          const model = new Map<string, Map<string, string>>();
          for (const [offset, batch] of batches.entries()) {
            const rows = batch.map(({ objectKey, part, value }) => row(objectKey, part, value));
            fresh.write(rows, [at(0, offset)]);
            for (const { objectKey, part, value } of rows) {
              const parts = model.get(objectKey) ?? new Map<string, string>();
              model.set(objectKey, parts);
              if (value === undefined) parts.delete(part);
              else parts.set(part, JSON.stringify(value));
            }
          }
          const expected = [...model]
            .sort(([a], [b]) => compareText(a, b))
            .flatMap(([key, parts]) =>
              [...parts]
                .sort(([a], [b]) => compareText(a, b))
                .map(([part, value]) => [key, part, JSON.parse(value) as Json] as const),
            );
          expect([...fresh.entries()]).toEqual(expected);
          for (const key of model.keys())
            expect([...fresh.list(key, prefix)]).toEqual(
              expected
                .filter(([k, part]) => k === key && part.startsWith(prefix))
                .map(([, part, v]) => [part, v]),
            );
          for (const [key, part, value] of expected) expect(fresh.get(key, part)).toEqual(value);
        }),
        { numRuns: 60 },
      );
    });
  });
}
