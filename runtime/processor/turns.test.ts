// Turns: what someone waits for goes first, and what is merely much still gets on.
import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

it('urgent work goes before other work that asked earlier, in the order in which it asked', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const ask = async (name: string, urgent: boolean): Promise<void> => {
    await turns.next(urgent);
    order.push(name);
  };
  await Promise.all([ask('much', false), ask('more', false), ask('one', true), ask('two', true)]);
  expect(order).toEqual(['one', 'two', 'much', 'more']);
});

it('however much is urgent, the others get on', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const urgent = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      await turns.next(true);
      order.push('urgent');
    }
  };
  const other = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      await turns.next();
      order.push('other');
    }
  };
  await Promise.all([urgent(), urgent(), other()]);
  expect(order.lastIndexOf('other')).toBeLessThan(40);
});

it('the event loop turns between two turns', async () => {
  const turns = createTurns();
  let turned = 0;
  const immediate = setInterval(() => turned++, 0);
  const until = performance.now() + 30;
  while (performance.now() < until) await turns.next(true);
  clearInterval(immediate);
  expect(turned).toBeGreaterThan(3);
});
