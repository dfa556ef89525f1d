// `driftmgr demo`: the whole system on a temporary directory, a pretend estate, and a story that unfolds in a minute.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { readAdminKey } from '../../api/admin-key.ts';
import type { Io } from '../../api/cli/io.ts';
import { sampleEstate, startStandIn } from '../../producers/digitalocean/stand-in.ts';
import { aborted } from '../../runtime/aborted.ts';
import { systemClock } from '../../runtime/clock.ts';
import { loadConfiguration } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { buildDashboard } from '../dashboard.ts';
import { play } from '../demo/play.ts';
import { estateSettings } from '../demo/settings.ts';
import { STORY } from '../demo/story.ts';
import { passingKey } from '../inputs.ts';
import { runEmbedded } from '../run-system.ts';
import { inTemporaryDirectory } from '../temporary-directory.ts';

interface DemoOptions {
  port: string;
  pace: string;
  exit?: boolean;
}

export function demoCommand(io: Io): Command {
  return new Command('demo')
    .description('Start the system with a pretend estate (three clouds, 500 resources) and tell a story')
    .option('--port <port>', 'port to listen on; 0 takes a free one', '8080')
    .option('--pace <factor>', 'how much faster the story goes', '1')
    .option('--exit', 'stop when the story is told')
    .addHelpText('after', '\nExamples:\n  $ driftmgr demo\n  $ driftmgr demo --pace 3 --port 0')
    .action((options: DemoOptions) => demo(io, options));
}

const demo = (io: Io, options: DemoOptions): Promise<void> =>
  inTemporaryDirectory('demo', (directory) => tell(io, options, directory));

async function tell(io: Io, options: DemoOptions, directory: string): Promise<void> {
  const trail = join(directory, 'trail');
  await mkdir(trail);
  const cloud = await startStandIn(sampleEstate());
  // What the API spends is counted against a quota; the pretend cloud has a generous one.
  cloud.limit = 5_000_000;
  const configuration = loadConfiguration({
    environment: {},
    overrides: {
      data: join(directory, 'data'),
      port: Number(options.port),
      'log.level': 'warn',
      ...estateSettings(trail, cloud),
      'aws.pollMs': 500,
      'digitalocean.everyMs': 2_000,
      'detector.graceMs': 2_000,
    },
  });
  const logger = createLogger({ level: configuration.log.level });
  try {
    await buildDashboard(logger);
    const running = await runEmbedded({
      configuration,
      environment: { ...io.environment, DRIFTMGR_KEY: passingKey() },
      logger,
      once: false,
    });
    try {
      const key = readAdminKey(configuration.data);
      if (running.url === null || key === null) throw new Error('the demo started without an API');
      io.out(intro(running.url, key, configuration.data));
      await play(STORY, {
        url: running.url,
        key,
        cloud,
        trail,
        clock: systemClock,
        pace: Number(options.pace),
        signal: io.signal,
        onStep: (step) => io.out(`\n${time(step.at)}  ${step.title}\n       ${step.look}\n`),
      });
      if (!options.exit && !io.signal.aborted) {
        io.out('\nThat was the story. The system goes on; stop with Ctrl-C.\n');
        await aborted(io.signal);
      }
    } finally {
      await running.stop();
    }
  } finally {
    await cloud.close();
  }
}

const time = (seconds: number): string => `0:${String(seconds).padStart(2, '0')}`;

const intro = (url: string, key: string, data: string): string => `DriftMgr demo
  Dashboard  ${url}
  Sign in    ${key}
  Watch      npx driftmgr --url ${url} --key ${key} watch
  Data       ${data} (removed at the end)
`;
