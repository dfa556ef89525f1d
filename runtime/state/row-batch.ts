// The bytes of the embedded state: a segment header, and batches of rows, each whole or not there. Layout only.
//
//   segment header  magic u32 · crc u32 · format u32 · version (of the processor's rows) f64
//   batch           magic u32 · crc u32 (of all that follows) · length u32 · positions length u32 · positions (JSON) · rows
//   row             key length u32 · part length u32 · value length + 1, 0 deletes, u32 · key · part · value (row-value.ts)
import { crc32 } from 'node:zlib';
import type { Position } from '../log/log.ts';

export const SEGMENT_HEADER = 20;
const BATCH_HEADER = 16;
const ROW_HEADER = 12;
const SEGMENT_MAGIC = 0x5352_4d44;
const BATCH_MAGIC = 0x4252_4d44;
const FORMAT = 2;

export function encodeSegmentHeader(version: number): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER);
  bytes.writeUInt32LE(SEGMENT_MAGIC, 0);
  bytes.writeUInt32LE(FORMAT, 8);
  bytes.writeDoubleLE(version, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** The version of the rows in a segment; null when it is not the header of one. */
export function decodeSegmentHeader(bytes: Buffer): number | null {
  if (bytes.length < SEGMENT_HEADER || bytes.readUInt32LE(0) !== SEGMENT_MAGIC) return null;
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8, SEGMENT_HEADER))) return null;
  return bytes.readUInt32LE(8) === FORMAT ? bytes.readDoubleLE(12) : null;
}

/** Gathers rows into one buffer that is used again for every batch. */
export class BatchWriter {
  private bytes = Buffer.allocUnsafeSlow(1 << 20);
  private end = 0;

  begin(positions: readonly Position[]): void {
    const text = JSON.stringify(positions);
    this.reserve(0, BATCH_HEADER + text.length * 3);
    const length = this.bytes.write(text, BATCH_HEADER);
    this.bytes.writeUInt32LE(length, 12);
    this.end = BATCH_HEADER + length;
  }

  /** Adds a row with the text of its value, or a deletion; returns where the value begins in the batch, and its length. */
  add(objectKey: string, part: string, text: string | null): { position: number; length: number } {
    this.reserve(this.end, ROW_HEADER + (objectKey.length + part.length + (text?.length ?? 0)) * 3);
    const position = this.header(objectKey, part);
    return this.close(position, text === null ? null : this.bytes.write(text, position));
  }

  /** Adds a row whose value is at hand as bytes. */
  copy(objectKey: string, part: string, value: Buffer): { position: number; length: number } {
    this.reserve(this.end, ROW_HEADER + (objectKey.length + part.length) * 3 + value.length);
    const position = this.header(objectKey, part);
    this.bytes.set(value, position);
    return this.close(position, value.length);
  }

  private header(objectKey: string, part: string): number {
    let at = this.end + ROW_HEADER;
    const key = this.bytes.write(objectKey, at);
    at += key;
    const partLength = this.bytes.write(part, at);
    this.bytes.writeUInt32LE(key, this.end);
    this.bytes.writeUInt32LE(partLength, this.end + 4);
    return at + partLength;
  }

  private close(position: number, length: number | null): { position: number; length: number } {
    this.bytes.writeUInt32LE(length === null ? 0 : length + 1, this.end + 8);
    this.end = position + (length ?? 0);
    return { position, length: length ?? 0 };
  }

  /** The finished batch: a view that the next batch overwrites. */
  finish(): Buffer {
    this.bytes.writeUInt32LE(BATCH_MAGIC, 0);
    this.bytes.writeUInt32LE(this.end, 8);
    const batch = this.bytes.subarray(0, this.end);
    batch.writeUInt32LE(crc32(batch.subarray(8)), 4);
    return batch;
  }

  private reserve(used: number, more: number): void {
    if (used + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, used + more));
    larger.set(this.bytes.subarray(0, used));
    this.bytes = larger;
  }
}

/** Length of the batch that starts here, from its first bytes; null when none does. */
export function batchLength(bytes: Buffer): number | null {
  if (bytes.length < BATCH_HEADER || bytes.readUInt32LE(0) !== BATCH_MAGIC) return null;
  const length = bytes.readUInt32LE(8);
  return length < BATCH_HEADER + bytes.readUInt32LE(12) ? null : length;
}
export const BATCH_PEEK = BATCH_HEADER;

export const batchIsWhole = (batch: Buffer): boolean =>
  batchLength(batch) === batch.length && batch.readUInt32LE(4) === crc32(batch.subarray(8));

export const positionsOf = (batch: Buffer): Position[] =>
  JSON.parse(batch.toString('utf8', BATCH_HEADER, BATCH_HEADER + batch.readUInt32LE(12))) as Position[];

/** Visits the rows of a whole batch. `length` is null for a deletion; `position` counts from the batch's start. */
export function walkRows(
  batch: Buffer,
  visit: (objectKey: string, part: string, position: number, length: number | null) => void,
): void {
  let at = BATCH_HEADER + batch.readUInt32LE(12);
  while (at < batch.length) {
    const keyEnd = at + ROW_HEADER + batch.readUInt32LE(at);
    const partEnd = keyEnd + batch.readUInt32LE(at + 4);
    const size = batch.readUInt32LE(at + 8);
    visit(
      batch.toString('utf8', at + ROW_HEADER, keyEnd),
      batch.toString('utf8', keyEnd, partEnd),
      partEnd,
      size === 0 ? null : size - 1,
    );
    at = partEnd + Math.max(0, size - 1);
  }
}
