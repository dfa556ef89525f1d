// The measured scenarios, one row each. They run alone in a process of their own; bench/run.ts measures its memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inTemporaryDirectory } from '../compose/temporary-directory.ts';
import type { NewRecord } from '../runtime/log/log.ts';
import { TOPICS } from '../schemas/index.ts';
import { type FeedFile, writeFeed } from './feed-file.ts';
import type { Figure } from './figures.ts';
import { percentile } from './figures.ts';
import { applyStateFile, writeLargeState } from './large-state.ts';
import type { World } from './world.ts';
import {
  changed,
  declared,
  inBatches,
  laterCopy,
  objectKeyOf,
  observed,
  openWorld,
  published,
  seconds,
} from './world.ts';

const BATCH = 1_000;
/** `BENCH_SCALE=0.1` runs a tenth of every count: to try the bench itself. */
const scale = Number(process.env.BENCH_SCALE ?? 1);
const scaled = (count: number): number => Math.max(1, Math.round(count * scale));

const RESOURCES = scaled(100_000);
const UNCHANGED = scaled(1_000_000);
const CHANGED = scaled(100_000);
const INSTANCES = scaled(50_000);
const PARTS = scaled(50_000);
const REBUILT = scaled(1_000_000);

export interface Scenario {
  letter: string;
  title: string;
  run(): Promise<Figure[]>;
}

/** Declares the resources and observes each once, as it is declared. */
async function prepare(world: World, resources: number, objectKey?: (n: number) => string): Promise<void> {
  const time = Date.now() - 3_600_000;
  const at = (n: number): { objectKey?: string } => (objectKey ? { objectKey: objectKey(n) } : {});
  await inBatches(resources, BATCH, (from, to) =>
    world.append(Array.from({ length: to - from }, (_, i) => declared(from + i, time, at(from + i)))),
  );
  await world.append([published(time, resources)]);
  await inBatches(resources, BATCH, (from, to) =>
    world.append(
      Array.from({ length: to - from }, (_, i) => observed(from + i, time + 1, 0, 0, at(from + i))),
    ),
  );
  await world.caughtUp();
}

async function withWorld<T>(use: (world: World, directory: string) => Promise<T>): Promise<T> {
  return inTemporaryDirectory('bench', async (directory) => {
    const world = await openWorld(`${directory}/data`);
    try {
      return await use(world, `${directory}/data`);
    } finally {
      await world.stop();
    }
  });
}

const unchanged: Scenario = {
  letter: 'a',
  title: `${UNCHANGED.toLocaleString('en')} unchanged observations of ${RESOURCES.toLocaleString('en')} resources`,
  run: () =>
    withWorld(async (world) => {
      await prepare(world, RESOURCES);
      const time = Date.now();
      // Encoded once a resource, beforehand: measured are the log, the detector and the projections.
      const records: NewRecord[] = [];
      for (let n = 0; n < RESOURCES; n++) records.push(...world.encode(observed(n, time, 1)));
      const took = await taken(world, () =>
        inBatches(UNCHANGED, BATCH, (from, to) =>
          world.running.adapters.log.append(
            Array.from({ length: to - from }, (_, i) =>
              laterCopy(records[(from + i) % RESOURCES]!, time + Math.floor((from + i) / RESOURCES)),
            ),
          ),
        ),
      );
      return rates('a', 'unchanged observations', UNCHANGED, took, 60_000);
    }),
};

const differing: Scenario = {
  letter: 'b',
  title: `${CHANGED.toLocaleString('en')} changed observations`,
  run: () =>
    withWorld(async (world, directory) => {
      await prepare(world, CHANGED);
      const feed = await changes(world, `${directory}/../changes`, CHANGED);
      const took = await taken(world, () => appendAll(world, feed));
      await feed.close();
      return rates('b', 'changed observations, each a drift', CHANGED, took, 8_000);
    }),
};

