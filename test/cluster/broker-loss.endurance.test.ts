// Three brokers, each record on all of them and acknowledged by two: one after the other is killed under load, the one
// that leads them too. The system goes on without it, and knows in the end what one knows that nobody disturbed.
//
// SEED by environment. It has servers of its own, because it kills them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ServerName } from '../../compose/native/layout.ts';
import { type Cluster, startCluster } from '../../compose/native/start-cluster.ts';
import { startTwins, type Twins } from './equality.ts';
import { patiently } from './patience.ts';
import { TWO_OF_EACH } from './system.ts';
import { randomFrom, victimsOf } from './victims.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const BROKERS: readonly ServerName[] = ['kafka-1', 'kafka-2', 'kafka-3'];
/** Changes by hand that every round must see found, while the broker is away and when it is back. */
const SEEN_EACH_TIME = 2;

const directory = mkdtempSync(join(tmpdir(), 'driftmgr-brokers-'));
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
let servers: Cluster;
let twins: Twins;

beforeAll(async () => {
  servers = await startCluster({ directory, brokers: 3, portBase: 30_000, say });
  twins = await startTwins({ addresses: servers.env, processes: TWO_OF_EACH });
}, 900_000);
afterEach(({ task }) => {
  if (task.result?.state === 'fail') twins?.cluster.tell();
});
afterAll(async () => {
  await twins?.stop();
  await servers?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}, 300_000);

/** How many copies partitions of the system have, and how many of those are in sync: each number that occurs. */
async function copies(): Promise<{ replicas: number[]; inSync: number[] }> {
  const admin = new Kafka({
    brokers: servers.env.KAFKA_BROKERS!.split(','),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const names = (await admin.listTopics()).filter((name) => name.startsWith(twins.cluster.room.prefix));
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const all = topics.flatMap(({ partitions }) => partitions);
    return {
      replicas: [...new Set(all.map(({ replicas }) => replicas.length))],
      inSync: [...new Set(all.map(({ isr }) => isr.length))],
    };
  } finally {
    await admin.disconnect();
  }
}

/** Milliseconds until so many changes that were made by hand from now on were found. */
async function untilMoreIsSeen(what: string): Promise<number> {
  const began = performance.now();
  // One may have been about to be found.
  const enough = twins.load.done().changes + 1 + SEEN_EACH_TIME;
  await patiently(what, 120_000, async () => twins.load.done().changes >= enough);
  return Math.round(performance.now() - began);
}

it('each of three brokers is killed under load: the system goes on, nothing is lost, nothing comes twice', async () => {
  say(`SEED=${SEED}`);
  const random = randomFrom(SEED);
  expect(await copies()).toEqual({ replicas: [3], inSync: [3] });
  say(`${SEEN_EACH_TIME} changes seen after ${await untilMoreIsSeen('changes to be seen')} ms undisturbed`);
  for (const name of victimsOf(BROKERS, BROKERS.length, random)) {
    await sleep(random() * 2_000);
    await servers.kill(name);
    const without = await untilMoreIsSeen(`changes to be seen without ${name}`);
    await servers.start(name);
    const back = await untilMoreIsSeen(`changes to be seen with ${name} back`);
    await patiently(`${name} to have all again`, 60_000, async () => (await copies()).inSync.join() === '3');
    say(`${name}: ${SEEN_EACH_TIME} changes seen after ${without} ms without it, ${back} ms with it back`);
  }
  for (const process of twins.cluster.processes)
    expect(process.isRunning(), `${process.name} runs`).toBe(true);
  await twins.expectEqual();
}, 1_800_000);
