// The command line for tests: what it wrote, and how it ended.
import type { Command } from 'commander';
import type { Io } from './io.ts';
import { createProgram, runProgram } from './program.ts';

export interface Ran {
  out: string;
  err: string;
  code: number;
}

/** Runs one command line against `url` (null: nothing is set). */
export async function run(
  argv: string[],
  change: Partial<Io> = {},
  more: (io: Io) => Command[] = () => [],
): Promise<Ran> {
  const ran: Ran = { out: '', err: '', code: -1 };
  const io: Io = {
    out(text) {
      ran.out += text;
    },
    err(text) {
      ran.err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    environment: {},
    fetch: globalThis.fetch,
    adminKey: () => null,
    now: () => 1_790_000_060_000,
    sleep: async () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
  ran.code = await runProgram(createProgram(io, '0.1.0', more(io)), io, argv);
  return ran;
}
