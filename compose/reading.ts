// Asking providers what resources are: the unit that reads, where readers are configured, and what can be read at all.
import { join } from 'node:path';
import { forwards } from '../processors/drift/index.ts';
import {
  bindingsOf,
  createReader,
  createReadReactor,
  createStatedStates,
  type ReaderRow,
  terraformSweep,
} from '../producers/index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import type { Logger } from '../runtime/telemetry.ts';
import type { JsonObject } from '../schemas/index.ts';
import type { Adapters } from './adapters.ts';
import type { Unit } from './units.ts';

export interface ReadingOptions {
  clock: Clock;
  logger: Logger;
  /** Our own environment: credentials are taken from it. */
  environment: Record<string, string | undefined>;
}

export interface Reading {
  unit: Unit;
  /** Whether sweeps can be asked for: something has a reader. */
  sweeps: boolean;
  close(): Promise<void>;
}

/** Runs without readers too: what was asked for while there were some gets its answer. */
export function createReading(
  configuration: Configuration,
  { blobs, keys, cache, log, codec }: Pick<Adapters, 'blobs' | 'keys' | 'cache' | 'log' | 'codec'>,
  { clock, logger, environment }: ReadingOptions,
): Reading {
  const { terraform, org, data } = configuration;
  const { bindings, readsPerSecond, providerProcesses, providerBytes, providerIdleMs, readMs } = terraform;
  const reader = createReader({
    readers: rowsOf(configuration),
    readsPerSecond,
    environment,
    directory: join(data, 'providers'),
    cache,
    clock,
    logger,
    pool: { processes: providerProcesses, bytes: providerBytes, idleMs: providerIdleMs },
    times: { readMs },
  });
  const states = createStatedStates({ blobs, hmacKey: keys.fingerprintKey, org, bindings });
  const readers = rowsOf(configuration);
  const sweep =
    readers.length === 0
      ? null
      : terraformSweep({ reader, states, log, codec, readers, readsPerSecond, ...terraform.sweep });
  return {
    sweeps: sweep !== null,
    unit: {
      name: 'readers',
      sources: sweep ? [sweep.source] : [],
      reactors: sweep ? [sweep.reactor] : [],
      shared: [createReadReactor({ reader, states, clock }), forwards],
      measure: (registry) => reader.measure(registry),
    },
    async close() {
      await reader.close();
      await states.close();
    },
  };
}

/** Whether what is declared in the workspace, of that provider, can be read: else nothing is asked for. */
export const readableIn = (
  configuration: Configuration,
): ((workspace: string, provider: string) => boolean) => bindingsOf(rowsOf(configuration)).readable;

const rowsOf = ({ terraform }: Configuration): ReaderRow[] =>
  terraform.readers.map((row) => ({ ...row, configuration: row.configuration as JsonObject }));
