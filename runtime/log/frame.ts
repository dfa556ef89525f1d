// The bytes of the embedded log: segment header, frames, chunks. Layout only: no files, no time, no state.
//
// A segment file is a header of 32 bytes and frames. A frame is one atomic commit: head, then chunks. A chunk holds
// consecutive records of one topic and partition: a small header, all keys and lengths, then all values, so that
// compaction reads keys without values. Every checksum is seeded with the segment's salt, so bytes of another file, or
// bytes inside a value, never pass for a frame. All integers are little endian.
//
//   segment header  magic u64 · salt u32 · first u32 · last u32 · reserved 8 · crc u32
//   frame head      magic u32 · crc u32 · frame length u32 · head length u32 · kind u8 · 3 reserved · chunks u32 ·
//                   note length u32 · reserved u32 · oldest record f64 · entries of 32 bytes · note (JSON)
//   chunk entry     place u32 · count u32 · length u32 · reserved u32 · first offset f64 · last offset f64
//   chunk           keys crc u32 · values crc u32 · keys length u32 · place u32 · base offset f64 · base time f64 ·
//                   keys: per record (offset gap · time delta zigzag · key length · key · value length + 1) · values
import { crc32 } from 'node:zlib';
import type { LogRecord } from './log.ts';

export const SEGMENT_HEADER = 32;
export const FRAME_HEAD = 40;
export const CHUNK_ENTRY = 32;
export const CHUNK_HEADER = 32;
const SEGMENT_MAGIC = 0x314d_4454_464c_4d44n;
const FRAME_MAGIC = 0x4d52_4644;
/** Records of one chunk: a reader that wants only some of them still reads the whole. */
export const CHUNK_RECORDS = 1024;
export const CHUNK_BYTES = 256 * 1024;

export const FRAME_KIND = { commit: 1, snapshot: 2 } as const;

export interface SegmentHeader {
  salt: number;
  /** Sequence numbers of the segments whose records it holds: more than one after compaction merged them. */
  first: number;
  last: number;
}

export function encodeSegmentHeader({ salt, first, last }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER);
  bytes.writeBigUInt64LE(SEGMENT_MAGIC, 0);
  bytes.writeUInt32LE(salt, 8);
  bytes.writeUInt32LE(first, 12);
  bytes.writeUInt32LE(last, 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** Null when the bytes are not a segment header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER || bytes.readBigUInt64LE(0) !== SEGMENT_MAGIC) return null;
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return null;
  return { salt: bytes.readUInt32LE(8), first: bytes.readUInt32LE(12), last: bytes.readUInt32LE(16) };
}

/** Records of one topic and partition on their way into a chunk. Without `offsets`, offsets follow on from `base`. */
export interface ChunkInput {
  place: number;
  base: number;
  records: readonly { key: string; value: Buffer | null }[];
  from: number;
  to: number;
  /** Of compacted records, which have gaps and times of their own: then `records` are these. */
  kept: readonly LogRecord[] | null;
  timestamp: number;
}

export interface ChunkPlace {
  place: number;
  count: number;
  length: number;
  first: number;
  last: number;
}

/** How many bytes the records take at most. */
export function chunkBound(records: ChunkInput['records'], from: number, to: number): number {
  let bytes = CHUNK_HEADER;
  for (let i = from; i < to; i++) {
    const { key, value } = records[i]!;
    bytes += Buffer.byteLength(key) + (value === null ? 0 : value.length) + 28;
  }
  return bytes;
}

