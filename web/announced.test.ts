// Live announcements: few enough to listen to, and never without the worst.
import { expect, it } from 'vitest';
import type { DriftJson, LiveEvent } from '../api/types.ts';
import { announced } from './announced.ts';

const told = (type: string, over: Partial<DriftJson>): LiveEvent => ({
  kind: 'drift',
  id: '1',
  data: {
    type,
    drift: { kind: 'missing', status: 'open', severity: 'medium', differences: [], actors: [], ...over },
  } as unknown as Extract<LiveEvent, { kind: 'drift' }>['data'],
});

it('what came last is told first when it is the worst, and the rest is counted', () => {
  const text = announced([
    told('drift.opened', { address: 'aws_instance.a', severity: 'low' }),
    told('drift.opened', { address: 'aws_instance.b' }),
    told('drift.opened', { address: 'aws_instance.c' }),
    told('drift.opened', { address: 'aws_instance.d', severity: 'critical' }),
  ]);
  expect(text).toMatch(
    /^Drift opened: .*aws_instance\.d, critical\. Drift opened: .*aws_instance\.b, medium\. /,
  );
  expect(text).toMatch(/and 2 more changes to drifts$/);
});

it('what was settled comes after what waits, however bad it was', () => {
  const text = announced([
    told('drift.resolved', { address: 'aws_instance.a', severity: 'critical', status: 'resolved' }),
    told('drift.opened', { address: 'aws_instance.b', severity: 'info' }),
  ]);
  expect(text.indexOf('aws_instance.b')).toBeLessThan(text.indexOf('aws_instance.a'));
});

it('nothing is said of what is no drift', () => {
  expect(announced([{ kind: 'ready', id: '1', data: { at: '2026-01-01T00:00:00Z' } }])).toBe('');
});
