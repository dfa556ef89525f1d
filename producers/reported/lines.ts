// The lines of a growing file from a place on, in bounded memory, and how to tell that it is no longer the same file. IO.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** How much of its beginning says that a file is the one that was read. */
const HEAD_BYTES = 1_024;
const CHUNK = 64 * 1024;
const NEWLINE = 0x0a;

interface Line {
  /** Null: longer than allowed. */
  bytes: Buffer | null;
  /** Where it begins in the file. */
  start: number;
  /** Where the next one begins. */
  end: number;
  /** False for the last one when no newline ends it: perhaps it is still being written. */
  ended: boolean;
}

/** Lines from byte `from` to byte `to`. Of a line that is too long nothing is kept but its place. */
export async function* linesOf(
  path: string,
  { from, to, maxBytes, signal }: { from: number; to: number; maxBytes: number; signal: AbortSignal },
): AsyncGenerator<Line[]> {
  let kept: Buffer[] = [];
  let size = 0;
  let start = from;
  const lineOf = (end: number, ended: boolean): Line => {
    const line = { bytes: size > maxBytes ? null : Buffer.concat(kept), start, end, ended };
    kept = [];
    size = 0;
    start = end;
    return line;
  };
  const take = (part: Buffer): void => {
    size += part.length;
    if (size <= maxBytes) kept.push(part);
    else kept = [];
  };
  if (to <= from) return;
  let at = from;
  for await (const chunk of createReadStream(path, {
    start: from,
    end: to - 1,
    highWaterMark: CHUNK,
    signal,
  })) {
    const bytes = chunk as Buffer;
    const lines: Line[] = [];
    let begun = 0;
    for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = bytes.indexOf(NEWLINE, begun)) {
      take(bytes.subarray(begun, newline));
      begun = newline + 1;
      lines.push(lineOf(at + begun, true));
    }
    take(bytes.subarray(begun));
    at += bytes.length;
    if (lines.length > 0) yield lines;
  }
  if (size > 0) yield [lineOf(at, false)];
}

/** A hash over the first bytes, of those that were read: `length` and hash as one text. */
export async function headOf(path: string, read: number): Promise<string> {
  const length = Math.min(read, HEAD_BYTES);
  const bytes = await bytesOf(path, 0, length);
  return `${length}:${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
}

/** Whether the file still begins as it did then. */
export async function beginsAs(path: string, head: string): Promise<boolean> {
  return (await headOf(path, Number(head.split(':', 1)[0]))) === head;
}

/** Up to `length` bytes from a place on. */
export async function bytesOf(path: string, from: number, length: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
