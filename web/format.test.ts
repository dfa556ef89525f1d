// Words about drifts: secrets stay secret in every one of them, times say what they mean, a link means the same everywhere.
import { describe, expect, it } from 'vitest';
import { driftToJson } from '../projections/drift-json.ts';
import drifts from '../schemas/examples/drift.opened.json' with { type: 'json' };
import type { EventOf } from '../schemas/index.ts';
import { asOf } from './as-of.ts';
import { ago, calls, deed, differencePhrase, duration, what } from './format.ts';
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

describe('a drift that a feed reported', () => {
  const body = drifts[0]!.body as EventOf<'drift.opened'>['body'];
  const reported = driftToJson({ ...body.drift, differences: [] });
  const [actor] = reported.actors;

  it('is told by what was called and by whom, and by whom alone where the call is not known', () => {
    expect(what(reported)).toBe('AuthorizeSecurityGroupIngress by alice@acme.example in the console');
    expect(deed({ ...reported, kind: 'missing' })).toBe(what(reported));
    const before = { ...reported, actors: [{ ...actor!, operations: [] }] };
    expect(what(before)).toBe('Changed by alice@acme.example in the console');
    expect(deed({ ...before, actors: [] })).toBe('Actor not known');
  });

  it('names the first of several calls, and counts each other one once', () => {
    const operations = ['PutBucketPolicy', 'PutBucketAcl', 'PutBucketPolicy'];
    expect(calls([{ ...actor!, operations }, actor!])).toBe('PutBucketPolicy and 2 other calls');
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
