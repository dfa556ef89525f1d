// Processes of the drift detector come and go under load, and one that slept while its partitions moved wakes up: the
// partitions are shared out evenly each time, and what the system knows in the end is what one process alone would.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { startTwins, type Twins } from './equality.ts';
import { patiently } from './patience.ts';
import { serversOfEnvironment } from './servers.ts';
import { sharesOf, untilShared } from './shares.ts';
import { FOUR_ROLES } from './system.ts';

const addresses = serversOfEnvironment();
/** More than the most members, and no multiple of any of their numbers but two. */
const PARTITIONS = 8;
let twins: Twins;

const begin = async (processes: typeof FOUR_ROLES): Promise<void> => {
  twins = await startTwins({ addresses: addresses!, processes, partitions: PARTITIONS });
};
/** The load goes on until every changed resource was seen at least once more. */
async function moreIsSeen(): Promise<void> {
  const before = twins.load.done().changes;
  await patiently('more changes to be seen', 120_000, async () => twins.load.done().changes > before + 3);
}

describe.skipIf(addresses === null)('a process that sleeps while its partitions move', () => {
  beforeAll(() => begin([...FOUR_ROLES, ['processors']]), 600_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') twins?.cluster.tell();
  });
  afterAll(() => twins?.stop(), 300_000);

  it('writes nothing stale when it wakes up, joins again, and takes its share', async () => {
    const { cluster } = twins;
    const [sleeper, other] = cluster.of('processors');
    await untilShared(cluster, [sleeper!, other!]);
    await moreIsSeen();
    sleeper!.send('SIGSTOP');
    const slept = performance.now();
    await patiently('the other to hold all', 90_000, async () => {
      const held = (await sharesOf(cluster)).get(other!.url);
      return held?.length === PARTITIONS;
    });
    process.stderr.write(`its partitions had moved after ${Math.round(performance.now() - slept)} ms\n`);
    await moreIsSeen();
    sleeper!.send('SIGCONT');
    await untilShared(cluster, [sleeper!, other!]);
    process.stderr.write(`it shared again; slept ${Math.round(performance.now() - slept)} ms in all\n`);
    await moreIsSeen();
    await twins.expectEqual();
  }, 1_200_000);
});

describe.skipIf(addresses === null)('groups of 1, 2, 3, 5 and 7 processes', () => {
  beforeAll(() => begin(FOUR_ROLES), 600_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') twins?.cluster.tell();
  });
  afterAll(() => twins?.stop(), 300_000);

  it('share the partitions as members join and leave under load, without losing or doubling anything', async () => {
    const { cluster } = twins;
    const members = [...cluster.of('processors')];
    for (const size of [1, 2, 3, 5, 7, 3, 2]) {
      const began = performance.now();
      if (size > members.length) members.push(...(await cluster.add(['processors'], size - members.length)));
      // Half of them leave in order; the others are killed.
      const leaving = members.splice(size);
      await Promise.all(leaving.map((each, index) => each.end(index % 2 === 0 ? 'SIGTERM' : 'SIGKILL')));
      await untilShared(cluster, members);
      process.stderr.write(`shared among ${size} after ${Math.round(performance.now() - began)} ms\n`);
      await sleep(1_000);
    }
    await twins.expectEqual();
  }, 1_200_000);
});
