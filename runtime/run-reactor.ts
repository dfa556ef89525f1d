// Runs one reactor: hands it the events it wants, one at a time per partition, and commits what it answers together with
// the position. At least once: a crash between the deed and the commit lets it be done again.
import type { Registry } from 'prom-client';
import type { Codec, Event, TopicName } from '../schemas/index.ts';
import { placement, recordKey, topicOf } from '../schemas/index.ts';
import type { Assignments } from './assignment/assignment.ts';
import type { Blobs } from './blobs/blobs.ts';
import type { Clock } from './clock.ts';
import { backoffMs, codeOf, objectOfKey, reasonOf, verdictOn, writeLetter } from './failure.ts';
import type { Log, LogRecord, NewRecord, Position } from './log/log.ts';
import { Inputs } from './processor/inputs.ts';
import { Slice } from './processor/turns.ts';
import type { Reactor } from './reactor.ts';
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
  private readonly positions = new Map<TopicName, number>();
  private readonly slice = new Slice();
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
  }

  async run(): Promise<void> {
    const { reactor, log, signal, clock } = this.options;
    const { partition } = this;
    for (const topic of reactor.reads) this.positions.set(topic, 0);
    for (const position of await log.positions(reactor.name))
      if (position.partition === partition && this.positions.has(position.topic))
        this.positions.set(position.topic, position.offset);
    const inputs = new Inputs(log, partition, this.positions);
    let news = new AbortController();
    const wake = (): void => news.abort();
    const unsubscribe = log.subscribe(reactor.reads, () => {
      inputs.tell();
      wake();
    });
    signal.addEventListener('abort', wake);
    try {
      this.onRunning();
      while (!signal.aborted) {
        news = new AbortController();
        await inputs.fill();
        for (const { topic, next } of inputs.passedOver(this.positions)) {
          this.moveTo(topic, next);
          this.read.set(`${topic}/${partition}`, next);
        }
        const input = inputs.pick();
        if (!input) {
          if (this.moved && clock.now() - this.committedAt >= COMMIT_MS) await this.commit([]);
          await clock.sleep(this.moved ? COMMIT_MS : 3_600_000, news.signal);
          continue;
        }
        const record = input.buffer[input.at++]!;
        await this.take(input.topic, record);
        if (this.slice.due()) await this.slice.next();
      }
      if (this.moved) await this.commit([]);
    } finally {
      unsubscribe();
      signal.removeEventListener('abort', wake);
    }
  }

  private async take(topic: TopicName, record: LogRecord): Promise<void> {
    const { reactor, codec, signal } = this.options;
    let records: NewRecord[] = [];
    let event: Event | null = null;
    try {
      event = record.value && codec.decode(topic, record.value);
      if (event && reactor.wants(event)) {
        records = this.placed(event, await this.perform(event));
        this.metrics.eventsIn(1);
        this.metrics.eventsOut(records.length);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (verdictOn(error) === 'stop') throw error;
      records = await this.letter(topic, record, event, error);
    }
    this.moveTo(topic, record.offset + 1);
    if (records.length > 0) await this.commit(records);
    this.read.set(`${topic}/${this.partition}`, record.offset + 1);
  }

  private moveTo(topic: TopicName, offset: number): void {
    this.positions.set(topic, offset);
    this.moved = true;
  }

  /** Retriable failures are retried here, a few times; what fails for good is thrown. */
  private async perform(event: Event): Promise<SourceEvent[]> {
    const { reactor, clock, signal, logger } = this.options;
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
