// CPU seconds of processes and everything they started, also of what has ended since.
import { readFileSync } from 'node:fs';
import { processTree } from '../memory.ts';

/** What Linux counts processor time in, whatever the kernel was built with. */
const TICKS_A_SECOND = 100;

export function cpuSeconds(roots: readonly number[]): number {
  let ticks = 0;
  for (const id of processTree(roots)) {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // User and system time, its own and that of its children that have ended.
      for (const field of [11, 12, 13, 14]) ticks += Number(fields[field]);
    } catch {
      // It ended between being listed and being read.
    }
  }
  return ticks / TICKS_A_SECOND;
}
