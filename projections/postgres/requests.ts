// What became of every request: pending until its one outcome, which may stand in another partition and come first. Kept
// as long as their topic keeps them.
import type { PostgresProjection, Statement } from '../../runtime/projection.ts';
import type { EventOf, Json, Outcome } from '../../schemas/index.ts';
import { isoOrNull } from '../drift-json.ts';
import type { Stores } from '../queries.ts';

type RequestEvent = EventOf<
  'drift.acknowledge-requested' | 'drift.accept-requested' | 'state.refresh-requested' | 'snapshot.requested'
>;

const KEPT_MS = 30 * 86_400_000;
/** Their requests are the detector's, many and answered in the drift: no one asks what became of one. */
const UNASKED: ReadonlySet<string> = new Set(['terraform-read', 'drift-forwards']);

export const requests: PostgresProjection = {
  store: 'postgres',
  name: 'requests',
  version: 2,
  reads: ['driftmgr.requests'],
  hurry: 'urgent',
  skipUnchanged: false,
  tables: `
CREATE TABLE {schema}.requests (
  org text NOT NULL,
  id text NOT NULL,
  type text NOT NULL,
  by text,
  drift_id text,
  correlation_id text,
  at bigint NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (org, id)
);
CREATE INDEX ON {schema}.requests (at);
CREATE TABLE {schema}.outcomes (
  org text NOT NULL,
  request_id text NOT NULL,
  outcome text NOT NULL,
  reason text,
  drift_id text,
  correlation_id text,
  at bigint NOT NULL,
  PRIMARY KEY (org, request_id)
);
CREATE INDEX ON {schema}.outcomes (at);
`,
  apply: (batch) => {
    const asked = new Map<string, Json>();
    const settled = new Map<string, Json>();
    let newest = 0;
    for (const { event } of batch) {
      newest = Math.max(newest, event.time);
      switch (event.type) {
        case 'drift.acknowledge-requested':
        case 'drift.accept-requested':
        case 'state.refresh-requested':
        case 'snapshot.requested':
          asked.set(`${event.org}\u001f${event.id}`, requestRow(event));
          break;
        case 'request.settled': {
          if (UNASKED.has(event.source)) break;
          const key = `${event.org}\u001f${event.body.requestId}`;
          // A request has one outcome: the first stands.
          if (!settled.has(key)) settled.set(key, outcomeRow(event));
        }
      }
    }
    const statements: Statement[] = [];
    if (asked.size > 0) statements.push({ sql: INSERT_REQUEST, rows: [...asked.values()] });
    if (settled.size > 0) statements.push({ sql: INSERT_OUTCOME, rows: [...settled.values()] });
    if (statements.length > 0)
      for (const sql of EXPIRE) statements.push({ sql, rows: [{ before: newest - KEPT_MS }] });
    return statements;
  },
};

const requestRow = (event: RequestEvent): Json => ({
  org: event.org,
  id: event.id,
  type: event.type,
  by: 'by' in event.body ? event.body.by : null,
  drift_id: 'driftId' in event.body ? event.body.driftId : null,
  correlation_id: event.correlationId,
  at: event.time,
  body: { ...event.body },
});

const outcomeRow = (event: EventOf<'request.settled'>): Json => ({
  org: event.org,
  request_id: event.body.requestId,
  outcome: event.body.outcome,
  reason: event.body.reason,
  drift_id: event.body.driftId,
  correlation_id: event.correlationId,
  at: event.time,
});

const INSERT_REQUEST = `
INSERT INTO {schema}.requests (org, id, type, by, drift_id, correlation_id, at, body)
SELECT org, id, type, by, drift_id, correlation_id, at, body FROM jsonb_to_recordset($1)
  AS r(org text, id text, type text, by text, drift_id text, correlation_id text, at bigint, body jsonb)
ON CONFLICT DO NOTHING`;

const INSERT_OUTCOME = `
INSERT INTO {schema}.outcomes (org, request_id, outcome, reason, drift_id, correlation_id, at)
SELECT org, request_id, outcome, reason, drift_id, correlation_id, at FROM jsonb_to_recordset($1)
  AS r(org text, request_id text, outcome text, reason text, drift_id text, correlation_id text, at bigint)
ON CONFLICT DO NOTHING`;

/** By the index: where nothing is old enough this costs a look. */
const EXPIRE = ['requests', 'outcomes'].map(
  (table) =>
    `DELETE FROM {schema}.${table} WHERE at < (SELECT min(before) FROM jsonb_to_recordset($1) AS r(before bigint))`,
);

// Queries --------------------------------------------------------------------------------------------------------------

export interface RequestOutcome {
  id: string;
  /** Null when the request itself was not read yet, though its outcome was. */
  type: string | null;
  by: string | null;
  correlationId: string | null;
  status: 'pending' | Outcome;
  reason: string | null;
  driftId: string | null;
  requestedAt: string | null;
  settledAt: string | null;
}

interface RequestRow {
  type: string | null;
  by: string | null;
  requested_at: number | null;
  outcome: Outcome | null;
  reason: string | null;
  drift_id: string | null;
  correlation_id: string | null;
  settled_at: number | null;
}

/** Null when no such request is known. */
export async function requestById(
  stores: Stores,
  which: { org: string; id: string },
): Promise<RequestOutcome | null> {
  const schema = stores.serving.schema('requests');
  const [row] = await stores.postgres.query<RequestRow>(
    `SELECT q.type, q.by, q.at AS requested_at, o.outcome, o.reason, o.at AS settled_at,
       coalesce(o.drift_id, q.drift_id) AS drift_id, coalesce(q.correlation_id, o.correlation_id) AS correlation_id
     FROM (SELECT * FROM ${schema}.requests WHERE org = $1 AND id = $2) q
     FULL JOIN (SELECT * FROM ${schema}.outcomes WHERE org = $1 AND request_id = $2) o ON o.request_id = q.id`,
    [which.org, which.id],
  );
  if (row === undefined) return null;
  return {
    id: which.id,
    type: row.type,
    by: row.by,
    correlationId: row.correlation_id,
    status: row.outcome ?? 'pending',
    reason: row.reason,
    driftId: row.drift_id,
    requestedAt: isoOrNull(row.requested_at),
    settledAt: isoOrNull(row.settled_at),
  };
}
