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

/**
 * The key that is being decided on: about twenty questions are asked of its rows for one event, and most are for rows
 * that it does not have.
 */
interface Focus {
  objectKey: string;
  /** The parts of its rows, stored or not, in order. */
  parts: string[];
}

/** A key with more rows is never held in focus: its parts would be copied for every event. */
const FOCUS_ROWS = 64;

/** So many answers about the key that lasts are kept. */
const ANSWERS = 1_000;

export class Overlay implements RowReader {
  private readonly below: RowReader;
  private readonly cacheLimit: number;
  /** A key that is asked about at every event, mostly for rows that it does not have, and that seldom changes. */
  private readonly lasting: string | null;
  /** What was answered about it since it last changed. */
  private answers = new Map<string, Json | undefined>();
  private dirty = new Map<string, Dirty>();
  private dirtyRows = 0;
  // Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
  private young = new Map<string, Map<string, Json | undefined>>();
  private old = new Map<string, Map<string, Json | undefined>>();
  private youngRows = 0;
  private undo: Undo[] | null = null;
  private focus: Focus | null = null;
  /** The key that was last found to have too many rows. */
  private large: string | null = null;

  /** `cacheLimit`: stored rows kept in memory are at most twice this, and some answers about `lasting`. */
  constructor(below: RowReader = NOTHING, cacheLimit = 250, lasting: string | null = null) {
    this.below = below;
    this.cacheLimit = cacheLimit;
    this.lasting = lasting;
  }

  /** Rows set since they were last taken. */
  get unstored(): number {
    return this.dirtyRows;
  }

  /** What is read next is mostly of this key. Changes no answer. */
  focusOn(objectKey: string): void {
    if (this.focus?.objectKey === objectKey || this.large === objectKey) return;
    this.focus = null;
    const parts = this.parts(objectKey, '', FOCUS_ROWS + 1);
    if (parts.length <= FOCUS_ROWS) this.focus = { objectKey, parts };
    else this.large = objectKey;
  }

  get(objectKey: string, part: string): Json | undefined {
    if (objectKey !== this.lasting) return this.find(objectKey, part);
    const { answers } = this;
    const known = answers.get(part);
    if (known !== undefined || answers.has(part)) return known;
    const value = this.find(objectKey, part);
    if (answers.size >= ANSWERS) answers.clear();
    answers.set(part, value);
    return value;
  }

  private find(objectKey: string, part: string): Json | undefined {
    if (this.focus?.objectKey === objectKey && !isAmong(this.focus.parts, part)) return undefined;
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
    if (this.focus?.objectKey === objectKey) return isAmong(this.focus.parts, part);
    const dirty = this.dirty.get(objectKey)?.rows;
    return dirty?.has(part) ? dirty.get(part) !== undefined : this.below.has(objectKey, part);
  }

  /** Parts of the key that start with `prefix`, in order, at most `limit`; reads no values. */
  parts(objectKey: string, prefix: string, limit = Number.POSITIVE_INFINITY): string[] {
    if (this.focus?.objectKey === objectKey) return startingWith(this.focus.parts, prefix, limit);
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
    if (this.focus?.objectKey === objectKey) this.focusSet(this.focus, part, value !== undefined);
    if (objectKey === this.lasting) this.answers.clear();
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

  private focusSet(focus: Focus, part: string, present: boolean): void {
    const { parts } = focus;
    const at = firstNotBefore(parts, part);
    const isPresent = parts[at] === part;
    if (isPresent && !present) parts.splice(at, 1);
    else if (!isPresent && present) {
      parts.splice(at, 0, part);
      if (parts.length > FOCUS_ROWS) this.focus = null;
    }
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
      this.focus = null;
      this.answers.clear();
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

const isAmong = (sorted: readonly string[], part: string): boolean =>
  sorted[firstNotBefore(sorted, part)] === part;

function startingWith(sorted: readonly string[], prefix: string, limit: number): string[] {
  const found: string[] = [];
  for (let at = firstNotBefore(sorted, prefix); at < sorted.length && found.length < limit; at++) {
    const part = sorted[at]!;
    if (!part.startsWith(prefix)) break;
    found.push(part);
  }
  return found;
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
