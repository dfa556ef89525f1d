// Keyed state in files: keys and places in memory, values on disk, written as batches at the end of the newest segment.
//
// It is a cache of the log, so nothing is synced: a killed process loses nothing (the kernel has the bytes), a power
// failure at most the newest batches, and then positions go back with them. What does not check out is emptied, with a
// warning, and folded again from the log. docs/decisions/0002-embedded-state.md says why it is not a database.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import type { Position } from '../log/log.ts';
import type { Logger } from '../telemetry.ts';
import { ReadAhead } from './read-ahead.ts';
import { BatchWriter, SEGMENT_HEADER } from './row-batch.ts';
import type { Place } from './row-index.ts';
import { RowIndex, SMALL } from './row-index.ts';
import { textOfValue, valueOfText } from './row-value.ts';
import type { RowWrite, StateStore, StateStores } from './state.ts';
import { readBatches, StateSegment, segmentFiles } from './state-segment.ts';

/** A segment is closed at this size: the unit in which space comes back. */
const SEGMENT_BYTES = 16 << 20;
/** Cleaning begins when files hold this much more than twice what is live. */
const SLACK_BYTES = 32 << 20;

export interface EmbeddedStatesOptions {
  directory: string;
  logger: Logger;
  segmentBytes?: number;
  slackBytes?: number;
}

/** Opening a store reads its files once (about 1 GB/s) and blocks for it: stores are opened before anything is served. */
export function openEmbeddedStates(options: EmbeddedStatesOptions): StateStores {
  const stores = new Map<string, EmbeddedStore>();
  return {
    open(processor, partition, version) {
      const name = `${encodeURIComponent(processor)}-${partition}`;
      const known = stores.get(name);
      if (known?.version === version) return known;
      known?.close();
      const store = new EmbeddedStore({
        directory: join(options.directory, name),
        logger: options.logger,
        version,
        segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
        slackBytes: options.slackBytes ?? SLACK_BYTES,
      });
      stores.set(name, store);
      return store;
    },
    async close() {
      for (const store of stores.values()) store.close();
      stores.clear();
    },
  };
}

type Put = (
  objectKey: string,
  part: string,
  placed: { position: number; length: number } | null,
  small: string | null,
) => void;

interface StoreOptions {
  directory: string;
  logger: Logger;
  version: number;
  segmentBytes: number;
  slackBytes: number;
}

class EmbeddedStore implements StateStore {
  readonly version: number;
  private readonly options: StoreOptions;
  private readonly writer = new BatchWriter();
  private index = new RowIndex();
  /** Oldest first; the last one is written to. */
  private segments: StateSegment[] = [];
  private numbered = new Map<number, StateSegment>();
  private at: Position[] = [];
  private live = 0;
  private total = 0;
  private lastBatch = 0;
  private readonly ahead = new ReadAhead();
  /** Removed segments stay readable while a listing begun before is under way. */
  private listings = 0;
  private removed: StateSegment[] = [];
  /** How far the oldest segment has been cleaned. */
  private cleanedTo = SEGMENT_HEADER;
  private closed = false;

  constructor(options: StoreOptions) {
    this.options = options;
    this.version = options.version;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const problem = this.load();
    if (problem !== null) {
      options.logger.warn({ directory: options.directory, problem }, 'state is folded anew from the log');
      this.clear();
    } else if (this.segments.length === 0) this.clear();
  }

  get(objectKey: string, part: string): Json | undefined {
    const place = this.index.get(objectKey, part);
    return place && this.valueAt(place, this.numbered.get(place.segment)!);
  }

  has(objectKey: string, part: string): boolean {
    return this.index.has(objectKey, part);
  }

  parts(objectKey: string, prefix: string, limit: number): string[] {
    return this.index.parts(objectKey, prefix, limit);
  }

  *list(objectKey: string, prefix: string): Generator<[string, Json]> {
    const { parts, places } = this.index.list(objectKey, prefix, Number.POSITIVE_INFINITY);
    const numbered = this.numbered;
    this.listings++;
    try {
      for (let i = 0; i < parts.length; i++) {
        const place = places[i]!;
        yield [parts[i]!, this.valueAt(place, this.segmentOf(place.segment, numbered))];
      }
    } finally {
      if (--this.listings === 0) this.closeRemoved();
    }
  }

  *entries(): Generator<[string, string, Json]> {
    for (const objectKey of this.index.sortedKeys())
      for (const [part, value] of this.list(objectKey, '')) yield [objectKey, part, value];
  }

  positions(): Position[] {
    return this.at.map((position) => ({ ...position }));
  }

  write(rows: RowWrite[], positions: Position[]): void {
    if (this.closed) throw new DriftError('the state is closed', { code: 'DM_INTERNAL', retriable: false });
    const merged = new Map(this.at.map((position) => [`${position.topic}/${position.partition}`, position]));
    for (const position of positions) merged.set(`${position.topic}/${position.partition}`, { ...position });
    const at = [...merged.values()];
    const places: { objectKey: string; part: string; place: Place | null }[] = [];
    this.writer.begin(at);
    const segment = this.segments.at(-1)!;
    const base = segment.length;
    const put: Put = (objectKey, part, placed, small) => {
      const place = placed && {
        segment: segment.number,
        position: base + placed.position,
        length: placed.length,
        small,
      };
      places.push({ objectKey, part, place });
    };
    // Before the rows: the newest write of a row must stand last.
    const cleaned = this.clean(put);
    for (const { objectKey, part, value } of rows) {
      const text = value === undefined ? null : textOfValue(value);
      const placed = this.writer.add(objectKey, part, text);
      put(
        objectKey,
        part,
        text === null ? null : placed,
        text !== null && text.length <= SMALL ? text : null,
      );
    }
    const batch = this.writer.finish();
    segment.append(batch);
    this.total += batch.length;
    this.lastBatch = batch.length;
    for (const { objectKey, part, place } of places) this.apply(objectKey, part, place);
    this.at = at;
    cleaned();
    if (segment.length >= this.options.segmentBytes) this.startSegment();
  }

