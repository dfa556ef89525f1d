// One file of the embedded log: created, opened, scanned. Knows frames and their places, not topics or groups.
import { randomInt } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../durable-file.ts';
import { DriftError } from '../errors.ts';
import type { SegmentIndex } from './chunk-index.ts';
import { addChunks, decodeIndex, emptyIndex, encodeIndex } from './chunk-index.ts';
import type { FrameHead } from './frame.ts';
import {
  chunkIsWhole,
  decodeHead,
  decodeSegmentHeader,
  encodeSegmentHeader,
  FRAME_HEAD,
  nextMagic,
  peekHeadLength,
  SEGMENT_HEADER,
} from './frame.ts';

export interface Segment {
  path: string;
  file: FileHandle;
  salt: number;
  /** Sequence numbers whose records it holds. */
  first: number;
  last: number;
  /** Bytes of header and whole frames. */
  length: number;
  index: SegmentIndex;
  /** Reads under way; a replaced segment's file is closed when they are over. */
  readers: number;
  replaced: boolean;
  /** Chunks still in memory because they were just written, by position. */
  recent: Map<number, Buffer>;
}

const name = (first: number): string => first.toString().padStart(10, '0');
export const segmentPath = (directory: string, first: number): string =>
  join(directory, `${name(first)}.log`);
export const SEGMENT_FILE = /^(\d{10})\.log$/;
export const INDEX_FILE = /^(\d{10})\.index$/;
const indexPath = (segment: Segment): string => segment.path.replace(/\.log$/, '.index');

export const newSalt = (): number => randomInt(1, 0xffff_ffff);

export const corrupt = (path: string, offset: number, what: string, cause?: unknown): DriftError =>
  new DriftError(`${path} is damaged at byte ${offset}: ${what}`, {
    code: 'DM_LOG_CORRUPT',
    retriable: false,
    public: `The log file ${path} is damaged at byte ${offset} (${what}). Nothing was changed. Restore the data directory from a backup, or move it away to start empty.`,
    cause,
  });

/** Reads at most `length` bytes; fewer only at the end of the file. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

export async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length)
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}

/** Creates a segment with its first frame and makes both durable; the caller syncs the directory. */
export async function createSegment(
  path: string,
  sequence: number,
  frame: (salt: number) => Buffer,
): Promise<Segment> {
  const salt = newSalt();
  const file = await open(path, 'w+', 0o600);
  try {
    const bytes = Buffer.concat([
      encodeSegmentHeader({ salt, first: sequence, last: sequence }),
      frame(salt),
    ]);
    await writeAt(file, bytes, 0);
    await file.sync();
    return {
      path,
      file,
      salt,
      first: sequence,
      last: sequence,
      length: bytes.length,
      index: emptyIndex(),
      readers: 0,
      replaced: false,
      recent: new Map(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens a file and reads its header; null when it has none (a crash while it was created). Its index is empty. */
export async function openSegment(path: string): Promise<Segment | null> {
  const file = await open(path, 'r+');
  const header = decodeSegmentHeader(await readAt(file, 0, SEGMENT_HEADER));
  if (!header) {
    await file.close();
    return null;
  }
  const { size } = await file.stat();
  return {
    path,
    file,
    ...header,
    length: size,
    index: emptyIndex(),
    readers: 0,
    replaced: false,
    recent: new Map(),
  };
}

/**
 * Fills the index of a segment that is no longer written to: from its index file, or, when that is missing or of other
 * bytes, from the heads of its frames (then the index file is written anew). Values are verified when they are read.
 */
export async function loadIndex(segment: Segment): Promise<void> {
  const bytes = await readFile(indexPath(segment)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const index = decodeIndex(bytes, segment);
  if (index) {
    segment.index = index;
    return;
  }
  const end = await scanFrames(segment, false, () => {});
  if (end !== segment.length) throw corrupt(segment.path, end, 'no whole frame starts here');
  await saveIndex(segment);
}

export async function saveIndex(segment: Segment): Promise<void> {
  for (const list of segment.index.lists.values()) list.seal();
  await replaceFile(indexPath(segment), encodeIndex(segment.index, segment));
}

/**
 * Reads the frames of a segment into its index and hands over their heads. Returns where the first byte stands that
 * belongs to no whole frame. With `verify`, a frame counts as whole only when all its chunks are, too.
 */
export async function scanFrames(
  segment: Segment,
  verify: boolean,
  visit: (head: FrameHead) => void,
): Promise<number> {
  const window = new FileWindow(segment.file, segment.length);
  let at = SEGMENT_HEADER;
  while (at < segment.length) {
    const head = await headAt(window, at, segment.salt);
    if (!head || at + head.length > segment.length) return at;
    let chunkAt = at + head.headLength;
    for (const chunk of head.chunks) {
      if (verify && !chunkIsWhole(await window.bytes(chunkAt, chunk.length), segment.salt, chunk)) return at;
      chunkAt += chunk.length;
    }
    if (chunkAt !== at + head.length) return at;
    addChunks(segment.index, head.chunks, at + head.headLength, head.oldest);
    visit(head);
    at += head.length;
  }
  return at;
}

/** True when some frame starts after `from`: then what stands at `from` is damage, not the torn end of a last write. */
export async function hasFrameAfter(segment: Segment, from: number): Promise<boolean> {
  const step = 1 << 20;
  const window = new FileWindow(segment.file, segment.length);
  for (let at = from + 1; at < segment.length; at += step) {
    const bytes = await window.bytes(at, Math.min(step + 3, segment.length - at));
    for (let found = nextMagic(bytes, 0); found !== -1; found = nextMagic(bytes, found + 1))
      if (await headAt(window, at + found, segment.salt)) return true;
  }
  return false;
}

async function headAt(window: FileWindow, at: number, salt: number): Promise<FrameHead | null> {
  const length = peekHeadLength(await window.bytes(at, FRAME_HEAD));
  return length === null ? null : decodeHead(await window.bytes(at, length), salt);
}

/** Removes the file and its index. The open file stays readable until its last reader is done. */
export async function removeSegmentFiles(segment: Segment): Promise<void> {
  await rm(segment.path, { force: true });
  await rm(indexPath(segment), { force: true });
}

/** Marks a segment as replaced and closes its file as soon as nobody reads it. */
export async function retire(segment: Segment): Promise<void> {
  segment.replaced = true;
  if (segment.readers === 0) await segment.file.close();
}

/** Ends a read begun by counting up `readers`. */
export async function release(segment: Segment): Promise<void> {
  segment.readers--;
  if (segment.replaced && segment.readers === 0) await segment.file.close();
}

/** Reads a file forwards with few calls: small reads are answered from a larger one. */
class FileWindow {
  private start = 0;
  private held: Buffer = Buffer.alloc(0);
  private readonly file: FileHandle;
  private readonly length: number;
  constructor(file: FileHandle, length: number) {
    this.file = file;
    this.length = length;
  }
  /** Shorter than asked for only at the end of the file. */
  async bytes(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.length);
    if (position < this.start || end > this.start + this.held.length) {
      this.start = position;
      this.held = await readAt(
        this.file,
        position,
        Math.min(Math.max(length, 1 << 20), this.length - position),
      );
    }
    return this.held.subarray(position - this.start, end - this.start);
  }
}
