// Nothing lost, nothing twice: what a system in the cluster has come to know equals what an embedded one knows that nobody
// disturbed and that was told the same at the same time; and its log and its history hold every step of every drift once.
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Client } from '../../api/client.ts';
import type { Role } from '../../compose/roles.ts';
import { type StandIn, sampleEstate, startStandIn } from '../../producers/digitalocean/stand-in.ts';
import { connectClickHouse } from '../../runtime/clickhouse/connect-clickhouse.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import type { Event, EventOf, Json, TopicName } from '../../schemas/index.ts';
import { type Started, startWhole } from '../testing/running.ts';
import { type Load, type LoadOptions, settingsOf, startLoad, type Told } from './load.ts';
import { openReading, recordsIn, untilQuiet } from './log-reading.ts';
import { type Outcome, outcomeOf, TIMES, TIMES_IN_IDS } from './outcome.ts';
import type { Addresses } from './servers.ts';
import { type ClusterSystem, startClusterSystem } from './system.ts';

/** Listings go on for ever; what is written here comes of what was done. */
const STEADY: readonly TopicName[] = ['driftmgr.changes', 'driftmgr.declarations', 'driftmgr.drifts'];

/**
 * The newest boundary of a workspace depends on when its head was fetched again, before a drift was opened: `checked`, or
 * still the write. What the last write was does not, and neither does the kind of anything else.
 */
const BOUNDARIES: ReadonlySet<Json | undefined> = new Set(['write', 'checked']);
const withoutNewestBoundary = (workspace: Json): Json => {
  const { kind, ...rest } = workspace as Record<string, Json>;
  expect(BOUNDARIES, `newest boundary of ${rest.name}`).toContain(kind);
  return rest;
};

