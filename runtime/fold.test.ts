import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../schemas/index.ts';
import { recordKey } from '../schemas/index.ts';
import type { Output, Processor } from './processor.ts';
import { SEEN } from './processor.ts';
import { counter } from './testing/counter.ts';
import { driveProcessor } from './testing/driver.ts';
import {
  changeReported,
  declared,
  eventOf,
  observed,
  runStarted,
  statePublished,
  TEST_TIME,
  withdrawn,
} from './testing/events.ts';

const key = (name: string): string => `default/aws/-/-/s3-bucket/${name}`;
const said = (driver: ReturnType<typeof driveProcessor>): (string | null)[] =>
  driver
    .outputsOf('request.settled')
    .map((event) => `${event.objectKey?.split('/').at(-1)}: ${event.body.reason}`);

/** A processor that says nothing, but for what the test gives it. */
const processor = (parts: Partial<Processor>): Processor => ({
  name: 'toy',
  version: 1,
  reads: ['driftmgr.declarations', 'driftmgr.observations', 'driftmgr.changes'],
  emits: ['request.settled', 'drift.current'],
  restores: ['driftmgr.open-drifts'],
  evolve: () => [],
  decide: () => [],
  concerns: () => [],
  ...parts,
});

const settled = (reason: string, objectKey?: string): Output => ({
  type: 'request.settled',
  body: { requestId: 'r', outcome: 'done', reason, driftId: null },
  objectKey,
});

describe('folding one input', () => {
  it('gives outputs what they need: id by input and index, key, organisation, source, time and correlation', () => {
    const driver = driveProcessor(counter);
    driver.input(declared({}, { objectKey: key('a'), time: TEST_TIME + 5, correlationId: 'request-1' }));
    const [first, second] = driver.outputs();
    expect(first).toMatchObject({
      objectKey: key('a'),
      org: 'default',
      source: 'counter',
      time: TEST_TIME + 5,
      recordedAt: TEST_TIME,
      correlationId: 'request-1',
    });
    const again = driveProcessor(counter, { now: TEST_TIME + 99 });
    again.input(declared({}, { objectKey: key('a'), time: TEST_TIME + 5, correlationId: 'request-1' }));
    expect(again.outputs().map((event) => event.id)).toEqual([first!.id, second!.id]);
    expect(first!.id).not.toBe(second!.id);
  });

  it('folds own outputs before the next input', () => {
    const driver = driveProcessor(counter);
    driver.input(declared({ attributes: '"1"' }));
    driver.input(declared({ attributes: '"2"' }, { time: TEST_TIME + 1 }));
    expect(said(driver)).toEqual(['logs: declared 1', 'logs: declared 2']);
  });

  it('passes over an own output that comes back as input', () => {
    const driver = driveProcessor(counter);
    driver.input(
      eventOf(
        'request.settled',
        { requestId: 'r', outcome: 'done', reason: null, driftId: null },
        { source: 'counter' },
      ),
    );
    expect(driver.appended()).toEqual([]);
  });

  it('leaves nothing of outputs when one of them cannot be folded, and keeps the input folded', () => {
    const driver = driveProcessor(
      processor({
        evolve: (_rows, event) => {
          if (event.type === 'request.settled') throw new Error('cannot fold');
          return [{ part: 'declared', value: true }];
        },
        decide: (_rows, event) => [{ timer: 'wake', at: event.time }, settled('x')],
      }),
    );
    expect(() => driver.input(declared({}, { objectKey: key('a') }))).toThrow('cannot fold');
    expect(driver.appended()).toEqual([]);
    expect(driver.state()).toEqual([[0, key('a'), 'declared', true]]);
    driver.runOut();
    expect(driver.appended()).toEqual([]);
  });

  it('skips what only repeats, notes its time, and passes over what is older than what was noted', () => {
    const driver = driveProcessor(counter);
    expect(driver.input(observed({ attributes: '{"a":1}' }, { time: TEST_TIME }))).toBe('folded');
    expect(driver.input(observed({ attributes: '{"a":1}' }, { time: TEST_TIME + 100 }))).toBe('unchanged');
    expect(driver.input(observed({ attributes: '{"a":2}' }, { time: TEST_TIME + 50 }))).toBe('stale');
    expect(driver.rows(key('logs'))['observed/aws_s3_bucket/logs']).toBe('{"a":1}');
    expect(driver.input(observed({ attributes: '{"a":2}' }, { time: TEST_TIME + 150 }))).toBe('folded');
  });

  it('tells the newest time seen under a record key, skipped records included, without a row', () => {
    const times: unknown[] = [];
    const driver = driveProcessor(
      processor({
        decide: (rows) => {
          times.push(rows.get(`${SEEN}${key('logs')}\u001faws_s3_bucket\u001flogs\u001fsnapshot`));
          return [];
        },
      }),
    );
    driver.input(observed({}, { source: 'snapshot', time: TEST_TIME }));
    driver.input(observed({}, { source: 'snapshot', time: TEST_TIME + 500 }));
    driver.input(observed({ attributes: '{"late":true}' }, { source: 'feed', time: TEST_TIME + 200 }));
    expect(times).toEqual([TEST_TIME, TEST_TIME + 500]);
    expect(driver.state()).toEqual([]);
  });
});

