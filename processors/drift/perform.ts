// Tells a change again under the own key of what it concerns, which another partition may own. Safe to repeat: the ids of
// what it tells are made of the change's.
import type { Reactor } from '../../runtime/reactor.ts';
import { stableId } from '../../schemas/index.ts';

export const FORWARDS = 'drift-forwards';

export const forwards: Reactor = {
  name: FORWARDS,
  reads: ['driftmgr.requests'],
  wants: (event) => event.type === 'change.forward-requested',
  async perform(event) {
    if (event.type !== 'change.forward-requested') return [];
    const { toObjectKey, change } = event.body;
    const { time } = event;
    const correlationId = event.correlationId ?? event.id;
    return [
      {
        type: 'change.reported',
        id: stableId('chg', event.id),
        time,
        objectKey: toObjectKey,
        correlationId,
        body: change,
      },
      {
        type: 'request.settled',
        id: stableId('evt', FORWARDS, event.id, 'settled'),
        time,
        objectKey: event.objectKey,
        correlationId,
        body: { requestId: event.id, outcome: 'done', reason: null, driftId: null },
      },
    ];
  },
};
