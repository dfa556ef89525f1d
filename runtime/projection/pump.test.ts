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
  transaction: () => Promise.reject(new Error('not used')),
  listen: () => Promise.reject(new Error('not used')),
  close: () => Promise.resolve(),
};

describe('gathering', () => {
  it('a row after a pause is written at once; where they come steadily, the time between writes doubles', async () => {
    const clock = createTestClock();
    const log = createMemoryLog({ partitions: 1, clock });
    const codec = testCodec();
    const stop = new AbortController();
    const writes: { at: number; rows: number }[] = [];
    const target: Target<Prepared> = {
      gather: { rows: 1e6, bytes: 1e9, ms: 400, mostMs: 1600 },
      create: async () => undefined,
      prepare: async ({ located }) => ({ rows: located.length, bytes: located.length }),
      write: async (prepared) => {
        writes.push({ at: clock.now() - began, rows: prepared.reduce((sum, each) => sum + each.rows, 0) });
      },
      refusesValues: () => false,
      drop: async () => undefined,
    };
    const began = clock.now();
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
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    const during = async (ms: number, feed: boolean): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        if (feed) {
          const event = changeReported({ operation: `op-${clock.now()}` });
          await log.append(
            placement(event, 1).map((partition) => ({
              topic: topicOf(event.type),
              partition,
              key: recordKey(event),
              value: codec.encode(event),
            })),
          );
        }
        await settle();
        clock.advance(100);
        await settle();
      }
    };
    await during(6000, true);
    await during(10_000, false);
    await during(100, true);
    stop.abort();
    await ended;
    expect(writes.map(({ at }) => at)).toEqual([0, 400, 1200, 2800, 4400, 6000, 16_000]);
    expect(writes.map(({ rows }) => rows)).toEqual([1, 3, 8, 16, 16, 16, 1]);
  });
});
