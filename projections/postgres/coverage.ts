// What is watched and what is not: listings by scope, reads that failed, dead letters, and the gaps they leave.
import type { PostgresProjection, Statement } from '../../runtime/projection.ts';
import type { Event, EventOf, Json } from '../../schemas/index.ts';
import { isBroadcastKey, isFailureKey } from '../record-keys.ts';

type Ended = EventOf<'snapshot.completed'>;
type Attempt = EventOf<'snapshot.started' | 'snapshot.failed' | 'snapshot.completed'>;

const KEPT_MS = 30 * 86_400_000;

export const coverage: PostgresProjection = {
  store: 'postgres',
  name: 'coverage',
  version: 3,
  reads: ['driftmgr.observations', 'driftmgr.changes', 'driftmgr.dead-letters'],
  hurry: 'usual',
  skipUnchanged: false,
  // Of the observations only broadcasts and failed reads; the keys of changes and dead letters have no unit separator.
  wants: (key) => isBroadcastKey(key) || !key.includes('\u001f') || isFailureKey(key),
  tables: `
-- The newest complete listing of each scope.
CREATE TABLE {schema}.listings (
  org text NOT NULL,
  scope text NOT NULL,
  provider text NOT NULL,
  account text,
  region text,
  type text NOT NULL,
  source text NOT NULL,
  at bigint NOT NULL,
  event text NOT NULL,
  snapshot_id text NOT NULL,
  started_at bigint NOT NULL,
  listed bigint NOT NULL,
  published bigint NOT NULL,
  attributes jsonb NOT NULL,
  PRIMARY KEY (org, scope)
);
-- The newest attempt, however it ended.
CREATE TABLE {schema}.attempts (
  org text NOT NULL,
  scope text NOT NULL,
  provider text NOT NULL,
  account text,
  region text,
  type text NOT NULL,
  source text NOT NULL,
  at bigint NOT NULL,
  ended boolean NOT NULL,
  event text NOT NULL,
  snapshot_id text NOT NULL,
  status text NOT NULL,
  reason text,
  retry_at bigint,
  PRIMARY KEY (org, scope)
);
-- The newest read of each resource that failed, by who read it. It is a gap until something was observed later.
CREATE TABLE {schema}.failed_reads (
  org text NOT NULL,
  object_key text NOT NULL,
  type text NOT NULL,
  resource_id text NOT NULL,
  source text NOT NULL,
  at bigint NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (object_key, type, resource_id, source)
);
-- Which feed has reported from where.
CREATE TABLE {schema}.feeds (
  org text NOT NULL,
  source text NOT NULL,
  provider text NOT NULL,
  account text NOT NULL,
  region text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (org, source, provider, account, region)
);
CREATE TABLE {schema}.dead_letters (
  org text NOT NULL,
  id text NOT NULL,
  at bigint NOT NULL,
  reader text NOT NULL,
  topic text,
  "partition" int,
  "offset" bigint,
  record_key text,
  object_key text,
  code text NOT NULL,
  reason text NOT NULL,
  blob text,
  PRIMARY KEY (org, id)
);
CREATE INDEX ON {schema}.dead_letters (object_key);
CREATE INDEX ON {schema}.dead_letters (at);
-- Records whose original was appended again, by their place. Beside the letters, since a letter of the same record may
-- come after it: of a reader that was behind, or of one that reads the log from the beginning.
CREATE TABLE {schema}.replayed (
  org text NOT NULL,
  topic text NOT NULL,
  "partition" int NOT NULL,
  "offset" bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (org, topic, "partition", "offset")
);
CREATE INDEX ON {schema}.replayed (at);
-- Those that still wait for someone.
CREATE VIEW {schema}.waiting_letters AS
  SELECT * FROM {schema}.dead_letters d WHERE NOT EXISTS (SELECT FROM {schema}.replayed r
    WHERE r.org = d.org AND r.topic = d.topic AND r."partition" = d."partition" AND r."offset" = d."offset");
`,
  apply: (batch) => {
    const listings = new Map<string, Ended>();
    const attempts = new Map<string, Attempt>();
    const letters = new Map<string, EventOf<'dead-letter.recorded'>>();
    const replayed = new Map<string, EventOf<'dead-letter.replayed'>>();
    const failures = new Map<string, EventOf<'resource.read-failed'>>();
    const feeds = new Map<string, EventOf<'change.reported'>>();
    for (const { event } of batch) {
      switch (event.type) {
        case 'snapshot.completed':
        case 'snapshot.started':
        case 'snapshot.failed': {
          const key = `${event.org}\u001f${event.body.scope}`;
          if (event.type === 'snapshot.completed' && newer(event, listings.get(key)))
            listings.set(key, event);
          if (newerAttempt(event, attempts.get(key))) attempts.set(key, event);
          break;
        }
        case 'change.reported': {
          const { provider, account, region } = event.body;
          const key = [event.org, event.source, provider, account, region].join('\u001f');
          const held = feeds.get(key);
          if (held === undefined || event.time > held.time) feeds.set(key, event);
          break;
        }
        case 'resource.read-failed': {
          const { type, resourceId } = event.body;
          failures.set([event.objectKey, type, resourceId, event.source].join('\u001f'), event);
          break;
        }
        case 'dead-letter.recorded':
          letters.set(`${event.org}\u001f${event.id}`, event);
          break;
        case 'dead-letter.replayed': {
          const { topic, partition, offset } = event.body;
          replayed.set([event.org, topic, partition, offset].join('\u001f'), event);
        }
      }
    }
    const statements: Statement[] = [];
    if (listings.size > 0) statements.push({ sql: LIST, rows: [...listings.values()].map(listingRow) });
    if (attempts.size > 0) statements.push({ sql: ATTEMPT, rows: [...attempts.values()].map(attemptRow) });
    if (failures.size > 0) statements.push({ sql: FAIL, rows: [...failures.values()].map(failureRow) });
    if (feeds.size > 0) statements.push({ sql: FEED, rows: [...feeds.values()].map(feedRow) });
    if (letters.size > 0) {
      const rows = [...letters.values()].map(letterRow);
      const newest = Math.max(...[...letters.values()].map((event) => event.recordedAt));
      statements.push({ sql: LETTER, rows }, { sql: EXPIRE, rows: [{ before: newest - KEPT_MS }] });
    }
    if (replayed.size > 0) {
      const rows = [...replayed.values()].map(replayedRow);
      const newest = Math.max(...[...replayed.values()].map((event) => event.recordedAt));
      // Longer than any letter of theirs.
      const before = newest - 2 * KEPT_MS;
      statements.push({ sql: REPLAYED, rows }, { sql: EXPIRE_REPLAYED, rows: [{ before }] });
    }
    return statements;
  },
};

