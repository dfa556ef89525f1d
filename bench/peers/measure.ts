// The measurements: throughput of one lot, latency at a given rate, and how long it takes from nothing to being back.
import type { Codec } from '../../schemas/index.ts';
import { percentile } from '../figures.ts';
import { watchPeakPss } from '../memory.ts';
import { objectKeyOf } from '../world.ts';
import { type Cluster, type Offsets, reached, total } from './cluster.ts';
import type { Contestant, Running } from './contestant.ts';
import { readDrifts } from './drift-reader.ts';
import type { Change, Input } from './input.ts';
import { cpuSeconds } from './processor-time.ts';

const POLL_MS = 25;
const LONGEST_MS = 30 * 60_000;
const WARM_UP_MS = 5_000;

export interface Throughput {
  /** Once the first part, in which code is still being compiled, is through. */
  perSecond: number;
  /** From the first record on. */
  withWarmUp: number;
  /** Of the process tree, from the first record on. */
  cpuSeconds: number;
  peakMegabytes: number;
}

/** So many records of the lot were through at that time. */
export interface Milestone {
  at: number;
  records: number;
}

export interface Milestones {
  warm: Promise<Milestone>;
  done: Promise<Milestone>;
}

/** Starting up, before the first record is taken in, is not counted. */
export async function throughput(
  start: () => Promise<Running> | Running,
  passed: (running: Running) => Milestones,
): Promise<Throughput> {
  const running = await start();
  const peak = watchPeakPss(running.pids);
  try {
    const milestones = passed(running);
    const began = await Promise.race([running.first, running.failed]);
    const before = cpuSeconds(running.pids);
    const warm = await Promise.race([milestones.warm, running.failed]);
    const done = await Promise.race([milestones.done, running.failed]);
    return {
      perSecond: rate(done.at > warm.at ? warm : { at: began, records: 0 }, done),
      withWarmUp: rate({ at: began, records: 0 }, done),
      cpuSeconds: cpuSeconds(running.pids) - before,
      peakMegabytes: peak.stop() / 1024 ** 2,
    };
  } finally {
    peak.stop();
    await running.stop();
  }
}

const rate = (from: Milestone, to: Milestone): number =>
  (to.records - from.records) / ((to.at - from.at) / 1_000);

/** What of the lot between two ends is committed by the group, asked for again and again. */
export function committedMilestones(
  cluster: Cluster,
  group: string,
  topic: string,
  lot: { from: Offsets; ends: Offsets; warmUp: number },
): Milestones {
  const [warm, done] = [Promise.withResolvers<Milestone>(), Promise.withResolvers<Milestone>()];
  const all = total(lot.ends) - total(lot.from);
  const watch = async (): Promise<void> => {
    for (const began = Date.now(); ; await sleep(POLL_MS)) {
      const committed = await cluster.committed(group, topic);
      const here = { at: Date.now(), records: Math.max(0, total(committed) - total(lot.from)) };
      if (here.records >= all * lot.warmUp) warm.resolve(here);
      if (reached(committed, lot.ends)) return done.resolve(here);
      if (Date.now() - began > LONGEST_MS) throw tooLate(group, topic);
    }
  };
  watch().catch((error: unknown) => {
    warm.reject(error);
    done.reject(error);
  });
  done.promise.catch(() => undefined);
  return { warm: warm.promise, done: done.promise };
}

const tooLate = (group: string, topic: string): Error =>
  new Error(`${group} has not got through ${topic} within ${LONGEST_MS / 60_000} minutes`);

/** Resolves when all of the topic is committed by the group. */
async function processed(cluster: Cluster, group: string, topic: string, ends: Offsets): Promise<void> {
  for (const began = Date.now(); ; await sleep(POLL_MS)) {
    if (reached(await cluster.committed(group, topic), ends)) return;
    if (Date.now() - began > LONGEST_MS) throw tooLate(group, topic);
  }
}

