// One CloudTrail file, read once from its start: its records as they end, what was wrong, its fingerprint. IO.
//
// Memory is bounded by one record, whatever the file holds or decompresses to.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Slice } from './record-splitter.ts';
import { RecordSplitter } from './record-splitter.ts';

export interface CloudtrailLimits {
  /** Decompressed bytes of one file. */
  fileBytes: number;
  /** Bytes of one record; CloudTrail's own limit is 256 KB. */
  recordBytes: number;
  /** Decompressed to compressed bytes, looked at from 8 MB on. Real files are at 10 to 30. */
  ratio: number;
  /** Event ids remembered to leave out copies. */
  rememberedIds: number;
}

const RATIO_FROM = 8 * 1024 * 1024;
const CHUNK = 64 * 1024;
/** Bad records of one file that get a dead letter each; the rest share one. */
const LETTERS_PER_FILE = 10;
/** Bytes of a refused file that are kept with its dead letter. */
const KEPT_ORIGINAL = 1024 * 1024;

/** Why a file is refused; its text goes into the dead letter. */
class Refused extends Error {}

/** What is known of a file while it is read once. */
export class FileReading {
  readonly path: string;
  records = 0;
  badRecords = 0;
  /** The bytes ended before the structure did: perhaps the file is still being written. */
  early = false;
  readonly ignored = new Map<string, number>();
  readonly letters: { reason: string; bytes: Buffer | null }[] = [];
  readonly #limits: CloudtrailLimits;
  readonly #splitter: RecordSplitter;
  readonly #hash = createHash('sha256');
  #compressed = 0;
  #total = 0;

  constructor(path: string, limits: CloudtrailLimits) {
    this.path = path;
    this.#limits = limits;
    this.#splitter = new RecordSplitter(limits.recordBytes);
  }

  bad(reason: string, bytes: Buffer | null): void {
    this.badRecords++;
    if (this.letters.length < LETTERS_PER_FILE) this.letters.push({ reason, bytes });
  }

  count(reason: string): void {
    this.ignored.set(reason, (this.ignored.get(reason) ?? 0) + 1);
  }

  hash(): string {
    return this.#hash.digest('hex').slice(0, 32);
  }

  /** Streams the file through (gzip told by its first bytes, not its name) and hands over records as they end. */
  async read(signal: AbortSignal, take: (slices: Slice[]) => Promise<void>): Promise<void> {
    const gzipped = await isGzip(this.path);
    const tap = async function* (this: FileReading, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of source) {
        this.#compressed += chunk.length;
        this.#hash.update(chunk);
        yield chunk;
      }
    }.bind(this);
    const consume = async (source: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of source) {
        this.#measure(chunk.length, gzipped);
        await take(this.#splitter.push(chunk));
      }
    };
    const input = createReadStream(this.path, { highWaterMark: CHUNK });
    try {
      if (gzipped) {
        const inflate = createGunzip({ chunkSize: CHUNK });
        await pipeline(input, tap, inflate, consume, { signal });
      } else await pipeline(input, tap, consume, { signal });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') this.early = true;
      throw error;
    }
  }

  /** Why the file, read to its end, is still not all right. */
  refusal(): string | null {
    const ending = this.#splitter.end();
    if (ending === 'truncated') {
      this.early = true;
      return 'ends in the middle of a record or list';
    }
    if (ending === 'not-json') return 'is not JSON';
    return null;
  }

  #measure(bytes: number, gzipped: boolean): void {
    this.#total += bytes;
    const { fileBytes, ratio } = this.#limits;
    if (this.#total > fileBytes) throw new Refused(`holds more than ${fileBytes} bytes of text`);
    if (gzipped && this.#total > RATIO_FROM && this.#total > this.#compressed * ratio)
      throw new Refused(`decompresses to more than ${ratio} times its size`);
  }
}

/** What to say of an error that the file's contents caused; null for one of the file system. */
export function refusalOf(error: unknown): string | null {
  if (error instanceof Refused) return error.message;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'Z_BUF_ERROR') return 'is a gzip file that ends too early';
  return code.startsWith('Z_') ? 'is not a readable gzip file' : null;
}

export async function firstBytes(path: string, length = KEPT_ORIGINAL): Promise<Buffer> {
  const handle = await open(path).catch(() => null);
  if (!handle) return Buffer.alloc(0);
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, 0);
    return Buffer.from(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const start = Buffer.alloc(2);
    const { bytesRead } = await handle.read(start, 0, 2, 0);
    return bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
