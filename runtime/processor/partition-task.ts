// One partition of one processor, as one serial queue: takes inputs and timers in, folds, decides, and commits outputs
// and positions together. It owns order and atomicity; what events mean belongs to the processor.
//
// What a crash costs at each step: before the commit nothing has happened, and the same inputs are decided on again;
// after it the log holds outputs and positions, and state is caught up from the log without deciding again.
import type { Event } from '../../schemas/index.ts';
import { isBroadcast } from '../../schemas/index.ts';
import { aborted } from '../aborted.ts';
import type { Blobs } from '../blobs/blobs.ts';
import { type Clock, WOKEN } from '../clock.ts';
import { DriftError } from '../errors.ts';
import { codeOf, isBroadcastKey, objectOfKey, reasonOf, verdictOn, writeLetter } from '../failure.ts';
import type { Emitted } from '../fold.ts';
import type { Commit, LogRecord, NewRecord } from '../log/log.ts';
import type { ComponentMetrics } from '../telemetry.ts';
import { type Input, Inputs } from './inputs.ts';
import { noteRecord, PartitionState, type PartitionStateOptions, STORE_ROWS } from './partition-state.ts';
import { type Hurry, Slice } from './turns.ts';

/** Steps at which a test may make the task die (by throwing), as if the process had been killed there. */
export type FaultPoint = 'restored' | 'folded' | 'letter-stored' | 'committed' | 'stored';

export interface PartitionTaskOptions extends PartitionStateOptions {
  blobs: Blobs;
  clock: Clock;
  metrics: ComponentMetrics;
  signal: AbortSignal;
  faults?: (point: FaultPoint, partition: number) => void;
  /** Called once state is restored, and at every commit with what is known of the lag. */
  onProgress(progress: { lag: number | null; deadLetters: number }): void;
  /** As whom it writes; taken over before it is run. */
  writer: string;
}

/** A batch ends at the first of these, when it has something to commit. */
const BATCH_INPUTS = 4_096;
const BATCH_BYTES = 4 << 20;
const BATCH_MS = 20;
/** So many records of one topic in a row, while others have some too. */
const IN_A_ROW = 256;
/** Records between two looks at the time. */
const BETWEEN_LOOKS = 16;
/** Positions alone (nothing but unchanged records) and rows are stored at least this often. */
const STORE_MS = 250;
/** So many in a row, and it is not the records that are at fault. */
const LETTERS_IN_A_ROW = 100;
const LONGEST_SLEEP_MS = 3_600_000;

interface Batch {
  records: NewRecord[];
  bytes: number;
  inputs: number;
  /** Holds what someone waits for: it is not gathered any longer than that takes. */
  live: boolean;
  began: number;
}

/** Counted up in the hot path, told to the metrics once a batch. */
interface Tally {
  folded: number;
  unchanged: number;
  stale: number;
}

interface Trouble {
  error: unknown;
  event: Event | null;
  record: LogRecord | null;
  input: Input | null;
}

/** Runs until the signal aborts; throws what it cannot go on from, and then has stored nothing that is not committed. */
export async function runPartition(options: PartitionTaskOptions): Promise<void> {
  const state = await PartitionState.restore(options);
  options.faults?.('restored', options.partition);
  const inputs = new Inputs(options.log, options.partition, state.positions);
  let wake = new AbortController();
  const unsubscribe = options.log.subscribe(options.processor.reads, () => {
    inputs.tell();
    wake.abort(WOKEN);
  });
  const onAbort = (): void => wake.abort(WOKEN);
  options.signal.addEventListener('abort', onAbort);
  try {
    await new PartitionTask(options, state, inputs, () => {
      wake = new AbortController();
      if (options.signal.aborted) wake.abort(WOKEN);
      return wake.signal;
    }).run();
  } finally {
    unsubscribe();
    options.signal.removeEventListener('abort', onAbort);
  }
}

