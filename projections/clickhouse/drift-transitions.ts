// Every step of every drift: timelines, what was open at a moment, and for how long things stood open.
import type { ClickHouseProjection } from '../../runtime/projection.ts';
import type { Drift, EventOf, Json, Severity } from '../../schemas/index.ts';
import type { DriftJson } from '../drift-json.ts';
import { driftToJson, iso } from '../drift-json.ts';
import type { Page, PageRequest, Stores } from '../queries.ts';
import { decodeCursor, limitOf, NamedConditions, pageOf } from '../queries.ts';
import { LOCATION, storage } from './storage.ts';

type TransitionType = (typeof TRANSITIONS)[number];
const TRANSITIONS = [
  'drift.opened',
  'drift.changed',
  'drift.acknowledged',
  'drift.accepted',
  'drift.resolved',
  'drift.reopened',
] as const;
const isTransition = (event: { type: string }): event is EventOf<TransitionType> =>
  (TRANSITIONS as readonly string[]).includes(event.type);

export const driftTransitions: ClickHouseProjection = {
  store: 'clickhouse',
  name: 'drift-transitions',
  version: 1,
  reads: ['driftmgr.drifts'],
  hurry: 'usual',
  skipUnchanged: false,
  tables: {
    transitions: `
CREATE TABLE {table} (
  ${LOCATION},
  org LowCardinality(String),
  id String,
  type LowCardinality(String),
  at DateTime64(3, 'UTC'),
  recorded_at DateTime64(3, 'UTC'),
  caused_by String,
  correlation_id Nullable(String),
  drift_id String,
  revision UInt64,
  kind LowCardinality(String),
  status LowCardinality(String),
  confidence LowCardinality(String),
  severity LowCardinality(String),
  ignored Bool,
  absorbed Bool,
  provider LowCardinality(String),
  account Nullable(String),
  region Nullable(String),
  object_key String,
  owner Nullable(String),
  resource_type LowCardinality(String),
  resource_id String,
  workspace Nullable(String),
  address Nullable(String),
  resolution Nullable(String),
  drift String CODEC(ZSTD(1))
) ${storage('org, drift_id, at')}`,
  },
  rows: ({ event }): Record<string, Json[]> => {
    if (!isTransition(event)) return {};
    const { drift, causedBy } = event.body;
    return {
      transitions: [
        {
          org: drift.org,
          id: event.id,
          type: event.type,
          at: event.time,
          recorded_at: event.recordedAt,
          caused_by: causedBy,
          correlation_id: event.correlationId,
          drift_id: drift.id,
          revision: drift.revision,
          kind: drift.kind,
          status: drift.status,
          confidence: drift.confidence,
          severity: drift.severity,
          ignored: drift.ignoredBy !== null,
          absorbed: drift.absorbed,
          provider: drift.provider,
          account: drift.account,
          region: drift.region,
          object_key: drift.objectKey,
          owner: drift.owner,
          resource_type: drift.type,
          resource_id: drift.resourceId,
          workspace: drift.workspace,
          address: drift.address,
          resolution: drift.resolution,
          drift: JSON.stringify(drift),
        },
      ],
    };
  },
};

// Queries --------------------------------------------------------------------------------------------------------------

export interface TransitionJson {
  id: string;
  type: TransitionType;
  at: string;
  /** Id of the event that made it so. */
  causedBy: string;
  correlationId: string | null;
  drift: DriftJson;
}

interface TransitionRow {
  id: string;
  type: TransitionType;
  at_ms: number;
  caused_by: string;
  correlation_id: string | null;
  revision: number;
  drift: string;
}

