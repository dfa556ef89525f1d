import { describe, expect, it } from 'vitest';
import { createTestClock } from '../runtime/testing/clock.ts';
import { createRemembered } from './remembered.ts';

describe('what is remembered', () => {
  function counting(clock = createTestClock()) {
    const remembered = createRemembered(clock);
    const asked: string[] = [];
    const take = (key: string, answer: unknown = key, holds?: () => boolean) =>
      remembered.take(
        key,
        async () => {
          asked.push(key);
          return answer;
        },
        holds,
      );
    return { asked, take, clock, remembered };
  }

  it('is asked once under one key, by all who ask meanwhile too', async () => {
    const { asked, take } = counting();
    expect(await Promise.all([take('a'), take('a'), take('b')])).toEqual(['a', 'a', 'b']);
    expect(await take('a')).toBe('a');
    expect(asked).toEqual(['a', 'b']);
  });

  it('is asked again when it did not hold, when it failed, and after a minute', async () => {
    const { asked, take, clock, remembered } = counting();
    await take('passing', 1, () => false);
    await take('passing', 2, () => false);
    const failing = remembered.take('failed', () => Promise.reject(new Error('away')));
    await expect(failing).rejects.toThrow('away');
    expect(await take('failed', 'back')).toBe('back');
    await take('old');
    clock.advance(60_001);
    await take('old');
    expect(asked).toEqual(['passing', 'passing', 'failed', 'old', 'old']);
  });

  it('is bounded: what was not used for longest goes first, and what is too long is not kept', async () => {
    const { asked, take } = counting();
    const long = 'x'.repeat(400 << 10);
    for (let n = 0; n < 20; n++) await take(`${n}`, long);
    await take('0', long);
    for (let n = 20; n < 30; n++) await take(`${n}`, long);
    asked.length = 0;
    await take('0', long);
    await take('2', long);
    await take('longest', 'x'.repeat(600 << 10));
    await take('longest', 'x'.repeat(600 << 10));
    expect(asked).toEqual(['2', 'longest', 'longest']);
  });
});
