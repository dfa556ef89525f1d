// What a system has come to know, as its API tells it: to be compared with what another system knows of the same inputs.
import type { Client } from '../../api/client.ts';
import type { Page } from '../../api/types.ts';
import type { Json } from '../../schemas/index.ts';

const EVERY_STATUS = ['open', 'acknowledged', 'accepted', 'resolved'] as const;

/**
 * Members that differ between two systems that were told the same: when they were told, and when they wrote it down. Both
 * hear of the same acts at times of their own (when a state was written, a listing began).
 */
export const TIMES: readonly string[] = [
  'at',
  'openedAt',
  'changedAt',
  'resolvedAt',
  'declaredAsOf',
  'observedAsOf',
  'publishedAt',
  'recordedAt',
  'startedAt',
  'completedAt',
  'lastCompletedAt',
  'lastRunFinishedAt',
];
/**
 * Ids that are made of those times, or of the ids that Terraform draws for its locks. (The id of a step hashes when its
 * drift was opened: `outcomeOf` leaves it out. Ids of drifts hash what they are about, and are compared.)
 */
export const TIMES_IN_IDS: readonly string[] = ['causedBy', 'resolvedBy', 'snapshotId'];

export interface Outcome {
  drifts: Json[];
  /** By drift: its steps, oldest first. */
  timelines: Record<string, Json[]>;
  resources: Json[];
  workspaces: Json[];
  coverage: Json[];
  changes: Json[];
  snapshots: Json[];
}

/** Every item of every page, without the members `leaveOut` names wherever they stand. */
export async function outcomeOf(client: Client, leaveOut: readonly string[]): Promise<Outcome> {
  const left = new Set(leaveOut);
  const drifts = await pages((page) =>
    client.drifts.list({ ...page, status: [...EVERY_STATUS], ignored: true }),
  );
  const timelines: Record<string, Json[]> = {};
  for (const { id } of drifts) {
    const steps = await pages((page) => client.drifts.timeline(id, page));
    // The id of a step hashes the time its drift was opened.
    timelines[id] = steps.map(({ id: _, ...step }) => without(step, left));
  }
  const sorted = (items: readonly unknown[]): Json[] =>
    items.map((item) => without(item, left)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return {
    drifts: sorted(drifts),
    timelines: Object.fromEntries(Object.entries(timelines).sort(([a], [b]) => (a < b ? -1 : 1))),
    resources: sorted(await pages((page) => client.resources.list(page))),
    workspaces: sorted(await pages((page) => client.workspaces.list(page))),
    coverage: sorted(await pages((page) => client.coverage.list(page))),
    changes: sorted(await pages((page) => client.changes.list(page))),
    snapshots: sorted(await pages((page) => client.snapshots.list(page))),
  };
}

async function pages<T>(ask: (page: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { items, next }: Page<T> = await ask({ limit: 500, ...(cursor === '' ? {} : { cursor }) });
    found.push(...items);
    cursor = next;
  }
  return found;
}

/** A copy, its members in alphabetical order. */
export function without(value: unknown, left: ReadonlySet<string>): Json {
  if (Array.isArray(value)) return value.map((each) => without(each, left));
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !left.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, without(member, left)]),
  );
}