/** The steps of one drift, oldest first. */
export async function driftTimeline(
  stores: Stores,
  filter: { org: string; driftId: string } & PageRequest,
): Promise<Page<TransitionJson>> {
  const limit = limitOf(filter);
  const conditions = new NamedConditions()
    .where('org = {}', 'String', filter.org)
    .where('drift_id = {}', 'String', filter.driftId);
  if (filter.cursor !== undefined)
    conditions.where('revision > {}', 'UInt64', decodeCursor(filter.cursor, ['number'])[0]);
  const rows = await stores.clickhouse.query<TransitionRow>(
    `SELECT id, type, toUnixTimestamp64Milli(at) AS at_ms, caused_by, correlation_id, revision, drift
     FROM ${stores.serving.table('drift-transitions', 'transitions')} WHERE ${conditions}
     ORDER BY revision LIMIT 1 BY revision LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(
    rows,
    limit,
    (row) => ({
      id: row.id,
      type: row.type,
      at: iso(row.at_ms),
      causedBy: row.caused_by,
      correlationId: row.correlation_id,
      drift: storedDrift(row.drift),
    }),
    (row) => [row.revision],
  );
}

const storedDrift = (text: string): DriftJson => driftToJson(JSON.parse(text) as Drift);

export interface DriftsAtFilter {
  org: string;
  /** Milliseconds. */
  at: number;
  workspace?: string;
  objectKey?: string;
  /** Also those a rule ignored then. */
  ignored?: boolean;
}

/** Drifts that were not resolved at a moment, as they stood then; by id. */
export async function driftsAt(
  stores: Stores,
  filter: DriftsAtFilter & PageRequest,
): Promise<Page<DriftJson>> {
  const limit = limitOf(filter);
  const conditions = new NamedConditions()
    .where('org = {}', 'String', filter.org)
    .where('at <= fromUnixTimestamp64Milli({})', 'Int64', filter.at)
    .where('workspace = {}', 'String', filter.workspace)
    .where('object_key = {}', 'String', filter.objectKey);
  if (filter.cursor !== undefined)
    conditions.where('drift_id > {}', 'String', decodeCursor(filter.cursor, ['string'])[0]);
  const rows = await stores.clickhouse.query<{ drift_id: string; drift: string }>(
    `SELECT drift_id, drift FROM (
       SELECT drift_id, drift, status, ignored FROM ${stores.serving.table('drift-transitions', 'transitions')}
       WHERE ${conditions} ORDER BY drift_id, revision DESC LIMIT 1 BY drift_id
     ) WHERE status != 'resolved'${filter.ignored === true ? '' : ' AND NOT ignored'}
     ORDER BY drift_id LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(
    rows,
    limit,
    (row) => storedDrift(row.drift),
    (row) => [row.drift_id],
  );
}

export interface Exposure {
  owner: string | null;
  workspace: string | null;
  severity: Severity;
  /** Drifts that were exposed in the time asked for. */
  drifts: number;
  /** Of those, still exposed at its end. */
  standing: number;
  /** Sum of the times they were exposed, seconds. */
  seconds: number;
  /** The longest of them, seconds. */
  longest: number;
}

/**
 * For how long confirmed drifts stood open (or merely acknowledged) between `since` and `until` (milliseconds). An
 * accepted, ignored or resolved drift is not exposed.
 */
export async function exposure(
  stores: Stores,
  filter: { org: string; since: number; until: number; workspace?: string; owner?: string },
): Promise<Exposure[]> {
  const conditions = new NamedConditions()
    .where('org = {}', 'String', filter.org)
    .where('at < fromUnixTimestamp64Milli({})', 'Int64', filter.until)
    .where('workspace = {}', 'String', filter.workspace)
    .where('owner = {}', 'String', filter.owner);
  const since = conditions.bind('Int64', filter.since);
  const until = conditions.bind('Int64', filter.until);
  return stores.clickhouse.query<Exposure>(
    `SELECT owner, workspace, severity, count() AS drifts, countIf(standing) AS standing,
       intDiv(sum(ms), 1000) AS seconds, intDiv(max(ms), 1000) AS longest
     FROM (
       SELECT drift_id, argMax(owner, began) AS owner, argMax(workspace, began) AS workspace,
         argMax(severity, began) AS severity, sum(ends - begins) AS ms, max(last AND ends = ${until}) AS standing
       FROM (
         SELECT drift_id, owner, workspace, severity, toUnixTimestamp64Milli(at) AS began,
           greatest(began, ${since}) AS begins,
           if(next = 0, ${until}, least(greatest(next, began), ${until})) AS ends, next = 0 AS last,
           status IN ('open', 'acknowledged') AND confidence = 'confirmed' AND NOT ignored AS exposed
         FROM (
           SELECT drift_id, owner, workspace, severity, status, confidence, ignored, at,
             toUnixTimestamp64Milli(leadInFrame(at) OVER (PARTITION BY drift_id ORDER BY revision
               ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS next
           FROM (
             SELECT * FROM ${stores.serving.table('drift-transitions', 'transitions')}
             WHERE ${conditions} ORDER BY drift_id, revision LIMIT 1 BY drift_id, revision
           )
         )
       ) WHERE exposed AND ends > begins GROUP BY drift_id
     ) GROUP BY owner, workspace, severity ORDER BY seconds DESC`,
    conditions.parameters,
  );
}
