// Precedence: what decides goes first, and only so long.
import { expect, it } from 'vitest';
import { createPrecedence } from './precedence.ts';

const never = new AbortController().signal;
const MOMENT_MS = 30;
const LONG_MS = 20_000;

it('where no one has much to decide on, the way is clear at once', async () => {
  const precedence = createPrecedence(LONG_MS);
  precedence.claim({}, false);
  // Else the time limit of the test would be over first.
  await precedence.clear(LONG_MS, never);
});

it('the way is clear a moment after the last one has come to its end', async () => {
  const precedence = createPrecedence(MOMENT_MS);
  const [one, other] = [{}, {}];
  precedence.claim(one, true);
  precedence.claim(other, true);
  let isClear = false;
  const clear = precedence.clear(LONG_MS, never).then(() => {
    isClear = true;
  });
  precedence.claim(one, false);
  await new Promise((resolve) => setTimeout(resolve, 3 * MOMENT_MS));
  expect(isClear).toBe(false);
  precedence.claim(other, false);
  expect(isClear).toBe(false);
  await clear;
});

it('who finds more within that moment keeps the precedence', async () => {
  const precedence = createPrecedence(MOMENT_MS);
  const who = {};
  precedence.claim(who, true);
  let isClear = false;
  const clear = precedence.clear(LONG_MS, never).then(() => {
    isClear = true;
  });
  precedence.claim(who, false);
  precedence.claim(who, true);
  await new Promise((resolve) => setTimeout(resolve, 3 * MOMENT_MS));
  expect(isClear).toBe(false);
  precedence.claim(who, false);
  await clear;
});

it('no one waits longer than it may, nor after its end', async () => {
  const precedence = createPrecedence(MOMENT_MS);
  precedence.claim({}, true);
  await precedence.clear(50, never);
  const stop = new AbortController();
  const clear = precedence.clear(LONG_MS, stop.signal);
  stop.abort();
  await clear;
  await precedence.clear(LONG_MS, stop.signal);
});
