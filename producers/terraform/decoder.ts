// The main thread's side of decoding: hands states to the worker one after another and takes batches of events back.
// Parses nothing itself, so that no state, however large, holds up the loop.
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../runtime/clock.ts';
import { DriftError } from '../../runtime/errors.ts';
import type { Publication } from '../../runtime/source.ts';
import type { SourceEncoding } from '../../runtime/source-records.ts';
import type { DeclareSettings, StateHead } from './decode.ts';
import type { Encoding, FromWorker, ToWorker, WorkerSetup } from './messages.ts';
import { StateProblem } from './problem.ts';

export interface DecoderOptions {
  /** Key of the fingerprints that stand for secrets. */
  hmacKey: Uint8Array;
  /** Heap of the worker, MB: a hostile state ends the worker, not the process. */
  heapMb?: number;
  /** How long the worker may be silent, milliseconds. */
  patienceMs?: number;
}

export type Settings = Omit<DeclareSettings, 'hmac'>;
/** Where batches go. */
export interface Receiver {
  encoding: SourceEncoding;
  clock: Pick<Clock, 'now'>;
  /** Event time of all of them. */
  time: number;
  /** Takes one batch; the next is made ready meanwhile. */
  take(batch: Publication[]): Promise<void>;
}

/** A state that was read to its end once. Must be released, declared or not. */
export interface DecodedState {
  head: StateHead;
  /** Hands over what changed since the table of the version before; returns the table of this one. Once only. */
  declare(settings: Settings, table: Buffer | null, receiver: Receiver): Promise<Buffer>;
  release(): void;
}

export interface Decoder {
  /** Rejects with StateProblem for what is not a state. Waits for its turn: one state is decoded at a time. */
  open(bytes: Buffer): Promise<DecodedState>;
  /** Hands over the withdrawals of everything in a table. */
  withdraw(
    of: { workspace: string; version: number; serial: number; table: Buffer },
    receiver: Receiver,
  ): Promise<void>;
  close(): Promise<void>;
}

const COPY_SLICE = 2 << 20;

/** Memory that both threads see: what a state is read into, so that it is never copied. */
export const sharedBuffer = (size: number): Buffer => Buffer.from(new SharedArrayBuffer(size));

/** The bytes in such memory; copied in slices unless they are there already. */
export async function shared(bytes: Buffer): Promise<SharedArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof SharedArrayBuffer && bytes.length === buffer.byteLength) return buffer;
  const memory = new SharedArrayBuffer(bytes.length);
  const copy = Buffer.from(memory);
  for (let at = 0; at < bytes.length; at += COPY_SLICE) {
    bytes.copy(copy, at, at, at + COPY_SLICE);
    if (at + COPY_SLICE < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
  return memory;
}

export function createDecoder(options: DecoderOptions): Decoder {
  const patience = options.patienceMs ?? 120_000;
  let link: Link | null = null;
  let turn: Promise<void> = Promise.resolve();
  let closed = false;

  /** Resolves when it is the caller's turn, to a function that ends it. */
  async function takeTurn(): Promise<() => void> {
    const before = turn;
    let end: () => void = () => {};
    turn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    if (closed) {
      end();
      throw new DriftError('the decoder is closed', { code: 'DM_LOG_CLOSED', retriable: true });
    }
    return end;
  }

  function linked(): Link {
    if (link === null || link.broken()) link = createLink(options, patience);
    return link;
  }

  async function takeAll(worker: Link, { clock, take }: Receiver): Promise<Buffer> {
    for (;;) {
      const message = await worker.next();
      if (message.say === 'done')
        return Buffer.from(message.table.buffer, message.table.byteOffset, message.table.byteLength);
      if (message.say !== 'batch') throw unexpected(message);
      const { encoded, refused } = message;
      await take(encoded.keys.length > 0 ? [{ encoded }, ...refused] : refused);
      worker.say({ say: 'taken', now: clock.now() });
    }
  }

  return {
    async open(bytes) {
      const end = await takeTurn();
      let released = false;
      const worker = linked();
      const release = (): void => {
        if (released) return;
        released = true;
        worker.quiet();
        end();
      };
      try {
        worker.say({ say: 'open', bytes: await shared(bytes) });
        const message = await worker.next();
        if (message.say !== 'opened') throw unexpected(message);
        return {
          head: message.head,
          async declare(settings, table, receiver) {
            const held = table && (await shared(table));
            worker.say({ say: 'declare', settings, table: held, as: encodingOf(receiver) });
            return takeAll(worker, receiver);
          },
          release,
        };
      } catch (error) {
        release();
        throw error;
      }
    },

    async withdraw({ table, ...of }, receiver) {
      const end = await takeTurn();
      const worker = linked();
      try {
        worker.say({ say: 'withdraw', table: await shared(table), ...of, as: encodingOf(receiver) });
        await takeAll(worker, receiver);
      } finally {
        worker.quiet();
        end();
      }
    },

    async close() {
      closed = true;
      await link?.end();
    },
  };
}

const encodingOf = ({ encoding, time, clock }: Receiver): Encoding => ({ encoding, time, now: clock.now() });

const unexpected = (message: FromWorker): Error =>
  message.say === 'refused'
    ? new StateProblem(message.kind, message.text)
    : new DriftError(message.say === 'failed' ? message.message : `the worker said ${message.say}`, {
        code: 'DM_INTERNAL',
        retriable: false,
      });

/** One worker and what it said. After a crash it is broken, and the next state gets a new one. */
interface Link {
  say(message: ToWorker): void;
  next(): Promise<FromWorker>;
  /** Ends the job; what the worker still says of it is not heard. */
  quiet(): void;
  broken(): boolean;
  end(): Promise<void>;
}

function createLink(options: DecoderOptions, patience: number): Link {
  const setup: WorkerSetup = { hmacKey: options.hmacKey };
  const worker = new Worker(new URL('decode-worker.ts', import.meta.url), {
    workerData: setup,
    // Instances live for a moment: a large young generation frees them without ever copying them.
    resourceLimits: { maxOldGenerationSizeMb: options.heapMb ?? 512, maxYoungGenerationSizeMb: 96 },
  });
  const heard: FromWorker[] = [];
  let failure: Error | null = null;
  /** Jobs that were ended and of which the worker has not heard yet. */
  let ended = 0;
  let wake: (() => void) | null = null;

  const fail = (error: Error): void => {
    failure ??= error;
    wake?.();
  };
  worker.on('message', (message: FromWorker) => {
    if (message.say === 'dropped') ended--;
    else if (ended === 0) heard.push(message);
    wake?.();
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    fail(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new StateProblem('too-large', 'the state needs more memory than is set aside for reading states')
        : error,
    );
  });
  worker.on('exit', () =>
    fail(new DriftError('the worker ended', { code: 'DM_LOG_CLOSED', retriable: true })),
  );

  return {
    say: (message) => worker.postMessage(message),
    async next() {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        wake?.();
      }, patience);
      while (heard.length === 0 && !failure && !late)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      clearTimeout(timer);
      wake = null;
      if (failure) throw failure;
      if (late) {
        const problem = new StateProblem('malformed', `the state could not be read in ${patience / 1_000} s`);
        fail(problem);
        await worker.terminate();
        throw problem;
      }
      return heard.shift()!;
    },
    quiet() {
      heard.length = 0;
      if (failure) return;
      // What it is still about to say would be taken for the answer to the next question.
      ended++;
      worker.postMessage({ say: 'drop' } satisfies ToWorker);
    },
    broken: () => failure !== null,
    async end() {
      await worker.terminate();
    },
  };
}
