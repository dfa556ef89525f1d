// What a reactor is: it holds IO. It takes a `…-requested` event and returns outcome events; at least once, so `perform`
// must be safe to repeat. The loop in run-reactor.ts retries what is retriable and dead-letters the rest.
import type { Event, TopicName } from '../schemas/index.ts';
import type { SourceEvent } from './source.ts';

export interface Reactor {
  name: string;
  reads: readonly TopicName[];
  /** True for the events it acts on; others are passed over. */
  wants(event: Event): boolean;
  perform(event: Event, signal: AbortSignal): Promise<SourceEvent[]>;
}
