// The whole command line: the API's clients, and the commands that run the system itself.
import { nodeIo } from '../api/cli/node-io.ts';
import { createProgram, runProgram } from '../api/cli/program.ts';
import { demoCommand } from './commands/demo.ts';
import { providersCommand } from './commands/providers.ts';
import { runCommand } from './commands/run.ts';
import { scanCommand } from './commands/scan.ts';
import { upCommand } from './commands/up.ts';
import { VERSION } from './version.ts';

/** Resolves to the exit code. */
export function run(argv: string[]): Promise<number> {
  const io = nodeIo();
  const program = createProgram(io, VERSION, [
    upCommand(io),
    runCommand(io),
    scanCommand(io),
    demoCommand(io),
    providersCommand(io),
  ]);
  return runProgram(program, io, argv);
}
