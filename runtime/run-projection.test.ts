// What the loop of projections promises, on real embedded databases with two small projections.
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event, Json, TopicName } from '../schemas/index.ts';
import { placement, recordKey, topicOf, UnknownBody } from '../schemas/index.ts';
import type { Blobs } from './blobs/blobs.ts';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import { openChdb } from './clickhouse/open-chdb.ts';
import { systemClock } from './clock.ts';
import { DriftError } from './errors.ts';
import type { Log } from './log/log.ts';
import { createMemoryLog } from './log/memory-log.ts';
import type { Postgres } from './postgres/postgres.ts';
import type { ClickHouseProjection, PostgresProjection, Projection } from './projection.ts';
import type { ProjectionHandle } from './run-projection.ts';
import { runProjection } from './run-projection.ts';
import type { WatchedServing } from './serving.ts';
import { watchServing } from './serving.ts';
import { componentMetrics } from './telemetry.ts';
import { testCodec } from './testing/codec.ts';
import { changeReported, fingerprintOf, observed } from './testing/events.ts';
import { openMadePostgres } from './testing/made-database.ts';
import { pausesIn } from './testing/pauses.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const codec = testCodec();
const logger = pino({ level: 'silent' });
const folder = temporaryFolder();
let postgres: Postgres;
let clickhouse: ClickHouse;
let log: Log;
let stop: AbortController;
let serving: WatchedServing;
let letters: Map<string, Buffer>;
let handles: ProjectionHandle[];
let unique = 0;
let name: string;

beforeAll(async () => {
  postgres = await openMadePostgres({ directory: join(folder.path, 'pg'), logger });
  clickhouse = await openChdb({ directory: join(folder.path, 'ch'), logger });
});
afterAll(async () => {
  await postgres.close();
  await clickhouse.close();
  folder.remove();
});
beforeEach(async () => {
  log = createMemoryLog({ partitions: 3, clock: systemClock });
  stop = new AbortController();
  serving = await watchServing({ postgres, database: clickhouse.database, clock: systemClock, logger });
  letters = new Map();
  handles = [];
  name = `test-${++unique}`;
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(handles.map((handle) => handle.ended));
  serving.close();
});

const blobs: Blobs = {
  async put(reference, bytes) {
    letters.set(reference, bytes);
  },
  get: async (reference) => letters.get(reference) ?? null,
  list: async (prefix) => [...letters.keys()].filter((key) => key.startsWith(prefix)),
  async delete(reference) {
    letters.delete(reference);
  },
};

function run(
  projection: Projection,
  over: Partial<Parameters<typeof runProjection>[0]> = {},
): ProjectionHandle {
  const handle = runProjection({
    projection,
    org: 'default',
    log,
    codec,
    blobs,
    postgres,
    clickhouse,
    clock: systemClock,
    logger,
    metrics: componentMetrics(new Registry(), 'projection', projection.name),
    signal: stop.signal,
    graceMs: 50,
    ...over,
  });
  handles.push(handle);
  return handle;
}

const append = (...events: Event[]): Promise<void> =>
  log.append(
    events.flatMap((event) =>
      placement(event, log.partitions).map((partition) => ({
        topic: topicOf(event.type),
        partition,
        key: recordKey(event),
        value: codec.encode(event, fingerprintOf(event)),
      })),
    ),
  );

/** Counts how often each change's operation came by: adding, so that anything applied twice shows. */
const counting = (version = 1): PostgresProjection => ({
  store: 'postgres',
  name,
  version,
  reads: ['driftmgr.changes'],
  hurry: 'usual',
  skipUnchanged: false,
  tables:
    'CREATE TABLE {schema}.counts (operation text PRIMARY KEY, n bigint NOT NULL, version int NOT NULL)',
  apply: (batch) => {
    const counts = new Map<string, number>();
    for (const { event } of batch)
      if (event.type === 'change.reported')
        counts.set(event.body.operation, (counts.get(event.body.operation) ?? 0) + 1);
    if (counts.has('throws')) throw new Error('this event cannot be applied');
    const rows: Json[] = [...counts].map(([operation, n]) => ({
      operation,
      n,
      version,
      bad: operation === 'bad',
    }));
    return rows.length === 0
      ? []
      : [
          {
            sql: `INSERT INTO {schema}.counts AS c SELECT operation, n / CASE WHEN bad THEN 0 ELSE 1 END, version
              FROM jsonb_to_recordset($1) AS r(operation text, n bigint, version int, bad boolean)
              ON CONFLICT (operation) DO UPDATE SET n = c.n + excluded.n`,
            rows,
          },
        ];
  },
});

