// What can be seen of reading, in the process's metrics.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PoolStatus } from '../plugin/pool/pool.ts';
import type { Budget, Priority } from './budget.ts';

export interface Measures {
  /** One read is over: `observed`, `gone`, or the code of its failure. */
  read(outcome: string, priority: Priority, seconds: number): void;
}

interface Sources {
  pool(): PoolStatus | null;
  budget: Budget;
}

export function measuresIn(registry: Registry, { pool, budget }: Sources): Measures {
  const registers = [registry];
  const reads = new Counter({
    name: 'driftmgr_reads_total',
    help: 'Resources read through their providers, by outcome: observed, gone, or what kept it from being read.',
    labelNames: ['outcome', 'priority'],
    registers,
  });
  const seconds = new Histogram({
    name: 'driftmgr_read_seconds',
    help: 'Time of one read, with its wait for its turn and for the provider.',
    labelNames: ['priority'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
    registers,
  });
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const sum = (of: (status: PoolStatus) => number) => (): number => {
    const status = pool();
    return status ? of(status) : 0;
  };
  gauge(
    'driftmgr_provider_processes',
    'Provider processes that run.',
    sum(({ running }) => running.length),
  );
  gauge(
    'driftmgr_provider_bytes',
    'Memory of the provider processes, as last measured.',
    sum(({ running }) => running.reduce((all, { bytes }) => all + (bytes ?? 0), 0)),
  );
  gauge(
    'driftmgr_provider_calls',
    'Reads that providers are at.',
    sum(({ running }) => running.reduce((all, { calls }) => all + calls, 0)),
  );
  gauge(
    'driftmgr_provider_waiting',
    'Reads that wait for a provider.',
    sum((status) => status.waiting + status.running.reduce((all, { waiting }) => all + waiting, 0)),
  );
  gauge(
    'driftmgr_provider_starts',
    'Provider processes started so far.',
    sum(({ started }) => started),
  );
  gauge(
    'driftmgr_provider_crashes',
    'Provider processes that ended by themselves.',
    sum(({ crashed }) => crashed),
  );
  gauge(
    'driftmgr_reads_waiting',
    'Reads that wait for their turn at the cloud.',
    () => budget.waiting().change + budget.waiting().sweep,
  );
  return {
    read(outcome, priority, took) {
      reads.inc({ outcome, priority });
      seconds.observe({ priority }, took);
    },
  };
}
