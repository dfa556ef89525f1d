import { describe, expect, it } from 'vitest';
import { columns, floors, type Measured, medianOf, OURS, RATE, RAW, STREAMS } from './report.ts';

const one = (contestant: string, what: string, value: number, round = 1): Measured => ({
  contestant,
  round,
  what,
  unit: '/s',
  value,
});

describe('report of the peers', () => {
  it('says loudly when a result check failed, and never passes what was not measured', () => {
    const check = (contestant: string, value: number): Measured => ({
      ...one(contestant, 'result check', value),
      unit: 'passed',
    });
    const text = columns([one(RAW, RATE.unchanged, 5), check(STREAMS, 0), check(OURS, 1)]);
    const [, , row] = text.split('\n');
    expect(row).toMatch(/^result check\s+–\s+FAILED\s+passed$/);
  });

  it('holds our detector against floors only where both sides were measured', () => {
    expect(floors([one(STREAMS, RATE.unchanged, 100), one(RAW, RATE.unchanged, 300)])).toEqual([]);
    const [streams, raw] = floors([
      one(STREAMS, RATE.unchanged, 100),
      one(RAW, RATE.unchanged, 300),
      one(OURS, RATE.unchanged, 120),
    ]);
    expect(streams).toMatchObject({ value: 1.2, target: { atLeast: 1 } });
    expect(raw).toMatchObject({ value: 0.4, target: { atLeast: 0.5 } });
  });

  it('takes the median of the rounds', () => {
    const rounds = [9, 1, 5].map((value, round) => one(OURS, RATE.changed, value, round));
    expect(medianOf(rounds, OURS, RATE.changed)).toBe(5);
    expect(medianOf(rounds, RAW, RATE.changed)).toBeUndefined();
  });
});