class PartitionTask {
  private readonly options: PartitionTaskOptions;
  private readonly state: PartitionState;
  private readonly inputs: Inputs;
  /** A fresh signal that aborts at the next news. */
  private readonly news: () => AbortSignal;
  private readonly slice = new Slice();
  private tally: Tally = emptyTally();
  private batch: Batch = emptyBatch();
  private committing: Promise<void> | null = null;
  /** True when positions have moved on and are not committed. */
  private moved = false;
  private storeAt = Number.POSITIVE_INFINITY;
  /** Until then what nobody waits for is gathered. */
  private gatherUntil = 0;
  private lettersInARow = 0;
  private letters = 0;
  private lagKnownAt = Number.NEGATIVE_INFINITY;

  constructor(options: PartitionTaskOptions, state: PartitionState, inputs: Inputs, news: () => AbortSignal) {
    this.options = options;
    this.state = state;
    this.inputs = inputs;
    this.news = news;
  }

  async run(): Promise<void> {
    const { signal, onProgress } = this.options;
    onProgress({ lag: null, deadLetters: 0 });
    try {
      while (!signal.aborted) {
        // Asked for before the log is looked at: news that comes while it is being read must not be slept over.
        const news = this.news();
        const more = await this.gather();
        if (
          this.batch.records.length > 0 &&
          (more || this.batch.live || performance.now() >= this.gatherUntil)
        )
          await this.commit();
        await this.storeWhenDue();
        if (!more) await this.rest(news);
      }
      if (this.moved || this.batch.records.length > 0) await this.commit();
      await this.committed();
      await this.state.storeAll();
    } finally {
      // Nothing of this attempt may still be under way when the next begins from the committed positions.
      await this.committing?.catch(() => undefined);
    }
  }

  /** Takes in what there is, up to one batch. False when there is nothing left to take. */
  private async gather(): Promise<boolean> {
    await this.fill();
    await this.slice.next(this.hurry());
    if (this.batch.records.length === 0) this.batch.began = performance.now();
    do {
      if (this.slice.due()) await this.slice.next(this.hurry());
      if (this.state.fold.draining) await this.drain();
      else if (!(await this.fireDue())) {
        const input = await this.nextInput();
        if (!input) return false;
        const trouble = this.take(input);
        if (trouble) await this.handle(trouble);
      }
    } while (!this.full() && !this.options.signal.aborted);
    return true;
  }

  private hurry(): Hurry {
    const timer = this.state.fold.timers.next();
    const due = timer !== undefined && timer.at <= this.options.clock.now();
    return due || this.inputs.live() ? 'urgent' : 'usual';
  }

  private async nextInput(): Promise<Input | undefined> {
    // Also while there is much to take from one topic: what comes in another must not wait until that is done.
    await this.fill();
    return this.inputs.pick();
  }

  private async fill(): Promise<void> {
    if (!this.inputs.wants()) return;
    await this.inputs.fill();
    for (const { topic, next } of this.inputs.passedOver(this.state.positions)) {
      this.state.positions.set(topic, next);
      this.moved = true;
      this.storeSoon();
    }
  }

  private full(): boolean {
    const { batch } = this;
    if (batch.records.length === 0)
      return this.state.unstored >= STORE_ROWS || this.options.clock.now() >= this.storeAt;
    return (
      (batch.live && this.hurry() === 'usual') ||
      batch.inputs >= BATCH_INPUTS ||
      batch.bytes >= BATCH_BYTES ||
      this.state.unstored >= STORE_ROWS ||
      performance.now() >= Math.max(batch.began + BATCH_MS, this.gatherUntil)
    );
  }

