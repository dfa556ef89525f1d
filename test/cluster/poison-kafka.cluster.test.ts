// Poison in the topics of a real cluster, by a producer that is none of ours: it goes to dead letters, its object is unknown,
// the rest flows on, and what can be read once the registry has its schema again is put back.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../testing/running.ts';
import { allServers, type ClusterSystem, type Ground, newGround, startOnServers } from './external-system.ts';
import { encodeAs, laterSchema } from './poison-schema.ts';
import { type Foreign, foreignOf, observationOf, poison } from './poison-story.ts';

const servers = allServers();
const PARTITIONS = 2;
/** A schema that was not there is asked for again after so long (confluent-registry.ts). */
const ASKED_AGAIN_MS = 30_000;

describe.skipIf(servers === null)('poison in Kafka', () => {
  /** Schemas that the registry has lost, as the system sees it. */
  const lost = new Set<number>();
  let front: Server;
  let producer: Producer;
  let ground: Ground;
  let system: ClusterSystem;

  const append = async (records: readonly Foreign[]): Promise<void> => {
    for (const { topic, partition, key, value } of records)
      await producer.send({
        topic: `${ground.prefix}${topic}`,
        // As other producers do.
        compression: CompressionTypes.GZIP,
        messages: [{ partition, key, value }],
      });
  };
  const story = poison({
    url: () => system.url,
    key: () => system.key,
    client: () => system.client,
    codec: () => system.running.adapters.codec,
    partitions: PARTITIONS,
    append,
  });

  beforeAll(async () => {
    front = await registryThatLoses(servers!.registry, lost);
    const { port } = front.address() as AddressInfo;
    ground = await newGround(servers!, 'poison');
    ground.environment.DRIFTMGR_REGISTRY_URL = `http://127.0.0.1:${port}${new URL(servers!.registry).pathname}`;
    system = await startOnServers(ground, { 'detector.graceMs': 0 });
    producer = new Kafka({ brokers: [...ground.access.brokers], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await story.begin(['a', 'b', 'c', 'd', 'e']);
  });
  afterAll(async () => {
    await producer?.disconnect();
    await system?.stop();
    await ground?.clear();
    front?.close();
  });

  it('goes to dead letters, its object is unknown, and the rest flows on', async () => {
    await story.pour({ changed: 'a', declared: 'b', seen: 'c' });
    await story.expectPoisoned(['a', 'b', 'c'], ['d', 'e']);
    await story.expectFlowing('d');
  });

  it('what cannot be read is refused again when it is replayed', async () => {
    await story.expectRefusedAgain('a');
    await story.expectRefusedAgain('c');
  });

  it('a record whose schema the registry has lost is put back when it has it again', async () => {
    const later = laterSchema();
    const id = await registered(`${servers!.registry}/subjects/${ground.prefix}later-value/versions`, later);
    lost.add(id);
    const event = observationOf('e', { display_name: 'by hand' });
    await append([foreignOf(event, encodeAs(id, later, event), 'driftmgr.observations', PARTITIONS)]);
    await story.expectPoisoned(['e'], []);
    await story.expectRefusedAgain('e');
    lost.delete(id);
    await new Promise((resolve) => setTimeout(resolve, ASKED_AGAIN_MS));
    await story.expectPutBack('e');
  }, 180_000);

  it('all that waits is replayed at once, each record once', async () => {
    const waiting = await story.letters();
    const places = new Set(waiting.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`));
    const { replayed, skipped } = await system.client.system.replayDeadLetters('all');
    expect({ replayed, skipped }).toEqual({ replayed: places.size, skipped: [] });
    const before = new Set(waiting.map(({ id }) => id));
    await until(
      'all of it to be refused again',
      async () => {
        const now = await story.letters();
        return now.length === waiting.length && now.every(({ id }) => !before.has(id));
      },
      30_000,
    );
    await story.status('b', 'unknown', /could not be processed/);
  });
});

async function registered(url: string, schema: object): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { id: number }).id;
}

/** The real registry, but for some schemas that it says it does not have. */
async function registryThatLoses(registry: string, lost: ReadonlySet<number>): Promise<Server> {
  const server = createServer(async (request, response) => {
    const asked = /\/schemas\/ids\/(\d+)/.exec(request.url ?? '')?.[1];
    if (asked !== undefined && lost.has(Number(asked))) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error_code: 40403, message: 'Schema not found' }));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await fetch(new URL(request.url ?? '/', registry), {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      body: chunks.length === 0 ? null : Buffer.concat(chunks),
    });
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
