// What `up` and `run` are told of settings: the options both take, and the configuration that comes of them, the
// environment and the file.
import type { Command } from 'commander';
import type { Io } from '../../api/cli/io.ts';
import { loadConfiguration } from '../../runtime/config.ts';
import type { Configuration } from '../../runtime/config-schema.ts';

export interface SettingOptions {
  config?: string;
  data?: string;
  host?: string;
  port?: string;
}

/** `kept`: what the command keeps in its directory, for the help text. */
export const withSettings = (command: Command, kept: string): Command =>
  command
    .option(
      '-c, --config <file>',
      'configuration file (default: $DRIFTMGR_CONFIG, else ./driftmgr.yaml when there)',
    )
    .option('--data <directory>', kept)
    .option('--host <address>', 'address to listen on')
    .option('--port <port>', 'port to listen on; 0 takes a free one');

/** Throws DM_CONFIG_INVALID with everything that is wrong. */
export function configurationFrom({ environment }: Io, options: SettingOptions): Configuration {
  const { config, data, host, port } = options;
  const file = config ?? environment.DRIFTMGR_CONFIG;
  return loadConfiguration({
    environment,
    overrides: {
      ...(data === undefined ? {} : { data }),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port: Number(port) }),
    },
    ...(file === undefined ? {} : { file }),
  });
}