const historic = (version = 1, over: Partial<ClickHouseProjection> = {}): ClickHouseProjection => ({
  store: 'clickhouse',
  name,
  version,
  reads: ['driftmgr.changes'],
  hurry: 'usual',
  skipUnchanged: false,
  tables: {
    history: `CREATE TABLE {table} (topic LowCardinality(String), partition UInt32, offset UInt64, row UInt32,
      at DateTime64(3, 'UTC'), operation String, version UInt8) ENGINE = ReplacingMergeTree
      ORDER BY (at, topic, partition, offset, row)`,
  },
  rows: ({ event }): Record<string, Json[]> =>
    event.type === 'change.reported'
      ? {
          history: [
            {
              at: event.time,
              operation: event.body.operation,
              version: event.body.operation === 'bad' ? 'no number' : version,
            },
          ],
        }
      : {},
  ...over,
});

const change = (operation: string, n = 0) =>
  changeReported(
    { operation, providerEventId: `${operation}-${n}` },
    { objectKey: `default/aws/-/-/s3-bucket/${n}` },
  );
const many = (operation: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => change(operation, from + index));

const counts = async (): Promise<Record<string, number>> => {
  await serving.refresh();
  const rows = await postgres.query<{ operation: string; n: number }>(
    `SELECT operation, n FROM ${serving.schema(name)}.counts ORDER BY operation`,
  );
  return Object.fromEntries(rows.map((row) => [row.operation, row.n]));
};
const history = async (): Promise<Record<string, number>> => {
  await serving.refresh();
  const rows = await clickhouse.query<{ key: string; n: number }>(
    `SELECT concat(operation, '/v', toString(version)) AS key, count() AS n
     FROM ${serving.table(name, 'history')} FINAL GROUP BY key ORDER BY key`,
  );
  return Object.fromEntries(rows.map((row) => [row.key, row.n]));
};
const deadLetters = async () => {
  const found: Event[] = [];
  for (let partition = 0; partition < log.partitions; partition++)
    for (const record of (
      await log.read('driftmgr.dead-letters', partition, 0, { records: 1000, bytes: 1e9 })
    ).records)
      found.push(codec.decode('driftmgr.dead-letters', record.value!));
  return found.flatMap((event) => (event.type === 'dead-letter.recorded' ? [event] : []));
};

