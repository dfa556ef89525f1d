// Keeps one generation of a projection up with the log: read, prepare, write, move on. While one batch is being written
// the next is read and prepared.
//
// A database that cannot be reached is waited for. A record that alone is at fault becomes a dead letter and is passed
// over; what it may not pass over stops it, with a message.
import { randomInt } from 'node:crypto';
import type { Codec } from '../../schemas/index.ts';
import type { Blobs } from '../blobs/blobs.ts';
import { type Clock, WOKEN } from '../clock.ts';
import { isRetriable } from '../errors.ts';
import { backoffMs, codeOf, objectOfKey, reasonOf, writeLetter } from '../failure.ts';
import type { Log, NewRecord } from '../log/log.ts';
import type { Located, Projection } from '../projection.ts';
import type { ComponentMetrics, Logger } from '../telemetry.ts';
import type { Generations } from './generations.ts';
import type { Chunk, Move, Place } from './reader.ts';
import { ProjectionReader, placeKey } from './reader.ts';
import { refusal } from './stops.ts';
import type { Prepared, Target } from './target.ts';

/** What a projection's loop is given. */
export interface PumpContext {
  projection: Projection;
  org: string;
  log: Log;
  codec: Codec;
  blobs: Blobs;
  clock: Clock;
  logger: Logger;
  metrics: ComponentMetrics;
}

export interface PumpOptions<P extends Prepared> extends PumpContext {
  generation: number;
  generations: Generations;
  target: Target<P>;
  signal: AbortSignal;
  /** Told what was read, before it is written. */
  onRead?: (chunk: Chunk) => void;
}

/** After this many refused records in a row it is not the records. */
const REFUSED_IN_A_ROW = 100;
/** Positions over which nothing was written are kept back this long: after a crash so much is passed over again. */
const IDLE_MOVE_MS = 1000;
/** A batch of fewer records than this reaches the end of the log, or nearly. */
const NEAR = 200;
/** What is read ahead while a write runs. */
const AHEAD = { rows: 4000, bytes: 4 << 20 };

interface Refused extends Place {
  offset: number;
  error: unknown;
}

interface Batch<P> {
  prepared: P[];
  /** How many events were prepared; they themselves are let go, and read again should one be at fault. */
  events: number;
  forgotten: Chunk['forgotten'];
  refused: Refused[];
  moves: Map<string, Move>;
  unchanged: number;
  rows: number;
  bytes: number;
  /** When its first record was taken. */
  began: number;
}

interface Writing {
  settled: Promise<void>;
  done: boolean;
  /** Set when it failed. */
  failure: { error: unknown } | null;
}

export class Pump<P extends Prepared> {
  private readonly options: PumpOptions<P>;
  private committed: ReadonlyMap<string, number> = new Map();
  /** Positions over which nothing had to be written, all before them being written. */
  private passed: ReadonlyMap<string, number> = new Map();
  private refusedInARow = 0;
  private idle = false;
  private progressed = false;
  private stopped = false;
  private waiting: (() => void)[] = [];

  constructor(options: PumpOptions<P>) {
    this.options = options;
  }

  /** Committed positions by place. */
  get positions(): ReadonlyMap<string, number> {
    return this.committed;
  }

  /** How far it has read, by place, all that was to be written being written: the committed positions, and what needed none. */
  get read(): ReadonlyMap<string, number> {
    const read = new Map(this.committed);
    for (const [key, at] of this.passed) read.set(key, Math.max(at, read.get(key) ?? 0));
    return read;
  }

  /** True when every place has reached at least the given offset; false when the pump stopped before. */
  async reached(ends: ReadonlyMap<string, number>): Promise<boolean> {
    const there = (): boolean => [...ends].every(([key, end]) => (this.committed.get(key) ?? 0) >= end);
    while (!this.stopped && !there()) await this.progress();
    return there();
  }

  /** True when there is nothing left to read; false when the pump stopped before. */
  async caughtUp(): Promise<boolean> {
    while (!this.stopped && !this.idle) await this.progress();
    return !this.stopped;
  }

