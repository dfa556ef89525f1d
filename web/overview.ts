// What every page needs to know at a glance: how many drifts wait for a decision, and what cannot be seen at all.
import type { CoverageJson, DriftCount, SystemJson, WorkspaceJson } from '../api/types.ts';
import { gapGroups } from './gap-groups.ts';
import type { Changes } from './live.ts';
import { useReloadOn } from './live.ts';
import type { Loaded } from './load.ts';
import { useLoad } from './load.ts';
import { client } from './session.ts';

export interface Gaps {
  /** Types and scopes of which nothing is known: not watched at all, or not to be told. */
  blind: CoverageJson[];
  unreadable: WorkspaceJson[];
  stopped: SystemJson['sources'];
}

export interface Overview {
  counts: Loaded<DriftCount[]>;
  gaps: Loaded<Gaps>;
  workspaces: Loaded<WorkspaceJson[]>;
}

const MOST = 500;
/** Coverage is counted over all that is declared: not at every change. */
const GAPS_APART_MS = 3_000;

export function useOverview(changes: Changes): Overview {
  const counts = useLoad('counts', async (signal) => (await client.analytics.drifts({}, { signal })).items);
  const workspaces = useLoad(
    'workspaces',
    async (signal) => (await client.workspaces.list({ limit: MOST }, { signal })).items,
  );
  const gaps = useLoad('gaps', async (signal): Promise<Gaps> => {
    const [coverage, all, system] = await Promise.all([
      client.coverage.list({ status: ['uncovered', 'unknown'], limit: MOST }, { signal }),
      client.workspaces.list({ limit: MOST }, { signal }),
      client.system.get({ signal }),
    ]);
    return {
      blind: coverage.items,
      unreadable: all.items.filter((workspace) => workspace.problem !== null),
      stopped: system.sources.filter(hasTrouble),
    };
  });
  useReloadOn(changes, ['drift'], counts.reload);
  useReloadOn(changes, ['workspace', 'run', 'drift'], workspaces.reload);
  useReloadOn(changes, ['workspace', 'snapshot'], gaps.reload, GAPS_APART_MS);
  return { counts, gaps, workspaces };
}

const hasTrouble = (source: SystemJson['sources'][number]): boolean =>
  source.status === 'failed' || (source.status === 'waiting' && source.detail !== null);

export const gapCount = ({ blind, unreadable, stopped }: Gaps): number =>
  gapGroups(blind).length + unreadable.length + stopped.length;

/** Drifts that wait for someone: confirmed, open, not ignored by a rule. */
export const waits = (count: DriftCount): boolean =>
  count.status === 'open' && count.confidence === 'confirmed';

export const total = (counts: DriftCount[]): number => counts.reduce((sum, { count }) => sum + count, 0);
