// Everything a running system has written or says, piece by piece: for tests that look for what must not be there.
import { relative } from 'node:path';
import { TOPICS } from '../../schemas/index.ts';
import { filesBelow } from './leaks.ts';
import type { Started } from './running.ts';

export interface Piece {
  kind: 'file' | 'log line' | 'event' | 'table' | 'answer';
  where: string;
  bytes: Buffer | string;
}

/** Asked as the given key; of lists up to 500 items, and every resource, workspace and drift by itself. */
export async function* everywhere(system: Started, key: string): AsyncGenerator<Piece> {
  for (const { path, bytes } of filesBelow(system.data))
    yield { kind: 'file', where: relative(system.data, path), bytes };
  yield { kind: 'log line', where: 'all', bytes: system.logged.join('') };
  yield* events(system);
  yield* tables(system);
  yield* answers(system, key);
}

async function* events({ running }: Started): AsyncGenerator<Piece> {
  const { log, codec } = running.adapters;
  for (const { name } of TOPICS)
    for (let partition = 0; partition < log.partitions; partition++)
      for (let from = await log.start(name, partition); ; ) {
        const batch = await log.read(name, partition, from, { records: 1_000, bytes: 1 << 24 });
        if (batch.next === from) break;
        from = batch.next;
        for (const { key, value } of batch.records) {
          yield { kind: 'event', where: name, bytes: key };
          if (value === null) continue;
          yield { kind: 'event', where: name, bytes: value };
          yield { kind: 'event', where: name, bytes: JSON.stringify(codec.decode(name, value)) };
        }
      }
}

async function* tables({ running }: Started): AsyncGenerator<Piece> {
  const { postgres, clickhouse } = running.adapters;
  const named = await postgres.query<{ name: string }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_schema not in ('pg_catalog', 'information_schema')`,
  );
  for (const { name } of named) {
    const rows = await postgres.query<{ row: string }>(`select t::text as row from ${name} t`);
    yield { kind: 'table', where: name, bytes: rows.map(({ row }) => row).join('\n') };
  }
  const stored = await clickhouse.query<{ name: string }>(
    `select name from system.tables where database = '${clickhouse.database}'`,
  );
  for (const { name } of stored) {
    const rows = await clickhouse.query(`select * from ${clickhouse.database}.${name}`);
    yield { kind: 'table', where: name, bytes: JSON.stringify(rows) };
  }
}

async function* answers({ url, client }: Started, key: string): AsyncGenerator<Piece> {
  const ask = async (path: string): Promise<Piece> => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return { kind: 'answer', where: path, bytes: text };
  };
  const openapi = await ask('/openapi.json');
  const { paths } = JSON.parse(String(openapi.bytes)) as { paths: Record<string, { get?: object }> };
  for (const path of Object.keys(paths))
    if (paths[path]!.get && !path.includes('{') && !path.endsWith('/events'))
      yield await ask(
        path.startsWith('/api/v1/') && !/system|analytics/.test(path) ? `${path}?limit=500` : path,
      );
  yield await ask('/metrics');
  const { items: resources } = await client.resources.list({ limit: 500 });
  for (const objectKey of new Set(resources.map((one) => one.objectKey)))
    yield await ask(`/api/v1/resources/${encodeURIComponent(objectKey)}`);
  for (const { name } of (await client.workspaces.list({ limit: 500 })).items) {
    yield await ask(`/api/v1/workspaces/${name}`);
    yield await ask(`/api/v1/workspaces/${name}/drifts`);
  }
  const { items: drifts } = await client.drifts.list({
    status: ['open', 'acknowledged', 'accepted', 'resolved'],
    ignored: true,
    limit: 500,
  });
  for (const { id } of drifts) {
    yield await ask(`/api/v1/drifts/${id}`);
    yield await ask(`/api/v1/drifts/${id}/timeline`);
  }
}
