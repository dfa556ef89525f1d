// The rules of the configuration as an event, so that the detector reads them like everything else it decides on.
import type { Configuration } from '../runtime/config-schema.ts';
import type { Source } from '../runtime/source.ts';
import { canonical, stableId } from '../schemas/index.ts';

const ITEM = 'published';

/**
 * Publishes `rules.published` at every start, then ends. At every start, because the topic keeps 30 days: a process that
 * lost its state would otherwise go without. Where there are no rules and never were, there is nothing to say.
 */
export function rulesSource(detector: Pick<Configuration['detector'], 'completeAccounts' | 'rules'>): Source {
  return {
    name: 'configuration',
    async run(context) {
      const body = {
        completeAccounts: [...detector.completeAccounts].sort(),
        rules: canonical(detector.rules),
      };
      const isEmpty = body.completeAccounts.length === 0 && detector.rules.length === 0;
      if (isEmpty && context.progress(ITEM) === undefined) return;
      const time = context.clock.now();
      await context.publish(
        [
          {
            type: 'rules.published',
            id: stableId('rul', canonical(body), time),
            time,
            objectKey: null,
            body,
          },
        ],
        [{ item: ITEM, progress: time }],
      );
    },
  };
}
