// The loop of a projection: keeps the generation that serves up with the log, and fills a new one beside it when the
// projection's version changes or a rebuild is asked for.
//
// Questions go to the old generation until the new one has read everything; then one row changes, and the old one's
// tables are dropped after a grace. A crash at any point leaves a generation that serves; one half filled is filled anew.
import { randomInt } from 'node:crypto';
import type { Codec } from '../schemas/index.ts';
import { aborted } from './aborted.ts';
import type { Blobs } from './blobs/blobs.ts';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import type { Clock } from './clock.ts';
import { DriftError, isRetriable } from './errors.ts';
import { backoffMs, codeOf } from './failure.ts';
import type { Log } from './log/log.ts';
import type { Postgres } from './postgres/postgres.ts';
import { clickHouseTarget } from './projection/clickhouse-target.ts';
import type { Generation } from './projection/generations.ts';
import { Generations } from './projection/generations.ts';
import { copyHistory, newestTables, ReadRuns } from './projection/history.ts';
import { postgresTarget } from './projection/postgres-target.ts';
import { Pump } from './projection/pump.ts';
import type { Chunk } from './projection/reader.ts';
import { placeKey } from './projection/reader.ts';
import type { Prepared, Target } from './projection/target.ts';
import type { Projection } from './projection.ts';
import { prepareProjections } from './serving.ts';
import type { ComponentMetrics, Logger } from './telemetry.ts';

export interface ProjectionOptions {
  projection: Projection;
  org: string;
  log: Log;
  codec: Codec;
  /** Where the originals of records that are set aside are kept. */
  blobs: Blobs;
  postgres: Postgres;
  clickhouse: ClickHouse;
  clock: Clock;
  logger: Logger;
  metrics: ComponentMetrics;
  signal: AbortSignal;
  /** How long tables outlive the switch to newer ones; queries under way end within it. */
  graceMs?: number;
}

export interface ProjectionStatus {
  name: string;
  store: 'postgres' | 'clickhouse';
  version: number;
  /** `stopped`: by its signal, or for good with `failure`. */
  state: 'starting' | 'catching-up' | 'live' | 'stopped';
  /** The generation that serves; null while the first one is made. */
  generation: number | null;
  /** The one that is being filled beside it. */
  filling: number | null;
  /** Records in the log that the serving generation has not read. */
  lag: number;
  failure: string | null;
}

export interface ProjectionHandle {
  /** Resolves when what was in the log at the start can be asked for; rejects when the projection stops before. */
  ready: Promise<void>;
  /** Resolves when it has ended: in order after the signal, or rejects with what stopped it. */
  ended: Promise<void>;
  status(): Promise<ProjectionStatus>;
  /** Starts to fill a new generation (or joins the one being filled); `done` resolves when it serves. */
  rebuild(): Promise<{ generation: number; done: Promise<void> }>;
}

const GRACE_MS = 30_000;
const LAG_EVERY_MS = 2000;

interface Filling {
  generation: number;
  done: Promise<void>;
}

/** Starts at once; the tables of all generations are prepared here, the rest runs beside. */
export function runProjection(options: ProjectionOptions): ProjectionHandle {
  const loop = new ProjectionLoop(options);
  const ended = loop.run();
  ended.catch(() => undefined);
  loop.ready.catch(() => undefined);
  return {
    ready: loop.ready,
    ended,
    status: () => loop.status(),
    rebuild: () => loop.rebuild(),
  };
}

class ProjectionLoop {
  private readonly options: ProjectionOptions;
  private readonly generations: Generations;
  private serving: {
    generation: number;
    pump: Pump<Prepared>;
    stop: AbortController;
    runs: Promise<void>;
  } | null = null;
  private servingGeneration: number | null = null;
  private filling: Filling | null = null;
  private starting: Promise<void> | null = null;
  private state: ProjectionStatus['state'] = 'starting';
  private failure: string | null = null;
  /** Ends everything when the signal aborts or one part has failed for good. */
  private readonly end = new AbortController();
  private readonly failed = Promise.withResolvers<never>();
  private readonly nowReady = Promise.withResolvers<void>();
  private readonly besides = new Set<Promise<void>>();

  constructor(options: ProjectionOptions) {
    this.options = options;
    this.generations = new Generations(options.postgres, options.clock, options.projection);
    this.failed.promise.catch(() => undefined);
  }

  get ready(): Promise<void> {
    return this.nowReady.promise;
  }