/** Every resource is observed with another value. */
function changes(world: World, path: string, count: number, objectKey?: string): Promise<FeedFile> {
  const time = Date.now();
  const at = objectKey === undefined ? {} : { objectKey };
  function* batches(): Generator<NewRecord[]> {
    for (let from = 0; from < count; from += BATCH)
      yield Array.from({ length: Math.min(BATCH, count - from) }, (_, i) =>
        observed(from + i, time, 1, 1, at),
      ).flatMap(world.encode);
  }
  return writeFeed(path, 'driftmgr.observations', batches());
}

async function appendAll(world: World, feed: FeedFile): Promise<void> {
  for await (const records of feed.batches()) await world.running.adapters.log.append(records);
}

/** Seconds until what was fed is through the detector, and until it is in all projections too. */
interface Taken {
  decided: number;
  readable: number;
}

async function taken(world: World, feed: () => Promise<void>): Promise<Taken> {
  let decided = Number.NaN;
  const readable = await seconds(async () => {
    decided = await seconds(async () => {
      await feed();
      await world.decided();
    });
    await world.caughtUp();
  });
  return { decided, readable };
}

const rates = (
  scenario: string,
  what: string,
  count: number,
  { decided, readable }: Taken,
  atLeast: number,
): Figure[] => [
  figure(scenario, `${what}: through the detector`, count / decided, '/s', { atLeast }),
  figure(scenario, `${what}: in all projections too`, count / readable, '/s'),
];

/** Each change is to a resource that nothing changed before, so that its drift is new. */
const LATENCY_RESOURCES = 20_000;
const LATENCY_RATE = 200;
const LATENCY_SECONDS = 15 * Math.min(1, Math.max(scale, 0.2));

