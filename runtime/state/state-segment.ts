// One file of the embedded state: synchronous reads and appends. Never synced: the log is what lasts.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Position } from '../log/log.ts';
import {
  BATCH_PEEK,
  batchIsWhole,
  batchLength,
  decodeSegmentHeader,
  encodeSegmentHeader,
  positionsOf,
  SEGMENT_HEADER,
  walkRows,
} from './row-batch.ts';

const FILE = /^(\d{10})\.rows$/;

/** Numbers of the segments in a directory, oldest first. */
export const segmentFiles = (directory: string): number[] =>
  readdirSync(directory)
    .flatMap((file) => FILE.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

export class StateSegment {
  readonly number: number;
  length: number;
  /** Bytes of values in it that are the newest of their row. */
  live = 0;
  private readonly path: string;
  private readonly file: number;
  private open = true;

  private constructor(path: string, number: number, file: number, length: number) {
    this.path = path;
    this.number = number;
    this.file = file;
    this.length = length;
  }

  static create(directory: string, number: number, version: number): StateSegment {
    const path = segmentPath(directory, number);
    const segment = new StateSegment(path, number, openSync(path, 'w+', 0o600), 0);
    segment.append(encodeSegmentHeader(version));
    return segment;
  }

  static open(directory: string, number: number): StateSegment {
    const path = segmentPath(directory, number);
    const file = openSync(path, 'r+');
    return new StateSegment(path, number, file, fstatSync(file).size);
  }

  version(): number | null {
    const header = Buffer.alloc(Math.min(SEGMENT_HEADER, this.length));
    this.read(header, 0, header.length);
    return decodeSegmentHeader(header);
  }

  append(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length)
        written += writeSync(this.file, bytes, written, bytes.length - written, this.length + written);
    } catch (error) {
      // No room: the batch is not there, whatever part of it was written.
      ftruncateSync(this.file, this.length);
      throw error;
    }
    this.length += bytes.length;
  }

  /** Reads exactly `length` bytes to the start of `into`. */
  read(into: Buffer, position: number, length: number): void {
    let filled = 0;
    while (filled < length) {
      const read = readSync(this.file, into, filled, length - filled, position + filled);
      if (read === 0) throw new RangeError(`${this.path} ends before byte ${position + length}`);
      filled += read;
    }
  }

  truncate(length: number): void {
    ftruncateSync(this.file, length);
    this.length = length;
  }

  deleteFile(): void {
    rmSync(this.path, { force: true });
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    closeSync(this.file);
  }
}

const segmentPath = (directory: string, number: number): string =>
  join(directory, `${number.toString().padStart(10, '0')}.rows`);

export interface ReadBatch {
  batch: Buffer;
  /** Where the batch begins and ends in its segment. */
  position: number;
  end: number;
  positions(): Position[];
  rows(): { objectKey: string; part: string; at: number; length: number | null }[];
}

/**
 * The whole batches from a byte on; stops before the first that is not whole. Reads `window` bytes at once, into memory
 * used again: a batch is valid until the next step.
 */
export function* readBatches(segment: StateSegment, from: number, window: number): Generator<ReadBatch> {
  let room = Buffer.alloc(0);
  let held = room;
  let start = from;
  const bytes = (position: number, length: number): Buffer => {
    const most = segment.length - position;
    if (position + Math.min(length, most) > start + held.length) {
      start = position;
      const size = Math.min(most, Math.max(length, window));
      if (room.length < size) room = Buffer.allocUnsafeSlow(size);
      held = room.subarray(0, size);
      segment.read(held, position, held.length);
    }
    return held.subarray(position - start, position - start + Math.min(length, most));
  };
  for (let position = from; position < segment.length; ) {
    const length = batchLength(bytes(position, BATCH_PEEK));
    if (length === null || position + length > segment.length) return;
    const batch = bytes(position, length);
    if (!batchIsWhole(batch)) return;
    const end = position + length;
    yield {
      batch,
      position,
      end,
      positions: () => positionsOf(batch),
      rows() {
        const rows: ReturnType<ReadBatch['rows']> = [];
        walkRows(batch, (objectKey, part, at, size) => rows.push({ objectKey, part, at, length: size }));
        return rows;
      },
    };
    position = end;
  }
}
