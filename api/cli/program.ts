// The command line: its commands, and how their errors are said. Commands that start servers come from who composes.
import { Command, CommanderError, Option } from 'commander';
import { ApiProblem, Unreachable } from '../client.ts';
import { configurationCommand } from './commands/configuration.ts';
import { driftsCommand } from './commands/drifts.ts';
import { coverageCommand, resourcesCommand, workspacesCommand } from './commands/inventory.ts';
import { keysCommand, replayCommand, snapshotsCommand, topologyCommand } from './commands/operations.ts';
import { watchCommand } from './commands/watch.ts';
import type { Io } from './io.ts';
import { Mistake } from './io.ts';

/** A problem of the configuration, the data, the machine: DriftError fits it. */
interface Explained {
  code: string;
  public: string | undefined;
}

/** `more`: commands that are no clients of the API (`up`, `run`, `scan`, `demo`); they come first in the help. */
export function createProgram(io: Io, version: string, more: readonly Command[] = []): Command {
  const program = new Command('driftmgr')
    .description(
      'Knows within seconds when infrastructure no longer matches its Terraform state, and who did it.',
    )
    .version(version)
    .option('--url <url>', 'the server (default: $DRIFTMGR_URL, else http://127.0.0.1:8080)')
    .option('--key <key>', 'API key (default: $DRIFTMGR_API_KEY, else ./.driftmgr/admin.key)')
    .addOption(new Option('-o, --output <form>', 'how to print').choices(['table', 'json']).default('table'))
    .addHelpText(
      'after',
      `
Examples:
  $ driftmgr up                          start everything on this machine
  $ driftmgr scan --state prod.tfstate --cloudtrail ./trail --format table
  $ driftmgr drifts --severity critical,high
  $ driftmgr watch

Exit codes: 0 done, 1 an error. \`scan\` also: 2 confirmed drift, 3 something suspected or unknown.`,
    );
  for (const command of more) program.addCommand(command);
  const clients = [
    driftsCommand,
    watchCommand,
    resourcesCommand,
    workspacesCommand,
    configurationCommand,
    coverageCommand,
    snapshotsCommand,
    keysCommand,
    topologyCommand,
    replayCommand,
  ];
  for (const command of clients) program.addCommand(command(io));
  settle(program, io);
  return program;
}

/** Errors are thrown, not ended on; text goes where `io` says. For a command and all under it. */
function settle(command: Command, io: Io): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(--help shows how)');
  for (const one of command.commands) settle(one, io);
}

/** Runs one command line and gives the exit code. `argv`: without node and script. Commands may set another code than 0. */
export async function runProgram(program: Command, io: Io, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof ExitCode) return error.code;
    if (error instanceof CommanderError) return error.exitCode;
    if (io.signal.aborted) return INTERRUPTED;
    io.err(`${explain(error)}\n`);
    return 1;
  }
}

/** What shells expect of a program that SIGINT ended: 128 and the signal's number. */
const INTERRUPTED = 130;

/** Thrown by a command that ends well with another code than 0 (`scan`). */
export class ExitCode extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** What happened, and what to do. */
function explain(error: unknown): string {
  if (error instanceof Mistake)
    return `error: ${error.message}${error.hint === null ? '' : `\n  ${error.hint}`}`;
  if (error instanceof Unreachable)
    return `error: ${error.message}\n  Is the server running? Start it with \`driftmgr up\`, or say where it is: --url or DRIFTMGR_URL.`;
  if (error instanceof ApiProblem) {
    const { detail, errors, correlationId, code } = error.problem;
    const all =
      errors && errors.length > 1 ? errors.map(({ path, message }) => `\n  ${path} ${message}`).join('') : '';
    const said = all === '' ? detail : `the request has ${errors?.length} mistakes:${all}`;
    const hint =
      error.status === 401
        ? '\n  Give a key: --key, DRIFTMGR_API_KEY, or run it where .driftmgr/admin.key is.'
        : '';
    const quote = error.status >= 500 && correlationId !== '' ? `\n  correlation id: ${correlationId}` : '';
    return `error: ${said} (${code})${hint}${quote}`;
  }
  if (isExplained(error)) return `error: ${error.public} (${error.code.toLowerCase()})`;
  return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n  This is a defect: please report it.`;
}

const isExplained = (error: unknown): error is Explained & { public: string } =>
  error instanceof Error &&
  'public' in error &&
  typeof error.public === 'string' &&
  'code' in error &&
  typeof error.code === 'string';
