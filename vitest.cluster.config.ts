import { defineConfig } from 'vitest/config';

// Tests against real servers, which the environment names (runtime/testing/servers.ts). They share those servers, and some
// kill them: one file at a time.
export default defineConfig({
  test: {
    include: ['{producers,processors,projections,api,runtime,compose,bench,test}/**/*.cluster.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    globalSetup: 'runtime/testing/test-run.ts',
    expect: { poll: { interval: 50, timeout: 30_000 } },
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
