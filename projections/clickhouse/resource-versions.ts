// Every version of every declaration and observation: what a resource was declared and observed to be at a moment.
import type { ClickHouseProjection } from '../../runtime/projection.ts';
import type { Json } from '../../schemas/index.ts';
import { iso } from '../drift-json.ts';
import type { DeclarationJson, ObservationJson, ResourceDetail } from '../postgres/resource-queries.ts';
import { attributesOf, resourceByKey } from '../postgres/resource-queries.ts';
import type { Stores } from '../queries.ts';
import { isBroadcastKey } from '../record-keys.ts';
import { driftsAt } from './drift-transitions.ts';
import { LOCATION, storage } from './storage.ts';

export const resourceVersions: ClickHouseProjection = {
  store: 'clickhouse',
  name: 'resource-versions',
  version: 2,
  reads: ['driftmgr.declarations', 'driftmgr.observations'],
  hurry: 'patient',
  skipUnchanged: true,
  wants: (key) => !isBroadcastKey(key),
  tables: {
    declarations: `
CREATE TABLE {table} (
  ${LOCATION},
  org LowCardinality(String),
  id String,
  at DateTime64(3, 'UTC'),
  recorded_at DateTime64(3, 'UTC'),
  object_key String,
  workspace String,
  address String,
  is_primary Bool DEFAULT true,
  withdrawn Bool,
  reason LowCardinality(String),
  owner Nullable(String),
  resource_type LowCardinality(String),
  resource_id String,
  scope_problem Nullable(String),
  serial UInt64,
  attributes String CODEC(ZSTD(1))
) ${storage('org, object_key, workspace, address, at')}`,
    observations: `
CREATE TABLE {table} (
  ${LOCATION},
  org LowCardinality(String),
  id String,
  at DateTime64(3, 'UTC'),
  recorded_at DateTime64(3, 'UTC'),
  object_key String,
  resource_type LowCardinality(String),
  resource_id String,
  source LowCardinality(String),
  via LowCardinality(String),
  vanished Bool,
  attributes String CODEC(ZSTD(1))
) ${storage('org, object_key, resource_type, resource_id, source, at')}`,
  },
  rows: ({ event }): Record<string, Json[]> => {
    switch (event.type) {
      case 'resource.declared':
      case 'resource.withdrawn':
      case 'resource.rekeyed': {
        const declared = event.type === 'resource.declared' ? event.body : null;
        return {
          declarations: [
            {
              org: event.org,
              id: event.id,
              at: event.time,
              recorded_at: event.recordedAt,
              object_key: event.objectKey ?? '',
              workspace: event.body.workspace,
              address: event.body.address,
              is_primary: declared?.primary ?? true,
              withdrawn: declared === null,
              reason:
                event.type === 'resource.withdrawn'
                  ? event.body.reason
                  : event.type === 'resource.rekeyed'
                    ? 'rekeyed'
                    : '',
              owner: declared?.owner ?? null,
              resource_type: event.body.type,
              resource_id: event.body.resourceId,
              scope_problem: declared?.scopeProblem ?? null,
              serial: event.body.serial,
              attributes: declared?.primary ? declared.attributes : '',
            },
          ],
        };
      }
      case 'resource.observed':
      case 'resource.vanished':
        return {
          observations: [
            {
              org: event.org,
              id: event.id,
              at: event.time,
              recorded_at: event.recordedAt,
              object_key: event.objectKey ?? '',
              resource_type: event.body.type,
              resource_id: event.body.resourceId,
              source: event.source,
              via: event.type === 'resource.observed' ? event.body.via : '',
              vanished: event.type === 'resource.vanished',
              attributes: event.type === 'resource.observed' ? event.body.attributes : '',
            },
          ],
        };
      default:
        return {};
    }
  },
};

// Queries --------------------------------------------------------------------------------------------------------------

interface DeclarationRow {
  workspace: string;
  address: string;
  resource_type: string;
  resource_id: string;
  owner: string | null;
  serial: number;
  at_ms: number;
  is_primary: boolean;
  withdrawn: boolean;
  scope_problem: string | null;
  attributes: string;
}

