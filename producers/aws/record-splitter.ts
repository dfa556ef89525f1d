// Cuts a byte stream into CloudTrail records without holding more than one of them. Pure: bytes in, slices out.
//
// Takes `{"Records":[…]}` (also `{"Events":[…]}`, as LookupEvents answers), a bare array, and objects one after another
// (NDJSON). It only matches brackets and strings; whether a slice is JSON, and a record at all, is for its reader to say:
// whatever stands in the list comes out, so that nothing in it is passed over in silence.

export interface Slice {
  /** The bytes of one record, or of what stands in its place; null when it was larger than allowed and left out. */
  bytes: Buffer | null;
  /** Its size as it stood in the stream. */
  size: number;
}

/** How a stream ended: `truncated` inside a record or list; `not-json` before any; `no-records`: an object of another sort. */
type Ending = 'complete' | 'truncated' | 'not-json' | 'empty';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const MAX_NAME = 16;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

export class RecordSplitter {
  readonly #limit: number;
  #depth = 0;
  /** Depth of the list whose elements are records; -1: none, so each top-level object is one. */
  #listDepth = -1;
  #inString = false;
  #escaped = false;
  /** Text of the last string at depth 1, to see `"Records": [`. */
  #name = '';
  #afterName = false;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** What is being captured; a word is what is neither in brackets nor in quotes (a number, `null`). */
  #capturing: 'brackets' | 'text' | 'word' | null = null;
  /** The captured object turned out to be the wrapper of a list. */
  #sawAny = false;
  #broken = false;

  /** `limit`: bytes of one record; larger ones come out with no bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Records that end in this chunk. Stops for good (`broken`) at bytes that cannot be JSON. */
  push(chunk: Buffer): Slice[] {
    const slices: Slice[] = [];
    if (this.#broken) return slices;
    let start = this.#capturing ? 0 : -1;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#inString) {
        i = this.#skipString(chunk, i);
        if (!this.#inString && this.#capturing === 'text') {
          slices.push(this.#take(chunk.subarray(start, i + 1)));
          start = -1;
        }
        continue;
      }
      if (this.#capturing === 'word' && this.#endsWord(byte)) {
        slices.push(this.#take(chunk.subarray(start, i)));
        start = -1;
      }
      switch (byte) {
        case QUOTE:
          if (this.#depth === 0) return this.#break(slices);
          this.#inString = true;
          if (this.#startsElement()) {
            this.#capturing = 'text';
            start = i;
          }
          if (this.#depth === 1) {
            this.#name = '';
            this.#afterName = true;
          }
          break;
        case OPEN_OBJECT:
        case OPEN_LIST: {
          if (byte === OPEN_LIST && this.#opensRecords()) {
            // The wrapper was captured up to here as if it were a record: it is not one.
            this.#listDepth = this.#depth + 1;
            this.#drop();
            start = -1;
          } else if (byte === OPEN_OBJECT ? this.#startsRecord() : this.#startsElement()) {
            this.#capturing = 'brackets';
            start = i;
          }
          this.#afterName = false;
          this.#depth++;
          this.#sawAny = true;
          break;
        }
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          this.#afterName = false;
          this.#depth--;
          if (this.#depth < 0) return this.#break(slices);
          if (this.#capturing && this.#depth === this.#recordDepth()) {
            slices.push(this.#take(chunk.subarray(start, i + 1)));
            start = -1;
          } else if (this.#depth < this.#listDepth) this.#listDepth = -1;
          break;
        case COLON:
          break;
        case COMMA:
          this.#afterName = false;
          break;
        default:
          if (this.#depth === 0 && !isSpace(byte) && !(byte === 0xef || byte === 0xbb || byte === 0xbf))
            return this.#break(slices);
          if (this.#startsElement() && !isSpace(byte)) {
            this.#capturing = 'word';
            start = i;
          }
          break;
      }
    }
    if (this.#capturing && start >= 0) this.#keep(chunk.subarray(start));
    return slices;
  }

  /** What the stream was, once it has ended. */
  end(): Ending {
    if (this.#broken) return 'not-json';
    if (this.#depth > 0 || this.#inString) return 'truncated';
    return this.#sawAny ? 'complete' : 'empty';
  }

  #recordDepth(): number {
    return Math.max(this.#listDepth, 0);
  }

  #startsRecord(): boolean {
    return !this.#capturing && this.#depth === this.#recordDepth();
  }

  /** Whether what begins here, whatever it is, is an element of the list of records. */
  #startsElement(): boolean {
    return this.#depth === this.#listDepth && this.#startsRecord();
  }

  #endsWord(byte: number): boolean {
    return this.#depth === this.#listDepth && (byte === COMMA || byte === CLOSE_LIST || isSpace(byte));
  }

  #opensRecords(): boolean {
    if (this.#listDepth >= 0) return false;
    if (this.#depth === 0) return true;
    return this.#depth === 1 && this.#afterName && (this.#name === 'Records' || this.#name === 'Events');
  }

  #skipString(chunk: Buffer, from: number): number {
    const naming = this.#depth === 1 && this.#afterName;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        return i;
      }
      if (naming && this.#name.length < MAX_NAME) this.#name += String.fromCharCode(byte);
    }
    return chunk.length;
  }

  #keep(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > this.#limit) this.#kept = [];
    else this.#kept.push(bytes);
  }

  #take(last: Buffer): Slice {
    this.#keep(last);
    const size = this.#keptBytes;
    const slice: Slice = { bytes: size > this.#limit ? null : Buffer.concat(this.#kept), size };
    this.#drop();
    return slice;
  }

  #drop(): void {
    this.#capturing = null;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #break(slices: Slice[]): Slice[] {
    this.#broken = true;
    this.#drop();
    return slices;
  }
}
