// Runs a processor in a test on any log and state adapters, and tells what it has put into the log.
import pino from 'pino';
import { Registry } from 'prom-client';
import type { Codec, Event, TopicName } from '../../schemas/index.ts';
import { placement, recordKey, TOPICS, topicOf, Undecodable } from '../../schemas/index.ts';
import { wholeAssignments } from '../assignment/whole.ts';
import type { Blobs } from '../blobs/blobs.ts';
import { createMemoryBlobs } from '../blobs/memory-blobs.ts';
import type { Log, LogRecord, NewRecord } from '../log/log.ts';
import type { Processor } from '../processor.ts';
import type { PartitionsHandle } from '../run-partitions.ts';
import { type FaultPoint, runProcessor } from '../run-processor.ts';
import type { StateStores } from '../state/state.ts';
import { createTestClock, type TestClock } from './clock.ts';
import { testCodec } from './codec.ts';
import { fingerprintOf, TEST_ORG } from './events.ts';

export const silent = pino({ level: 'silent' });

/** The records of events, placed and encoded as a source would. */
export function recordsOf(events: readonly Event[], partitions: number): NewRecord[] {
  const codec = testCodec();
  return events.flatMap((event) => {
    const value = codec.encode(event, fingerprintOf(event));
    const key = recordKey(event);
    return placement(event, partitions).map((partition) => ({
      topic: topicOf(event.type),
      partition,
      key,
      value,
    }));
  });
}

export const appendEvents = (log: Log, events: readonly Event[]): Promise<void> =>
  log.append(recordsOf(events, log.partitions));

export async function readAll(log: Log, topic: TopicName, partition: number): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  const end = await log.end(topic, partition);
  for (let from = 0; from < end; ) {
    const { records, next } = await log.read(topic, partition, from, { records: 10_000, bytes: 1 << 24 });
    all.push(...records);
    if (next <= from) break;
    from = next;
  }
  return all;
}

/** What a processor has put into the log, in order, as `partition topic key event`; tombstones have a null event. */
export async function outputsOf(
  log: Log,
  source: string,
): Promise<{ topic: TopicName; partition: number; key: string; event: Event | null }[]> {
  const codec = testCodec();
  const found: { topic: TopicName; partition: number; key: string; event: Event | null }[] = [];
  for (let partition = 0; partition < log.partitions; partition++)
    for (const { name: topic } of TOPICS)
      for (const { key, value } of await readAll(log, topic, partition)) {
        const event = value === null ? null : readable(() => codec.decode(topic, value));
        if (event === undefined) continue;
        if (event === null || event.source === source) found.push({ topic, partition, key, event });
      }
  return found;
}

/** Undefined for what a test has put there to be undecodable. */
function readable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

export interface Running {
  handle: PartitionsHandle;
  metrics: Registry;
  blobs: Blobs;
  /** Resolves when everything in the log has been taken in and committed. Rejects when a partition stops. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export function start(options: {
  processor: Processor;
  log: Log;
  states: StateStores;
  clock?: TestClock;
  blobs?: Blobs;
  codec?: Codec;
  faults?: (point: FaultPoint, partition: number) => void;
}): Running {
  const {
    processor,
    log,
    clock = createTestClock(),
    blobs = createMemoryBlobs(),
    codec = testCodec(),
  } = options;
  const stop = new AbortController();
  const metrics = new Registry();
  const handle = runProcessor({
    ...options,
    assignments: wholeAssignments(options.log.partitions),
    clock,
    blobs,
    metrics,
    codec,
    org: TEST_ORG,
    logger: silent,
    signal: stop.signal,
  });
  // State is stored, and positions are committed, at times of the clock: it has to move for that.
  async function caughtUp(): Promise<void> {
    await handle.ready;
    for (;;) {
      clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const stopped = handle.status().find((status) => status.phase === 'stopped');
      if (stopped) throw new Error(`partition ${stopped.partition} stopped: ${stopped.reason}`);
      if (await isCaughtUp(log, processor)) return;
      clock.advance(250);
    }
  }
  return {
    handle,
    metrics,
    blobs,
    caughtUp,
    stop: async () => {
      stop.abort();
      await handle.stopped;
    },
  };
}

async function isCaughtUp(log: Log, processor: Processor): Promise<boolean> {
  const positions = new Map(
    (await log.positions(processor.name)).map(({ topic, partition, offset }) => [
      `${topic}/${partition}`,
      offset,
    ]),
  );
  for (let partition = 0; partition < log.partitions; partition++)
    for (const topic of processor.reads)
      if ((positions.get(`${topic}/${partition}`) ?? 0) < (await log.end(topic, partition))) return false;
  return true;
}
