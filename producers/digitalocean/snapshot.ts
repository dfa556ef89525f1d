// The source `digitalocean-snapshot`: lists every type, publishes what differs from what it published before, what is
// gone, and one completion per type. IO; what an answer means is in resources.ts and normalize.ts.
//
// A type whose list fails in any part is failed, with the reason: it publishes nothing and proves nothing. The fingerprint
// of each resource's newest value is this source's progress, committed with the events: after a crash both are there or
// neither, and an unchanged resource costs a hash and a lookup.
import { setImmediate as breathe } from 'node:timers/promises';
import type { Reactor } from '../../runtime/reactor.ts';
import type { Progress, Source, SourceContext, SourceEvent } from '../../runtime/source.ts';
import type { Event, JsonObject } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Hmac } from '../terraform/redact.ts';
import { type Api, ApiError, createApi, type Page } from './api.ts';
import { idText } from './fields.ts';
import { objectKeyOf } from './identity.ts';
import { observe, vanishedFingerprint } from './normalize.ts';
import { type Known, LISTINGS, type Listing, type ResourceRow } from './resources.ts';

export interface SnapshotOptions {
  /** Base URL of the API. */
  url: string;
  token: string;
  /** Account uuid, where several accounts are read: part of scopes and of the keys of what is unique per account only. */
  account: string | null;
  /** Time between sweeps, milliseconds; null: one sweep, then the source ends. */
  everyMs: number | null;
  /** Keyed fingerprint that stands for a secret. */
  hmac: Hmac;
  /** Part of the hourly request quota sweeps may spend; by default a tenth, all of it for a single sweep. */
  share?: number;
  /** Longest wait sat out when throttled, milliseconds. */
  maxWaitMs?: number;
}

const NAME = 'digitalocean-snapshot';
const BATCH = 500;
const HOUR = 3_600_000;

interface Wish {
  /** Null: every scope. */
  scope: string | null;
  settle(result: { failed: string[]; unknown: boolean }): void;
}

/** What a sweep has listed so far, for rows and for listings per element. */
interface Swept {
  known: Known;
  items: Map<string, JsonObject[]>;
  failures: Map<string, ApiError>;
}

interface Listed {
  item: JsonObject;
  parent: JsonObject;
  at: number;
}

/**
 * The source, and the reactor that lets `snapshot.requested` start a sweep at once (they must run in one process; a
 * request waits while no source runs).
 */
export function digitaloceanSnapshots(options: SnapshotOptions): { source: Source; reactor: Reactor } {
  const wishes: Wish[] = [];
  let wake = new AbortController();

  const source: Source = {
    name: NAME,
    async run(context) {
      const api = createApi({
        url: options.url,
        token: options.token,
        clock: context.clock,
        share: options.share ?? (options.everyMs === null ? 1 : 0.1),
        maxWaitMs: options.maxWaitMs ?? 60_000,
      });
      const published = readProgress(context);
      for (;;) {
        const asked = wishes.splice(0);
        const before = api.spent().requests;
        const due = asked.length === 0;
        const scopes =
          due || asked.some((wish) => wish.scope === null) ? null : asked.map((wish) => wish.scope!);
        const { failed, retryAt } = await sweep(context, api, published, scopes);
        for (const wish of asked)
          wish.settle({
            failed: failed.filter((scope) => wish.scope === null || wish.scope === scope),
            unknown: wish.scope !== null && !allScopes().includes(wish.scope),
          });
        context.signal.throwIfAborted();
        if (options.everyMs === null) return;
        await pause(context, api, before, retryAt);
        context.signal.throwIfAborted();
      }
    },
  };

  /** Until the next sweep is due, the provider allows one again, or someone asks for one. */
  async function pause(
    context: SourceContext,
    api: Api,
    before: number,
    retryAt: number | null,
  ): Promise<void> {
    if (wishes.length > 0) return;
    const { requests, allowed } = api.spent();
    // A sweep of n requests may come around so often that an hour's sweeps stay within the share.
    const pace = (Math.max(0, requests - before) * HOUR) / allowed;
    const now = context.clock.now();
    const wait = Math.max(retryAt === null ? options.everyMs! : retryAt - now, pace);
    wake = new AbortController();
    await context.clock.sleep(wait, AbortSignal.any([context.signal, wake.signal]));
  }

  const reactor: Reactor = {
    name: NAME,
    reads: ['driftmgr.requests'],
    wants: (event) => event.type === 'snapshot.requested' && event.body.provider === 'digitalocean',
    async perform(event, signal) {
      if (event.type !== 'snapshot.requested') return [];
      const { scope } = event.body;
      const result = await new Promise<{ failed: string[]; unknown: boolean }>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        wishes.push({ scope, settle: resolve });
        wake.abort();
      });
      return [settled(event, result)];
    },
  };

  const scopeOf = (type: string): string => `digitalocean/${options.account ?? '-'}/-/${type}`;
  const allScopes = (): string[] =>
    LISTINGS.flatMap(({ resources }) => resources.map(({ type }) => scopeOf(type)));

  async function sweep(
    context: SourceContext,
    api: Api,
    published: Map<string, Map<string, string>>,
    scopes: string[] | null,
  ): Promise<{ failed: string[]; retryAt: number | null }> {
    const certificates = new Map<string, string>();
    const swept: Swept = { known: { certificates }, items: new Map(), failures: new Map() };
    const snapshotId = stableId('snp', NAME, options.account ?? '-', context.clock.now());
    const failed: string[] = [];
    let stopped: ApiError | null = null;
    for (const listing of listingsFor(scopes, scopeOf)) {
      const startedAt = context.clock.now();
      const wanted = listing.resources.filter(
        ({ type }) => scopes === null || scopes.includes(scopeOf(type)),
      );
      try {
        if (stopped) throw stopped;
        const listed = await list(api, listing, swept, context.signal);
        swept.items.set(
          listing.name,
          listed.map(({ item }) => item),
        );
        if (listing.name === 'certificates') remember(certificates, listed);
        for (const row of wanted)
          await publishType(context, published, row, listed, swept.known, { startedAt, snapshotId });
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof ApiError)) throw error;
        swept.failures.set(listing.name, error);
        if (error.stops) stopped = error;
        failed.push(...wanted.map(({ type }) => scopeOf(type)));
        await publishFailure(context, listing, wanted, error, snapshotId);
      }
    }
    return { failed, retryAt: stopped?.retryAt ?? null };
  }

  async function publishType(
    context: SourceContext,
    published: Map<string, Map<string, string>>,
    row: ResourceRow,
    listed: readonly Listed[],
    known: Known,
    snapshot: { startedAt: number; snapshotId: string },
  ): Promise<void> {
    const scope = scopeOf(row.type);
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
      if (i % BATCH === BATCH - 1) await breathe();
      const observation = observe(row, one, parent, known, options.account, options.hmac);
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
        objectKey: objectKeyOf(context.org, row.type, body.resourceId, options.account),
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
          account: options.account,
          region: null,
          type: row.type,
          resourceId: id,
          proof: 'listing',
        },
        time: snapshot.startedAt,
        id: stableId('van', NAME, row.type, id, snapshot.startedAt),
        objectKey: objectKeyOf(context.org, row.type, id, options.account),
        fingerprint: vanishedFingerprint(row.type, id),
      });
      if (events.length >= BATCH) await flush([]);
    }
    await flush([
      {
        type: 'snapshot.completed',
        body: {
          scope,
          snapshotId: snapshot.snapshotId,
          startedAt: snapshot.startedAt,
          listed: seen.size,
          published: count + events.length,
          attributes: Object.keys(row.attributes),
        },
        time: context.clock.now(),
        id: stableId('scp', snapshot.snapshotId, scope),
        objectKey: null,
      },
    ]);
  }

  async function publishFailure(
    context: SourceContext,
    listing: Listing,
    rows: readonly ResourceRow[],
    error: ApiError,
    snapshotId: string,
  ): Promise<void> {
    context.log.warn(
      { listing: listing.name, reason: error.message, retryAt: error.retryAt },
      'listing failed',
    );
    await context.publish(
      rows.map(({ type }) => ({
        type: 'snapshot.failed',
        body: { scope: scopeOf(type), snapshotId, reason: error.message, retryAt: error.retryAt },
        time: context.clock.now(),
        id: stableId('scf', snapshotId, scopeOf(type)),
        objectKey: null,
      })),
    );
  }

  return { source, reactor };
}

