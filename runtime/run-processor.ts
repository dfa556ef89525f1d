// Runs one processor on the partitions this process holds.
import type { Registry } from 'prom-client';
import type { Codec } from '../schemas/index.ts';
import type { Assignments } from './assignment/assignment.ts';
import type { Blobs } from './blobs/blobs.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log/log.ts';
import { type FaultPoint, runPartition } from './processor/partition-task.ts';
import type { Processor } from './processor.ts';
import { type PartitionsHandle, runPartitions, writerOf } from './run-partitions.ts';
import type { StateStores } from './state/state.ts';
import { componentMetrics, type Logger } from './telemetry.ts';

export type { FaultPoint } from './processor/partition-task.ts';

export interface RunProcessorOptions {
  processor: Processor;
  log: Log;
  assignments: Assignments;
  states: StateStores;
  codec: Codec;
  blobs: Blobs;
  org: string;
  clock: Clock;
  logger: Logger;
  metrics: Registry;
  /** Ends it: the batch at hand is committed and state stored before `stopped` resolves. */
  signal: AbortSignal;
  /** For tests: dies at that step when it throws. */
  faults?: (point: FaultPoint, partition: number) => void;
}

/** `ready` is when the state of every partition is restored. */
export function runProcessor(options: RunProcessorOptions): PartitionsHandle {
  const { processor, log, assignments, clock, logger } = options;
  const metrics = componentMetrics(options.metrics, 'processor', processor.name);
  return runPartitions({
    kind: 'processor',
    name: processor.name,
    reads: processor.reads,
    log,
    assignments,
    clock,
    logger,
    metrics,
    signal: options.signal,
    attempt: (partition, signal, tell) => {
      tell({ phase: 'restoring', restored: null });
      return runPartition({
        ...options,
        partition,
        writer: writerOf(processor.name, partition),
        signal,
        metrics,
        store: options.states.open(processor.name, partition, processor.version),
        seed: () => [...crypto.getRandomValues(new Uint32Array(2))] as [number, number],
        onRestoring: (restored) => tell({ phase: 'restoring', restored }),
        onProgress: (progress) => tell({ phase: 'running', restored: null, ...progress }),
      });
    },
  });
}
