// The process that the crash test kills: a source, the drift detector and the counter, on the embedded log and state.
// Arguments: the directory, and how many events there are. Prints `ready`, then `done` when all of them are processed.
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { driftDetector } from '../processors/drift/index.ts';
import { createMemoryBlobs } from '../runtime/blobs/memory-blobs.ts';
import { systemClock } from '../runtime/clock.ts';
import { openEmbeddedLog } from '../runtime/log/embedded-log.ts';
import { runProcessor } from '../runtime/run-processor.ts';
import { runSource } from '../runtime/run-source.ts';
import type { Source } from '../runtime/source.ts';
import { openEmbeddedStates } from '../runtime/state/embedded-states.ts';
import { testCodec } from '../runtime/testing/codec.ts';
import { counter } from '../runtime/testing/counter.ts';
import { TEST_ORG } from '../runtime/testing/events.ts';
import { silent } from '../runtime/testing/loop.ts';
import { loadEvent } from './crash-load.ts';

const [directory, count] = [process.argv[2]!, Number(process.argv[3])];
const AT_ONCE = 10;

/** Publishes the load from where the last process left off. */
const load: Source = {
  name: 'load',
  async run(context) {
    for (
      let at = Number(context.progress('load') ?? 0);
      at < count && !context.signal.aborted;
      at += AT_ONCE
    ) {
      const events = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, n) => loadEvent(at + n));
      await context.publish(events, [{ item: 'load', progress: at + AT_ONCE }]);
      await context.clock.sleep(2, context.signal);
    }
  },
};

const stop = new AbortController();
const log = await openEmbeddedLog({
  directory: join(directory, 'log'),
  partitions: 3,
  clock: systemClock,
  logger: silent,
});
const states = openEmbeddedStates({ directory: join(directory, 'state'), logger: silent });
const parts = {
  log,
  states,
  codec: testCodec(),
  org: TEST_ORG,
  blobs: createMemoryBlobs(),
  clock: systemClock,
  logger: silent,
  metrics: new Registry(),
  signal: stop.signal,
};
const processors = [counter, driftDetector].map((processor) => runProcessor({ ...parts, processor }));
await Promise.all(processors.map((handle) => handle.ready));
const source = runSource({ ...parts, source: load });
process.stdout.write('ready\n');
await source.stopped;
if (source.status().phase !== 'finished') throw new Error(`the source stopped: ${source.status().reason}`);
while (!(await allProcessed())) await systemClock.sleep(20);
// What was put out last may set timers that are due at once.
await systemClock.sleep(300);
stop.abort();
await Promise.all(processors.map((handle) => handle.stopped));
for (const handle of processors)
  for (const { partition, reason } of handle.status())
    if (reason) throw new Error(`partition ${partition} stopped: ${reason}`);
await states.close();
await log.close();
process.stdout.write('done\n');

async function allProcessed(): Promise<boolean> {
  for (const { name, reads } of [counter, driftDetector]) {
    const positions = new Map(
      (await log.positions(name)).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
    );
    for (let partition = 0; partition < log.partitions; partition++)
      for (const topic of reads)
        if ((positions.get(`${topic}/${partition}`) ?? 0) < (await log.end(topic, partition))) return false;
  }
  return true;
}
