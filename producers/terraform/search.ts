// Finds in a text any of very many patterns, in time that depends on the text only. Pure.
//
// A rolling hash of eight characters runs over the text; each pattern is anchored at its middle eight characters, where
// patterns of one kind (tokens, keys with a common header) differ most. A hit is verified, so there are no false ones.

export const SHORTEST_PATTERN = 8;
const WINDOW = SHORTEST_PATTERN;
const BASE = 0x01000193;
const LEAVING = power(BASE, WINDOW);

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base);
  return result;
}

function hashAt(text: string, start: number): number {
  let hash = 0;
  for (let i = start; i < start + WINDOW; i++) hash = (Math.imul(hash, BASE) + text.charCodeAt(i) + 1) | 0;
  return hash;
}

/** Patterns of one anchor hash, by where the anchor lies in them and how long they are. */
interface Shape {
  offset: number;
  length: number;
  patterns: Set<string>;
}

export interface Search {
  /** True when the text contains any of the patterns. */
  hits(text: string): boolean;
  readonly patterns: number;
}

/** Patterns shorter than SHORTEST_PATTERN are refused: callers must not believe that they are found. */
export function createSearch(patterns: ReadonlySet<string>): Search {
  const shapes = new Map<number, Shape[]>();
  let bits = 16;
  while (2 ** bits < patterns.size * 32 && bits < 27) bits++;
  const filter = new Uint8Array(2 ** (bits - 3));
  const shift = 32 - bits;
  for (const pattern of patterns) {
    if (pattern.length < WINDOW) throw new RangeError(`a pattern is shorter than ${WINDOW} characters`);
    const offset = (pattern.length - WINDOW) >> 1;
    const hash = hashAt(pattern, offset);
    const slot = Math.imul(hash, 0x9e3779b1) >>> shift;
    filter[slot >> 3]! |= 1 << (slot & 7);
    const list = shapes.get(hash);
    const shape = list?.find(
      (candidate) => candidate.offset === offset && candidate.length === pattern.length,
    );
    if (shape) shape.patterns.add(pattern);
    else {
      const added = { offset, length: pattern.length, patterns: new Set([pattern]) };
      if (list) list.push(added);
      else shapes.set(hash, [added]);
    }
  }

  function verify(text: string, hash: number, anchor: number): boolean {
    for (const shape of shapes.get(hash) ?? []) {
      const start = anchor - shape.offset;
      if (start < 0 || start + shape.length > text.length) continue;
      if (shape.patterns.has(text.slice(start, start + shape.length))) return true;
    }
    return false;
  }

  function hits(text: string): boolean {
    const last = text.length - WINDOW;
    if (last < 0 || patterns.size === 0) return false;
    let hash = hashAt(text, 0);
    for (let i = 0; ; i++) {
      const slot = Math.imul(hash, 0x9e3779b1) >>> shift;
      if ((filter[slot >> 3]! & (1 << (slot & 7))) !== 0 && verify(text, hash, i)) return true;
      if (i === last) return false;
      hash =
        (Math.imul(hash, BASE) +
          text.charCodeAt(i + WINDOW) +
          1 -
          Math.imul(LEAVING, text.charCodeAt(i) + 1)) |
        0;
    }
  }

  return { hits, patterns: patterns.size };
}
