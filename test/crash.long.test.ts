// Promise 3: any process may be killed at any instant. A process under load is killed twenty times; what the log holds
// afterwards is compared with what was fed in, and with a run that nobody disturbed.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { openEmbeddedLog } from '../runtime/log/embedded-log.ts';
import type { Log } from '../runtime/log/log.ts';
import { openEmbeddedStates } from '../runtime/state/embedded-states.ts';
import { counter } from '../runtime/testing/counter.ts';
import { driveProcessor } from '../runtime/testing/driver.ts';
import { outputsOf, silent } from '../runtime/testing/loop.ts';
import type { Event, EventOf } from '../schemas/index.ts';
import { loadEvent } from './crash-load.ts';
import { type Standing, standingDrifts } from './crash-outcome.ts';
import { live, PARTITIONS } from './crash-run.ts';

const KILLS = 20;
const EVENTS = 6_000;
const child = new URL('crash-child.ts', import.meta.url).pathname;
const compileCache = join(tmpdir(), 'driftmgr-crash-compiled');
const directories: string[] = [compileCache];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'driftmgr-crash-'));
  directories.push(directory);
  return directory;
}

/** When a child is killed: so many milliseconds after it was started, or after it was ready. */
interface Kill {
  after: 'start' | 'ready';
  ms: number;
}

/** Runs the child; true when it came to its end. */
function run(directory: string, kill: Kill | null): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, directory, String(EVENTS)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    });
    let out = '';
    let err = '';
    const killSoon = (): void => {
      setTimeout(() => process_.kill('SIGKILL'), kill?.ms ?? 0);
    };
    if (kill?.after === 'start') killSoon();
    process_.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (kill?.after === 'ready' && out === 'ready\n') killSoon();
    });
    process_.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    process_.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0 && out.endsWith('done\n')) resolve(true);
      else reject(new Error(`the child ended with ${code ?? signal}: ${err}`));
    });
  });
}

