// Questions about what is watched: coverage by type and scope with the reads that failed, listings, dead letters.
import { iso, isoOrNull } from '../drift-json.ts';
import type { Page, PageRequest, Stores } from '../queries.ts';
import { Conditions, decodeCursor, limitOf, pageOf } from '../queries.ts';

export type CoverageStatus = 'covered' | 'partial' | 'unknown' | 'uncovered';

export interface CoverageJson {
  provider: string;
  account: string | null;
  region: string | null;
  type: string;
  /** provider/account/region/type, `-` for what does not apply. */
  scope: string;
  /** Managed instances declared in this scope. */
  declared: number;
  /** Of those, how many were observed, or declared before the newest complete listing of their scope began. */
  observed: number;
  status: CoverageStatus;
  /** Why it is not fully covered; empty when it is. */
  reasons: string[];
  /** Source of changes that has reported from this account. */
  byFeed: string | null;
  /** Source of listings. */
  bySnapshot: string | null;
  lastCompletedAt: string | null;
  /** Attributes that are compared. */
  attributes: string[];
  /** Declared instances that could not be read, and were not observed since: by what kept them from it, the most first. */
  failures: ReadFailureJson[];
}

export interface ReadFailureJson {
  /** What kind of failure: denied, throttled, no-reader, … */
  code: string;
  /** What happened the last time, and what to do about it. */
  reason: string;
  /** Instances it concerns. */
  count: number;
  lastAt: string;
  /** One of them. */
  workspace: string;
  address: string;
}

export interface CoverageFilter {
  org: string;
  provider?: string;
  status?: readonly CoverageStatus[];
  /** Only what these workspaces declare (those a key may see): what others have, and what no state declares, is left out. */
  workspaces?: readonly string[];
}

interface CoverageRow {
  provider: string;
  account: string | null;
  region: string | null;
  type: string;
  scope: string;
  declared: number;
  observed: number;
  status: CoverageStatus;
  by_feed: string | null;
  by_snapshot: string | null;
  completed_at: number | null;
  attributes: string[] | null;
  attempt: string | null;
  attempt_at: number | null;
  reason: string | null;
  no_scope: number;
  unreadable: string[] | null;
  letters: number;
  lost: number;
  failures:
    | { code: string; reason: string; count: number; at: number; workspace: string; address: string }[]
    | null;
}

