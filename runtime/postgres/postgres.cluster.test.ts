// Runs the Postgres contract on the server that the environment names.
import pino from 'pino';
import { describe } from 'vitest';
import { serverUrl } from '../testing/servers.ts';
import { connectPostgres } from './connect-postgres.ts';
import { postgresContract } from './contract.ts';

const url = serverUrl('postgres');
const logger = pino({ level: 'silent' });

describe.skipIf(url === null)('a Postgres server', () => {
  postgresContract('server', () => connectPostgres({ url: url!, logger }));
});
