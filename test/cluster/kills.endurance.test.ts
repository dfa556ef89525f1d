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
import { stopwatch } from './patience.ts';
import { FOUR_ROLES } from './system.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 20);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Rounds that have not begun by then are left out, which is said. */
const BEGUN_WITHIN_MS = 360_000;
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
  const { cluster } = twins;
  const passed = stopwatch();
  const ticking = setInterval(passed, 500);
  const killed = new Map<string, number>();
  let round = 0;
  for (; round < ROUNDS; round++) {
    if (passed() > BEGUN_WITHIN_MS) break;
    await sleep(500 + random() * 3_500);
    const victims = [...cluster.processes.map(({ name }) => name), ...SERVERS];
    const name = victims[Math.floor(random() * victims.length)]!;
    const restMs = Math.round(random() * 2_500);
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
    killed.set(name, (killed.get(name) ?? 0) + 1);
    say(`round ${round + 1}: ${name} back after ${Math.round(performance.now() - at)} ms`);
  }
  clearInterval(ticking);
  say(`${round} of ${ROUNDS} rounds; killed: ${JSON.stringify(Object.fromEntries(killed))}`);
  if (round < ROUNDS)
    say(`FEWER ROUNDS than ${ROUNDS}: this machine is slow, ${BEGUN_WITHIN_MS} ms were over. SEED=${SEED}`);
  expect(round).toBeGreaterThan(0);
  await twins.expectEqual();
}, 1_800_000);

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
