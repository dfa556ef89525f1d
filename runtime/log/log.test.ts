// Runs the log contract on every adapter.
import { handClock, logContract } from './contract.ts';
import { createMemoryLog } from './memory-log.ts';

logContract('memory', async (partitions) => {
  const clock = handClock();
  const log = createMemoryLog({ partitions, clock });
  return { log, reopen: null, advance: clock.advance, compactsAtOnce: true, dispose: () => log.close() };
});
