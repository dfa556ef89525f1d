import { defineConfig } from 'vitest/config';

// Forks, not threads: chDB ends in a segmentation fault when a worker thread that loaded it exits.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: 'runtime/testing/test-run.ts',
    include: ['{schemas,producers,processors,projections,api,runtime,compose,web,bench,test}/**/*.test.ts'],
    // What is waited for is there soon, as a rule; on a busy machine it may take longer.
    expect: { poll: { interval: 10, timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
