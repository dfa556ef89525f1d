import { describe, expect, it } from 'vitest';
import { percentile, table, verdict } from './figures.ts';

describe('bench figures', () => {
  it('a percentile is a sample that was measured', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(samples, 0.5), percentile(samples, 0.99), percentile(samples, 1)]).toEqual([
      50, 99, 100,
    ]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('a missed target says by how much', () => {
    const figure = {
      scenario: 'a',
      what: 'unchanged',
      value: 30_000,
      unit: '/s',
      target: { atLeast: 60_000 },
    };
    expect(verdict(figure)).toBe('missed (0.50× of it)');
    expect(verdict({ ...figure, value: 60_000 })).toBe('met');
    expect(table([figure])).toContain('30,000 /s');
  });
});
