import { defineConfig } from 'vitest/config';
import { PATIENT } from './vitest.cluster.config.ts';

// Tests of the cluster that take minutes each: kills, restarts, members that come and go, failover under requests, a
// lost broker. One at a time.
export default defineConfig({
  test: { ...PATIENT, include: ['test/cluster/*.endurance.test.ts'], fileParallelism: false },
});
