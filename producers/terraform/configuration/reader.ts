// Reads configurations in threads, one at a time, with limits on memory and time.
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ConfigurationProblem } from './problem.ts';
import type { ReadConfiguration, ReadOptions } from './read.ts';
import type { FromReader } from './read-worker.ts';

export interface ReaderOptions {
  heapMb?: number;
  patienceMs?: number;
}

/** A thread that has answered is gone by then. */
const ENDS_MS = 1_000;

export interface ReadResult extends ReadConfiguration {
  digest: string;
}

/** Throws ConfigurationProblem: what could not be read is then unknown. Rejects with the signal's reason when it aborts. */
export async function readInThread(
  options: Pick<ReadOptions, 'directory' | 'within' | 'limits'>,
  signal: AbortSignal,
  { heapMb = 512, patienceMs = 60_000 }: ReaderOptions = {},
): Promise<ReadResult> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('read-worker.ts', import.meta.url), {
    workerData: options,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  let answered = false;
  const outcome = Promise.withResolvers<ReadResult>();
  const refuse = (text: string): void => outcome.reject(new ConfigurationProblem(text));
  const timer = setTimeout(
    () => refuse(`the configuration could not be read in ${patienceMs / 1_000} s`),
    patienceMs,
  );
  const stop = (): void => outcome.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  worker.on('message', (message: FromReader) => {
    if (message.say === 'read') outcome.resolve({ ...message.read, digest: message.digest });
    else refuse(message.text);
    answered = true;
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
      refuse('the configuration needs more memory than is set aside for reading it');
    else outcome.reject(error);
  });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  exited.then(() => outcome.reject(new Error('the thread that reads a configuration ended')));
  try {
    return await outcome.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    // One that has answered ends by itself: to end it by force in the midst of that has ended the whole process.
    if (answered) await Promise.race([exited, pause(ENDS_MS, undefined, { ref: false })]);
    await worker.terminate();
  }
}
