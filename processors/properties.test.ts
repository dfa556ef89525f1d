// Properties of the detector over generated histories: whatever happened, in whatever order it is heard of, and wherever
// the process dies, the same drifts stand in the end. What is not free of order is named in docs/detector.md.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Driver, type DriverOptions, driveProcessor } from '../runtime/testing/driver.ts';
import {
  changeReported,
  configurationPublished,
  declared,
  observed,
  readFailed,
  requestSettled,
  runFinished,
  runStarted,
  statePublished,
  TEST_TIME,
  typeDescribed,
  vanished,
  withdrawn,
} from '../runtime/testing/events.ts';
import type { Drift, Event, Target, Verb } from '../schemas/index.ts';
import { createDriftDetector } from './drift/index.ts';
import { deepCompare } from './drift/testing/deep-compare.ts';

const second = 1000;
const minute = 60 * second;
const WORKSPACES = ['prod', 'stage'] as const;
const OBJECTS = ['one', 'two'] as const;
/** A bucket no state ever declares; its policy goes in silence with it. */
const BARE = 'bare';
/** What reads all there is now and then, and what reads what was wished for. */
const SWEEP = 'terraform-sweep';
const READER = 'terraform-read';

type Step =
  | { do: 'apply'; workspace: string; object: string; locked: boolean; reported: boolean; seen: boolean }
  | { do: 'tamper' | 'revert' | 'delete' | 'recreate'; object: string; reported: boolean }
  | { do: 'observe'; object: string; source: string }
  | { do: 'fail-to-read'; object: string; code: string }
  | { do: 'configure'; workspace: string; object: string; sets: boolean; ignores: boolean; complete: boolean }
  | { do: 'withdraw'; workspace: string; object: string }
  | { do: 'make-bare' | 'put-policy' | 'remove-policy' | 'delete-bare'; reported: boolean };

const object = fc.constantFrom(...OBJECTS);
const workspace = fc.constantFrom(...WORKSPACES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      workspace,
      object,
      locked: fc.boolean(),
      reported: fc.boolean(),
      seen: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('tamper' as const, 'revert' as const, 'delete' as const, 'recreate' as const),
      object,
      reported: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('observe' as const),
      object,
      source: fc.constantFrom('one', 'two', SWEEP),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fail-to-read' as const),
      object,
      code: fc.constantFrom('denied', 'throttled'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      workspace,
      object,
      sets: fc.boolean(),
      ignores: fc.boolean(),
      complete: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), workspace, object }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'make-bare' as const,
        'put-policy' as const,
        'remove-policy' as const,
        'delete-bare' as const,
      ),
      reported: fc.boolean(),
    }),
  },
);

const attributesOf = (value: string): string => JSON.stringify({ acl: value });
const keyOf = (name: string): string => `default/aws/-/-/s3-bucket/${name}`;

interface History {
  streams: Event[][];
  changes: Event[];
  /** What a read that began then would have found; null: nothing. */
  valueAt(name: string, time: number): string | null;
}

