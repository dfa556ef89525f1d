#!/usr/bin/env node
// The command line's entry. Keeps what was compiled, so that the next call starts in half the time; in a folder of the
// user's own, because whoever can write there decides what runs.
import { accessSync, constants } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

try {
  accessSync(homedir(), constants.W_OK);
  enableCompileCache(join(homedir(), '.cache', 'driftmgr'));
} catch {
  // An account without a home compiles each time.
}
const { run } = await import('./command-line.ts');
process.exitCode = await run(process.argv.slice(2));
