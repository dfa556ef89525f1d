// What the detector makes of declarations and reads, in memory: the real decider with the real comparison, so that what
// concerns parents and children holds as it does in the product.
import { compare } from '../../processors/drift/compare.ts';
import { createDriftDetector } from '../../processors/drift/index.ts';
import { driveProcessor } from '../../runtime/testing/driver.ts';
import { declared, observed, statePublished, TEST_TIME, vanished } from '../../runtime/testing/events.ts';
import type { Drift } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import type { Declaration } from './stated.ts';

/** What was read of an instance: attributes in the form of its declaration; null when it is gone. */
export interface Seen {
  declaration: Declaration;
  attributes: string | null;
}

export interface Detected {
  /** Tells it what was read of these instances now; answers with the drifts that stand. */
  reads(seen: readonly Seen[]): Drift[];
  /** Every drift there ever was, as it is now. */
  all(): Drift[];
}

/** A detector to which everything is declared. */
export function detectorOf(all: readonly Declaration[], facts: (type: string) => TypeFacts | null): Detected {
  const driver = driveProcessor(
    createDriftDetector({ compare: (input) => compare({ ...input, facts: facts(input.type) }) }),
  );
  for (const { objectKey, body } of all) driver.input(declared(body, { objectKey }));
  driver.input(statePublished({ instances: all.length }));
  driver.runOut();
  let time = Math.max(driver.now(), TEST_TIME);
  const everything = (): Drift[] => [
    ...new Map(
      driver.outputsOf('drift.current').map(({ body }) => [body.drift.id, body.drift] as const),
    ).values(),
  ];
  return {
    reads(seen) {
      time += 60_000;
      driver.advanceTo(time);
      for (const { declaration, attributes } of seen) {
        const { objectKey, body } = declaration;
        const { provider, account, region, type, resourceId } = body;
        const what = { provider, account, region, type, resourceId };
        const at = { objectKey, time, source: 'terraform-read' };
        driver.input(
          attributes === null
            ? vanished({ ...what, proof: 'read' }, at)
            : observed({ ...what, attributes, via: 'read' }, at),
        );
      }
      time += 120_000;
      driver.advanceTo(time);
      return everything().filter(({ status }) => status !== 'resolved');
    },
    all: everything,
  };
}
