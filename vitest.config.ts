import { defineConfig } from 'vitest/config';

// Forks, not threads: chDB ends in a segmentation fault when a worker thread that loaded it exits.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    include: ['{schemas,producers,processors,projections,api,runtime,compose,web,bench,test}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
