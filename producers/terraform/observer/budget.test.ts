import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../runtime/cache/memory-cache.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { type Budget, createBudget } from './budget.ts';

const never = new AbortController().signal;
/** As many as there are processes, over what they share. */
function budgets(count: number): Budget[] {
  const cache = createMemoryCache({ clock: systemClock });
  return Array.from({ length: count }, () => createBudget({ cache, clock: systemClock }));
}
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

describe('the budget of an account', () => {
  it('holds for all processes together, and for each account alone', async () => {
    const [one, two] = budgets(2) as [Budget, Budget];
    const took = await timed(() =>
      Promise.all(Array.from({ length: 25 }, (_, n) => (n % 2 ? one : two).turn('a', 10, 'change', never))),
    );
    expect(took).toBeGreaterThan(1_900);
    expect(took).toBeLessThan(4_500);
    expect(await timed(() => one.turn('b', 10, 'change', never))).toBeLessThan(500);
  });

  it('lets a change go before a sweep that waited longer, and keeps a part of it for changes', async () => {
    const [budget] = budgets(1) as [Budget];
    const order: string[] = [];
    const sweeps = Array.from({ length: 8 }, async (_, n) => {
      await budget.turn('a', 4, 'sweep', never);
      order.push(`s${n}`);
    });
    await expect.poll(() => order.length).toBe(3);
    const took = await timed(async () => {
      await budget.turn('a', 4, 'change', never);
      order.push('change');
    });
    // The sweep has used up its part of this second (and asked once in vain), the change goes in this one or the next.
    expect(took).toBeLessThan(1_300);
    expect(order.indexOf('change')).toBeLessThanOrEqual(4);
    expect(budget.waiting().sweep).toBeGreaterThan(2);
    await Promise.all(sweeps);
    expect(budget.waiting()).toEqual({ change: 0, sweep: 0 });
  });

  it('a cloud that says it was too often is left alone by all processes, longer when it says so again', async () => {
    const [one, two] = budgets(2) as [Budget, Budget];
    await one.throttled('a');
    const first = await timed(() => two.turn('a', 100, 'change', never));
    expect(first).toBeGreaterThan(700);
    await one.turn('a', 100, 'change', never);
    await one.throttled('a');
    expect(await timed(() => one.turn('a', 100, 'change', never))).toBeGreaterThan(1_500);
  });

  it('who gives up waits no longer, and holds up no one', async () => {
    const [budget] = budgets(1) as [Budget];
    await budget.turn('a', 1, 'change', never);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    expect(await timed(() => budget.turn('a', 1, 'change', stop.signal))).toBeLessThan(700);
    await budget.turn('a', 1, 'change', never);
    expect(budget.waiting()).toEqual({ change: 0, sweep: 0 });
  });
});
