// Which rows there are and where their values lie: in memory, sorted by part within a key. Pure.
//
// The rows of a key are one text, packed: a key of the detector has five to seven rows, and a string, an object and two
// array elements of each would take four times the memory, all of it for the collector to go through again and again. The
// few keys that have many rows keep them otherwise (large-key.ts): to look through a text takes time.
//
//   row      length of the part · part · segment · position · length · 0, or 1 + length of the small value · small value
//   number   seven bits a character, the lowest first; 128 is added to all but the last
import { LargeKey } from './large-key.ts';
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

/** A key with more rows than this has them in blocks: so a row among 100,000 of one key costs what one among a few does. */
const PACKED_ROWS = 64;

export class RowIndex {
  /** Packed rows; of a key that once had many, a structure for many. */
  private keys = new Map<string, string | LargeKey>();

  get(objectKey: string, part: string): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return undefined;
    if (typeof rows !== 'string') return rows.get(part);
    return cursor.find(rows, part) ? cursor.place() : undefined;
  }

  has(objectKey: string, part: string): boolean {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return false;
    return typeof rows === 'string' ? cursor.find(rows, part) : rows.has(part);
  }

  /** Returns where the row's value lay before. */
  set(objectKey: string, part: string, place: Place): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) {
      this.keys.set(objectKey, flat(packedRow(part, place)));
      return undefined;
    }
    if (typeof rows !== 'string') return rows.set(part, place);
    const before = cursor.find(rows, part) ? cursor.place() : undefined;
    const rest = rows.slice(before ? cursor.at : cursor.row);
    const changed = flat(rows.slice(0, cursor.row) + packedRow(part, place) + rest);
    const isLarge = !before && cursor.count(changed) > PACKED_ROWS;
    this.keys.set(objectKey, isLarge ? unpacked(changed) : changed);
    return before;
  }

  /** Returns where the row's value lay, if there was one. */
  delete(objectKey: string, part: string): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return undefined;
    if (typeof rows !== 'string') {
      const before = rows.delete(part);
      if (rows.isEmpty) this.keys.delete(objectKey);
      return before;
    }
    if (!cursor.find(rows, part)) return undefined;
    const before = cursor.place();
    const left = rows.slice(0, cursor.row) + rows.slice(cursor.at);
    if (left === '') this.keys.delete(objectKey);
    else this.keys.set(objectKey, flat(left));
    return before;
  }

  /** Rows of the key whose part starts with the prefix, in order, at most `limit`: a copy, untouched by later writes. */
  list(objectKey: string, prefix: string, limit: number): Rows {
    const found: Rows = { parts: [], places: [] };
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return found;
    if (typeof rows === 'string')
      eachPacked(rows, prefix, limit, (part) => {
        found.parts.push(part);
        found.places.push(cursor.place());
      });
    else
      rows.each(prefix, limit, (part, place) => {
        found.parts.push(part);
        found.places.push(place());
      });
    return found;
  }

  /** The parts alone. */
  parts(objectKey: string, prefix: string, limit: number): string[] {
    const parts: string[] = [];
    const rows = this.keys.get(objectKey);
    if (rows === undefined) return parts;
    if (typeof rows === 'string')
      eachPacked(rows, prefix, limit, (part) => {
        parts.push(part);
        cursor.pass();
      });
    else rows.each(prefix, limit, (part) => parts.push(part));
    return parts;
  }

  /** All keys, in order. */
  sortedKeys(): string[] {
    return [...this.keys.keys()].sort(compareText);
  }
}

/** Calls back for each row that is wanted, with the cursor behind its part; the callback moves it on. */
function eachPacked(rows: string, prefix: string, limit: number, row: (part: string) => void): void {
  let left = limit;
  cursor.begin(rows);
  while (left > 0 && cursor.next()) {
    const part = cursor.part();
    if (part.startsWith(prefix)) {
      left--;
      row(part);
    } else if (part > prefix) return;
    else cursor.pass();
  }
}

function unpacked(packed: string): LargeKey {
  const rows = new LargeKey();
  cursor.begin(packed);
  while (cursor.next()) rows.append(flat(cursor.part()), cursor.place());
  return rows;
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
