// Which rows there are and where their values lie: in memory, sorted by part within a key. Pure.
//
// The rows of a key (of a large one: a block of them) are one text, packed: a key of the detector has five to seven rows,
// and a string, an object and two array elements of each would take four times the memory, all of it for the collector to
// go through again and again.
//
//   row      length of the part · part · segment · position · length · 0, or 1 + length of the small value · small value
//   number   seven bits a character, the lowest first; 128 is added to all but the last
import { compareText } from './order.ts';

/** Where a value lies. Segments are numbered in the order they were begun. */
export interface Place {
  readonly segment: number;
  readonly position: number;
  readonly length: number;
  /** The value itself (its text) when it is so short that its place would take as much memory: members of an index. */
  readonly small: string | null;
}

export const SMALL = 32;

/** Some rows of one object key: parallel arrays in order of part. */
interface Rows {
  parts: string[];
  places: Place[];
}

interface Block {
  /** Its first part. */
  first: string;
  packed: string;
  rows: number;
}

/** A block that grows beyond this is split: so a row among 100,000 of one key costs what one among a few does. */
const BLOCK = 64;

export class RowIndex {
  /** Packed rows, or, of a key that once had more than a block of them, its blocks in order; none is empty. */
  private keys = new Map<string, string | Block[]>();

  get(objectKey: string, part: string): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return undefined;
    const packed = typeof rows === 'string' ? rows : rows[blockOf(rows, part)]!.packed;
    return cursor.find(packed, part) ? cursor.place() : undefined;
  }

  /** Returns where the row's value lay before. */
  set(objectKey: string, part: string, place: Place): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) {
      this.keys.set(objectKey, flat(packedRow(part, place)));
      return undefined;
    }
    const number = typeof rows === 'string' ? 0 : blockOf(rows, part);
    const packed = typeof rows === 'string' ? rows : rows[number]!.packed;
    const before = cursor.find(packed, part) ? cursor.place() : undefined;
    const rest = packed.slice(before ? cursor.at : cursor.row);
    const changed = flat(packed.slice(0, cursor.row) + packedRow(part, place) + rest);
    if (typeof rows !== 'string') {
      const block = rows[number]!;
      block.packed = changed;
      if (part < block.first) block.first = part;
      if (before) return before;
      // Rows that come in order leave full blocks behind.
      if (++block.rows > BLOCK) rows.splice(number, 1, ...split(changed, rest === '' ? BLOCK : BLOCK >>> 1));
      return undefined;
    }
    const isLarge = !before && cursor.count(changed) > BLOCK;
    this.keys.set(objectKey, isLarge ? split(changed, rest === '' ? BLOCK : BLOCK >>> 1) : changed);
    return before;
  }

  /** Returns where the row's value lay, if there was one. */
  delete(objectKey: string, part: string): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return undefined;
    const number = typeof rows === 'string' ? 0 : blockOf(rows, part);
    const packed = typeof rows === 'string' ? rows : rows[number]!.packed;
    if (!cursor.find(packed, part)) return undefined;
    const before = cursor.place();
    const left = packed.slice(0, cursor.row) + packed.slice(cursor.at);
    if (typeof rows === 'string') {
      if (left === '') this.keys.delete(objectKey);
      else this.keys.set(objectKey, flat(left));
      return before;
    }
    if (left !== '') {
      const block = rows[number]!;
      block.packed = flat(left);
      block.rows--;
    } else if (rows.length > 1) rows.splice(number, 1);
    else this.keys.delete(objectKey);
    return before;
  }

  /** Rows of the key whose part starts with the prefix, in order, at most `limit`: a copy, untouched by later writes. */
  list(objectKey: string, prefix: string, limit: number): Rows {
    const found: Rows = { parts: [], places: [] };
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return found;
    const blocks = typeof rows === 'string' ? null : rows;
    for (let number = blocks ? blockOf(blocks, prefix) : 0; number < (blocks?.length ?? 1); number++) {
      cursor.begin(blocks ? blocks[number]!.packed : (rows as string));
      while (cursor.next()) {
        if (found.parts.length >= limit) return found;
        const part = cursor.part();
        if (part.startsWith(prefix)) {
          found.parts.push(part);
          found.places.push(cursor.place());
        } else if (part > prefix) return found;
        else cursor.pass();
      }
    }
    return found;
  }

  /** All keys, in order. */
  sortedKeys(): string[] {
    return [...this.keys.keys()].sort(compareText);
  }
}

