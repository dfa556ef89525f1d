// Record batches (format 2, https://kafka.apache.org/documentation/#recordbatch) to bytes and back. Pure.
//
// Written here and not left to kafkajs, which makes an object of every record and of each of its headers: reading skips
// headers unread, keeps values where they lie, and knows how far a batch reaches even when compaction left nothing in it.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import crc32C from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';
import { DriftError } from '../../errors.ts';
import type { Batch, LogRecord, ReadLimits } from '../log.ts';

/** A header as it stands on the wire, name and value. */
export type Header = readonly [name: Buffer, value: Buffer];

export interface OutgoingRecord {
  key: string;
  value: Buffer | null;
  headers: readonly Header[];
}

/** Who writes: idempotent, within a transaction. */
export interface ProducerPlace {
  producerId: bigint;
  producerEpoch: number;
  /** Sequence number of the first record at this partition. */
  sequence: number;
}

const HEADER_BYTES = 61;
/** Where the checksum's cover begins: after it. */
const COVERED_FROM = 21;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const COMPRESSION = 0x07;
const MAGIC = 2;

/** Upper bound of what a record takes in a batch. */
export const boundOf = ({ key, value, headers }: OutgoingRecord): number => {
  let bytes = 40 + 3 * key.length + (value?.length ?? 0);
  for (const [name, content] of headers) bytes += 10 + name.length + content.length;
  return bytes;
};

export function encodeBatch(
  records: readonly OutgoingRecord[],
  producer: ProducerPlace,
  timestamp: number,
): Buffer {
  let bound = HEADER_BYTES;
  for (const record of records) bound += boundOf(record);
  const bytes = Buffer.allocUnsafe(bound);
  let at = HEADER_BYTES;
  for (let i = 0; i < records.length; i++) at = writeRecord(bytes, at, records[i]!, i);
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(at - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(MAGIC, 16);
  bytes.writeInt16BE(TRANSACTIONAL, 21);
  bytes.writeInt32BE(records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(timestamp), 27);
  bytes.writeBigInt64BE(BigInt(timestamp), 35);
  bytes.writeBigInt64BE(producer.producerId, 43);
  bytes.writeInt16BE(producer.producerEpoch, 51);
  bytes.writeInt32BE(producer.sequence, 53);
  bytes.writeInt32BE(records.length, 57);
  bytes.writeUInt32BE(crc32C(bytes.subarray(COVERED_FROM, at)), 17);
  return bytes.subarray(0, at);
}

/** The record's length stands before it and is not known before: room for the longest number is left, then closed. */
function writeRecord(
  bytes: Buffer,
  at: number,
  { key, value, headers }: OutgoingRecord,
  delta: number,
): number {
  const begin = at + 5;
  let end = begin;
  bytes[end++] = 0;
  bytes[end++] = 0;
  end = writeNumber(bytes, end, delta);
  const keyLength = Buffer.byteLength(key);
  end = writeNumber(bytes, end, keyLength);
  end += bytes.write(key, end);
  if (value === null) end = writeNumber(bytes, end, -1);
  else {
    end = writeNumber(bytes, end, value.length);
    bytes.set(value, end);
    end += value.length;
  }
  end = writeNumber(bytes, end, headers.length);
  for (const [name, content] of headers) {
    end = writeNumber(bytes, end, name.length);
    bytes.set(name, end);
    end = writeNumber(bytes, end + name.length, content.length);
    bytes.set(content, end);
    end += content.length;
  }
  const moved = writeNumber(bytes, at, end - begin);
  bytes.copyWithin(moved, begin, end);
  return moved + end - begin;
}

/** Zigzag, seven bits a byte. */
function writeNumber(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

export interface Aborted {
  producerId: bigint;
  /** First offset of the transaction that was aborted. */
  firstOffset: number;
}

/** The whole batches at the beginning of an answer: the last one may be cut off, and is left for the next. */
export interface Batches {
  bytes: Buffer;
  /** After the last of them, also when it holds nothing to be read; what was asked for when there is none. */
  next: number;
}

/** Looks at the heads alone: nothing is decoded before it is read. */
export function wholeBatches(bytes: Buffer, from: number): Batches {
  let next = from;
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const magic = bytes.readInt8(at + 16);
    if (magic !== MAGIC) throw unreadable(`a batch of format ${magic}`);
    next = Math.max(next, lastOf(bytes, at) + 1);
    at = end;
  }
  return { bytes: bytes.subarray(0, at), next };
}

const lastOf = (bytes: Buffer, at: number): number =>
  Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23);

