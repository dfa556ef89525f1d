// Settles wishes that no source will: a snapshot of a provider that is not configured is refused, not left pending.
import type { Reactor } from '../runtime/reactor.ts';
import { stableId } from '../schemas/index.ts';

export const SNAPSHOT_REFUSALS = 'snapshot-refusals';

/** `listed`: the providers whose own sources answer. */
export function snapshotRefusals(listed: readonly string[]): Reactor {
  return {
    name: SNAPSHOT_REFUSALS,
    reads: ['driftmgr.requests'],
    wants: (event) => event.type === 'snapshot.requested' && !listed.includes(event.body.provider),
    async perform(event) {
      if (event.type !== 'snapshot.requested') return [];
      const { provider } = event.body;
      const known = listed.length === 0 ? 'none is configured' : `there are ${listed.join(', ')}`;
      return [
        {
          type: 'request.settled',
          time: event.time,
          id: stableId('evt', SNAPSHOT_REFUSALS, event.id),
          objectKey: event.objectKey,
          correlationId: event.correlationId ?? event.id,
          body: {
            requestId: event.id,
            outcome: 'refused',
            reason: `No source lists ${provider} (${known}): configure one, then ask again.`,
            driftId: null,
          },
        },
      ];
    },
  };
}