/** Plays the steps against a cloud and its states; streams are what keeps its order in the log, the rest may come anyhow. */
function play(steps: readonly Step[]): History {
  const declarations: Event[] = [];
  const observations = new Map<string, Event[]>();
  const changes: Event[] = [];
  const puts: Event[][] = [];
  const bare = { exists: false, policy: false };
  const cloud = new Map<string, string | null>(OBJECTS.map((name) => [name, null]));
  const past = new Map<string, { time: number; value: string | null }[]>();
  const put = (name: string, value: string | null): void => {
    cloud.set(name, value);
    past.set(name, [...(past.get(name) ?? []), { time: now, value }]);
  };
  const configurations = new Map<string, Event[]>();
  const blocks = new Map<string, Record<string, object>>();
  const held = new Map<string, string>();
  let serial = 0;
  let now = TEST_TIME;

  const see = (name: string, source: string): void => {
    const value = cloud.get(name) ?? null;
    const fields = { time: now, objectKey: keyOf(name), source };
    const stream = `${name} ${source}`;
    const event =
      value === null
        ? vanished({ resourceId: name }, fields)
        : observed({ resourceId: name, attributes: attributesOf(value) }, fields);
    observations.set(stream, [...(observations.get(stream) ?? []), event]);
  };
  const report = (name: string, verb: Verb, via: 'terraform' | 'console', who: string): void => {
    const providerEventId = `e${changes.length}`;
    // Of every third call that changes something only the object is known.
    const isNameless = verb === 'update' && changes.length % 3 === 2;
    const targets = isNameless ? [] : [{ type: 'aws_s3_bucket', id: name }];
    const fields = { time: now, objectKey: keyOf(name) };
    const operation = verb === 'update' ? 'PutBucketAcl' : `${verb}Bucket`;
    changes.push(
      changeReported({ verb, operation, targets, providerEventId, actor: { via, name: who } }, fields),
    );
  };
  const bucket = { type: 'aws_s3_bucket', id: BARE };
  const policy = { type: 'aws_s3_bucket_policy', id: BARE };
  const reportBare = (verb: Verb, targets: Target[], providerEventId: string): Event =>
    changeReported(
      { verb, operation: `${verb}Bare`, targets, providerEventId, actor: { name: 'someone' } },
      { time: now, objectKey: keyOf(BARE) },
    );
  const publish = (of: string): void => {
    declarations.push(statePublished({ workspace: of, serial }, { time: now }));
  };

  for (const [index, one] of steps.entries()) {
    now += minute;
    switch (one.do) {
      case 'apply': {
        const { workspace: of, object: name } = one;
        const value = `declared-${index}`;
        const runId = `run-${index}`;
        if (one.locked) declarations.push(runStarted({ workspace: of, runId }, { time: now }));
        now += second;
        if (one.reported) report(name, cloud.get(name) === null ? 'create' : 'update', 'terraform', 'ci');
        put(name, value);
        now += second;
        // Without a lock nothing tells that a value seen before the state is written is Terraform's.
        if (one.seen && one.locked) see(name, 'one');
        now += second;
        serial++;
        const body = { workspace: of, resourceId: name, address: `aws_s3_bucket.${name}`, serial };
        declarations.push(
          declared(
            { ...body, attributes: JSON.stringify({ acl: value }) },
            { time: now, objectKey: keyOf(name) },
          ),
        );
        held.set(`${of} ${name}`, value);
        publish(of);
        now += second;
        if (one.locked) declarations.push(runFinished({ workspace: of, runId }, { time: now }));
        break;
      }
      case 'tamper':
        if (cloud.get(one.object) === null) break;
        put(one.object, `tampered-${index % 3}`);
        if (one.reported) report(one.object, 'update', 'console', `person-${index % 3}`);
        break;
      case 'revert':
        if (cloud.get(one.object) === null) break;
        put(one.object, held.get(`prod ${one.object}`) ?? held.get(`stage ${one.object}`) ?? 'nothing');
        if (one.reported) report(one.object, 'update', 'console', `person-${index % 3}`);
        break;
      case 'delete':
        if (cloud.get(one.object) === null) break;
        put(one.object, null);
        if (one.reported) report(one.object, 'delete', 'console', `person-${index % 3}`);
        break;
      case 'recreate':
        if (cloud.get(one.object) !== null) break;
        put(one.object, `made-${index % 2}`);
        if (one.reported) report(one.object, 'create', 'console', `person-${index % 3}`);
        break;
      case 'observe':
        see(one.object, one.source);
        break;
      case 'fail-to-read': {
        const stream = `${one.object} ${SWEEP}`;
        const fields = { time: now, objectKey: keyOf(one.object), source: SWEEP };
        const event = readFailed({ resourceId: one.object, code: one.code }, fields);
        observations.set(stream, [...(observations.get(stream) ?? []), event]);
        break;
      }
      case 'configure': {
        const { workspace: of, object: name, sets, ignores, complete } = one;
        const block = { sets: sets ? ['acl'] : [], ignores: ignores ? ['acl'] : [], complete };
        // Every third configuration lacks what the ones before it had.
        const held = { ...(index % 3 === 0 ? {} : blocks.get(of)), [`aws_s3_bucket.${name}`]: block };
        blocks.set(of, held);
        const event = configurationPublished(held, { workspace: of }, { time: now });
        configurations.set(of, [...(configurations.get(of) ?? []), event]);
        break;
      }
      case 'make-bare':
        if (one.reported && !bare.exists) changes.push(reportBare('create', [bucket], `b${index}`));
        bare.exists = true;
        break;
      case 'put-policy':
        if (!bare.exists) break;
        bare.policy = true;
        // What one call did to one object is written together.
        if (one.reported)
          puts.push(
            (['update', 'create'] as const).map((verb) => reportBare(verb, [policy, bucket], `b${index}`)),
          );
        break;
      case 'remove-policy':
        if (one.reported && bare.policy) changes.push(reportBare('delete', [policy], `b${index}`));
        bare.policy = false;
        break;
      case 'delete-bare':
        if (one.reported && bare.exists) changes.push(reportBare('delete', [bucket], `b${index}`));
        bare.exists = false;
        bare.policy = false;
        break;
      case 'withdraw': {
        const { workspace: of, object: name } = one;
        if (!held.delete(`${of} ${name}`)) break;
        serial++;
        const body = { workspace: of, resourceId: name, address: `aws_s3_bucket.${name}`, serial };
        declarations.push(withdrawn(body, { time: now, objectKey: keyOf(name) }));
        publish(of);
        break;
      }
    }
  }
  now += minute;
  // What was seen last may be what this source, or the other one, had seen before.
  for (const name of OBJECTS) see(name, steps.length % 2 === 0 ? 'one' : 'two');
  // Facts stand before what was read by them; they are told again by every reader that comes to know them.
  const described = typeDescribed({ facts: '{"optionalComputed":["acl"]}' }, { time: TEST_TIME });
  const streams = [declarations, ...observations.values(), ...puts, ...configurations.values(), [described]];
  return {
    streams,
    changes,
    valueAt: (name, time) => past.get(name)?.findLast((one) => one.time <= time)?.value ?? null,
  };
}

