// Turns queued calls into the bytes of one frame, in slices. Assigns offsets from the ends it is given; changes nothing.
import type { ChunkPlace } from './frame.ts';
import {
  CHUNK_BYTES,
  CHUNK_RECORDS,
  chunkBound,
  encodeChunk,
  encodeHead,
  FRAME_KIND,
  headLength,
} from './frame.ts';
import type { LogRecord, NewRecord } from './log.ts';
import { createSlices } from './slices.ts';

export interface Frame {
  bytes: Buffer;
  headLength: number;
  chunks: ChunkPlace[];
  oldest: number;
}

interface Piece {
  place: number;
  records: readonly { key: string; value: Buffer | null }[];
  from: number;
  to: number;
}

/** Splits records of one place into chunks; `bytes` is the room they all need. */
export function splitIntoPieces(
  place: number,
  records: readonly { key: string; value: Buffer | null }[],
  pieces: Piece[],
): number {
  let bytes = 0;
  let from = 0;
  let size = 0;
  for (let i = 0; i < records.length; i++) {
    size += records[i]!.key.length + (records[i]!.value?.length ?? 0);
    const full = size >= CHUNK_BYTES || i - from + 1 >= CHUNK_RECORDS;
    if (!full && i < records.length - 1) continue;
    pieces.push({ place, records, from, to: i + 1 });
    bytes += chunkBound(records, from, i + 1);
    from = i + 1;
    size = 0;
  }
  return bytes;
}

export async function buildFrame(options: {
  records: readonly (readonly NewRecord[])[];
  placeOf: (record: NewRecord) => number;
  /** The next offset of a place. */
  endOf: (place: number) => number;
  note: string;
  timestamp: number;
  salt: number;
}): Promise<Frame> {
  const { records, placeOf, endOf, timestamp, salt } = options;
  const breathe = createSlices();
  const byPlace = new Map<number, NewRecord[]>();
  let place = -1;
  let list: NewRecord[] = [];
  for (const call of records) {
    for (const record of call) {
      const at = placeOf(record);
      if (at !== place) {
        place = at;
        list = byPlace.get(at) ?? [];
        if (list.length === 0) byPlace.set(at, list);
      }
      list.push(record);
    }
    await breathe();
  }
  const note = Buffer.from(options.note);
  const pieces: Piece[] = [];
  let room = 0;
  for (const [at, placed] of byPlace) {
    room += splitIntoPieces(at, placed, pieces);
    await breathe();
  }
  const head = headLength(pieces.length, note.length);
  const target = Buffer.allocUnsafeSlow(head + room);
  const chunks: ChunkPlace[] = [];
  let end = head;
  let base = 0;
  place = -1;
  for (const piece of pieces) {
    if (piece.place !== place) base = endOf(piece.place);
    place = piece.place;
    const chunk = encodeChunk(target, end, salt, { ...piece, base, kept: null, timestamp });
    chunks.push(chunk);
    end += chunk.length;
    base = chunk.last + 1;
    await breathe();
  }
  const bytes = target.subarray(0, end);
  encodeHead(bytes, salt, { length: end, kind: FRAME_KIND.commit, oldest: timestamp, chunks, note });
  return { bytes, headLength: head, chunks, oldest: timestamp };
}

/** A frame without records: what a segment starts with, so that no older one is needed to know ends and positions. */
export function buildSnapshot(note: string, salt: number, timestamp: number): Buffer {
  const text = Buffer.from(note);
  const bytes = Buffer.alloc(headLength(0, text.length));
  encodeHead(bytes, salt, {
    length: bytes.length,
    kind: FRAME_KIND.snapshot,
    oldest: timestamp,
    chunks: [],
    note: text,
  });
  return bytes;
}

/** A frame of records that keep the offsets and times they have. */
export function buildKeptFrame(places: { place: number; records: LogRecord[] }[], salt: number): Frame {
  const pieces: (Piece & { kept: LogRecord[] })[] = [];
  let room = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { place, records } of places) {
    const placed: Piece[] = [];
    room += splitIntoPieces(place, records, placed);
    for (const piece of placed) pieces.push({ ...piece, kept: records });
    for (const record of records) oldest = Math.min(oldest, record.timestamp);
  }
  const head = headLength(pieces.length, 0);
  const target = Buffer.allocUnsafeSlow(head + room);
  const chunks: ChunkPlace[] = [];
  let end = head;
  for (const piece of pieces) {
    const base = piece.kept[piece.from]!.offset;
    const chunk = encodeChunk(target, end, salt, { ...piece, base, timestamp: 0 });
    chunks.push(chunk);
    end += chunk.length;
  }
  const bytes = target.subarray(0, end);
  encodeHead(bytes, salt, {
    length: end,
    kind: FRAME_KIND.commit,
    oldest,
    chunks,
    note: Buffer.alloc(0),
  });
  return { bytes, headLength: head, chunks, oldest };
}
