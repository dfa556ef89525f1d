// Projections, each run by one process: which one, the group says. Another that takes one over goes on where the tables
// stand, and what the first still writes is refused by their positions.
import { PROJECTIONS } from '../projections/index.ts';
import type { Assignments } from '../runtime/assignment/assignment.ts';
import {
  type ProjectionHandle,
  type ProjectionOptions,
  type ProjectionStatus,
  runProjection,
} from '../runtime/run-projection.ts';
import { componentMetrics, type Logger } from '../runtime/telemetry.ts';

export interface ProjectionsOptions extends Omit<ProjectionOptions, 'projection' | 'metrics'> {
  assignments: Assignments;
  metrics: Parameters<typeof componentMetrics>[0];
}

export interface ProjectionsHandle {
  /** Resolves when what was in the log at the start can be asked for; one that stops before is told by its status. */
  ready: Promise<void>;
  ended: Promise<void>;
  /** Of those that run here. */
  status(): Promise<ProjectionStatus[]>;
  /** False until it is known which run here, and `status` tells of all of them. */
  joined(): boolean;
  /** Null when it does not run here. */
  rebuild(name: string): Promise<{ done: Promise<void> }> | null;
}

const GROUP = 'projections';

export function runProjections(options: ProjectionsOptions): ProjectionsHandle {
  const { assignments, metrics, log, logger } = options;
  const running = new Map<string, ProjectionHandle>();
  const projectionsAt = (partition: number) =>
    PROJECTIONS.filter((_, index) => index % log.partitions === partition);

  const membership = assignments.join({
    group: GROUP,
    topics: ['driftmgr.drifts'],
    signal: options.signal,
    work: async ({ partition, signal }) => {
      await Promise.all(
        projectionsAt(partition).map(async (projection) => {
          const handle = runProjection({
            ...options,
            projection,
            metrics: componentMetrics(metrics, 'projection', projection.name),
            signal,
          });
          running.set(projection.name, handle);
          await ended(handle, projection.name, logger);
          if (signal.aborted && !options.signal.aborted) running.delete(projection.name);
        }),
      );
    },
  });
  const ready = membership.joined.then(async () => {
    await Promise.allSettled([...running.values()].map((handle) => handle.ready));
  });
  ready.catch(() => undefined);
  return {
    ready,
    ended: membership.ended,
    status: () => Promise.all([...running.values()].map((handle) => handle.status())),
    joined: () =>
      membership.held()?.every((at) => projectionsAt(at).every(({ name }) => running.has(name))) ?? false,
    rebuild: (name) => running.get(name)?.rebuild() ?? null,
  };
}

/** Its status keeps the reason; here it only must not end the others. */
async function ended(handle: ProjectionHandle, name: string, logger: Logger): Promise<void> {
  try {
    await handle.ended;
  } catch (error) {
    logger.debug({ err: error, projection: name }, 'a projection has ended');
  }
}
