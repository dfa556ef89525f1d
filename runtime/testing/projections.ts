// Runs projections in a test on real embedded databases and a log in memory.
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { Event } from '../../schemas/index.ts';
import { createMemoryBlobs } from '../blobs/memory-blobs.ts';
import type { ClickHouse } from '../clickhouse/clickhouse.ts';
import { openChdb } from '../clickhouse/open-chdb.ts';
import { systemClock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import type { Postgres } from '../postgres/postgres.ts';
import type { Projection } from '../projection.ts';
import type { ProjectionHandle } from '../run-projection.ts';
import { runProjection } from '../run-projection.ts';
import type { WatchedServing } from '../serving.ts';
import { watchServing } from '../serving.ts';
import { componentMetrics } from '../telemetry.ts';
import { testCodec } from './codec.ts';
import { TEST_ORG } from './events.ts';
import { appendEvents, silent } from './loop.ts';
import { openMadePostgres } from './made-database.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface ProjectionBench {
  postgres: Postgres;
  clickhouse: ClickHouse;
  serving: WatchedServing;
  log: Log;
  handles: ProjectionHandle[];
  append(events: readonly Event[]): Promise<void>;
  /** Resolves when every projection has read all there is. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the projections on fresh databases and waits until they are ready. */
export async function openProjections(
  projections: readonly Projection[],
  options: { log?: Log } = {},
): Promise<ProjectionBench> {
  const folder = temporaryFolder();
  const logger = silent;
  const clock = systemClock;
  const postgres = await openMadePostgres({ directory: join(folder.path, 'pg'), logger });
  const clickhouse = await openChdb({ directory: join(folder.path, 'ch'), logger });
  const log = options.log ?? createMemoryLog({ partitions: 4, clock });
  const stop = new AbortController();
  const handles = projections.map((projection) =>
    runProjection({
      projection,
      org: TEST_ORG,
      log,
      codec: testCodec(),
      blobs: createMemoryBlobs(),
      postgres,
      clickhouse,
      clock,
      logger,
      metrics: componentMetrics(new Registry(), 'projection', projection.name),
      signal: stop.signal,
      graceMs: 100,
    }),
  );
  await Promise.all(handles.map((handle) => handle.ready));
  const serving = await watchServing({ postgres, database: clickhouse.database, clock, logger });
  return {
    postgres,
    clickhouse,
    serving,
    log,
    handles,
    append: (events) => appendEvents(log, events),
    async settled() {
      for (const handle of handles) while ((await handle.status()).lag > 0) await clock.sleep(10);
    },
    async close() {
      stop.abort();
      await Promise.allSettled(handles.map((handle) => handle.ended));
      serving.close();
      await postgres.close();
      await clickhouse.close();
      folder.remove();
    },
  };
}
