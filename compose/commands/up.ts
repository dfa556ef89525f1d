// `driftmgr up`: the whole system on this machine, until it is told to stop.
import { Command } from 'commander';
import { adminKeyPath } from '../../api/admin-key.ts';
import type { Io } from '../../api/cli/io.ts';
import { aborted } from '../../runtime/aborted.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { buildDashboard } from '../dashboard.ts';
import { runEmbedded } from '../run-system.ts';
import { configurationFrom, type SettingOptions, withSettings } from './settings.ts';

interface UpOptions extends SettingOptions {
  validate?: boolean;
}

export function upCommand(io: Io): Command {
  const command = new Command('up').description(
    'Start everything on this machine: API, dashboard, sources, processors, databases',
  );
  return withSettings(command, 'where everything is stored')
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
  const configuration = configurationFrom(io, options);
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
