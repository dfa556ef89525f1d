// Every place where Terraform keeps a state: how fresh it is, who holds its lock, whether it can be read.
//
// Its events are broadcasts: each stands in every partition, and partitions are read in no order among each other. So
// each group of columns keeps what has the newest event time (then id), whatever arrives last.
import type { PostgresProjection, Statement } from '../../runtime/projection.ts';
import type { Bodies, Event, EventOf, Json } from '../../schemas/index.ts';
import { iso, isoOrNull } from '../drift-json.ts';
import type { Page, PageRequest, Stores } from '../queries.ts';
import { Conditions, containing, decodeCursor, limitOf, pageOf } from '../queries.ts';
import { isBroadcastKey } from '../record-keys.ts';

type RunEvent = EventOf<'run.started' | 'run.finished'>;

export const workspaces: PostgresProjection = {
  store: 'postgres',
  name: 'workspaces',
  version: 2,
  reads: ['driftmgr.declarations'],
  hurry: 'usual',
  skipUnchanged: false,
  // Only the broadcasts: resources have keys of their own objects.
  wants: isBroadcastKey,
  tables: `
CREATE TABLE {schema}.workspaces (
  org text NOT NULL,
  name text NOT NULL,
  state_at bigint NOT NULL,
  state_event text NOT NULL,
  kind text NOT NULL,
  owner text,
  backend text NOT NULL,
  problem text,
  pushed boolean NOT NULL,
  PRIMARY KEY (org, name)
);
-- The newest head that could be read: one that cannot says nothing about serial and instances.
CREATE TABLE {schema}.heads (
  org text NOT NULL,
  name text NOT NULL,
  at bigint NOT NULL,
  event text NOT NULL,
  serial bigint NOT NULL,
  lineage text NOT NULL,
  terraform_version text,
  instances int NOT NULL,
  PRIMARY KEY (org, name)
);
-- The newest write that changed the state: a later look at an unchanged head is none.
CREATE TABLE {schema}.writes (
  org text NOT NULL,
  name text NOT NULL,
  at bigint NOT NULL,
  event text NOT NULL,
  kind text NOT NULL,
  written_by text,
  run_id text,
  PRIMARY KEY (org, name)
);
CREATE TABLE {schema}.runs (
  org text NOT NULL,
  name text NOT NULL,
  at bigint NOT NULL,
  finished boolean NOT NULL,
  event text NOT NULL,
  run_id text NOT NULL,
  operation text,
  who text,
  terraform_version text,
  forced boolean NOT NULL,
  PRIMARY KEY (org, name)
);
-- What is known of the configuration; its blocks are read by the detector, which has them from the log.
CREATE TABLE {schema}.configurations (
  org text NOT NULL,
  name text NOT NULL,
  at bigint NOT NULL,
  event text NOT NULL,
  revision text,
  by text NOT NULL,
  blocks int NOT NULL,
  incomplete int NOT NULL,
  moves int NOT NULL,
  providers jsonb NOT NULL,
  problems jsonb NOT NULL,
  PRIMARY KEY (org, name)
);
`,
  apply: (batch) => {
    const states = new Map<string, EventOf<'state.published'>>();
    const heads = new Map<string, EventOf<'state.published'>>();
    const writes = new Map<string, EventOf<'state.published'>>();
    const runs = new Map<string, RunEvent>();
    const configurations = new Map<string, EventOf<'configuration.published'>>();
    for (const { event } of batch) {
      if (event.type === 'state.published') {
        const key = `${event.org}\u001f${event.body.workspace}`;
        if (newer(event, states.get(key))) states.set(key, event);
        if (event.body.kind !== 'unreadable' && newer(event, heads.get(key))) heads.set(key, event);
        if (isWrite(event) && newer(event, writes.get(key))) writes.set(key, event);
      } else if (event.type === 'run.started' || event.type === 'run.finished') {
        const key = `${event.org}\u001f${event.body.workspace}`;
        if (newerRun(event, runs.get(key))) runs.set(key, event);
      } else if (event.type === 'configuration.published') {
        const key = `${event.org}\u001f${event.body.workspace}`;
        if (newer(event, configurations.get(key))) configurations.set(key, event);
      }
    }
    const statements: Statement[] = [];
    if (states.size > 0) statements.push({ sql: UPSERT_STATE, rows: [...states.values()].map(stateRow) });
    if (heads.size > 0) statements.push({ sql: UPSERT_HEAD, rows: [...heads.values()].map(headRow) });
    if (writes.size > 0) statements.push({ sql: UPSERT_WRITE, rows: [...writes.values()].map(writeRow) });
    if (runs.size > 0) statements.push({ sql: UPSERT_RUN, rows: [...runs.values()].map(runRow) });
    if (configurations.size > 0)
      statements.push({
        sql: UPSERT_CONFIGURATION,
        rows: [...configurations.values()].map(configurationRow),
      });
    return statements;
  },
};

