import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

/** Work that ends when it is told to. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    of: (name: string) => () => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    },
    end: (name: string) => ends.get(name)!.resolve(`answer ${begun.length}`),
    fail: (name: string) => ends.get(name)!.reject(new Error(name)),
  };
}
const soon = () => new Promise((resolve) => setImmediate(resolve));

it('asks so many at once, the others in their order, also after one has failed', async () => {
  const turns = createTurns({ name: 'it', atOnce: 2, waiting: 10 });
  const work = works();
  const asked = ['a', 'b', 'c', 'd', 'e'].map((name) => turns.take(name, work.of(name)));
  const settled = Promise.allSettled(asked);
  expect(work.begun).toEqual(['a', 'b']);
  work.fail('b');
  await soon();
  expect(work.begun).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c']) work.end(name);
  await soon();
  expect(work.begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  for (const name of ['d', 'e']) work.end(name);
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  void turns.take('f', work.of('f'));
  void turns.take('g', work.of('g'));
  expect(work.begun.slice(5)).toEqual(['f', 'g']);
});

it('answers the same question once for all who asked before it began, and anew for who asks after', async () => {
  const turns = createTurns({ name: 'it', atOnce: 1, waiting: 10 });
  const work = works();
  const first = turns.take('q', work.of('q'));
  const [second, third] = [turns.take('q', work.of('q')), turns.take('q', work.of('q'))];
  work.end('q');
  expect(await first).toBe('answer 1');
  expect(work.begun).toHaveLength(2);
  const fourth = turns.take('q', work.of('q'));
  work.end('q');
  expect([await second, await third]).toEqual(['answer 2', 'answer 2']);
  expect(work.begun).toHaveLength(3);
  work.end('q');
  expect(await fourth).toBe('answer 3');
});

it('refuses what is more than may wait, and what waits when it is closed; what has begun ends', async () => {
  const turns = createTurns({ name: 'it', atOnce: 1, waiting: 1 });
  const work = works();
  const begun = turns.take('a', work.of('a'));
  const waits = turns.take('b', work.of('b'));
  await expect(turns.take('c', work.of('c'))).rejects.toMatchObject({
    code: 'DM_DATABASE_UNREACHABLE',
    retriable: true,
  });
  turns.close();
  await expect(waits).rejects.toMatchObject({ code: 'DM_DATABASE_UNREACHABLE' });
  await expect(turns.take('d', work.of('d'))).rejects.toMatchObject({ code: 'DM_DATABASE_UNREACHABLE' });
  work.end('a');
  expect(await begun).toBe('answer 1');
  expect(work.begun).toEqual(['a']);
});

it('refuses who waits for too long while nothing answers, and keeps no place for it', async () => {
  const turns = createTurns({ name: 'it', atOnce: 1, waiting: 10, withinMs: 20 });
  const work = works();
  const begun = turns.take('a', work.of('a'));
  await expect(turns.take('b', work.of('b'))).rejects.toMatchObject({ code: 'DM_DATABASE_UNREACHABLE' });
  const again = turns.take('b', work.of('b'));
  work.end('a');
  await begun;
  work.end('b');
  expect(await again).toBe('answer 2');
  expect(work.begun).toEqual(['a', 'b']);
});
