import { describe, expect, it } from 'vitest';
import { componentMetrics, createMetrics } from './telemetry.ts';

describe('process metrics', () => {
  it('tell memory, event-loop delay and garbage collection of the process from the start', async () => {
    const registry = createMetrics();
    expect(await registry.metrics()).toMatch(/^process_resident_memory_bytes \d{6,}$/m);
    for (const name of ['nodejs_eventloop_lag_p99_seconds', 'nodejs_gc_duration_seconds'])
      expect(registry.getSingleMetric(name), name).toBeDefined();
  });
});

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