const isWrite = (event: EventOf<'state.published'>): boolean =>
  event.body.kind !== 'checked' && event.body.kind !== 'unreadable';

const newer = (event: Event, held: Event | undefined): boolean =>
  held === undefined || event.time > held.time || (event.time === held.time && event.id >= held.id);

/** A run that starts and finishes in the same millisecond is finished. */
const newerRun = (event: RunEvent, held: RunEvent | undefined): boolean =>
  held !== undefined && event.time === held.time && event.type !== held.type
    ? event.type === 'run.finished'
    : newer(event, held);

const stateRow = (event: EventOf<'state.published'>): Json => ({
  org: event.org,
  name: event.body.workspace,
  state_at: event.time,
  state_event: event.id,
  kind: event.body.kind,
  owner: event.body.owner,
  backend: event.body.backend,
  problem: event.body.problem,
  pushed: event.body.pushed,
});

const headRow = (event: EventOf<'state.published'>): Json => ({
  org: event.org,
  name: event.body.workspace,
  at: event.time,
  event: event.id,
  serial: event.body.serial,
  lineage: event.body.lineage,
  terraform_version: event.body.terraformVersion,
  instances: event.body.instances,
});

const writeRow = (event: EventOf<'state.published'>): Json => ({
  org: event.org,
  name: event.body.workspace,
  at: event.time,
  event: event.id,
  kind: event.body.kind,
  written_by: event.body.writtenBy,
  run_id: event.body.runId,
});

const runRow = (event: RunEvent): Json => ({
  org: event.org,
  name: event.body.workspace,
  at: event.time,
  finished: event.type === 'run.finished',
  event: event.id,
  run_id: event.body.runId,
  operation: event.type === 'run.started' ? event.body.operation : null,
  who: event.type === 'run.started' ? event.body.who : null,
  terraform_version: event.type === 'run.started' ? event.body.terraformVersion : null,
  forced: event.type === 'run.finished' && event.body.forced,
});

const configurationRow = (event: EventOf<'configuration.published'>): Json => ({
  org: event.org,
  name: event.body.workspace,
  at: event.time,
  event: event.id,
  revision: event.body.revision,
  by: event.body.by,
  blocks: event.body.blocks.length,
  incomplete: event.body.blocks.filter(({ complete }) => !complete).length,
  moves: event.body.moves.length,
  providers: event.body.providers.map((provider) => ({ ...provider })),
  problems: event.body.problems,
});

const UPSERT_STATE = `
INSERT INTO {schema}.workspaces AS w (org, name, state_at, state_event, kind, owner, backend, problem, pushed)
SELECT org, name, state_at, state_event, kind, owner, backend, problem, pushed
FROM jsonb_to_recordset($1) AS r(org text, name text, state_at bigint, state_event text, kind text, owner text,
  backend text, problem text, pushed boolean)
ON CONFLICT (org, name) DO UPDATE SET
  state_at = excluded.state_at, state_event = excluded.state_event, kind = excluded.kind, owner = excluded.owner,
  backend = excluded.backend, problem = excluded.problem, pushed = excluded.pushed
WHERE (excluded.state_at, excluded.state_event) >= (w.state_at, w.state_event)`;

const UPSERT_HEAD = `
INSERT INTO {schema}.heads AS w (org, name, at, event, serial, lineage, terraform_version, instances)
SELECT org, name, at, event, serial, lineage, terraform_version, instances FROM jsonb_to_recordset($1)
  AS r(org text, name text, at bigint, event text, serial bigint, lineage text, terraform_version text, instances int)
ON CONFLICT (org, name) DO UPDATE SET at = excluded.at, event = excluded.event, serial = excluded.serial,
  lineage = excluded.lineage, terraform_version = excluded.terraform_version, instances = excluded.instances
WHERE (excluded.at, excluded.event) >= (w.at, w.event)`;

