import { describe, expect, it } from 'vitest';
import { componentMetrics, createMetrics } from './telemetry.ts';

describe('component metrics', () => {
  it('count per kind and name, and may be asked for again', async () => {
    const registry = createMetrics();
    componentMetrics(registry, 'processor', 'drift').eventsIn(2);
    componentMetrics(registry, 'processor', 'drift').eventsIn(3);
    componentMetrics(registry, 'source', 'aws').ignored('read-only', 7);
    componentMetrics(registry, 'source', 'aws').lag(3, 11);
    const text = await registry.metrics();
    expect(text).toContain('driftmgr_events_in_total{kind="processor",name="drift"} 5');
    expect(text).toContain('driftmgr_ignored_total{kind="source",name="aws",reason="read-only"} 7');
    expect(text).toContain('driftmgr_lag_records{kind="source",name="aws",partition="3"} 11');
  });
});
