// How far the sweep of a workspace has come: the source's progress, committed with what it published. Pure.
import type { Json } from '../../../schemas/index.ts';

export interface SweepProgress {
  /** Of the sweep that is under way, or the last one. */
  snapshotId: string;
  startedAt: number;
  /** Address of the last instance that was read; null at the beginning. */
  after: string | null;
  /** Instances that were read, gone ones included. */
  listed: number;
  published: number;
  /** Instances that could not be read, by code. */
  failed: { [code: string]: number };
  completedAt: number | null;
  /** Why it does not get on; null while it does. */
  problem: string | null;
  /** When it is tried again; null: at once. */
  retryAt: number | null;
}

const PREFIX = 'sweep/';
export const itemOf = (workspace: string): string => `${PREFIX}${workspace}`;
export const workspaceOfItem = (item: string): string | null =>
  item.startsWith(PREFIX) ? item.slice(PREFIX.length) : null;

// What this source wrote itself is read back as it was written.
export const progressOf = (json: Json | undefined): SweepProgress | null =>
  (json as unknown as SweepProgress | undefined) ?? null;
export const jsonOf = (progress: SweepProgress): Json => ({ ...progress });

export const isUnderWay = (progress: SweepProgress | null): boolean =>
  progress !== null && progress.completedAt === null && progress.snapshotId !== '';

/** `3 could not be read (denied 2, hung 1)`; null when all could. */
export function failuresText({ failed }: SweepProgress): string | null {
  const codes = Object.entries(failed).sort((a, b) => b[1] - a[1]);
  const count = codes.reduce((sum, [, n]) => sum + n, 0);
  if (count === 0) return null;
  return `${count} could not be read (${codes.map(([code, n]) => `${code} ${n}`).join(', ')})`;
}
