// The main thread's side of the worker that holds stored states: questions out, answers back. One that is out of memory,
// crashed or silent for too long fails everything asked of it, and is not asked again.
import { Worker } from 'node:worker_threads';
import { DriftError } from '../../../runtime/errors.ts';
import { StateProblem } from '../problem.ts';
import type { Answers, Asked, FromStated, StatedSetup, ToStated } from './messages.ts';

export interface Thread {
  ask<A extends Asked>(asked: A): Promise<Answers[A['ask']]>;
  forget(state: number): void;
  broken(): boolean;
  end(): Promise<void>;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export function startThread(
  setup: StatedSetup,
  { heapMb, patienceMs }: { heapMb: number; patienceMs: number },
): Thread {
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: setup,
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 12 },
  });
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let failure: Error | null = null;
  let timer: NodeJS.Timeout | null = null;

  function fail(error: Error): void {
    if (failure !== null) return;
    failure = error;
    if (timer) clearTimeout(timer);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  /** Runs while anything is awaited, from the last answer on. */
  function watch(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (waiting.size === 0 || failure) return;
    timer = setTimeout(() => {
      fail(new StateProblem('malformed', `the stored state could not be read in ${patienceMs / 1_000} s`));
      void worker.terminate();
    }, patienceMs);
  }

  worker.on('message', (message: FromStated) => {
    const one = waiting.get(message.call);
    waiting.delete(message.call);
    watch();
    if ('answer' in message) one?.resolve(message.answer);
    else if ('refused' in message) one?.reject(new StateProblem(message.refused, message.text));
    else one?.reject(new DriftError(message.failed, { code: 'DM_INTERNAL', retriable: false }));
  });
  worker.on('error', (error: NodeJS.ErrnoException) =>
    fail(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new StateProblem('too-large', 'the state needs more memory than is set aside for reading states')
        : new DriftError('the thread that holds stored states failed', {
            code: 'DM_INTERNAL',
            retriable: true,
            cause: error,
          }),
    ),
  );
  worker.on('exit', () =>
    fail(
      new DriftError('the thread that holds stored states ended', { code: 'DM_LOG_CLOSED', retriable: true }),
    ),
  );

  return {
    ask<A extends Asked>(asked: A) {
      if (failure) return Promise.reject(failure);
      const call = ++calls;
      const { promise, resolve, reject } = Promise.withResolvers<Answers[A['ask']]>();
      // The worker answers every question with what belongs to it.
      waiting.set(call, { resolve: resolve as (answer: unknown) => void, reject });
      worker.postMessage({ call, asked } satisfies ToStated);
      if (timer === null) watch();
      return promise;
    },
    forget: (state) => {
      if (!failure) worker.postMessage({ forget: state } satisfies ToStated);
    },
    broken: () => failure !== null,
    async end() {
      await worker.terminate();
    },
  };
}
