// Finds files in directory trees, again and again, at a cost of the directories rather than the files. IO; says nothing
// of what is in the files.
import type { FSWatcher, Stats } from 'node:fs';
import { watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { type Clock, WOKEN } from '../runtime/clock.ts';

/** A directory whose time is this close to its scan may have changed again within the same tick of the clock. */
const SETTLED_MS = 2_000;
/** Watches cost a kernel resource each; trees with more directories are found by polling. */
const MAX_WATCHES = 512;

interface Found {
  path: string;
  stats: Stats;
}

interface FileChoice {
  wanted(path: string): boolean;
  /** False leaves a directory and all below it out. */
  enter(directory: string): boolean;
  /** The clock of the file times: milliseconds since the epoch. */
  now(): number;
}

export class FileTree {
  readonly #roots: readonly string[];
  readonly #choice: FileChoice;
  readonly #seen = new Map<string, number>();
  readonly #watches = new Map<string, FSWatcher>();
  readonly #dirty = new Set<string>();
  #notify: (() => void) | null = null;

  constructor(roots: readonly string[], choice: FileChoice) {
    this.#roots = roots;
    this.#choice = choice;
  }

  /** Watches directories as they are found, and calls back (coalescing is the caller's) when something moved. */
  watch(notify: () => void): void {
    this.#notify = notify;
  }

  close(): void {
    for (const watcher of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  /**
   * Wanted files in path order. `everything`: of all directories; otherwise only of those whose entries changed since the
   * last look. A root that is not there throws ENOENT; what vanishes meanwhile is left out.
   */
  async *scan(everything: boolean): AsyncGenerator<Found> {
    for (const root of this.#roots) {
      await stat(root);
      yield* this.#walk(root, everything);
    }
  }

  /** What watches reported since the last call. */
  async *moved(): AsyncGenerator<Found> {
    const paths = [...this.#dirty].sort();
    this.#dirty.clear();
    for (const path of paths) {
      const stats = await statOrNull(path);
      if (stats?.isDirectory()) yield* this.#walk(path, false);
      else if (stats?.isFile() && this.#choice.wanted(path)) yield { path, stats };
    }
  }

  async *#walk(directory: string, everything: boolean): AsyncGenerator<Found> {
    const stats = this.#choice.enter(directory) ? await statOrNull(directory) : null;
    if (!stats) return;
    this.#watch(directory);
    const unchanged = !everything && this.#seen.get(directory) === stats.mtimeMs;
    if (this.#choice.now() - stats.mtimeMs > SETTLED_MS) this.#seen.set(directory, stats.mtimeMs);
    const entries = await readdir(directory, { withFileTypes: true }).catch(none);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) yield* this.#walk(path, everything);
      else if (!unchanged && (entry.isFile() || entry.isSymbolicLink()) && this.#choice.wanted(path)) {
        const found = await statOrNull(path);
        if (found?.isFile()) yield { path, stats: found };
      }
    }
  }

  #watch(directory: string): void {
    const notify = this.#notify;
    if (!notify || this.#watches.has(directory) || this.#watches.size >= MAX_WATCHES) return;
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) => {
        if (name !== null) this.#dirty.add(join(directory, name));
        notify();
      });
      const forget = (): void => {
        watcher.close();
        this.#watches.delete(directory);
      };
      watcher.on('error', forget);
      this.#watches.set(directory, watcher);
    } catch {
      // No watches to be had (limits, network file systems): polling finds the files, later.
    }
  }
}

/** Null when it is gone, or may not be looked at: then the reader of the file will say so. */
/** Several notices of one write come together. */
const DEBOUNCE_MS = 20;
/** Every so many rounds all files are looked at, not only those of changed directories. */
const FULL_SCAN_EVERY = 60;

export interface Following {
  clock: Clock;
  signal: AbortSignal;
  /** How often to look for files that no watch reported, milliseconds. */
  pollMs: number;
  /** Looks at the tree; `everything`: at all of it. */
  scan(everything: boolean): Promise<void>;
  /** Looks at what the watches reported, and again at what was not settled. */
  look(): Promise<void>;
  /** When to look again though nothing is reported, milliseconds; null: there is nothing unsettled. */
  againMs(): number | null;
}

/** Scans a tree again and again, and looks at once where a watch reports something, until the signal aborts. */
export async function follow(
  tree: FileTree,
  { clock, signal, pollMs, scan, look, againMs }: Following,
): Promise<void> {
  let wake = new AbortController();
  tree.watch(() => wake.abort(WOKEN));
  try {
    for (let round = 0; !signal.aborted; round++) {
      await scan(round % FULL_SCAN_EVERY === 0);
      const until = clock.now() + pollMs;
      while (!signal.aborted && clock.now() < until) {
        const wait = Math.min(againMs() ?? Number.POSITIVE_INFINITY, until - clock.now());
        await clock.sleep(Math.max(1, wait), AbortSignal.any([signal, wake.signal]));
        if (signal.aborted) break;
        if (wake.signal.aborted) await clock.sleep(DEBOUNCE_MS, signal);
        wake = new AbortController();
        await look();
      }
    }
  } finally {
    tree.close();
  }
}

/** Of the files known below the roots those that are gone, while their directory is there; what is kept of them may go. */
export async function goneOf(
  known: Iterable<string>,
  roots: readonly string[],
  seen: ReadonlySet<string>,
): Promise<string[]> {
  const gone: string[] = [];
  for (const path of known) {
    if (seen.has(path) || !roots.some((root) => path.startsWith(root + sep))) continue;
    if (await statOrNull(dirname(path))) gone.push(path);
  }
  return gone;
}

/** Null for what is not there, or not to be looked at. */
export const statOrNull = (path: string): Promise<Stats | null> => stat(path).catch(() => null);
const none = (): never[] => [];
