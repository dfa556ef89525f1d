// Runs one source: gives it its context, appends what it publishes with its progress, clamps times far ahead, and starts
// it again with backoff where that can help. What the events say belongs to the source.
import type { Registry } from 'prom-client';
import type { Codec, Event, Json } from '../schemas/index.ts';
import { isBroadcast, partitionOf, recordKey, stableId } from '../schemas/index.ts';
import type { Blobs } from './blobs/blobs.ts';
import type { Clock } from './clock.ts';
import { DriftError } from './errors.ts';
import { backoffMs, codeOf, reasonOf, verdictOn, writeLetter } from './failure.ts';
import type { Log, NewRecord } from './log/log.ts';
import { Slice } from './processor/turns.ts';
import type { Progress, Publication, Source, SourceContext, SourceEvent } from './source.ts';
import { eventOf, packedRecord, recordsOf } from './source-records.ts';
import { type ComponentMetrics, componentMetrics, type Logger } from './telemetry.ts';

/**
 * A call up to this size is one atomic append. A larger one is appended in pieces of this size, in order, the progress
 * with the last: after a crash some of its events may be there without the progress (they come again, with the same ids
 * and fingerprints), never the progress or a boundary without the events before it.
 */
const PIECE_RECORDS = 2_000;
const PIECE_BYTES = 4 << 20;
/** A run that lasted so long before it failed is not counted as another failure in a row. */
const STEADY_MS = 60_000;

export interface RunSourceOptions {
  source: Source;
  log: Log;
  codec: Codec;
  org: string;
  blobs: Blobs;
  clock: Clock;
  logger: Logger;
  metrics: Registry;
  signal: AbortSignal;
}

export interface SourceStatus {
  phase: 'starting' | 'running' | 'retrying' | 'finished' | 'stopped';
  /** Why it is retrying or has stopped. */
  reason: string | null;
  /** Whether its progress is restored and it was started, once or more. */
  begun: boolean;
}

export interface SourceHandle {
  /** Resolves when its progress is restored and it was started for the first time; rejects when it stops before. */
  ready: Promise<void>;
  /** Resolves when it has ended, for whatever reason; `status` tells why. Never rejects. */
  stopped: Promise<void>;
  status(): SourceStatus;
}

export function runSource(options: RunSourceOptions): SourceHandle {
  const { source, signal, clock, logger } = options;
  const metrics = componentMetrics(options.metrics, 'source', source.name);
  const status: SourceStatus = { phase: 'starting', reason: null, begun: false };
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = clock.now();
      try {
        const context = await createContext(options, metrics);
        Object.assign(status, { phase: 'running', reason: null, begun: true });
        metrics.running(0, true);
        ready.resolve();
        await source.run(context);
        status.phase = signal.aborted ? 'stopped' : 'finished';
        return;
      } catch (error) {
        if (signal.aborted) break;
        status.reason = reasonOf(error);
        if (verdictOn(error) !== 'retry') throw error;
        if (clock.now() - began > STEADY_MS) failures = 0;
        const wait = backoffMs(failures++, Math.random());
        status.phase = 'retrying';
        metrics.running(0, false);
        metrics.retried(codeOf(error));
        logger.warn({ source: source.name, err: error, wait }, 'a source starts again');
        await clock.sleep(wait, signal);
      }
    }
    status.phase = 'stopped';
  }

  const stopped = run()
    .catch((error: unknown) => {
      status.phase = 'stopped';
      status.reason = reasonOf(error);
      logger.error({ source: source.name, err: error }, 'a source stopped');
      ready.reject(error);
    })
    .finally(() => {
      metrics.running(0, false);
      ready.reject(
        new DriftError(`${source.name} was stopped before it ran`, { code: 'DM_INTERNAL', retriable: false }),
      );
    });
  return { ready: ready.promise, stopped, status: () => ({ ...status }) };
}

async function createContext(options: RunSourceOptions, metrics: ComponentMetrics): Promise<SourceContext> {
  const { source, log, codec, org, blobs, clock, logger, signal } = options;
  // What an earlier run of it has left open is decided, and none but this one writes on: then its progress is known.
  await log.takeOver(sourceWriter(source));
  const known = await restoreProgress(options);
  const publisher = new Publisher(options, metrics);
  // Calls are appended in the order they were made, whether or not the source waits for one before the next.
  let last: Promise<void> = Promise.resolve();

  return {
    org,
    clock,
    signal,
    log: logger.child({ source: source.name }),
    encoding: { source: source.name, org, partitions: log.partitions, schemaIds: codec.schemaIds },
    publish(events, progress = []) {
      const appended = last.then(async () => {
        await publisher.append(events, progress);
        for (const { item, progress: value } of progress) {
          if (value === null) known.delete(item);
          else known.set(item, value);
        }
      });
      last = appended.catch(() => undefined);
      return appended;
    },
    progress: (item) => known.get(item),
    progressItems: () => known.entries(),
    async deadLetter({ code, reason, original, objectKey }) {
      const now = clock.now();
      const letter = {
        reader: source.name,
        org,
        at: null,
        objectKey: objectKey ?? null,
        code,
        reason,
        original,
        time: now,
      };
      const records = await writeLetter(letter, { codec, blobs, partitions: log.partitions }, now);
      await log.append(records, sourceWriter(source));
      metrics.deadLetter(code);
      logger.warn({ source: source.name, code, reason }, 'dead-lettered an input');
    },
    ignored: (reason, count = 1) => metrics.ignored(reason, count),
  };
}

