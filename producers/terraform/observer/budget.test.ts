import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../runtime/cache/memory-cache.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createTestClock, type TestClock } from '../../../runtime/testing/clock.ts';
import { type Budget, createBudget } from './budget.ts';

const never = new AbortController().signal;
/** As many as there are processes, over what they share. */
function budgets(count: number): Budget[] {
  const cache = createMemoryCache({ clock: systemClock });
  return Array.from({ length: count }, () => createBudget({ cache, clock: systemClock }));
}
/** How long the work takes by a clock that goes on as soon as everyone waits for it. */
async function passing(clock: TestClock, work: () => Promise<unknown>): Promise<number> {
  const began = clock.now();
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  while (!done) {
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await working;
  return clock.now() - began;
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

  it('many that are told so at once are one occasion, and the longer pause of another process stands', async () => {
    const clock = createTestClock();
    const cache = createMemoryCache({ clock });
    const [one, two, third] = [0, 1, 2].map(() => createBudget({ cache, clock })) as [Budget, Budget, Budget];
    const turn = (budget: Budget) => passing(clock, () => budget.turn('a', 100, 'change', never));
    await Promise.all(Array.from({ length: 20 }, () => one.throttled('a')));
    // 0.8 to 1.6 s, and a look; twenty times in a row it would be half a minute.
    expect(await turn(one)).toBeLessThan(3_000);
    await one.throttled('a');
    await turn(one);
    // Now for 3.2 s at least; another that is throttled for the first time would pause for 1.6 s at most.
    await one.throttled('a');
    await two.throttled('a');
    expect(await turn(third)).toBeGreaterThan(2_500);
  });

  it('the clock of another machine does not say how long a pause is', async () => {
    const clock = createTestClock();
    const cache = createMemoryCache({ clock });
    const apart = (ms: number): Budget =>
      createBudget({ cache, clock: { ...clock, now: () => clock.now() + ms } });
    const turn = (account: string) => passing(clock, () => apart(0).turn(account, 9, 'change', never));
    await apart(3_600_000).throttled('a');
    expect(await turn('a')).toBeLessThan(3_000);
    await apart(-3_600_000).throttled('b');
    expect(await turn('b')).toBeGreaterThan(700);
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
