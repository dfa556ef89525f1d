import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/testing/slow-first.ts';

/** Tests that change nothing of their process, no variable, no global, no module: they need no process each. */
const SHARING = [
  '{schemas,processors,web}/**/*.test.ts',
  'producers/{aws,reported,terraform}/{attribution,events,normalize,objects,record-splitter,redact,scope}.test.ts',
  'producers/terraform/plugin/{readable,schemas}.test.ts',
  'producers/terraform/plugin/{find,protocol,values}/*.test.ts',
  'producers/terraform/observer/{bindings,budget,facts,reactor}.test.ts',
  'producers/terraform/sweep/news.test.ts',
  'runtime/{config,driftignore,fold,run-reactor,timers,topology,turns}.test.ts',
  'runtime/{assignment,registry}/*.test.ts',
  'runtime/blobs/keys.test.ts',
  'runtime/cache/memory-cache.test.ts',
  'runtime/log/kafka/{headers,patience}.test.ts',
  'runtime/processor/{overlay,turns}.test.ts',
  'runtime/projection/row-text.test.ts',
  'runtime/state/row-value.test.ts',
  'api/cli/formats/formats.test.ts',
  'compose/{closing,dashboards,processes,units,upkeep}.test.ts',
  'compose/native/{clickhouse-request,directory,downloads,kafka,processes}.test.ts',
  'bench/figures.test.ts',
  'bench/peers/{options,report}.test.ts',
  'test/configuration-known.test.ts',
];

/** Those need servers or take long: `npm run test:cluster` and `test:endurance`, vitest.cluster.config.ts. */
const ELSEWHERE = '**/*.{long,cluster,endurance}.test.ts';

// What Node compiled is kept for the processes that come after, and for the next run.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('node_modules/.cache/driftmgr-test', import.meta.url),
);

// Forks, not threads: chDB ends in a segmentation fault when a worker thread that loaded it exits.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    globalSetup: 'runtime/testing/test-run.ts',
    // What is waited for is there soon, as a rule; on a busy machine it may take ten times as long.
    expect: { poll: { interval: 10, timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['{producers,projections,api,runtime,compose,bench,test}/**/*.test.ts'],
          exclude: [...SHARING, ELSEWHERE],
        },
      },
      { extends: true, test: { name: 'sharing', include: SHARING, exclude: [ELSEWHERE], isolate: false } },
    ],
  },
});
