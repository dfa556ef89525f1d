// Every projection with every example of the topics it reads: what it writes is held in a snapshot, and on real databases
// the same events written twice leave the same tables as once. A new projection, or a new example, is tested by being there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../runtime/clickhouse/clickhouse.ts';
import { openChdb } from '../runtime/clickhouse/open-chdb.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Postgres } from '../runtime/postgres/postgres.ts';
import { clickHouseTarget } from '../runtime/projection/clickhouse-target.ts';
import { Generations } from '../runtime/projection/generations.ts';
import { postgresTarget } from '../runtime/projection/postgres-target.ts';
import type { Prepared, Target } from '../runtime/projection/target.ts';
import type { Located, Projection } from '../runtime/projection.ts';
import { schemaOf, tableOf } from '../runtime/serving.ts';
import { silent } from '../runtime/testing/loop.ts';
import { openMadePostgres } from '../runtime/testing/made-database.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import type { Event, Json } from '../schemas/index.ts';
import { EVENT_TYPES, topicOf } from '../schemas/index.ts';
import { KEPT_DAYS } from './clickhouse/storage.ts';
import { PROJECTIONS } from './index.ts';

const EXAMPLES = new URL('../schemas/examples/', import.meta.url);
const examples = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, EXAMPLES), 'utf8')) as Event[]);
const located: Located[] = examples.map((event, offset) => ({
  event,
  topic: topicOf(event.type),
  partition: 0,
  offset,
}));
const shift = Date.now() - Math.max(...examples.map((event) => event.recordedAt));
const readBy = (projection: Projection): Located[] =>
  located.filter(({ topic }) => projection.reads.includes(topic));

const folder = temporaryFolder();
let postgres: Postgres;
let clickhouse: ClickHouse;
beforeAll(async () => {
  postgres = await openMadePostgres({ directory: join(folder.path, 'pg'), logger: silent });
  clickhouse = await openChdb({ directory: join(folder.path, 'ch'), logger: silent });
});
afterAll(async () => {
  await postgres.close();
  await clickhouse.close();
  folder.remove();
});

it('every event that a projection reads has an example', () => {
  const known = new Set(examples.map((event) => event.type));
  const read = new Set(PROJECTIONS.flatMap((projection) => projection.reads));
  expect(EVENT_TYPES.filter((type) => read.has(topicOf(type)) && !known.has(type))).toEqual([]);
});

describe.each(PROJECTIONS)('$name', (projection) => {
  it('writes for each example what it always wrote', () => {
    const written = readBy(projection).map((each) => ({
      event: `${each.event.type} ${each.event.id}`,
      writes:
        projection.store === 'postgres'
          ? projection
              .apply([each])
              .map(({ sql, rows }) => ({ into: /\{schema\}\.(\w+)/.exec(sql)?.[1], rows }))
          : projection.rows(each),
    }));
    expect(written).toMatchSnapshot();
  });

  it('leaves the same tables when everything is written twice', async () => {
    const generation = 1;
    const generations = new Generations(postgres, systemClock, projection);
    const options = { generation, generations, postgres, clickhouse };
    const both =
      projection.store === 'postgres'
        ? await writeTwice(postgresTarget({ ...options, projection }), projection)
        : await writeTwice(clickHouseTarget({ ...options, projection }), projection);
    expect(JSON.stringify(both[0])).not.toBe('{}');
    expect(both[1]).toEqual(both[0]);
  });
});

/** What stands after the examples were written once, and after they were written again. */
async function writeTwice<P extends Prepared>(
  target: Target<P>,
  projection: Projection,
): Promise<[Json, Json]> {
  await postgres.transaction((queries) => target.create(queries));
  // As of today: what is older than the history is kept would be gone at once.
  const events = readBy(projection).map((each) => ({
    ...each,
    event: { ...each.event, recordedAt: each.event.recordedAt + shift },
  }));
  const write = async (): Promise<Json> => {
    await target.write([await target.prepare({ located: events, forgotten: [] })], []);
    return contents(projection, 1);
  };
  return [await write(), await write()];
}

/** All rows of all tables of a generation. */
async function contents(projection: Projection, generation: number): Promise<Json> {
  const found: { [table: string]: Json } = {};
  if (projection.store === 'clickhouse') {
    for (const table of Object.keys(projection.tables)) {
      const name = tableOf(clickhouse.database, projection.name, table, generation);
      const rows = await clickhouse.query<Json>(`SELECT * FROM ${name} FINAL ORDER BY ALL`);
      if (rows.length > 0) found[table] = rows;
    }
    return found;
  }
  const schema = schemaOf(projection.name, generation);
  for (const [, table] of projection.tables.matchAll(/CREATE TABLE \{schema\}\.(\w+)/g)) {
    const rows = await postgres.query<{ row: Json }>(
      `SELECT to_jsonb(t) AS row FROM ${schema}.${table} t ORDER BY to_jsonb(t)::text`,
    );
    if (rows.length > 0) found[table!] = rows.map(({ row }) => row);
  }
  return found;
}

it('history is kept for 400 days in every ClickHouse table', async () => {
  expect(KEPT_DAYS).toBe(400);
  const rows = await clickhouse.query<{ name: string; ddl: string }>(
    `SELECT name, create_table_query AS ddl FROM system.tables WHERE database = {database:String}`,
    { database: clickhouse.database },
  );
  expect(rows.length).toBe(4);
  for (const { name, ddl } of rows)
    expect(ddl, name).toMatch(/TTL toDateTime\(recorded_at\) \+ toIntervalDay\(400\)/);
});