/** Progress of the source as the log has it: the newest record of each item, tombstones taken away. */
async function restoreProgress({ source, log, codec, org }: RunSourceOptions): Promise<Map<string, Json>> {
  const topic = 'driftmgr.sources';
  const mine = progressKey(org, source.name, '');
  const known = new Map<string, Json>();
  const slice = new Slice();
  for (let partition = 0; partition < log.partitions; partition++) {
    const end = await log.end(topic, partition);
    for (let from = 0; from < end; ) {
      const { records, next } = await log.read(topic, partition, from, { records: 4_096, bytes: 1 << 20 });
      for (const { key, value } of records) {
        if (!key.startsWith(mine)) continue;
        const item = key.slice(mine.length);
        const event = value && codec.decode(topic, value);
        if (event?.type === 'source.progressed') known.set(item, JSON.parse(event.body.progress) as Json);
        else known.delete(item);
        if (slice.due()) await slice.next();
      }
      if (next <= from) break;
      from = next;
    }
  }
  return known;
}

const sourceWriter = ({ name }: Source): string => `source/${name}`;

const progressKey = (org: string, source: string, item: string): string =>
  recordKey(progressEvent(org, source, item, null, 0));

function progressEvent(org: string, source: string, item: string, progress: Json, now: number): Event {
  const text = JSON.stringify(progress);
  return {
    type: 'source.progressed',
    time: now,
    id: stableId('prg', source, item, text, now),
    recordedAt: now,
    source,
    org,
    objectKey: null,
    correlationId: null,
    clamped: false,
    body: { item, progress: text },
  };
}

class Publisher {
  private readonly options: RunSourceOptions;
  private readonly metrics: ComponentMetrics;
  private readonly slice = new Slice();
  private readonly writer: string;

  constructor(options: RunSourceOptions, metrics: ComponentMetrics) {
    this.options = options;
    this.writer = sourceWriter(options.source);
    this.metrics = metrics;
  }

  async append(publications: readonly Publication[], progress: readonly Progress[]): Promise<void> {
    const { log, clock } = this.options;
    const began = performance.now();
    let piece: NewRecord[] = [];
    let bytes = 0;
    let events = 0;
    const add = (record: NewRecord): void => {
      piece.push(record);
      bytes += record.key.length + (record.value?.length ?? 0);
    };
    const makeRoom = async (): Promise<void> => {
      if (this.slice.due()) await this.slice.next();
      if (piece.length < PIECE_RECORDS && bytes < PIECE_BYTES) return;
      await log.append(piece, this.writer);
      piece = [];
      bytes = 0;
    };
    await this.slice.next();
    for (const publication of publications) {
      await makeRoom();
      if (!('encoded' in publication)) {
        for (const record of await this.records(publication)) add(record);
        events++;
        continue;
      }
      const { encoded } = publication;
      if (encoded.clamped > 0) this.metrics.ignored('time-ahead', encoded.clamped);
      for (let i = 0; i < encoded.keys.length; i++) {
        if (this.slice.due() || piece.length >= PIECE_RECORDS || bytes >= PIECE_BYTES) await makeRoom();
        add(packedRecord(encoded, i));
      }
      events += encoded.keys.length;
    }
    const now = clock.now();
    for (const each of progress) add(this.progressRecord(each, now));
    if (piece.length === 0) return;
    await log.append(piece, this.writer);
    this.metrics.eventsOut(events);
    this.metrics.batch((performance.now() - began) / 1_000);
  }

  /** The records of one event: several for a broadcast; a dead letter for what does not fit its schema. */
  private async records(given: SourceEvent): Promise<NewRecord[]> {
    const { codec, log, org, source, clock } = this.options;
    const event = eventOf(given, { source: source.name, org }, clock.now());
    if (event.clamped) this.metrics.ignored('time-ahead', 1);
    try {
      return recordsOf(event, given.fingerprint, codec, log.partitions);
    } catch (error) {
      return this.refuse(event, error);
    }
  }

  /** A boundary that cannot be written must not go missing quietly: that stops the source. */
  private async refuse(event: Event, error: unknown): Promise<NewRecord[]> {
    const { source, org, codec, blobs, log, clock, logger } = this.options;
    const reason = `${event.type} does not fit its schema: ${reasonOf(error)}`;
    if (isBroadcast(event.type))
      throw new DriftError(reason, { code: 'DM_EVENT_REFUSED', retriable: false, cause: error });
    this.metrics.deadLetter('DM_EVENT_REFUSED');
    logger.warn({ source: source.name, id: event.id, reason }, 'dead-lettered an event');
    const letter = {
      reader: source.name,
      org,
      at: null,
      objectKey: event.objectKey,
      code: 'DM_EVENT_REFUSED',
      reason,
      original: Buffer.from(JSON.stringify(event)),
      time: event.time,
    };
    return writeLetter(letter, { codec, blobs, partitions: log.partitions }, clock.now());
  }

  private progressRecord({ item, progress }: Progress, now: number): NewRecord {
    const { source, org, codec, log } = this.options;
    const event = progressEvent(org, source.name, item, progress, now);
    const key = recordKey(event);
    const partition = partitionOf(key, log.partitions);
    return {
      topic: 'driftmgr.sources',
      partition,
      key,
      value: progress === null ? null : codec.encode(event),
    };
  }
}
