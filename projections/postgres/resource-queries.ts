// Questions about resources as they are now, answered from resources, open drifts, coverage and workspaces together.
import type { JsonObject } from '../../schemas/index.ts';
import type { DriftJson } from '../drift-json.ts';
import { iso, isoOrNull, jsonOrText } from '../drift-json.ts';
import type { Page, PageRequest, Stores } from '../queries.ts';
import { Conditions, containing, decodeCursor, limitOf, pageOf } from '../queries.ts';
import { driftsPage } from './open-drifts.ts';

export type ResourceStatus = 'in_sync' | 'drifted' | 'unknown';

export interface ResourceJson {
  objectKey: string;
  workspace: string;
  address: string;
  owner: string | null;
  provider: string;
  account: string | null;
  region: string | null;
  /** Why account or region could not be told; the resource is then unknown. */
  scopeProblem: string | null;
  type: string;
  resourceId: string;
  serial: number;
  tainted: boolean;
  deposed: string | null;
  declaredAsOf: string;
  /** When it was last seen: observed itself, or its scope completely listed since. */
  observedAsOf: string | null;
  status: ResourceStatus;
  /** Why it is unknown; null otherwise. */
  statusReason: string | null;
  /** Ids of its unresolved drifts, those a rule ignores left out. */
  drifts: string[];
}

export interface ResourceFilter {
  org: string;
  workspace?: string;
  /** Only of these workspaces (those a key may see). */
  workspaces?: readonly string[];
  address?: string;
  owner?: string;
  provider?: string;
  account?: string;
  region?: string;
  type?: string;
  resourceId?: string;
  objectKey?: string;
  status?: readonly ResourceStatus[];
  /** Found in address or resource id. */
  q?: string;
}

interface ResourceRow {
  object_key: string;
  workspace: string;
  address: string;
  owner: string | null;
  provider: string;
  account: string | null;
  region: string | null;
  scope_problem: string | null;
  type: string;
  resource_id: string;
  serial: number;
  tainted: boolean;
  deposed: string | null;
  declared_at: number;
  seen_at: number | null;
  status: ResourceStatus;
  status_reason: string | null;
  drifts: string[];
}

/**
 * The declared instances with what makes their status, as one SELECT. A resource counts as seen when it was observed, or
 * when a listing of its scope completed after it was declared (what such a listing misses becomes a drift).
 */
function statusOf(stores: Stores, conditions: Conditions): string {
  const own = stores.serving.schema('resources');
  const watched = stores.serving.schema('coverage');
  return `
SELECT r.*, CASE
    WHEN confirmed THEN 'drifted'
    WHEN status_reason IS NOT NULL THEN 'unknown'
    ELSE 'in_sync' END AS status
FROM (
  SELECT d.object_key, d.workspace, d.address, d.owner, d.provider, d.account, d.region, d.scope_problem, d.type,
    d.resource_id, d.serial, d.tainted, d.deposed, d.declared_at,
    greatest(o.observed_at, l.listed_at) AS seen_at, coalesce(x.ids, '{}') AS drifts, coalesce(x.confirmed, false) AS confirmed,
    CASE
      WHEN coalesce(x.confirmed, false) THEN NULL
      WHEN w.problem IS NOT NULL THEN 'the state cannot be read: ' || w.problem
      WHEN d.scope_problem IS NOT NULL THEN d.scope_problem
      WHEN EXISTS (SELECT FROM ${watched}.waiting_letters b WHERE b.object_key = d.object_key)
        THEN 'an event of it could not be processed (see dead letters)'
      WHEN f.at > coalesce(greatest(o.observed_at, l.listed_at), 0) THEN 'it could not be read: ' || f.reason
      WHEN x.unread THEN 'a change was reported that could not be compared yet'
      WHEN o.observed_at IS NULL AND l.listed_at IS NULL THEN coalesce('its listing failed: ' || a.reason, 'never observed')
      WHEN o.observed_at IS NULL AND l.listed_at < d.declared_at THEN 'declared after the last complete listing'
      WHEN a.status = 'failed' AND a.at > coalesce(o.observed_at, 0) THEN 'its last listing failed: ' || coalesce(a.reason, '')
    END AS status_reason
  FROM ${own}.declared d
  LEFT JOIN ${stores.serving.schema('workspaces')}.workspaces w ON w.org = d.org AND w.name = d.workspace
  LEFT JOIN LATERAL (
    SELECT max(observed_at) AS observed_at FROM ${own}.observed o
    WHERE o.object_key = d.object_key AND o.type = d.type AND o.resource_id = d.resource_id
  ) o ON true
  LEFT JOIN LATERAL (
    SELECT max(l.started_at) AS listed_at FROM ${watched}.listings l
    WHERE l.org = d.org AND l.provider = d.provider AND l.type = d.type
      AND (l.account IS NULL OR l.account = d.account) AND (l.region IS NULL OR l.region = d.region)
  ) l ON true
  LEFT JOIN LATERAL (
    SELECT f.reason, f.at FROM ${watched}.failed_reads f
    WHERE f.object_key = d.object_key AND f.type = d.type AND f.resource_id = d.resource_id
    ORDER BY f.at DESC LIMIT 1
  ) f ON true
  LEFT JOIN LATERAL (
    SELECT a.status, a.reason, a.at FROM ${watched}.attempts a
    WHERE a.org = d.org AND a.provider = d.provider AND a.type = d.type
      AND (a.account IS NULL OR a.account = d.account) AND (a.region IS NULL OR a.region = d.region)
    ORDER BY a.at DESC LIMIT 1
  ) a ON true
  LEFT JOIN LATERAL (
    SELECT array_agg(x.id ORDER BY x.rank DESC, x.id) AS ids,
      bool_or(x.confidence = 'confirmed') AS confirmed, bool_or(x.confidence <> 'confirmed') AS unread
    FROM ${stores.serving.schema('open-drifts')}.drifts x
    WHERE x.org = d.org AND x.workspace = d.workspace AND x.address = d.address
      AND x.status <> 'resolved' AND NOT x.ignored
  ) x ON true
  WHERE d.is_primary AND ${conditions}
) r`;
}

