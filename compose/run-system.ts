// A mode, put together: adapters, inputs, processors and the system over them, as one thing to stop.
import { randomUUID } from 'node:crypto';
import { compare } from '../processors/drift/compare.ts';
import { createDriftDetector } from '../processors/drift/index.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import type { Logger } from '../runtime/telemetry.ts';
import type { Adapters } from './adapters.ts';
import { Closing } from './closing.ts';
import { DASHBOARD } from './dashboard.ts';
import { createInputs, TERRAFORM } from './inputs.ts';
import { readableIn } from './reading.ts';
import { ALL_ROLES, type Role } from './roles.ts';
import type { System } from './system.ts';
import { startSystem } from './system.ts';
import { VERSION } from './version.ts';

export interface RunOptions {
  configuration: Configuration;
  environment: Record<string, string | undefined>;
  logger: Logger;
  /** Read what is there once and serve no API. */
  once: boolean;
}

export interface Running extends System {
  adapters: Adapters;
  stop(): Promise<void>;
}

// A mode's adapters are loaded when it is asked for: the embedded databases alone take 170 MB of memory.

/** Everything in this process, on one data directory. */
export const runEmbedded = (options: RunOptions): Promise<Running> =>
  run(options, ALL_ROLES, async () => {
    const { openEmbedded } = await import('./embedded.ts');
    return openEmbedded({ ...options, clock: systemClock });
  });

/** Some roles in this process, beside others, on the servers of the cluster. */
export const runCluster = (options: RunOptions, roles: ReadonlySet<Role>): Promise<Running> =>
  run(options, roles, async () => {
    const { openCluster } = await import('./cluster.ts');
    return openCluster({ ...options, roles });
  });

async function run(
  options: RunOptions,
  roles: ReadonlySet<Role>,
  open: () => Promise<Adapters>,
): Promise<Running> {
  const { configuration, logger, once } = options;
  const { graceMs, suspectWindowMs, maxRunMs } = configuration.detector;
  const closing = new Closing();
  try {
    const adapters = await open();
    closing.add(() => adapters.close());
    const inputs = createInputs(configuration, adapters, {
      once,
      clock: systemClock,
      logger,
      environment: options.environment,
    });
    closing.add(() => inputs.close());
    const detector = createDriftDetector({
      compare,
      suspectWindowMs,
      maxRunMs,
      // What is read once is all there is: nothing later can explain a difference, and no one can look again.
      graceMs: once ? 0 : graceMs,
      fetchHead: !once,
      reads: !once && configuration.terraform.readers.length > 0,
      readable: readableIn(configuration),
    });
    const system = await startSystem({
      adapters,
      configuration,
      roles,
      id: randomUUID(),
      clock: systemClock,
      logger,
      version: VERSION,
      backendUnit: TERRAFORM,
      units: inputs.units,
      processors: [detector],
      api: once ? null : { dashboard: DASHBOARD, httpBackend: inputs.httpBackend },
    });
    closing.add(() => system.stop());
    return { ...system, adapters, stop: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
