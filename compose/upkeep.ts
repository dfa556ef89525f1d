// Keeps the log small: compaction at intervals, beside everything else. Adapters whose server does it do nothing.
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Logger } from '../runtime/telemetry.ts';

const EVERY_MS = 15 * 60_000;

/** Runs until the signal aborts. A compaction that fails loses nothing and is tried again at the next interval. */
export async function keepCompact(options: {
  log: Pick<Log, 'compact'>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  everyMs?: number;
}): Promise<void> {
  const { log, clock, logger, signal, everyMs = EVERY_MS } = options;
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    try {
      await log.compact();
    } catch (error) {
      logger.error(
        { err: error },
        'the log could not be compacted; it goes on growing until the next try succeeds',
      );
    }
  }
}
