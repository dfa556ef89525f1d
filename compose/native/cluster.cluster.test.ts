// A cluster of its own, from start to end, seen through the clients that the product uses.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, openCluster, startCluster } from './start-cluster.ts';

const PORT_BASE = 29_100;
const directory = mkdtempSync(join(tmpdir(), 'native-cluster-'));
const say = (line: string): void => {
  process.stderr.write(`[native] ${line}\n`);
};
let cluster: Cluster;

// Downloads come first on a new machine.
beforeAll(async () => {
  cluster = await startCluster({ directory, portBase: PORT_BASE, say });
}, 900_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

const pidOf = async (name: string): Promise<number | null> =>
  (await cluster.status()).find((each) => each.name === name)?.pid ?? null;

const kafka = (): Kafka =>
  new Kafka({
    brokers: cluster.env.KAFKA_BROKERS!.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 12 },
  });

/** What a reader of committed records finds from the beginning, until `count` have come. */
async function read(topic: string, count: number): Promise<string[]> {
  const consumer = kafka().consumer({ groupId: `reader-${topic}-${count}`, readUncommitted: false });
  const values: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((done, fail) => {
      const late = setTimeout(
        () => fail(new Error(`only ${values.length} of ${count} records came`)),
        60_000,
      );
      consumer
        .run({
          eachMessage: async ({ message }) => {
            values.push(message.value?.toString() ?? '');
            if (values.length === count) {
              clearTimeout(late);
              done();
            }
          },
        })
        .catch(fail);
    });
  } finally {
    await consumer.disconnect();
  }
  return values;
}

async function write(
  topic: string,
  transactionalId: string,
  values: string[],
  commit: boolean,
): Promise<void> {
  const producer = kafka().producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 10_000,
  });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: values.map((value) => ({ value })) });
    await (commit ? transaction.commit() : transaction.abort());
  } finally {
    await producer.disconnect();
  }
}

describe('Kafka', () => {
  it('gives readers of committed records what was committed, also after a kill -9', async () => {
    const admin = kafka().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'tried', numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    await write('tried', 'writer', ['one'], true);
    await write('tried', 'writer', ['never'], false);
    await cluster.kill('kafka-1');
    await cluster.start('kafka-1');
    await write('tried', 'writer', ['two'], true);
    expect(await read('tried', 2)).toEqual(['one', 'two']);
  });

  it('makes no topic by itself', async () => {
    const producer = kafka().producer({ retry: { retries: 1 }, allowAutoTopicCreation: true });
    await producer.connect();
    await expect(producer.send({ topic: 'not-made', messages: [{ value: 'x' }] })).rejects.toThrow();
    await producer.disconnect();
  });
});

describe('the registry', () => {
  const client = (): SchemaRegistry => new SchemaRegistry({ host: cluster.env.REGISTRY_URL! });
  const schema = (...fields: object[]) => ({
    type: SchemaType.AVRO as const,
    schema: JSON.stringify({ type: 'record', name: 'Tried', namespace: 'native', fields }),
  });
  const options = {
    subject: 'tried-value',
    compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE,
    separator: '.',
  };
  const a = { name: 'a', type: 'string' };
  const b = { name: 'b', type: 'string', default: '' };

  it('under BACKWARD_TRANSITIVE takes a compatible schema and refuses another, also after a kill -9', async () => {
    const first = await client().register(schema(a), options);
    const second = await client().register(schema(a, b), options);
    expect(second.id).not.toBe(first.id);
    await cluster.kill('registry');
    await cluster.start('registry');
    expect(await client().register(schema(a), options)).toEqual(first);
    expect(await client().register(schema(a, b), options)).toEqual(second);
    const refused = client().register(schema(a, { name: 'c', type: 'int' }), options);
    await expect(refused).rejects.toMatchObject({ status: 409 });
  });
});

describe('Postgres', () => {
  it('keeps what it committed over a kill -9', async () => {
    const ask = async (sql: string): Promise<unknown[]> => {
      const client = new Client({ connectionString: cluster.env.POSTGRES_URL });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    };
    await ask('CREATE TABLE tried (n int)');
    await ask('INSERT INTO tried VALUES (7)');
    await cluster.kill('postgres');
    await cluster.start('postgres');
    expect(await ask('SELECT n FROM tried')).toEqual([{ n: 7 }]);
  });
});

describe('Redis', () => {
  it('answers, and not while it is paused', async () => {
    const redis = new Redis(cluster.env.REDIS_URL!, { commandTimeout: 1_000, maxRetriesPerRequest: 1 });
    try {
      expect(await redis.ping()).toBe('PONG');
      await cluster.pause('redis');
      await expect(redis.ping()).rejects.toThrow('timed out');
      const paused = await pidOf('redis');
      await cluster.start('redis');
      expect(await redis.ping()).toBe('PONG');
      expect(await pidOf('redis')).toBe(paused);
    } finally {
      redis.disconnect();
    }
  });
});