/**
 * The records of whole batches from offset `from` on, up to the limits, without those of aborted transactions and the
 * brokers' own marks. Values share the memory of the batches.
 */
export function decodeBatches(
  { bytes, next }: Batches,
  from: number,
  aborted: readonly Aborted[],
  limits: ReadLimits,
): Batch {
  const cursor = new RecordCursor(from, limits);
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const dropped = new Set<bigint>();
  for (let at = 0; at < bytes.length; ) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    const attributes = bytes.readInt16BE(at + 21);
    const last = lastOf(bytes, at);
    const producerId = bytes.readBigInt64BE(at + 43);
    while (waiting.length > 0 && waiting[0]!.firstOffset <= last) dropped.add(waiting.shift()!.producerId);
    if ((attributes & CONTROL) !== 0) dropped.delete(producerId);
    else if (last >= from && ((attributes & TRANSACTIONAL) === 0 || !dropped.has(producerId))) {
      cursor.batch(bytes.subarray(at, end), attributes);
      if (cursor.full && cursor.last < next - 1) return { records: cursor.records, next: cursor.last + 1 };
    }
    at = end;
  }
  return { records: cursor.records, next: Math.max(from, next) };
}

function inflated(bytes: Buffer, compression: number): Buffer {
  if (compression === 0) return bytes;
  if (compression === 1) return gunzipSync(bytes);
  if (compression === 4) return zstdDecompressSync(bytes);
  throw unreadable(`compression ${compression === 2 ? 'snappy' : compression === 3 ? 'lz4' : compression}`);
}

const unreadable = (what: string): DriftError =>
  new DriftError(`a topic holds ${what}, which is not read`, {
    code: 'DM_LOG_CORRUPT',
    retriable: false,
    public: `A topic of the cluster holds ${what}, which DriftMgr does not read. Set compression.type of its topics to uncompressed, gzip or zstd, and write what is there anew.`,
  });

/** Goes through the records of one batch after the other, until the limits are reached. */
class RecordCursor {
  readonly records: LogRecord[] = [];
  private readonly from: number;
  private readonly limits: ReadLimits;
  private taken = 0;
  private of: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(from: number, limits: ReadLimits) {
    this.from = from;
    this.limits = limits;
  }

  get full(): boolean {
    return (
      this.records.length > 0 &&
      (this.records.length >= this.limits.records || this.taken >= this.limits.bytes)
    );
  }

  /** Offset of the last record that was taken. */
  get last(): number {
    return this.records.at(-1)!.offset;
  }

  batch(bytes: Buffer, attributes: number): void {
    const base = Number(bytes.readBigInt64BE(0));
    const first = Number(bytes.readBigInt64BE(27));
    const appended = (attributes & 0x08) !== 0 ? Number(bytes.readBigInt64BE(35)) : null;
    this.of = inflated(bytes.subarray(HEADER_BYTES), attributes & COMPRESSION);
    this.at = 0;
    for (let left = bytes.readInt32BE(57); left > 0 && !this.full; left--) {
      const length = this.number();
      const stop = this.at + length;
      this.at++;
      const timestamp = appended ?? first + this.number();
      const offset = base + this.number();
      if (offset >= this.from) this.take(offset, timestamp);
      // Headers repeat what the value says: they are for others, and passed over.
      this.at = stop;
    }
  }

  private take(offset: number, timestamp: number): void {
    const keyLength = this.number();
    const keyAt = this.at;
    this.at += Math.max(0, keyLength);
    const key = keyLength <= 0 ? '' : this.of.toString('utf8', keyAt, this.at);
    const length = this.number();
    const value = length < 0 ? null : this.of.subarray(this.at, this.at + length);
    this.records.push({ offset, key, value, timestamp });
    this.taken += key.length + Math.max(0, length);
  }

  private number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.of[this.at++];
      if (byte === undefined) throw unreadable('a batch that is cut off');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
