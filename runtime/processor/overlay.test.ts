import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../schemas/index.ts';
import { createMemoryStates } from '../state/memory-states.ts';
import { Overlay } from './overlay.ts';

const step = fc.oneof(
  fc.record({
    do: fc.constant('set' as const),
    key: fc.constantFrom('a', 'b'),
    part: fc.constantFrom('p/1', 'p/2', 'p/3', 'q', 'p/\u{1f600}', 'p/\ufb01'),
    value: fc.option(fc.nat(9), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('store' as const) }),
  fc.record({ do: fc.constant('focus' as const), key: fc.constantFrom('a', 'b') }),
  fc.record({ do: fc.constant('list' as const), key: fc.constantFrom('a', 'b') }),
  fc.record({ do: fc.constant('fail' as const), key: fc.constantFrom('a', 'b') }),
);

describe('rows in memory over a store', () => {
  it('read as if every row had been stored at once, whenever they are stored, and undo what failed', () => {
    const steps = fc.array(step, { maxLength: 60 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(null, 'a'),
        (all, cacheLimit, lasting) => {
          const states = createMemoryStates();
          const store = states.open('overlay', 0, 1);
          const model = states.open('model', 0, 1);
          const overlay = new Overlay(store, cacheLimit, lasting);
          for (const each of all) {
            if (each.do === 'set') {
              overlay.set(each.key, each.part, each.value);
              model.write([{ objectKey: each.key, part: each.part, value: each.value }], []);
            } else if (each.do === 'focus') overlay.focusOn(each.key);
            else if (each.do === 'store') store.write(overlay.take(), []);
            else if (each.do === 'list')
              expect([...overlay.list(each.key, 'p/')]).toEqual([...model.list(each.key, 'p/')]);
            else
              expect(() =>
                overlay.atomically(() => {
                  for (const part of ['p/2', 'p/4', 'q']) overlay.set(each.key, part, 'undone');
                  overlay.set(each.key, 'p/2', undefined);
                  throw new Error('failed');
                }),
              ).toThrow('failed');
            for (const key of ['a', 'b'])
              for (const part of ['p/1', 'p/2', 'p/4', 'q'])
                expect(overlay.get(key, part)).toEqual(model.get(key, part));
          }
          for (const key of ['a', 'b']) expect([...overlay.list(key, '')]).toEqual([...model.list(key, '')]);
          for (const key of ['a', 'b'])
            for (const part of ['p/1', 'p/4', 'q']) {
              expect(overlay.has(key, part)).toBe(model.has(key, part));
              for (const limit of [1, 2, 9])
                expect(overlay.parts(key, part.slice(0, 2), limit)).toEqual(
                  model.parts(key, part.slice(0, 2), limit),
                );
            }
          store.write(overlay.take(), []);
          expect([...store.entries()]).toEqual([...model.entries()]);
          expect(overlay.unstored).toBe(0);
        },
      ),
    );
  });

  it('keep no more stored rows in memory than twice the limit', () => {
    let reads = 0;
    const below = {
      get: (): Json => {
        reads++;
        return 1;
      },
      has: () => true,
      parts: () => [],
    };
    const overlay = new Overlay(below, 10);
    for (let n = 0; n < 100; n++) overlay.get('k', String(n));
    expect(reads).toBe(100);
    for (let n = 90; n < 100; n++) overlay.get('k', String(n));
    expect(reads).toBe(100);
    for (let n = 0; n < 80; n++) overlay.get('k', String(n));
    expect(reads).toBe(180);
  });
});