/** Declared instances by workspace and address. */
export async function resourcesPage(
  stores: Stores,
  filter: ResourceFilter & PageRequest,
): Promise<Page<ResourceJson>> {
  const limit = limitOf(filter);
  const conditions = new Conditions()
    .where('d.org = $', filter.org)
    .where('d.workspace = $', filter.workspace)
    .where('d.workspace = ANY($)', filter.workspaces)
    .where('d.address = $', filter.address)
    .where('d.owner = $', filter.owner)
    .where('d.provider = $', filter.provider)
    .where('d.account = $', filter.account)
    .where('d.region = $', filter.region)
    .where('d.type = $', filter.type)
    .where('d.resource_id = $', filter.resourceId)
    .where('d.object_key = $', filter.objectKey)
    .where(
      '(lower(d.address) LIKE $ OR lower(d.resource_id) LIKE $)',
      filter.q === undefined ? undefined : containing(filter.q),
    );
  if (filter.cursor !== undefined) {
    const [workspace, address, key] = decodeCursor(filter.cursor, ['string', 'string', 'string']);
    const [a, b, c] = [conditions.bind(workspace!), conditions.bind(address!), conditions.bind(key!)];
    conditions.always(`(d.workspace, d.address, d.object_key) > (${a}, ${b}, ${c})`);
  }
  const status = filter.status === undefined ? 'TRUE' : `status = ANY(${conditions.bind(filter.status)})`;
  const rows = await stores.postgres.query<ResourceRow>(
    `SELECT * FROM (${statusOf(stores, conditions)}) s WHERE ${status}
     ORDER BY workspace, address, object_key LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(rows, limit, resourceJson, (row) => [row.workspace, row.address, row.object_key]);
}

function resourceJson(row: ResourceRow): ResourceJson {
  return {
    objectKey: row.object_key,
    workspace: row.workspace,
    address: row.address,
    owner: row.owner,
    provider: row.provider,
    account: row.account,
    region: row.region,
    scopeProblem: row.scope_problem,
    type: row.type,
    resourceId: row.resource_id,
    serial: row.serial,
    tainted: row.tainted,
    deposed: row.deposed,
    declaredAsOf: iso(row.declared_at),
    observedAsOf: isoOrNull(row.seen_at),
    status: row.status,
    statusReason: row.status_reason,
    drifts: row.drifts,
  };
}

export interface ResourceCounts {
  declared: number;
  inSync: number;
  drifted: number;
  unknown: number;
}

/** How many declared instances there are, by status. */
export async function resourceCounts(
  stores: Stores,
  filter: { org: string; workspace?: string },
): Promise<ResourceCounts> {
  const conditions = new Conditions()
    .where('d.org = $', filter.org)
    .where('d.workspace = $', filter.workspace);
  const rows = await stores.postgres.query<{ status: ResourceStatus; count: number }>(
    `SELECT status, count(*) AS count FROM (${statusOf(stores, conditions)}) s GROUP BY status`,
    conditions.parameters,
  );
  const of = (status: ResourceStatus): number => rows.find((row) => row.status === status)?.count ?? 0;
  const counts = { inSync: of('in_sync'), drifted: of('drifted'), unknown: of('unknown') };
  return { declared: counts.inSync + counts.drifted + counts.unknown, ...counts };
}

export interface DeclarationJson {
  workspace: string;
  address: string;
  type: string;
  resourceId: string;
  owner: string | null;
  serial: number;
  declaredAsOf: string;
  /** False where the resource is another object that this one belongs to. */
  primary: boolean;
  withdrawn: boolean;
  scopeProblem: string | null;
  /** Null when withdrawn, and where it is not primary: they stand under the resource's own key. */
  attributes: JsonObject | null;
}

export interface ObservationJson {
  type: string;
  resourceId: string;
  source: string;
  /** feed, snapshot or read; null when it vanished. */
  via: string | null;
  observedAsOf: string;
  vanished: boolean;
  attributes: JsonObject | null;
}

/** All that is known of one cloud object: who declares it, what was observed by which source, its drifts. */
export interface ResourceDetail {
  objectKey: string;
  asOf: string;
  declarations: DeclarationJson[];
  observations: ObservationJson[];
  drifts: DriftJson[];
}

interface DeclaredRow {
  workspace: string;
  address: string;
  type: string;
  resource_id: string;
  owner: string | null;
  serial: number;
  declared_at: number;
  is_primary: boolean;
  scope_problem: string | null;
  attributes: string;
}

interface ObservedRow {
  type: string;
  resource_id: string;
  source: string;
  via: string | null;
  observed_at: number;
  vanished: boolean;
  attributes: string | null;
}

/** JSON objects come as text; anything else is not written by this system. */
export function attributesOf(text: string | null): JsonObject | null {
  const value = jsonOrText(text);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
}

/** As it is now; null when nothing is known under the key. `now` is only said back. */
export async function resourceByKey(
  stores: Stores,
  which: { org: string; objectKey: string; now: number },
): Promise<ResourceDetail | null> {
  const schema = stores.serving.schema('resources');
  const [declared, observed, drifts] = await Promise.all([
    stores.postgres.query<DeclaredRow>(
      `SELECT workspace, address, type, resource_id, owner, serial, declared_at, is_primary, scope_problem, attributes
       FROM ${schema}.declared WHERE org = $1 AND object_key = $2 ORDER BY workspace, address LIMIT 1000`,
      [which.org, which.objectKey],
    ),
    stores.postgres.query<ObservedRow>(
      `SELECT type, resource_id, source, via, observed_at, vanished, attributes
       FROM ${schema}.observed WHERE org = $1 AND object_key = $2
       ORDER BY type, resource_id, observed_at DESC, source LIMIT 1000`,
      [which.org, which.objectKey],
    ),
    driftsPage(stores, { org: which.org, objectKey: which.objectKey, ignored: true, limit: 500 }),
  ]);
  if (declared.length === 0 && observed.length === 0 && drifts.items.length === 0) return null;
  return {
    objectKey: which.objectKey,
    asOf: iso(which.now),
    declarations: declared.map((row) => ({
      workspace: row.workspace,
      address: row.address,
      type: row.type,
      resourceId: row.resource_id,
      owner: row.owner,
      serial: row.serial,
      declaredAsOf: iso(row.declared_at),
      primary: row.is_primary,
      withdrawn: false,
      scopeProblem: row.scope_problem,
      attributes: row.is_primary ? attributesOf(row.attributes) : null,
    })),
    observations: observed.map((row) => ({
      type: row.type,
      resourceId: row.resource_id,
      source: row.source,
      via: row.via,
      observedAsOf: iso(row.observed_at),
      vanished: row.vanished,
      attributes: attributesOf(row.attributes),
    })),
    drifts: drifts.items,
  };
}