  /** Records of one topic, in a row, until the slice is over, a broadcast is pending, or one of them fails. */
  private take(input: Input): Trouble | null {
    const { state, tally } = this;
    const { org, codec } = this.options;
    const { buffer, topic, fingerprinted } = input;
    const end = Math.min(buffer.length, input.at + IN_A_ROW);
    const now = this.options.clock.now();
    let trouble: Trouble | null = null;
    let taken = 0;
    while (input.at < end) {
      const record = buffer[input.at++]!;
      taken++;
      if (fingerprinted) {
        state.notes++;
        const novelty = noteRecord(state.seen, record, org);
        if (novelty !== 'new') {
          if (novelty === 'unchanged') tally.unchanged++;
          else tally.stale++;
          continue;
        }
      }
      if (record.value !== null) {
        let event: Event | null = null;
        try {
          event = codec.decode(topic, record.value);
          this.add(state.fold.input(event, now));
          this.lettersInARow = 0;
          if (event.source !== this.options.processor.name) tally.folded++;
        } catch (error) {
          trouble = { error, event, record, input };
          break;
        }
        if (state.fold.draining || this.state.unstored >= STORE_ROWS) break;
      }
      if (taken % BETWEEN_LOOKS === 0 && this.slice.due()) break;
    }
    this.batch.inputs += taken;
    if (!fingerprinted) this.batch.live = true;
    this.moved = true;
    const last = input.at > 0 ? buffer[input.at - 1]!.offset + 1 : input.next;
    state.positions.set(topic, input.at >= buffer.length ? input.next : last);
    this.storeSoon();
    return trouble;
  }

  private async drain(): Promise<void> {
    const { fold } = this.state;
    const { emitted, failure } = fold.drainSlice(
      this.options.clock.now(),
      () => !this.slice.due() && this.state.unstored < STORE_ROWS,
    );
    this.add(emitted);
    this.storeSoon();
    if (failure) this.stop(failure, 'a broadcast, which every object it concerns has to see,');
  }

  private async fireDue(): Promise<boolean> {
    const { fold } = this.state;
    const now = this.options.clock.now();
    const timer = fold.timers.next();
    if (!timer || timer.at > now) return false;
    const { event, emitted, failure } = fold.fire(timer, now);
    this.batch.live = true;
    this.add(emitted);
    this.storeSoon();
    if (failure) await this.handle({ error: failure, event, record: null, input: null });
    return true;
  }

  private add(emitted: readonly Emitted[]): void {
    const { batch } = this;
    const { partition } = this.options;
    for (const { topic, key, value } of emitted) {
      batch.records.push({ topic, partition, key, value });
      batch.bytes += key.length + (value?.length ?? 0);
    }
  }

  /** Dead-letters what failed, or stops where that would hide something. */
  private async handle({ error, event, record, input }: Trouble): Promise<void> {
    const { org, partition, processor, clock, metrics, logger, codec, blobs, log, faults } = this.options;
    if (verdictOn(error) !== 'letter') throw error;
    const broadcast = event ? isBroadcast(event.type) : record !== null && isBroadcastKey(record.key, org);
    if (broadcast) this.stop(error, 'a broadcast, which every object it concerns has to see,');
    if (++this.lettersInARow >= LETTERS_IN_A_ROW)
      this.stop(error, `the last of ${LETTERS_IN_A_ROW} records in a row`);
    if (record && input?.fingerprinted) this.state.refused(input.topic, record);
    const code = codeOf(error);
    const records = await writeLetter(
      {
        reader: processor.name,
        org,
        at: record &&
          input && { topic: input.topic, partition, offset: record.offset, recordKey: record.key },
        objectKey: event ? event.objectKey : objectOfKey(record?.key ?? '', org),
        code,
        reason: reasonOf(error),
        original: record?.value ?? (event ? codec.encode(event) : Buffer.alloc(0)),
        time: event?.time ?? record?.timestamp ?? clock.now(),
      },
      { codec, blobs, partitions: log.partitions },
      clock.now(),
    );
    faults?.('letter-stored', partition);
    for (const each of records) this.batch.records.push(each);
    this.letters++;
    metrics.deadLetter(code);
    logger.warn(
      { processor: processor.name, partition, topic: input?.topic, offset: record?.offset, code, err: error },
      'dead-lettered a record',
    );
  }

