// Runs the work on the partitions that are held: a task each, restarted with backoff where that can help, stopped with a
// clear reason where it cannot, ended when the partition is given up. What the work is belongs to processor and reactor.
import type { TopicName } from '../schemas/index.ts';
import { UnknownBody } from '../schemas/index.ts';
import type { Assignments, Held } from './assignment/assignment.ts';
import type { Clock } from './clock.ts';
import { DriftError } from './errors.ts';
import { backoffMs, codeOf, reasonOf, verdictOn } from './failure.ts';
import type { Log } from './log/log.ts';
import type { ComponentMetrics, Logger } from './telemetry.ts';

export interface PartitionStatus {
  partition: number;
  phase: 'restoring' | 'running' | 'retrying' | 'stopped';
  /** Why it is retrying or has stopped; null when it was told to stop. */
  reason: string | null;
  /** Records in the log that are not processed, as last known. */
  lag: number | null;
  /** Since it was last (re)started. */
  deadLetters: number;
  /** While it restores: records folded again, of how many. */
  restored: { read: number; of: number } | null;
}

export type Progress = Partial<Pick<PartitionStatus, 'phase' | 'lag' | 'deadLetters' | 'restored'>>;

export interface PartitionsHandle {
  /** Resolves when every partition held at first runs; rejects with the reason when one stops before that. */
  ready: Promise<void>;
  /** Resolves when all partitions have ended, for whatever reason; `status` tells why. Never rejects. */
  stopped: Promise<void>;
  /** Of the partitions that are held. */
  status(): PartitionStatus[];
  /** False until it is known which partitions are held, and `status` tells of all of them. */
  joined(): boolean;
}

export interface PartitionsOptions {
  kind: 'processor' | 'reactor';
  /** Name of the group too. */
  name: string;
  reads: readonly TopicName[];
  log: Log;
  assignments: Assignments;
  clock: Clock;
  logger: Logger;
  metrics: ComponentMetrics;
  signal: AbortSignal;
  /** Runs until the signal ends. It may write as {@link writerOf}; `tell` it when it runs. */
  attempt(partition: number, signal: AbortSignal, tell: (progress: Progress) => void): Promise<void>;
}

/** As whom a partition's work writes: who works on the partition next takes the name over. */
export const writerOf = (group: string, partition: number): string => `${group}/${partition}`;

export function runPartitions(options: PartitionsOptions): PartitionsHandle {
  const { kind, name, log, clock, logger, metrics } = options;
  // What one partition cannot read, none can: a newer process writes, and all stop.
  const all = new AbortController();
  const signal = AbortSignal.any([options.signal, all.signal]);
  const statuses = new Map<number, PartitionStatus>();
  const readiness = new Map<number, PromiseWithResolvers<void>>();

  async function work(held: Held): Promise<void> {
    const { partition } = held;
    const status = beginning(partition);
    const ready = readinessOf(partition);
    statuses.set(partition, status);
    try {
      await run(held, status, ready.resolve);
    } catch (error) {
      logger.error({ [kind]: name, partition, err: error }, 'a partition stopped');
      ready.reject(error);
      if (error instanceof UnknownBody) all.abort();
    } finally {
      status.phase = 'stopped';
      metrics.running(partition, false);
      ready.reject(stoppedEarly(name, partition));
      // Given up, while the rest goes on: it is another's now.
      if (held.signal.aborted && !signal.aborted) {
        statuses.delete(partition);
        readiness.delete(partition);
      }
    }
  }

  async function run(held: Held, status: PartitionStatus, ready: () => void): Promise<void> {
    const { partition } = held;
    for (let attempt = 0; !held.signal.aborted; attempt++) {
      try {
        await log.takeOver(writerOf(name, partition), partition);
        await options.attempt(partition, held.signal, (progress) => {
          Object.assign(status, progress);
          if (progress.phase !== 'running') return;
          status.reason = null;
          metrics.running(partition, true);
          if (progress.lag !== null) attempt = 0;
          ready();
        });
        return;
      } catch (error) {
        status.reason = reasonOf(error);
        metrics.running(partition, false);
        if (held.signal.aborted && codeOf(error) === 'DM_FENCED') return;
        if (verdictOn(error) !== 'retry') throw error;
        status.phase = 'retrying';
        metrics.retried(codeOf(error));
        const wait = backoffMs(attempt, Math.random());
        logger.warn({ [kind]: name, partition, err: error, wait }, 'a partition starts again');
        await clock.sleep(wait, held.signal);
        await held.confirmed();
      }
    }
  }

  function readinessOf(partition: number): PromiseWithResolvers<void> {
    const known = readiness.get(partition);
    if (known) return known;
    const ready = Promise.withResolvers<void>();
    // Whoever does not wait for `ready` learns of failures by `status`.
    ready.promise.catch(() => undefined);
    readiness.set(partition, ready);
    return ready;
  }

  const membership = options.assignments.join({ group: name, topics: options.reads, work, signal });
  const ready = membership.joined.then(async (held) => {
    await Promise.all(held.map((partition) => readinessOf(partition).promise));
  });
  ready.catch(() => undefined);
  return {
    ready,
    stopped: membership.ended,
    status: () =>
      [...statuses.values()].sort((a, b) => a.partition - b.partition).map((status) => ({ ...status })),
    joined: () => membership.held()?.every((partition) => statuses.has(partition)) ?? false,
  };
}

const beginning = (partition: number): PartitionStatus => ({
  partition,
  phase: 'restoring',
  reason: null,
  lag: null,
  deadLetters: 0,
  restored: null,
});

const stoppedEarly = (name: string, partition: number): DriftError =>
  new DriftError(`${name} was stopped before partition ${partition} was ready`, {
    code: 'DM_INTERNAL',
    retriable: false,
  });
