// The thread that reads one configuration, so that no file, however large or hostile, holds up the loop. Loads no vendor client.
import { parentPort, workerData } from 'node:worker_threads';
import { stableId } from '../../../schemas/index.ts';
import { ConfigurationProblem } from './problem.ts';
import { type ReadConfiguration, type ReadOptions, readConfiguration } from './read.ts';

export type FromReader =
  /** `digest`: equal exactly when what is published is. */
  { say: 'read'; read: ReadConfiguration; digest: string } | { say: 'refused'; text: string };

const port = parentPort;
if (!port) throw new Error('read-worker.ts runs as a worker thread only');
const say = (message: FromReader): void => port.postMessage(message);

try {
  const read = await readConfiguration(workerData as ReadOptions);
  const digest = stableId('cfg', JSON.stringify([read.configuration, read.revision]));
  say({ say: 'read', read, digest });
} catch (error) {
  if (!(error instanceof ConfigurationProblem)) throw error;
  say({ say: 'refused', text: error.message });
}
