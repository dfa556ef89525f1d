// Runs one reactor: hands it the events it wants, as many at once per partition as it says, and commits what it answers
// together with the position up to which everything is done. At least once: a crash lets what was in hand be done again.
import type { Registry } from 'prom-client';
import type { Codec, Event, TopicName } from '../schemas/index.ts';
import { placement, recordKey, topicOf } from '../schemas/index.ts';
import type { Assignments } from './assignment/assignment.ts';
import type { Blobs } from './blobs/blobs.ts';
import { type Clock, WOKEN } from './clock.ts';
import { backoffMs, codeOf, objectOfKey, reasonOf, verdictOn, writeLetter } from './failure.ts';
import type { Log, LogRecord, NewRecord, Position } from './log/log.ts';
import { Inputs } from './processor/inputs.ts';
import { Slice } from './processor/turns.ts';
import type { Reactor } from './reactor.ts';
import { Hand } from './reactor-hand.ts';
import { type PartitionsHandle, runPartitions, writerOf } from './run-partitions.ts';
import type { SourceEvent } from './source.ts';
import { type ComponentMetrics, componentMetrics, type Logger } from './telemetry.ts';

/** After so many attempts an event is dead-lettered: later ones must not wait for ever behind it. */
const ATTEMPTS = 10;
/** Positions past events it does not want are committed at least this often. */
const COMMIT_MS = 1_000;

export interface RunReactorOptions {
  reactor: Reactor;
  log: Log;
  assignments: Assignments;
  codec: Codec;
  blobs: Blobs;
  org: string;
  clock: Clock;
  logger: Logger;
  metrics: Registry;
  signal: AbortSignal;
}

export interface ReactorHandle extends PartitionsHandle {
  /** How far it has read, by `topic/partition`, all it had to do being done: ahead of its committed positions at times. */
  read(): ReadonlyMap<string, number>;
}

export function runReactor(options: RunReactorOptions): ReactorHandle {
  const { reactor, log, assignments, logger, clock, signal } = options;
  const metrics = componentMetrics(options.metrics, 'reactor', reactor.name);
  const read = new Map<string, number>();
  const handle = runPartitions({
    kind: 'reactor',
    name: reactor.name,
    reads: reactor.reads,
    log,
    assignments,
    clock,
    logger,
    metrics,
    signal,
    attempt: (partition, until, tell) =>
      new ReactorTask({ ...options, signal: until }, metrics, partition, read, () =>
        tell({ phase: 'running' }),
      ).run(),
  });
  return { ...handle, read: () => read };
}

class ReactorTask {
  private readonly options: RunReactorOptions;
  private readonly metrics: ComponentMetrics;
  private readonly partition: number;
  /** Of all partitions; told as soon as an event is done with, which is before positions past it are committed. */
  private readonly read: Map<string, number>;
  private readonly onRunning: () => void;
  /** Up to which everything is done: what is committed. */
  private readonly positions = new Map<TopicName, number>();
  /** Up to which it was taken in hand. */
  private readonly taken = new Map<TopicName, number>();
  private readonly hand: Hand;
  private readonly slice = new Slice();
  private readonly performing = new Set<Promise<void>>();
  /** Ends with the loop, so that nothing goes on being performed for a partition that is given up or starts again. */
  private readonly ending = new AbortController();
  private readonly signal: AbortSignal;
  private news = new AbortController();
  private broken: { error: unknown } | null = null;
  private committedAt = 0;
  private moved = false;

  constructor(
    options: RunReactorOptions,
    metrics: ComponentMetrics,
    partition: number,
    read: Map<string, number>,
    onRunning: () => void,
  ) {
    this.options = options;
    this.metrics = metrics;
    this.partition = partition;
    this.read = read;
    this.onRunning = onRunning;
    this.hand = new Hand(options.reactor.concurrency ?? 1);
    this.signal = AbortSignal.any([options.signal, this.ending.signal]);
  }

  async run(): Promise<void> {
    const { reactor, log, signal, clock } = this.options;
    const { partition } = this;
    for (const topic of reactor.reads) this.positions.set(topic, 0);
    for (const position of await log.positions(reactor.name))
      if (position.partition === partition && this.positions.has(position.topic))
        this.positions.set(position.topic, position.offset);
    for (const [topic, offset] of this.positions) this.taken.set(topic, offset);
    this.committedAt = clock.now();
    const inputs = new Inputs(log, partition, this.positions);
    const wake = (): void => this.news.abort(WOKEN);
    const unsubscribe = log.subscribe(reactor.reads, () => {
      inputs.tell();
      wake();
    });
    signal.addEventListener('abort', wake);
    try {
      this.onRunning();
      while (!signal.aborted) {
        this.news = new AbortController();
        if (this.broken) throw this.broken.error;
        await this.write();
        await inputs.fill();
        for (const { topic, next } of inputs.passedOver(this.taken)) this.pass(topic, next);
        const input = this.hand.full ? undefined : inputs.pick();
        if (!input) {
          if (this.moved && clock.now() - this.committedAt >= COMMIT_MS) await this.commit([]);
          await clock.sleep(this.moved ? COMMIT_MS : 3_600_000, this.news.signal);
          continue;
        }
        const record = input.buffer[input.at++]!;
        await this.take(input.topic, record);
        if (this.slice.due()) await this.slice.next();
      }
      await this.write();
      if (this.moved) await this.commit([]);
    } finally {
      unsubscribe();
      signal.removeEventListener('abort', wake);
      this.ending.abort();
      await Promise.all(this.performing);
    }
  }

