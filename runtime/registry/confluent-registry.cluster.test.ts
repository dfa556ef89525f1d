// Runs the registry contract on the server that the environment names, and tests what several processes and a network add.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { avroType } from '../../schemas/codec.ts';
import type { Event, TopicName } from '../../schemas/index.ts';
import { createCodec, recordKey } from '../../schemas/index.ts';
import { type RecordSchema, readSchema, SCHEMA_FILES } from '../../schemas/load.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import { createTestClock } from '../testing/clock.ts';
import { serverUrl } from '../testing/servers.ts';
import { openConfluentRegistry } from './confluent-registry.ts';
import { grown, registryContract, topic } from './contract.ts';
import { learningLog } from './learning-log.ts';
import { currentSchemas } from './registration.ts';
import type { CurrentSchemas, Registry } from './registry.ts';

const url = serverUrl('registry');
const logger = pino({ level: 'silent' });
const newPrefix = (): string => `test-${randomUUID()}-`;
const all = (): CurrentSchemas => currentSchemas(SCHEMA_FILES, readSchema);
const timers = (): RecordSchema => readSchema(SCHEMA_FILES[topic]);

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The registry, after something else happened first; when that says so, the connection breaks instead. */
const through = (before: (method: string, path: string) => Promise<'go on' | 'break'>): Promise<string> =>
  listening(async (request, response) => {
    const body = await bodyOf(request);
    if ((await before(request.method!, request.url!)) === 'break') return request.socket.destroy();
    const answer = await fetch(new URL(url!).origin + request.url, {
      method: request.method!,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(Buffer.from(await answer.arrayBuffer()));
    return undefined;
  });

describe.skipIf(url === null)('a schema registry', () => {
  const open = (subjectPrefix: string, current?: CurrentSchemas): Promise<Registry> =>
    openConfluentRegistry({ url: url!, logger, subjectPrefix, ...(current ? { current } : {}) });

  registryContract('Confluent-compatible', async () => {
    const prefix = newPrefix();
    return { open: (current) => open(prefix, current), keeps: true, shared: true, dispose: async () => {} };
  });

  const path = new URL(url ?? 'http://none').pathname.replace(/\/+$/, '');
  const asked = (subject: string, question: string, init?: RequestInit): Promise<Response> =>
    fetch(`${new URL(url!).origin}${path}${question.replace('SUBJECT', encodeURIComponent(subject))}`, {
      ...init,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    });

  it('protects every subject: it refuses others what it would refuse us', async () => {
    const prefix = newPrefix();
    await open(prefix);
    for (const name of Object.keys(SCHEMA_FILES)) {
      const level = await asked(`${prefix}${name}-value`, '/config/SUBJECT');
      expect(await level.json()).toEqual({ compatibilityLevel: 'BACKWARD_TRANSITIVE' });
    }
    const refused = await asked(`${prefix}${topic}-value`, '/subjects/SUBJECT/versions', {
      method: 'POST',
      body: JSON.stringify({ schema: JSON.stringify(grown('note', false)) }),
    });
    expect(refused.status).toBe(409);
  });

  it('processes of one version that start at once get the same ids', async () => {
    const prefix = newPrefix();
    const opened = await Promise.all(Array.from({ length: 5 }, () => open(prefix)));
    const names = Object.keys(SCHEMA_FILES) as TopicName[];
    const ids = opened.map((registry) => names.map((name) => registry.idOf(name)));
    expect(new Set(ids.map((each) => each.join())).size).toBe(1);
    const versions = await asked(`${prefix}${topic}-value`, '/subjects/SUBJECT/versions');
    expect(await versions.json()).toEqual([1]);
  });

  it('what another registers in the meantime is not overlooked: the registry refuses, with its reason', async () => {
    const prefix = newPrefix();
    await open(prefix, { [topic]: timers() });
    let raced = false;
    const proxy = await through(async (method, question) => {
      if (raced || method !== 'POST' || !question.endsWith('/versions')) return 'go on';
      raced = true;
      await open(prefix, { [topic]: grown('note', true) });
      return 'go on';
    });
    const other = structuredClone(grown('note', true));
    const text = JSON.stringify(other).replace(
      '"name":"note","type":["null","string"]',
      '"name":"note","type":["null","long"]',
    );
    const opening = openConfluentRegistry({
      url: proxy + path,
      logger,
      subjectPrefix: prefix,
      current: { [topic]: JSON.parse(text) as RecordSchema },
    });
    await expect(opening).rejects.toMatchObject({
      code: 'DM_SCHEMA_INCOMPATIBLE',
      retriable: false,
      message: expect.stringMatching(/driftmgr\.timers-value: .*ncompatible/),
    });
    expect(raced).toBe(true);
  });

  it('an event of a newer process is read, by one that was there before, from the log', async () => {
    const prefix = newPrefix();
    const registry = await open(prefix);
    const clock = createTestClock();
    const log = learningLog(createMemoryLog({ partitions: 1, clock }), registry);
    const codec = createCodec(registry);
    const newer = grown('note', true);
    const id = (await open(prefix, { ...all(), [topic]: newer })).idOf(topic);
    const example = new URL('../../schemas/examples/clock.due.json', import.meta.url);
    const [event] = JSON.parse(readFileSync(example, 'utf8')) as [Event];
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    const written = avroType(newer).toBuffer({ ...event, body: { ...event.body, note: 'later' } });
    const key = recordKey(event);
    const poison = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]);
    await log.append([
      { topic, partition: 0, key, value: codec.encode(event) },
      { topic, partition: 0, key, value: Buffer.concat([header, written]) },
      { topic, partition: 0, key, value: null },
      { topic, partition: 0, key, value: poison },
    ]);
    const { records } = await log.read(topic, 0, 0, { records: 10, bytes: 1 << 20 });
    expect(codec.decode(topic, records[0]!.value!)).toEqual(event);
    expect(codec.decode(topic, records[1]!.value!)).toMatchObject(event);
    expect(() => codec.decode(topic, records[3]!.value!)).toThrow(/schema 2147483647/);
  });

  it('that is not at that path is said not to be there', async () => {
    await expect(
      openConfluentRegistry({ url: `${new URL(url!).origin}/no/such/path`, logger }),
    ).rejects.toMatchObject({ code: 'DM_CONFIG_INVALID', public: expect.stringContaining('registry.url') });
  });

  it('that goes away later leaves what is known, and is asked again for the rest', async () => {
    const prefix = newPrefix();
    let away = false;
    const proxy = await through(async () => (away ? 'break' : 'go on'));
    const registry = await openConfluentRegistry({ url: proxy + path, logger, subjectPrefix: prefix });
    const id = (await open(prefix, { ...all(), [topic]: grown('note', true) })).idOf(topic);
    away = true;
    expect(registry.schemaOf(registry.idOf(topic))).toBeDefined();
    await expect(registry.learn(id)).rejects.toMatchObject({
      code: 'DM_REGISTRY_UNREACHABLE',
      retriable: true,
    });
    away = false;
    await registry.learn(id);
    expect(registry.schemaOf(id)).toBeDefined();
  });
});