const UPSERT_WRITE = `
INSERT INTO {schema}.writes AS w (org, name, at, event, kind, written_by, run_id)
SELECT org, name, at, event, kind, written_by, run_id FROM jsonb_to_recordset($1)
  AS r(org text, name text, at bigint, event text, kind text, written_by text, run_id text)
ON CONFLICT (org, name) DO UPDATE SET
  at = excluded.at, event = excluded.event, kind = excluded.kind, written_by = excluded.written_by, run_id = excluded.run_id
WHERE (excluded.at, excluded.event) >= (w.at, w.event)`;

const UPSERT_RUN = `
INSERT INTO {schema}.runs AS w (org, name, at, finished, event, run_id, operation, who, terraform_version, forced)
SELECT org, name, at, finished, event, run_id, operation, who, terraform_version, forced FROM jsonb_to_recordset($1)
  AS r(org text, name text, at bigint, finished boolean, event text, run_id text, operation text, who text,
    terraform_version text, forced boolean)
ON CONFLICT (org, name) DO UPDATE SET
  at = excluded.at, finished = excluded.finished, event = excluded.event, run_id = excluded.run_id,
  operation = excluded.operation, who = excluded.who, terraform_version = excluded.terraform_version, forced = excluded.forced
WHERE (excluded.at, excluded.finished, excluded.event) >= (w.at, w.finished, w.event)`;

const UPSERT_CONFIGURATION = `
INSERT INTO {schema}.configurations AS w (org, name, at, event, revision, by, blocks, incomplete, moves, providers, problems)
SELECT org, name, at, event, revision, by, blocks, incomplete, moves, providers, problems FROM jsonb_to_recordset($1)
  AS r(org text, name text, at bigint, event text, revision text, by text, blocks int, incomplete int, moves int,
    providers jsonb, problems jsonb)
ON CONFLICT (org, name) DO UPDATE SET
  at = excluded.at, event = excluded.event, revision = excluded.revision, by = excluded.by, blocks = excluded.blocks,
  incomplete = excluded.incomplete, moves = excluded.moves, providers = excluded.providers, problems = excluded.problems
WHERE (excluded.at, excluded.event) >= (w.at, w.event)`;

// Queries --------------------------------------------------------------------------------------------------------------

export interface WorkspaceJson {
  name: string;
  owner: string | null;
  backend: string;
  /** Of the newest head that could be read; 0 and empty when none could. */
  serial: number;
  lineage: string;
  terraformVersion: string | null;
  /** What the newest boundary was: write, rollback, checked, removed, unreadable. */
  kind: string;
  /** Why the state cannot be read; its resources are then unknown. */
  problem: string | null;
  pushed: boolean;
  instances: number;
  /** When the newest boundary was published. */
  publishedAt: string;
  lastWrite: { kind: string; at: string; by: string | null } | null;
  writtenBy: string | null;
  /** The run that holds the lock now. */
  run: {
    runId: string;
    operation: string;
    who: string | null;
    terraformVersion: string | null;
    startedAt: string;
  } | null;
  lastRunFinishedAt: string | null;
  drifts: DriftCountsJson;
}

export interface DriftCountsJson {
  confirmed: number;
  suspected: number;
  unverified: number;
  accepted: number;
  absorbed: number;
}

export interface WorkspaceFilter {
  org: string;
  name?: string;
  /** Only these (those a key may see). */
  names?: readonly string[];
  owner?: string;
  /** Found in the name. */
  q?: string;
  /** Also workspaces whose state was removed; left out: not. */
  removed?: boolean;
}

interface WorkspaceRow extends DriftCountsJson {
  name: string;
  owner: string | null;
  backend: string;
  serial: number;
  lineage: string;
  terraform_version: string | null;
  kind: string;
  problem: string | null;
  pushed: boolean;
  instances: number;
  state_at: number;
  write_kind: string | null;
  write_at: number | null;
  written_by: string | null;
  run_at: number | null;
  finished: boolean | null;
  run_id: string | null;
  operation: string | null;
  who: string | null;
  run_terraform: string | null;
}

