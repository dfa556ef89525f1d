// A detector in memory with a comparison without rules, for given/when/then; `test` data has one bucket, `logs`.
import type { Driver } from '../../../runtime/testing/driver.ts';
import { driveProcessor } from '../../../runtime/testing/driver.ts';
import { declared, statePublished, TEST_TIME } from '../../../runtime/testing/events.ts';
import type { Drift, Event } from '../../../schemas/index.ts';
import { createDriftDetector, type DriftDetectorOptions } from '../index.ts';
import { deepCompare } from './deep-compare.ts';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const at = (offset: number) => ({ time: TEST_TIME + offset });
/** Two values of the bucket. */
export const A = '{"acl":"private"}';
export const B = '{"acl":"public"}';

export interface Given extends Driver {
  /** Newest version of every drift, resolved ones too. */
  drifts(): Drift[];
  open(): Drift[];
}

export function given(options: Partial<DriftDetectorOptions> = {}): Given {
  const driver = driveProcessor(createDriftDetector({ compare: deepCompare, ...options }));
  const drifts = (): Drift[] => {
    const current = new Map(driver.outputsOf('drift.current').map(({ body }) => [body.drift.id, body.drift]));
    return [...current.values()];
  };
  /** The clock goes along with events, and stays where it is for late ones. */
  const input = (event: Event) => {
    if (event.time > driver.now()) driver.advanceTo(event.time);
    return driver.input(event);
  };
  const inputs = (events: readonly Event[]): void => {
    for (const event of events) input(event);
  };
  return {
    ...driver,
    input,
    inputs,
    drifts,
    open: () => drifts().filter((drift) => drift.status !== 'resolved'),
  };
}

/** What a write of the state gives: the declaration, then the boundary. */
export const state = (attributes: string, offset = 0, serial = 1, pushed = true): Event[] => [
  declared({ attributes, serial }, at(offset)),
  statePublished({ serial, pushed }, at(offset)),
];
