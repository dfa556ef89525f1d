// What a scan found, from the projections: every drift, the coverage, what could not be read, and the counts over them.

import type { ScanResult } from '../api/cli/formats/scan.ts';
import { counts } from '../api/cli/formats/scan.ts';
import type { Page, PageRequest, Stores } from '../projections/index.ts';
import {
  coveragePage,
  deadLettersPage,
  driftsPage,
  resourceCounts,
  workspacesPage,
} from '../projections/index.ts';
import type { Running } from './run-system.ts';

export async function scanResult(
  running: Running,
  org: string,
  { all }: { all: boolean },
): Promise<ScanResult> {
  const { postgres, clickhouse } = running.adapters;
  const stores: Stores = { postgres, clickhouse, serving: running.serving };
  const open = ['open', 'acknowledged', 'accepted'] as const;
  const drifts = await everything((page) =>
    driftsPage(stores, { org, ignored: true, status: all ? [...open, 'resolved'] : open, ...page }),
  );
  const coverage = await everything((page) => coveragePage(stores, { org, ...page }));
  const workspaces = await everything((page) => workspacesPage(stores, { org, ...page }));
  const resources = await resourceCounts(stores, { org });
  const letters = await everything((page) => deadLettersPage(stores, { org, ...page }));
  const unread = [
    ...workspaces.flatMap(({ name, problem }) => (problem === null ? [] : [{ what: name, reason: problem }])),
    ...letters.map(({ reader, reason }) => ({ what: reader, reason })),
  ];
  const standing = drifts.filter(counts);
  const withConfidence = (confidence: string): number =>
    standing.filter((drift) => drift.confidence === confidence).length;
  return {
    summary: {
      workspaces: workspaces.length,
      resources: resources.declared,
      drifts: withConfidence('confirmed'),
      suspected: withConfidence('suspected'),
      unverified: withConfidence('unverified'),
      unknown: resources.unknown,
      unread: unread.length,
      accepted: drifts.filter((drift) => drift.status === 'accepted').length,
      ignored: drifts.filter((drift) => drift.ignoredBy !== null && drift.status !== 'resolved').length,
    },
    drifts,
    coverage,
    unread,
  };
}

async function everything<T>(ask: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
