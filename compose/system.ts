// The system over one mode's adapters: starts sources, processors, reactors, projections and the API, and stops them in
// the order that loses nothing. It does not know which mode it is in.
import { ensureAdminKey } from '../api/admin-key.ts';
import type { App } from '../api/dependencies.ts';
import { createKeys } from '../api/keys.ts';
import { createServer } from '../api/server.ts';
import type { SystemJson } from '../api/types.ts';
import type { HttpBackend } from '../producers/terraform/index.ts';
import { PROJECTIONS } from '../projections/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Processor } from '../runtime/processor.ts';
import type { Reactor } from '../runtime/reactor.ts';
import { runProcessor } from '../runtime/run-processor.ts';
import { runProjection } from '../runtime/run-projection.ts';
import { runReactor } from '../runtime/run-reactor.ts';
import { runSource } from '../runtime/run-source.ts';
import { watchServing } from '../runtime/serving.ts';
import type { Source } from '../runtime/source.ts';
import type { Logger } from '../runtime/telemetry.ts';
import { componentMetrics, createMetrics } from '../runtime/telemetry.ts';
import type { TopicName } from '../schemas/index.ts';
import type { Adapters } from './adapters.ts';
import { Closing } from './closing.ts';
import { describeTopology } from './topology.ts';
import { keepCompact } from './upkeep.ts';

export interface SystemOptions {
  adapters: Adapters;
  configuration: Configuration;
  clock: Clock;
  logger: Logger;
  version: string;
  sources: readonly Source[];
  processors: readonly Processor[];
  reactors: readonly Reactor[];
  /** Null: no API is served (one-shot scans, benches). */
  api: { dashboard: string; httpBackend: HttpBackend | null } | null;
}

