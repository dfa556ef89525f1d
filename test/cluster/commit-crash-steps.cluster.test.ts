// Promise 3 on Kafka: a process dies at each step of the transaction that is its commit. Whoever takes over ends in the same
// drifts, once each, as a run that nobody disturbed.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Killed, TRANSACTION_STEPS, type TransactionStep } from '../../runtime/log/kafka/faults.ts';
import { openKafkaLog } from '../../runtime/log/kafka-log.ts';
import type { Log } from '../../runtime/log/log.ts';
import { counter } from '../../runtime/testing/counter.ts';
import { driveProcessor } from '../../runtime/testing/driver.ts';
import { statePublished } from '../../runtime/testing/events.ts';
import { appendEvents, outputsOf, silent } from '../../runtime/testing/loop.ts';
import { serverUrl } from '../../runtime/testing/servers.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import type { Event, EventOf } from '../../schemas/index.ts';
import { loadEvent } from '../crash-load.ts';
import { live, PARTITIONS } from '../crash-run.ts';

const brokers = serverUrl('kafka')?.split(',') ?? null;
const EVENTS = 300;
const folders: ReturnType<typeof temporaryFolder>[] = [];

/** A boundary of every workspace, after the load. */
const LAST = [0, 1, 2, 3].map((n) =>
  statePublished(
    { workspace: `w${n}`, serial: 99 },
    { time: Date.UTC(2026, 0, 1) + EVENTS * 1_000, id: `last_${n}` },
  ),
);

/** Transactions of a processor, which hold positions, and of a source, which hold none. */
const CASES = [
  ...TRANSACTION_STEPS.map((step) => ['a processor', step] as const),
  ...(['partitions-added', 'produced', 'before-end', 'after-end'] as const).map(
    (step) => ['the source', step] as const,
  ),
];

describe.skipIf(brokers === null)('dying at one step of a transaction', () => {
  let undisturbed: Outcome;

  /** One system, however many lives it has. */
  function system() {
    const prefix = `crash-${randomUUID().slice(0, 8)}.`;
    const folder = temporaryFolder();
    folders.push(folder);
    const open = (dies?: (step: TransactionStep, id: string) => boolean): Promise<Log> => {
      // Killed is all of it: whatever else writes says nothing more either.
      let died: TransactionStep | null = null;
      return openKafkaLog({
        access: { brokers: brokers!, clientId: 'crash', tls: false, credentials: null },
        partitions: PARTITIONS,
        replication: 1,
        logger: silent,
        prefix,
        ...(dies === undefined
          ? {}
          : {
              faults: (step: TransactionStep, id: string) => {
                if (died === null && dies(step, id.slice(prefix.length))) died = step;
                if (died !== null) throw new Killed(died);
              },
            }),
      });
    };
    return {
      life: (dies?: (step: TransactionStep, id: string) => boolean) =>
        live({ directory: folder.path, count: EVENTS, openLog: () => open(dies) }),
      /**
       * A last boundary of every workspace, after which each object is judged by all that is known: before it, what stands
       * depends on which topic was read first, in an undisturbed run too.
       */
      async conclude(): Promise<void> {
        const log = await open();
        await appendEvents(log, LAST);
        await log.close();
        expect(await this.life()).toBeNull();
      },
      async outcome(): Promise<Outcome> {
        const log = await open();
        try {
          return await outcomeOf(log);
        } finally {
          await log.close();
        }
      },
    };
  }

  beforeAll(async () => {
    const calm = system();
    expect(await calm.life()).toBeNull();
    await calm.conclude();
    undisturbed = await calm.outcome();
    expect(Object.keys(undisturbed.drifts).length).toBeGreaterThan(5);
    expectAnswered(undisturbed);
  }, 60_000);
  afterAll(() => {
    for (const { remove } of folders) remove();
  });

  it.each(CASES)('of %s, %s: nothing is lost and nothing doubled', async (whose, step) => {
    const crashed = system();
    const mine = whose === 'a processor' ? /^driftmgr\/(drift|counter)\/\d+$/ : /^driftmgr\/source\//;
    // Two lives that end so, the second on what the first has left behind, undecided transactions too.
    for (const passes of [3, 5]) {
      let left = passes;
      const dies = (at: TransactionStep, id: string): boolean => at === step && mine.test(id) && --left <= 0;
      expect(await crashed.life(dies)).toMatch(new RegExp(`died at ${step}`));
    }
    expect(await crashed.life()).toBeNull();
    await crashed.conclude();
    const after = await crashed.outcome();
    expectAnswered(after);
    expect(after.drifts).toEqual(undisturbed.drifts);
  });
});

interface Outcome {
  /** `input id, object` of each answer of the counter. */
  answered: string[];
  /** Revisions that the counter gave each object. */
  revisions: Map<string, number[]>;
  /** Drifts as they stand, by id. */
  drifts: Record<string, unknown>;
  /** `drift id, revision` of each event of driftmgr.drifts. */
  steps: string[];
}

async function outcomeOf(log: Log): Promise<Outcome> {
  const counted = await outputsOf(log, counter.name);
  const timers = new Set(counted.flatMap(({ event }) => (event?.type === 'clock.due' ? [event.id] : [])));
  const outcome: Outcome = { answered: [], revisions: new Map(), drifts: {}, steps: [] };
  for (const { event } of counted) {
    if (event?.type === 'request.settled' && !timers.has(event.body.requestId))
      outcome.answered.push(`${event.body.requestId} ${event.objectKey}`);
    if (event?.type !== 'drift.current') continue;
    const { objectKey, revision } = event.body.drift;
    outcome.revisions.set(objectKey, [...(outcome.revisions.get(objectKey) ?? []), revision]);
  }
  for (const { topic, event } of await outputsOf(log, 'drift')) {
    if (topic === 'driftmgr.drifts') {
      const { drift } = (event as EventOf<'drift.opened'>).body;
      outcome.steps.push(`${drift.id} ${drift.revision}`);
    }
    if (event?.type !== 'drift.current') continue;
    const { id, kind, status, differences, actors } = event.body.drift;
    outcome.drifts[id] =
      status === 'resolved'
        ? { kind, status }
        : { kind, status, differences, actors: actors.map((actor) => actor.name) };
  }
  return outcome;
}

/** Every input answered once for every object it concerns, revisions without a gap, and each step of a drift told once. */
function expectAnswered({ answered, revisions, steps }: Outcome): void {
  const driver = driveProcessor(counter, { partitions: PARTITIONS });
  for (let n = 0; n < EVENTS; n++)
    driver.input({
      ...loadEvent(n),
      recordedAt: 0,
      source: 'load',
      org: 'default',
      correlationId: null,
      clamped: false,
    } as Event);
  for (const event of LAST) driver.input(event);
  const expected = driver
    .outputsOf('request.settled')
    .map((event) => `${event.body.requestId} ${event.objectKey}`);
  expect(answered.sort()).toEqual(expected.sort());
  for (const numbers of revisions.values()) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(steps.length).toBe(new Set(steps).size);
}
