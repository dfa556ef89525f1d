// Declared instances beside what was last observed of them, per source: the answer to "is this resource as declared?".
//
// A resource is in sync only if it was observed or its scope was completely listed since, nothing is open on it, and
// its state can be read. Everything else is unknown, with the reason.
import type { PostgresProjection, Statement } from '../../runtime/projection.ts';
import type { EventOf, Json } from '../../schemas/index.ts';
import { isBroadcastKey, resourceOfKey } from '../record-keys.ts';

export const resources: PostgresProjection = {
  store: 'postgres',
  name: 'resources',
  version: 2,
  reads: ['driftmgr.declarations', 'driftmgr.observations'],
  hurry: 'patient',
  skipUnchanged: true,
  // Of several sources the one that looked last is the newest, also when it only repeats itself.
  speaksOf: (topic, key) => (topic === 'driftmgr.observations' ? resourceOfKey(key) : null),
  // Broadcasts say nothing about one resource.
  wants: (key) => !isBroadcastKey(key),
  tables: `
CREATE TABLE {schema}.declared (
  org text NOT NULL,
  object_key text NOT NULL,
  workspace text NOT NULL,
  address text NOT NULL,
  owner text,
  provider text NOT NULL,
  account text,
  region text,
  scope_problem text,
  type text NOT NULL,
  resource_id text NOT NULL,
  is_primary boolean NOT NULL,
  deposed text,
  tainted boolean NOT NULL,
  serial bigint NOT NULL,
  previous_address text,
  dependencies text NOT NULL,
  declared_at bigint NOT NULL,
  attributes text NOT NULL,
  PRIMARY KEY (object_key, workspace, address)
);
CREATE INDEX ON {schema}.declared (org, workspace, address);
CREATE TABLE {schema}.observed (
  org text NOT NULL,
  object_key text NOT NULL,
  type text NOT NULL,
  resource_id text NOT NULL,
  source text NOT NULL,
  provider text NOT NULL,
  account text,
  region text,
  via text,
  vanished boolean NOT NULL,
  owned_by text,
  observed_at bigint NOT NULL,
  attributes text,
  PRIMARY KEY (object_key, type, resource_id, source)
);
`,
  // One partition holds all records of a row, in order: the last one stands.
  apply: (batch) => {
    const declared = new Map<
      string,
      EventOf<'resource.declared' | 'resource.withdrawn' | 'resource.rekeyed'>
    >();
    const observed = new Map<string, EventOf<'resource.observed' | 'resource.vanished'>>();
    for (const { event } of batch) {
      switch (event.type) {
        case 'resource.declared':
        case 'resource.withdrawn':
        case 'resource.rekeyed':
          declared.set(`${event.objectKey}\u001f${event.body.workspace}\u001f${event.body.address}`, event);
          break;
        case 'resource.observed':
        case 'resource.vanished':
          observed.set(
            `${event.objectKey}\u001f${event.body.type}\u001f${event.body.resourceId}\u001f${event.source}`,
            event,
          );
      }
    }
    const kept: Json[] = [];
    const gone: Json[] = [];
    for (const event of declared.values()) {
      if (event.type === 'resource.declared') kept.push(declaredRow(event));
      else
        gone.push({
          object_key: event.objectKey,
          workspace: event.body.workspace,
          address: event.body.address,
        });
    }
    const statements: Statement[] = [];
    if (gone.length > 0) statements.push({ sql: WITHDRAW, rows: gone });
    if (kept.length > 0) statements.push({ sql: DECLARE, rows: kept });
    if (observed.size > 0) statements.push({ sql: OBSERVE, rows: [...observed.values()].map(observedRow) });
    return statements;
  },
};

const declaredRow = (event: EventOf<'resource.declared'>): Json => ({
  org: event.org,
  object_key: event.objectKey,
  workspace: event.body.workspace,
  address: event.body.address,
  owner: event.body.owner,
  provider: event.body.provider,
  account: event.body.account,
  region: event.body.region,
  scope_problem: event.body.scopeProblem,
  type: event.body.type,
  resource_id: event.body.resourceId,
  is_primary: event.body.primary,
  deposed: event.body.deposed,
  tainted: event.body.tainted,
  serial: event.body.serial,
  previous_address: event.body.previousAddress,
  dependencies: JSON.stringify(event.body.dependencies),
  declared_at: event.time,
  // An instance that concerns several objects is kept whole once, under its own key.
  attributes: event.body.primary ? event.body.attributes : '',
});

const observedRow = (event: EventOf<'resource.observed' | 'resource.vanished'>): Json => ({
  org: event.org,
  object_key: event.objectKey,
  type: event.body.type,
  resource_id: event.body.resourceId,
  source: event.source,
  provider: event.body.provider,
  account: event.body.account,
  region: event.body.region,
  via: event.type === 'resource.observed' ? event.body.via : null,
  vanished: event.type === 'resource.vanished',
  owned_by: event.type === 'resource.observed' ? event.body.ownedBy : null,
  observed_at: event.time,
  attributes: event.type === 'resource.observed' ? event.body.attributes : null,
});

const DECLARED = `org, object_key, workspace, address, owner, provider, account, region, scope_problem, type, resource_id,
  is_primary, deposed, tainted, serial, previous_address, dependencies, declared_at, attributes`;
const OBSERVED = `org, object_key, type, resource_id, source, provider, account, region, via, vanished, owned_by, observed_at,
  attributes`;
const replaced = (columns: string, key: readonly string[]): string =>
  columns
    .split(/,\s*/)
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`)
    .join(', ');

const DECLARE = `
INSERT INTO {schema}.declared (${DECLARED})
SELECT ${DECLARED} FROM jsonb_to_recordset($1) AS r(org text, object_key text, workspace text, address text, owner text,
  provider text, account text, region text, scope_problem text, type text, resource_id text, is_primary boolean,
  deposed text, tainted boolean, serial bigint, previous_address text, dependencies text, declared_at bigint, attributes text)
ON CONFLICT (object_key, workspace, address) DO UPDATE SET ${replaced(DECLARED, ['object_key', 'workspace', 'address'])}`;

const WITHDRAW = `
DELETE FROM {schema}.declared d
USING jsonb_to_recordset($1) AS r(object_key text, workspace text, address text)
WHERE d.object_key = r.object_key AND d.workspace = r.workspace AND d.address = r.address`;

const OBSERVE = `
INSERT INTO {schema}.observed (${OBSERVED})
SELECT ${OBSERVED} FROM jsonb_to_recordset($1) AS r(org text, object_key text, type text, resource_id text, source text,
  provider text, account text, region text, via text, vanished boolean, owned_by text, observed_at bigint, attributes text)
ON CONFLICT (object_key, type, resource_id, source) DO UPDATE SET
  ${replaced(OBSERVED, ['object_key', 'type', 'resource_id', 'source'])}`;