/** Writes one chunk at `at`; the target must have room for {@link chunkBound}. */
export function encodeChunk(target: Buffer, at: number, salt: number, input: ChunkInput): ChunkPlace {
  const { place, base, records, from, to, kept } = input;
  const timestamp = kept ? kept[from]!.timestamp : input.timestamp;
  let end = at + CHUNK_HEADER;
  let expected = base;
  for (let i = from; i < to; i++) {
    const { key, value } = records[i]!;
    if (kept) {
      const { offset, timestamp: time } = kept[i]!;
      end = writeVarint(target, end, offset - expected);
      const delta = time - timestamp;
      end = writeVarint(target, end, delta < 0 ? -2 * delta - 1 : 2 * delta);
      expected = offset + 1;
    } else {
      target[end++] = 0;
      target[end++] = 0;
      expected++;
    }
    // Short keys, which nearly all are, have a length of one byte: written first, corrected when it was not so.
    const written = target.write(key, end + 1);
    if (written < 0x80) {
      target[end] = written;
      end += 1 + written;
    } else {
      const body = writeVarint(target, end, written);
      end = body + target.write(key, body);
    }
    end = writeVarint(target, end, value === null ? 0 : value.length + 1);
  }
  const keysEnd = end;
  for (let i = from; i < to; i++) {
    const { value } = records[i]!;
    if (value !== null && value.length > 0) {
      target.set(value, end);
      end += value.length;
    }
  }
  target.writeUInt32LE(keysEnd - at - CHUNK_HEADER, at + 8);
  target.writeUInt32LE(place, at + 12);
  target.writeDoubleLE(base, at + 16);
  target.writeDoubleLE(timestamp, at + 24);
  target.writeUInt32LE(crc32(target.subarray(at + 8, keysEnd), salt), at);
  target.writeUInt32LE(crc32(target.subarray(keysEnd, end), salt), at + 4);
  return { place, count: to - from, length: end - at, first: base, last: expected - 1 };
}

/** Length of the header and keys of a chunk, from its first bytes. */
export const chunkKeysEnd = (header: Buffer): number => CHUNK_HEADER + header.readUInt32LE(8);

/** True when the bytes are the chunk of that place and offset, whole. With `keysOnly`, the values may be missing. */
export function chunkIsWhole(
  chunk: Buffer,
  salt: number,
  expected: { place: number; first: number },
  keysOnly = false,
): boolean {
  if (chunk.length < CHUNK_HEADER) return false;
  const keysEnd = chunkKeysEnd(chunk);
  return (
    keysEnd <= chunk.length &&
    chunk.readUInt32LE(0) === crc32(chunk.subarray(8, keysEnd), salt) &&
    chunk.readUInt32LE(12) === expected.place &&
    chunk.readDoubleLE(16) === expected.first &&
    (keysOnly || chunk.readUInt32LE(4) === crc32(chunk.subarray(keysEnd), salt))
  );
}

/**
 * Appends to `into` the chunk's records at or after `from`, until a limit is reached. Values are views of `chunk`.
 * Returns the bytes of keys and values taken.
 */
export function decodeChunk(
  chunk: Buffer,
  from: number,
  into: LogRecord[],
  limits: { records: number; bytes: number },
): number {
  const cursor = new Cursor(chunk);
  let offset = chunk.readDoubleLE(16);
  const base = chunk.readDoubleLE(24);
  let value = chunkKeysEnd(chunk);
  let bytes = 0;
  while (cursor.at < cursor.end && into.length < limits.records && bytes < limits.bytes) {
    offset += cursor.varint();
    const delta = cursor.varint();
    const length = cursor.varint();
    const keyAt = cursor.at;
    cursor.at += length;
    const size = cursor.varint();
    const valueEnd = size === 0 ? value : value + size - 1;
    if (offset >= from) {
      into.push({
        offset,
        key: chunk.toString('utf8', keyAt, keyAt + length),
        value: size === 0 ? null : chunk.subarray(value, valueEnd),
        timestamp: base + (delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2),
      });
      bytes += length + valueEnd - value;
    }
    value = valueEnd;
    offset++;
  }
  return bytes;
}

/** Calls back for every record of a chunk of which only header and keys were read. Keys are latin1 of their bytes. */
export function walkKeys(
  chunk: Buffer,
  visit: (key: string, timestamp: number, isTombstone: boolean, bytes: number) => void,
): void {
  const cursor = new Cursor(chunk);
  const base = chunk.readDoubleLE(24);
  while (cursor.at < cursor.end) {
    cursor.varint();
    const delta = cursor.varint();
    const length = cursor.varint();
    const keyAt = cursor.at;
    cursor.at += length;
    const size = cursor.varint();
    const timestamp = base + (delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2);
    visit(chunk.toString('latin1', keyAt, keyAt + length), timestamp, size === 0, length + size);
  }
}

