// The system over one mode's adapters: starts what the roles of this process ask for, and stops it in the order that loses
// nothing. It does not know which mode it is in.
import { ensureAdminKey } from '../api/admin-key.ts';
import type { App } from '../api/dependencies.ts';
import { createKeys } from '../api/keys.ts';
import { createServer } from '../api/server.ts';
import type { ProcessJson, SystemJson } from '../api/types.ts';
import type { HttpBackend } from '../producers/terraform/index.ts';
import { PROJECTIONS } from '../projections/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Processor } from '../runtime/processor.ts';
import { runProcessor } from '../runtime/run-processor.ts';
import { watchServing } from '../runtime/serving.ts';
import type { Logger } from '../runtime/telemetry.ts';
import { createMetrics } from '../runtime/telemetry.ts';
import type { Adapters } from './adapters.ts';
import { Closing } from './closing.ts';
import { serveHealth } from './health-server.ts';
import { cannotListen } from './listening.ts';
import { tellOfProcess } from './processes.ts';
import { runProjections } from './projections.ts';
import { allReaders, type LocalReader, localReaders, readersJson } from './readers.ts';
import { type Role, servesApi } from './roles.ts';
import { describeTopology } from './topology.ts';
import { runUnits, type Unit } from './units.ts';
import { keepCompact } from './upkeep.ts';

export interface SystemOptions {
  adapters: Adapters;
  configuration: Configuration;
  roles: ReadonlySet<Role>;
  /** Of this process, since it started. */
  id: string;
  clock: Clock;
  logger: Logger;
  version: string;
  /** The unit that takes Terraform's states, by name; others forward to the process that runs it. */
  backendUnit: string;
  units: readonly Unit[];
  processors: readonly Processor[];
  /** Null: nothing is served (one-shot scans, benches). */
  api: { dashboard: string; httpBackend: HttpBackend | null } | null;
}

