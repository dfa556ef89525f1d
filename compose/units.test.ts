// A process that runs units is ready when those that are its own do what they are there for, or when they are another's.
import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDecoder } from '../producers/terraform/decoder.ts';
import { createHttpBackend } from '../producers/terraform/index.ts';
import { aborted } from '../runtime/aborted.ts';
import type { Assignments, JoinOptions } from '../runtime/assignment/assignment.ts';
import { createMemoryBlobs } from '../runtime/blobs/memory-blobs.ts';
import { systemClock } from '../runtime/clock.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log/log.ts';
import { createMemoryLog } from '../runtime/log/memory-log.ts';
import type { Reactor } from '../runtime/reactor.ts';
import type { Source } from '../runtime/source.ts';
import { testCodec } from '../runtime/testing/codec.ts';
import { TEST_ORG } from '../runtime/testing/events.ts';
import { silent } from '../runtime/testing/loop.ts';
import { runUnits, type Unit, type UnitsHandle } from './units.ts';

let stop: AbortController;
let log: Log;
let running: UnitsHandle | null;
beforeEach(() => {
  stop = new AbortController();
  log = createMemoryLog({ partitions: 2, clock: systemClock });
  running = null;
});
afterEach(async () => {
  stop.abort();
  await running?.ended;
});

/** A group in which the test says who holds what: `give` begins the work at a partition. */
function group() {
  let held: number[] | null = null;
  const work: Promise<void>[] = [];
  let joined: JoinOptions;
  const first = Promise.withResolvers<readonly number[]>();
  const assignments: Assignments = {
    join(options) {
      joined = options;
      const ended = aborted(options.signal).then(() => Promise.all(work).then(() => undefined));
      return { joined: first.promise, ended, held: () => held };
    },
    close: async () => undefined,
  };
  return {
    assignments,
    give(...partitions: number[]) {
      held = partitions;
      first.resolve(partitions);
      for (const partition of partitions)
        work.push(joined.work({ partition, signal: joined.signal, confirmed: async () => undefined }));
    },
  };
}

function run(units: Unit[], assignments: Assignments, on: Log = log): UnitsHandle {
  running = runUnits({
    units,
    assignments,
    log: on,
    codec: testCodec(),
    blobs: createMemoryBlobs(),
    org: TEST_ORG,
    clock: systemClock,
    logger: silent,
    metrics: new Registry(),
    signal: stop.signal,
  });
  return running;
}

const waits = (name: string, run: Source['run'] = ({ signal }) => aborted(signal)): Source => ({ name, run });
const unit = (...sources: Source[]): Unit => ({ name: sources[0]!.name, sources, reactors: [] });

describe('a process that runs units', () => {
  it('is not ready while it is not known which of them are its own', () => {
    const { assignments } = group();
    expect(run([unit(waits('a'))], assignments).notReady()).toEqual(['producers: wait for their share']);
  });

  it('is ready when another process has them', () => {
    const { assignments, give } = group();
    const units = run([unit(waits('a')), unit(waits('b'))], assignments);
    give();
    expect(units.notReady()).toEqual([]);
  });

  it('is ready when the sources of its own units have begun, and not before', async () => {
    const { assignments, give } = group();
    const open = Promise.withResolvers<void>();
    const slow = Object.create(log, { takeOver: { value: () => open.promise } }) as Log;
    const units = run([unit(waits('a')), unit(waits('b'))], assignments, slow);
    give(0);
    expect(units.notReady()).toEqual(['a: is starting']);
    open.resolve();
    await expect.poll(() => units.notReady()).toEqual([]);
  });

  it('says why a source has not begun', async () => {
    const { assignments, give } = group();
    const takeOver = async (): Promise<void> => {
      throw new DriftError('no broker answers', { code: 'DM_LOG_FAILED', retriable: true });
    };
    const units = run([unit(waits('a'))], assignments, Object.create(log, { takeOver: { value: takeOver } }));
    give(0);
    await expect.poll(() => units.notReady()).toEqual(['a: no broker answers']);
  });

  it('stays ready when a provider fails: the others are served, and the source says so of itself', async () => {
    const { assignments, give } = group();
    const fails = async (): Promise<void> => {
      throw new DriftError('the token is wrong', { code: 'DM_PROVIDER_FAILED', retriable: false });
    };
    const units = run([unit(waits('a', fails))], assignments);
    give(0);
    await expect
      .poll(() => units.sources())
      .toEqual([{ name: 'a', status: 'failed', detail: 'the token is wrong' }]);
    expect(units.notReady()).toEqual([]);
  });

  it('is not ready before the Terraform backend takes states, and takes them once it is', async () => {
    const decoder = createDecoder({ hmacKey: randomBytes(32) });
    const backend = createHttpBackend({ blobs: createMemoryBlobs(), decoder });
    const { assignments, give } = group();
    const units = run([unit(backend.source)], assignments);
    give(0);
    let refused = 0;
    while (units.notReady().length > 0) {
      await expect(backend.get('prod')).rejects.toMatchObject({ code: 'DM_LOG_CLOSED' });
      refused++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await backend.get('prod')).toBeNull();
    expect(refused).toBeGreaterThan(0);
    stop.abort();
    await units.ended;
    await decoder.close();
  });

  it('a reactor that is shared works on what the process has of it, whoever runs the unit', async () => {
    const groups = new Map<string, number[]>([['producers', []]]);
    const assignments: Assignments = {
      join({ group: name, work, signal }) {
        const held = groups.get(name) ?? [1];
        const working = held.map((partition) =>
          work({ partition, signal, confirmed: async () => undefined }),
        );
        const ended = Promise.all([...working, aborted(signal)]).then(() => undefined);
        return { joined: Promise.resolve(held), ended, held: () => held };
      },
      close: async () => undefined,
    };
    const reactor = (name: string): Reactor => ({
      name,
      reads: ['driftmgr.requests'],
      wants: () => false,
      perform: async () => [],
    });
    const units = run(
      [{ name: 'readers', sources: [], reactors: [reactor('whole')], shared: [reactor('in-parts')] }],
      assignments,
    );
    await units.joined;
    await expect
      .poll(() => units.reactors().map(({ reactor: { name }, handle }) => [name, handle.status()]))
      .toMatchObject([['in-parts', [{ partition: 1, phase: 'running' }]]]);
    expect(units.notReady()).toEqual([]);
  });
});
