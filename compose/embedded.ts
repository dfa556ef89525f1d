// The embedded mode: one process, all adapters on one data directory. A mode is this record; no other file asks which it is.
import { join } from 'node:path';
import { wholeAssignments } from '../runtime/assignment/whole.ts';
import { openDirectoryBlobs } from '../runtime/blobs/directory-blobs.ts';
import { loadKeys } from '../runtime/blobs/keys.ts';
import { createMemoryCache } from '../runtime/cache/memory-cache.ts';
import { connectClickHouse } from '../runtime/clickhouse/connect-clickhouse.ts';
import { openChdb } from '../runtime/clickhouse/open-chdb.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import { lockDataDirectory } from '../runtime/data-directory.ts';
import { openEmbeddedLog } from '../runtime/log/embedded-log.ts';
import { connectPostgres } from '../runtime/postgres/connect-postgres.ts';
import { openEmbeddedPostgres } from '../runtime/postgres/embedded-postgres.ts';
import { openLocalRegistry } from '../runtime/registry/local-registry.ts';
import { openEmbeddedStates } from '../runtime/state/embedded-states.ts';
import type { Logger } from '../runtime/telemetry.ts';
import { createCodec } from '../schemas/index.ts';
import type { Adapters } from './adapters.ts';
import { Closing } from './closing.ts';

export interface EmbeddedOptions {
  configuration: Configuration;
  environment: Record<string, string | undefined>;
  clock: Clock;
  logger: Logger;
}

/**
 * Opens everything, databases side by side. When one does not open, what was opened is closed and the reason thrown.
 * DM_DATA_LOCKED when another process holds the directory.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Adapters> {
  const { configuration, clock, logger } = options;
  const directory = configuration.data;
  const closing = new Closing();
  try {
    const lock = await lockDataDirectory(directory);
    closing.add(() => lock.release());
    const keys = loadKeys({ dataDirectory: directory, env: options.environment });
    const blobs = openDirectoryBlobs({ directory: join(directory, 'blobs'), keys });
    const registry = openLocalRegistry({ file: join(directory, 'registry.json') });

    // Settled, not all: what opened beside a failure has to be closed.
    const [log, postgres, clickhouse] = await Promise.allSettled([
      openEmbeddedLog({
        directory: join(directory, 'log'),
        partitions: configuration.partitions,
        clock,
        logger,
      }),
      configuration.postgres.url
        ? connectPostgres({ url: configuration.postgres.url, logger })
        : openEmbeddedPostgres({ directory: join(directory, 'postgres'), logger }),
      configuration.clickhouse.url
        ? connectClickHouse({ url: configuration.clickhouse.url, logger })
        : openChdb({ directory: join(directory, 'clickhouse'), logger }),
    ]);
    for (const opened of [postgres, clickhouse, log]) {
      if (opened.status === 'fulfilled') closing.add(() => opened.value.close());
    }
    const states = openEmbeddedStates({ directory: join(directory, 'state'), logger });
    closing.add(() => states.close());
    return {
      log: fulfilled(log),
      assignments: wholeAssignments(configuration.partitions),
      cache: createMemoryCache({ clock }),
      postgres: fulfilled(postgres),
      clickhouse: fulfilled(clickhouse),
      states,
      blobs,
      keys,
      codec: createCodec(registry),
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

function fulfilled<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