  clear(): void {
    for (const segment of this.segments) this.remove(segment);
    rmSync(this.options.directory, { recursive: true, force: true });
    mkdirSync(this.options.directory, { recursive: true, mode: 0o700 });
    this.index = new RowIndex();
    this.numbered = new Map();
    this.segments = [];
    this.at = [];
    this.live = 0;
    this.total = 0;
    this.cleanedTo = SEGMENT_HEADER;
    this.startSegment();
  }

  close(): void {
    this.closed = true;
    for (const segment of [...this.segments, ...this.removed]) segment.close();
    this.segments = [];
    this.removed = [];
  }

  private valueAt(place: Place, segment: StateSegment): Json {
    if (place.small !== null) return valueOfText(place.small);
    return valueOfText(this.ahead.text(segment, place.position, place.length));
  }

  private segmentOf(number: number, numbered: ReadonlyMap<number, StateSegment>): StateSegment {
    return numbered.get(number) ?? this.removed.find((segment) => segment.number === number)!;
  }

  private apply(objectKey: string, part: string, place: Place | null): void {
    const before = place ? this.index.set(objectKey, part, place) : this.index.delete(objectKey, part);
    if (before) {
      this.live -= before.length;
      this.numbered.get(before.segment)!.live -= before.length;
    }
    if (place) {
      this.live += place.length;
      this.numbered.get(place.segment)!.live += place.length;
    }
  }

  private startSegment(): void {
    const number = (this.segments.at(-1)?.number ?? 0) + 1;
    const segment = StateSegment.create(this.options.directory, number, this.version);
    this.segments.push(segment);
    this.numbered.set(number, segment);
    this.total += segment.length;
  }

  private remove(segment: StateSegment): void {
    this.removed.push(segment);
    if (this.listings === 0) this.closeRemoved();
  }

  private closeRemoved(): void {
    for (const segment of this.removed) segment.close();
    this.removed = [];
  }

  /**
   * When files hold much more than what is live: takes what is still live in the next batch of the oldest segment into
   * the batch being written. So cleaning keeps pace with writing and never takes long at once. Older segments are gone
   * by then, so deletions in the oldest one have nothing left to delete and are dropped.
   */
  private clean(put: Put): () => void {
    const oldest = this.segments[0]!;
    if (this.segments.length < 2 || this.total < 2 * this.live + this.options.slackBytes) return () => {};
    const from = this.cleanedTo;
    if (oldest.live === 0) return () => this.drop(oldest);
    // Twice what is written, or cleaning would fall behind: half of what files hold is live.
    const enough = 2 * this.lastBatch + (64 << 10);
    let to = from;
    for (const { batch, position, end, rows } of readBatches(oldest, from, enough)) {
      for (const { objectKey, part, at, length } of rows()) {
        const place = this.index.get(objectKey, part);
        if (!place || length === null || place.segment !== oldest.number || place.position !== position + at)
          continue;
        put(objectKey, part, this.writer.copy(objectKey, part, batch.subarray(at, at + length)), place.small);
      }
      to = end;
      if (to - from >= enough) break;
    }
    // At the next start the store is then found damaged, and emptied.
    if (to === from)
      throw new DriftError(
        `state segment ${oldest.number} of ${this.options.directory} is damaged at byte ${to}`,
        {
          code: 'DM_INTERNAL',
          retriable: false,
        },
      );
    return () => {
      this.cleanedTo = to;
      if (to === oldest.length) this.drop(oldest);
    };
  }

  /** Removes the oldest segment, of which nothing is live. */
  private drop(oldest: StateSegment): void {
    this.segments.shift();
    this.numbered.delete(oldest.number);
    this.total -= oldest.length;
    this.cleanedTo = SEGMENT_HEADER;
    oldest.deleteFile();
    this.remove(oldest);
  }

  /** Reads what is there. Returns why it cannot be used, or null. */
  private load(): string | null {
    const files = segmentFiles(this.options.directory);
    for (const [i, number] of files.entries()) {
      const isLast = i === files.length - 1;
      const segment = StateSegment.open(this.options.directory, number);
      this.segments.push(segment);
      this.numbered.set(number, segment);
      const version = segment.version();
      if (version === null && isLast && i > 0) {
        // Killed while it was begun.
        this.segments.pop();
        this.numbered.delete(number);
        segment.deleteFile();
        segment.close();
        break;
      }
      if (version === null) return `segment ${number} has no header`;
      if (version !== this.version) return `it has rows of version ${version}, not ${this.version}`;
      if (i > 0 && number !== files[i - 1]! + 1) return `segment ${number - 1} is missing`;
      let end = SEGMENT_HEADER;
      for (const { batch, end: next, positions, position, rows } of readBatches(segment, end, 2 << 20)) {
        for (const { objectKey, part, at, length } of rows()) {
          const small = length !== null && length <= SMALL ? batch.toString('utf8', at, at + length) : null;
          const place = length === null ? null : { segment: number, position: position + at, length, small };
          this.apply(objectKey, part, place);
        }
        this.at = positions();
        end = next;
      }
      if (end < segment.length && !isLast) return `segment ${number} is damaged at byte ${end}`;
      if (end < segment.length) segment.truncate(end);
      this.total += segment.length;
    }
    return null;
  }
}
