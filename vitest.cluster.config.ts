import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/testing/slow-first.ts';

const FOLDERS = '{producers,processors,projections,api,runtime,compose,bench,test}';

/** What holds for tests that wait for servers or take long. */
export const PATIENT = {
  pool: 'forks',
  globalSetup: 'runtime/testing/test-run.ts',
  expect: { poll: { interval: 50, timeout: 30_000 } },
  testTimeout: 120_000,
  hookTimeout: 180_000,
} as const;

// What takes too long for `npm test` though it needs no server, two files side by side; then tests against real servers,
// which the environment names (runtime/testing/servers.ts). They share those, and some kill them: one file at a time.
export default defineConfig({
  test: {
    ...PATIENT,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'long',
          include: [`${FOLDERS}/**/*.long.test.ts`],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          // As in `npm test`, where they would be if they were shorter.
          expect: { poll: { interval: 10, timeout: 30_000 } },
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: [`${FOLDERS}/**/*.cluster.test.ts`],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
