// Promise 3 in the cluster: whatever is killed at whatever moment, a process of any role, the broker, Postgres or Redis,
// nothing is lost and nothing comes twice.
//
// ROUNDS and SEED by environment. It has servers of its own, because it kills them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ServerName } from '../../compose/native/layout.ts';
import { type Cluster, startCluster } from '../../compose/native/start-cluster.ts';
import { startTwins, type Twins } from './equality.ts';
import { FOUR_ROLES } from './system.ts';
import { randomFrom, victimsOf } from './victims.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 20);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const SERVERS: readonly ServerName[] = ['kafka-1', 'postgres', 'redis'];

const directory = mkdtempSync(join(tmpdir(), 'driftmgr-kills-'));
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
let servers: Cluster;
let twins: Twins;

beforeAll(async () => {
  servers = await startCluster({ directory, portBase: 30_000, say });
  twins = await startTwins({ addresses: servers.env, processes: FOUR_ROLES });
}, 900_000);
afterEach(({ task }) => {
  if (task.result?.state === 'fail') twins?.cluster.tell();
});
afterAll(async () => {
  await twins?.stop();
  await servers?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}, 300_000);

it(`${ROUNDS} rounds of kill -9 under load end as if nothing had been killed`, async () => {
  say(`SEED=${SEED} ROUNDS=${ROUNDS}`);
  const random = randomFrom(SEED);
  const { cluster, load } = twins;
  const kinds = [...cluster.processes.map(({ name }) => name), ...SERVERS];
  const began = performance.now();
  for (const [round, name] of victimsOf(kinds, ROUNDS, random).entries()) {
    await sleep(500 + random() * 3_500);
    const restMs = Math.round(random() * 2_500);
    const before = load.done();
    const at = performance.now();
    const victim = cluster.processes.find((process) => process.name === name);
    if (victim) {
      await victim.end('SIGKILL');
      await sleep(restMs);
      victim.start();
      await victim.ready();
    } else {
      await servers.kill(name as ServerName);
      await sleep(restMs);
      await servers.start(name as ServerName);
    }
    const { changes, states } = before;
    say(
      `round ${round + 1}: ${name} back after ${Math.round(performance.now() - at)} ms (before: ${changes} changes, ${states} states)`,
    );
  }
  say(`${ROUNDS} rounds took ${Math.round((performance.now() - began) / 1_000)} s`);
  for (const { name, isRunning } of cluster.processes) expect(isRunning(), `${name} runs`).toBe(true);
  await twins.expectEqual();
}, 1_800_000);
