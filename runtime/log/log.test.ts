// Runs the log contract on every adapter.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../telemetry.ts';
import { handClock, logContract } from './contract.ts';
import { openEmbeddedLog } from './embedded-log.ts';
import { createMemoryLog } from './memory-log.ts';

logContract('memory', async (partitions) => {
  const clock = handClock();
  const log = createMemoryLog({ partitions, clock });
  return {
    log,
    reopen: null,
    advance: clock.advance,
    compactsAtOnce: true,
    another: null,
    runs: 30,
    dispose: () => log.close(),
  };
});

// Small segments and no recent chunks in memory, so that the short contract passes through rolling and real reads.
for (const [name, segmentBytes, recentBytes] of [
  ['embedded', 64 << 20, 32 << 20],
  ['embedded with tiny segments', 600, 0],
] as const)
  logContract(name, async (partitions) => {
    const clock = handClock();
    const directory = await mkdtemp(join(tmpdir(), 'driftmgr-log-'));
    const logger = createLogger({ level: 'silent' });
    const open = () =>
      openEmbeddedLog({ directory, partitions, clock, logger, segmentBytes, recentBytes, waste: 0 });
    let log = await open();
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await open();
        return log;
      },
      advance: clock.advance,
      compactsAtOnce: true,
      another: null,
      runs: 30,
      async dispose() {
        await log.close();
        await rm(directory, { recursive: true });
      },
    };
  });