async function withLog<T>(directory: string, use: (log: Log) => Promise<T>): Promise<T> {
  const log = await openEmbeddedLog({
    directory: join(directory, 'log'),
    partitions: PARTITIONS,
    clock: systemClock,
    logger: silent,
  });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

const fed = (count: number): Event[] =>
  Array.from({ length: count }, (_, n) => ({
    ...loadEvent(n),
    recordedAt: 0,
    source: 'load',
    org: 'default',
    correlationId: null,
    clamped: false,
  })) as Event[];

/** What answers an input, as `input id, object`, and the revisions the counter gave each object. */
async function answers(log: Log): Promise<{ answered: string[]; revisions: Map<string, number[]> }> {
  const all = await outputsOf(log, 'counter');
  const timers = new Set(all.flatMap(({ event }) => (event?.type === 'clock.due' ? [event.id] : [])));
  const answered = all.flatMap(({ event }) =>
    event?.type === 'request.settled' && !timers.has(event.body.requestId)
      ? [`${event.body.requestId} ${event.objectKey}`]
      : [],
  );
  const revisions = new Map<string, number[]>();
  for (const { event } of all)
    if (event?.type === 'drift.current') {
      const { objectKey, revision } = event.body.drift;
      revisions.set(objectKey, [...(revisions.get(objectKey) ?? []), revision]);
    }
  return { answered, revisions };
}

/** What the detector has said of its drifts. */
async function said(
  log: Log,
): Promise<{ standing: Record<string, Standing>; revisions: Map<string, number[]> }> {
  const current: EventOf<'drift.current'>[] = [];
  const revisions = new Map<string, number[]>();
  for (const { event } of await outputsOf(log, 'drift')) {
    if (event?.type === 'drift.current') current.push(event);
    else if (event && 'drift' in event.body) {
      const { id, revision } = event.body.drift;
      revisions.set(id, [...(revisions.get(id) ?? []), revision]);
    }
  }
  return { standing: standingDrifts(current), revisions };
}

/** Every input answered once for every object it concerns, and each object's revisions without a gap. */
async function expectAnswered(directory: string, count: number): Promise<void> {
  const driver = driveProcessor(counter, { partitions: PARTITIONS });
  for (const event of fed(count)) driver.input(event);
  const expected = driver
    .outputsOf('request.settled')
    .map((event) => `${event.body.requestId} ${event.objectKey}`)
    .sort();
  const { answered, revisions } = await withLog(directory, answers);
  expect(answered.sort()).toEqual(expected);
  expectWithoutGap(revisions);
}

function expectWithoutGap(revisions: ReadonlyMap<string, number[]>): void {
  expect(revisions.size).toBeGreaterThan(0);
  for (const numbers of revisions.values()) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}

describe('dying at one step of the commit', () => {
  const LOG_STEPS = ['before-write', 'after-partial-write', 'after-write-before-sync', 'after-sync'] as const;
  const LOOP_STEPS = ['restored', 'folded', 'committed', 'stored'] as const;

  it.each([
    ...LOG_STEPS.map((step) => ['log', step] as const),
    ...LOOP_STEPS.map((step) => ['loop', step] as const),
  ])('of the %s, %s: nothing is lost and nothing doubled', async (where, step) => {
    const directory = await emptyDirectory();
    // State is stored four times a second, far less often than batches are committed: both lives must be in the middle of
    // the load then. At the pace of the load that takes no more than 3,000 events, however fast the machine is.
    const COUNT = step === 'stored' ? 3_000 : 400;
    // Two lives that end so, the second on what the first has left behind.
    for (const passes of where === 'log' ? [5, 30] : step === 'stored' ? [1, 1] : [2, 6]) {
      let left = passes;
      const die = (point: string): void => {
        if (point === step && --left <= 0) throw new Error(`died at ${point}`);
      };
      const faults = where === 'loop' ? { faults: die } : { logFaults: die };
      expect(await live({ directory, count: COUNT, ...faults })).toMatch(/died at|write failed/);
    }
    expect(await live({ directory, count: COUNT })).toBeNull();
    await expectAnswered(directory, COUNT);
  });
});

describe('killed at random moments under load', () => {
  it('a process loses nothing, doubles nothing, and ends as an undisturbed one', async () => {
    const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
    process.stderr.write(`CRASH_SEED=${seed}\n`);
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) / 2 ** 24;
    };
    const [killed, calm] = [await emptyDirectory(), await emptyDirectory()];
    // Beside the other, from which it takes nothing but processor time.
    const undisturbed = run(calm, null);
    let kills = 0;
    for (; kills < KILLS; kills++) {
      const kill: Kill =
        kills % 4 === 3
          ? { after: 'start', ms: 200 + Math.floor(random() * 800) }
          : { after: 'ready', ms: Math.floor(random() * 120) };
      if (await run(killed, kill)) break;
    }
    expect(kills).toBe(KILLS);
    expect(await run(killed, null)).toBe(true);
    expect(await undisturbed).toBe(true);

    for (const directory of [killed, calm]) await expectAnswered(directory, EVENTS);
    const [ofKilled, ofCalm] = [await withLog(killed, said), await withLog(calm, said)];
    expect(Object.keys(ofCalm.standing).length).toBeGreaterThan(0);
    expect(ofKilled.standing).toEqual(ofCalm.standing);
    // Every drift's history is whole: none of its changes is missing, none is told twice.
    for (const { revisions } of [ofKilled, ofCalm]) expectWithoutGap(revisions);
    expect(rowsIn(killed)).toEqual(rowsIn(calm));
  }, 300_000);
});

/** The counter's own rows, of which none depends on when a timer fired. */
function rowsIn(directory: string): unknown[] {
  const states = openEmbeddedStates({ directory: join(directory, 'state'), logger: silent });
  const rows = Array.from({ length: PARTITIONS }, (_, partition) => partition).flatMap((partition) =>
    [...states.open(counter.name, partition, counter.version).entries()].filter(
      ([objectKey, part]) => !objectKey.startsWith('~') && part !== 'said' && !part.startsWith('timer/'),
    ),
  );
  return rows;
}