describe('a projection in Postgres', () => {
  it('is ready when what was in the log can be asked for, and follows what comes', async () => {
    await append(...many('before', 50));
    const handle = run(counting());
    await handle.ready;
    expect(await counts()).toEqual({ before: 50 });
    expect(await handle.status()).toMatchObject({ state: 'live', generation: 1, filling: null, lag: 0 });
    await append(...many('after', 20));
    await expect.poll(counts).toEqual({ after: 20, before: 50 });
  });

  it('applies nothing twice over a restart', async () => {
    await append(...many('a', 500));
    await run(counting()).ready;
    stop.abort();
    await handles[0]!.ended;
    await append(...many('a', 7, 500));
    stop = new AbortController();
    await run(counting()).ready;
    expect(await counts()).toEqual({ a: 507 });
  });

  it('two processes at once apply each event once: who comes late throws its batch away', async () => {
    const first = run(counting());
    await first.ready;
    const second = run(counting());
    await second.ready;
    for (let round = 0; round < 20; round++) await append(...many('a', 25, round * 25));
    await expect.poll(counts, { timeout: 15_000 }).toEqual({ a: 500 });
    await expect.poll(async () => (await second.status()).lag, { timeout: 15_000 }).toBe(0);
    await expect.poll(async () => (await first.status()).lag, { timeout: 15_000 }).toBe(0);
    expect(await counts()).toEqual({ a: 500 });
  });

  it('two processes that start at the same moment make one first generation, and both go on', async () => {
    await append(...many('a', 10));
    await Promise.all(Array.from({ length: 4 }, () => run(counting()).ready));
    expect(await counts()).toEqual({ a: 10 });
    for (const handle of handles)
      expect(await handle.status()).toMatchObject({ state: 'live', generation: 1, filling: null });
  });

  it('a failure after the rows and before the commit leaves neither rows nor position', async () => {
    await append(...many('a', 10));
    let failures = 3;
    const breaking: Postgres = {
      ...postgres,
      transaction: (work) =>
        postgres.transaction(async (queries) => {
          let wrote = false;
          const result = await work({
            query: (sql, parameters) => {
              wrote ||= sql.includes('counts AS c');
              return queries.query(sql, parameters);
            },
          });
          if (wrote && failures-- > 0)
            throw new DriftError('the connection broke', {
              code: 'DM_DATABASE_UNREACHABLE',
              retriable: true,
            });
          return result;
        }),
    };
    await run(counting(), { postgres: breaking }).ready;
    expect(failures).toBeLessThan(0);
    expect(await counts()).toEqual({ a: 10 });
  });

  it('a new version is filled from the log while the old one serves, then takes its place; the old is dropped', async () => {
    await append(...many('a', 100));
    await run(counting(1)).ready;
    stop.abort();
    await handles[0]!.ended;
    expect(await counts()).toEqual({ a: 100 });
    stop = new AbortController();
    await append(...many('a', 100, 100));
    const next = run(counting(2));
    await next.ready;
    expect(await counts()).toEqual({ a: 200 });
    expect(await next.status()).toMatchObject({ generation: 2, version: 2, state: 'live' });
    const versions = await postgres.query<{ version: number }>(
      `SELECT DISTINCT version FROM ${serving.schema(name)}.counts`,
    );
    expect(versions).toEqual([{ version: 2 }]);
    await expect
      .poll(() => postgres.query('SELECT generation FROM driftmgr.projections WHERE name = $1', [name]))
      .toEqual([{ generation: 2 }]);
    expect(
      await postgres.query('SELECT 1 FROM information_schema.schemata WHERE schema_name = $1', [
        `${name.replace('-', '_')}_g1`,
      ]),
    ).toEqual([]);
  });

  it('answers and follows while it is rebuilt', async () => {
    await append(...many('a', 3000));
    const handle = run(counting());
    await handle.ready;
    const { done, generation } = await handle.rebuild();
    let rebuilt = false;
    done.then(() => {
      rebuilt = true;
    });
    let asked = 0;
    for (let n = 0; !rebuilt; n++) {
      await append(change('meanwhile', n));
      const now = await counts();
      expect(now.a).toBe(3000);
      asked++;
    }
    expect(asked).toBeGreaterThan(0);
    const expected = { a: 3000, meanwhile: asked };
    await expect.poll(counts).toEqual(expected);
    expect(await handle.status()).toMatchObject({ generation, filling: null });
  });

  it('a generation half filled by a process that ended is filled anew', async () => {
    await append(...many('a', 2000));
    await run(counting()).ready;
    await handles[0]!.rebuild();
    stop.abort();
    await handles[0]!.ended;
    stop = new AbortController();
    const again = run(counting());
    await again.ready;
    await expect.poll(async () => (await again.status()).filling, { timeout: 10_000 }).toBe(null);
    expect(await counts()).toEqual({ a: 2000 });
    await expect
      .poll(() => postgres.query('SELECT state FROM driftmgr.projections WHERE name = $1', [name]))
      .toEqual([{ state: 'serving' }]);
  });

  it.each(['throws', 'bad'])(
    'an event at fault (%s) becomes a dead letter; those around it are applied once',
    async (fault) => {
      await append(...many('fine', 40), change(fault, 41), ...many('fine', 40, 100));
      await run(counting()).ready;
      expect(await counts()).toEqual({ fine: 80 });
      const [letter, ...others] = await deadLetters();
      expect(others).toEqual([]);
      expect(letter).toMatchObject({
        objectKey: 'default/aws/-/-/s3-bucket/41',
        body: { reader: name, topic: 'driftmgr.changes', recordKey: 'default/aws/-/-/s3-bucket/41' },
      });
      expect(codec.decode('driftmgr.changes', letters.get(letter!.body.blob!)!)).toMatchObject({
        body: { operation: fault },
      });
    },
  );

  it('bytes that are no event become a dead letter', async () => {
    await log.append([
      { topic: 'driftmgr.changes', partition: 0, key: 'default/aws/-/-/x/y', value: Buffer.from('no event') },
    ]);
    await append(change('fine'));
    await run(counting()).ready;
    expect(await counts()).toEqual({ fine: 1 });
    expect((await deadLetters()).map((letter) => letter.body.code)).toEqual(['DM_EVENT_UNDECODABLE']);
  });

  it('a body newer than the process stops it with a message, and is no dead letter', async () => {
    const newer = {
      ...codec,
      decode: (topic: TopicName): Event => {
        throw new UnknownBody('io.driftmgr.ChangeForetold', topic);
      },
    };
    await append(change('fine'));
    const handle = run(counting(), { codec: newer });
    await expect(handle.ended).rejects.toMatchObject({ code: 'DM_EVENT_NEWER' });
    await expect(handle.ready).rejects.toThrow();
    expect(await handle.status()).toMatchObject({
      state: 'stopped',
      failure: expect.stringContaining('upgrade'),
    });
    expect(await deadLetters()).toEqual([]);
  });

  it('when nothing at all can be applied it stops instead of setting everything aside', async () => {
    await append(...Array.from({ length: 150 }, (_, n) => change('throws', n)));
    const handle = run(counting());
    await expect(handle.ended).rejects.toMatchObject({ retriable: false });
  });

  it('text that Postgres cannot hold is held with U+FFFD in place of what it cannot', async () => {
    await append(change('nul\u0000here'));
    await run(counting()).ready;
    expect(await counts()).toEqual({ 'nul\ufffdhere': 1 });
    expect(await deadLetters()).toEqual([]);
  });

  it('events by the thousand hold up the loop for no longer than a moment', async () => {
    for (let n = 0; n < 20; n++) await append(...many('a', 1000, n * 1000));
    const handle = run(counting());
    const { longest } = await pausesIn(() => handle.ready);
    expect(await counts()).toEqual({ a: 20_000 });
    expect(longest).toBeLessThan(50);
  });
});