describe('an awaited repetition', () => {
  const awaiting = processor({
    evolve: (_rows, event) =>
      event.type === 'resource.observed'
        ? [{ awaited: recordKey(event), member: event.body.attributes === '{"await":true}' }]
        : [],
    decide: (_rows, event) => [settled(String(event.time - TEST_TIME))],
  });
  const at = (time: number, attributes = '{"await":true}') =>
    observed({ attributes }, { time: TEST_TIME + time });

  it('is folded and decided on when it is newer, until it is no longer awaited', () => {
    const driver = driveProcessor(awaiting);
    expect([at(0), at(0), at(10), at(5)].map(driver.input)).toEqual([
      'folded',
      'unchanged',
      'folded',
      'unchanged',
    ]);
    expect([at(20, '1'), at(30, '1')].map(driver.input)).toEqual(['folded', 'unchanged']);
    expect(said(driver)).toEqual(['logs: 0', 'logs: 10', 'logs: 20']);
  });

  it.each([false, true])('survives the loss of state, compacted: %s', (compacted) => {
    const driver = driveProcessor(awaiting);
    driver.inputs([at(0), at(10)]);
    const live = driver.state();
    driver.rebuild({ compacted });
    expect(driver.state()).toEqual(live);
    expect([at(10), at(20)].map(driver.input)).toEqual(['unchanged', 'folded']);
  });

  it('because of an own output is refused', () => {
    const driver = driveProcessor(
      processor({
        evolve: (_rows, event) =>
          event.type === 'clock.due' ? [{ awaited: 'default/a', member: true }] : [],
        decide: (_rows, event) => [{ timer: 'wake', at: event.time }],
      }),
    );
    expect(() => driver.input(observed())).toThrow('awaits a repetition');
    expect(driver.input(observed({}, { time: TEST_TIME + 1 }))).toBe('unchanged');
  });
});

describe('laws of a processor', () => {
  it('an output that does not fit its schema is refused', () => {
    const driver = driveProcessor(
      processor({ decide: () => [{ type: 'drift.current', body: { drift: { id: 'd' } } } as Output] }),
    );
    expect(() => driver.input(declared())).toThrow('invalid');
    expect(driver.appended()).toEqual([]);
  });

  it('an output it does not declare is refused', () => {
    const driver = driveProcessor(processor({ emits: [], decide: () => [settled('x')] }));
    expect(() => driver.input(declared())).toThrow('does not declare');
  });

  it('an output of another partition is refused', () => {
    const driver = driveProcessor(processor({ decide: () => [settled('x', key('elsewhere-2'))] }), {
      partitions: 64,
    });
    expect(() => driver.input(declared({}, { objectKey: key('here') }))).toThrow('another partition');
  });

  it('rows from what is not folded again are refused', () => {
    const driver = driveProcessor(processor({ evolve: () => [{ part: 'x', value: 1 }] }));
    expect(() => driver.input(changeReported())).toThrow('not folded again');
  });

  it('rows from own outputs that are not restored are refused', () => {
    const driver = driveProcessor(
      processor({
        evolve: (_rows, event) => (event.type === 'request.settled' ? [{ part: 'x', value: 1 }] : []),
        decide: () => [settled('x')],
      }),
    );
    expect(() => driver.input(declared())).toThrow('not folded again');
  });
});

describe('broadcasts', () => {
  const three = ['a', 'b', 'c'].map((name) => declared({}, { objectKey: key(name) }));

  it('reach the keys of their scopes, once each, before the next input, and read the shared rows', () => {
    const driver = driveProcessor(counter);
    driver.inputs(three);
    driver.input(declared({ workspace: 'other' }, { objectKey: key('z') }));
    driver.input(statePublished({ serial: 7 }));
    expect(said(driver).slice(4)).toEqual(['a: serial 7 2', 'b: serial 7 2', 'c: serial 7 2']);
  });

  it('give the same outputs whole and in slices, and leave no record of their progress', () => {
    const whole = driveProcessor(counter);
    const sliced = driveProcessor(counter, { slice: 1 });
    for (const driver of [whole, sliced]) driver.inputs([...three, statePublished({ serial: 7 })]);
    expect(sliced.outputs()).toEqual(whole.outputs());
    expect(sliced.state()).toEqual(whole.state());
    const progress = sliced.appended().filter(({ key: record }) => record.endsWith('~drain'));
    expect(progress.map(({ event }) => event === null)).toEqual([false, false, false, true]);
  });

  it('do not concern a key that left its scope', () => {
    const driver = driveProcessor(counter);
    driver.inputs([...three, withdrawn({}, { objectKey: key('b'), time: TEST_TIME + 1 }), statePublished()]);
    expect(said(driver).slice(4)).toEqual(['a: serial 1 2', 'c: serial 1 2']);
  });

  it('of no concern to any key decide nothing', () => {
    const driver = driveProcessor(counter);
    driver.inputs([...three, runStarted()]);
    expect(driver.outputs()).toHaveLength(6);
  });
});

