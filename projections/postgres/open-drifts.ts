// Current drifts, those resolved in the last 30 days included: the answer to "what has drifted, and who acts?".
//
// It follows driftmgr.open-drifts alone: each record there is the whole current drift, and its tombstone forgets it, so
// that the tables are the same whether followed live or filled from the compacted topic.
import type { PostgresProjection } from '../../runtime/projection.ts';
import type { Confidence, Drift, DriftKind, DriftStatus, Json, Severity } from '../../schemas/index.ts';
import type { DriftJson } from '../drift-json.ts';
import { driftToJson } from '../drift-json.ts';
import type { Page, PageRequest, Stores } from '../queries.ts';
import { Conditions, containing, decodeCursor, limitOf, pageOf } from '../queries.ts';

const SEVERITY_RANK: Record<Severity, number> = { critical: 4, high: 3, medium: 2, low: 1, info: 0 };

export const openDrifts: PostgresProjection = {
  store: 'postgres',
  name: 'open-drifts',
  version: 2,
  reads: ['driftmgr.open-drifts'],
  hurry: 'urgent',
  skipUnchanged: false,
  tables: `
CREATE TABLE {schema}.drifts (
  org text NOT NULL,
  id text NOT NULL,
  revision bigint NOT NULL,
  kind text NOT NULL,
  confidence text NOT NULL,
  status text NOT NULL,
  severity text NOT NULL,
  rank smallint NOT NULL,
  ignored boolean NOT NULL,
  absorbed boolean NOT NULL,
  provider text NOT NULL,
  account text,
  region text,
  object_key text NOT NULL,
  owner text,
  type text NOT NULL,
  resource_id text NOT NULL,
  workspace text,
  address text,
  actors text[] NOT NULL,
  search text NOT NULL,
  opened_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  resolved_at bigint,
  drift text NOT NULL,
  PRIMARY KEY (org, id)
);
CREATE INDEX ON {schema}.drifts (org, rank DESC, changed_at DESC, id) WHERE status <> 'resolved';
CREATE INDEX ON {schema}.drifts (org, workspace, address) WHERE status <> 'resolved';
CREATE INDEX ON {schema}.drifts (object_key);
`,
  apply: (batch) => {
    const newest = new Map<string, Json>();
    for (const { event } of batch) {
      if (event.type !== 'drift.current') continue;
      newest.set(`${event.body.drift.org}\u001f${event.body.drift.id}`, driftRow(event.body.drift));
    }
    return newest.size === 0 ? [] : [{ sql: UPSERT, rows: [...newest.values()] }];
  },
  forget: (keys) => [{ sql: FORGET, rows: keys.map(({ key }) => ({ org: part(key, 0), id: part(key, 1) })) }],
};

const part = (key: string, index: number): string => key.split('\u001f')[index] ?? '';

/** Between actors: ASCII group separator. A list as one text is half the work for the server that JSON is. */
const NEXT = '\u001d';

function driftRow(drift: Drift): Json {
  const actors = drift.actors.flatMap((actor) => [actor.principal, actor.name]);
  const operations = drift.actors.flatMap((actor) => actor.operations);
  return {
    org: drift.org,
    id: drift.id,
    revision: drift.revision,
    kind: drift.kind,
    confidence: drift.confidence,
    status: drift.status,
    severity: drift.severity,
    rank: SEVERITY_RANK[drift.severity],
    ignored: drift.ignoredBy !== null,
    absorbed: drift.absorbed,
    provider: drift.provider,
    account: drift.account,
    region: drift.region,
    object_key: drift.objectKey,
    owner: drift.owner,
    type: drift.type,
    resource_id: drift.resourceId,
    workspace: drift.workspace,
    address: drift.address,
    actors: [...new Set(actors)].join(NEXT),
    search: [
      drift.id,
      drift.type,
      drift.resourceId,
      drift.workspace,
      drift.address,
      drift.owner,
      ...actors,
      ...operations,
    ]
      .concat(drift.differences.map((difference) => difference.path))
      .filter((text) => text !== null)
      .join(' ')
      .toLowerCase(),
    opened_at: drift.openedAt,
    changed_at: drift.changedAt,
    resolved_at: drift.resolvedAt,
    drift: JSON.stringify(drift),
  };
}

const COLUMNS = `org, id, revision, kind, confidence, status, severity, rank, ignored, absorbed, provider, account, region,
  object_key, owner, type, resource_id, workspace, address, actors, search, opened_at, changed_at, resolved_at, drift`;
const UPDATED = COLUMNS.split(/,\s*/).filter((column) => column !== 'org' && column !== 'id');

