// `driftmgr scan` run inside the test process: the real command on the real embedded system, its output caught.

import type { ScanSummary, Unread } from '../../api/cli/formats/scan.ts';
import type { Io } from '../../api/cli/io.ts';
import { type Ran, run } from '../../api/cli/testing.ts';
import type { CoverageJson, DriftJson } from '../../api/types.ts';
import { scanCommand } from '../../compose/commands/scan.ts';

export interface Scanned {
  summary: ScanSummary;
  drifts: DriftJson[];
  coverage: CoverageJson[];
  unread: Unread[];
}

export const scan = (argv: string[], environment: Io['environment'] = {}): Promise<Ran> =>
  run(['scan', ...argv], { environment: { HOME: process.env.HOME, ...environment } }, (io) => [
    scanCommand(io),
  ]);

/** What `--format json` printed. */
export const scanned = (ran: Ran): Scanned => {
  if (ran.err !== '') throw new Error(`the scan complained: ${ran.err}`);
  return JSON.parse(ran.out) as Scanned;
};
