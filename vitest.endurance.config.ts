import { defineConfig, mergeConfig } from 'vitest/config';
import cluster from './vitest.cluster.config.ts';

// Tests of the cluster that take minutes each: kills, restarts, members that come and go, failover under requests, a
// lost broker.
const include = ['test/cluster/*.endurance.test.ts'];

const { test, ...rest } = cluster;
export default mergeConfig(rest, defineConfig({ test: { ...test, include } }));
