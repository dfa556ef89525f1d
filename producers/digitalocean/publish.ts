// Publishes one completely listed type: what differs from what was published before, what is gone, then the completion.
// IO only through the source's context. Nothing is published of a list that holds what cannot be understood.
import { setImmediate as breathe } from 'node:timers/promises';
import type { Progress, SourceContext, SourceEvent } from '../../runtime/source.ts';
import type { JsonObject } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Hmac } from '../terraform/redact.ts';
import { ApiError } from './api.ts';
import { objectKeyOf } from './identity.ts';
import type { Known, ResourceRow } from './listing.ts';
import { observe, vanishedFingerprint } from './normalize.ts';

/** What every event of the source carries as its source, and its ids are made from. */
export const NAME = 'digitalocean-snapshot';
const BATCH = 500;
/** Items understood between two breaths of the event loop. */
const SLICE = 10;

/** Type → id → fingerprint of the newest value published. */
export type Published = Map<string, Map<string, string>>;

export interface Listed {
  item: JsonObject;
  parent: JsonObject;
  at: number;
}

export interface Snapshot {
  scope: string;
  snapshotId: string;
  /** When the first request of the listing began. */
  startedAt: number;
  account: string | null;
  hmac: Hmac;
}

/** Fingerprints of what was published, by type and id. */
export function readProgress(context: SourceContext): Published {
  const published: Published = new Map();
  for (const [item, progress] of context.progressItems()) {
    const slash = item.indexOf('/');
    if (typeof progress !== 'string' || slash < 0) continue;
    const type = item.slice(0, slash);
    const ids = published.get(type) ?? new Map<string, string>();
    ids.set(item.slice(slash + 1), progress);
    published.set(type, ids);
  }
  return published;
}

export async function publishType(
  context: SourceContext,
  published: Published,
  row: ResourceRow,
  listed: readonly Listed[],
  known: Known,
  snapshot: Snapshot,
): Promise<void> {
  const { account, hmac } = snapshot;
  const before = published.get(row.type) ?? new Map<string, string>();
  published.set(row.type, before);
  const seen = new Set<string>();
  let events: SourceEvent[] = [];
  let progress: Progress[] = [];
  let count = 0;
  const flush = async (last: SourceEvent[]): Promise<void> => {
    if (events.length + last.length === 0) return;
    await context.publish([...events, ...last], progress);
    count += events.length;
    for (const { item, progress: value } of progress) {
      const id = item.slice(row.type.length + 1);
      if (typeof value === 'string') before.set(id, value);
      else before.delete(id);
    }
    events = [];
    progress = [];
  };
  const all = listed.flatMap(({ item, parent, at }) =>
    (row.within?.(item) ?? [item]).map((one) => ({ one, parent, at })),
  );
  // All of it is understood before any of it is published: a list with one bad item proves nothing about the others.
  const observations = [];
  for (const [i, { one, parent, at }] of all.entries()) {
    if (i % SLICE === SLICE - 1) await breathe();
    const observation = observe(row, one, parent, known, account, hmac);
    if (observation === null)
      throw new ApiError(`the list holds a ${row.type} without an id`, { retriable: false });
    observations.push({ ...observation, at });
  }
  for (const { body, fingerprint, at } of observations) {
    if (seen.has(body.resourceId)) continue;
    seen.add(body.resourceId);
    const print = fingerprint.toString('base64url');
    if (before.get(body.resourceId) === print) continue;
    progress.push({ item: `${row.type}/${body.resourceId}`, progress: print });
    events.push({
      type: 'resource.observed',
      body,
      time: at,
      id: stableId('obs', NAME, row.type, body.resourceId, print, at),
      objectKey: objectKeyOf(context.org, row.type, body.resourceId, account),
      fingerprint,
    });
    if (events.length >= BATCH) await flush([]);
  }
  for (const id of [...before.keys()]) {
    if (seen.has(id)) continue;
    progress.push({ item: `${row.type}/${id}`, progress: null });
    events.push({
      type: 'resource.vanished',
      body: {
        provider: 'digitalocean',
        account: account,
        region: null,
        type: row.type,
        resourceId: id,
        proof: 'listing',
      },
      time: snapshot.startedAt,
      id: stableId('van', NAME, row.type, id, snapshot.startedAt),
      objectKey: objectKeyOf(context.org, row.type, id, account),
      fingerprint: vanishedFingerprint(row.type, id),
    });
    if (events.length >= BATCH) await flush([]);
  }
  await flush([
    {
      type: 'snapshot.completed',
      body: {
        scope: snapshot.scope,
        snapshotId: snapshot.snapshotId,
        startedAt: snapshot.startedAt,
        listed: seen.size,
        published: count + events.length,
        attributes: Object.keys(row.attributes),
      },
      time: context.clock.now(),
      id: stableId('scp', snapshot.snapshotId, snapshot.scope),
      objectKey: null,
    },
  ]);
}
