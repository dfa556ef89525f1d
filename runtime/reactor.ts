// What a reactor is: it holds IO. It takes a `…-requested` event and returns outcome events; at least once, so `perform`
// must be safe to repeat. The loop in run-reactor.ts retries what is retriable and dead-letters the rest.
import type { Event, TopicName } from '../schemas/index.ts';
import type { SourceEvent } from './source.ts';

export interface Reactor {
  name: string;
  reads: readonly TopicName[];
  /**
   * How many events it performs at once, of each partition; 1 when it does not say. Outcomes of one object key are written
   * in the order of the events that asked, whatever is done first; those of different keys as they come.
   */
  concurrency?: number;
  /** True for the events it acts on; others are passed over. */
  wants(event: Event): boolean;
  /** Broadcasts among the outcomes are written to every partition. */
  perform(event: Event, signal: AbortSignal): Promise<SourceEvent[]>;
  /** The outcomes of the event are in the log. After a crash it may never be told of some that are. */
  committed?(event: Event): void;
}