const UPSERT = `
INSERT INTO {schema}.drifts (${COLUMNS})
SELECT ${COLUMNS.replace('actors', `string_to_array(actors, E'\\x1d')`)} FROM jsonb_to_recordset($1) AS r(org text, id text, revision bigint, kind text, confidence text,
  status text, severity text, rank smallint, ignored boolean, absorbed boolean, provider text, account text, region text,
  object_key text, owner text, type text, resource_id text, workspace text, address text, actors text, search text,
  opened_at bigint, changed_at bigint, resolved_at bigint, drift text)
ON CONFLICT (org, id) DO UPDATE SET ${UPDATED.map((column) => `${column} = excluded.${column}`).join(', ')}`;

const FORGET = `
DELETE FROM {schema}.drifts d USING jsonb_to_recordset($1) AS r(org text, id text) WHERE d.org = r.org AND d.id = r.id`;

// Queries --------------------------------------------------------------------------------------------------------------

export interface DriftFilter {
  org: string;
  /** Left out: all but resolved. */
  status?: readonly DriftStatus[];
  kind?: readonly DriftKind[];
  confidence?: readonly Confidence[];
  severity?: readonly Severity[];
  workspace?: string;
  /** Only drifts of these workspaces (those a key may see). */
  workspaces?: readonly string[];
  owner?: string;
  provider?: string;
  account?: string;
  region?: string;
  type?: string;
  objectKey?: string;
  /** Principal or name of an actor. */
  actor?: string;
  /** Found in id, address, resource id, type, workspace, owner, actors or paths. */
  q?: string;
  /** Also those a rule ignores; left out: not. */
  ignored?: boolean;
}

interface DriftRow {
  id: string;
  rank: number;
  changed_at: number;
  drift: string;
}

const storedDrift = (text: string): DriftJson => driftToJson(JSON.parse(text) as Drift);

/** Worst first, then the latest changed. */
export async function driftsPage(
  stores: Stores,
  filter: DriftFilter & PageRequest,
): Promise<Page<DriftJson>> {
  const limit = limitOf(filter);
  const conditions = driftConditions(filter);
  if (filter.cursor !== undefined) {
    const [rank, changedAt, id] = decodeCursor(filter.cursor, ['number', 'number', 'string']);
    const [a, b, c] = [conditions.bind(rank!), conditions.bind(changedAt!), conditions.bind(id!)];
    conditions.always(
      `(rank < ${a} OR (rank = ${a} AND (changed_at < ${b} OR (changed_at = ${b} AND id > ${c}))))`,
    );
  }
  const rows = await stores.postgres.query<DriftRow>(
    `SELECT id, rank, changed_at, drift FROM ${stores.serving.schema('open-drifts')}.drifts
     WHERE ${conditions} ORDER BY rank DESC, changed_at DESC, id LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(
    rows,
    limit,
    (row) => storedDrift(row.drift),
    (row) => [row.rank, row.changed_at, row.id],
  );
}

function driftConditions(filter: DriftFilter): Conditions {
  return new Conditions()
    .where('org = $', filter.org)
    .where('status = ANY($)', filter.status ?? ['open', 'acknowledged', 'accepted'])
    .where('kind = ANY($)', filter.kind)
    .where('confidence = ANY($)', filter.confidence)
    .where('severity = ANY($)', filter.severity)
    .where('workspace = $', filter.workspace)
    .where('workspace = ANY($)', filter.workspaces)
    .where('owner = $', filter.owner)
    .where('provider = $', filter.provider)
    .where('account = $', filter.account)
    .where('region = $', filter.region)
    .where('type = $', filter.type)
    .where('object_key = $', filter.objectKey)
    .where('$ = ANY(actors)', filter.actor)
    .where('search LIKE $', filter.q === undefined ? undefined : containing(filter.q))
    .where('ignored = $', filter.ignored === true ? undefined : false);
}

/** One drift by id, resolved ones of the last 30 days included; null when there is none. */
export async function driftById(
  stores: Stores,
  which: { org: string; id: string },
): Promise<DriftJson | null> {
  const [row] = await stores.postgres.query<{ drift: string }>(
    `SELECT drift FROM ${stores.serving.schema('open-drifts')}.drifts WHERE org = $1 AND id = $2`,
    [which.org, which.id],
  );
  return row === undefined ? null : storedDrift(row.drift);
}

export interface DriftCount {
  owner: string | null;
  workspace: string | null;
  severity: Severity;
  confidence: Confidence;
  status: DriftStatus;
  count: number;
}

/** How many drifts there are, by owner, workspace, severity, confidence and status. */
export function driftCounts(stores: Stores, filter: DriftFilter): Promise<DriftCount[]> {
  const conditions = driftConditions(filter);
  return stores.postgres.query<DriftCount>(
    `SELECT owner, workspace, severity, confidence, status, count(*) AS count
     FROM ${stores.serving.schema('open-drifts')}.drifts WHERE ${conditions}
     GROUP BY owner, workspace, severity, rank, confidence, status ORDER BY rank DESC, owner, workspace`,
    conditions.parameters,
  );
}