describe('unchanged records', () => {
  /** Writes down every observation it is given. */
  const watching = (): PostgresProjection => ({
    ...counting(),
    reads: ['driftmgr.observations'],
    hurry: 'usual',
    skipUnchanged: true,
    tables: 'CREATE TABLE {schema}.counts (operation text PRIMARY KEY, n bigint NOT NULL)',
    apply: (batch) => [
      {
        sql: `INSERT INTO {schema}.counts SELECT operation, n FROM jsonb_to_recordset($1) AS r(operation text, n bigint)
          ON CONFLICT (operation) DO UPDATE SET n = excluded.n`,
        rows: batch.map(({ event, offset }) => ({ operation: `${event.source}@${event.time}`, n: offset })),
      },
    ],
  });

  it('are passed over per record key, and come again after another value or a tombstone', async () => {
    const see = (time: number, attributes: string, source = 's') =>
      observed({ attributes }, { time, source, objectKey: 'default/aws/-/-/s3-bucket/logs' });
    const handle = run(watching());
    await handle.ready;
    await append(
      see(1, '{"a":1}'),
      see(2, '{"a":1}'),
      see(3, '{"a":2}'),
      see(4, '{"a":1}'),
      see(5, '{"a":1}', 't'),
    );
    await expect.poll(async () => Object.keys(await counts())).toEqual(['s@1', 's@3', 's@4', 't@5']);
    const event = see(6, '{"a":1}');
    const [partition] = placement(event, log.partitions);
    await log.append([
      { topic: 'driftmgr.observations', partition: partition!, key: recordKey(event), value: null },
    ]);
    await append(event);
    await expect.poll(async () => Object.keys(await counts())).toEqual(['s@1', 's@3', 's@4', 's@6', 't@5']);
    await expect.poll(async () => (await handle.status()).lag).toBe(0);
  });

  it('are applied where another key said something else since of the same thing, and only there', async () => {
    const see = (time: number, attributes: string, source: string) =>
      observed({ attributes }, { time, source, objectKey: 'default/aws/-/-/s3-bucket/logs' });
    const speaksOf: PostgresProjection['speaksOf'] = (_topic, key) => key.slice(0, key.lastIndexOf('\u001f'));
    await run({ ...watching(), speaksOf }).ready;
    await append(
      see(10, '{"a":1}', 's'),
      see(11, '{"a":1}', 't'),
      see(12, '{"a":1}', 's'),
      see(20, '{"a":2}', 't'),
      see(15, '{"a":1}', 's'),
      see(30, '{"a":1}', 's'),
      see(31, '{"a":1}', 's'),
      see(40, '{"a":2}', 't'),
      see(50, '{"a":3}', 's'),
    );
    await expect
      .poll(async () => Object.keys(await counts()))
      .toEqual(['s@10', 's@30', 's@50', 't@11', 't@20', 't@40']);
  });

  it('are applied after all when the batch that held the first of them failed', async () => {
    let failures = 1;
    let armed = false;
    const once: Postgres = {
      ...postgres,
      transaction: async (work) => {
        if (armed && failures > 0) {
          failures--;
          throw new DriftError('broken', { code: 'DM_DATABASE_UNREACHABLE', retriable: true });
        }
        return postgres.transaction(work);
      },
    };
    await run(watching(), { postgres: once }).ready;
    armed = true;
    await append(observed({ attributes: '{"a":1}' }, { time: 1, source: 's' }));
    await expect.poll(async () => Object.keys(await counts())).toEqual(['s@1']);
    expect(failures).toBe(0);
  });
});

