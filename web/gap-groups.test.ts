// Gaps: the worst first, and one gap for all types that share it.
import { expect, it } from 'vitest';
import type { CoverageJson } from '../api/types.ts';
import { gapGroups, isOfFailure } from './gap-groups.ts';

const item = (over: Partial<CoverageJson>): CoverageJson => ({
  provider: 'aws',
  account: '1',
  region: 'eu-west-1',
  type: 'aws_vpc',
  scope: `aws/1/eu-west-1/${over.type ?? 'aws_vpc'}`,
  declared: 1,
  observed: 0,
  status: 'partial',
  reasons: [],
  byFeed: 'trail',
  bySnapshot: null,
  lastCompletedAt: null,
  attributes: [],
  failures: [],
  ...over,
});

it('what is not watched at all stands before what is watched in part, before what is watched', () => {
  const groups = gapGroups([
    item({ status: 'covered', declared: 900, reasons: [] }),
    item({ status: 'partial', declared: 50 }),
    item({ status: 'unknown', declared: 1 }),
    item({ status: 'uncovered', declared: 2 }),
    item({ status: 'uncovered', declared: 3, provider: 'google' }),
  ]);
  expect(groups.map(({ status, declared }) => [status, declared])).toEqual([
    ['uncovered', 3],
    ['uncovered', 2],
    ['unknown', 1],
    ['partial', 50],
    ['covered', 900],
  ]);
});

it('types that share place and reason are one gap with the sum of their instances', () => {
  const groups = gapGroups([
    item({ type: 'aws_vpc', declared: 3, reasons: ['3 never observed: nothing reads this type'] }),
    item({ type: 'aws_subnet', declared: 27, reasons: ['27 never observed: nothing reads this type'] }),
    item({ type: 'aws_iam_role', declared: 9, reasons: ['a listing failed: 403'] }),
  ]);
  expect(
    groups.map(({ declared, reasons, items }) => [declared, reasons, items.map(({ type }) => type)]),
  ).toEqual([
    [30, ['never observed: nothing reads this type'], ['aws_subnet', 'aws_vpc']],
    [9, ['a listing failed: 403'], ['aws_iam_role']],
  ]);
});

it('the same failure to read of several types is told once, with the newest example', () => {
  const failure = {
    code: 'denied',
    reason: 'no credentials',
    count: 2,
    lastAt: '2026-01-01T00:00:00.000Z',
    workspace: 'prod',
    address: 'aws_vpc.a',
  };
  const reasons = ['2 could not be read: no credentials'];
  const [group, ...others] = gapGroups([
    item({ type: 'aws_vpc', status: 'unknown', reasons, failures: [failure] }),
    item({
      type: 'aws_subnet',
      status: 'unknown',
      reasons: ['1 could not be read: no credentials'],
      failures: [{ ...failure, count: 1, lastAt: '2026-01-02T00:00:00.000Z', address: 'aws_subnet.b' }],
    }),
  ]);
  expect(others).toEqual([]);
  expect(group?.failures).toEqual([
    { ...failure, count: 3, lastAt: '2026-01-02T00:00:00.000Z', address: 'aws_subnet.b' },
  ]);
  expect(group?.reasons.every(isOfFailure)).toBe(true);
});
