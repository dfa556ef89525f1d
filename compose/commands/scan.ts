// `driftmgr scan`: one shot on a temporary directory. Reads what is named, says what drifted, and ends.
import { Command, Option } from 'commander';
import { scanAsJson } from '../../api/cli/formats/json.ts';
import { scanAsJunit } from '../../api/cli/formats/junit.ts';
import { scanAsSarif } from '../../api/cli/formats/sarif.ts';
import type { ScanResult } from '../../api/cli/formats/scan.ts';
import { scanAsTable } from '../../api/cli/formats/table.ts';
import type { Io } from '../../api/cli/io.ts';
import { Mistake, wantsColour } from '../../api/cli/io.ts';
import { ExitCode } from '../../api/cli/program.ts';
import { statesAt } from '../../producers/terraform/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import { loadConfiguration } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { caughtUp } from '../caught-up.ts';
import { passingKey } from '../inputs.ts';
import { runEmbedded } from '../run-system.ts';
import { scanResult } from '../scan-result.ts';
import { inTemporaryDirectory } from '../temporary-directory.ts';
import { VERSION } from '../version.ts';

interface ScanOptions {
  state: string[];
  cloudtrail: string[];
  reported: string[];
  digitalocean?: boolean;
  config?: string;
  format: 'json' | 'table' | 'sarif' | 'junit';
  suspected?: boolean;
  all?: boolean;
}

const SYNC = 0;
const DRIFT = 2;
const UNSURE = 3;

export function scanCommand(io: Io): Command {
  return new Command('scan')
    .description('Read states and feeds once, say what drifted, and exit')
    .requiredOption('--state <file...>', 'state files, folders or globs')
    .option('--cloudtrail <directory...>', 'folders of CloudTrail files as S3 delivers them', [])
    .option('--reported <directory...>', 'folders of changes that others report (.jsonl, .json)', [])
    .option('--digitalocean', 'also list DigitalOcean (token in $DRIFTMGR_DIGITALOCEAN_TOKEN)')
    .option('-c, --config <file>', 'configuration: bindings, owners, pipelines, rules')
    .addOption(
      new Option('--format <format>', 'how to print')
        .choices(['json', 'table', 'sarif', 'junit'])
        .default('table'),
    )
    .option('--suspected', 'suspected drift also fails the scan (exit code 2)')
    .option('--all', 'list resolved drifts too')
    .addHelpText(
      'after',
      `
Exit codes: 0 in sync, 2 confirmed drift, 3 nothing confirmed but something suspected, unknown or not read, 1 error.

Examples:
  $ driftmgr scan --state terraform.tfstate --cloudtrail ./AWSLogs
  $ driftmgr scan --state 'states/**/*.tfstate' --cloudtrail trail --format sarif > drift.sarif
  $ driftmgr scan --state prod.tfstate --digitalocean --suspected --format junit`,
    )
    .action((options: ScanOptions) => scan(io, options));
}

async function scan(io: Io, options: ScanOptions): Promise<void> {
  const result = await inTemporaryDirectory('scan', (directory) => read(io, options, directory));
  io.out(print(io, options, result));
  const code = exitCode(result, options);
  if (code !== SYNC) throw new ExitCode(code);
}

async function read(io: Io, options: ScanOptions, directory: string): Promise<ScanResult> {
  const configuration = loadConfiguration({
    environment: io.environment,
    ...(options.config === undefined ? {} : { file: options.config }),
    overrides: {
      data: directory,
      partitions: 2,
      'terraform.states': options.state,
      'aws.cloudtrail': options.cloudtrail,
      'reported.directories': options.reported,
    },
  });
  if (options.digitalocean && configuration.digitalocean.token === undefined)
    throw new Mistake(
      '--digitalocean needs a token',
      'Set DRIFTMGR_DIGITALOCEAN_TOKEN to one with read scope.',
    );
  if (!options.digitalocean) delete configuration.digitalocean.token;
  for (const path of options.state)
    if ((await statesAt(path)).length === 0)
      throw new Mistake(
        `there is no state at ${path}`,
        'Give a state file, a folder that holds *.tfstate files, or a glob.',
      );

  const level = io.environment.DRIFTMGR_LOG_LEVEL ?? 'silent';
  const progress = progressOn(io);
  progress('starting');
  const running = await runEmbedded({
    configuration,
    environment: { ...io.environment, DRIFTMGR_KEY: passingKey() },
    logger: createLogger({ level }),
    once: true,
  });
  try {
    progress('reading');
    await Promise.race([running.sourcesEnded, aborted(io.signal)]);
    await caughtUp(running, systemClock, {
      signal: io.signal,
      progress: (left) =>
        progress(left === 0 ? 'comparing' : `comparing, ${left.toLocaleString('en')} records left`),
    });
    return await scanResult(running, configuration.org, { all: options.all === true });
  } finally {
    progress(null);
    await running.stop();
  }
}

/** A line that replaces itself, only where a person looks on. Null clears it. */
function progressOn(io: Io): (what: string | null) => void {
  if (!io.errIsTerminal) return () => undefined;
  return (what) => io.err(what === null ? '\r\u001b[K' : `\r\u001b[K${what}…`);
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });

function print(io: Io, { format }: ScanOptions, result: ScanResult): string {
  switch (format) {
    case 'json':
      return scanAsJson(result);
    case 'sarif':
      return scanAsSarif(result, { version: VERSION });
    case 'junit':
      return scanAsJunit(result);
    case 'table':
      return scanAsTable(result, { colours: wantsColour(io), now: io.now() });
  }
}

function exitCode({ summary }: ScanResult, { suspected }: ScanOptions): number {
  if (summary.drifts > 0) return DRIFT;
  if (summary.suspected + summary.unverified > 0) return suspected ? DRIFT : UNSURE;
  return summary.unknown + summary.unread > 0 ? UNSURE : SYNC;
}
