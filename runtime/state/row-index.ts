// Which rows there are and where their values lie: in memory, sorted by part within a key. Pure.
import { compareText } from './order.ts';

/** Where a value lies. Segments are numbered in the order they were begun. */
export interface Place {
  readonly segment: number;
  readonly position: number;
  readonly length: number;
  /** The value itself (JSON text) when it is so short that its place would take as much memory: members of an index. */
  readonly small: string | null;
}

export const SMALL = 32;

/** Rows of one object key: parallel arrays in order of part. */
interface Rows {
  parts: string[];
  places: Place[];
}

export class RowIndex {
  private keys = new Map<string, Rows>();

  get(objectKey: string, part: string): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (!rows) return undefined;
    const at = firstFrom(rows.parts, part);
    return rows.parts[at] === part ? rows.places[at] : undefined;
  }

  /** Returns where the row's value lay before. */
  set(objectKey: string, part: string, place: Place): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (!rows) {
      this.keys.set(objectKey, { parts: [part], places: [place] });
      return undefined;
    }
    const at = firstFrom(rows.parts, part);
    if (rows.parts[at] === part) {
      const before = rows.places[at];
      rows.places[at] = place;
      return before;
    }
    rows.parts.splice(at, 0, part);
    rows.places.splice(at, 0, place);
    return undefined;
  }

  /** Returns where the row's value lay, if there was one. */
  delete(objectKey: string, part: string): Place | undefined {
    const rows = this.keys.get(objectKey);
    if (!rows) return undefined;
    const at = firstFrom(rows.parts, part);
    if (rows.parts[at] !== part) return undefined;
    const before = rows.places[at];
    if (rows.parts.length === 1) this.keys.delete(objectKey);
    else {
      rows.parts.splice(at, 1);
      rows.places.splice(at, 1);
    }
    return before;
  }

  /** Rows of the key whose part starts with the prefix, in order: a copy, untouched by later writes. */
  list(objectKey: string, prefix: string): Rows {
    const rows = this.keys.get(objectKey);
    if (!rows) return { parts: [], places: [] };
    const from = firstFrom(rows.parts, prefix);
    const to = firstBeyond(rows.parts, from, prefix);
    return { parts: rows.parts.slice(from, to), places: rows.places.slice(from, to) };
  }

  /** All keys, in order. */
  sortedKeys(): string[] {
    return [...this.keys.keys()].sort(compareText);
  }
}

function firstFrom(parts: readonly string[], from: string): number {
  // Parts written in order, as most are, go to the end.
  const last = parts.at(-1);
  if (last === undefined || compareText(last, from) < 0) return parts.length;
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText(parts[middle]!, from) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first part at or after `from` that does not start with the prefix: those that do stand together. */
function firstBeyond(parts: readonly string[], from: number, prefix: string): number {
  let low = from;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (parts[middle]!.startsWith(prefix)) low = middle + 1;
    else high = middle;
  }
  return low;
}
