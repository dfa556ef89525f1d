import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/testing/slow-first.ts';

/** Tests of pure functions, which share nothing they could change: they need no process each. */
const PURE = [
  '{schemas,processors,web}/**/*.test.ts',
  'producers/{aws,terraform}/{attribution,events,normalize,objects,record-splitter,redact,scope}.test.ts',
];

/** Those need servers or take long: `npm run test:cluster` and `test:endurance`, vitest.cluster.config.ts. */
const ELSEWHERE = '**/*.{long,cluster,endurance}.test.ts';

// Forks, not threads: chDB ends in a segmentation fault when a worker thread that loaded it exits.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    globalSetup: 'runtime/testing/test-run.ts',
    // What is waited for is there soon, as a rule; on a busy machine it may take longer.
    expect: { poll: { interval: 10, timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['{producers,projections,api,runtime,compose,bench,test}/**/*.test.ts'],
          exclude: [...PURE, ELSEWHERE],
        },
      },
      { extends: true, test: { name: 'pure', include: PURE, exclude: [ELSEWHERE], isolate: false } },
    ],
  },
});