export interface System {
  /** Base URL of what is served; null when nothing is. */
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

/** Asked of the processes that run projections. */
const REBUILD = 'rebuild';

export async function startSystem(options: SystemOptions): Promise<System> {
  const { adapters, configuration, roles, clock, logger } = options;
  const { log, assignments, cache, codec, blobs, postgres, clickhouse, states } = adapters;
  const { org } = configuration;
  const startedAt = new Date(clock.now()).toISOString();
  const metrics = createMetrics();
  const closing = new Closing();
  try {
    const serving = await watchServing({ postgres, database: clickhouse.database, clock, logger });
    closing.add(() => serving.close());
    const running = { log, codec, blobs, org, clock, logger, metrics };

    // Readers first, sources last: what a source says is then read at once. They stop the other way round.
    const reading = new AbortController();
    const { signal } = reading;
    const projections = roles.has('projections')
      ? runProjections({ ...running, assignments, postgres, clickhouse, signal })
      : null;
    const processors = (roles.has('processors') ? options.processors : []).map((processor) => ({
      processor,
      ...runProcessor({ ...running, assignments, processor, states, signal }),
    }));
    const compacting = keepCompact({ log, clock, logger, signal });
    closing.add(async () => {
      reading.abort();
      await compacting;
      await Promise.all(processors.map((handle) => handle.stopped));
      await projections?.ended;
    });

    // A reader that stops for good before it is ready shows in readiness; what the others know is served all the same.
    const readied = Promise.allSettled([projections?.ready, ...processors.map((handle) => handle.ready)]);
    // Sources wait for the readers of their own process, where it has any; what others run is not waited for.
    if (roles.has('producers')) await readied;
    await serving.refresh();

    const feeding = new AbortController();
    const units = roles.has('producers')
      ? runUnits({ ...running, assignments, units: options.units, signal: feeding.signal })
      : null;
    closing.add(async () => {
      feeding.abort();
      await units?.ended;
    });

    const local = () => localReaders({ log, processors, units, projections });
    const readers = async (): Promise<SystemJson['readers']> =>
      allReaders(await local(), {
        log,
        processors: options.processors,
        reactors: units?.reactors().map(({ reactor }) => reactor) ?? [],
        postgres,
      });
    const sources = (): SystemJson['sources'] => units?.sources() ?? [];
    const notReady = async (known?: LocalReader[]): Promise<string[]> => [
      ...(known ?? (await local())).flatMap(({ name, notReady: reason }) =>
        reason === null ? [] : [`${name}: ${reason}`],
      ),
      ...(units?.notReady() ?? []),
      ...(projections === null || projections.joined() ? [] : ['projections: wait for their share']),
      ...(roles.has('api') ? withoutTables(serving) : []),
    ];
    let url: string | null = null;
    const processes = tellOfProcess({
      cache,
      clock,
      logger,
      self: async (): Promise<ProcessJson> => {
        const known = await local();
        const reasons = await notReady(known);
        return {
          id: options.id,
          roles: [...roles],
          url,
          startedAt,
          seenAt: new Date(clock.now()).toISOString(),
          ready: reasons.length === 0,
          reasons,
          readers: readersJson(known),
          sources: sources(),
        };
      },
      owns: () => (units?.held()?.includes(options.backendUnit) ? url : null),
    });
    closing.add(() => processes.stop());

    const startRebuild = async (name: string): Promise<{ done: Promise<void> }> => {
      if (!PROJECTIONS.some((projection) => projection.name === name)) throw unknownProjection(name);
      const here = projections?.rebuild(name);
      if (here) return here;
      if (!(await cache.publish(REBUILD, name))) throw noOneToAsk(name);
      return { done: Promise.resolve() };
    };
    const rebuildHere = (name: string): void => {
      projections
        ?.rebuild(name)
        ?.then(({ done }) => done)
        .catch((error: unknown) => logger.error({ err: error, projection: name }, 'a rebuild failed'));
    };
    if (projections)
      closing.add(cache.subscribe(REBUILD, { message: rebuildHere, listening: () => undefined }));

    if (options.api && !servesApi(roles)) {
      const served = await serveHealth({ configuration, metrics, readiness: notReady });
      closing.add(() => served.close());
      url = configuration.advertise ?? served.url;
    } else if (options.api) {
      const keys = createKeys({ postgres, clock, logger });
      await keys.prepare();
      await ensureAdminKey(keys, configuration.data, logger);
      const app = await createServer({
        ...running,
        version: options.version,
        keys,
        cache,
        postgres,
        clickhouse,
        serving,
        readiness: notReady,
        readers,
        sources,
        processes: processes.list,
        ownsBackend: () => units?.held()?.includes(options.backendUnit) ?? false,
        backendOwner: processes.backendOwner,
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
      const listening = await listen(app, configuration);
      url = configuration.advertise ?? listening;
    }

    return {
      url,
      serving,
      rebuild: async (names) => {
        const started = await Promise.all(names.map(startRebuild));
        await Promise.all(started.map(({ done }) => done));
      },
      sourcesEnded: units?.ended ?? Promise.resolve(),
      notReady,
      readers,
      sources,
      failures: async () => [
        ...(await local()).flatMap(({ name, stopped }) =>
          stopped === null ? [] : [`${name} has stopped: ${stopped}`],
        ),
        ...sources().flatMap(({ name, status, detail }) =>
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

/** Projections that no process has begun to fill: what they show cannot be asked for. */
function withoutTables(serving: Pick<Awaited<ReturnType<typeof watchServing>>, 'schema'>): string[] {
  return PROJECTIONS.flatMap(({ name }) => {
    try {
      serving.schema(name);
      return [];
    } catch {
      return [`${name}: has no tables yet; a process with the role projections makes them`];
    }
  });
}

async function listen(app: App, { host, port }: Configuration): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw cannotListen({ host, port }, cause);
  }
}

/** What the system page shows of the configuration: no secret, and no address of a database, which may hold one. */
function shown(configuration: Configuration): Record<string, string | number | string[]> {
  return {
    org: configuration.org,
    partitions: configuration.partitions,
    states: configuration.terraform.states,
    cloudtrail: configuration.aws.cloudtrail,
    reported: configuration.reported.directories,
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

const noOneToAsk = (name: string): DriftError =>
  new DriftError(`a rebuild of ${name} could not be asked for`, {
    code: 'DM_DATABASE_UNREACHABLE',
    retriable: true,
    public: `The projection ${name} runs in another process, which cannot be reached while Redis is away. Try again.`,
  });
