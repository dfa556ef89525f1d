// When a projection writes: at once after a pause, and gathered where writes follow each other.
import pino from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { placement, recordKey, topicOf } from '../../schemas/index.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import type { Postgres } from '../postgres/postgres.ts';
import type { PostgresProjection } from '../projection.ts';
import { componentMetrics } from '../telemetry.ts';
import { createTestClock } from '../testing/clock.ts';
import { testCodec } from '../testing/codec.ts';
import { changeReported } from '../testing/events.ts';
import { Generations } from './generations.ts';
import { Pump } from './pump.ts';
import type { Prepared, Target } from './target.ts';

const projection: PostgresProjection = {
  store: 'postgres',
  name: 'gathered',
  version: 1,
  reads: ['driftmgr.changes'],
  hurry: 'usual',
  skipUnchanged: false,
  tables: '',
  apply: () => [],
};
/** Positions begin at 0; nothing is written here. */
const postgres: Postgres = {
  query: () => Promise.resolve([]),
  ask: () => Promise.reject(new Error('not used')),
  transaction: () => Promise.reject(new Error('not used')),
  listen: () => Promise.reject(new Error('not used')),
  close: () => Promise.resolve(),
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A pump over a log in memory, on a clock that stands still, and what it writes. `wants`: which operations make a row. */
function setUp(gather: Target<Prepared>['gather'], wants: (operation: string) => boolean = () => true) {
  const clock = createTestClock();
  const log = createMemoryLog({ partitions: 1, clock });
  const codec = testCodec();
  const stop = new AbortController();
  const began = clock.now();
  const writes: { at: number; rows: number }[] = [];
  const target: Target<Prepared> = {
    gather,
    create: async () => undefined,
    prepare: async ({ located }) => {
      const rows = located.filter(
        ({ event }) => event.type === 'change.reported' && wants(event.body.operation),
      ).length;
      return { rows, bytes: rows };
    },
    write: async (prepared) => {
      writes.push({ at: clock.now() - began, rows: prepared.reduce((sum, each) => sum + each.rows, 0) });
    },
    refusesValues: () => false,
    drop: async () => undefined,
  };
  const pump = new Pump({
    projection,
    org: 'default',
    log,
    codec,
    blobs: {
      put: async () => undefined,
      get: async () => null,
      list: async () => [],
      delete: async () => undefined,
    },
    clock,
    logger: pino({ level: 'silent' }),
    metrics: componentMetrics(new Registry(), 'projection', projection.name),
    generation: 1,
    generations: new Generations(postgres, clock, projection),
    target,
    signal: stop.signal,
  });
  const ended = pump.run();
  return {
    clock,
    pump,
    writes,
    async append(operation: string): Promise<void> {
      const event = changeReported({ operation });
      await log.append(
        placement(event, 1).map((partition) => ({
          topic: topicOf(event.type),
          partition,
          key: recordKey(event),
          value: codec.encode(event),
        })),
      );
      await settle();
    },
    async end(): Promise<void> {
      stop.abort();
      await ended;
    },
  };
}

describe('gathering', () => {
  it('a row after a pause is written at once; where they come steadily, the time between writes doubles', async () => {
    const { clock, writes, append, end } = setUp({ rows: 1e6, bytes: 1e9, ms: 400, mostMs: 1600 });
    const during = async (ms: number, feed: boolean): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        if (feed) await append(`op-${clock.now()}`);
        await settle();
        clock.advance(100);
        await settle();
      }
    };
    await during(6000, true);
    await during(10_000, false);
    await during(100, true);
    await end();
    expect(writes.map(({ at }) => at)).toEqual([0, 400, 1200, 2800, 4400, 6000, 16_000]);
    expect(writes.map(({ rows }) => rows)).toEqual([1, 3, 8, 16, 16, 16, 1]);
  });
});

describe('how far it has read', () => {
  const at = (positions: ReadonlyMap<string, number>) => positions.get('driftmgr.changes/0');

  it('is past what needs no writing as soon as it is seen, though the positions are kept back', async () => {
    const { clock, pump, writes, append, end } = setUp({ rows: 0, bytes: 0, ms: 0, mostMs: 0 }, (operation) =>
      operation.startsWith('row'),
    );
    await append('row');
    for (let n = 0; n < 3; n++) await append(`nothing ${n}`);
    expect([at(pump.read), at(pump.positions)]).toEqual([4, 1]);
    clock.advance(1_000);
    await settle();
    expect([at(pump.read), at(pump.positions)]).toEqual([4, 4]);
    expect(writes.map(({ rows }) => rows)).toEqual([1, 0]);
    await end();
  });

  it('is not past a row that is gathered and not yet written', async () => {
    const { clock, pump, append, end } = setUp({ rows: 1e6, bytes: 1e9, ms: 400, mostMs: 400 }, (operation) =>
      operation.startsWith('row'),
    );
    await append('row 1');
    await append('nothing 1');
    await append('row 2');
    await append('nothing 2');
    expect([at(pump.read), at(pump.positions)]).toEqual([2, 1]);
    clock.advance(400);
    await settle();
    expect([at(pump.read), at(pump.positions)]).toEqual([4, 4]);
    await end();
  });
});