const newer = (event: Event, held: Event | undefined): boolean =>
  held === undefined || event.time > held.time || (event.time === held.time && event.id >= held.id);

/** An attempt that starts and ends in the same millisecond has ended. */
const newerAttempt = (event: Attempt, held: Attempt | undefined): boolean => {
  const ended = event.type !== 'snapshot.started';
  if (held !== undefined && event.time === held.time && ended !== (held.type !== 'snapshot.started'))
    return ended;
  return newer(event, held);
};

/** `provider/account/region/type`, `-` where a part does not apply. */
function scopeParts(scope: string): {
  provider: string;
  account: string | null;
  region: string | null;
  type: string;
} {
  const [provider = '', account = '-', region = '-', ...type] = scope.split('/');
  return {
    provider,
    account: account === '-' ? null : account,
    region: region === '-' ? null : region,
    type: type.join('/'),
  };
}

const listingRow = (event: Ended): Json => ({
  org: event.org,
  scope: event.body.scope,
  ...scopeParts(event.body.scope),
  source: event.source,
  at: event.time,
  event: event.id,
  snapshot_id: event.body.snapshotId,
  started_at: event.body.startedAt,
  listed: event.body.listed,
  published: event.body.published,
  attributes: event.body.attributes,
});

const attemptRow = (event: Attempt): Json => ({
  org: event.org,
  scope: event.body.scope,
  ...scopeParts(event.body.scope),
  source: event.source,
  at: event.time,
  ended: event.type !== 'snapshot.started',
  event: event.id,
  snapshot_id: event.body.snapshotId,
  status:
    event.type === 'snapshot.started' ? 'running' : event.type === 'snapshot.failed' ? 'failed' : 'completed',
  reason: event.type === 'snapshot.failed' ? event.body.reason : null,
  retry_at: event.type === 'snapshot.failed' ? event.body.retryAt : null,
});

const feedRow = (event: EventOf<'change.reported'>): Json => ({
  org: event.org,
  source: event.source,
  provider: event.body.provider,
  account: event.body.account ?? '-',
  region: event.body.region ?? '-',
  at: event.time,
});

const failureRow = (event: EventOf<'resource.read-failed'>): Json => ({
  org: event.org,
  object_key: event.objectKey,
  type: event.body.type,
  resource_id: event.body.resourceId,
  source: event.source,
  at: event.time,
  code: event.body.code,
  reason: event.body.reason,
});

