#!/usr/bin/env node
// The native cluster's command line: the real servers without containers, for development and CI.
import { Command, Option } from 'commander';
import { DriftError } from '../../runtime/errors.ts';
import { PORT_BASE } from './directory.ts';
import { kafkaJars } from './downloads.ts';
import { isServerName, ownClickHouse, SERVERS, type ServerName, shellLines } from './layout.ts';
import { openCluster, startCluster } from './start-cluster.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

interface Options {
  directory: string;
  brokers?: string;
  portBase?: string;
  only?: string;
}

/** A ClickHouse server of one's own takes the place of ours, unless ours is what the environment names. */
const given = (portBase: number | undefined): string | null => {
  const url = process.env.CLICKHOUSE_URL ?? '';
  return url === '' || url === ownClickHouse(portBase ?? PORT_BASE) ? null : url;
};
const opened = ({ directory }: Options) =>
  openCluster({ directory, say, clickHouse: process.env.CLICKHOUSE_URL || null });

const program = new Command('cluster')
  .description(
    'Apache Kafka, a schema registry, PostgreSQL, Redis, ClickHouse and S3 on this machine, without containers',
  )
  .showHelpAfterError();

const command = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--directory <directory>', 'data, logs and what runs', '.driftmgr/cluster');

command('up', 'Bring up what is not up yet; returns when all serve')
  .addOption(new Option('--brokers <number>', 'Kafka brokers (default: 1)').choices(['1', '3']))
  .option('--only <servers>', `these servers and no others, separated by commas: ${SERVERS.join(',')}`)
  .option('--port-base <port>', `first of the ports that are used (default: ${PORT_BASE})`)
  .action(async (options: Options) => {
    const begun = performance.now();
    const portBase = options.portBase === undefined ? undefined : port(options.portBase);
    await startCluster({
      directory: options.directory,
      brokers: options.brokers === undefined ? undefined : options.brokers === '3' ? 3 : 1,
      portBase,
      only: options.only === undefined ? undefined : options.only.split(',').map(serverNamed),
      clickHouse: given(portBase),
      say,
    });
    say(`all serve after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  });

command('down', 'End all that was started in the directory; data stays').action((options: Options) =>
  opened(options).end(),
);

command('status', 'Say what runs and serves; exit code 1 unless all do').action(async (options: Options) => {
  const states = await opened(options).status();
  for (const { name, pid, serves } of states)
    process.stdout.write(
      `${name.padEnd(11)} ${pid === null ? 'does not run' : `pid ${pid}, ${serves ? 'serves' : 'does not answer'}`}\n`,
    );
  if (!states.every(({ serves }) => serves)) process.exitCode = 1;
});

command('env', 'Print how it is reached, as lines for a shell').action((options: Options) => {
  process.stdout.write(shellLines(opened(options).env));
});

program
  .command('jars')
  .description('Print the folder of Kafka’s jars, which hold its own command line tools')
  .action(async () => {
    process.stdout.write(`${await kafkaJars(say)}\n`);
  });

for (const [name, description] of [
  ['kill', 'End one server at once (SIGKILL)'],
  ['pause', 'Stop one server in its tracks (SIGSTOP)'],
  ['start', 'Start one server, or let a paused one go on'],
] as const)
  command(name, description)
    .argument('<server>', SERVERS.join(', '))
    .action(async (server: string, options: Options) => {
      await opened(options)[name](serverNamed(server));
    });

function serverNamed(name: string): ServerName {
  if (isServerName(name)) return name;
  throw new DriftError(`${name} is no server`, {
    code: 'DM_INPUT_INVALID',
    retriable: false,
    public: `There is no server ${name}. There are: ${SERVERS.join(', ')}.`,
  });
}

function port(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1024 && number <= 65_000) return number;
  throw new DriftError(`${text} is no port base`, {
    code: 'DM_INPUT_INVALID',
    retriable: false,
    public: `--port-base takes a number from 1024 to 65000, not ${text}.`,
  });
}

const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('\n');
  if (error instanceof DriftError) return error.public ?? error.message;
  return error instanceof Error ? error.message : String(error);
};

try {
  await program.parseAsync();
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
