// The rows of one key that has many: members of a scope, parts of one object. In blocks of parallel arrays, sorted by part:
// finding one among 100,000 takes some twenty comparisons of texts, and adding one moves no more than a block. Pure.
import { firstNotBefore } from './order.ts';
import type { Place } from './row-index.ts';

interface Block {
  /** In order; never empty. */
  parts: string[];
  /** Segment, position and length of each row. */
  numbers: number[];
  /** Null: no row has one. */
  smalls: (string | null)[] | null;
}

/** A block that grows beyond this is split. */
const BLOCK = 64;
const NUMBERS = 3;

export class LargeKey {
  /** In order; none is empty. */
  private readonly blocks: Block[] = [];
  /** The first part of each, once more: that of the right block is looked for among these alone. */
  private readonly firsts: string[] = [];

  /** Takes rows that come in order. */
  append(part: string, place: Place): void {
    const last = this.blocks.at(-1);
    if (last !== undefined && last.parts.length < BLOCK) insert(last, last.parts.length, part, place);
    else this.add(this.blocks.length, blockOf(part, place));
  }

  get isEmpty(): boolean {
    return this.blocks.length === 0;
  }

  get(part: string): Place | undefined {
    const block = this.blocks[this.blockFor(part)];
    if (block === undefined) return undefined;
    const at = firstNotBefore(block.parts, part);
    return block.parts[at] === part ? placeAt(block, at) : undefined;
  }

  has(part: string): boolean {
    const parts = this.blocks[this.blockFor(part)]?.parts;
    return parts !== undefined && parts[firstNotBefore(parts, part)] === part;
  }

  /** Returns where the row's value lay before. */
  set(part: string, place: Place): Place | undefined {
    const number = this.blockFor(part);
    const block = this.blocks[number];
    if (block === undefined) {
      this.add(0, blockOf(part, place));
      return undefined;
    }
    const at = firstNotBefore(block.parts, part);
    if (block.parts[at] === part) {
      const before = placeAt(block, at);
      replace(block, at, place);
      return before;
    }
    insert(block, at, part, place);
    if (at === 0) this.firsts[number] = part;
    // Rows that come in order leave full blocks behind.
    if (block.parts.length > BLOCK) this.add(number + 1, cutOff(block, at === BLOCK ? BLOCK : BLOCK >>> 1));
    return undefined;
  }

  /** Returns where the row's value lay, if there was one. */
  delete(part: string): Place | undefined {
    const number = this.blockFor(part);
    const block = this.blocks[number];
    if (block === undefined) return undefined;
    const at = firstNotBefore(block.parts, part);
    if (block.parts[at] !== part) return undefined;
    const before = placeAt(block, at);
    if (block.parts.length === 1) {
      this.blocks.splice(number, 1);
      this.firsts.splice(number, 1);
    } else {
      block.parts.splice(at, 1);
      if (at === 0) this.firsts[number] = block.parts[0]!;
      block.numbers.splice(at * NUMBERS, NUMBERS);
      block.smalls?.splice(at, 1);
    }
    return before;
  }

  /** Calls back with the rows whose part starts with the prefix, in order, at most `limit`. */
  each(prefix: string, limit: number, row: (part: string, place: () => Place) => void): void {
    let left = limit;
    for (let number = this.blockFor(prefix); number < this.blocks.length; number++) {
      const block = this.blocks[number]!;
      const { parts } = block;
      for (let at = firstNotBefore(parts, prefix); at < parts.length; at++) {
        const part = parts[at]!;
        if (left-- <= 0 || !part.startsWith(prefix)) return;
        row(part, () => placeAt(block, at));
      }
    }
  }

  private add(number: number, block: Block): void {
    this.blocks.splice(number, 0, block);
    this.firsts.splice(number, 0, block.parts[0]!);
  }

  /** The block where the part is or belongs: the last one that does not begin after it. */
  private blockFor(part: string): number {
    const { firsts } = this;
    let low = 0;
    let high = firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (firsts[middle]! <= part) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const blockOf = (part: string, { segment, position, length, small }: Place): Block => ({
  parts: [part],
  numbers: [segment, position, length],
  smalls: small === null ? null : [small],
});

function placeAt({ numbers, smalls }: Block, at: number): Place {
  const first = at * NUMBERS;
  return {
    segment: numbers[first]!,
    position: numbers[first + 1]!,
    length: numbers[first + 2]!,
    small: smalls === null ? null : smalls[at]!,
  };
}

function insert(block: Block, at: number, part: string, { segment, position, length, small }: Place): void {
  if (small !== null) block.smalls ??= block.parts.map(() => null);
  block.parts.splice(at, 0, part);
  block.numbers.splice(at * NUMBERS, 0, segment, position, length);
  block.smalls?.splice(at, 0, small);
}

function replace(block: Block, at: number, { segment, position, length, small }: Place): void {
  const { numbers } = block;
  const first = at * NUMBERS;
  numbers[first] = segment;
  numbers[first + 1] = position;
  numbers[first + 2] = length;
  if (small !== null) block.smalls ??= block.parts.map(() => null);
  if (block.smalls !== null) block.smalls[at] = small;
}

/** Leaves so many rows in the block and returns the rest as another. */
const cutOff = (block: Block, keep: number): Block => ({
  parts: block.parts.splice(keep),
  numbers: block.numbers.splice(keep * NUMBERS),
  smalls: block.smalls === null ? null : block.smalls.splice(keep),
});
