// How far everything that reads the log is: what runs here as it says itself, what runs elsewhere by its positions.
import type { ProcessJson, SystemJson } from '../api/types.ts';
import { PROJECTIONS } from '../projections/index.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Postgres } from '../runtime/postgres/postgres.ts';
import type { Processor } from '../runtime/processor.ts';
import type { Reactor } from '../runtime/reactor.ts';
import type { PartitionStatus } from '../runtime/run-partitions.ts';
import type { TopicName } from '../schemas/index.ts';
import type { ProjectionsHandle } from './projections.ts';
import type { UnitsHandle } from './units.ts';

/** A reader that runs here. */
export interface LocalReader {
  name: string;
  kind: 'processor' | 'reactor' | 'projection';
  lag: number;
  partitions: PartitionStatus[];
  /** What keeps it from being ready. */
  notReady: string | null;
  /** Why it has stopped for good. */
  stopped: string | null;
  /** Other processes may have a part of it: of the whole, positions tell. */
  isPart: boolean;
}

export interface Running {
  log: Log;
  processors: { processor: Processor; status(): PartitionStatus[]; joined(): boolean }[];
  units: UnitsHandle | null;
  projections: ProjectionsHandle | null;
}

export async function localReaders(running: Running): Promise<LocalReader[]> {
  const { log, processors, units, projections } = running;
  const processing = processors.map(async ({ processor, status, joined }): Promise<LocalReader> => {
    const partitions = status();
    return {
      name: processor.name,
      kind: 'processor',
      lag: await lagOf(
        log,
        processor.name,
        processor.reads,
        new Map(),
        partitions.map(({ partition }) => partition),
      ),
      partitions,
      ...standing(partitions, joined()),
      isPart: partitions.length !== log.partitions,
    };
  });
  const reacting = (units?.reactors() ?? []).map(
    async ({ reactor, handle, isShared }): Promise<LocalReader> => {
      const partitions = handle.status();
      const held = isShared ? partitions.map(({ partition }) => partition) : undefined;
      return {
        name: reactor.name,
        kind: 'reactor',
        lag: await lagOf(log, reactor.name, reactor.reads, handle.read(), held),
        partitions,
        ...standing(partitions, !isShared || handle.joined()),
        isPart: isShared && partitions.length !== log.partitions,
      };
    },
  );
  const projecting = ((await projections?.status()) ?? []).map(
    ({ name, state, lag, failure }): LocalReader => ({
      name,
      kind: 'projection',
      lag,
      partitions: [],
      notReady: state === 'live' ? null : (failure ?? `is ${state}`),
      stopped: state === 'stopped' ? failure : null,
      isPart: false,
    }),
  );
  return [...(await Promise.all([...processing, ...reacting])), ...projecting];
}

/** Those that run here as they are, and of the others what their positions say. */
export async function allReaders(
  local: readonly LocalReader[],
  others: {
    log: Log;
    processors: readonly Processor[];
    /** Those that are known here, whoever runs them. */
    reactors: readonly Reactor[];
    postgres: Postgres | null;
  },
): Promise<SystemJson['readers']> {
  const { log, processors, reactors, postgres } = others;
  const whole = local.filter(({ isPart }) => !isPart);
  const known = new Set(whole.map(({ name }) => name));
  const missing = [
    ...processors.map(({ name, reads }) => ({ name, reads, kind: 'processor' as const })),
    ...reactors.map(({ name, reads }) => ({ name, reads, kind: 'reactor' as const })),
  ].filter(({ name }) => !known.has(name));
  const elsewhere = await Promise.all(
    missing.map(async ({ name, kind, reads }) => ({ name, kind, lag: await lagOf(log, name, reads) })),
  );
  const projections = PROJECTIONS.some(({ name }) => !known.has(name)) && postgres ? postgres : null;
  return [
    ...whole.map(({ name, kind, lag }) => ({ name, kind, lag })),
    ...elsewhere,
    ...(projections ? await projectionLags(log, projections, known) : []),
  ];
}

/** What a process tells the others of its readers. */
export const readersJson = (readers: readonly LocalReader[]): ProcessJson['readers'] =>
  readers.map(({ name, kind, lag, partitions }) => ({ name, kind, lag, partitions }));

async function projectionLags(
  log: Log,
  postgres: Postgres,
  known: ReadonlySet<string>,
): Promise<SystemJson['readers']> {
  const rows = await postgres.query<{ name: string; topic: TopicName; partition: number; next: number }>(
    `SELECT name, topic, partition, next FROM driftmgr.projection_positions
     JOIN driftmgr.projections USING (name, generation) WHERE state = 'serving'`,
  );
  const lags = new Map<string, number>();
  const ends = new Map<string, Promise<number>>();
  for (const { name, topic, partition, next } of rows) {
    if (known.has(name)) continue;
    const place = `${topic}/${partition}`;
    const end = ends.get(place) ?? log.end(topic, partition);
    ends.set(place, end);
    lags.set(name, (lags.get(name) ?? 0) + Math.max(0, (await end) - next));
  }
  return [...lags].map(([name, lag]) => ({ name, kind: 'projection' as const, lag }));
}

/** What keeps a reader from being ready. A partition with a reason comes first: it may have ended the others. */
function standing(
  partitions: readonly PartitionStatus[],
  joined: boolean,
): Pick<LocalReader, 'notReady' | 'stopped'> {
  const unready = partitions.filter(({ phase }) => phase !== 'running');
  const first = unready.find(({ reason }) => reason !== null) ?? unready[0];
  const why = first && (first.reason ?? progressOf(first));
  return {
    notReady: first
      ? `partition ${first.partition} is ${first.phase}: ${why}`
      : joined
        ? null
        : 'waits for its share of the partitions',
    stopped: unready.find(({ phase, reason }) => phase === 'stopped' && reason !== null)?.reason ?? null,
  };
}

const progressOf = ({ restored }: PartitionStatus): string =>
  restored === null || restored.of === 0
    ? 'wait'
    : `${Math.min(100, Math.floor((100 * restored.read) / restored.of))} % of ${restored.of} records read`;

/** Records that the group has still to read, over partitions of its topics. `read`: where it is ahead of what it committed. */
async function lagOf(
  log: Log,
  group: string,
  topics: readonly TopicName[],
  read: ReadonlyMap<string, number> = new Map(),
  partitions: readonly number[] = Array.from({ length: log.partitions }, (_, partition) => partition),
): Promise<number> {
  const positions = new Map(
    (await log.positions(group)).map((at) => [`${at.topic}/${at.partition}`, at.offset]),
  );
  const places = topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition })));
  const lags = await Promise.all(
    places.map(async ({ topic, partition }) => {
      const place = `${topic}/${partition}`;
      const from = Math.max(
        positions.get(place) ?? (await log.start(topic, partition)),
        read.get(place) ?? 0,
      );
      return Math.max(0, (await log.end(topic, partition)) - from);
    }),
  );
  return lags.reduce((sum, lag) => sum + lag, 0);
}
