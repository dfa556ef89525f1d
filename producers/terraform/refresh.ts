// Answers wishes to look at the head of a state again: the backend that has the workspace publishes what holds, and the
// wish is settled. Safe to repeat: a head that was looked at since the wish is not looked at again.
import type { Reactor } from '../../runtime/reactor.ts';
import { stableId } from '../../schemas/index.ts';

/** What both backends can do: true when the workspace is theirs and a boundary says what holds. */
export interface Refreshing {
  refresh(workspace: string, since: number): Promise<boolean>;
}

export function createRefreshReactor(backends: readonly Refreshing[]): Reactor {
  return {
    name: 'terraform-refresh',
    reads: ['driftmgr.requests'],
    wants: (event) => event.type === 'state.refresh-requested',
    async perform(event) {
      if (event.type !== 'state.refresh-requested') return [];
      const { workspace } = event.body;
      let done = false;
      for (const backend of backends) done ||= await backend.refresh(workspace, event.time);
      return [
        {
          type: 'request.settled',
          time: event.time,
          id: stableId('evt', 'terraform-refresh', event.id),
          objectKey: event.objectKey,
          correlationId: event.correlationId ?? event.id,
          body: {
            requestId: event.id,
            outcome: done ? 'done' : 'refused',
            reason: done ? null : `No state of the workspace ${workspace} is known.`,
            driftId: null,
          },
        },
      ];
    },
  };
}