/** Workspaces by name. */
export async function workspacesPage(
  stores: Stores,
  filter: WorkspaceFilter & PageRequest,
): Promise<Page<WorkspaceJson>> {
  const limit = limitOf(filter);
  const conditions = new Conditions()
    .where('w.org = $', filter.org)
    .where('w.name = $', filter.name)
    .where('w.name = ANY($)', filter.names)
    .where('w.owner = $', filter.owner)
    .where('lower(w.name) LIKE $', filter.q === undefined ? undefined : containing(filter.q));
  if (filter.removed !== true) conditions.always(`w.kind <> 'removed'`);
  if (filter.cursor !== undefined) conditions.where('w.name > $', decodeCursor(filter.cursor, ['string'])[0]);
  const own = stores.serving.schema('workspaces');
  const rows = await stores.postgres.query<WorkspaceRow>(
    `SELECT w.name, w.owner, w.backend, coalesce(h.serial, 0) AS serial, coalesce(h.lineage, '') AS lineage,
       h.terraform_version, w.kind, w.problem, w.pushed, coalesce(h.instances, 0) AS instances, w.state_at, p.kind AS write_kind, p.at AS write_at, p.written_by,
       r.at AS run_at, r.finished, r.run_id, r.operation, r.who, r.terraform_version AS run_terraform,
       d.confirmed, d.suspected, d.unverified, d.accepted, d.absorbed
     FROM ${own}.workspaces w
     LEFT JOIN ${own}.heads h USING (org, name)
     LEFT JOIN ${own}.writes p USING (org, name)
     LEFT JOIN ${own}.runs r USING (org, name)
     CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE status <> 'accepted' AND confidence = 'confirmed') AS confirmed,
         count(*) FILTER (WHERE status <> 'accepted' AND confidence = 'suspected') AS suspected,
         count(*) FILTER (WHERE status <> 'accepted' AND confidence = 'unverified') AS unverified,
         count(*) FILTER (WHERE status = 'accepted') AS accepted,
         count(*) FILTER (WHERE absorbed) AS absorbed
       FROM ${stores.serving.schema('open-drifts')}.drifts x
       WHERE x.org = w.org AND x.workspace = w.name AND x.status <> 'resolved' AND NOT x.ignored
     ) d
     WHERE ${conditions} ORDER BY w.name LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return pageOf(rows, limit, workspaceJson, (row) => [row.name]);
}

/** One workspace, removed ones included; null when it was never published. */
export async function workspaceByName(
  stores: Stores,
  which: { org: string; name: string },
): Promise<WorkspaceJson | null> {
  const page = await workspacesPage(stores, { ...which, removed: true, limit: 1 });
  return page.items[0] ?? null;
}

export interface ConfigurationJson {
  workspace: string;
  revision: string | null;
  by: string;
  publishedAt: string;
  blocks: number;
  /** Blocks of which it is not fully known what they set. */
  incomplete: number;
  moves: number;
  providers: Bodies['configuration.published']['providers'];
  problems: string[];
}

interface ConfigurationRow extends Omit<ConfigurationJson, 'workspace' | 'publishedAt'> {
  name: string;
  at: number;
  event: string;
}

export interface KnownConfiguration extends ConfigurationJson {
  /** The event that said so. */
  event: string;
}

/** What is known of the configuration of a workspace; null when nothing is. */
export async function configurationOf(
  stores: Stores,
  which: { org: string; name: string },
): Promise<KnownConfiguration | null> {
  const [row] = await stores.postgres.query<ConfigurationRow>(
    `SELECT name, at, event, revision, by, blocks, incomplete, moves, providers, problems
     FROM ${stores.serving.schema('workspaces')}.configurations WHERE org = $1 AND name = $2`,
    [which.org, which.name],
  );
  if (!row) return null;
  const { name, at, ...rest } = row;
  return { workspace: name, publishedAt: iso(at), ...rest };
}

function workspaceJson(row: WorkspaceRow): WorkspaceJson {
  return {
    name: row.name,
    owner: row.owner,
    backend: row.backend,
    serial: row.serial,
    lineage: row.lineage,
    terraformVersion: row.terraform_version,
    kind: row.kind,
    problem: row.problem,
    pushed: row.pushed,
    instances: row.instances,
    publishedAt: iso(row.state_at),
    lastWrite:
      row.write_at === null || row.write_kind === null
        ? null
        : { kind: row.write_kind, at: iso(row.write_at), by: row.written_by },
    writtenBy: row.written_by,
    run:
      row.run_at === null || row.run_id === null || row.finished !== false
        ? null
        : {
            runId: row.run_id,
            operation: row.operation ?? '',
            who: row.who,
            terraformVersion: row.run_terraform,
            startedAt: iso(row.run_at),
          },
    lastRunFinishedAt: row.finished === true ? isoOrNull(row.run_at) : null,
    drifts: {
      confirmed: row.confirmed,
      suspected: row.suspected,
      unverified: row.unverified,
      accepted: row.accepted,
      absorbed: row.absorbed,
    },
  };
}