/** Every type and scope in which something is declared or was to be listed; gaps first, then by scope. */
export async function coveragePage(
  stores: Stores,
  filter: CoverageFilter & PageRequest,
): Promise<Page<CoverageJson>> {
  const limit = limitOf(filter);
  const conditions = new Conditions();
  const org = conditions.bind(filter.org);
  const only = filter.workspaces && conditions.bind(filter.workspaces);
  conditions.where('provider = $', filter.provider).where('status = ANY($)', filter.status);
  if (filter.cursor !== undefined) {
    const [status, scope] = decodeCursor(filter.cursor, ['string', 'string']);
    const [a, b] = [conditions.bind(status!), conditions.bind(scope!)];
    conditions.always(`(${GAPS_FIRST}, scope) > (${GAPS_FIRST.replace('status', `${a}::text`)}, ${b})`);
  }
  const own = stores.serving.schema('coverage');
  const resources = stores.serving.schema('resources');
  const rows = await stores.postgres.query<CoverageRow>(
    `WITH declared AS (
       SELECT d.provider, d.account, d.region, d.type, count(*) AS declared,
         count(*) FILTER (WHERE EXISTS (SELECT FROM ${resources}.observed o
             WHERE o.object_key = d.object_key AND o.type = d.type AND o.resource_id = d.resource_id)
           OR EXISTS (SELECT FROM ${own}.listings l WHERE ${sameScope('l', 'd')} AND l.started_at >= d.declared_at)) AS observed,
         count(*) FILTER (WHERE d.scope_problem IS NOT NULL) AS no_scope,
         count(*) FILTER (WHERE EXISTS (SELECT FROM ${own}.waiting_letters b WHERE b.object_key = d.object_key)) AS letters,
         array_agg(DISTINCT w.name || ': ' || w.problem) FILTER (WHERE w.problem IS NOT NULL) AS unreadable
       FROM ${resources}.declared d
       LEFT JOIN ${stores.serving.schema('workspaces')}.workspaces w ON w.org = d.org AND w.name = d.workspace
       WHERE d.org = ${org} AND d.is_primary ${only ? `AND d.workspace = ANY(${only})` : ''}
       GROUP BY d.provider, d.account, d.region, d.type
     ), listed AS (
       SELECT a.provider, a.account, a.region, a.type FROM ${own}.attempts a
       WHERE a.org = ${org} AND a.type <> '' AND ${only === undefined} AND NOT EXISTS (SELECT FROM declared d WHERE ${sameScope('a', 'd', false)})
     ), lost AS (
       SELECT ${keyPart(2)} AS provider, nullif(${keyPart(3)}, '-') AS account, nullif(${keyPart(4)}, '-') AS region,
         ${keyPart(5)} AS type, count(DISTINCT b.object_key) AS letters
       FROM ${own}.waiting_letters b
       WHERE b.org = ${org} AND ${only === undefined} AND b.object_key IS NOT NULL
         AND NOT EXISTS (SELECT FROM ${resources}.declared d WHERE d.object_key = b.object_key)
       GROUP BY 1, 2, 3, 4
     ), unread AS (
       SELECT DISTINCT ON (f.object_key, f.type, f.resource_id) f.object_key, f.type, f.resource_id, f.at, f.code, f.reason
       FROM ${own}.failed_reads f
       WHERE f.org = ${org} AND NOT EXISTS (SELECT FROM ${resources}.observed o WHERE o.object_key = f.object_key
         AND o.type = f.type AND o.resource_id = f.resource_id AND o.observed_at >= f.at)
       ORDER BY f.object_key, f.type, f.resource_id, f.at DESC, f.source
     ), failed AS (
       SELECT d.provider, d.account, d.region, d.type, u.code, count(DISTINCT (d.workspace, d.address)) AS count,
         (array_agg(jsonb_build_object('reason', u.reason, 'at', u.at, 'workspace', d.workspace, 'address', d.address)
           ORDER BY u.at DESC, d.workspace, d.address))[1] AS newest
       FROM unread u JOIN ${resources}.declared d
         ON d.object_key = u.object_key AND d.type = u.type AND d.resource_id = u.resource_id
       WHERE ${only ? `d.workspace = ANY(${only}) AND ` : ''}NOT EXISTS (SELECT FROM ${own}.listings l
         WHERE ${sameScope('l', 'd')} AND l.started_at > u.at)
       GROUP BY d.provider, d.account, d.region, d.type, u.code
     ), scopes AS (
       SELECT provider, account, region, type, declared, observed, no_scope, letters, unreadable, 0 AS lost FROM declared
       UNION ALL SELECT provider, account, region, type, 0, 0, 0, 0, NULL, 0 FROM listed
       UNION ALL SELECT provider, account, region, type, 0, 0, 0, 0, NULL, letters FROM lost
     ), judged AS (
       SELECT s.*, concat_ws('/', s.provider, coalesce(s.account, '-'), coalesce(s.region, '-'), s.type) AS scope,
         f.source AS by_feed, l.source AS by_snapshot, l.at AS completed_at, l.attributes,
         a.status AS attempt, a.at AS attempt_at, a.reason, r.failures,
         CASE
           WHEN a.status = 'failed' OR s.no_scope > 0 OR s.unreadable IS NOT NULL OR s.letters > 0 OR s.lost > 0 OR r.failures IS NOT NULL
             OR (a.status = 'running' AND l.at IS NULL) THEN 'unknown'
           WHEN s.observed = s.declared AND (s.declared > 0 OR l.at IS NOT NULL) THEN 'covered'
           WHEN s.observed > 0 OR l.at IS NOT NULL OR f.source IS NOT NULL THEN 'partial'
           ELSE 'uncovered' END AS status
       FROM scopes s
       LEFT JOIN LATERAL (SELECT * FROM ${own}.listings l WHERE l.org = ${org} AND ${sameScope('l', 's', false)}
         ORDER BY l.at DESC LIMIT 1) l ON true
       LEFT JOIN LATERAL (SELECT * FROM ${own}.attempts a WHERE a.org = ${org} AND ${sameScope('a', 's', false)}
         ORDER BY a.at DESC LIMIT 1) a ON true
       LEFT JOIN LATERAL (SELECT jsonb_agg(e.newest || jsonb_build_object('code', e.code, 'count', e.count)
           ORDER BY e.count DESC, e.code) AS failures
         FROM failed e WHERE (e.provider, e.type) = (s.provider, s.type)
           AND e.account IS NOT DISTINCT FROM s.account AND e.region IS NOT DISTINCT FROM s.region) r ON true
       LEFT JOIN LATERAL (SELECT f.source FROM ${own}.feeds f WHERE f.org = ${org} AND f.provider = s.provider
         AND (f.account = '-' OR s.account IS NULL OR f.account = s.account) ORDER BY f.at DESC LIMIT 1) f ON true
     )
     SELECT * FROM judged WHERE ${conditions} ORDER BY ${GAPS_FIRST}, scope LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(rows, limit, coverageJson, (row) => [row.status, row.scope]);
}

/** Of `org/provider/account/region/kind/id`. Of what no state declares no more is known than its key. */
const keyPart = (n: number): string => `split_part(b.object_key, '/', ${n})`;

const GAPS_FIRST = `array_position(ARRAY['unknown', 'uncovered', 'partial', 'covered'], status)`;

/** A scope without account or region holds every account or region. */
const sameScope = (wide: string, narrow: string, org = true): string =>
  `${org ? `${wide}.org = ${narrow}.org AND ` : ''}${wide}.provider = ${narrow}.provider AND ${wide}.type = ${narrow}.type
   AND (${wide}.account IS NULL OR ${wide}.account = ${narrow}.account)
   AND (${wide}.region IS NULL OR ${wide}.region = ${narrow}.region)`;

function coverageJson(row: CoverageRow): CoverageJson {
  return {
    provider: row.provider,
    account: row.account,
    region: row.region,
    type: row.type,
    scope: row.scope,
    declared: row.declared,
    observed: row.observed,
    status: row.status,
    reasons: reasonsOf(row),
    byFeed: row.by_feed,
    bySnapshot: row.by_snapshot,
    lastCompletedAt: isoOrNull(row.completed_at),
    attributes: row.attributes ?? [],
    failures: (row.failures ?? []).map(({ at, ...failure }) => ({ ...failure, lastAt: iso(at) })),
  };
}

function reasonsOf(row: CoverageRow): string[] {
  const reasons: string[] = [];
  if (row.attempt === 'failed') reasons.push(`the last listing failed: ${row.reason ?? 'no reason given'}`);
  if (row.attempt === 'running' && row.completed_at === null)
    reasons.push('the first listing has not completed yet');
  if (row.no_scope > 0) reasons.push(`${row.no_scope} declared without a known account or region`);
  for (const unreadable of row.unreadable ?? []) reasons.push(`state cannot be read: ${unreadable}`);
  for (const { count, reason } of row.failures ?? []) reasons.push(`${count} could not be read: ${reason}`);
  if (row.letters > 0) reasons.push(`${row.letters} with events that could not be processed`);
  if (row.lost > 0)
    reasons.push(`${row.lost} that no state is known to declare, with events that could not be processed`);
  if (row.observed < row.declared) {
    const unseen = row.declared - row.observed;
    if (row.by_snapshot !== null) reasons.push(`${unseen} declared after the last complete listing`);
    else if (row.by_feed !== null)
      reasons.push(`${unseen} never observed: changes are reported, but nothing has read it yet`);
    else reasons.push(`${unseen} never observed: neither a feed nor a listing covers this type`);
  }
  return reasons;
}

export interface SnapshotJson {
  scope: string;
  source: string;
  status: 'running' | 'completed' | 'failed';
  snapshotId: string;
  startedAt: string | null;
  /** Newest complete listing, whatever came after it. */
  completedAt: string | null;
  listed: number | null;
  published: number | null;
  attributes: string[];
  /** Why the newest attempt failed. */
  reason: string | null;
  retryAt: string | null;
}

interface SnapshotRow {
  scope: string;
  source: string;
  status: 'running' | 'completed' | 'failed';
  snapshot_id: string;
  at: number;
  completed_at: number | null;
  started_at: number | null;
  listed: number | null;
  published: number | null;
  attributes: string[] | null;
  reason: string | null;
  retry_at: number | null;
}

/** The newest attempt of each scope, with the newest complete listing; by scope. */
export async function snapshotsPage(
  stores: Stores,
  filter: { org: string; provider?: string; scope?: string } & PageRequest,
): Promise<Page<SnapshotJson>> {
  const limit = limitOf(filter);
  const conditions = new Conditions()
    .where('a.org = $', filter.org)
    .where('a.provider = $', filter.provider)
    .where('a.scope = $', filter.scope);
  if (filter.cursor !== undefined)
    conditions.where('a.scope > $', decodeCursor(filter.cursor, ['string'])[0]);
  const own = stores.serving.schema('coverage');
  const rows = await stores.postgres.query<SnapshotRow>(
    `SELECT a.scope, a.source, a.status, a.snapshot_id, a.at, a.reason, a.retry_at,
       l.at AS completed_at, l.started_at, l.listed, l.published, l.attributes
     FROM ${own}.attempts a LEFT JOIN ${own}.listings l USING (org, scope)
     WHERE ${conditions} ORDER BY a.scope LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(
    rows,
    limit,
    (row) => ({
      scope: row.scope,
      source: row.source,
      status: row.status,
      snapshotId: row.snapshot_id,
      startedAt: row.status === 'running' ? iso(row.at) : isoOrNull(row.started_at),
      completedAt: isoOrNull(row.completed_at),
      listed: row.listed,
      published: row.published,
      attributes: row.attributes ?? [],
      reason: row.reason,
      retryAt: isoOrNull(row.retry_at),
    }),
    (row) => [row.scope],
  );
}

export interface DeadLetterJson {
  id: string;
  at: string;
  reader: string;
  topic: string | null;
  partition: number | null;
  offset: number | null;
  recordKey: string | null;
  objectKey: string | null;
  code: string;
  reason: string;
  /** Reference of the original bytes in the encrypted store. */
  blob: string | null;
}

interface DeadLetterRow {
  id: string;
  at: number;
  reader: string;
  topic: string | null;
  partition: number | null;
  offset: number | null;
  record_key: string | null;
  object_key: string | null;
  code: string;
  reason: string;
  blob: string | null;
}

/** Those that were not replayed; newest first. */
export async function deadLettersPage(
  stores: Stores,
  filter: { org: string; id?: string } & PageRequest,
): Promise<Page<DeadLetterJson>> {
  const limit = limitOf(filter);
  const conditions = new Conditions().where('org = $', filter.org).where('id = $', filter.id);
  if (filter.cursor !== undefined) {
    const [at, id] = decodeCursor(filter.cursor, ['number', 'string']);
    conditions.always(`(at, id) < (${conditions.bind(at!)}, ${conditions.bind(id!)})`);
  }
  const rows = await stores.postgres.query<DeadLetterRow>(
    `SELECT id, at, reader, topic, "partition", "offset", record_key, object_key, code, reason, blob
     FROM ${stores.serving.schema('coverage')}.waiting_letters WHERE ${conditions}
     ORDER BY at DESC, id DESC LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(
    rows,
    limit,
    (row) => ({
      id: row.id,
      at: iso(row.at),
      reader: row.reader,
      topic: row.topic,
      partition: row.partition,
      offset: row.offset,
      recordKey: row.record_key,
      objectKey: row.object_key,
      code: row.code,
      reason: row.reason,
      blob: row.blob,
    }),
    (row) => [row.at, row.id],
  );
}

/** How many dead letters wait (kept, and not replayed), by who refused them and why; the latest first. */
export async function deadLetterCounts(
  stores: Stores,
  which: { org: string },
): Promise<{ reader: string; code: string; count: number; lastAt: string }[]> {
  const rows = await stores.postgres.query<{ reader: string; code: string; count: number; last: number }>(
    `SELECT reader, code, count(*) AS count, max(at) AS last
     FROM ${stores.serving.schema('coverage')}.waiting_letters WHERE org = $1
     GROUP BY reader, code ORDER BY last DESC, reader, code`,
    [which.org],
  );
  return rows.map(({ last, ...row }) => ({ ...row, lastAt: iso(last) }));
}