  async run(): Promise<void> {
    const { signal, metrics, logger, projection } = this.options;
    const stop = (): void => this.end.abort();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    metrics.running(0, true);
    try {
      await Promise.race([this.work(), this.failed.promise]);
    } catch (error) {
      this.failure = error instanceof DriftError ? (error.public ?? error.message) : String(error);
      logger.error({ err: error, projection: projection.name }, 'a projection has stopped');
      this.nowReady.reject(error);
      throw error;
    } finally {
      this.end.abort();
      signal.removeEventListener('abort', stop);
      await Promise.allSettled(this.besides);
      this.state = 'stopped';
      metrics.running(0, false);
      this.nowReady.reject(
        new DriftError(`projection ${projection.name} ended before it was ready`, {
          code: 'DM_INTERNAL',
          retriable: true,
        }),
      );
    }
  }

  private async work(): Promise<void> {
    this.starting = this.retried(() => this.start());
    await this.starting;
    this.state = 'catching-up';
    this.beside(this.watchLag());
    await aborted(this.end.signal);
  }

  /** Work that runs beside; its failure ends the projection. */
  private beside(work: Promise<void>): void {
    const watched = work.catch((error: unknown) => {
      if (!this.end.signal.aborted) this.failed.reject(error);
    });
    this.besides.add(watched);
    watched.finally(() => this.besides.delete(watched));
  }