/** One order of arrival: streams keep theirs, and each pick says which of them goes on. */
function arrival({ streams, changes }: History, picks: readonly number[]): Event[] {
  const queues = [...streams, ...changes.map((change) => [change])].flatMap((stream) =>
    stream.length > 0 ? [[...stream]] : [],
  );
  const events: Event[] = [streams.at(-1)![0]!];
  for (let i = 0; queues.length > 0; i++) {
    const at = (picks[i % picks.length]! + i) % queues.length;
    events.push(queues[at]!.shift()!);
    if (queues[at]!.length === 0) queues.splice(at, 1);
  }
  return events;
}

interface Doing extends DriverOptions {
  /** Indices after which the state is lost and folded again, and from what. */
  crashes?: { after: number; compacted: boolean }[];
  /** Nothing reads, something should and never answers, or it answers with what it finds. */
  reader?: 'none' | 'silent' | 'answering';
}

const reader = fc.constantFrom('none' as const, 'silent' as const, 'answering' as const);

/** Answers wishes for reads; every fourth of them fails. Gives whether there were any. */
function answererOf(driver: Driver, { valueAt }: History): () => boolean {
  const last = new Map<string, number>();
  let answered = 0;
  return () => {
    const wishes = driver.outputsOf('resource.read-requested').slice(answered);
    for (const { id, objectKey, body } of wishes) {
      // One writer, which goes on in order.
      const time = Math.max(body.since, (last.get(objectKey!) ?? 0) + 1);
      last.set(objectKey!, time);
      const fields = { time, objectKey, source: READER };
      const { resourceId, type } = body;
      const value = valueAt(resourceId, time);
      if (answered++ % 4 === 3)
        driver.input(
          readFailed({ resourceId, type, code: answered % 8 === 0 ? 'denied' : 'throttled' }, fields),
        );
      else if (value === null) driver.input(vanished({ resourceId, type, proof: 'read' }, fields));
      else driver.input(observed({ resourceId, type, via: 'read', attributes: attributesOf(value) }, fields));
      driver.input(requestSettled({ requestId: id }, fields));
    }
    return wishes.length > 0;
  };
}

