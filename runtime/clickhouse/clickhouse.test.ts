import { join } from 'node:path';
import pino from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { connectClickHouse } from './connect-clickhouse.ts';
import { clickHouseContract } from './contract.ts';
import { openChdb } from './open-chdb.ts';

const logger = pino({ level: 'silent' });
const folder = temporaryFolder();
afterAll(() => folder.remove());

clickHouseContract('chDB', () => openChdb({ directory: join(folder.path, 'chdb'), logger }));

describe('chDB', () => {
  it('keeps its data over a restart', async () => {
    const directory = join(folder.path, 'chdb');
    const first = await openChdb({ directory, logger });
    await first.command(`CREATE TABLE ${first.database}.kept (n UInt32) ENGINE = MergeTree ORDER BY n`);
    await first.insert(`${first.database}.kept`, ['n'], Buffer.from('7\n'));
    await first.close();
    const second = await openChdb({ directory, logger });
    expect(await second.query(`SELECT n FROM ${second.database}.kept`)).toEqual([{ n: 7 }]);
    await second.close();
  });
});

describe('a ClickHouse server', () => {
  it('that cannot be reached is a retriable failure that names no password', async () => {
    const failure = await connectClickHouse({ url: 'http://me:hidden@127.0.0.1:1/x', logger }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'DM_DATABASE_UNREACHABLE', retriable: true });
    expect(String(failure)).not.toContain('hidden');
  });
  it('whose URL is none is refused', async () => {
    for (const url of ['nonsense', 'ftp://x/y', 'http://host:8123/a;b'])
      await expect(connectClickHouse({ url, logger })).rejects.toMatchObject({ code: 'DM_CONFIG_INVALID' });
  });
});
