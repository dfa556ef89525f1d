// Live announcements: few enough to listen to, and never without the worst.
import { expect, it } from 'vitest';
import type { DriftJson, LiveEvent, Transition } from '../api/types.ts';
import { driftToJson } from '../projections/drift-json.ts';
import opened from '../schemas/examples/drift.opened.json' with { type: 'json' };
import type { EventOf } from '../schemas/index.ts';
import { announced } from './announced.ts';

const { drift } = opened[0]!.body as EventOf<'drift.opened'>['body'];

const told = (type: Transition['type'], over: Partial<DriftJson>): LiveEvent => ({
  kind: 'drift',
  id: '1',
  data: {
    id: 'dev_1',
    type,
    at: '2026-01-01T00:00:00Z',
    causedBy: 'obs_1',
    correlationId: null,
    drift: { ...driftToJson(drift), severity: 'medium', ...over },
  },
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
