// Runs the ClickHouse contract on the server that the environment names.
import pino from 'pino';
import { describe } from 'vitest';
import { serverUrl } from '../testing/servers.ts';
import { connectClickHouse } from './connect-clickhouse.ts';
import { clickHouseContract } from './contract.ts';

const url = serverUrl('clickhouse');
const logger = pino({ level: 'silent' });

describe.skipIf(url === null)('a ClickHouse server', () => {
  clickHouseContract('server', () => connectClickHouse({ url: url!, logger }));
});
