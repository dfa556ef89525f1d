// State is a cache of the log: after the brokers have compacted all they can, state folded anew decides on what comes next
// as state that was never lost.
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { driftDetector } from '../../processors/drift/index.ts';
import { openKafkaLog } from '../../runtime/log/kafka-log.ts';
import type { Log } from '../../runtime/log/log.ts';
import { createMemoryStates } from '../../runtime/state/memory-states.ts';
import { appendEvents, outputsOf, type Running, silent, start } from '../../runtime/testing/loop.ts';
import { serverUrl } from '../../runtime/testing/servers.ts';
import type { EventOf } from '../../schemas/index.ts';
import { roundOf } from './compaction-history.ts';
import { AS_FAR_AS_IT_GOES, compacted } from './compaction-topics.ts';

const brokers = serverUrl('kafka')?.split(',') ?? null;
const HISTORY = 8;
const FURTHER = 4;

describe.skipIf(brokers === null)('after the brokers have compacted all they can', () => {
  const logs: Log[] = [];
  const newPrefix = (): string => `compaction-${randomUUID().slice(0, 8)}.`;
  const open = async (prefix: string, topicSettings: Record<string, string>): Promise<Log> => {
    const log = await openKafkaLog({
      access: { brokers: brokers!, clientId: 'compaction', tls: false, credentials: null },
      partitions: 2,
      replication: 1,
      logger: silent,
      prefix,
      topicSettings,
    });
    logs.push(log);
    return log;
  };
  const detector = (log: Log): Running =>
    start({ processor: driftDetector, log, states: createMemoryStates() });
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  async function play(log: Log, running: Running, from: number, to: number): Promise<void> {
    for (let round = from; round < to; round++)
      for (const part of roundOf(round)) {
        await appendEvents(log, part);
        await running.caughtUp();
      }
  }

  it('state that was wiped and folded anew decides as state that never was', async () => {
    const prefix = newPrefix();
    const calm = await open(newPrefix(), {});
    let worn = await open(prefix, AS_FAR_AS_IT_GOES);
    const undisturbed = detector(calm);
    await play(calm, undisturbed, 0, HISTORY);
    const before = detector(worn);
    await play(worn, before, 0, HISTORY);
    expect(await told(worn)).toEqual(await told(calm));
    await before.stop();

    const removed = await compacted(() => open(prefix, AS_FAR_AS_IT_GOES));
    process.stderr.write(`the brokers removed ${removed} records\n`);
    expect(removed).toBeGreaterThan(100);

    // With states of its own, which are empty, and a log that has read nothing yet.
    worn = await open(prefix, AS_FAR_AS_IT_GOES);
    const anew = detector(worn);
    await anew.caughtUp();
    await play(calm, undisturbed, HISTORY, HISTORY + FURTHER);
    await play(worn, anew, HISTORY, HISTORY + FURTHER);
    const [ofCalm, ofWorn] = [await told(calm), await told(worn)];
    expect(ofWorn).toEqual(ofCalm);
    expect(ofCalm.filter((each) => each.startsWith('drift.resolved')).length).toBeGreaterThan(10);
    expect(ofCalm.filter((each) => each.startsWith('drift.reopened')).length).toBeGreaterThan(0);
    await Promise.all([undisturbed.stop(), anew.stop()]);
  }, 400_000);
});

/** Every event of driftmgr.drifts (they are kept for ever), without what depends on when it was written. */
async function told(log: Log): Promise<string[]> {
  return (await outputsOf(log, 'drift'))
    .filter(({ topic }) => topic === 'driftmgr.drifts')
    .map(({ event }) => {
      const { type, body } = event as EventOf<'drift.opened'>;
      return `${type} ${JSON.stringify(body.drift)}`;
    })
    .sort();
}