describe('timers', () => {
  it('fire in order of time, once, with what they were given, and their firing is in the log', () => {
    const fired: unknown[] = [];
    const driver = driveProcessor(
      processor({
        decide: (_rows, event, now) => {
          if (event.type !== 'clock.due')
            return [
              { timer: 'late', at: TEST_TIME + 20 },
              { timer: 'early', at: TEST_TIME + 10, data: { n: 1 } },
            ];
          fired.push([event.body.what, event.body.data, now - TEST_TIME]);
          return [];
        },
      }),
    );
    driver.input(declared());
    driver.advanceTo(TEST_TIME + 15);
    expect(fired).toEqual([['early', '{"n":1}', 10]]);
    driver.advanceTo(TEST_TIME + 100);
    driver.advanceTo(TEST_TIME + 200);
    expect(fired).toEqual([
      ['early', '{"n":1}', 10],
      ['late', null, 20],
    ]);
    const phases = driver.appended().map(({ event }) => event?.type === 'clock.due' && event.body.phase);
    expect(phases).toEqual(['set', 'set', 'fired', 'fired']);
  });

  it('set again are moved; cleared do not fire; set to what they are, write nothing', () => {
    const driver = driveProcessor(counter);
    driver.input(declared({}, { objectKey: key('a') }));
    driver.input(declared({ attributes: '1' }, { objectKey: key('a'), time: TEST_TIME + 30_000 }));
    driver.input(declared({}, { objectKey: key('b') }));
    driver.input(withdrawn({}, { objectKey: key('b'), time: TEST_TIME + 1 }));
    driver.advanceTo(TEST_TIME + 60_000);
    expect(said(driver).filter((text) => text?.includes('quiet'))).toEqual([]);
    driver.advanceTo(TEST_TIME + 90_000);
    expect(said(driver).filter((text) => text?.includes('quiet'))).toEqual(['a: quiet 3']);
  });

  it('survive the loss of state', () => {
    const driver = driveProcessor(counter);
    driver.input(declared());
    driver.rebuild({ compacted: true });
    driver.runOut();
    expect(said(driver)).toEqual(['logs: declared 1', 'logs: quiet 2']);
    driver.rebuild({ compacted: true });
    driver.runOut();
    expect(said(driver)).toHaveLength(2);
  });
});

describe('rebuilt state', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('declared' as const), name, value: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant('withdrawn' as const), name, value: fc.constant(0) }),
    fc.record({ kind: fc.constant('observed' as const), name, value: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ kind: fc.constant('changed' as const), name, value: fc.nat(5) }),
    fc.record({ kind: fc.constant('published' as const), name, value: fc.nat(5) }),
    fc.record({ kind: fc.constant('wait' as const), name, value: fc.nat(100) }),
  );

  function play(
    driver: ReturnType<typeof driveProcessor>,
    step: { kind: string; name: string; value: number },
    at: number,
  ) {
    const fields = { objectKey: key(step.name), time: driver.now() + at };
    const events: Record<string, () => Event> = {
      declared: () => declared({ attributes: String(step.value) }, fields),
      withdrawn: () => withdrawn({}, fields),
      observed: () => observed({ attributes: String(step.value) }, fields),
      changed: () => changeReported({ providerEventId: `e${step.value}` }, fields),
      published: () => statePublished({ serial: step.value }, { time: fields.time }),
    };
    const event = events[step.kind];
    if (event) driver.input(event());
    else driver.advanceTo(driver.now() + step.value * 1_000);
  }

  it('after maximal compaction equals live state, and goes on alike, wherever it is lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), fc.boolean(), (steps, lostAt, compacted) => {
        const live = driveProcessor(counter, { partitions: 2, slice: 1 });
        const lossy = driveProcessor(counter, { partitions: 2, slice: 1 });
        steps.forEach((each, at) => {
          if (at === lostAt) {
            lossy.rebuild({ compacted });
            expect(lossy.state()).toEqual(live.state());
          }
          play(live, each, at);
          play(lossy, each, at);
        });
        live.runOut();
        lossy.runOut();
        expect(lossy.appended()).toEqual(live.appended());
        expect(lossy.state()).toEqual(live.state());
        lossy.rebuild({ compacted: true });
        expect(lossy.state()).toEqual(live.state());
      }),
      { numRuns: 150 },
    );
  });
});
