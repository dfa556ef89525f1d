// One life of the process that the crash tests end: a source, the drift detector and the counter, on the embedded log and
// state of a directory, until all of the load is processed or something stops.
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { driftDetector } from '../processors/drift/index.ts';
import { wholeAssignments } from '../runtime/assignment/whole.ts';
import { createMemoryBlobs } from '../runtime/blobs/memory-blobs.ts';
import { systemClock } from '../runtime/clock.ts';
import { openEmbeddedLog } from '../runtime/log/embedded-log.ts';
import type { Faults } from '../runtime/log/faults.ts';
import type { Log } from '../runtime/log/log.ts';
import { type FaultPoint, runProcessor } from '../runtime/run-processor.ts';
import { runSource } from '../runtime/run-source.ts';
import type { Source } from '../runtime/source.ts';
import { openEmbeddedStates } from '../runtime/state/embedded-states.ts';
import { testCodec } from '../runtime/testing/codec.ts';
import { counter } from '../runtime/testing/counter.ts';
import { TEST_ORG } from '../runtime/testing/events.ts';
import { silent } from '../runtime/testing/loop.ts';
import { TOPICS } from '../schemas/index.ts';
import { loadEvent } from './crash-load.ts';

export const PARTITIONS = 3;
const PROCESSORS = [counter, driftDetector];
const AT_ONCE = 10;
/** So many looks in a row at which there was nothing left to do end a life. Looks, not time: a starved process gets no turns. */
const QUIET_LOOKS = 50;

export interface Life {
  directory: string;
  /** How many events the load has. */
  count: number;
  /** Called when the loops run. */
  onReady?: () => void;
  /** Where the loop of the processors dies. */
  faults?: (point: FaultPoint) => void;
  /** Where the log dies. */
  logFaults?: Faults;
  /** The log to live on; else the embedded one of the directory. It is closed at the end. */
  openLog?: () => Promise<Log>;
}

/** Resolves to null when the whole load is processed, else to the reason for which something stopped. */
export async function live(life: Life): Promise<string | null> {
  const { directory, count, onReady, faults, logFaults } = life;
  const stop = new AbortController();
  const clock = systemClock;
  const openLog =
    life.openLog ??
    (() =>
      openEmbeddedLog({
        directory: join(directory, 'log'),
        partitions: PARTITIONS,
        clock,
        logger: silent,
        faults: logFaults,
      }));
  const log = await openLog();
  const states = openEmbeddedStates({ directory: join(directory, 'state'), logger: silent });
  const parts = {
    log,
    assignments: wholeAssignments(PARTITIONS),
    states,
    codec: testCodec(),
    org: TEST_ORG,
    blobs: createMemoryBlobs(),
    clock,
    logger: silent,
    metrics: new Registry(),
    signal: stop.signal,
  };
  const processors = PROCESSORS.map((processor) => runProcessor({ ...parts, processor, faults }));
  const reason = (): string | null =>
    processors.flatMap((handle) => handle.status()).find((status) => status.phase === 'stopped')?.reason ??
    null;

  await Promise.allSettled(processors.map((handle) => handle.ready));
  const source = runSource({ ...parts, source: load(count) });
  onReady?.();
  let quiet = 0;
  let before = 0;
  for (;;) {
    await clock.sleep(5);
    const { phase, reason: failure } = source.status();
    const stopped = reason() ?? (phase === 'stopped' ? failure : null);
    // What was put out last may set timers that are due at once, and each that fires is a record more.
    const records = await recordsIn(log);
    quiet = phase === 'finished' && records === before && (await isProcessed(log)) ? quiet + 1 : 0;
    before = records;
    if (stopped === null && quiet < QUIET_LOOKS) continue;
    stop.abort();
    await Promise.all([source.stopped, ...processors.map((handle) => handle.stopped)]);
    await states.close();
    await log.close().catch(() => undefined);
    return stopped ?? reason();
  }
}

/** Publishes the load from where the last process left off. */
const load = (count: number): Source => ({
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
});

async function recordsIn(log: Log): Promise<number> {
  let records = 0;
  for (const { name } of TOPICS)
    for (let partition = 0; partition < log.partitions; partition++)
      records += await log.end(name, partition);
  return records;
}

async function isProcessed(log: Log): Promise<boolean> {
  for (const { name, reads } of PROCESSORS) {
    const positions = new Map(
      (await log.positions(name)).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
    );
    for (let partition = 0; partition < log.partitions; partition++)
      for (const topic of reads)
        if ((positions.get(`${topic}/${partition}`) ?? 0) < (await log.end(topic, partition))) return false;
  }
  return true;
}