export interface Twins {
  cluster: ClusterSystem;
  load: Load;
  /** Stops the load and compares; prints what was done. */
  expectEqual(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Two systems under the same load: the undisturbed one at the same time, or `after` the other, with everything done again
 * as often and no quicker. What is measured has the machine to itself then.
 */
export async function startTwins(options: {
  addresses: Addresses;
  processes: readonly Role[][];
  undisturbed?: 'beside' | 'after';
  partitions?: number;
  lanes?: LoadOptions['lanes'];
  everyMs?: LoadOptions['everyMs'];
}): Promise<Twins> {
  const { addresses, processes, partitions = 4, lanes, everyMs } = options;
  const folder = temporaryFolder();
  const clouds: StandIn[] = [];
  let undisturbed: Started | null = null;
  let cluster: ClusterSystem | null = null;
  const stop = async (): Promise<void> => {
    try {
      await cluster?.stop();
    } finally {
      await undisturbed?.stop();
      for (const cloud of clouds) await cloud.close();
      folder.remove();
    }
  };
  const inputs = async (name: string) => {
    const cloud = await startStandIn(sampleEstate());
    clouds.push(cloud);
    cloud.limit = Number.MAX_SAFE_INTEGER;
    const trail = join(folder.path, name);
    const paced = {
      ...(lanes === undefined ? {} : { lanes }),
      ...(everyMs === undefined ? {} : { everyMs }),
    };
    return { settings: settingsOf(cloud, trail, everyMs), load: { cloud, trail, ...paced } };
  };
  const startUndisturbed = async (settings: ReturnType<typeof settingsOf>): Promise<Told & Started> => {
    undisturbed = await startWhole(() => ({ partitions, 'log.level': 'warn', ...settings }));
    const { url } = undisturbed;
    const send: typeof fetch = (input, init) => fetch(String(input).replace('http://driftmgr', url), init);
    return { ...undisturbed, send };
  };
  try {
    const { settings, load: given } = await inputs('trail');
    const beside = options.undisturbed === 'after' ? null : await startUndisturbed(settings);
    cluster = await startClusterSystem({ addresses, processes, partitions, settings: () => settings });
    const load = await startLoad({ ...given, told: beside === null ? [cluster] : [beside, cluster] });
    const twins = { cluster, load };
    const after = async (): Promise<Started> => {
      const again = await inputs('trail-again');
      const system = await startUndisturbed(again.settings);
      await (await startLoad({ ...again.load, told: [system], again: load.steps() })).whole;
      return system;
    };
    return { ...twins, stop, expectEqual: () => expectEqual(twins, async () => beside ?? after()) };
  } catch (error) {
    cluster?.tell();
    await stop().catch(() => undefined);
    throw error;
  }
}

async function expectEqual(
  { cluster, load }: Pick<Twins, 'cluster' | 'load'>,
  undisturbedBy: () => Promise<Started>,
) {
  await load.stop();
  const undisturbed = await undisturbedBy();
  const reading = await openReading(cluster);
  try {
    const quietMs = 2_500;
    const { log } = undisturbed.running.adapters;
    await untilQuiet(
      {
        count: () => recordsIn(log, STEADY),
        readers: async () => (await undisturbed.client.system.get()).readers,
      },
      quietMs,
      120_000,
    );
    await untilQuiet(
      {
        count: () => reading.count(STEADY),
        readers: async () => (await cluster.client.system.get()).readers,
      },
      quietMs,
      120_000,
    );
    const [expected, found] = [await knownTo(undisturbed.client), await knownTo(cluster.client)];
    const steps = Object.values(expected.timelines).flat().length;
    const { changes, states, files } = load.done();
    process.stderr.write(
      `compared: ${changes} changes by hand, ${states} states, ${files} CloudTrail files; ${expected.drifts.length} drifts of ${steps} steps\n`,
    );
    expect(expected.drifts.length).toBeGreaterThan(0);
    expect(expected.changes.length).toBeGreaterThanOrEqual(files);
    for (const part of ['drifts', 'timelines', 'resources', 'workspaces', 'coverage', 'changes'] as const)
      expect(found[part], part).toEqual(expected[part]);
    await expectEachStepOnce(
      cluster,
      steps,
      (await reading.all('driftmgr.drifts')).map(({ event }) => event),
    );
  } finally {
    await reading.close();
  }
}

async function knownTo(client: Client): Promise<Outcome> {
  const { workspaces, ...rest } = await outcomeOf(client, [...TIMES, ...TIMES_IN_IDS]);
  const known = workspaces.map((each) => withoutNewestBoundary(each) as { name: string });
  return { ...rest, workspaces: known.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

type Transition = EventOf<'drift.opened'>;
const isTransition = (event: Event): event is Transition => /^drift\.(?!current)/.test(event.type);

/** Of the log as readers of committed records find it, and of the history's table without its replaced rows. */
async function expectEachStepOnce(cluster: ClusterSystem, steps: number, events: Event[]): Promise<void> {
  const revisions = new Map<string, number[]>();
  for (const { body } of events.filter(isTransition))
    revisions.set(body.drift.id, [...(revisions.get(body.drift.id) ?? []), body.drift.revision]);
  for (const [id, found] of revisions)
    expect(found, `revisions of ${id} in the log`).toEqual(found.map((_, index) => index + 1));
  expect([...revisions.values()].flat().length, 'steps in the log').toBe(steps);

  const clickhouse = await connectClickHouse({
    url: cluster.room.clickhouse,
    logger: createLogger({ level: 'silent' }),
  });
  try {
    const tables = await clickhouse.query<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = {database:String} AND name LIKE '%transitions%'`,
      { database: clickhouse.database },
    );
    expect(tables).toHaveLength(1);
    const [row] = await clickhouse.query<{ rows: number; distinct: number }>(
      `SELECT count() AS rows, uniqExact(drift_id, revision) AS distinct FROM ${clickhouse.database}.${tables[0]!.name} FINAL`,
    );
    expect(row, 'steps in the history').toEqual({ rows: steps, distinct: steps });
  } finally {
    await clickhouse.close();
  }
}
