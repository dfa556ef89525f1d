// Reads what a projection has not yet seen, fairly over its topics and partitions, and decodes only what it wants.
//
// It reads ahead of what is committed; after a failed commit its owner makes a new one from the committed positions.
import { randomBytes } from 'node:crypto';
import type { Codec, TopicName } from '../../schemas/index.ts';
import { peek } from '../../schemas/index.ts';
import { verdictOn } from '../failure.ts';
import type { Log, LogRecord } from '../log/log.ts';
import { Seen } from '../processor/seen.ts';
import { Slice } from '../processor/turns.ts';
import type { Located, Projection } from '../projection.ts';
import { refusal } from './stops.ts';

export interface Place {
  topic: TopicName;
  partition: number;
}

/** A position that moves on: only from where it is expected to be. */
export interface Move extends Place {
  from: number;
  to: number;
}

/** A record that alone is at fault. */
export interface Refused extends Place {
  record: LogRecord;
  error: unknown;
}

export interface Chunk {
  located: Located[];
  /** Keys whose newest record is a tombstone. */
  forgotten: { topic: TopicName; key: string }[];
  refused: Refused[];
  moves: Move[];
  unchanged: number;
  /** Runs of offsets that were there, both ends included; gaps between them were compacted away. */
  runs: (Place & { first: number; last: number })[];
}

/** What one turn reads at most, over all partitions that have something. */
const RECORDS = 2000;
const BYTES = 3 << 20;

type Glance = NonNullable<ReturnType<typeof peek>>;

interface Cursor extends Place {
  next: number;
  /** Something may be there: nothing was read since the last notification, or the last read found something. */
  due: boolean;
}

export class ProjectionReader {
  private readonly cursors: Cursor[];
  private readonly seen = new Seen(seed());
  /** The newest value of what several keys speak of, whichever of them said it. */
  private readonly newest = new Seen(seed());
  private readonly unsubscribe: (() => void)[];
  private wake: (() => void) | null = null;
  private closed = false;
  private readonly projection: Projection;
  private readonly log: Log;
  private readonly codec: Codec;

  constructor(projection: Projection, log: Log, codec: Codec, positions: ReadonlyMap<string, number>) {
    this.projection = projection;
    this.log = log;
    this.codec = codec;
    this.cursors = projection.reads.flatMap((topic) =>
      Array.from({ length: log.partitions }, (_, partition) => ({
        topic,
        partition,
        next: positions.get(placeKey({ topic, partition })) ?? 0,
        due: true,
      })),
    );
    this.unsubscribe = projection.reads.map((topic) =>
      log.subscribe([topic], () => {
        for (const cursor of this.cursors) if (cursor.topic === topic) cursor.due = true;
        this.wake?.();
      }),
    );
  }

  close(): void {
    this.closed = true;
    for (const end of this.unsubscribe) end();
    this.wake?.();
  }

  /** Resolves when there may be something to read, or it was closed; which may be at once. */
  async wakened(): Promise<void> {
    if (this.closed || this.cursors.some((cursor) => cursor.due)) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = null;
  }

  /** Null when there was nothing. Throws where the reader must stop: at a body this process does not know. */
  async next(): Promise<Chunk | null> {
    if (!this.cursors.some((cursor) => cursor.due)) return null;
    const { hurry } = this.projection;
    const slice = new Slice();
    await slice.next(hurry);
    const due = this.cursors.filter((cursor) => cursor.due);
    const limits = { records: Math.ceil(RECORDS / due.length), bytes: Math.ceil(BYTES / due.length) };
    const batches = await Promise.all(
      due.map((cursor) => {
        // Before the read: a notification that comes while it runs must not be lost.
        cursor.due = false;
        return this.log.read(cursor.topic, cursor.partition, cursor.next, limits);
      }),
    );
    const chunk: Chunk = {
      located: [],
      forgotten: [],
      refused: [],
      moves: [],
      unchanged: 0,
      runs: [],
    };
    const forgotten = new Map<string, TopicName>();
    for (const [index, cursor] of due.entries()) {
      const { records, next } = batches[index]!;
      if (next === cursor.next) continue;
      cursor.due = true;
      for (const record of records) {
        this.take(chunk, forgotten, cursor, record);
        if (slice.due()) await slice.next(hurry);
      }
      chunk.moves.push({ topic: cursor.topic, partition: cursor.partition, from: cursor.next, to: next });
      cursor.next = next;
    }
    chunk.forgotten = [...forgotten].map(([key, topic]) => ({ topic, key }));
    return chunk.moves.length === 0 ? null : chunk;
  }

  private take(
    chunk: Chunk,
    forgotten: Map<string, TopicName>,
    { topic, partition }: Cursor,
    record: LogRecord,
  ): void {
    const { offset, key, value } = record;
    const run = chunk.runs.at(-1);
    if (run?.topic === topic && run.partition === partition && run.last + 1 === offset) run.last = offset;
    else chunk.runs.push({ topic, partition, first: offset, last: offset });
    const { projection } = this;
    if (projection.wants !== undefined && !projection.wants(key)) return;
    if (value === null) {
      if (projection.skipUnchanged) this.forget(topic, key);
      if (projection.store === 'postgres' && projection.forget !== undefined) forgotten.set(key, topic);
      return;
    }
    forgotten.delete(key);
    if (projection.skipUnchanged) {
      const glance = peek(value);
      if (glance !== null && this.isUnchanged(topic, key, glance)) {
        chunk.unchanged++;
        return;
      }
    }
    try {
      chunk.located.push({ event: this.codec.decode(topic, value), topic, partition, offset });
    } catch (error) {
      if (verdictOn(error) === 'stop') throw refusal(projection.name, { topic, partition, offset }, error);
      // Appended again it must not pass as unchanged.
      if (projection.skipUnchanged) this.forget(topic, key);
      chunk.refused.push({ topic, partition, record, error });
    }
  }

  /** Whether the key said this last, and nothing else was said since of what it speaks of. */
  private isUnchanged(topic: TopicName, key: string, { fingerprint, time }: Glance): boolean {
    const isRepeated = this.seen.note(key, fingerprint, time) === 'unchanged';
    const thing = this.thingOf(topic, key);
    if (thing === null) return isRepeated;
    const overtakes = this.newest.note(thing, fingerprint, time) === 'new';
    return isRepeated && !overtakes;
  }

  private forget(topic: TopicName, key: string): void {
    this.seen.forget(key);
    const thing = this.thingOf(topic, key);
    if (thing !== null) this.newest.forget(thing);
  }

  private thingOf(topic: TopicName, key: string): string | null {
    const { projection } = this;
    return projection.store === 'postgres' ? (projection.speaksOf?.(topic, key) ?? null) : null;
  }
}

/** Not to be guessed: who chooses names of resources must not make two of them look the same. */
function seed(): [number, number] {
  const bytes = randomBytes(8);
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
}

export const placeKey = (place: Place): string => `${place.topic}/${place.partition}`;
