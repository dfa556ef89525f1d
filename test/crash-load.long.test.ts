// What the crash test rests on: a process that is killed, or slow, hears of the topics in another order than one that is
// not. Where the drifts depended on that, the crash test would compare luck with luck.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftDetector } from '../processors/drift/index.ts';
import { driveProcessor } from '../runtime/testing/driver.ts';
import { TEST_ORG } from '../runtime/testing/events.ts';
import type { Event } from '../schemas/index.ts';
import { topicOf } from '../schemas/index.ts';
import { loadEvent } from './crash-load.ts';
import { type Standing, standingDrifts } from './crash-outcome.ts';

const EVENTS = 6_000;
const NOW = Date.UTC(2026, 6, 1);

/** So many events of one topic, and then so much time. */
interface Burst {
  topic: number;
  events: number;
  seconds: number;
}

const load = Array.from(
  { length: EVENTS },
  (_, n) =>
    ({
      ...loadEvent(n),
      recordedAt: NOW,
      source: 'load',
      org: TEST_ORG,
      correlationId: null,
      clamped: false,
    }) as Event,
);

/** The drifts after all of the load, its topics heard of in these bursts. */
function heardIn(bursts: readonly Burst[]): Record<string, Standing> {
  const driver = driveProcessor(driftDetector, { now: NOW });
  const queues = [...Map.groupBy(load, ({ type }) => topicOf(type)).values()];
  for (let i = 0; queues.length > 0; i++) {
    const { topic, events, seconds } = bursts[i % bursts.length]!;
    const at = (topic + i) % queues.length;
    driver.inputs(queues[at]!.splice(0, events));
    driver.advanceTo(driver.now() + seconds * 1_000);
    if (queues[at]!.length === 0) queues.splice(at, 1);
  }
  return standingDrifts(driver.outputsOf('drift.current'));
}

describe('the load of the crash test', () => {
  const driver = driveProcessor(driftDetector, { now: NOW });
  driver.inputs(load);
  const inOrder = standingDrifts(driver.outputsOf('drift.current'));

  it('ends in drifts of both kinds of confidence', () => {
    const confidences = Object.values(inOrder).map(({ confidence }) => confidence);
    expect(confidences.filter((one) => one === 'confirmed').length).toBeGreaterThan(5);
    expect(confidences.filter((one) => one === 'suspected').length).toBeGreaterThan(5);
  });

  it('ends in the same drifts however far its topics are ahead of one another', () => {
    // Less than two hours in all, after which changes are forgotten.
    const burst = fc.record({
      topic: fc.nat(3),
      events: fc.integer({ min: 20, max: 400 }),
      seconds: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(burst, { minLength: 1, maxLength: 60 }), (bursts) => {
        expect(heardIn(bursts)).toEqual(inOrder);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});