describe('a schema registry that does not answer', () => {
  const failureOf = (address: string): Promise<unknown> =>
    openConfluentRegistry({ url: address, logger, silentMs: 200 }).catch((error: unknown) => error);

  it('is a retriable failure that names it, and no password', async () => {
    const failure = await failureOf('http://me:hidden@127.0.0.1:1');
    expect(failure).toMatchObject({
      code: 'DM_REGISTRY_UNREACHABLE',
      retriable: true,
      public: expect.stringContaining('127.0.0.1:1'),
    });
    expect(`${failure} ${(failure as { public: string }).public}`).not.toContain('hidden');
  });

  it('is one, too, when it takes the question and stays silent, or fails', async () => {
    const silent = await listening(() => undefined);
    expect(await failureOf(silent)).toMatchObject({ code: 'DM_REGISTRY_UNREACHABLE', retriable: true });
    const failing = await listening((_request, response) => response.writeHead(503).end('<html>'));
    expect(await failureOf(failing)).toMatchObject({ code: 'DM_REGISTRY_UNREACHABLE', retriable: true });
  });

  it('is told from one that refuses user and password', async () => {
    const refusing = await listening((request, response) => {
      const given = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
      response.writeHead(given === 'me:hidden é' ? 503 : 401).end('{}');
    });
    const failure = await failureOf(refusing);
    expect(failure).toMatchObject({ code: 'DM_CONFIG_INVALID', retriable: false });
    const address = refusing.replace('http://', 'http://me:hidden%20%C3%A9@');
    expect(await failureOf(address)).toMatchObject({ code: 'DM_REGISTRY_UNREACHABLE' });
  });

  it('has a URL that is one', async () => {
    expect(await failureOf('hidden')).toMatchObject({ code: 'DM_CONFIG_INVALID', retriable: false });
  });
});