/** Milliseconds from feeding a change in to seeing its drift in the API, sampled one at a time beside the load. */
async function latencies(world: World, offset: number, during: () => boolean): Promise<number[]> {
  const samples: number[] = [];
  const began = performance.now();
  let sent = 0;
  let sampling: Promise<void> | null = null;
  const headers = { authorization: `Bearer ${world.key}` };
  const look = async (n: number, from: number): Promise<void> => {
    const query = new URLSearchParams({ objectKey: objectKeyOf(n), limit: '1' });
    for (;;) {
      const response = await fetch(`${world.url}/api/v1/drifts?${query}`, { headers });
      const page = (await response.json()) as { items: unknown[] };
      if (page.items.length > 0) break;
      if (performance.now() - from > 10_000) throw new Error(`no drift of ${objectKeyOf(n)} within 10 s`);
    }
    samples.push(performance.now() - from);
  };
  while (during()) {
    const due = Math.floor(((performance.now() - began) / 1_000) * LATENCY_RATE);
    const batch = [];
    for (; sent < due && offset + sent < LATENCY_RESOURCES; sent++)
      batch.push(changed(offset + sent, Date.now(), `chg_${offset + sent}`));
    if (batch.length > 0) {
      const from = performance.now();
      const last = offset + sent - 1;
      await world.append(batch);
      sampling ??= look(last, from).finally(() => {
        sampling = null;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await sampling;
  return samples;
}

const latency: Scenario = {
  letter: 'c',
  title: `a change fed in → its drift in the API, at ${LATENCY_RATE}/s, and during (d)`,
  run: () =>
    withWorld(async (world, directory) => {
      const state = await writeLargeState(`${directory}/../large.tfstate`, INSTANCES);
      await prepare(world, LATENCY_RESOURCES);
      const until = performance.now() + LATENCY_SECONDS * 1_000;
      const quiet = await latencies(world, 0, () => performance.now() < until);
      let posting = true;
      const post = applyStateFile({ ...world, workspace: 'large' }, state).finally(() => {
        posting = false;
      });
      const busy = await latencies(world, LATENCY_RESOURCES / 2, () => posting);
      await post;
      return [
        figure('c', `change to API, p50 of ${quiet.length}`, percentile(quiet, 0.5), 'ms'),
        figure('c', 'change to API, p99', percentile(quiet, 0.99), 'ms', { atMost: 100 }),
        figure('c', `during (d), p50 of ${busy.length}`, percentile(busy, 0.5), 'ms'),
        figure('c', 'during (d), p99', percentile(busy, 0.99), 'ms', { atMost: 250 }),
      ];
    }),
};

const posted: Scenario = {
  letter: 'd',
  title: `a state of ${INSTANCES.toLocaleString('en')} instances POSTed → all declared`,
  run: () =>
    withWorld(async (world, directory) => {
      const state = await writeLargeState(`${directory}/../large.tfstate`, INSTANCES);
      const { decided, readable } = await taken(world, () =>
        applyStateFile({ ...world, workspace: 'large' }, state),
      );
      const size = `${Math.round(state.bytes / 1e6)} MB state`;
      return [
        figure('d', `${size}, all declared: appended, and folded by the detector`, decided, 's', {
          atMost: 10,
        }),
        figure('d', `${size}, all of it in the projections too`, readable, 's'),
      ];
    }),
};

const rebuilt: Scenario = {
  letter: 'e',
  title: `all projections rebuilt from a log of ${REBUILT.toLocaleString('en')} events`,
  run: () =>
    withWorld(async (world) => {
      const resources = Math.max(1, Math.floor(REBUILT / 10));
      await prepare(world, resources);
      const time = Date.now();
      // What the detector makes of a change (a drift, its current state, a timer) is in the log too.
      for (let fed = 0; (await eventsIn(world)) < REBUILT; fed += BATCH) {
        await world.append(
          Array.from({ length: BATCH }, (_, i) =>
            changed((fed + i) % resources, time + fed + i, `chg_${fed + i}`),
          ),
        );
        await world.decided();
      }
      await world.caughtUp();
      const headers = { authorization: `Bearer ${world.key}` };
      const names = (
        (await (await fetch(`${world.url}/api/v1/system`, { headers })).json()) as {
          readers: { name: string; kind: string }[];
        }
      ).readers
        .filter((reader) => reader.kind === 'projection')
        .map((reader) => reader.name);
      const events = await eventsIn(world);
      const took = await seconds(async () => {
        await world.running.rebuild(names);
      });
      return [
        figure('e', `events rebuilt by ${names.length} projections`, events / took, '/s', {
          atLeast: 20_000,
        }),
      ];
    }),
};

/** Events in the log, of all topics, whoever put them there. */
async function eventsIn({ running: { adapters } }: World): Promise<number> {
  const { log } = adapters;
  let events = 0;
  for (const { name } of TOPICS)
    for (let partition = 0; partition < log.partitions; partition++)
      events += (await log.end(name, partition)) - (await log.start(name, partition));
  return events;
}

const recovered: Scenario = {
  letter: 'f',
  title: "ready after kill -9 on (b)'s directory",
  run: () =>
    inTemporaryDirectory('bench', async (directory) => {
      const environment = { ...process.env, DRIFTMGR_KEY: 'ab'.repeat(32) };
      const child = spawn(
        process.execPath,
        [new URL('victim.ts', import.meta.url).pathname, `${directory}/data`, String(CHANGED)],
        {
          env: environment,
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      process.env.DRIFTMGR_KEY = environment.DRIFTMGR_KEY;
      let world: World | null = null;
      const took = await seconds(async () => {
        world = await openWorld(`${directory}/data`);
      });
      const opened = world as World | null;
      await opened?.stop();
      return [figure('f', 'from start to ready', took, 's', { atMost: 5 })];
    }),
};

const manyParts: Scenario = {
  letter: 'g',
  title: `one object with ${PARTS.toLocaleString('en')} parts`,
  run: () =>
    withWorld(async (world, directory) => {
      const objectKey = 'default/aws/-/-/s3-bucket/one';
      await prepare(world, PARTS, () => objectKey);
      const count = Math.min(PARTS, scaled(20_000));
      const feed = await changes(world, `${directory}/../changes`, count, objectKey);
      const took = await taken(world, () => appendAll(world, feed));
      await feed.close();
      return rates('g', 'changed observations of parts of one object', count, took, 5_000);
    }),
};

const figure = (
  scenario: string,
  what: string,
  value: number,
  unit: string,
  target: Figure['target'] = null,
): Figure => ({ scenario, what, value, unit, target });

export const SCENARIOS: readonly Scenario[] = [
  unchanged,
  differing,
  latency,
  posted,
  rebuilt,
  recovered,
  manyParts,
];
export { appendAll, changes, prepare };
