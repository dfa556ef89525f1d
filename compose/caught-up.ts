// Waiting until everything that is in the log has been read by everyone: what one-shot scans and benches need.
import type { Clock } from '../runtime/clock.ts';
import { DriftError } from '../runtime/errors.ts';
import type { System } from './system.ts';

const LOOK_MS = 25;
/** So often in a row nothing may be left: a reader that is done may have written for the next. */
const QUIET = 3;

/** Calls `progress` with what is left. Throws what stopped a reader, so that a scan never ends on half the truth. */
export async function caughtUp(
  system: Pick<System, 'readers' | 'failures'>,
  clock: Clock,
  options: { signal?: AbortSignal; progress?: (left: number) => void } = {},
): Promise<void> {
  let quiet = 0;
  while (quiet < QUIET) {
    options.signal?.throwIfAborted();
    const [failure] = await system.failures();
    if (failure !== undefined)
      throw new DriftError(failure, { code: 'DM_INTERNAL', retriable: false, public: `${failure}.` });
    const left = (await system.readers()).reduce((total, reader) => total + reader.lag, 0);
    options.progress?.(left);
    quiet = left === 0 ? quiet + 1 : 0;
    await clock.sleep(LOOK_MS, options.signal);
  }
}