function run(
  history: History,
  order: readonly number[] | readonly Event[],
  { crashes = [], reader = 'none', ...options }: Doing = {},
): Drift[] {
  const events = isEvents(order) ? order : arrival(history, order);
  const driver = driveProcessor(createDriftDetector({ compare: deepCompare, reads: reader !== 'none' }), {
    now: TEST_TIME + 40 * minute,
    ...options,
  });
  const answer = reader === 'answering' ? answererOf(driver, history) : () => false;
  events.forEach((event, index) => {
    driver.input(event);
    answer();
    for (const { after, compacted } of crashes)
      if (after % events.length === index) driver.rebuild({ compacted });
  });
  // Reads take part while timers fire; what they answer in the end may set some again.
  for (let i = 0; i < 60; i++) {
    while (answer());
    driver.advanceTo(driver.now() + (i < 30 ? 10 * second : 10 * minute));
  }
  do driver.runOut();
  while (answer());
  const current = new Map(driver.outputsOf('drift.current').map(({ body }) => [body.drift.id, body.drift]));
  return [...current.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const isEvents = (order: readonly number[] | readonly Event[]): order is readonly Event[] =>
  typeof order[0] === 'object';

/** What must not depend on order. */
const essence = (drifts: readonly Drift[]) =>
  drifts
    .filter((drift) => drift.status !== 'resolved')
    .map(({ id, kind, confidence, status, differences, actors, address, ignoredBy }) => ({
      id,
      kind,
      confidence,
      status,
      differences,
      actors,
      address,
      ignoredBy,
    }));

const steps = fc.array(step, { minLength: 1, maxLength: 14 });
const picks = fc.array(fc.nat(50), { minLength: 1, maxLength: 60 });
/** A failure prints its seed and path; give them here to see it again. */
const settings = { numRuns: 150 };

describe('the drifts that stand in the end', () => {
  it('are the same in any order of arrival', () => {
    fc.assert(
      fc.property(steps, picks, picks, reader, (happened, one, other, reader) => {
        const history = play(happened);
        expect(essence(run(history, other, { reader }))).toEqual(essence(run(history, one, { reader })));
      }),
      settings,
    );
  });

  it('are the same when events come twice', () => {
    fc.assert(
      fc.property(
        steps,
        picks,
        fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 12 }),
        reader,
        (happened, order, twice, reader) => {
          const history = play(happened);
          const events = arrival(history, order);
          const doubled = [...events];
          for (const [which, where] of twice) {
            const first = which % events.length;
            const event = events[first]!;
            const from = doubled.indexOf(event) + 1;
            doubled.splice(from + (where % (doubled.length - from + 1)), 0, event);
          }
          expect(essence(run(history, doubled, { reader }))).toEqual(
            essence(run(history, events, { reader })),
          );
        },
      ),
      settings,
    );
  });

  it('are the same, to the revision, wherever the process dies and from whatever compaction leaves', () => {
    const crashes = fc.array(fc.record({ after: fc.nat(80), compacted: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(steps, picks, crashes, reader, (happened, order, deaths, reader) => {
        const history = play(happened);
        expect(run(history, order, { crashes: deaths, reader })).toEqual(run(history, order, { reader }));
      }),
      settings,
    );
  });

  it('rest on state that is the same when folded again, topic after topic, from what compaction leaves', () => {
    fc.assert(
      fc.property(steps, picks, reader, (happened, order, reader) => {
        const reads = reader !== 'none';
        const driver = driveProcessor(createDriftDetector({ compare: deepCompare, reads }), {
          now: TEST_TIME + 40 * minute,
        });
        const history = play(happened);
        const answer = reader === 'answering' ? answererOf(driver, history) : () => false;
        for (const event of arrival(history, order)) {
          driver.input(event);
          answer();
        }
        // The index may hold more keys than need be (they are visited for nothing), so only the other rows are compared.
        const rows = () => driver.state().filter(([, objectKey]) => !objectKey.startsWith('~index'));
        const live = rows();
        driver.rebuild({ compacted: true });
        expect(rows()).toEqual(live);
      }),
      settings,
    );
  });

  it('are the same, to the revision, however keys are spread and broadcasts are sliced', () => {
    fc.assert(
      fc.property(steps, picks, fc.integer({ min: 1, max: 7 }), (happened, order, partitions) => {
        const history = play(happened);
        const reading = { reader: 'answering' as const };
        expect(run(history, order, { ...reading, partitions, slice: 1 })).toEqual(
          run(history, order, reading),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('are none after clean applies alone, seen at any moment and heard of in any order', () => {
    const applies = fc.array(
      fc.record({
        do: fc.constant('apply' as const),
        workspace: fc.constant('prod'),
        object,
        locked: fc.constant(true),
        reported: fc.boolean(),
        seen: fc.boolean(),
      }),
      { minLength: 1, maxLength: 10 },
    );
    fc.assert(
      fc.property(applies, picks, reader, (happened, order, reader) => {
        expect(essence(run(play(happened), order, { reader }))).toEqual([]);
      }),
      settings,
    );
  });
});
