// One product, two ways to run it: the demo's story ends in the same rows in the embedded system and in the cluster, whose
// roles are four processes on real servers.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../api/client.ts';
import { play } from '../../compose/demo/play.ts';
import { estateSettings } from '../../compose/demo/settings.ts';
import { STORY } from '../../compose/demo/story.ts';
import { type StandIn, sampleEstate, startStandIn } from '../../producers/digitalocean/stand-in.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type Started, startWhole, until } from '../testing/running.ts';
import { openReading, recordsIn, untilQuiet } from './log-reading.ts';
import { type Outcome, outcomeOf, TIMES, TIMES_IN_IDS } from './outcome.ts';
import { serversOfEnvironment } from './servers.ts';
import { type ClusterSystem, FOUR_ROLES, startClusterSystem } from './system.ts';

const GRACE_MS = 300;
const PARTITIONS = 2;

const addresses = serversOfEnvironment();

describe.skipIf(addresses === null)('the demo’s story, embedded and in the cluster', () => {
  const clouds: StandIn[] = [];
  let embedded: Started;
  let cluster: ClusterSystem;
  let outcomes: { embedded: Outcome; cluster: Outcome };

  const settingsWith = (cloud: StandIn) => (directory: string) => {
    mkdirSync(join(directory, 'trail'));
    return {
      ...estateSettings(join(directory, 'trail'), cloud),
      'detector.graceMs': GRACE_MS,
    };
  };

  beforeAll(async () => {
    for (let n = 0; n < 2; n++) {
      const cloud = await startStandIn(sampleEstate());
      cloud.limit = 5_000_000;
      clouds.push(cloud);
    }
    embedded = await startWhole((directory) => ({
      partitions: PARTITIONS,
      ...settingsWith(clouds[0]!)(directory),
    }));
    cluster = await startClusterSystem({
      addresses: addresses!,
      processes: FOUR_ROLES,
      partitions: PARTITIONS,
      settings: settingsWith(clouds[1]!),
    });
    const { running } = embedded;
    const reading = await openReading(cluster);
    outcomes = {
      embedded: await told(clouds[0]!, {
        url: embedded.url,
        key: embedded.key,
        directory: embedded.directory,
        client: embedded.client,
        count: () => recordsIn(running.adapters.log),
      }),
      cluster: await told(clouds[1]!, {
        url: cluster.of('producers')[0]!.url,
        key: cluster.key,
        directory: cluster.directory,
        client: cluster.client,
        count: () => reading.count(),
      }),
    };
    await reading.close();
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') cluster?.tell();
  });
  afterAll(async () => {
    await cluster?.stop();
    await embedded?.stop();
    for (const cloud of clouds) await cloud.close();
  });

  it('has the same drifts, with the same ids, revisions, differences and actors', () => {
    expect(outcomes.embedded.drifts).toHaveLength(7);
    expect(outcomes.cluster.drifts).toEqual(outcomes.embedded.drifts);
  });
  it('has the same steps in every drift’s timeline', () => {
    expect(Object.values(outcomes.embedded.timelines).flat().length).toBeGreaterThan(8);
    expect(outcomes.cluster.timelines).toEqual(outcomes.embedded.timelines);
  });
  it('has the same resources, each in the same state', () => {
    expect(outcomes.embedded.resources).toHaveLength(500);
    expect(outcomes.cluster.resources).toEqual(outcomes.embedded.resources);
  });
  it('has the same workspaces', () => {
    expect(outcomes.embedded.workspaces).toHaveLength(5);
    expect(outcomes.cluster.workspaces).toEqual(outcomes.embedded.workspaces);
  });
  it('has the same coverage and the same listings', () => {
    expect(outcomes.embedded.coverage.length).toBeGreaterThan(10);
    expect(outcomes.cluster.coverage).toEqual(outcomes.embedded.coverage);
    expect(outcomes.cluster.snapshots).toEqual(outcomes.embedded.snapshots);
  });
  it('has the same changes', () => {
    expect(outcomes.embedded.changes.length).toBeGreaterThanOrEqual(5);
    expect(outcomes.cluster.changes).toEqual(outcomes.embedded.changes);
  });
});

interface Stage {
  /** Where Terraform's states are taken. */
  url: string;
  key: string;
  directory: string;
  client: Client;
  count(): Promise<number>;
}

/** Plays the story, each step when everything that came of the one before is known; what is known at the end. */
async function told(cloud: StandIn, { url, key, directory, client, count }: Stage): Promise<Outcome> {
  const look = async (): Promise<void> => {
    const asked = await client.snapshots.request({ provider: 'digitalocean' });
    const { status, reason } = await until('the listing', async () => {
      const now = asked.status === 'pending' ? await client.requests.get(asked.id) : asked;
      return now.status !== 'pending' && now;
    });
    if (status !== 'done') throw new Error(`the listing is ${status}: ${reason}`);
  };
  const readers = async () => (await client.system.get()).readers;
  let acts = 0;
  const seen = async (): Promise<void> => {
    await look();
    // What a timer waits for is nothing to see, so it is given the time.
    await untilQuiet({ count, readers }, 3 * GRACE_MS);
  };
  const clock = { ...systemClock, sleep: async () => (acts === 0 ? undefined : seen()) };
  await play(STORY, {
    url,
    key,
    cloud,
    trail: join(directory, 'trail'),
    clock,
    pace: 8,
    signal: new AbortController().signal,
    onStep: () => {
      acts++;
    },
  });
  await seen();
  return outcomeOf(client, [...TIMES, ...TIMES_IN_IDS]);
}
