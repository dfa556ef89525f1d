// The source `digitalocean-snapshot`: lists every type, publishes what differs from what it published before, what is
// gone, and one completion per type. IO; what an answer means is in resources.ts and normalize.ts.
//
// A type whose list fails in any part is failed, with the reason: it publishes nothing and proves nothing. The fingerprint
// of each resource's newest value is this source's progress, committed with the events: after a crash both are there or
// neither, and an unchanged resource costs a hash and a lookup.
import type { Reactor } from '../../runtime/reactor.ts';
import type { Source, SourceContext, SourceEvent } from '../../runtime/source.ts';
import type { Event, JsonObject } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Hmac } from '../terraform/redact.ts';
import { type Api, ApiError, createApi, type Page } from './api.ts';
import { idText } from './fields.ts';
import type { Known, Listing, ResourceRow } from './listing.ts';
import { type Listed, NAME, type Published, publishType, readProgress } from './publish.ts';
import { LISTINGS } from './resources.ts';

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
      let dueAt = 0;
      for (;;) {
        const asked = wishes.splice(0);
        const now = context.clock.now();
        // Wishes for one scope do not put off the sweep of all of them.
        const all = now >= dueAt || asked.some((wish) => wish.scope === null);
        const before = api.spent().requests;
        const scopes = all ? null : asked.map((wish) => wish.scope!);
        const { failed, retryAt } = await sweep(context, api, published, scopes).catch((error: unknown) => {
          // Who asked is answered by the run that follows.
          wishes.unshift(...asked);
          throw error;
        });
        for (const wish of asked)
          wish.settle({
            failed: failed.filter((scope) => wish.scope === null || wish.scope === scope),
            unknown: wish.scope !== null && !allScopes().includes(wish.scope),
          });
        context.signal.throwIfAborted();
        if (options.everyMs === null) return;
        if (all)
          dueAt = now + Math.max(retryAt === null ? options.everyMs : retryAt - now, pace(api, before));
        await pause(context, dueAt);
        context.signal.throwIfAborted();
      }
    },
  };

  /** A sweep of n requests may come around so often that an hour's sweeps stay within the share. */
  function pace(api: Api, before: number): number {
    const { requests, allowed } = api.spent();
    return (Math.max(0, requests - before) * HOUR) / allowed;
  }

  /** Until the next sweep is due, or someone asks for one. */
  async function pause(context: SourceContext, dueAt: number): Promise<void> {
    if (wishes.length > 0) return;
    wake = new AbortController();
    await context.clock.sleep(
      Math.max(0, dueAt - context.clock.now()),
      AbortSignal.any([context.signal, wake.signal]),
    );
  }

  const reactor: Reactor = {
    name: `${NAME}-requests`,
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
    published: Published,
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
          await publishType(context, published, row, listed, swept.known, {
            scope: scopeOf(row.type),
            snapshotId,
            startedAt,
            account: options.account,
            hmac: options.hmac,
          });
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
  if (per === undefined) {
    const pages: Page[] = [];
    for (const path of [listing.path({}), ...(listing.also ?? [])])
      pages.push(...(await api.list(path, key, single, signal)));
    return flat(pages, {});
  }
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