/** All pages of a listing, for each element of the one it is per. */
async function list(api: Api, listing: Listing, swept: Swept, signal: AbortSignal): Promise<Listed[]> {
  const { per, key, single = false } = listing;
  const flat = (pages: Page[], parent: JsonObject): Listed[] =>
    pages.flatMap(({ at, items }) => items.map((item) => ({ item, parent, at })));
  if (per === undefined) return flat(await api.list(listing.path({}), key, single, signal), {});
  const failure = swept.failures.get(per.listing);
  if (failure) {
    const { retriable, stops, retryAt } = failure;
    throw new ApiError(`the list of ${per.listing} it rests on failed: ${failure.message}`, {
      retriable,
      stops,
      retryAt,
    });
  }
  const listed: Listed[] = [];
  for (const parent of swept.items.get(per.listing) ?? [])
    if (per.when?.(parent) ?? true)
      listed.push(...flat(await api.list(listing.path(parent), key, single, signal), parent));
  return listed;
}

/** Listings that the scopes need, those per element of another one last. */
function listingsFor(scopes: string[] | null, scopeOf: (type: string) => string): Listing[] {
  const wanted = (listing: Listing): boolean =>
    scopes === null || listing.resources.some(({ type }) => scopes.includes(scopeOf(type)));
  const names = new Set<string>();
  for (const listing of LISTINGS) {
    if (!wanted(listing)) continue;
    names.add(listing.name);
    if (listing.per) names.add(listing.per.listing);
    if (listing.name === 'load balancers') names.add('certificates');
  }
  const chosen = LISTINGS.filter(({ name }) => names.has(name));
  return [...chosen.filter(({ per }) => !per), ...chosen.filter(({ per }) => per)];
}

function remember(certificates: Map<string, string>, listed: readonly Listed[]): void {
  for (const { item } of listed) {
    const id = idText(item.id);
    const name = idText(item.name);
    if (id !== undefined && name !== undefined) certificates.set(id, name);
  }
}

/** Fingerprints of what was published, by type and id. */
function readProgress(context: SourceContext): Map<string, Map<string, string>> {
  const published = new Map<string, Map<string, string>>();
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

function settled(event: Event, result: { failed: string[]; unknown: boolean }): SourceEvent {
  const reason = result.unknown
    ? 'there is no such scope: see coverage for those there are'
    : result.failed.length > 0
      ? `could not be read: ${result.failed.join(', ')}`
      : null;
  return {
    type: 'request.settled',
    body: {
      requestId: event.id,
      outcome: result.unknown || result.failed.length > 0 ? 'refused' : 'done',
      reason,
      driftId: null,
    },
    time: event.time,
    id: stableId('set', event.id),
    objectKey: null,
    correlationId: event.correlationId,
  };
}