interface ObservationRow {
  resource_type: string;
  resource_id: string;
  source: string;
  via: string;
  at_ms: number;
  vanished: boolean;
  attributes: string;
}

/**
 * One cloud object as it was declared and observed at a moment (`at`, milliseconds), with the drifts that stood then;
 * null when nothing was known of it then. Versions that still stand are in Postgres, so one that is older than the
 * history kept here is found there.
 */
export async function resourceAt(
  stores: Stores,
  which: { org: string; objectKey: string; at: number },
): Promise<ResourceDetail | null> {
  const parameters = { org: which.org, key: which.objectKey, at: which.at };
  const then = `org = {org:String} AND object_key = {key:String} AND at <= fromUnixTimestamp64Milli({at:Int64})`;
  const [declared, observed, drifts, current] = await Promise.all([
    stores.clickhouse.query<DeclarationRow>(
      `SELECT workspace, address, resource_type, resource_id, owner, serial, toUnixTimestamp64Milli(at) AS at_ms,
         is_primary, withdrawn, scope_problem, attributes
       FROM ${stores.serving.table('resource-versions', 'declarations')} WHERE ${then}
       ORDER BY workspace, address, at DESC, offset DESC LIMIT 1 BY workspace, address LIMIT 1000`,
      parameters,
    ),
    stores.clickhouse.query<ObservationRow>(
      `SELECT resource_type, resource_id, source, via, toUnixTimestamp64Milli(at) AS at_ms, vanished, attributes
       FROM ${stores.serving.table('resource-versions', 'observations')} WHERE ${then}
       ORDER BY resource_type, resource_id, source, at DESC, offset DESC
       LIMIT 1 BY resource_type, resource_id, source LIMIT 1000`,
      parameters,
    ),
    driftsAt(stores, { ...which, ignored: true, limit: 500 }),
    resourceByKey(stores, { org: which.org, objectKey: which.objectKey, now: which.at }),
  ]);
  const asOf = iso(which.at);
  const declarations = withStanding(
    declared.map(declarationJson),
    current?.declarations ?? [],
    asOf,
    (item) => item.declaredAsOf,
    (item) => `${item.workspace}\u001f${item.address}`,
  );
  const observations = withStanding(
    observed.map(observationJson),
    current?.observations ?? [],
    asOf,
    (item) => item.observedAsOf,
    (item) => `${item.type}\u001f${item.resourceId}\u001f${item.source}`,
  );
  if (declarations.length === 0 && observations.length === 0 && drifts.items.length === 0) return null;
  return { objectKey: which.objectKey, asOf, declarations, observations, drifts: drifts.items };
}

/** What history holds, and of the versions that still stand those that it does not and that stood then. */
function withStanding<Item>(
  history: Item[],
  standing: Item[],
  asOf: string,
  time: (item: Item) => string,
  key: (item: Item) => string,
): Item[] {
  const known = new Set(history.map(key));
  return history.concat(standing.filter((item) => !known.has(key(item)) && time(item) <= asOf));
}

const declarationJson = (row: DeclarationRow): DeclarationJson => ({
  workspace: row.workspace,
  address: row.address,
  type: row.resource_type,
  resourceId: row.resource_id,
  owner: row.owner,
  serial: row.serial,
  declaredAsOf: iso(row.at_ms),
  primary: row.is_primary,
  withdrawn: row.withdrawn,
  scopeProblem: row.scope_problem,
  attributes: row.withdrawn || !row.is_primary ? null : attributesOf(row.attributes),
});

const observationJson = (row: ObservationRow): ObservationJson => ({
  type: row.resource_type,
  resourceId: row.resource_id,
  source: row.source,
  via: row.via === '' ? null : row.via,
  observedAsOf: iso(row.at_ms),
  vanished: row.vanished,
  attributes: row.vanished ? null : attributesOf(row.attributes),
});
