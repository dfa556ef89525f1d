// What providers' feeds reported, for at least 400 days.
import type { ClickHouseProjection } from '../../runtime/projection.ts';
import type { Json, Verb, Via } from '../../schemas/index.ts';
import { iso, jsonOrText } from '../drift-json.ts';
import type { Page, PageRequest, Stores } from '../queries.ts';
import { decodeCursor, limitOf, NamedConditions, pageOf } from '../queries.ts';
import { LOCATION, storage } from './storage.ts';

export const changes: ClickHouseProjection = {
  store: 'clickhouse',
  name: 'changes',
  version: 1,
  reads: ['driftmgr.changes'],
  hurry: 'usual',
  skipUnchanged: false,
  tables: {
    changes: `
CREATE TABLE {table} (
  ${LOCATION},
  org LowCardinality(String),
  id String,
  at DateTime64(3, 'UTC'),
  recorded_at DateTime64(3, 'UTC'),
  source LowCardinality(String),
  object_key String,
  provider LowCardinality(String),
  account Nullable(String),
  region Nullable(String),
  service LowCardinality(String),
  operation LowCardinality(String),
  verb LowCardinality(String),
  target_types Array(LowCardinality(String)),
  target_ids Array(Nullable(String)),
  principal String,
  actor String,
  via LowCardinality(String),
  source_ip Nullable(String),
  user_agent Nullable(String),
  session Nullable(String),
  event_ids Array(String),
  certainty LowCardinality(String),
  provider_event_id String,
  request_id Nullable(String),
  parameters String CODEC(ZSTD(1))
) ${storage('org, at')}`,
  },
  rows: ({ event }): Record<string, Json[]> => {
    if (event.type !== 'change.reported') return {};
    const { body } = event;
    return {
      changes: [
        {
          org: event.org,
          id: event.id,
          at: event.time,
          recorded_at: event.recordedAt,
          source: event.source,
          object_key: event.objectKey ?? '',
          provider: body.provider,
          account: body.account,
          region: body.region,
          service: body.service,
          operation: body.operation,
          verb: body.verb,
          target_types: body.targets.map((target) => target.type),
          target_ids: body.targets.map((target) => target.id),
          principal: body.actor.principal,
          actor: body.actor.name,
          via: body.actor.via,
          source_ip: body.actor.sourceIp,
          user_agent: body.actor.userAgent,
          session: body.actor.session,
          event_ids: body.actor.eventIds,
          certainty: body.actor.certainty,
          provider_event_id: body.providerEventId,
          request_id: body.requestId,
          parameters: body.parameters,
        },
      ],
    };
  },
};

// Queries --------------------------------------------------------------------------------------------------------------

export interface ChangeJson {
  id: string;
  at: string;
  recordedAt: string;
  source: string;
  provider: string;
  account: string | null;
  region: string | null;
  service: string;
  operation: string;
  verb: Verb;
  objectKey: string | null;
  targets: { type: string; id: string | null }[];
  actor: {
    principal: string;
    name: string;
    via: Via;
    sourceIp: string | null;
    userAgent: string | null;
    session: string | null;
    eventIds: string[];
    operations: string[];
    certainty: 'high' | 'low';
  };
  providerEventId: string;
  requestId: string | null;
  parameters: Json;
}

export interface ChangeFilter {
  org: string;
  objectKey?: string;
  provider?: string;
  account?: string;
  region?: string;
  service?: string;
  operation?: string;
  /** Terraform type of a target. */
  type?: string;
  /** Principal or name of the actor. */
  actor?: string;
  via?: readonly Via[];
  verb?: readonly Verb[];
  /** Event time, milliseconds: from `since` on, before `until`. */
  since?: number;
  until?: number;
}

interface ChangeRow {
  id: string;
  at_ms: number;
  recorded_ms: number;
  source: string;
  object_key: string;
  provider: string;
  account: string | null;
  region: string | null;
  service: string;
  operation: string;
  verb: Verb;
  target_types: string[];
  target_ids: (string | null)[];
  principal: string;
  actor: string;
  via: Via;
  source_ip: string | null;
  user_agent: string | null;
  session: string | null;
  event_ids: string[];
  certainty: 'high' | 'low';
  provider_event_id: string;
  request_id: string | null;
  parameters: string;
}

/** Newest first. */
export async function changesPage(
  stores: Stores,
  filter: ChangeFilter & PageRequest,
): Promise<Page<ChangeJson>> {
  const limit = limitOf(filter);
  const conditions = new NamedConditions()
    .where('org = {}', 'String', filter.org)
    .where('object_key = {}', 'String', filter.objectKey)
    .where('provider = {}', 'String', filter.provider)
    .where('account = {}', 'String', filter.account)
    .where('region = {}', 'String', filter.region)
    .where('service = {}', 'String', filter.service)
    .where('operation = {}', 'String', filter.operation)
    .where('has(target_types, {})', 'String', filter.type)
    .where('(principal = {} OR actor = {})', 'String', filter.actor)
    .where('via IN {}', 'Array(String)', filter.via)
    .where('verb IN {}', 'Array(String)', filter.verb)
    .where('at >= fromUnixTimestamp64Milli({})', 'Int64', filter.since)
    .where('at < fromUnixTimestamp64Milli({})', 'Int64', filter.until);
  if (filter.cursor !== undefined) {
    const [at, id] = decodeCursor(filter.cursor, ['number', 'string']);
    conditions.always(
      `(at, id) < (fromUnixTimestamp64Milli(${conditions.bind('Int64', at!)}), ${conditions.bind('String', id!)})`,
    );
  }
  const rows = await stores.clickhouse.query<ChangeRow>(
    `SELECT id, toUnixTimestamp64Milli(at) AS at_ms, toUnixTimestamp64Milli(recorded_at) AS recorded_ms, source, object_key,
       provider, account, region, service, operation, verb, target_types, target_ids, principal, actor, via, source_ip,
       user_agent, session, event_ids, certainty, provider_event_id, request_id, parameters
     FROM ${stores.serving.table('changes', 'changes')} WHERE ${conditions}
     ORDER BY at DESC, id DESC LIMIT 1 BY id LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(rows, limit, changeJson, (row) => [row.at_ms, row.id]);
}

const changeJson = (row: ChangeRow): ChangeJson => ({
  id: row.id,
  at: iso(row.at_ms),
  recordedAt: iso(row.recorded_ms),
  source: row.source,
  provider: row.provider,
  account: row.account,
  region: row.region,
  service: row.service,
  operation: row.operation,
  verb: row.verb,
  objectKey: row.object_key === '' ? null : row.object_key,
  targets: row.target_types.map((type, index) => ({ type, id: row.target_ids[index] ?? null })),
  actor: {
    principal: row.principal,
    name: row.actor,
    via: row.via,
    sourceIp: row.source_ip,
    userAgent: row.user_agent,
    session: row.session,
    eventIds: row.event_ids,
    operations: row.event_ids.map(() => row.operation),
    certainty: row.certainty,
  },
  providerEventId: row.provider_event_id,
  requestId: row.request_id,
  parameters: jsonOrText(row.parameters),
});