  private async take(topic: TopicName, record: LogRecord): Promise<void> {
    const { reactor, codec } = this.options;
    const next = record.offset + 1;
    let event: Event | null;
    try {
      event = record.value && codec.decode(topic, record.value);
    } catch (error) {
      if (verdictOn(error) === 'stop') throw error;
      this.pass(topic, next, await this.letter(topic, record, null, error));
      return;
    }
    if (event === null || !reactor.wants(event)) {
      this.pass(topic, next);
      return;
    }
    this.taken.set(topic, next);
    const held = this.hand.take(topic, next, event);
    const performing = this.outcomes(topic, record, event)
      .then(
        (records) => records && this.hand.done(held, records),
        (error: unknown) => {
          this.broken ??= { error };
        },
      )
      .then(() => {
        this.performing.delete(performing);
        this.news.abort(WOKEN);
      });
    this.performing.add(performing);
  }

  /** Null when it was given up. Throws what the process must not go on after. */
  private async outcomes(topic: TopicName, record: LogRecord, event: Event): Promise<NewRecord[] | null> {
    try {
      const records = this.placed(event, await this.perform(event));
      this.metrics.eventsIn(1);
      this.metrics.eventsOut(records.length);
      return records;
    } catch (error) {
      if (this.signal.aborted) return null;
      if (verdictOn(error) === 'stop') throw error;
      return this.letter(topic, record, event, error);
    }
  }

  private pass(topic: TopicName, next: number, records: readonly NewRecord[] = []): void {
    this.taken.set(topic, next);
    this.hand.pass(topic, next, records);
    this.leave();
  }

  /** Writes what is done and whose turn it is, in one commit with the position that then holds. */
  private async write(): Promise<void> {
    const written = this.hand.writable();
    if (written.length === 0) return;
    const records = written.flatMap((one) => one.records!);
    const left = this.hand.leave();
    for (const { topic, next } of left) this.positions.set(topic, next);
    if (left.length > 0) this.moved = true;
    // What asks for no record needs no commit of its own: the position follows with the next.
    if (records.length > 0) await this.commit(records);
    this.tell(left);
    for (const { event } of written) if (event) this.options.reactor.committed?.(event);
  }

  private leave(): void {
    const left = this.hand.leave();
    for (const { topic, next } of left) this.positions.set(topic, next);
    if (left.length > 0) this.moved = true;
    this.tell(left);
  }

  private tell(left: readonly { topic: TopicName; next: number }[]): void {
    for (const { topic, next } of left) this.read.set(`${topic}/${this.partition}`, next);
  }

  /** Retriable failures are retried here, a few times; what fails for good is thrown. */
  private async perform(event: Event): Promise<SourceEvent[]> {
    const { reactor, clock, logger } = this.options;
    const { signal } = this;
    for (let attempt = 0; ; attempt++) {
      try {
        return await reactor.perform(event, signal);
      } catch (error) {
        if (signal.aborted || verdictOn(error) !== 'retry' || attempt + 1 >= ATTEMPTS) throw error;
        const wait = backoffMs(attempt, Math.random());
        this.metrics.retried(codeOf(error));
        logger.warn({ reactor: reactor.name, event: event.id, err: error, wait }, 'a deed is tried again');
        await clock.sleep(wait, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  private placed(cause: Event, outcomes: readonly SourceEvent[]): NewRecord[] {
    const { reactor, org, codec, clock, log } = this.options;
    return outcomes.flatMap((outcome) => {
      // One member of the union of events: type and body come from the same member of the union of source events.
      const event = {
        time: outcome.time,
        id: outcome.id,
        recordedAt: clock.now(),
        source: reactor.name,
        org,
        objectKey: outcome.objectKey,
        correlationId: outcome.correlationId ?? cause.correlationId,
        clamped: false,
        type: outcome.type,
        body: outcome.body,
      } as Event;
      const value = codec.encode(event, outcome.fingerprint);
      const key = recordKey(event);
      const topic = topicOf(event.type);
      return placement(event, log.partitions).map((partition) => ({ topic, partition, key, value }));
    });
  }

  private async letter(
    topic: TopicName,
    record: LogRecord,
    event: Event | null,
    error: unknown,
  ): Promise<NewRecord[]> {
    const { reactor, org, codec, blobs, log, clock, logger } = this.options;
    const { partition } = this;
    const code = codeOf(error);
    this.metrics.deadLetter(code);
    logger.warn(
      { reactor: reactor.name, topic, partition, offset: record.offset, code, err: error },
      'dead-lettered an event',
    );
    return writeLetter(
      {
        reader: reactor.name,
        org,
        at: { topic, partition, offset: record.offset, recordKey: record.key },
        objectKey: event ? event.objectKey : objectOfKey(record.key, org),
        code,
        reason: reasonOf(error),
        original: record.value ?? Buffer.alloc(0),
        time: event?.time ?? record.timestamp,
      },
      { codec, blobs, partitions: log.partitions },
      clock.now(),
    );
  }

  private async commit(records: NewRecord[]): Promise<void> {
    const { reactor, log, clock } = this.options;
    const { partition } = this;
    const positions: Position[] = [...this.positions].map(([topic, offset]) => ({
      topic,
      partition,
      offset,
    }));
    const writer = writerOf(reactor.name, partition);
    await log.commit({ group: reactor.name, writer, records, positions });
    this.moved = false;
    this.committedAt = clock.now();
  }
}
