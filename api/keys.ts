// API keys: `dmk_<id>_<secret>`, of which only a SHA-256 is stored (the secret is 256 random bits: nothing to guess).
// A revoked key works for at most CACHE_MS longer in other processes, and not at all in the one that revoked it.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import picomatch from 'picomatch';
import type { Clock } from '../runtime/clock.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Postgres, PostgresQueries } from '../runtime/postgres/postgres.ts';
import type { Logger } from '../runtime/telemetry.ts';
import { notFound } from './problems.ts';
import { type KeyScope, SCOPES } from './types.ts';

/** Who asks, and what they may do. */
export interface Principal {
  /** Written into requests and the log: `key:<id>` or `jwt:<subject>`. */
  id: string;
  /** What people call it; stands as `by` in what it asks for. */
  name: string;
  scopes: ReadonlySet<KeyScope>;
  /** Globs; null: all workspaces. */
  workspaces: readonly string[] | null;
}

/** `admin` stands for every scope but `tfstate:read`, which shows secrets and is always given by name. */
export const allows = (principal: Principal, scope: KeyScope): boolean =>
  principal.scopes.has(scope) || (scope !== 'tfstate:read' && principal.scopes.has('admin'));

export const allowsWorkspace = (principal: Principal, workspace: string): boolean =>
  principal.workspaces === null || picomatch.isMatch(workspace, [...principal.workspaces], { dot: true });

export interface KeyRecord {
  id: string;
  name: string;
  scopes: KeyScope[];
  workspaces: string[] | null;
  /** Milliseconds since the epoch, like all times here. */
  createdAt: number;
  createdBy: string;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
}

export interface NewKey {
  name: string;
  scopes: readonly KeyScope[];
  workspaces: readonly string[] | null;
  expiresAt: number | null;
  createdBy: string;
}

export interface Keys {
  /** Makes the table; safe to repeat and to race. */
  prepare(): Promise<void>;
  /** DM_REQUEST_REFUSED while a key of that name works: what it asked for could not be told apart. */
  create(key: NewKey): Promise<{ key: string; record: KeyRecord }>;
  /** Stores a key made elsewhere (the first one, which stands in a file before it is stored). */
  adopt(text: string, key: NewKey): Promise<void>;
  /** The same while no admin key works; false, and nothing is stored, when one does: another process was first. */
  adoptFirst(text: string, key: NewKey): Promise<boolean>;
  /** Newest first, after the key of that id. */
  list(page: { limit: number; after: string | null }): Promise<{ items: KeyRecord[]; next: string | null }>;
  /** DM_NOT_FOUND when there is none; revoking twice changes nothing. */
  revoke(id: string): Promise<KeyRecord>;
  /** Null for everything but a stored key that is neither expired nor revoked. */
  verify(text: string): Promise<Principal | null>;
  /** The same, only for a key whose id and secret were right here before: nothing is asked for any other. */
  verifyKnown(text: string): Promise<Principal | null>;
  hasAdmin(): Promise<boolean>;
}

const CACHE_MS = 5_000;
const CACHE_SIZE = 10_000;
const LAST_USED_MS = 60_000;
const FORM = /^dmk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

interface Row extends KeyRecord {
  hash: string;
}

