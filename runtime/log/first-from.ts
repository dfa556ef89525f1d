// Where an offset stands among records. Pure.
import type { LogRecord } from './log.ts';

/** Index of the first record at the offset or after it; how many there are when none is. */
export function firstFrom(records: readonly Pick<LogRecord, 'offset'>[], offset: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
