// Sweeps: all that is declared is read anew, on a schedule and on request.
import type { Reactor } from '../../../runtime/reactor.ts';
import type { Source, SourceEvent } from '../../../runtime/source.ts';
import type { EventOf } from '../../../schemas/index.ts';
import { stableId } from '../../../schemas/index.ts';
import { bindingsOf, type ReaderRow } from '../observer/bindings.ts';
import { SWEEP } from './scope.ts';
import { type SweepSourceOptions, sweepSource } from './source.ts';
import { createWishes } from './wishes.ts';
import { LIMITS, type SweepLimits } from './workspace.ts';

export { SWEEP, sweepScope } from './scope.ts';
export const SWEEP_REQUESTS = `${SWEEP}-requests`;
/** The provider under which sweeps are asked for. */
export const SWEEP_PROVIDER = 'terraform';

export interface SweepOptions
  extends Pick<SweepSourceOptions, 'reader' | 'states' | 'log' | 'codec' | 'everyMs'> {
  readers: readonly ReaderRow[];
  /** Reads of one account in a second, where its row says nothing else. */
  readsPerSecond: number;
  /** What part of them sweeps may make, percent. */
  percent: number;
  limits?: Partial<SweepLimits>;
}

/**
 * The source, and the reactor that lets `snapshot.requested` (provider `terraform`, scope a workspace or null) start a sweep
 * at once. They must run in one process; a request waits while no source runs.
 */
export function terraformSweep(options: SweepOptions): { source: Source; reactor: Reactor } {
  const { readers, readsPerSecond, percent } = options;
  const bindings = bindingsOf(readers);
  const wishes = createWishes();
  const source = sweepSource({
    ...options,
    limits: { ...LIMITS, ...options.limits },
    wishes,
    readable: bindings.readable,
    accountOf(workspace, { account, region, providerAddress }) {
      const binding = bindings.find({ workspace, account, region }, providerAddress);
      if (binding === null) return null;
      const { row, number, source: of } = binding;
      return {
        name: `${of.type}/${row.account ?? account ?? `reader ${number}`}`,
        perSecond: ((row.readsPerSecond ?? readsPerSecond) * percent) / 100,
      };
    },
  });
  const reactor: Reactor = {
    name: SWEEP_REQUESTS,
    reads: ['driftmgr.requests'],
    // A sweep takes long: those of other workspaces are heard meanwhile.
    concurrency: 64,
    wants: (event) => event.type === 'snapshot.requested' && event.body.provider === SWEEP_PROVIDER,
    async perform(event, signal) {
      if (event.type !== 'snapshot.requested') return [];
      return [await answer(event, signal)];
    },
  };

  async function answer(event: EventOf<'snapshot.requested'>, signal: AbortSignal): Promise<SourceEvent> {
    const { outcome, reason } = await wishes.ask(event.body.scope, event.time, signal);
    return {
      type: 'request.settled',
      body: { requestId: event.id, outcome, reason, driftId: null },
      time: event.time,
      id: stableId('set', event.id),
      objectKey: null,
      correlationId: event.correlationId,
    };
  }

  return { source, reactor };
}
