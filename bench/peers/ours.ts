// Our detector in its cluster mode. Not there yet: `ours` is completed with the Kafka adapter of the log.
//
// What the contestant has to be: a child process with the detector's role alone, on a log whose topics have the prefix
// `options.prefix` (run.ts has made them all), with `detector.graceMs: 0` and state under `options.work`, which says on
// its standard output, a line of JSON each, `{"event":"first","at":<ms>}` when it takes in its first record (speaking.ts
// reads it), and ends on SIGTERM with what it has processed committed under `group`.
import type { Contestant } from './contestant.ts';

export interface OursOptions {
  brokers: string[];
  registry: string | null;
  prefix: string;
  partitions: number;
  commitMs: number;
  work: string;
}

/** Null: cannot be run yet, which run.ts says loudly. */
export function ours(_options: OursOptions): Contestant | null {
  return null;
}
