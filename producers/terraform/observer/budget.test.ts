import { describe, expect, it } from 'vitest';
import type { Cache } from '../../../runtime/cache/cache.ts';
import { createMemoryCache } from '../../../runtime/cache/memory-cache.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { type Budget, createBudget } from './budget.ts';

const never = new AbortController().signal;
/** As many as there are processes, over what they share. */
function budgets(count: number): Budget[] {
  const cache = createMemoryCache({ clock: systemClock });
  return Array.from({ length: count }, () => createBudget({ cache, clock: systemClock }));
}
const budgetOn = (cache: Cache): Budget => createBudget({ cache, clock: systemClock });
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

  it('many that are told so at once are one occasion, and the longer pause of another process stands', async () => {
    const cache = createMemoryCache({ clock: systemClock });
    const [one, two, third] = [budgetOn(cache), budgetOn(cache), budgetOn(cache)];
    await Promise.all(Array.from({ length: 20 }, () => one.throttled('a')));
    // 0.8 to 1.6 s, and a look; twenty times in a row it would be half a minute.
    expect(await timed(() => one.turn('a', 100, 'change', never))).toBeLessThan(4_000);
    await one.throttled('a');
    await one.turn('a', 100, 'change', never);
    // Now for 3.2 s at least; another that is throttled for the first time would pause for 1.6 s at most.
    await one.throttled('a');
    await two.throttled('a');
    expect(await timed(() => third.turn('a', 100, 'change', never))).toBeGreaterThan(2_500);
  });

  it('the clock of another machine does not say how long a pause is', async () => {
    const cache = createMemoryCache({ clock: systemClock });
    const ahead = createBudget({
      cache,
      clock: { ...systemClock, now: () => systemClock.now() + 3_600_000 },
    });
    const behind = createBudget({
      cache,
      clock: { ...systemClock, now: () => systemClock.now() - 3_600_000 },
    });
    await ahead.throttled('a');
    expect(await timed(() => budgetOn(cache).turn('a', 9, 'change', never))).toBeLessThan(6_000);
    await behind.throttled('b');
    expect(await timed(() => budgetOn(cache).turn('b', 9, 'change', never))).toBeGreaterThan(700);
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