/** Walks the keys part of a chunk. */
class Cursor {
  at = CHUNK_HEADER;
  readonly end: number;
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.end = chunkKeysEnd(bytes);
  }
  varint(): number {
    let byte = this.bytes[this.at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value;
  }
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = value;
  let end = at;
  while (rest >= 0x80) {
    target[end++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[end++] = rest;
  return end;
}

export interface FrameHead {
  length: number;
  headLength: number;
  kind: number;
  oldest: number;
  chunks: ChunkPlace[];
  note: string;
}

export const headLength = (chunks: number, noteBytes: number): number =>
  FRAME_HEAD + chunks * CHUNK_ENTRY + noteBytes;

/** Writes the head at the start of `target`, whose chunks are already in place behind it. */
export function encodeHead(
  target: Buffer,
  salt: number,
  head: { length: number; kind: number; oldest: number; chunks: readonly ChunkPlace[]; note: Buffer },
): void {
  const end = headLength(head.chunks.length, head.note.length);
  target.fill(0, 0, FRAME_HEAD);
  target.writeUInt32LE(FRAME_MAGIC, 0);
  target.writeUInt32LE(head.length, 8);
  target.writeUInt32LE(end, 12);
  target[16] = head.kind;
  target.writeUInt32LE(head.chunks.length, 20);
  target.writeUInt32LE(head.note.length, 24);
  target.writeDoubleLE(head.oldest, 32);
  let at = FRAME_HEAD;
  for (const chunk of head.chunks) {
    target.writeUInt32LE(chunk.place, at);
    target.writeUInt32LE(chunk.count, at + 4);
    target.writeUInt32LE(chunk.length, at + 8);
    target.writeUInt32LE(0, at + 12);
    target.writeDoubleLE(chunk.first, at + 16);
    target.writeDoubleLE(chunk.last, at + 24);
    at += CHUNK_ENTRY;
  }
  target.set(head.note, at);
  target.writeUInt32LE(crc32(target.subarray(8, end), salt), 4);
}

/** Length of the head that starts here; null when no frame does. */
export function peekHeadLength(bytes: Buffer): number | null {
  if (bytes.length < FRAME_HEAD || bytes.readUInt32LE(0) !== FRAME_MAGIC) return null;
  const length = bytes.readUInt32LE(12);
  const chunks = bytes.readUInt32LE(20);
  return length === headLength(chunks, bytes.readUInt32LE(24)) ? length : null;
}

/** Null when the bytes, which must be at least as long as {@link peekHeadLength} says, are not the head of a frame. */
export function decodeHead(bytes: Buffer, salt: number): FrameHead | null {
  const end = peekHeadLength(bytes);
  if (end === null || end > bytes.length) return null;
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8, end), salt)) return null;
  const chunks: ChunkPlace[] = [];
  const entriesEnd = end - bytes.readUInt32LE(24);
  for (let at = FRAME_HEAD; at < entriesEnd; at += CHUNK_ENTRY)
    chunks.push({
      place: bytes.readUInt32LE(at),
      count: bytes.readUInt32LE(at + 4),
      length: bytes.readUInt32LE(at + 8),
      first: bytes.readDoubleLE(at + 16),
      last: bytes.readDoubleLE(at + 24),
    });
  return {
    length: bytes.readUInt32LE(8),
    headLength: end,
    kind: bytes[16]!,
    oldest: bytes.readDoubleLE(32),
    chunks,
    note: bytes.toString('utf8', entriesEnd, end),
  };
}

/** The next place at or after `from` where a frame's magic stands; -1 when nowhere. */
export function nextMagic(bytes: Buffer, from: number): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME_MAGIC, 0);
  return bytes.indexOf(magic, from);
}
