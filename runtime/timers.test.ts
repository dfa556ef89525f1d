import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timers } from './timers.ts';

describe('timers', () => {
  it('come in order of time, then key, then name; replaced and cleared ones do not come', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('x', 'y'),
      at: fc.nat(20),
      clear: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const timers = new Timers();
        const model = new Map<string, { objectKey: string; what: string; at: number }>();
        for (const { key, what, at, clear } of steps) {
          if (clear) {
            timers.clear(key, what);
            model.delete(key + what);
          } else {
            timers.set(key, what, at);
            model.set(key + what, { objectKey: key, what, at });
          }
        }
        const came = [];
        for (let next = timers.next(); next; next = timers.next()) {
          came.push({ ...next });
          timers.clear(next.objectKey, next.what);
        }
        const expected = [...model.values()].sort(
          (a, b) => a.at - b.at || (a.objectKey + a.what < b.objectKey + b.what ? -1 : 1),
        );
        expect(came).toEqual(expected);
        expect(timers.size).toBe(0);
      }),
    );
  });
});
