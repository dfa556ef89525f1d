// `driftmgr up`: the whole system on this machine, until it is told to stop.
import { Command } from 'commander';
import { adminKeyPath } from '../../api/admin-key.ts';
import type { Io } from '../../api/cli/io.ts';
import { aborted } from '../../runtime/aborted.ts';
import { loadConfiguration } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { buildDashboard } from '../dashboard.ts';
import { runEmbedded } from '../run-system.ts';

interface UpOptions {
  config?: string;
  data?: string;
  host?: string;
  port?: string;
  validate?: boolean;
}

export function upCommand(io: Io): Command {
  return new Command('up')
    .description('Start everything on this machine: API, dashboard, sources, processors, databases')
    .option(
      '-c, --config <file>',
      'configuration file (default: $DRIFTMGR_CONFIG, else ./driftmgr.yaml when there)',
    )
    .option('--data <directory>', 'where everything is stored')
    .option('--host <address>', 'address to listen on')
    .option('--port <port>', 'port to listen on; 0 takes a free one')
    .option('--validate', 'check the configuration and exit')
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr up
  $ driftmgr up --port 9090 --data /var/lib/driftmgr
  $ driftmgr up --config prod.yaml --validate`,
    )
    .action((options: UpOptions) => up(io, options));
}

async function up(io: Io, options: UpOptions): Promise<void> {
  const overrides: Record<string, unknown> = {};
  if (options.data !== undefined) overrides.data = options.data;
  if (options.host !== undefined) overrides.host = options.host;
  if (options.port !== undefined) overrides.port = Number(options.port);
  const file = options.config ?? io.environment.DRIFTMGR_CONFIG;
  const configuration = loadConfiguration({
    environment: io.environment,
    overrides,
    ...(file === undefined ? {} : { file }),
  });
  if (options.validate) {
    io.out('The configuration is valid.\n');
    return;
  }

  const logger = createLogger({ level: configuration.log.level });
  await buildDashboard(logger);
  const running = await runEmbedded({ configuration, environment: io.environment, logger, once: false });
  io.out(
    `DriftMgr is running.\n  Dashboard and API  ${running.url}\n  Admin API key      ${adminKeyPath(configuration.data)}\n  Stop with Ctrl-C.\n`,
  );
  await aborted(io.signal);
  logger.info('stopping');
  await running.stop();
}
