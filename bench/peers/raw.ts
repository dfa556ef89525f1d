// The floor: what consuming the topic costs, by the client that our detector reads with, when nothing is done with it.
import { fileURLToPath } from 'node:url';
import type { Milestone, Milestones } from './measure.ts';
import type { RawOptions } from './raw-consumer.ts';
import { type Speaking, startSpeaking } from './speaking.ts';

const CONSUMER = fileURLToPath(new URL('./raw-consumer.ts', import.meta.url));

export const startRaw = (options: RawOptions, log: string): Speaking =>
  startSpeaking('the raw consumer', process.execPath, [CONSUMER, JSON.stringify(options)], log);

/** It says itself how far it is, as it commits nothing. */
export function rawMilestones(running: Speaking): Milestones {
  const milestone = (event: string): Promise<Milestone> =>
    running.said(event).then(({ at, records }) => ({ at: at!, records: records as number }));
  return { warm: milestone('warm'), done: milestone('done') };
}
