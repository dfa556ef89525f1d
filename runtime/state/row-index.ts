// Which rows there are and where their values lie: in memory, sorted by part within a key. Pure.
import { compareText, firstNotBefore } from './order.ts';

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

/** A block that grows beyond this is split: so a row among 100,000 of one key costs what one among a few does. */
const BLOCK = 512;

export class RowIndex {
  /** The blocks of a key's rows, in order; none is empty. */
  private keys = new Map<string, Rows[]>();

  get(objectKey: string, part: string): Place | undefined {
    const blocks = this.keys.get(objectKey);
    if (!blocks) return undefined;
    const { parts, places } = blocks[blockOf(blocks, part)]!;
    const at = firstFrom(parts, part);
    return parts[at] === part ? places[at] : undefined;
  }

  /** Returns where the row's value lay before. */
  set(objectKey: string, part: string, place: Place): Place | undefined {
    const blocks = this.keys.get(objectKey);
    if (!blocks) {
      this.keys.set(objectKey, [{ parts: [part], places: [place] }]);
      return undefined;
    }
    const number = blockOf(blocks, part);
    const { parts, places } = blocks[number]!;
    const at = firstFrom(parts, part);
    if (parts[at] === part) {
      const before = places[at];
      places[at] = place;
      return before;
    }
    parts.splice(at, 0, part);
    places.splice(at, 0, place);
    if (parts.length > BLOCK) {
      // Rows that come in order leave full blocks behind.
      const keep = at === parts.length - 1 ? BLOCK : BLOCK >>> 1;
      blocks.splice(number + 1, 0, { parts: parts.splice(keep), places: places.splice(keep) });
    }
    return undefined;
  }

  /** Returns where the row's value lay, if there was one. */
  delete(objectKey: string, part: string): Place | undefined {
    const blocks = this.keys.get(objectKey);
    if (!blocks) return undefined;
    const number = blockOf(blocks, part);
    const { parts, places } = blocks[number]!;
    const at = firstFrom(parts, part);
    if (parts[at] !== part) return undefined;
    const before = places[at];
    if (parts.length > 1) {
      parts.splice(at, 1);
      places.splice(at, 1);
    } else if (blocks.length > 1) blocks.splice(number, 1);
    else this.keys.delete(objectKey);
    return before;
  }

  /** Rows of the key whose part starts with the prefix, in order, at most `limit`: a copy, untouched by later writes. */
  list(objectKey: string, prefix: string, limit: number): Rows {
    const found: Rows = { parts: [], places: [] };
    const blocks = this.keys.get(objectKey);
    if (!blocks) return found;
    const first = blockOf(blocks, prefix);
    for (let number = first; number < blocks.length; number++) {
      const { parts, places } = blocks[number]!;
      for (let at = number === first ? firstFrom(parts, prefix) : 0; at < parts.length; at++) {
        if (found.parts.length >= limit || !parts[at]!.startsWith(prefix)) return found;
        found.parts.push(parts[at]!);
        found.places.push(places[at]!);
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
function blockOf(blocks: readonly Rows[], part: string): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (blocks[middle]!.parts[0]! <= part) low = middle;
    else high = middle - 1;
  }
  return low;
}

function firstFrom(parts: readonly string[], from: string): number {
  // Parts written in order, as most are, go to the end.
  const last = parts.at(-1);
  return last === undefined || last < from ? parts.length : firstNotBefore(parts, from);
}
