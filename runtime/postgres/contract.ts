// What every Postgres adapter must keep; run on all of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DriftError } from '../errors.ts';
import type { Postgres } from './postgres.ts';

export function postgresContract(name: string, open: () => Promise<Postgres>): void {
  describe(`Postgres contract: ${name}`, () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await open();
      await postgres.query('DROP SCHEMA IF EXISTS contract CASCADE; CREATE SCHEMA contract');
      await postgres.query('CREATE TABLE contract.things (id text PRIMARY KEY, n bigint, body jsonb)');
    });
    afterAll(async () => {
      await postgres.query('DROP SCHEMA contract CASCADE');
      await postgres.close();
    });

    const count = async (): Promise<number> => {
      const [row] = await postgres.query<{ n: number }>('SELECT count(*) AS n FROM contract.things');
      return row!.n;
    };
    const failure = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => null,
        (error: unknown) => error,
      );

    it('gives bigint as numbers, jsonb as values, and takes input only as parameters', async () => {
      const odd = `x'; DROP TABLE contract.things; -- "ü"`;
      await postgres.query('INSERT INTO contract.things VALUES ($1, $2, $3)', [
        odd,
        1_763_877_777_123,
        '{"a":[1]}',
      ]);
      const rows = await postgres.query('SELECT * FROM contract.things WHERE id = ANY($1)', [[odd, 'other']]);
      expect(rows).toEqual([{ id: odd, n: 1_763_877_777_123, body: { a: [1] } }]);
      await postgres.query('DELETE FROM contract.things');
    });

    it('answers what is asked again and again as a query does, also after one of them was refused', async () => {
      const ask = (divisor: number) =>
        postgres.ask<{ n: number; many: number }>(
          'SELECT 84 / $1::int AS n, 9007199254740991::bigint AS many',
          [divisor],
        );
      for (let round = 0; round < 8; round++)
        expect(await Promise.all([2, 4, 2].map(ask))).toEqual(
          [42, 21, 42].map((n) => [{ n, many: Number.MAX_SAFE_INTEGER }]),
        );
      await expect(ask(0)).rejects.toMatchObject({ code: 'DM_DATABASE_FAILED' });
      expect(await ask(1)).toEqual([{ n: 84, many: Number.MAX_SAFE_INTEGER }]);
      // As many at once as there may be connections: the one that planned it is among them.
      const planned = await Promise.all(
        Array.from({ length: 12 }, () =>
          postgres.query<{ statement: string }>(
            'SELECT statement FROM pg_prepared_statements, pg_sleep(0.1)',
          ),
        ),
      );
      expect(planned.flat().map(({ statement }) => statement.slice(0, 9))).toContain('SELECT 84');
    });

    it('commits what a transaction did, and nothing when it throws', async () => {
      const answer = await postgres.transaction(async (queries) => {
        await queries.query(`INSERT INTO contract.things VALUES ('kept')`);
        return 42;
      });
      expect(answer).toBe(42);
      const thrown = new Error('stop');
      expect(
        await failure(
          postgres.transaction(async (queries) => {
            await queries.query(`INSERT INTO contract.things VALUES ('lost')`);
            throw thrown;
          }),
        ),
      ).toBe(thrown);
      expect(await postgres.query('SELECT id FROM contract.things')).toEqual([{ id: 'kept' }]);
      await postgres.query('DELETE FROM contract.things');
    });

    it('a refused statement is a DriftError that is not retriable, and harms no later one', async () => {
      const error = await failure(postgres.query('SELECT nothing FROM nowhere'));
      expect(error).toBeInstanceOf(DriftError);
      expect(error).toMatchObject({ code: 'DM_DATABASE_FAILED', retriable: false });
      expect(await count()).toBe(0);
    });

    it('a deadlock is retriable', async () => {
      await postgres.query(`INSERT INTO contract.things VALUES ('a'), ('b')`);
      const lock = (first: string, second: string): Promise<unknown> =>
        failure(
          postgres.transaction(async (queries) => {
            await queries.query('UPDATE contract.things SET n = 1 WHERE id = $1', [first]);
            await queries.query('SELECT pg_sleep(0.2)');
            await queries.query('UPDATE contract.things SET n = 1 WHERE id = $1', [second]);
          }),
        );
      const results = await Promise.all([lock('a', 'b'), lock('b', 'a')]);
      expect(results.filter((result) => result === null)).toHaveLength(1);
      expect(results.find((result) => result !== null)).toMatchObject({ retriable: true });
      await postgres.query('DELETE FROM contract.things');
    });

    it('transactions run beside each other', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          postgres.transaction((queries) =>
            queries.query('INSERT INTO contract.things VALUES ($1, $2)', [`t${index}`, index]),
          ),
        ),
      );
      expect(await count()).toBe(20);
      await postgres.query('DELETE FROM contract.things');
    });

    it('a NOTIFY reaches those who listen, until they stop', async () => {
      let heard = 0;
      const unlisten = await postgres.listen('contract_news', () => {
        heard++;
      });
      await postgres.query('NOTIFY contract_news');
      await expect.poll(() => heard).toBe(1);
      unlisten();
      await postgres.query('NOTIFY contract_news');
      await postgres.query('SELECT 1');
      expect(heard).toBe(1);
    });
  });
}