/** The block where the part is or belongs: the last one that does not begin after it. */
function blockOf(blocks: readonly Block[], part: string): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (blocks[middle]!.first <= part) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Two blocks, the first of so many rows. */
function split(packed: string, keep: number): Block[] {
  cursor.begin(packed);
  for (let row = 0; row < keep; row++) {
    cursor.next();
    cursor.pass();
  }
  return [blockFrom(packed.slice(0, cursor.at)), blockFrom(packed.slice(cursor.at))];
}

function blockFrom(rows: string): Block {
  const packed = flat(rows);
  cursor.begin(packed);
  cursor.next();
  return { first: flat(cursor.part()), packed, rows: cursor.count(packed) };
}

const packedRow = (part: string, { segment, position, length, small }: Place): string =>
  packedNumber(part.length) +
  part +
  packedNumber(segment) +
  packedNumber(position) +
  packedNumber(length) +
  (small === null ? '\0' : packedNumber(1 + small.length) + small);

function packedNumber(value: number): string {
  let text = '';
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) text += String.fromCharCode(128 + (rest % 128));
  return text + String.fromCharCode(rest);
}

/**
 * The same text in memory of its own: what is cut out of texts and put together keeps all of them alive. One byte a
 * character, unless one needs two.
 */
function flat(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  const copy = bytes.toString('latin1');
  return copy === text ? copy : Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Goes through packed rows. There is one: nothing here is interrupted. */
class Cursor {
  /** Where the row begins. */
  row = 0;
  at = 0;
  private packed = '';
  private partAt = 0;
  private partLength = 0;

  begin(packed: string): void {
    this.packed = packed;
    this.at = 0;
  }

  /** To the next row, behind its part; false at the end. */
  next(): boolean {
    this.row = this.at;
    if (this.at >= this.packed.length) return false;
    this.partLength = this.number();
    this.partAt = this.at;
    this.at += this.partLength;
    return true;
  }

  part(): string {
    return this.packed.slice(this.partAt, this.partAt + this.partLength);
  }

  /** To the end of the row. */
  place(): Place {
    const segment = this.number();
    const position = this.number();
    const length = this.number();
    const smallLength = this.number() - 1;
    if (smallLength < 0) return { segment, position, length, small: null };
    const small = this.packed.slice(this.at, this.at + smallLength);
    this.at += smallLength;
    return { segment, position, length, small };
  }

  pass(): void {
    this.number();
    this.number();
    this.number();
    const smallLength = this.number() - 1;
    if (smallLength > 0) this.at += smallLength;
  }

  /** To the row of the part, behind the part; or, when there is none, to where it belongs (`row`). */
  find(packed: string, part: string): boolean {
    this.begin(packed);
    while (this.next()) {
      if (this.partLength === part.length && packed.startsWith(part, this.partAt)) return true;
      if (this.comesAfter(part)) return false;
      this.pass();
    }
    return false;
  }

  count(packed: string): number {
    this.begin(packed);
    let rows = 0;
    for (; this.next(); rows++) this.pass();
    return rows;
  }

  private comesAfter(part: string): boolean {
    const length = Math.min(part.length, this.partLength);
    for (let i = 0; i < length; i++) {
      const difference = this.packed.charCodeAt(this.partAt + i) - part.charCodeAt(i);
      if (difference !== 0) return difference > 0;
    }
    return this.partLength > part.length;
  }

  private number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const character = this.packed.charCodeAt(this.at++);
      // At the end (which whole rows never meet) it is NaN, and must end too.
      if (!(character >= 128)) return value + character * scale;
      value += (character - 128) * scale;
    }
  }
}

const cursor = new Cursor();