  /** Repeats what fails for a reason that may pass. */
  private async retried<T>(work: () => Promise<T>): Promise<T> {
    const { clock, logger, metrics, projection } = this.options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isRetriable(error) || this.end.signal.aborted) throw error;
        metrics.retried(codeOf(error));
        logger.warn({ err: error, projection: projection.name }, 'a projection tries again');
        await clock.sleep(backoffMs(attempt, randomInt(1 << 20) / (1 << 20)), this.end.signal);
      }
    }
  }

  private async start(): Promise<void> {
    const { projection, postgres, clickhouse } = this.options;
    await prepareProjections(postgres);
    // Tables first: those that another process is just making have their row by then.
    const left = projection.store === 'clickhouse' ? await newestTables(clickhouse, projection, Infinity) : 0;
    const known = await this.generations.listSettled();
    // Half filled by a process that ended: what it had read of the log is not known, so it begins anew.
    const halfFilled = known.filter((each) => each.state === 'filling');
    for (const each of halfFilled) await this.drop(each.generation);
    for (const each of known) if (each.state === 'retired') this.beside(this.dropLater(each));
    const serving = known.find((each) => each.state === 'serving');
    if (serving === undefined && left === 0) {
      const first = await this.addGeneration('serving', 0);
      this.serve(first.generation);
    } else if (serving?.version === projection.version) {
      if (this.serving === null) this.serve(serving.generation);
      if (halfFilled.some((each) => each.version === projection.version)) await this.fill(serving.generation);
    } else {
      // The old tables answer as they are: only the code that filled them could go on with them.
      this.servingGeneration = serving?.generation ?? null;
      await this.fill(serving?.generation ?? left);
    }
  }

  private addGeneration(state: 'filling' | 'serving', above: number): Promise<Generation> {
    return this.generations.add(state, this.options.log.partitions, above, (queries, generation) =>
      this.target(generation).create(queries),
    );
  }

  private target(generation: number): Target<Prepared> {
    const { projection, postgres, clickhouse } = this.options;
    const { generations } = this;
    return projection.store === 'postgres'
      ? postgresTarget({ projection, generation, generations, postgres })
      : clickHouseTarget({ projection, generation, generations, postgres, clickhouse });
  }

  private startPump(generation: number, onRead?: (chunk: Chunk) => void) {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.end.signal]);
    const { org, log, codec, blobs, clock, logger, metrics, projection } = this.options;
    const pump = new Pump<Prepared>({
      projection,
      org,
      log,
      codec,
      blobs,
      clock,
      logger,
      metrics,
      generation,
      generations: this.generations,
      target: this.target(generation),
      signal,
      onRead,
    });
    const runs = pump.run();
    this.beside(runs);
    return { generation, pump, stop, runs };
  }

  private serve(generation: number): void {
    this.serving = this.startPump(generation);
    this.servingGeneration = generation;
    this.beside(this.announceReady(this.serving.pump));
  }

  private async announceReady(pump: Pump<Prepared>): Promise<void> {
    if (!(await pump.reached(await this.retried(() => this.ends())))) return;
    this.state = 'live';
    this.nowReady.resolve();
  }

  private async ends(): Promise<Map<string, number>> {
    const { log, projection } = this.options;
    const places = projection.reads.flatMap((topic) =>
      Array.from({ length: log.partitions }, (_, partition) => ({ topic, partition })),
    );
    const ends = await Promise.all(places.map(({ topic, partition }) => log.end(topic, partition)));
    return new Map(places.map((place, index) => [placeKey(place), ends[index]!]));
  }

  async rebuild(): Promise<Filling> {
    await this.starting;
    if (this.end.signal.aborted || this.servingGeneration === null)
      throw new DriftError(`projection ${this.options.projection.name} does not run`, {
        code: 'DM_DATABASE_UNREACHABLE',
        retriable: true,
        public: `The projection ${this.options.projection.name} does not run, so it cannot be rebuilt. See its status for the reason.`,
      });
    return this.filling ?? (await this.fill(this.servingGeneration));
  }

  /** Fills a new generation beside `from` (0: none) and switches to it. */
  private async fill(from: number): Promise<Filling> {
    const added = await this.addGeneration('filling', from);
    const { logger, projection } = this.options;
    logger.info({ projection: projection.name, generation: added.generation }, 'filling a new generation');
    const done = this.fillAndSwitch(added.generation, from);
    const filling = { generation: added.generation, done };
    this.filling = filling;
    done.catch(() => undefined);
    this.beside(done);
    return filling;
  }

  private async fillAndSwitch(generation: number, from: number): Promise<void> {
    const { projection, clickhouse, log, logger, clock } = this.options;
    const began = clock.now();
    const read = new ReadRuns();
    const copies = projection.store === 'clickhouse' && from > 0;
    let next = this.startPump(generation, copies ? (chunk) => read.add(chunk.runs) : undefined);
    if (!(await next.pump.reached(await this.retried(() => this.ends())))) return;
    if (copies) {
      // It stands still while history is copied, so that what was read and what was written are the same.
      next.stop.abort();
      await next.runs;
      if (this.end.signal.aborted) return;
      const { positions } = next.pump;
      const options = {
        clickhouse,
        projection,
        from,
        to: generation,
        read,
        positions,
        partitions: log.partitions,
      };
      await this.retried(() => copyHistory(options));
      next = this.startPump(generation);
    }
    if (!(await next.pump.caughtUp())) return;
    await this.retried(() => this.generations.serve(generation));
    const before = this.serving;
    this.serving = next;
    this.servingGeneration = generation;
    this.filling = null;
    logger.info(
      { projection: projection.name, generation, ms: clock.now() - began },
      'a new generation serves',
    );
    before?.stop.abort();
    await before?.runs;
    this.beside(this.announceReady(next.pump));
    const retired = (await this.retried(() => this.generations.list())).filter(
      (each) => each.state === 'retired',
    );
    for (const each of retired) this.beside(this.dropLater(each));
  }

  private async dropLater(retired: Generation): Promise<void> {
    const { clock, graceMs = GRACE_MS } = this.options;
    await clock.sleep(Math.max(0, retired.changedAt + graceMs - clock.now()), this.end.signal);
    if (!this.end.signal.aborted) await this.retried(() => this.drop(retired.generation));
  }

  private async drop(generation: number): Promise<void> {
    await this.target(generation).drop();
    await this.generations.forget(generation);
  }

  private async watchLag(): Promise<void> {
    const { clock, metrics, log, projection } = this.options;
    while (!this.end.signal.aborted) {
      const { serving } = this;
      if (serving !== null) {
        const ends = await this.retried(() => this.ends());
        for (let partition = 0; partition < log.partitions; partition++) {
          const keys = projection.reads.map((topic) => placeKey({ topic, partition }));
          metrics.lag(partition, behind(ends, serving.pump.read, keys));
        }
      }
      await clock.sleep(LAG_EVERY_MS, this.end.signal);
    }
  }

  async status(): Promise<ProjectionStatus> {
    const { name, store, version } = this.options.projection;
    const stopped = this.state === 'stopped';
    const ends = stopped ? new Map<string, number>() : await this.ends();
    return {
      name,
      store,
      version,
      state: this.state,
      generation: this.servingGeneration,
      filling: this.filling?.generation ?? null,
      lag: behind(ends, this.serving?.pump.read ?? new Map(), [...ends.keys()]),
      failure: this.failure,
    };
  }
}

const behind = (
  ends: ReadonlyMap<string, number>,
  positions: ReadonlyMap<string, number>,
  keys: readonly string[],
): number =>
  keys.reduce((sum, key) => sum + Math.max(0, (ends.get(key) ?? 0) - (positions.get(key) ?? 0)), 0);
