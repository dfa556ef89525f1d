// Words about drifts: secrets stay secret in every one of them, times say what they mean, a link means the same everywhere.
import { describe, expect, it } from 'vitest';
import { asOf } from './as-of.ts';
import { ago, differencePhrase, duration } from './format.ts';
import { phrase } from './values.ts';

const secret = { $secret: 'fingerprint' };

describe('values in words', () => {
  it('never contain the fingerprint of a secret, however deep it stands', () => {
    for (const value of [secret, [secret], { a: { b: [secret] } }, JSON.stringify({ token: secret })])
      expect(phrase(value)).toMatch(/a secret/);
    const difference = {
      path: 'password',
      op: 'changed',
      declared: secret,
      observed: { $secret: 'x' },
    } as const;
    expect(differencePhrase({ ...difference, configured: null })).toBe('password changed');
  });

  it('name what a block holds, without what is empty, and end in time', () => {
    expect(phrase({ port: '22', tags: [], note: '', cidr: ['0.0.0.0/0'] })).toBe('port 22, cidr 0.0.0.0/0');
    expect(phrase('x'.repeat(500), 40)).toHaveLength(40);
  });
});

describe('times', () => {
  it('are told in the largest unit, lengths from an hour on in two', () => {
    expect(duration(900)).toBe('under a second');
    expect(duration(61_000)).toBe('1 minute');
    expect(duration(2 * 86_400_000 + 4 * 3_600_000)).toBe('2 days 4 hours');
    expect(ago('2026-01-01T00:00:00Z', Date.parse('2026-01-01T03:20:00Z'))).toBe('3 hours ago');
  });

  it('of a clock that is ahead are just now', () => {
    expect(ago('2026-01-01T00:00:30Z', Date.parse('2026-01-01T00:00:00Z'))).toBe('just now');
  });

  it('in an address are kept in UTC, and what is no time is none', () => {
    expect(asOf('2026-01-01T02:00:00+02:00')).toBe('2026-01-01T00:00:00.000Z');
    for (const text of [null, '', 'yesterday', '2026-99-99']) expect(asOf(text)).toBeNull();
  });
});
