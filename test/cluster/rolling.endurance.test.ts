// A new version is put in place one process after the other, while the load goes on: each stops in order, within 10 s, and
// what the system knows in the end is what it would know had it never been touched.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTwins, type Twins } from './equality.ts';
import { serversOfEnvironment } from './servers.ts';
import { TWO_OF_EACH } from './system.ts';

const STOPS_WITHIN_MS = 10_000;
const addresses = serversOfEnvironment();

describe.skipIf(addresses === null)('two processes of each role, under load', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await startTwins({ addresses: addresses!, processes: TWO_OF_EACH });
  }, 600_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') twins?.cluster.tell();
  });
  afterAll(() => twins?.stop(), 300_000);

  it('are stopped and started one after the other: each stops in order, nothing is lost, nothing comes twice', async () => {
    const took: string[] = [];
    for (const process of twins.cluster.processes) {
      const end = await process.end('SIGTERM');
      took.push(`${process.name} ${Math.round(end.tookMs)} ms`);
      expect(end, process.name).toMatchObject({ code: 0, signal: null });
      expect(end.tookMs, process.name).toBeLessThan(STOPS_WITHIN_MS);
      process.start();
      await process.ready();
    }
    globalThis.process.stderr.write(`stopped: ${took.join(', ')}\n`);
    await twins.expectEqual();
  }, 1_200_000);
});
