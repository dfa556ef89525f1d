// `driftmgr run <role…>`: one or several roles of the cluster, until it is told to stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Io } from '../../api/cli/io.ts';
import { aborted } from '../../runtime/aborted.ts';
import { isRetriable } from '../../runtime/errors.ts';
import { backoffMs } from '../../runtime/failure.ts';
import { createLogger, type Logger } from '../../runtime/telemetry.ts';
import { buildDashboard } from '../dashboard.ts';
import { goBehind } from '../priority.ts';
import { ROLES, rolesFrom, servesApi } from '../roles.ts';
import { type Running, runCluster } from '../run-system.ts';
import { configurationFrom, type SettingOptions, withSettings } from './settings.ts';

export function runCommand(io: Io): Command {
  const command = new Command('run')
    .description(
      'Run one or several roles of the cluster, on Kafka, a registry, Postgres, ClickHouse and Redis',
    )
    .argument('<role...>', ROLES.join(', '));
  return withSettings(command, 'where this process keeps its caches')
    .addHelpText(
      'after',
      `
Processes of one role share its work, and take over what another leaves. Each tells at /healthz, /readyz and /metrics how
it is.

Examples:
  $ driftmgr run api --port 8080
  $ driftmgr run processors --port 8081 --data /var/lib/driftmgr/processors-1
  $ driftmgr run producers processors projections api`,
    )
    .action((roles: string[], options: SettingOptions) => run(io, roles, options));
}

async function run(io: Io, names: string[], options: SettingOptions): Promise<void> {
  const roles = rolesFrom(names);
  // Before it has started anything.
  if (!roles.has('api')) goBehind();
  const configuration = configurationFrom(io, options);
  const logger = createLogger({ level: configuration.log.level });
  if (servesApi(roles)) await buildDashboard(logger);
  const start = () => runCluster({ configuration, environment: io.environment, logger, once: false }, roles);
  const running = await whenServersAnswer(start, logger, io.signal);
  if (running === null) return;
  io.out(`DriftMgr runs ${[...roles].join(', ')} at ${running.url}\n`);
  await aborted(io.signal);
  logger.info('stopping');
  await running.stop();
}

/** Processes are started beside their servers: one that does not answer yet is waited for. Null: told to stop before. */
async function whenServersAnswer(
  start: () => Promise<Running>,
  logger: Logger,
  signal: AbortSignal,
): Promise<Running | null> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (!isRetriable(error)) throw error;
      logger.warn({ err: error }, 'a server does not answer; trying again');
      await sleep(backoffMs(Math.min(attempt, 5), Math.random()), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }
  return null;
}
