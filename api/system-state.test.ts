// The state of the system: whole over all processes, cheap however often it is asked for, and told when parts are down.
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log/log.ts';
import { declared, eventOf } from '../runtime/testing/events.ts';
import type { Dependencies } from './dependencies.ts';
import type { Harness } from './testing/harness.ts';
import { createHarness } from './testing/harness.ts';
import type { ProcessJson, SystemJson } from './types.ts';
import { SystemSchema } from './types.ts';

const TOPOLOGY: Dependencies['topology'] = {
  diagram: '',
  elements: [
    { name: 'drift', kind: 'processor', reads: ['driftmgr.declarations', 'driftmgr.timers'], writes: [] },
    { name: 'refresh', kind: 'reactor', reads: ['driftmgr.requests'], writes: [] },
    { name: 'resources', kind: 'projection', reads: ['driftmgr.declarations'], writes: [] },
  ],
};
const letter = (reader: string, code: string, time: number) =>
  eventOf('dead-letter.recorded', {
    reader,
    topic: 'driftmgr.changes',
    partition: 0,
    offset: time,
    recordKey: 'k',
    code,
    reason: 'it was refused',
    blob: null,
  });

function processOf(id: string, fields: Partial<ProcessJson> = {}): ProcessJson {
  const time = new Date().toISOString();
  return {
    id,
    roles: ['processors'],
    url: null,
    startedAt: time,
    seenAt: time,
    ready: true,
    reasons: [],
    readers: [],
    sources: [],
    ...fields,
  };
}

let harness: Harness;
let admin: string;
beforeAll(async () => {
  harness = await createHarness({ topology: TOPOLOGY });
  admin = await harness.keyWith(['admin']);
  await harness.feed(
    declared(),
    letter('drift', 'DM_EVENT_UNDECODABLE', 1),
    letter('drift', 'DM_INTERNAL', 2),
  );
});
afterAll(() => harness.close());

async function stateWith(change: Partial<Dependencies>): Promise<() => Promise<SystemJson>> {
  const app = await harness.another(change);
  return async () => {
    const answer = await app.inject({
      url: '/api/v1/system',
      headers: { authorization: `Bearer ${admin}` },
    });
    expect([answer.statusCode, Value.Errors(SystemSchema, answer.json())]).toEqual([200, []]);
    return answer.json<SystemJson>();
  };
}

describe('the state of the system', () => {
  it('tells what the topics keep and how far each group has committed, partition by partition', async () => {
    const { log } = harness;
    const partition = (await log.end('driftmgr.declarations', 0)) > 0 ? 0 : 1;
    const before = await (await stateWith({}))();
    expect(before.unknown).toEqual([]);
    const topic = before.topics.find(({ name }) => name === 'driftmgr.declarations')!;
    expect(topic.partitions).toContainEqual({ partition, start: 0, end: 1 });
    expect(before.groups.map(({ name, lag }) => [name, lag])).toEqual([
      ['drift', 1],
      ['refresh', 0],
    ]);
    expect(before.groups[0]!.positions).toContainEqual({
      topic: 'driftmgr.declarations',
      partition,
      committed: null,
      lag: 1,
    });
    const position = { topic: 'driftmgr.declarations', partition, offset: 1 } as const;
    await log.commit({ group: 'drift', records: [], positions: [position] });
    const [after] = (await (await stateWith({}))()).groups;
    expect(after!.positions).toContainEqual({
      topic: 'driftmgr.declarations',
      partition,
      committed: 1,
      lag: 0,
    });
    expect(after!.lag).toBe(0);
  });

  it('counts dead letters by who refused them and why', async () => {
    const { deadLetters, refused } = await (await stateWith({}))();
    expect(deadLetters).toBe(2);
    expect(refused.map(({ reader, code, count }) => [reader, code, count]).sort()).toEqual([
      ['drift', 'DM_EVENT_UNDECODABLE', 1],
      ['drift', 'DM_INTERNAL', 1],
    ]);
  });

  it('asks the log and the processes once for all who ask at a time, few questions at once', async () => {
    let asked = 0;
    let atOnce = 0;
    let most = 0;
    const counting = async <T>(ask: () => Promise<T>): Promise<T> => {
      asked++;
      most = Math.max(most, ++atOnce);
      await systemClock.sleep(1);
      return ask().finally(() => atOnce--);
    };
    const log: Log = {
      ...harness.log,
      start: (...at) => counting(() => harness.log.start(...at)),
      end: (...at) => counting(() => harness.log.end(...at)),
    };
    let listed = 0;
    const state = await stateWith({
      log,
      processes: async () => {
        listed++;
        return [];
      },
    });
    const [first] = await Promise.all(Array.from({ length: 50 }, state));
    expect(asked).toBe(first!.topics.length * first!.partitions * 2);
    expect(most).toBeLessThanOrEqual(16);
    await state();
    expect([asked, listed]).toEqual([first!.topics.length * first!.partitions * 2, 1]);
  });

  it('knows readers and sources of all processes, a source as it is where it runs', async () => {
    const state = await stateWith({
      readers: async () => [],
      sources: () => [{ name: 'cloudtrail', status: 'waiting', detail: 'another process has it' }],
      processes: async () => [
        processOf('a', {
          readers: [
            { name: 'resources', kind: 'projection', lag: 3, partitions: [] },
            { name: 'refresh', kind: 'reactor', lag: 7, partitions: [] },
          ],
          sources: [{ name: 'cloudtrail', status: 'running', detail: null }],
        }),
        processOf('b', { readers: [{ name: 'resources', kind: 'projection', lag: 5, partitions: [] }] }),
      ],
    });
    const { readers, sources, processes } = await state();
    expect(readers).toEqual([
      { name: 'resources', kind: 'projection', lag: 5 },
      { name: 'refresh', kind: 'reactor', lag: 0 },
    ]);
    expect(sources).toEqual([{ name: 'cloudtrail', status: 'running', detail: null }]);
    expect(processes.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('is told while parts are down or do not answer: they are named, with no more than may get out', async () => {
    const state = await stateWith({
      readers: () => Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:9092')),
      processes: () =>
        Promise.reject(
          new DriftError('x', { code: 'DM_LOG_FAILED', retriable: true, public: 'Kafka does not answer' }),
        ),
      log: { ...harness.log, end: () => new Promise(() => undefined) },
    });
    const began = performance.now();
    const { unknown, topics, deadLetters, readers } = await state();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(unknown).toEqual([
      'processes: Kafka does not answer',
      'readers: the log has the reason',
      'topics and groups: there was no answer within 3 seconds',
    ]);
    expect([topics, readers, deadLetters]).toEqual([[], [], 2]);
  });
});
