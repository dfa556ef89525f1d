// The rules of the configuration as an event, so that the detector reads them like everything else it decides on.
import type { Configuration } from '../runtime/config-schema.ts';
import type { Source } from '../runtime/source.ts';
import { canonical, stableId } from '../schemas/index.ts';

const ITEM = 'published';

/** Publishes `rules.published` once for every change of the rules, then ends. */
export function rulesSource(detector: Pick<Configuration['detector'], 'completeAccounts' | 'rules'>): Source {
  return {
    name: 'configuration',
    async run(context) {
      const body = {
        completeAccounts: [...detector.completeAccounts].sort(),
        rules: canonical(detector.rules),
      };
      const id = stableId('rul', canonical(body));
      const published = context.progress(ITEM);
      const isEmpty = body.completeAccounts.length === 0 && detector.rules.length === 0;
      if (published === id || (published === undefined && isEmpty)) return;
      // The time is part of the id: going back to earlier rules is a new fact.
      const time = context.clock.now();
      await context.publish(
        [{ type: 'rules.published', id: stableId('rul', id, time), time, objectKey: null, body }],
        [{ item: ITEM, progress: id }],
      );
    },
  };
}
