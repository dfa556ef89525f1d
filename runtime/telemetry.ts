// Logs and metrics. Secrets never get here: callers log ids, counts and reasons, not values.
import pino from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Logger = pino.Logger;

export function createLogger(options: { level: string; destination?: pino.DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['authorization', '*.authorization', '*.password', 'password', 'token', '*.token'],
        censor: '[redacted]',
      },
    },
    options.destination ?? pino.destination(2),
  );
}

/** One process's metrics; what Node knows of itself (memory, event loop, garbage collection) is in it from the start. */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
  return registry;
}

/** What runs: the label `kind` of every metric of a loop. */
export type ComponentKind = 'source' | 'processor' | 'reactor' | 'projection';

/** The metrics of one component, with its labels already set. Cheap enough to be called once a batch, not once a record. */
export interface ComponentMetrics {
  /** Events taken in (decoded and folded, applied or performed). */
  eventsIn(count: number): void;
  /** Events appended. */
  eventsOut(count: number): void;
  /** Records passed over without decoding because only their time was new. */
  unchanged(count: number): void;
  /** Records passed over because a newer one of the same key had been seen. */
  stale(count: number): void;
  /** Left out on purpose, by reason. */
  ignored(reason: string, count: number): void;
  deadLetter(code: string): void;
  /** One attempt failed and is made again. */
  retried(code: string): void;
  /** One batch, from the first record taken to its commit, in seconds. */
  batch(seconds: number): void;
  /** Records not yet processed, over all topics of one partition. */
  lag(partition: number, records: number): void;
  /** 1 while it runs, 0 when it has stopped. */
  running(partition: number, running: boolean): void;
}

const LABELS = ['kind', 'name'] as const;

/** The metrics of a component in this registry; asked again for the same component it gives the same ones. */
export function componentMetrics(registry: Registry, kind: ComponentKind, name: string): ComponentMetrics {
  const labels = { kind, name };
  const counter = <L extends string>(
    metric: string,
    help: string,
    extra: readonly L[] = [],
  ): Counter<string> =>
    (registry.getSingleMetric(metric) as Counter<string> | undefined) ??
    new Counter({ name: metric, help, labelNames: [...LABELS, ...extra], registers: [registry] });
  const gauge = (metric: string, help: string): Gauge<string> =>
    (registry.getSingleMetric(metric) as Gauge<string> | undefined) ??
    new Gauge({ name: metric, help, labelNames: [...LABELS, 'partition'], registers: [registry] });

  const eventsIn = counter('driftmgr_events_in_total', 'Events taken in.').labels(labels);
  const eventsOut = counter('driftmgr_events_out_total', 'Events appended to the log.').labels(labels);
  const unchanged = counter(
    'driftmgr_records_unchanged_total',
    'Records skipped: nothing new but the time.',
  ).labels(labels);
  const stale = counter(
    'driftmgr_records_stale_total',
    'Records skipped: a newer one was seen before.',
  ).labels(labels);
  const ignored = counter('driftmgr_ignored_total', 'Left out on purpose, by reason.', ['reason']);
  const deadLetters = counter('driftmgr_dead_letters_total', 'What could not be processed, by code.', [
    'code',
  ]);
  const retries = counter('driftmgr_retries_total', 'Attempts that failed and were made again, by code.', [
    'code',
  ]);
  const seconds = (
    (registry.getSingleMetric('driftmgr_batch_seconds') as Histogram<string> | undefined) ??
    new Histogram({
      name: 'driftmgr_batch_seconds',
      help: 'Time from the first record of a batch to its commit.',
      labelNames: [...LABELS],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    })
  ).labels(labels);
  const lag = gauge('driftmgr_lag_records', 'Records in the log that are not processed yet.');
  const running = gauge('driftmgr_running', '1 while the component runs, 0 when it has stopped.');

  return {
    eventsIn: (count) => eventsIn.inc(count),
    eventsOut: (count) => eventsOut.inc(count),
    unchanged: (count) => unchanged.inc(count),
    stale: (count) => stale.inc(count),
    ignored: (reason, count) => ignored.inc({ ...labels, reason }, count),
    deadLetter: (code) => deadLetters.inc({ ...labels, code }),
    retried: (code) => retries.inc({ ...labels, code }),
    batch: (took) => seconds.observe(took),
    lag: (partition, records) => lag.set({ ...labels, partition: String(partition) }, records),
    running: (partition, runs) => running.set({ ...labels, partition: String(partition) }, runs ? 1 : 0),
  };
}
