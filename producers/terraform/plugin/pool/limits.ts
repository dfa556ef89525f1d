// When a provider may be started, and which one makes room for it. Pure.

export interface Limits {
  /** Processes at once. */
  processes: number;
  /** Their memory together. One process may always run, whatever it costs. */
  bytes: number;
  /** What a process is taken to cost before it was measured. */
  expectedBytes: number;
  /** Calls at once to one process. */
  concurrency: number;
  /** One that had nothing to do for that long is ended. */
  idleMs: number;
  /** While others wait, a busy one takes no more work after that long: so that all get their turn, and none of a moment only. */
  turnMs: number;
}

export const LIMITS: Limits = {
  processes: 4,
  bytes: 1_200 * 1024 * 1024,
  expectedBytes: 300 * 1024 * 1024,
  concurrency: 16,
  idleMs: 120_000,
  turnMs: 5_000,
};

/** What counts of a running process. */
export interface Running {
  ready: boolean;
  busy: boolean;
  /** Work waits for it. */
  wanted: boolean;
  bytes: number | null;
  lastUsed: number;
  turnBegan: number;
}

export const fits = (running: readonly Running[], limits: Limits): boolean => {
  if (running.length === 0) return true;
  const bytes = running.reduce((sum, one) => sum + (one.bytes ?? limits.expectedBytes), 0);
  return running.length < limits.processes && bytes + limits.expectedBytes <= limits.bytes;
};

/** The least recently used of those that have nothing to do. */
export const idlest = <T extends Running>(running: readonly T[]): T | null =>
  running
    .filter(({ ready, busy, wanted }) => ready && !busy && !wanted)
    .reduce<T | null>((least, one) => (least === null || one.lastUsed < least.lastUsed ? one : least), null);

/** The one whose turn has lasted longest, and too long. */
export const overdue = <T extends Running>(running: readonly T[], now: number, turnMs: number): T | null =>
  running
    .filter(({ ready, turnBegan }) => ready && now - turnBegan >= turnMs)
    .reduce<T | null>(
      (first, one) => (first === null || one.turnBegan < first.turnBegan ? one : first),
      null,
    );
