// A process whose schema cannot read what is registered is refused at start, says which and why, and has written nothing.
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPostgres } from '../../runtime/postgres/connect-postgres.ts';
import { silent } from '../../runtime/testing/loop.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { readSchema, SCHEMA_FILES } from '../../schemas/load.ts';
import { driftmgr } from '../testing/processes.ts';
import { allServers, type Ground, newGround } from './external-system.ts';

const servers = allServers();
const TOPIC = 'driftmgr.drifts';

describe.skipIf(servers === null)('a schema that is registered and cannot be read', () => {
  const folder = temporaryFolder();
  let ground: Ground;
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${servers!.registry}${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    });
    return response.json();
  };
  const subjects = async (): Promise<string[]> =>
    ((await ask('/subjects')) as string[]).filter((name) => name.startsWith(ground.prefix));

  beforeAll(async () => {
    ground = await newGround(servers!, 'refused');
  });
  afterAll(async () => {
    await ground?.clear();
    folder.remove();
  });

  it.each(['processors', 'projections', 'producers api'])('run %s: exit code 1', async (roles) => {
    // Another system's under our name: a version that had the time as text.
    const other = readSchema(SCHEMA_FILES[TOPIC]);
    other.fields.find(({ name }) => name === 'time')!.type = 'string';
    const subject = `${ground.prefix}${TOPIC}-value`;
    await ask(`/subjects/${subject}/versions`, { schema: JSON.stringify(other) });
    expect(await subjects()).toEqual([subject]);

    const process_ = driftmgr({
      args: ['run', ...roles.split(' '), '--port', '0', '--data', `${folder.path}/data`],
      home: folder.path,
      environment: { ...ground.environment, DRIFTMGR_PARTITIONS: '2' },
    });
    const { code } = await process_.ended;
    expect(code).toBe(1);
    expect(process_.out()).toBe('');
    const said = process_.err();
    expect(said).toContain(`${subject}, against version 1:`);
    expect(said).toMatch(/time.*string|string.*time/s);
    expect(said).toMatch(/Start the version that wrote them, or a later one/);
    // A message for a person, not the inside of a program.
    expect(said).not.toMatch(/\n\s+at /);

    expect(await subjects()).toEqual([subject]);
    expect(await ask(`/subjects/${subject}/versions`)).toEqual([1]);
    const admin = new Kafka({ brokers: [...ground.access.brokers], logLevel: logLevel.NOTHING }).admin();
    try {
      expect((await admin.listTopics()).filter((name) => name.startsWith(ground.prefix))).toEqual([]);
    } finally {
      await admin.disconnect();
    }
    const postgres = await connectPostgres({ url: ground.servers.postgres, logger: silent });
    try {
      const tables = await postgres.query(
        `SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
      );
      expect(tables).toEqual([]);
    } finally {
      await postgres.close();
    }
  });
});
