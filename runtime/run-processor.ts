// Runs one processor: a task per partition, each a serial queue, restarted with backoff where that can help and stopped
// with a clear reason where it cannot.
import type { Registry } from 'prom-client';
import type { Codec } from '../schemas/index.ts';
import { UnknownBody } from '../schemas/index.ts';
import type { Blobs } from './blobs/blobs.ts';
import type { Clock } from './clock.ts';
import { DriftError } from './errors.ts';
import { backoffMs, codeOf, reasonOf, verdictOn } from './failure.ts';
import type { Log } from './log/log.ts';
import { type FaultPoint, runPartition } from './processor/partition-task.ts';
import type { Processor } from './processor.ts';
import type { StateStores } from './state/state.ts';
import { componentMetrics, type Logger } from './telemetry.ts';

export type { FaultPoint } from './processor/partition-task.ts';

export interface RunProcessorOptions {
  processor: Processor;
  log: Log;
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

export interface PartitionStatus {
  partition: number;
  phase: 'restoring' | 'running' | 'retrying' | 'stopped';
  /** Why it is retrying or has stopped; null when it was told to stop. */
  reason: string | null;
  /** Records in the log that are not processed, as last known. */
  lag: number | null;
  /** Since it was last (re)started. */
  deadLetters: number;
}

export interface ProcessorHandle {
  /** Resolves when every partition has restored its state; rejects with the reason when one stops before that. */
  ready: Promise<void>;
  /** Resolves when all partitions have ended, for whatever reason; `status` tells why. Never rejects. */
  stopped: Promise<void>;
  status(): PartitionStatus[];
}

export function runProcessor(options: RunProcessorOptions): ProcessorHandle {
  const { processor, log, logger } = options;
  const metrics = componentMetrics(options.metrics, 'processor', processor.name);
  // What one partition cannot read, none can: a newer process writes, and all stop.
  const all = new AbortController();
  const signal = AbortSignal.any([options.signal, all.signal]);
  const statuses: PartitionStatus[] = Array.from({ length: log.partitions }, (_, partition) => ({
    partition,
    phase: 'restoring',
    reason: null,
    lag: null,
    deadLetters: 0,
  }));

  async function run(status: PartitionStatus, ready: () => void): Promise<void> {
    const { partition } = status;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await runPartition({
          ...options,
          partition,
          signal,
          metrics,
          store: options.states.open(processor.name, partition, processor.version),
          seed: () => [...crypto.getRandomValues(new Uint32Array(2))] as [number, number],
          onProgress: (progress) => {
            Object.assign(status, progress, { phase: 'running', reason: null });
            metrics.running(partition, true);
            if (progress.lag !== null) attempt = 0;
            ready();
          },
        });
        return;
      } catch (error) {
        status.reason = reasonOf(error);
        metrics.running(partition, false);
        if (verdictOn(error) !== 'retry') throw error;
        status.phase = 'retrying';
        metrics.retried(codeOf(error));
        const wait = backoffMs(attempt, Math.random());
        logger.warn({ processor: processor.name, partition, err: error, wait }, 'a partition starts again');
        await options.clock.sleep(wait, signal);
      }
    }
  }

  const tasks = statuses.map((status) => {
    const ready = Promise.withResolvers<void>();
    // Whoever does not wait for `ready` learns of failures by `status`.
    ready.promise.catch(() => undefined);
    const ended = run(status, ready.resolve)
      .catch((error: unknown) => {
        logger.error(
          { processor: processor.name, partition: status.partition, err: error },
          'a partition stopped',
        );
        ready.reject(error);
        if (error instanceof UnknownBody) all.abort();
      })
      .finally(() => {
        status.phase = 'stopped';
        metrics.running(status.partition, false);
        ready.reject(stoppedEarly(processor.name, status.partition));
      });
    return { ready: ready.promise, ended };
  });
  const ready = Promise.all(tasks.map((task) => task.ready)).then(() => undefined);
  ready.catch(() => undefined);
  return {
    ready,
    stopped: Promise.all(tasks.map((task) => task.ended)).then(() => undefined),
    status: () => statuses.map((status) => ({ ...status })),
  };
}

const stoppedEarly = (processor: string, partition: number): DriftError =>
  new DriftError(`${processor} was stopped before partition ${partition} was ready`, {
    code: 'DM_INTERNAL',
    retriable: false,
  });
