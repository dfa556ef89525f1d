// Peak memory of a process and everything it started: the sum of PSS, so that pages two processes map count once.
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of the roots and their descendants. */
export function processTree(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrNull(`/proc/${name}/stat`);
    if (stat === null) continue;
    // The command stands in parentheses and may hold spaces; the parent is the second field after it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const visit = (id: number): void => {
    found.push(id);
    for (const child of children.get(id) ?? []) visit(child);
  };
  for (const root of roots) visit(root);
  return found;
}

export function pssKilobytes(id: number): number {
  const text = readOrNull(`/proc/${id}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(text ?? '')?.[1] ?? 0);
}

// A process may end between being listed and being read.
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Samples until stopped; `stop` returns the peak in bytes. */
export function watchPeakPss(roots: readonly number[], everyMs = 1_000): { stop(): number } {
  let peak = 0;
  const sample = (): void => {
    peak = Math.max(peak, processTree(roots).reduce((sum, id) => sum + pssKilobytes(id), 0) * 1024);
  };
  sample();
  const timer = setInterval(sample, everyMs);
  return {
    stop() {
      clearInterval(timer);
      sample();
      return peak;
    },
  };
}
