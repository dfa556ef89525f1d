import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wholeAssignments } from '../../runtime/assignment/whole.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { createMemoryLog } from '../../runtime/log/memory-log.ts';
import { testCodec } from '../../runtime/testing/codec.ts';
import type { Drift, TopicName } from '../../schemas/index.ts';
import { startDetector } from './detector-role.ts';
import { Input } from './input.ts';
import { Result } from './result.ts';

const KEYS = 12;
const codec = testCodec();
let log: Log;
let work: string;

beforeEach(async () => {
  log = createMemoryLog({ partitions: 2, clock: systemClock });
  work = await mkdtemp(join(tmpdir(), 'driftmgr-peers-'));
});
afterEach(async () => {
  await log.close();
  await rm(work, { recursive: true, force: true });
});

const input = (): Input =>
  new Input({
    send: (messages) => log.append(messages.map(({ record }) => record)),
    codec,
    partitions: log.partitions,
    keys: KEYS,
  });

/** Lets the detector take in what there is; returns how often it said that it had begun. */
async function detect(): Promise<number> {
  let begun = 0;
  const role = startDetector({
    log,
    assignments: wholeAssignments(log.partitions),
    codec,
    work,
    onFirst: () => begun++,
  });
  await role.ready;
  await expect.poll(() => behind(), { timeout: 10_000 }).toBe(0);
  await role.stop();
  return begun;
}

async function behind(): Promise<number> {
  const topic = 'driftmgr.observations';
  const committed = await log.positions('drift');
  let count = 0;
  for (let partition = 0; partition < log.partitions; partition++) {
    const at = committed.find((one) => one.topic === topic && one.partition === partition);
    count += (await log.end(topic, partition)) - (at?.offset ?? 0);
  }
  return count;
}

async function driftsOf(topic: TopicName): Promise<Drift[]> {
  const drifts: Drift[] = [];
  for (let partition = 0; partition < log.partitions; partition++) {
    const { records } = await log.read(topic, partition, 0, { records: 1_000, bytes: 10 << 20 });
    for (const { value } of records)
      drifts.push((codec.decode(topic, value!) as unknown as { body: { drift: Drift } }).body.drift);
  }
  return drifts;
}

describe('result check of the peers', () => {
  it('is what our detector passes: differences, status and every revision once, over a restart', async () => {
    const given = input();
    await given.declare();
    await given.unchanged(2 * KEYS);
    expect(await detect()).toBe(1);
    expect(await driftsOf('driftmgr.drifts')).toEqual([]);
    // One and a half times round: half of the objects change twice, and two never.
    await given.changed(KEYS - 2);
    await given.sendChanges([{ n: 3, change: 2 }]);
    await given.unchanged(KEYS);
    expect(await detect()).toBe(1);

    const result = new Result();
    for (const drift of await driftsOf('driftmgr.open-drifts')) result.addCurrent(drift);
    for (const drift of await driftsOf('driftmgr.drifts')) result.addTransition(drift);
    expect(given.changes[3]).toBe(2);
    expect(given.changes[KEYS - 1]).toBe(0);
    expect(result.problems(given.changes)).toEqual([]);
  });

  it('fails for a drift that is missing, one that is wrong, one too many, and a revision written twice', async () => {
    const given = input();
    await given.declare();
    await given.changed(4);
    await detect();
    const [current, written] = [await driftsOf('driftmgr.open-drifts'), await driftsOf('driftmgr.drifts')];
    const problemsWith = (currents: Drift[], transitions: Drift[], changes = given.changes): string[] => {
      const result = new Result();
      for (const drift of currents) result.addCurrent(drift);
      for (const drift of transitions) result.addTransition(drift);
      return result.problems(changes);
    };
    expect(problemsWith(current, written)).toEqual([]);
    const [first, ...rest] = current as [Drift, ...Drift[]];
    expect(problemsWith(rest, written)).toHaveLength(1);
    expect(problemsWith([{ ...first, differences: [] }, ...rest], written)).toHaveLength(1);
    expect(problemsWith([{ ...first, status: 'resolved' }, ...rest], written)).toHaveLength(1);
    expect(problemsWith(current, [...written, written[0]!])).toHaveLength(1);
    expect(problemsWith(current, written.slice(1))).toHaveLength(1);
    expect(problemsWith(current, written, new Uint32Array(KEYS))).not.toEqual([]);
  });
});
