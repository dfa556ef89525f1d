// The steps of a drift, held against the drift itself. The drift comes from Postgres, its steps from ClickHouse, which is
// filled a little later: how many steps are still to come is said, and a drift without any is waited for. Steps up to a
// revision never change, so a timeline that reaches it is remembered.
import { driftTimeline } from '../projections/clickhouse/drift-transitions.ts';
import { KEPT_DAYS } from '../projections/clickhouse/storage.ts';
import type { DriftJson } from '../projections/drift-json.ts';
import { decodeCursor } from '../projections/queries.ts';
import type { Context } from './dependencies.ts';
import { linked } from './links.ts';
import type { PageQuery, Timeline } from './types.ts';

const LOOK_EVERY_MS = 100;
const KEPT_MS = KEPT_DAYS * 86_400_000;

export function timelineOf(context: Context, drift: DriftJson, page: PageQuery): Promise<Timeline> {
  const table = context.serving.table('drift-transitions', 'transitions');
  return context.remembered.take(
    JSON.stringify(['timeline', table, drift.id, drift.revision, page.limit ?? null, page.cursor ?? null]),
    () => untilBegun(context, drift, page),
    ({ behind }) => behind === 0,
  );
}

/** Bounded: when the history is far behind, the answer is right all the same, and says so. */
async function untilBegun(context: Context, drift: DriftJson, page: PageQuery): Promise<Timeline> {
  const { clock, limits } = context;
  const end = clock.now() + limits.visibleWaitMs;
  for (;;) {
    const timeline = await asItStands(context, drift, page);
    const lacksAll = timeline.items.length === 0 && page.cursor === undefined && timeline.behind > 0;
    if (!lacksAll || clock.now() >= end) return timeline;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

async function asItStands(context: Context, drift: DriftJson, page: PageQuery): Promise<Timeline> {
  const { items, next } = await driftTimeline(context, { ...page, org: context.org, driftId: drift.id });
  const before = page.cursor === undefined ? 0 : (decodeCursor(page.cursor, ['number'])[0] as number);
  const last = items.at(-1)?.drift.revision ?? before;
  // What was kept for as long as history is, is gone and not still to come.
  const isExpired = Date.parse(drift.changedAt) < context.clock.now() - KEPT_MS;
  const behind = next !== null || isExpired ? 0 : Math.max(0, drift.revision - last);
  return { items: items.map((step) => ({ ...step, drift: linked(step.drift) })), next, behind };
}