  private progress(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  private announce(): void {
    const told = this.waiting;
    this.waiting = [];
    for (const tell of told) tell();
  }

  /** Runs until the signal aborts; throws only what stops it for good. */
  async run(): Promise<void> {
    const { signal, logger, metrics, clock, projection } = this.options;
    let attempt = 0;
    try {
      while (!signal.aborted) {
        try {
          await this.follow();
        } catch (error) {
          if (signal.aborted) break;
          if (!isRetriable(error)) throw error;
          metrics.retried(codeOf(error));
          attempt = this.progressed ? 0 : attempt + 1;
          this.progressed = false;
          const ms = backoffMs(attempt, randomInt(1 << 20) / (1 << 20));
          logger.warn(
            { err: error, projection: projection.name, ms },
            'a projection waits before it goes on',
          );
          await clock.sleep(ms, signal);
        }
      }
    } finally {
      this.stopped = true;
      this.announce();
    }
  }

  /** From the committed positions on, until something fails. */
  private async follow(): Promise<void> {
    const { projection, log, codec, generations, generation, target, signal, clock, onRead } = this.options;
    this.committed = await generations.positions(generation);
    const reader = new ProjectionReader(projection, log, codec, this.committed);
    const close = (): void => reader.close();
    signal.addEventListener('abort', close);
    let batch = this.empty();
    let writing: Writing | null = null;
    let wroteAt = Number.NEGATIVE_INFINITY;
    let gatherMs = target.gather.ms;
    try {
      while (!signal.aborted) {
        const chunk = await reader.next();
        if (chunk !== null) {
          this.idle = false;
          onRead?.(chunk);
          await this.add(batch, chunk);
        }
        if (writing?.done) {
          if (writing.failure) throw writing.failure.error;
          writing = null;
        }
        const now = clock.now();
        if (writing !== null) {
          if (chunk !== null && batch.rows < AHEAD.rows && batch.bytes < AHEAD.bytes) continue;
          await (chunk === null ? Promise.race([reader.wakened(), writing.settled]) : writing.settled);
          continue;
        }
        const waitMs = this.waitFor(batch, wroteAt + gatherMs, wroteAt + IDLE_MOVE_MS, now);
        if (waitMs === 0) {
          if (now - wroteAt > 2 * gatherMs) gatherMs = target.gather.ms;
          else if (batch.rows > 0) gatherMs = Math.min(2 * gatherMs, target.gather.mostMs);
          wroteAt = now;
          writing = this.startWriting(batch);
          batch = this.empty();
        } else if (chunk === null) {
          if (batch.rows === 0) this.setIdle();
          if (batch.rows === 0 && batch.refused.length === 0) this.passOver(batch);
          await this.pause(reader, waitMs);
        }
      }
      if (writing !== null) {
        await writing.settled;
        if (writing.failure) throw writing.failure.error;
      }
    } finally {
      signal.removeEventListener('abort', close);
      reader.close();
      // Nothing of this attempt may still be under way when the next begins from the committed positions.
      await writing?.settled;
    }
  }

  /** Milliseconds until the batch is to be written; null: not before something comes. */
  private waitFor(batch: Batch<P>, gathered: number, idleMove: number, now: number): number | null {
    const { gather } = this.options.target;
    if (batch.rows > 0 || batch.refused.length > 0) {
      if (batch.rows >= gather.rows || batch.bytes >= gather.bytes) return 0;
      return Math.max(0, gathered - now);
    }
    return batch.moves.size > 0 ? Math.max(0, idleMove - now) : null;
  }

  private async pause(reader: ProjectionReader, ms: number | null): Promise<void> {
    if (ms === null) return reader.wakened();
    const enough = new AbortController();
    await Promise.race([reader.wakened(), this.options.clock.sleep(ms, enough.signal)]);
    enough.abort(WOKEN);
  }

  /** What comes of it is known at once, though the positions themselves are kept back for a while. */
  private passOver(batch: Batch<P>): void {
    this.passed = new Map([...batch.moves].map(([key, { to }]) => [key, to]));
  }

  private setIdle(): void {
    if (this.idle) return;
    this.idle = true;
    this.announce();
  }

  private empty(): Batch<P> {
    return {
      prepared: [],
      events: 0,
      forgotten: [],
      refused: [],
      moves: new Map(),
      unchanged: 0,
      rows: 0,
      bytes: 0,
      began: 0,
    };
  }

  private async add(batch: Batch<P>, chunk: Chunk): Promise<void> {
    if (batch.moves.size === 0) batch.began = this.options.clock.now();
    const refused: Refused[] = chunk.refused.map(({ record, ...rest }) => ({
      ...rest,
      offset: record.offset,
    }));
    const prepared = await this.prepare(chunk, refused);
    batch.prepared.push(prepared);
    batch.rows += prepared.rows;
    batch.bytes += prepared.bytes;
    batch.events += chunk.located.length;
    batch.forgotten.push(...chunk.forgotten);
    batch.refused.push(...refused);
    batch.unchanged += chunk.unchanged;
    for (const move of chunk.moves) {
      const key = placeKey(move);
      batch.moves.set(key, { ...move, from: batch.moves.get(key)?.from ?? move.from });
    }
  }

  /** What the projection makes of the chunk; an event for which it throws is refused, the others stand. */
  private async prepare(chunk: Chunk, refused: Refused[]): Promise<P> {
    const { target } = this.options;
    const { located, forgotten } = chunk;
    try {
      return await target.prepare({ located, forgotten });
    } catch {
      const fine: Located[] = [];
      for (const each of located) {
        try {
          await target.prepare({ located: [each], forgotten: [] });
          fine.push(each);
        } catch (error) {
          refused.push({ topic: each.topic, partition: each.partition, offset: each.offset, error });
        }
      }
      // When each is fine but all together are not, it is no event's fault: let it show.
      return await target.prepare({ located: fine, forgotten });
    }
  }

  private startWriting(batch: Batch<P>): Writing {
    const writing: Writing = { settled: Promise.resolve(), done: false, failure: null };
    writing.settled = this.commit(batch).then(
      () => {
        writing.done = true;
      },
      (error: unknown) => {
        writing.done = true;
        writing.failure = { error };
      },
    );
    return writing;
  }

  private async commit(batch: Batch<P>): Promise<void> {
    const { target, metrics, clock } = this.options;
    const moves = [...batch.moves.values()];
    await this.recordLetters(batch.refused);
    try {
      await target.write(batch.prepared, moves);
    } catch (error) {
      if (!target.refusesValues(error)) throw error;
      const refused: Refused[] = [];
      for (const move of moves) await this.writeAgain(move, batch.refused, refused);
      await this.recordLetters(refused);
      await target.write([await target.prepare({ located: [], forgotten: batch.forgotten })], moves);
    }
    if (batch.events > 0) this.refusedInARow = 0;
    const committed = new Map(this.committed);
    for (const move of moves) committed.set(placeKey(move), move.to);
    this.committed = committed;
    this.progressed = true;
    // A steady stream never leaves it idle: with the last read small, it is as good as there.
    if (moves.reduce((sum, move) => sum + move.to - move.from, 0) < NEAR) this.idle = true;
    metrics.eventsIn(batch.events);
    metrics.unchanged(batch.unchanged);
    metrics.batch((clock.now() - batch.began) / 1000);
    this.announce();
  }

  /** Reads what a move passed over, and writes all of it that is not known to be at fault. */
  private async writeAgain(move: Move, known: readonly Refused[], refused: Refused[]): Promise<void> {
    const { log, codec, projection } = this.options;
    const { topic, partition, to } = move;
    const faulty = new Set(
      known.filter((each) => placeKey(each) === placeKey(move)).map((each) => each.offset),
    );
    for (let from = move.from; from < to; ) {
      const { records, next } = await log.read(topic, partition, from, { records: 500, bytes: 1 << 20 });
      if (next <= from) break;
      const located = records.flatMap(({ offset, key, value }): Located[] =>
        offset >= to || value === null || faulty.has(offset) || projection.wants?.(key) === false
          ? []
          : [{ event: codec.decode(topic, value), topic, partition, offset }],
      );
      await this.writeParts(located, refused);
      from = next;
    }
  }

  /** Writes without moving positions, in halves where values are refused, until the events at fault stand alone. */
  private async writeParts(located: readonly Located[], refused: Refused[]): Promise<void> {
    const { target } = this.options;
    const [first] = located;
    if (first === undefined) return;
    try {
      await target.write([await target.prepare({ located: [...located], forgotten: [] })], []);
    } catch (error) {
      if (!target.refusesValues(error)) throw error;
      if (located.length === 1) {
        refused.push({ topic: first.topic, partition: first.partition, offset: first.offset, error });
        return;
      }
      const half = located.length >> 1;
      await this.writeParts(located.slice(0, half), refused);
      await this.writeParts(located.slice(half), refused);
    }
  }

  /** Before the positions move: after a crash in between the same letters, by their ids, are written again. */
  private async recordLetters(refused: readonly Refused[]): Promise<void> {
    if (refused.length === 0) return;
    const { projection, org, log, codec, blobs, clock, logger, metrics } = this.options;
    const records: NewRecord[] = [];
    for (const { topic, partition, offset, error } of refused) {
      const [record] = (await log.read(topic, partition, offset, { records: 1, bytes: 1 })).records;
      // Compacted away meanwhile: a newer record of its key follows.
      if (record?.offset !== offset || record.value === null) continue;
      // A dead letter that cannot be read would make another one, without end.
      if (topic === 'driftmgr.dead-letters' || ++this.refusedInARow >= REFUSED_IN_A_ROW)
        throw refusal(projection.name, { topic, partition, offset }, error);
      const code = codeOf(error);
      logger.error(
        { err: error, projection: projection.name, topic, partition, offset },
        'a record is set aside',
      );
      metrics.deadLetter(code);
      const letter = {
        reader: projection.name,
        org,
        at: { topic, partition, offset, recordKey: record.key },
        objectKey: objectOfKey(record.key, org),
        code,
        reason: reasonOf(error),
        original: record.value,
        time: record.timestamp,
      };
      records.push(...(await writeLetter(letter, { codec, blobs, partitions: log.partitions }, clock.now())));
    }
    if (records.length > 0) await log.append(records);
  }
}
