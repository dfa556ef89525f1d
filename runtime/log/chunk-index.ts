// Where the chunks of one segment are: columns of numbers per topic and partition, so that an index of millions of
// records is a few megabytes. Also its bytes, kept beside a closed segment so that opening need not read the segment.
import { crc32 } from 'node:zlib';
import type { ChunkPlace } from './frame.ts';

/** The chunks of one place in one segment, in order of offset. */
export class ChunkList {
  readonly place: number;
  size = 0;
  private first = new Float64Array(4);
  private last = new Float64Array(4);
  private position = new Uint32Array(4);
  private length = new Uint32Array(4);
  private count = new Uint32Array(4);

  constructor(place: number) {
    this.place = place;
  }

  add(chunk: ChunkPlace, position: number): void {
    const at = this.size++;
    if (at === this.first.length) this.resize(at * 2);
    this.first[at] = chunk.first;
    this.last[at] = chunk.last;
    this.position[at] = position;
    this.length[at] = chunk.length;
    this.count[at] = chunk.count;
  }

  firstOf = (i: number): number => this.first[i]!;
  lastOf = (i: number): number => this.last[i]!;
  positionOf = (i: number): number => this.position[i]!;
  lengthOf = (i: number): number => this.length[i]!;
  countOf = (i: number): number => this.count[i]!;
  get end(): number {
    return this.size === 0 ? 0 : this.last[this.size - 1]! + 1;
  }

  /** The first chunk that holds an offset at or after `from`; `size` when none does. */
  find(from: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.last[middle]! < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Gives back the room kept for growth: nothing is added any more. */
  seal(): void {
    this.resize(this.size);
  }

  private resize(size: number): void {
    const keep = <T extends Float64Array | Uint32Array>(from: T, to: T): T => {
      to.set(from.subarray(0, Math.min(size, this.size)));
      return to;
    };
    this.first = keep(this.first, new Float64Array(size));
    this.last = keep(this.last, new Float64Array(size));
    this.position = keep(this.position, new Uint32Array(size));
    this.length = keep(this.length, new Uint32Array(size));
    this.count = keep(this.count, new Uint32Array(size));
  }
}

export interface SegmentIndex {
  lists: Map<number, ChunkList>;
  /** Time of the oldest record; infinite when there is none. */
  oldest: number;
}

export const emptyIndex = (): SegmentIndex => ({ lists: new Map(), oldest: Number.POSITIVE_INFINITY });

/** Adds the chunks of a frame whose first chunk stands at `position`. */
export function addChunks(
  index: SegmentIndex,
  chunks: readonly ChunkPlace[],
  position: number,
  oldest: number,
): void {
  let at = position;
  for (const chunk of chunks) {
    let list = index.lists.get(chunk.place);
    if (!list) {
      list = new ChunkList(chunk.place);
      index.lists.set(chunk.place, list);
    }
    list.add(chunk, at);
    at += chunk.length;
  }
  if (chunks.length > 0 && oldest < index.oldest) index.oldest = oldest;
}

const HEADER = 32;
const ENTRY = 28;
const MAGIC = 0x3158_4449;

/** `salt` and `length` are those of the segment file: an index of other bytes is recognised and not used. */
export function encodeIndex(index: SegmentIndex, segment: { salt: number; length: number }): Buffer {
  let size = HEADER;
  for (const list of index.lists.values()) size += 8 + list.size * ENTRY;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(segment.salt, 8);
  bytes.writeUInt32LE(index.lists.size, 12);
  bytes.writeDoubleLE(segment.length, 16);
  bytes.writeDoubleLE(index.oldest, 24);
  let at = HEADER;
  for (const list of index.lists.values()) {
    bytes.writeUInt32LE(list.place, at);
    bytes.writeUInt32LE(list.size, at + 4);
    at += 8;
    for (let i = 0; i < list.size; i++, at += ENTRY) {
      bytes.writeDoubleLE(list.firstOf(i), at);
      bytes.writeDoubleLE(list.lastOf(i), at + 8);
      bytes.writeUInt32LE(list.positionOf(i), at + 16);
      bytes.writeUInt32LE(list.lengthOf(i), at + 20);
      bytes.writeUInt32LE(list.countOf(i), at + 24);
    }
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** Null when the bytes are damaged or the index of another segment: it is then made anew. */
export function decodeIndex(bytes: Buffer, segment: { salt: number; length: number }): SegmentIndex | null {
  if (bytes.length < HEADER || bytes.readUInt32LE(0) !== MAGIC) return null;
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8))) return null;
  if (bytes.readUInt32LE(8) !== segment.salt || bytes.readDoubleLE(16) !== segment.length) return null;
  const index: SegmentIndex = { lists: new Map(), oldest: bytes.readDoubleLE(24) };
  let at = HEADER;
  for (let remaining = bytes.readUInt32LE(12); remaining > 0; remaining--) {
    const list = new ChunkList(bytes.readUInt32LE(at));
    const size = bytes.readUInt32LE(at + 4);
    at += 8;
    for (let i = 0; i < size; i++, at += ENTRY)
      list.add(
        {
          place: list.place,
          first: bytes.readDoubleLE(at),
          last: bytes.readDoubleLE(at + 8),
          length: bytes.readUInt32LE(at + 20),
          count: bytes.readUInt32LE(at + 24),
        },
        bytes.readUInt32LE(at + 16),
      );
    list.seal();
    index.lists.set(list.place, list);
  }
  return index;
}