export interface System {
  /** Base URL of the API; null when none is served. */
  url: string | null;
  /** Resolves when every source has ended: only one-shot sources do. */
  sourcesEnded: Promise<void>;
  /** What keeps it from being ready; empty: ready. */
  notReady(): Promise<string[]>;
  readers(): Promise<SystemJson['readers']>;
  sources(): SystemJson['sources'];
  /** Readers that have stopped for good, and sources that failed for good; one sentence each. */
  failures(): Promise<string[]>;
  serving: Awaited<ReturnType<typeof watchServing>>;
  /** Fills the projections anew from the log while the old ones serve; resolves when the new ones do. */
  rebuild(projections: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

type Reader = SystemJson['readers'][number] & { notReady: string | null; stopped: string | null };

export async function startSystem(options: SystemOptions): Promise<System> {
  const { adapters, configuration, clock, logger } = options;
  const { log, assignments, codec, blobs, postgres, clickhouse, states } = adapters;
  const { org } = configuration;
  const metrics = createMetrics();
  const closing = new Closing();
  try {
    const serving = await watchServing({ postgres, database: clickhouse.database, clock, logger });
    closing.add(() => serving.close());
    const running = { log, codec, blobs, org, clock, logger, metrics };

    // Readers first, sources last: what a source says is then read at once. They stop the other way round.
    const reading = new AbortController();
    const projections = PROJECTIONS.map((projection) =>
      runProjection({
        ...running,
        projection,
        postgres,
        clickhouse,
        metrics: componentMetrics(metrics, 'projection', projection.name),
        signal: reading.signal,
      }),
    );
    const processors = options.processors.map((processor) =>
      runProcessor({ ...running, assignments, processor, states, signal: reading.signal }),
    );
    const reactors = options.reactors.map((reactor) =>
      runReactor({ ...running, assignments, reactor, signal: reading.signal }),
    );
    const compacting = keepCompact({ log, clock, logger, signal: reading.signal });
    closing.add(async () => {
      reading.abort();
      await compacting;
      await Promise.all([...processors, ...reactors].map((handle) => handle.stopped));
      await Promise.allSettled(projections.map((handle) => handle.ended));
    });

    // A reader that stops for good before it is ready shows in readiness; what the others know is served all the same.
    await Promise.allSettled([...projections, ...processors].map((handle) => handle.ready));
    await serving.refresh();

    const feeding = new AbortController();
    const sources = options.sources.map((source) =>
      runSource({ ...running, source, signal: feeding.signal }),
    );
    closing.add(async () => {
      feeding.abort();
      await Promise.all(sources.map((handle) => handle.stopped));
    });

    const readers = async (): Promise<Reader[]> => [
      ...(await Promise.all(
        processors.map(async (handle, index): Promise<Reader> => {
          const { name, reads } = options.processors[index]!;
          return {
            name,
            kind: 'processor',
            lag: await lagOf(log, name, reads),
            ...standing(handle.status()),
          };
        }),
      )),
      ...(await Promise.all(
        reactors.map(async (handle, index): Promise<Reader> => {
          const { name, reads } = options.reactors[index]!;
          const lag = await lagOf(log, name, reads, handle.read());
          return { name, kind: 'reactor', lag, ...standing(handle.status()) };
        }),
      )),
      ...(await Promise.all(projections.map((handle) => handle.status()))).map(
        ({ name, state, lag, failure }): Reader => ({
          name,
          kind: 'projection',
          lag,
          notReady: state === 'live' ? null : (failure ?? `is ${state}`),
          stopped: state === 'stopped' ? failure : null,
        }),
      ),
    ];
    const sourceStatuses = (): SystemJson['sources'] =>
      sources.map((handle, index) => {
        const { phase, reason } = handle.status();
        const status =
          phase === 'running'
            ? 'running'
            : phase === 'finished'
              ? 'finished'
              : phase === 'stopped'
                ? 'failed'
                : 'waiting';
        return { name: options.sources[index]!.name, status, detail: reason };
      });
    const notReady = async (): Promise<string[]> =>
      (await readers()).flatMap(({ name, notReady: reason }) =>
        reason === null ? [] : [`${name}: ${reason}`],
      );

    const startRebuild = async (name: string): Promise<{ done: Promise<void> }> => {
      const at = PROJECTIONS.findIndex((projection) => projection.name === name);
      if (at === -1) throw unknownProjection(name);
      return projections[at]!.rebuild();
    };

    let url: string | null = null;
    if (options.api) {
      const keys = createKeys({ postgres, clock, logger });
      await keys.prepare();
      await ensureAdminKey(keys, configuration.data, logger);
      const app = await createServer({
        ...running,
        version: options.version,
        keys,
        postgres,
        clickhouse,
        serving,
        readiness: notReady,
        readers: async () => (await readers()).map(({ name, kind, lag }) => ({ name, kind, lag })),
        sources: sourceStatuses,
        cache: adapters.cache,
        processes: async () => [],
        ownsBackend: () => true,
        backendOwner: async () => null,
        topology: describeTopology(),
        rebuild: async (name) => {
          const { done } = await startRebuild(name);
          done.catch((error: unknown) => logger.error({ err: error, projection: name }, 'a rebuild failed'));
        },
        configuration: shown(configuration),
        jwt: configuration.jwt,
        dashboard: options.api.dashboard,
        httpBackend: options.api.httpBackend,
        maxStateBytes: configuration.terraform.maxStateBytes,
      });
      closing.add(() => app.close());
      url = await listen(app, configuration);
    }

    return {
      url,
      serving,
      rebuild: async (names) => {
        const started = await Promise.all(names.map(startRebuild));
        await Promise.all(started.map(({ done }) => done));
      },
      sourcesEnded: Promise.all(sources.map((handle) => handle.stopped)).then(() => undefined),
      notReady,
      readers: async () => (await readers()).map(({ name, kind, lag }) => ({ name, kind, lag })),
      sources: sourceStatuses,
      failures: async () => [
        ...(await readers()).flatMap(({ name, stopped }) =>
          stopped === null ? [] : [`${name} has stopped: ${stopped}`],
        ),
        ...sourceStatuses().flatMap(({ name, status, detail }) =>
          status === 'failed' ? [`source ${name} has stopped: ${detail ?? 'no reason known'}`] : [],
        ),
      ],
      stop: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** What keeps a reader from being ready. A partition with a reason comes first: it may have ended the others. */
function standing(
  partitions: readonly { partition: number; phase: string; reason: string | null }[],
): Pick<Reader, 'notReady' | 'stopped'> {
  const unready = partitions.filter(({ phase }) => phase !== 'running');
  const first = unready.find(({ reason }) => reason !== null) ?? unready[0];
  return {
    notReady: first ? `partition ${first.partition} is ${first.phase}: ${first.reason ?? 'wait'}` : null,
    stopped: unready.find(({ phase, reason }) => phase === 'stopped' && reason !== null)?.reason ?? null,
  };
}

/** Records that the group has still to read, over all partitions of its topics. `read`: where it is ahead of what it committed. */
async function lagOf(
  log: Log,
  group: string,
  topics: readonly TopicName[],
  read: ReadonlyMap<string, number> = new Map(),
): Promise<number> {
  const positions = new Map(
    (await log.positions(group)).map((at) => [`${at.topic}/${at.partition}`, at.offset]),
  );
  let lag = 0;
  for (const topic of topics) {
    for (let partition = 0; partition < log.partitions; partition++) {
      const place = `${topic}/${partition}`;
      const from = Math.max(
        positions.get(place) ?? (await log.start(topic, partition)),
        read.get(place) ?? 0,
      );
      lag += Math.max(0, (await log.end(topic, partition)) - from);
    }
  }
  return lag;
}

async function listen(app: App, { host, port }: Configuration): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new DriftError(`cannot listen on ${host}:${port}`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      cause,
      public: `Cannot listen on ${host} port ${port}: ${cause instanceof Error ? cause.message : 'unknown reason'}. Set port (DRIFTMGR_PORT) to a free one.`,
    });
  }
}

/** What the system page shows of the configuration: no secret, and no address of a database, which may hold one. */
function shown(configuration: Configuration): Record<string, string | number | string[]> {
  return {
    org: configuration.org,
    partitions: configuration.partitions,
    states: configuration.terraform.states,
    cloudtrail: configuration.aws.cloudtrail,
    digitalocean: configuration.digitalocean.token ? configuration.digitalocean.url : 'not configured',
    postgres: configuration.postgres.url ? 'server' : 'embedded',
    clickhouse: configuration.clickhouse.url ? 'server' : 'embedded',
  };
}

const unknownProjection = (name: string): DriftError =>
  new DriftError(`no projection ${name}`, {
    code: 'DM_NOT_FOUND',
    retriable: false,
    public: `There is no projection called ${name}. Known: ${PROJECTIONS.map((projection) => projection.name).join(', ')}.`,
  });