  /** Gives up. What this batch has decided so far is not committed, and so has not happened. */
  private stop(error: unknown, what: string): never {
    const { processor, partition } = this.options;
    throw new DriftError(
      `${processor.name} stopped at partition ${partition}: ${what} could not be processed: ${reasonOf(error)}`,
      {
        code: 'DM_EVENT_REFUSED',
        retriable: false,
        public: `Processor ${processor.name} has stopped at partition ${partition}: ${what} could not be processed. Nothing is lost; see the log, then restart with a version that can.`,
        cause: error,
      },
    );
  }

  /** Begins to commit what was gathered, after the commit before it: while the log writes, the next batch is gathered. */
  private async commit(): Promise<void> {
    await this.committed();
    const { state, batch, tally } = this;
    const { processor, partition, writer, faults, clock } = this.options;
    for (const { topic, key, value } of state.fold.drainRecord(clock.now()))
      batch.records.push({ topic, partition, key, value });
    faults?.('folded', partition);
    const positions = [...state.positions].map(([topic, offset]) => ({ topic, partition, offset }));
    const { records } = batch;
    this.committing = this.write(batch, tally, { group: processor.name, writer, records, positions });
    // Whoever waits for it next is told.
    this.committing.catch(() => undefined);
    this.batch = emptyBatch();
    this.tally = emptyTally();
    this.moved = false;
    this.gatherUntil = performance.now() + this.options.log.gatherMs;
  }

  /** Resolves when no commit is under way; throws what the last one failed with. */
  private async committed(): Promise<void> {
    const awaited = this.committing;
    await awaited;
    if (this.committing === awaited) this.committing = null;
  }

  private async write(batch: Batch, tally: Tally, commit: Commit): Promise<void> {
    const { log, partition, metrics, faults } = this.options;
    this.state.committed(await log.commit(commit));
    faults?.('committed', partition);
    metrics.batch((performance.now() - batch.began) / 1_000);
    metrics.eventsOut(batch.records.length);
    metrics.eventsIn(tally.folded);
    metrics.unchanged(tally.unchanged);
    metrics.stale(tally.stale);
    await this.tellLag();
  }

  private storeSoon(): void {
    if (this.storeAt === Number.POSITIVE_INFINITY) this.storeAt = this.options.clock.now() + STORE_MS;
  }

  /** State follows the log: never what is not committed, and not at every commit. */
  private async storeWhenDue(): Promise<void> {
    const { clock, faults, partition } = this.options;
    if (this.state.unstored < STORE_ROWS && clock.now() < this.storeAt) return;
    if (this.moved || this.batch.records.length > 0) await this.commit();
    await this.committed();
    this.state.store();
    faults?.('stored', partition);
    this.storeAt = this.state.saves ? clock.now() : Number.POSITIVE_INFINITY;
  }

  private async rest(news: AbortSignal): Promise<void> {
    const { clock, metrics, partition, onProgress } = this.options;
    if (this.committing && !news.aborted) {
      await Promise.race([this.committed(), aborted(news)]);
      return;
    }
    await this.committed();
    if (this.batch.records.length > 0) {
      const left = this.gatherUntil - performance.now();
      if (left > 0) await clock.sleep(left, news);
      return;
    }
    metrics.lag(partition, 0);
    onProgress({ lag: 0, deadLetters: this.letters });
    const timer = this.state.fold.timers.next();
    const until = Math.min(timer?.at ?? Number.POSITIVE_INFINITY, this.storeAt);
    await clock.sleep(Math.min(Math.max(0, until - clock.now()), LONGEST_SLEEP_MS), news);
  }

  private async tellLag(): Promise<void> {
    const { clock, metrics, partition, onProgress } = this.options;
    const now = clock.now();
    if (now - this.lagKnownAt < 1_000) return;
    this.lagKnownAt = now;
    const lag = await this.inputs.lag(this.state.positions);
    metrics.lag(partition, lag);
    onProgress({ lag, deadLetters: this.letters });
  }
}

const emptyTally = (): Tally => ({ folded: 0, unchanged: 0, stale: 0 });
const emptyBatch = (): Batch => ({ records: [], bytes: 0, inputs: 0, live: false, began: performance.now() });
