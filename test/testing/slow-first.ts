// The order of the test files: the slowest first, so that at the end no worker waits for one that began late. Vitest itself
// knows what took long only from an earlier run, of which a fresh clone has none.
import { relative } from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Files that take five seconds and more, the longest first. */
const SLOW = [
  'test/crash-load.long.test.ts',
  'test/crash.long.test.ts',
  'test/dashboard.long.test.ts',
  'producers/terraform/large.long.test.ts',
  'producers/terraform/stated/large.long.test.ts',
  'test/start.test.ts',
  'producers/terraform/observer/reader.test.ts',
  'test/scan.test.ts',
  'producers/terraform/sweep/sweep.test.ts',
  'producers/terraform/plugin/provider.test.ts',
  'producers/terraform/backends/http.test.ts',
  'producers/terraform/stated/states.test.ts',
  'producers/terraform/pretend/host.test.ts',
  'test/secrets.test.ts',
  'runtime/run-processor.test.ts',
  'runtime/postgres/postgres.test.ts',
  'test/bad-input.test.ts',
  'producers/terraform/plugin/host/plugin.test.ts',
  'test/terraform.test.ts',
  'producers/terraform/configuration/source.test.ts',
  'test/story.test.ts',
  'test/digitalocean.test.ts',
  'runtime/log/crash.long.test.ts',
  'producers/terraform/backends/file.test.ts',
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const at = SLOW.indexOf(relative(this.ctx.config.root, moduleId));
      if (at !== -1) return at;
      return project.config.isolate ? SLOW.length : SLOW.length + 1;
    };
    // What is of the same rank stays as Vitest has it.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
