// What every ClickHouse adapter must keep; run on all of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import type { ClickHouse } from './clickhouse.ts';
import { isBadValue } from './client.ts';
import { rowBytes, tabSeparated } from './tab-separated.ts';

export function clickHouseContract(name: string, open: () => Promise<ClickHouse>): void {
  describe(`ClickHouse contract: ${name}`, () => {
    let clickhouse: ClickHouse;
    let table: string;
    beforeAll(async () => {
      clickhouse = await open();
      table = `${clickhouse.database}.contract`;
      await clickhouse.command(`DROP TABLE IF EXISTS ${table}`);
      await clickhouse.command(
        `CREATE TABLE ${table} (topic String, partition UInt32, offset UInt64, row UInt32, at DateTime64(3, 'UTC'),
           text String, tags Array(Nullable(String)), flag Bool) ENGINE = ReplacingMergeTree
         ORDER BY (topic, partition, offset, row) PARTITION BY toYYYYMM(at)`,
      );
    });
    afterAll(async () => {
      await clickhouse.command(`DROP TABLE ${table}`);
      await clickhouse.close();
    });
    const at = 1_763_877_777_123;
    const row = (offset: number, text = 'x') => ({
      topic: 't',
      partition: 1,
      offset,
      row: 0,
      at,
      text,
      tags: [`it's \\ \t`, null],
      flag: true,
    });
    const insert = (rows: { [column: string]: Json }[]): Promise<void> =>
      clickhouse.insert(
        table,
        Object.keys(row(0)),
        rowBytes(rows.map((each) => tabSeparated(Object.values(each)))),
      );
    const failure = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => null,
        (error: unknown) => error,
      );

    it('gives 64-bit integers as numbers and times to the millisecond, and takes input only as parameters', async () => {
      const odd = `x' OR 1 = 1 -- "ü" \\n \n \t \r \b \f \\`;
      await insert([row(1, odd), row(2)]);
      const rows = await clickhouse.query(
        `SELECT text, offset, toUnixTimestamp64Milli(at) AS ms, tags, flag FROM ${table}
         WHERE text = {text:String} AND at = fromUnixTimestamp64Milli({at:Int64}) AND offset IN {offsets:Array(UInt64)}`,
        { text: odd, at, offsets: [1, 2, 3] },
      );
      expect(rows).toEqual([{ text: odd, offset: 1, ms: at, tags: [`it's \\ \t`, null], flag: true }]);
    });

    it('a repeated insert replaces itself', async () => {
      const rows = Array.from({ length: 3000 }, (_, index) => row(100 + index, 'repeated'));
      await insert(rows);
      await insert(rows);
      const [counted] = await clickhouse.query<{ n: number }>(
        `SELECT count() AS n FROM ${table} FINAL WHERE text = 'repeated'`,
      );
      expect(counted?.n).toBe(3000);
    });

    it('rows of many months and years go in as one insert', async () => {
      const rows = Array.from({ length: 150 }, (_, index) => ({
        ...row(10_000 + index, 'months'),
        at: at - index * 31 * 86_400_000,
      }));
      await insert(rows);
      const [counted] = await clickhouse.query<{ n: number }>(
        `SELECT count() AS n FROM ${table} WHERE text = 'months'`,
      );
      expect(counted?.n).toBe(150);
    });

    it('nothing to insert is no error', async () => {
      await insert([]);
    });

    it('a refused statement is a DriftError that is not retriable, and harms no later one', async () => {
      const error = await failure(clickhouse.query('SELECT nothing FROM nowhere.at_all'));
      expect(error).toBeInstanceOf(DriftError);
      expect(error).toMatchObject({ code: 'DM_DATABASE_FAILED', retriable: false });
      expect(isBadValue(error as DriftError)).toBe(false);
      expect(await clickhouse.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });

    it('a value that does not fit is told apart from a wrong statement', async () => {
      const error = await failure(insert([{ ...row(5), offset: 'no number' }]));
      expect(error).toMatchObject({ code: 'DM_DATABASE_FAILED', retriable: false });
      expect(isBadValue(error as DriftError)).toBe(true);
    });

    it('a question is answered while a long write runs', async () => {
      let written = false;
      const long = clickhouse
        .command(`INSERT INTO ${table} SELECT 'long', 1, number, 0, now64(3), 'long', [], sleepEachRow(0.1) FROM numbers(8)
          SETTINGS max_block_size = 1`)
        .then(() => {
          written = true;
        });
      const before = performance.now();
      expect(await clickhouse.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
      expect(performance.now() - before).toBeLessThan(600);
      expect(written).toBe(false);
      await long;
    });
  });
}