const COLUMNS = `id, name, hash, scopes, workspaces, created_at AS "createdAt", created_by AS "createdBy",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;

/** Neither revoked nor expired; `$now` stands for the time's parameter. */
const WORKS = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $now)';
const ADMIN_FOUND = `SELECT EXISTS (SELECT 1 FROM api.keys WHERE 'admin' = ANY(scopes) AND ${WORKS.replace('$now', '$1')}) AS found`;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const NO_HASH = hashOf('');

export const makeKey = (): string =>
  `dmk_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`;

export const isKey = (text: string): boolean => FORM.test(text);

export function createKeys(options: { postgres: Postgres; clock: Clock; logger: Logger }): Keys {
  const { postgres, clock, logger } = options;
  /** By id, in order of first use: the oldest goes first when it is full. */
  const known = new Map<string, { row: Row; until: number }>();
  const used = new Map<string, number>();

  const alive = (row: Row): boolean =>
    row.revokedAt === null && (row.expiresAt === null || row.expiresAt > clock.now());

  function principalOf(row: Row | undefined, secret: string): Principal | null {
    const same = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(row?.hash ?? NO_HASH));
    if (!row || !same || !alive(row)) return null;
    return { id: `key:${row.id}`, name: row.name, scopes: new Set(row.scopes), workspaces: row.workspaces };
  }

  /** At most one write a minute and key. When it fails, the next use tries again. */
  function noteUse(id: string): void {
    const now = clock.now();
    if (now - (used.get(id) ?? Number.NEGATIVE_INFINITY) < LAST_USED_MS) return;
    if (used.size >= CACHE_SIZE) used.clear();
    used.set(id, now);
    postgres
      .query('UPDATE api.keys SET last_used_at = $2 WHERE id = $1', [id, now])
      .catch((error: unknown) => {
        used.delete(id);
        logger.warn(
          { err: error, key: id },
          'the last use of a key was not written; its next use tries again',
        );
      });
  }

  async function insert(queries: PostgresQueries, text: string, key: NewKey): Promise<KeyRecord> {
    const [, id, secret] = FORM.exec(text)!;
    const rows = await queries.query<Row>(
      `INSERT INTO api.keys (id, name, hash, scopes, workspaces, created_at, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING ${COLUMNS}`,
      [id!, key.name, hashOf(secret!), key.scopes, key.workspaces, clock.now(), key.createdBy, key.expiresAt],
    );
    return recordOf(rows[0]!);
  }

  async function verify(text: string): Promise<Principal | null> {
    const [, id, secret] = FORM.exec(text) ?? [];
    if (id === undefined || secret === undefined) return null;
    let row: Row | undefined;
    const cached = known.get(id);
    if (cached && cached.until > clock.now()) row = cached.row;
    else {
      row = (await postgres.query<Row>(`SELECT ${COLUMNS} FROM api.keys WHERE id = $1`, [id]))[0];
      known.delete(id);
      if (row) {
        if (known.size >= CACHE_SIZE) known.delete(known.keys().next().value!);
        known.set(id, { row, until: clock.now() + CACHE_MS });
      }
    }
    const principal = principalOf(row, secret);
    if (principal) noteUse(id);
    return principal;
  }

  async function verifyKnown(text: string): Promise<Principal | null> {
    const [, id, secret] = FORM.exec(text) ?? [];
    const cached = id === undefined ? undefined : known.get(id);
    if (!cached || secret === undefined || principalOf(cached.row, secret) === null) return null;
    // What is known may be old: a key that was revoked since is no key.
    return verify(text);
  }

  return {
    async prepare() {
      await postgres.transaction(async (queries) => {
        await queries.query('SELECT pg_advisory_xact_lock(717001)', []);
        await queries.query(`
          CREATE SCHEMA IF NOT EXISTS api;
          CREATE TABLE IF NOT EXISTS api.keys (
            id text PRIMARY KEY,
            name text NOT NULL,
            hash text NOT NULL,
            scopes text[] NOT NULL,
            workspaces text[],
            created_at bigint NOT NULL,
            created_by text NOT NULL,
            expires_at bigint,
            revoked_at bigint,
            last_used_at bigint
          )`);
      });
    },
    async create(key) {
      const text = makeKey();
      const record = await postgres.transaction(async (queries) => {
        // One after another, so that two of one name at once are seen.
        await queries.query('SELECT pg_advisory_xact_lock(717002)', []);
        const [standing] = await queries.query<{ id: string }>(
          `SELECT id FROM api.keys WHERE name = $1 AND ${WORKS.replace('$now', '$2')}`,
          [key.name, clock.now()],
        );
        if (standing) throw nameTaken(key.name, standing.id);
        return insert(queries, text, key);
      });
      return { key: text, record };
    },
    async adopt(text, key) {
      await insert(postgres, text, key);
    },
    adoptFirst(text, key) {
      return postgres.transaction(async (queries) => {
        await queries.query(`SELECT pg_advisory_xact_lock(hashtext('driftmgr.admin-key'))`);
        const [row] = await queries.query<{ found: boolean }>(ADMIN_FOUND, [clock.now()]);
        if (row!.found) return false;
        await insert(queries, text, key);
        return true;
      });
    },
    async list({ limit, after }) {
      const rows = await postgres.query<Row>(
        `SELECT ${COLUMNS} FROM api.keys
         WHERE $1::text IS NULL OR (created_at, id) < (SELECT created_at, id FROM api.keys WHERE id = $1)
         ORDER BY created_at DESC, id DESC LIMIT $2`,
        [after, limit + 1],
      );
      const items = rows.slice(0, limit).map(recordOf);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async revoke(id) {
      known.delete(id);
      const rows = await postgres.query<Row>(
        `UPDATE api.keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING ${COLUMNS}`,
        [id, clock.now()],
      );
      known.delete(id);
      if (!rows[0]) throw notFound(`key ${id}`);
      return recordOf(rows[0]);
    },
    verify,
    verifyKnown,
    async hasAdmin() {
      const [row] = await postgres.query<{ found: boolean }>(ADMIN_FOUND, [clock.now()]);
      return row!.found;
    },
  };
}

const nameTaken = (name: string, id: string): DriftError =>
  new DriftError('a key of that name works already', {
    code: 'DM_REQUEST_REFUSED',
    retriable: false,
    public: `There is a key named ${name} already (${id}): take another name, or revoke that key first.`,
  });

/** The row without what must not get out; scopes that this process does not know are left out. */
function recordOf({ hash: _hash, ...row }: Row): KeyRecord {
  return { ...row, scopes: row.scopes.filter((scope) => SCOPES.includes(scope)) };
}
