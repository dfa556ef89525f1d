// What a process costs. The share of shared pages that is its own, for ten providers of one binary share its text.
import { readFile } from 'node:fs/promises';

/** Bytes; null where the system does not tell (anything but Linux), or the process is gone. */
export async function memoryOf(pid: number): Promise<number | null> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
