// Rows of one processor partition in memory, over the rows of a state store: what was folded but not yet stored, and a
// bounded cache of what was. Pure: it reads the store below and never writes to it.
import type { Json } from '../../schemas/index.ts';
import { compareText, firstNotBefore } from '../state/order.ts';
import type { RowWrite } from '../state/state.ts';

/** What an overlay needs of the store below it. */
export interface RowReader {
  get(objectKey: string, part: string): Json | undefined;
  has(objectKey: string, part: string): boolean;
  /** In order, at most `limit`. */
  parts(objectKey: string, prefix: string, limit: number): string[];
}

const NOTHING: RowReader = { get: () => undefined, has: () => false, parts: () => [] };

/** Unstored rows of one object key. `undefined` is a deletion. The sorted parts are made at the first listing and kept. */
interface Dirty {
  rows: Map<string, Json | undefined>;
  sorted: string[] | null;
}

interface Undo {
  objectKey: string;
  part: string;
  had: boolean;
  value: Json | undefined;
}

export class Overlay implements RowReader {
  private readonly below: RowReader;
  private readonly cacheLimit: number;
  private dirty = new Map<string, Dirty>();
  private dirtyRows = 0;
  // Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
  private young = new Map<string, Map<string, Json | undefined>>();
  private old = new Map<string, Map<string, Json | undefined>>();
  private youngRows = 0;
  private undo: Undo[] | null = null;

  /** `cacheLimit`: stored rows kept in memory are at most twice this. */
  constructor(below: RowReader = NOTHING, cacheLimit = 1_000) {
    this.below = below;
    this.cacheLimit = cacheLimit;
  }

  /** Rows set since they were last taken. */
  get unstored(): number {
    return this.dirtyRows;
  }

  get(objectKey: string, part: string): Json | undefined {
    const dirty = this.dirty.get(objectKey)?.rows;
    if (dirty) {
      const value = dirty.get(part);
      if (value !== undefined || dirty.has(part)) return value;
    }
    if (this.below === NOTHING) return undefined;
    const young = this.young.get(objectKey)?.get(part);
    if (young !== undefined) return young;
    const value = this.old.get(objectKey)?.get(part) ?? this.below.get(objectKey, part);
    if (value !== undefined) this.cache(objectKey, part, value);
    return value;
  }

  /** Whether there is such a row; reads no value. */
  has(objectKey: string, part: string): boolean {
    const dirty = this.dirty.get(objectKey)?.rows;
    return dirty?.has(part) ? dirty.get(part) !== undefined : this.below.has(objectKey, part);
  }

  /** Parts of the key that start with `prefix`, in order, at most `limit`; reads no values. */
  parts(objectKey: string, prefix: string, limit = Number.POSITIVE_INFINITY): string[] {
    const dirty = this.dirty.get(objectKey);
    if (!dirty || dirty.rows.size === 0) return this.below.parts(objectKey, prefix, limit);
    dirty.sorted ??= [...dirty.rows.keys()].sort(compareText);
    const mine: string[] = [];
    let deleted = 0;
    for (let at = firstNotBefore(dirty.sorted, prefix); at < dirty.sorted.length; at++) {
      const part = dirty.sorted[at]!;
      if (mine.length - deleted >= limit || !part.startsWith(prefix)) break;
      mine.push(part);
      if (dirty.rows.get(part) === undefined) deleted++;
    }
    const stored = this.below.parts(objectKey, prefix, limit + deleted);
    return mine.length === 0 ? stored : merged(stored, mine, dirty.rows, limit);
  }

  /** Rows of the key whose part starts with `prefix`, in order. Each value is read when its turn comes. */
  *list(objectKey: string, prefix: string): Iterable<[part: string, value: Json]> {
    for (const part of this.parts(objectKey, prefix)) {
      const value = this.get(objectKey, part);
      if (value !== undefined) yield [part, value];
    }
  }

  set(objectKey: string, part: string, value: Json | undefined): void {
    let dirty = this.dirty.get(objectKey);
    if (!dirty) {
      dirty = { rows: new Map(), sorted: null };
      this.dirty.set(objectKey, dirty);
    }
    const had = dirty.rows.has(part);
    this.undo?.push({ objectKey, part, had, value: had ? dirty.rows.get(part) : undefined });
    if (value === undefined && this.below === NOTHING) {
      if (had) this.remove(dirty, part);
      return;
    }
    dirty.rows.set(part, value);
    if (had) return;
    this.dirtyRows++;
    if (dirty.sorted) dirty.sorted.splice(firstNotBefore(dirty.sorted, part), 0, part);
  }

  private remove(dirty: Dirty, part: string): void {
    dirty.rows.delete(part);
    this.dirtyRows--;
    if (dirty.sorted) dirty.sorted.splice(firstNotBefore(dirty.sorted, part), 1);
  }

  /** Runs `fold`; when it throws, rows are as they were before. */
  atomically<T>(fold: () => T): T {
    const undo: Undo[] = [];
    this.undo = undo;
    try {
      return fold();
    } catch (error) {
      this.undo = null;
      for (const { objectKey, part, had, value } of undo.reverse()) {
        const dirty = this.dirty.get(objectKey);
        if (had) this.set(objectKey, part, value);
        else if (dirty?.rows.has(part)) this.remove(dirty, part);
      }
      throw error;
    } finally {
      this.undo = null;
    }
  }

  /** Takes the unstored rows out, to be written to the store below in one go; they stay readable from the cache. */
  take(): RowWrite[] {
    const writes: RowWrite[] = [];
    for (const [objectKey, { rows }] of this.dirty) {
      const cached = this.young.get(objectKey);
      for (const [part, value] of rows) {
        writes.push({ objectKey, part, value });
        if (value === undefined) {
          rows.delete(part);
          cached?.delete(part);
          this.old.get(objectKey)?.delete(part);
        } else cached?.set(part, value);
      }
      this.makeRoom();
      if (!this.young.has(objectKey)) this.young.set(objectKey, rows);
      this.youngRows += rows.size;
    }
    this.dirty = new Map();
    this.dirtyRows = 0;
    return writes;
  }

  /** All unstored rows, sorted; for tests that compare states. */
  dump(): [objectKey: string, part: string, value: Json][] {
    const all: [string, string, Json][] = [];
    for (const objectKey of [...this.dirty.keys()].sort())
      for (const [part, value] of this.list(objectKey, '')) all.push([objectKey, part, value]);
    return all;
  }

  private cache(objectKey: string, part: string, value: Json): void {
    this.makeRoom();
    let rows = this.young.get(objectKey);
    if (!rows) {
      rows = new Map();
      this.young.set(objectKey, rows);
    }
    rows.set(part, value);
    this.youngRows++;
  }

  private makeRoom(): void {
    if (this.youngRows < this.cacheLimit) return;
    this.old = this.young;
    this.young = new Map();
    this.youngRows = 0;
  }
}

/** Both in order, each part once, without those that `rows` deletes. */
function merged(
  stored: readonly string[],
  mine: readonly string[],
  rows: ReadonlyMap<string, Json | undefined>,
  limit: number,
): string[] {
  const parts: string[] = [];
  for (let at = 0, next = 0; parts.length < limit && (at < stored.length || next < mine.length); ) {
    const one = stored[at];
    const other = mine[next];
    const order = one === undefined ? 1 : other === undefined ? -1 : compareText(one, other);
    if (order <= 0) at++;
    if (order >= 0) next++;
    if (order < 0) parts.push(one!);
    else if (rows.get(other!) !== undefined) parts.push(other!);
  }
  return parts;
}
