// Tables are a cache of the log: filled anew from topics that the brokers have compacted all they can, they answer the same.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECTIONS } from '../../projections/index.ts';
import { openKafkaLog } from '../../runtime/log/kafka-log.ts';
import { fingerprintOf } from '../../runtime/testing/events.ts';
import { silent } from '../../runtime/testing/loop.ts';
import { type Event, placement, recordKey, topicOf } from '../../schemas/index.ts';
import { until } from '../testing/running.ts';
import { roundOf } from './compaction-history.ts';
import { AS_FAR_AS_IT_GOES, compacted } from './compaction-topics.ts';
import { allServers, type ClusterSystem, type Ground, newGround, startOnServers } from './external-system.ts';

const servers = allServers();
const ROUNDS = 4;
/** What a key was at some moment, as it is kept for more than a year. */
const OBJECTS = [0, 1, 2, 3, 4, 5].map((n) => `default/aws/-/-/s3-bucket/b${n}`);
const MOMENTS = [0, 1, 2, 3].map((round) =>
  new Date(Date.UTC(2026, 0, 1) + round * 3_600_000 + 1_800_000).toISOString(),
);

let ground: Ground;
let system: ClusterSystem;
const open = () =>
  openKafkaLog({
    access: ground.access,
    partitions: 2,
    replication: 1,
    logger: silent,
    prefix: ground.prefix,
    topicSettings: AS_FAR_AS_IT_GOES,
  });

beforeAll(async () => {
  if (servers === null) return;
  ground = await newGround(servers, 'compaction');
  // Made before the system makes them: it takes them as they are.
  await (await open()).close();
  system = await startOnServers(ground, { 'detector.graceMs': 0 });
});
afterAll(async () => {
  await system?.stop();
  await ground?.clear();
});

it.skipIf(servers === null)(
  'projections that are filled anew from compacted topics answer as before',
  async () => {
    const { log, codec } = system.running.adapters;
    const append = (events: readonly Event[]) =>
      log.append(
        events.flatMap((event) =>
          placement(event, log.partitions).map((partition) => ({
            topic: topicOf(event.type),
            partition,
            key: recordKey(event),
            value: codec.encode(event, fingerprintOf(event)),
          })),
        ),
      );
    for (let round = 0; round < ROUNDS; round++)
      for (const part of roundOf(round)) {
        await append(part);
        await system.settled();
      }
    const before = await answers(system);
    expect(before['/api/v1/resources?limit=500']).toMatch(/"status":"drifted"/);
    // Another process, that has read nothing yet.
    await system.stop({ keep: true });
    const removed = await compacted(open);
    process.stderr.write(`the brokers removed ${removed} records\n`);
    expect(removed).toBeGreaterThan(50);

    system = await startOnServers(ground, { 'detector.graceMs': 0 }, system.data);
    await system.running.rebuild(PROJECTIONS.map(({ name }) => name));
    await until('the new ones to serve', async () => (await system.running.notReady()).length === 0, 60_000);
    await system.settled();
    const after = await answers(system);
    for (const [path, answer] of Object.entries(before)) expect(after[path], path).toEqual(answer);
  },
  300_000,
);

async function answers({ url, key }: ClusterSystem): Promise<Record<string, string>> {
  const paths = [
    '/api/v1/resources?limit=500',
    '/api/v1/drifts?limit=500&ignored=true&status=open,acknowledged,accepted,resolved',
    '/api/v1/workspaces?limit=500',
    '/api/v1/coverage?limit=500',
    '/api/v1/changes?limit=500',
    ...OBJECTS.flatMap((object) =>
      MOMENTS.map((at) => `/api/v1/resources/${encodeURIComponent(object)}?at=${at}`),
    ),
  ];
  const found: Record<string, string> = {};
  for (const path of paths) {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
    expect([200, 404], path).toContain(response.status);
    found[path] = (await response.text()).replace(/"(correlationId|instance)":"[^"]*",?/g, '');
  }
  return found;
}