const letterRow = (event: EventOf<'dead-letter.recorded'>): Json => ({
  org: event.org,
  id: event.id,
  at: event.recordedAt,
  reader: event.body.reader,
  topic: event.body.topic,
  partition: event.body.partition,
  offset: event.body.offset,
  record_key: event.body.recordKey,
  object_key: event.objectKey,
  code: event.body.code,
  reason: event.body.reason,
  blob: event.body.blob,
});

const replayedRow = (event: EventOf<'dead-letter.replayed'>): Json => ({
  org: event.org,
  topic: event.body.topic,
  partition: event.body.partition,
  offset: event.body.offset,
  at: event.recordedAt,
});

const SCOPE = 'org text, scope text, provider text, account text, region text, type text, source text';

const LIST = `
INSERT INTO {schema}.listings AS w (org, scope, provider, account, region, type, source, at, event, snapshot_id, started_at,
  listed, published, attributes)
SELECT org, scope, provider, account, region, type, source, at, event, snapshot_id, started_at, listed, published, attributes
FROM jsonb_to_recordset($1) AS r(${SCOPE}, at bigint, event text, snapshot_id text, started_at bigint, listed bigint,
  published bigint, attributes jsonb)
ON CONFLICT (org, scope) DO UPDATE SET source = excluded.source, at = excluded.at, event = excluded.event,
  snapshot_id = excluded.snapshot_id, started_at = excluded.started_at, listed = excluded.listed,
  published = excluded.published, attributes = excluded.attributes
WHERE (excluded.at, excluded.event) >= (w.at, w.event)`;

const ATTEMPT = `
INSERT INTO {schema}.attempts AS w (org, scope, provider, account, region, type, source, at, ended, event, snapshot_id,
  status, reason, retry_at)
SELECT org, scope, provider, account, region, type, source, at, ended, event, snapshot_id, status, reason, retry_at
FROM jsonb_to_recordset($1) AS r(${SCOPE}, at bigint, ended boolean, event text, snapshot_id text, status text, reason text,
  retry_at bigint)
ON CONFLICT (org, scope) DO UPDATE SET source = excluded.source, at = excluded.at, ended = excluded.ended,
  event = excluded.event, snapshot_id = excluded.snapshot_id, status = excluded.status, reason = excluded.reason,
  retry_at = excluded.retry_at
WHERE (excluded.at, excluded.ended, excluded.event) >= (w.at, w.ended, w.event)`;

const FEED = `
INSERT INTO {schema}.feeds AS w (org, source, provider, account, region, at)
SELECT org, source, provider, account, region, at FROM jsonb_to_recordset($1)
  AS r(org text, source text, provider text, account text, region text, at bigint)
ON CONFLICT (org, source, provider, account, region) DO UPDATE SET at = greatest(w.at, excluded.at)`;

// One partition holds all records of a row, in order: the last one stands.
const FAIL = `
INSERT INTO {schema}.failed_reads (org, object_key, type, resource_id, source, at, code, reason)
SELECT org, object_key, type, resource_id, source, at, code, reason FROM jsonb_to_recordset($1)
  AS r(org text, object_key text, type text, resource_id text, source text, at bigint, code text, reason text)
ON CONFLICT (object_key, type, resource_id, source) DO UPDATE SET at = excluded.at, code = excluded.code,
  reason = excluded.reason`;

const LETTER = `
INSERT INTO {schema}.dead_letters (org, id, at, reader, topic, "partition", "offset", record_key, object_key, code, reason, blob)
SELECT org, id, at, reader, topic, "partition", "offset", record_key, object_key, code, reason, blob
FROM jsonb_to_recordset($1) AS r(org text, id text, at bigint, reader text, topic text, "partition" int, "offset" bigint,
  record_key text, object_key text, code text, reason text, blob text)
ON CONFLICT DO NOTHING`;

const EXPIRE = `DELETE FROM {schema}.dead_letters WHERE at < (SELECT min(before) FROM jsonb_to_recordset($1) AS r(before bigint))`;

const REPLAYED = `
INSERT INTO {schema}.replayed (org, topic, "partition", "offset", at)
SELECT org, topic, "partition", "offset", at
FROM jsonb_to_recordset($1) AS r(org text, topic text, "partition" int, "offset" bigint, at bigint)
ON CONFLICT DO NOTHING`;

const EXPIRE_REPLAYED = `DELETE FROM {schema}.replayed WHERE at < (SELECT min(before) FROM jsonb_to_recordset($1) AS r(before bigint))`;
