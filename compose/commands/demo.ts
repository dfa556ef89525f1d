// `driftmgr demo`: the whole system on a temporary directory, a pretend cloud, and a story that unfolds in a minute. Where
// terraform or tofu is installed it is that which declares things, and only the cloud is pretend.
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
import { playSteps } from '../demo/play-steps.ts';
import { REAL_STORY } from '../demo/real-story.ts';
import { pretendWorld } from '../demo/real-world.ts';
import { estateSettings } from '../demo/settings.ts';
import { STORY } from '../demo/story.ts';
import { findTerraform } from '../demo/terraform.ts';
import { passingKey } from '../inputs.ts';
import { runEmbedded } from '../run-system.ts';
import { inTemporaryDirectory } from '../temporary-directory.ts';

interface DemoOptions {
  port: string;
  pace: string;
  exit?: boolean;
  /** False with --no-terraform. */
  terraform: boolean;
}

export function demoCommand(io: Io): Command {
  return new Command('demo')
    .description(
      'Start the system with a pretend cloud and tell a story, with real Terraform where it is installed',
    )
    .option('--port <port>', 'port to listen on; 0 takes a free one', '8080')
    .option('--pace <factor>', 'how much faster the story goes', '1')
    .option('--exit', 'stop when the story is told')
    .option('--no-terraform', 'tell the story that needs no terraform, with 500 resources')
    .addHelpText('after', '\nExamples:\n  $ driftmgr demo\n  $ driftmgr demo --pace 3 --port 0')
    .action((options: DemoOptions) => demo(io, options));
}

async function demo(io: Io, options: DemoOptions): Promise<void> {
  const terraform = options.terraform ? await findTerraform(io.environment) : null;
  await inTemporaryDirectory('demo', async (directory) => {
    if (terraform === null) {
      if (options.terraform)
        io.out(
          'Neither terraform nor tofu is on the PATH: what they would write is written by the demo itself.\n',
        );
      return simulated(io, options, directory);
    }
    io.out(
      `With ${terraform.version}, the http backend and providers over the plugin protocol; only the cloud is pretend.\n`,
    );
    return real(io, options, directory, terraform.program);
  });
}

/** Terraform, the plugin protocol and the states are real. */
async function real(io: Io, options: DemoOptions, directory: string, program: string): Promise<void> {
  const pretend = await pretendWorld(directory);
  try {
    await withSystem(io, options, directory, pretend.settings, async (url, key) => {
      const path = io.environment.PATH ?? '';
      const world = pretend.world({ url, key, program, path, signal: io.signal });
      await playSteps(REAL_STORY, world, telling(io, options)).catch((error: unknown) => {
        if (!io.signal.aborted) throw error;
      });
    });
  } finally {
    await pretend.close();
  }
}

/** States and feeds in the formats of Terraform and the clouds, written by the demo. */
async function simulated(io: Io, options: DemoOptions, directory: string): Promise<void> {
  const trail = join(directory, 'trail');
  await mkdir(trail);
  const cloud = await startStandIn(sampleEstate());
  // What the API spends is counted against a quota; the pretend cloud has a generous one.
  cloud.limit = 5_000_000;
  const settings = { ...estateSettings(trail, cloud), 'aws.pollMs': 500, 'digitalocean.everyMs': 2_000 };
  try {
    await withSystem(io, options, directory, settings, async (url, key) => {
      await play(STORY, { url, key, cloud, trail, ...telling(io, options) });
    });
  } finally {
    await cloud.close();
  }
}

const telling = (io: Io, { pace }: DemoOptions) => ({
  clock: systemClock,
  pace: Number(pace),
  signal: io.signal,
  onStep: (step: { at: number; title: string; look: string }) =>
    io.out(`\n${time(step.at)}  ${step.title}\n       ${step.look}\n`),
});

/** Starts the system, lets the story be told, and goes on until it is stopped, unless told not to. */
async function withSystem(
  io: Io,
  options: DemoOptions,
  directory: string,
  settings: Record<string, unknown>,
  tell: (url: string, key: string) => Promise<void>,
): Promise<void> {
  const configuration = loadConfiguration({
    environment: {},
    overrides: {
      data: join(directory, 'data'),
      port: Number(options.port),
      'log.level': 'warn',
      'detector.graceMs': 2_000,
      ...settings,
    },
  });
  const logger = createLogger({ level: configuration.log.level });
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
    await tell(running.url, key);
    if (!options.exit && !io.signal.aborted) {
      io.out('\nThat was the story. The system goes on; stop with Ctrl-C.\n');
      await aborted(io.signal);
    }
  } finally {
    await running.stop();
  }
}

const time = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

const intro = (url: string, key: string, data: string): string => `DriftMgr demo
  Dashboard  ${url}
  Sign in    ${key}
  Watch      npx driftmgr --url ${url} --key ${key} watch
  Data       ${data} (removed at the end)
`;