describe('ClickHouse by wire', () => {
  const connected = async <T>(
    use: (client: ClickHouseClient) => Promise<T>,
    compressed = false,
  ): Promise<T> => {
    const url = new URL(cluster.env.CLICKHOUSE_URL!);
    const client = createClient({
      url: url.origin,
      database: url.pathname.slice(1),
      compression: { request: compressed, response: compressed },
      log: { level: ClickHouseLogLevel.OFF },
    });
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  };

  it.each([false, true])('takes rows and answers with parameters (compressed: %s)', (compressed) =>
    connected(async (client) => {
      const table = `tried_${compressed}`;
      await client.command({
        query: `CREATE TABLE ${table} (n UInt64, text String) ENGINE = MergeTree ORDER BY n`,
      });
      const odd = `it's \\ "ü" \n\t{x:String}`;
      await client.insert({
        table,
        values: [
          { n: 1, text: odd },
          { n: 2, text: '' },
        ],
        format: 'JSONEachRow',
      });
      const result = await client.query({
        query: `SELECT text FROM ${table} WHERE text = {text:String} AND n IN {numbers:Array(UInt64)}`,
        query_params: { text: odd, numbers: [1, 2] },
        format: 'JSONEachRow',
      });
      expect(await result.json()).toEqual([{ text: odd }]);
    }, compressed),
  );

  it('takes rows that are no text', async () => {
    await connected((client) =>
      client.command({ query: 'CREATE TABLE bytes (n UInt8) ENGINE = MergeTree ORDER BY n' }),
    );
    const url = new URL(cluster.env.CLICKHOUSE_URL!);
    const query = encodeURIComponent('INSERT INTO driftmgr.bytes FORMAT RowBinary');
    const response = await fetch(`${url.origin}/?query=${query}`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.from([0x00, 0x80, 0xff])),
    });
    expect(response.status).toBe(200);
    const sum = await connected((client) =>
      client
        .query({ query: 'SELECT sum(n) AS n FROM bytes', format: 'JSONEachRow' })
        .then((rows) => rows.json()),
    );
    expect(sum).toEqual([{ n: 383 }]);
  });

  it('tells what was wrong, with ClickHouse’s code', () =>
    connected(async (client) => {
      const error = await client
        .query({ query: 'SELECT 1 FROM nowhere' })
        .catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(ClickHouseError);
      expect(error).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
      const response = await fetch(`${new URL(cluster.env.CLICKHOUSE_URL!).origin}/`, {
        method: 'POST',
        body: 'SELEC 1',
      });
      expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([400, '62']);
    }));

  it('settings of one statement are none of the next one’s', () =>
    connected(async (client) => {
      const limit = async (settings: ClickHouseSettings): Promise<unknown> => {
        const query = `SELECT toString(getSetting('max_result_rows')) AS rows`;
        const result = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings });
        return result.json();
      };
      expect(await limit({ max_result_rows: '1234' })).toEqual([{ rows: '1234' }]);
      expect(await limit({})).toEqual([{ rows: '0' }]);
    }));

  it('keeps its rows over a kill -9', () =>
    connected(async (client) => {
      await client.command({ query: 'CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n' });
      await client.insert({ table: 'kept', values: [{ n: 7 }], format: 'JSONEachRow' });
      await cluster.kill('clickhouse');
      await cluster.start('clickhouse');
      const result = await client.query({ query: 'SELECT n FROM kept', format: 'JSONEachRow' });
      expect(await result.json()).toEqual([{ n: 7 }]);
    }));
});

describe('S3', () => {
  it('over a kill -9 keeps objects that were written at once, as they were last, and none that were deleted', async () => {
    const url = new URL(cluster.env.S3_URL!);
    const Bucket = url.pathname.slice(1);
    const client = new S3Client({
      endpoint: url.origin,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: url.username, secretAccessKey: url.password },
    });
    const put = (Key: string, Body: Buffer) => client.send(new PutObjectCommand({ Bucket, Key, Body }));
    const get = async (Key: string): Promise<Buffer> => {
      const object = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from(await object.Body!.transformToByteArray());
    };
    const body = (key: number): Buffer => Buffer.alloc(100_000, `object ${key} \xff`, 'latin1');
    const keys = Array.from({ length: 30 }, (_, index) => index);
    await Promise.all(keys.map((key) => put(`k/${key} é+&`, body(key))));
    await put('k/deleted', body(0));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k/deleted' }));
    await put('k/replaced', body(0));
    await put('k/replaced', body(1));
    await client.send(
      new PutObjectCommand({
        ...{
          Bucket,
          Key: 'k/streamed',
          ContentLength: 100_000,
          ContentType: 'text/x-tried',
          Metadata: { a: 'b' },
        },
        Body: Readable.from([body(2).subarray(0, 70_000), body(2).subarray(70_000)]),
      }),
    );
    // Twice: what was told again is itself told again.
    for (const _ of [1, 2]) {
      await cluster.kill('s3');
      await cluster.start('s3');
      for (const key of keys) expect((await get(`k/${key} é+&`)).equals(body(key)), `k/${key}`).toBe(true);
      expect((await get('k/replaced')).equals(body(1))).toBe(true);
      expect((await get('k/streamed')).equals(body(2))).toBe(true);
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k/streamed' }));
      expect([head.ContentType, head.Metadata]).toEqual(['text/x-tried', { a: 'b' }]);
      const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'k/' }));
      expect(listed.KeyCount).toBe(keys.length + 2);
    }
    client.destroy();
  });
});

describe('the cluster', () => {
  it('brought up twice is the same, and the second one’s stop ends nothing', async () => {
    const before = await cluster.status();
    const again = await startCluster({ directory });
    expect(await again.status()).toEqual(before);
    await again.stop();
    expect(await cluster.status()).toEqual(before);
    expect(before.every(({ serves }) => serves)).toBe(true);
  });

  it('is known to the command line', () => {
    const command = (...args: string[]) =>
      spawnSync(
        process.execPath,
        [fileURLToPath(new URL('cluster.ts', import.meta.url)), ...args, '--directory', directory],
        {
          encoding: 'utf8',
        },
      );
    expect(command('status').stdout.match(/serves/g)).toHaveLength(openCluster({ directory }).servers.length);
    expect(command('env').stdout).toContain(`export KAFKA_BROKERS='${cluster.env.KAFKA_BROKERS}'`);
    expect(command('kill', 'nobody').stderr).toContain('There is no server nobody');
  });
});
