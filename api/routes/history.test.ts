// What is answered from the history (ClickHouse), which follows a moment after what stands now (Postgres): it says what it
// lacks, and what cannot have changed is not asked for again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeReported, eventOf } from '../../runtime/testing/events.ts';
import type { App } from '../dependencies.ts';
import { createHarness, driftEvents, driftOf, type Harness } from '../testing/harness.ts';

let harness: Harness;
let app: App;
let key: string;
/** Questions to ClickHouse. */
let asked = 0;

beforeAll(async () => {
  harness = await createHarness();
  key = await harness.keyWith(['read']);
  const { clickhouse } = harness.dependencies;
  app = await harness.another({
    clickhouse: {
      ...clickhouse,
      query: (...question) => {
        asked++;
        return clickhouse.query(...question);
      },
    },
  });
});
afterAll(() => harness.close());

const ask = async (url: string, asked = app) =>
  (await asked.inject({ url, headers: { authorization: `Bearer ${key}` } })).json();
const drift = (revision: number) => driftOf({ id: 'drf_ahead', revision, changedAt: Date.now() });
const revisions = async (): Promise<[number[], number]> => {
  const { items, behind } = await ask('/api/v1/drifts/drf_ahead/timeline');
  return [items.map((step: { drift: { revision: number } }) => step.drift.revision), behind];
};

describe('the timeline of a drift', () => {
  it('says how many of its steps are still to come, and is right as soon as they have come', async () => {
    await harness.feed(eventOf('drift.current', { drift: drift(2) }));
    expect(await revisions()).toEqual([[], 2]);
    await harness.feed(eventOf('drift.opened', { drift: drift(1), causedBy: 'evt_1' }));
    expect(await revisions()).toEqual([[1], 1]);
    await harness.feed(eventOf('drift.changed', { drift: drift(2), causedBy: 'evt_2' }));
    expect(await revisions()).toEqual([[1, 2], 0]);
  });

  it('that has not begun is waited for', async () => {
    const later = driftOf({ id: 'drf_later', changedAt: Date.now() });
    await harness.feed(eventOf('drift.current', { drift: later }));
    const patient = await harness.another({ limits: { visibleWaitMs: 30_000 } });
    const answer = ask('/api/v1/drifts/drf_later/timeline', patient);
    await harness.feed(eventOf('drift.opened', { drift: later, causedBy: 'evt_1' }));
    expect(await answer).toMatchObject({ items: [{ drift: { id: 'drf_later' } }], behind: 0 });
  });

  it('is asked for once until the drift has taken a further step', async () => {
    await harness.feed(...driftEvents('drift.opened', drift(1)), ...driftEvents('drift.changed', drift(2)));
    await revisions();
    asked = 0;
    await revisions();
    expect(asked).toBe(0);
    await harness.feed(...driftEvents('drift.changed', drift(3)));
    expect(await revisions()).toEqual([[1, 2, 3], 0]);
    expect(asked).toBeGreaterThan(0);
  });
});

it('changes are asked for once until a further one was reported', async () => {
  const reported = async (): Promise<string[]> =>
    (await ask('/api/v1/changes?limit=5')).items.map(
      (change: { providerEventId: string }) => change.providerEventId,
    );
  await harness.feed(changeReported({ providerEventId: 'one' }));
  expect(await reported()).toEqual(['one']);
  asked = 0;
  expect(await reported()).toEqual(['one']);
  expect(asked).toBe(0);
  await harness.feed(changeReported({ providerEventId: 'two' }));
  expect((await reported()).sort()).toEqual(['one', 'two']);
});