describe('a projection in ClickHouse', () => {
  it('is ready when what was in the log can be asked for, and follows what comes', async () => {
    await append(...many('before', 50));
    const handle = run(historic());
    await handle.ready;
    expect(await history()).toEqual({ 'before/v1': 50 });
    await append(...many('after', 20));
    await expect.poll(history).toEqual({ 'after/v1': 20, 'before/v1': 50 });
  });

  it('two processes that start at the same moment make one first generation, and both go on', async () => {
    await append(...many('a', 10));
    await Promise.all(Array.from({ length: 4 }, () => run(historic()).ready));
    await expect.poll(history).toEqual({ 'a/v1': 10 });
    for (const handle of handles)
      expect(await handle.status()).toMatchObject({ state: 'live', generation: 1, filling: null });
  });

  it('tables that another process makes during the start are not taken for leftovers', async () => {
    await append(...many('a', 10));
    const asked = Promise.withResolvers<void>();
    const made = Promise.withResolvers<void>();
    const late: ClickHouse = {
      ...clickhouse,
      query: async (sql, parameters) => {
        if (sql.includes('system.tables')) {
          asked.resolve();
          await made.promise;
        }
        return clickhouse.query(sql, parameters);
      },
    };
    const second = run(historic(), { clickhouse: late });
    await asked.promise;
    const first = run(historic());
    await first.ready;
    made.resolve();
    await second.ready;
    for (const handle of [first, second])
      expect(await handle.status()).toMatchObject({ state: 'live', generation: 1, filling: null });
    await expect.poll(history).toEqual({ 'a/v1': 10 });
  });

  it('a crash between the insert and the position doubles nothing', async () => {
    await append(...many('a', 30));
    let failures = 2;
    const inserted = (): boolean => {
      try {
        return serving.table(name, 'history') !== '';
      } catch {
        return false;
      }
    };
    const breaking: Postgres = {
      ...postgres,
      transaction: async (work) => {
        await serving.refresh();
        if (inserted() && (await history())['a/v1'] === 30 && failures-- > 0)
          throw new DriftError('broken', { code: 'DM_DATABASE_UNREACHABLE', retriable: true });
        return postgres.transaction(work);
      },
    };
    await run(historic(), { postgres: breaking }).ready;
    expect(failures).toBeLessThanOrEqual(0);
    expect(await history()).toEqual({ 'a/v1': 30 });
    const [raw] = await clickhouse.query<{ n: number }>(
      `SELECT count() AS n FROM ${serving.table(name, 'history')}`,
    );
    expect(raw!.n).toBeGreaterThanOrEqual(30);
  });

  it('a rebuild keeps what the log no longer has, and makes the rest anew', async () => {
    await append(...many('expired', 40));
    await run(historic(1)).ready;
    stop.abort();
    await handles[0]!.ended;
    stop = new AbortController();
    const shorter = withoutFirst(log, 5);
    await append(...many('later', 10, 1000));
    const next = run(historic(2), { log: shorter.log });
    await next.ready;
    const found = await history();
    const lost = shorter.hidden();
    expect(lost).toBeGreaterThan(0);
    expect(found).toEqual({ 'expired/v1': lost, 'expired/v2': 40 - lost, 'later/v2': 10 });
    expect(await next.status()).toMatchObject({ generation: 2 });
  });

  it('a rebuild takes away rows that the code of today no longer makes', async () => {
    await append(...many('kept', 10), ...many('dropped', 10, 100));
    await run(historic(1)).ready;
    stop.abort();
    await handles[0]!.ended;
    stop = new AbortController();
    const rows = historic(2).rows;
    await run(
      historic(2, {
        rows: (located) =>
          located.event.type === 'change.reported' && located.event.body.operation === 'dropped'
            ? {}
            : rows(located),
      }),
    ).ready;
    expect(await history()).toEqual({ 'kept/v2': 10 });
  });

  it('history outlives the loss of Postgres', async () => {
    await append(...many('a', 20));
    await run(historic(1)).ready;
    stop.abort();
    await handles[0]!.ended;
    stop = new AbortController();
    await postgres.query('DELETE FROM driftmgr.projections WHERE name = $1', [name]);
    await postgres.query('DELETE FROM driftmgr.projection_positions WHERE name = $1', [name]);
    const shorter = withoutFirst(log, 4);
    const handle = run(historic(1), { log: shorter.log });
    await handle.ready;
    expect(await history()).toEqual({ 'a/v1': 20 });
    expect(await handle.status()).toMatchObject({ generation: 2 });
  });

  it('an event whose values cannot be stored becomes a dead letter; those around it are there', async () => {
    await append(...many('fine', 20), change('bad', 50), ...many('fine', 20, 100));
    await run(historic()).ready;
    expect(await history()).toEqual({ 'fine/v1': 40 });
    expect((await deadLetters()).map((letter) => letter.objectKey)).toEqual(['default/aws/-/-/s3-bucket/50']);
  });
});

/** The log as it is after the first records of each partition of changes expired. */
function withoutFirst(whole: Log, count: number): { log: Log; hidden: () => number } {
  const hidden = new Set<string>();
  return {
    log: {
      ...whole,
      read: async (topic, partition, from, limits) => {
        const batch = await whole.read(topic, partition, from, limits);
        if (topic !== 'driftmgr.changes') return batch;
        return {
          next: batch.next,
          records: batch.records.filter((record) => {
            if (record.offset >= count) return true;
            hidden.add(`${partition}/${record.offset}`);
            return false;
          }),
        };
      },
    },
    hidden: () => hidden.size,
  };
}

describe('what serves', () => {
  it('is asked of every process, and says so before there is anything', async () => {
    expect(() => serving.schema('nothing')).toThrow(/no generation/);
    await run(counting()).ready;
    // Told by a notification, without being asked to look.
    await expect.poll(() => serving.schema(name)).toBe(`"${name.replace('-', '_')}_g1"`);
  });
});
