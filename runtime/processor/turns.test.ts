// Turns: what someone waits for goes first, and what is merely much still gets on.
import { expect, it } from 'vitest';
import { createTurns, type Hurry } from './turns.ts';

it('urgent work goes before other work that asked earlier, in the order in which it asked', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const ask = async (name: string, hurry: Hurry): Promise<void> => {
    await turns.next(hurry);
    order.push(name);
  };
  await Promise.all([
    ask('mirrored', 'patient'),
    ask('much', 'usual'),
    ask('more', 'usual'),
    ask('one', 'urgent'),
    ask('two', 'urgent'),
  ]);
  expect(order).toEqual(['one', 'two', 'much', 'more', 'mirrored']);
});

it('however much is urgent, the others get on', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const urgent = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      await turns.next('urgent');
      order.push('urgent');
    }
  };
  const other = async (name: string, hurry: Hurry): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await turns.next(hurry);
      order.push(name);
    }
  };
  await Promise.all([urgent(), urgent(), other('usual', 'usual'), other('patient', 'patient')]);
  expect(order.lastIndexOf('usual')).toBeLessThan(25);
  expect(order.lastIndexOf('patient')).toBeLessThan(50);
});

it('the event loop turns between two turns', async () => {
  const turns = createTurns();
  let turned = 0;
  const immediate = setInterval(() => turned++, 0);
  const until = performance.now() + 30;
  while (performance.now() < until) await turns.next('urgent');
  clearInterval(immediate);
  expect(turned).toBeGreaterThan(3);
});