/** Lets the contestant take in what there is, and stops it. */
export async function catchUp(cluster: Cluster, contestant: Contestant, topic: string): Promise<void> {
  const running = await contestant.start();
  try {
    const ends = await cluster.ends(topic);
    await Promise.race([processed(cluster, contestant.group, topic, ends), running.failed]);
  } finally {
    await running.stop();
  }
}

export interface Latency {
  p50: number;
  p99: number;
  samples: number;
}

interface Given {
  cluster: Cluster;
  codec: Codec;
  input: Input;
  observations: string;
}

/** `warmUp`: so many changes come first, as fast as they can be taken in. */
export interface Pace {
  rate: number;
  seconds: number;
  warmUp: number;
}

/** Milliseconds from appending a changed observation to its drift being readable, at so many a second. */
export async function latency(
  { cluster, codec, input, observations }: Given,
  contestant: Contestant,
  { rate, seconds, warmUp }: Pace,
): Promise<Latency> {
  const running = await contestant.start();
  const awaited = new Awaited();
  const samples: number[] = [];
  try {
    await input.changed(warmUp);
    const caughtUp = processed(cluster, contestant.group, observations, await cluster.ends(observations));
    await Promise.race([caughtUp, running.failed]);
    const reader = await awaited.readFrom(cluster, codec, contestant, ({ sentAt, at }) => {
      if (sentAt >= measuredFrom) samples.push(at - sentAt);
    });
    const began = performance.now();
    const measuredFrom = began + WARM_UP_MS;
    const until = measuredFrom + seconds * 1_000;
    for (let sent = 0; performance.now() < until; ) {
      const due = Math.floor(((performance.now() - began) / 1_000) * rate) - sent;
      if (due > 0) {
        const changes = input.nextChanges(due);
        awaited.expect(changes);
        await input.sendChanges(changes);
        sent += changes.length;
      }
      await sleep(2);
    }
    await Promise.race([awaited.all(contestant.name), running.failed]);
    await reader.close();
  } finally {
    await running.stop();
  }
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), samples: samples.length };
}

/** Seconds from its start without any local state until a change in every partition has become a readable drift. */
export async function restore(
  { cluster, codec, input, observations }: Given,
  contestant: Contestant,
): Promise<number> {
  await catchUp(cluster, contestant, observations);
  await contestant.forgetState();
  const awaited = new Awaited();
  const reader = await awaited.readFrom(cluster, codec, contestant, () => undefined);
  const probes = input.onePerPartition();
  awaited.expect(probes);
  await input.sendChanges(probes);
  const began = performance.now();
  const running = await contestant.start();
  try {
    await Promise.race([awaited.all(contestant.name), running.failed]);
    return (performance.now() - began) / 1_000;
  } finally {
    await reader.close();
    await running.stop();
  }
}

/** Changes that were sent and whose drifts are not there yet. */
class Awaited {
  private readonly since = new Map<string, number>();

  expect(changes: readonly Change[]): void {
    const now = performance.now();
    for (const { n, change } of changes) this.since.set(nameOf(objectKeyOf(n), `"public-${change}"`), now);
  }

  readFrom(
    cluster: Cluster,
    codec: Codec,
    { drifts: topic }: Contestant,
    arrived: (one: { sentAt: number; at: number }) => void,
  ): ReturnType<typeof readDrifts> {
    return readDrifts(cluster, codec, { topic, name: 'driftmgr.drifts', from: 'end' }, (drift) => {
      const name = nameOf(drift.objectKey, drift.differences[0]?.observed ?? null);
      const sentAt = this.since.get(name);
      if (sentAt === undefined) return;
      this.since.delete(name);
      arrived({ sentAt, at: performance.now() });
    });
  }

  async all(name: string): Promise<void> {
    const began = performance.now();
    while (this.since.size > 0) {
      if (performance.now() - began > LONGEST_MS)
        throw new Error(`${this.since.size} changes have not become drifts of ${name}`);
      await sleep(5);
    }
  }
}

const nameOf = (objectKey: string, observed: string | null): string => `${objectKey} ${observed}`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
