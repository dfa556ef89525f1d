// Our detector in its cluster mode. Not there yet: `ours` is completed with the Kafka adapter of the log.
//
// What is missing is the process: open the registry and the Kafka log with the topic prefix `options.prefix` (run.ts has made
// the topics), give log and codec to `startDetector` (detector-role.ts), write `{"event":"first","at":<ms>}` as a line on
// standard output from its `onFirst`, and on SIGTERM or the end of standard input stop it and close the log. Started by
// `startSpeaking` (speaking.ts), it is the contestant; `group` is the consumer group under which the adapter commits.
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
