// The source `reported-changes`: changes that others report in files, for providers whose feed is not read here. IO.
//
// Guarantees: how far a file was read is committed with the changes of what was read, so a crash repeats lines but loses
// none, and repeated reports have the same ids. Memory is bounded by one line, one batch and a window of ids. A line that
// cannot be used goes to the dead letters, whole; the lines around it are used.
import type { Stats } from 'node:fs';
import { resolve } from 'node:path';
import { DriftError } from '../../runtime/errors.ts';
import type { Progress, Source, SourceContext } from '../../runtime/source.ts';
import type { Json } from '../../schemas/index.ts';
import { attribution } from '../aws/attribution.ts';
import { FileTree, follow, goneOf, statOrNull } from '../file-tree.ts';
import { RecentIds } from '../recent-ids.ts';
import { beginsAs, bytesOf, headOf, linesOf } from './lines.ts';
import { type ChangeEvent, type NormalizeContext, normalize } from './normalize.ts';

export interface ReportedChangesOptions {
  /** Roots of the trees; any layout below. */
  directories: readonly string[];
  /** Read what is there, then return. Default: go on watching. */
  oneShot?: boolean;
  /** Principals of deploy pipelines, `*` allowed. */
  pipelines?: readonly string[];
  /** Principals that apply Terraform, `*` allowed. */
  applyIdentities?: readonly string[];
  /** How often to look at what no watch reported, milliseconds. */
  pollMs?: number;
  /** How long what is not complete may still be written, milliseconds since the last write. */
  settleMs?: number;
  limits?: Partial<ReportLimits>;
}

interface ReportLimits {
  /** Bytes of one line. */
  lineBytes: number;
  /** Bytes of a .json file, which is parsed whole; more belongs into a .jsonl file. */
  fileBytes: number;
  /** Ids remembered to leave out copies. */
  rememberedIds: number;
}

const LIMITS: ReportLimits = { lineBytes: 256 * 1024, fileBytes: 2 * 1024 * 1024, rememberedIds: 200_000 };
const BATCH_EVENTS = 2_000;
const GREW_LATELY = 256;
/** Bad lines of one reading of a file that get a dead letter each; the rest share one. */
const LETTERS_PER_READING = 100;
const KEPT_ORIGINAL = 1024 * 1024;
const WANTED = /\.(?:json|jsonl|ndjson)$/i;
const WHOLE = /\.json$/i;

export const REPORTED_CHANGES = 'reported-changes';

export function reportedChanges(options: ReportedChangesOptions): Source {
  return { name: REPORTED_CHANGES, run: (context) => new Run(options, context).run() };
}

/** How far a file was read, as it was then. */
interface Reading {
  size: number;
  mtimeMs: number;
  /** Everything before it is dealt with. */
  offset: number;
  /** What the file began with. */
  head: string;
}

class Run {
  readonly #options: ReportedChangesOptions;
  readonly #context: SourceContext;
  readonly #limits: ReportLimits;
  readonly #normalize: NormalizeContext;
  readonly #recent: RecentIds;
  readonly #roots: string[];
  readonly #tree: FileTree;
  /** Files that end in the middle of something, and may still be written. */
  readonly #unsettled = new Set<string>();
  /** The files that grew last, newest at the end. */
  readonly #grew = new Set<string>();
  /** Files that may not be read, by their change time, so that each is reported once. */
  readonly #unopened = new Map<string, number>();
  #events: ChangeEvent[] = [];
  #progress = new Map<string, Json | null>();
  #letters = 0;

  constructor(options: ReportedChangesOptions, context: SourceContext) {
    this.#options = options;
    this.#context = context;
    this.#limits = { ...LIMITS, ...options.limits };
    const { pipelines = [], applyIdentities = [] } = options;
    this.#normalize = { org: context.org, attribution: attribution({ pipelines, applyIdentities }) };
    this.#recent = new RecentIds(this.#limits.rememberedIds);
    this.#roots = options.directories.map((directory) => resolve(directory));
    this.#tree = new FileTree(this.#roots, {
      wanted: (path) => WANTED.test(path),
      enter: () => true,
      now: () => context.clock.now(),
    });
  }

  async run(): Promise<void> {
    if (this.#options.oneShot) return this.#scan(true);
    const { signal, clock } = this.#context;
    await follow(this.#tree, {
      clock,
      signal,
      pollMs: this.#options.pollMs ?? 2_000,
      scan: (everything) => this.#scan(everything),
      look: async () => {
        for await (const { path, stats } of this.#tree.moved()) await this.#look(path, stats);
        await this.#lookAt(this.#unsettled);
        await this.#flush();
      },
      againMs: () => (this.#unsettled.size > 0 ? 500 : null),
    });
  }

  async #scan(everything: boolean): Promise<void> {
    const seen = everything ? new Set<string>() : null;
    try {
      for await (const { path, stats } of this.#tree.scan(everything)) {
        if (this.#context.signal.aborted) return;
        seen?.add(path);
        await this.#look(path, stats);
      }
    } catch (error) {
      throw this.#directoryError(error);
    }
    if (seen && !this.#options.oneShot) await this.#forget(seen);
    if (!everything) await this.#lookAt(this.#grew);
    await this.#lookAt(this.#unsettled);
    await this.#flush();
  }

  async #lookAt(paths: Set<string>): Promise<void> {
    for (const path of [...paths]) {
      const stats = await statOrNull(path);
      if (stats) await this.#look(path, stats);
      else paths.delete(path);
    }
  }

  /** Progress of files that are gone, while their directory is there, would be kept for ever. */
  async #forget(seen: ReadonlySet<string>): Promise<void> {
    const known = [...this.#context.progressItems()].map(([item]) => item);
    for (const item of await goneOf(known, this.#roots, seen)) this.#progress.set(item, null);
  }

  /** Reads what the file holds beyond what is known of it. */
  async #look(path: string, stats: Stats): Promise<void> {
    const before = readingOf(this.#progress.get(path) ?? this.#context.progress(path));
    const complete = before !== null && before.offset === stats.size;
    if (complete && before.size === stats.size && before.mtimeMs === stats.mtimeMs) return;
    if (this.#unopened.get(path) === stats.ctimeMs) return;
    this.#letters = 0;
    try {
      if (WHOLE.test(path)) await this.#whole(path, stats);
      else await this.#lines(path, stats, before);
    } catch (error) {
      if (this.#context.signal.aborted) return;
      await this.#cannotRead(path, stats, error);
    }
    const more = this.#letters - LETTERS_PER_READING;
    if (more > 0) await this.#letter(`${path}: ${more} more lines cannot be used`, Buffer.alloc(0));
    this.#grew.delete(path);
    this.#grew.add(path);
    for (const oldest of this.#grew) {
      if (this.#grew.size <= GREW_LATELY) break;
      this.#grew.delete(oldest);
    }
  }

  async #lines(path: string, stats: Stats, before: Reading | null): Promise<void> {
    const goesOn = before !== null && before.offset <= stats.size && (await beginsAs(path, before.head));
    const from = goesOn ? before.offset : 0;
    const reach = async (offset: number): Promise<void> => {
      const { size, mtimeMs } = stats;
      const head = await headOf(path, offset);
      this.#progress.set(path, { size, mtimeMs, offset, head } satisfies Reading);
      if (this.#events.length >= BATCH_EVENTS) await this.#flush();
    };
    let done = from;
    this.#unsettled.delete(path);
    const { lineBytes: maxBytes } = this.#limits;
    const { signal } = this.#context;
    for await (const lines of linesOf(path, { from, to: stats.size, maxBytes, signal })) {
      for (const line of lines) {
        // An object that is complete is complete, newline or not; anything else may still be written.
        if (!line.ended && this.#fresh(stats) && typeof parsed(line.bytes) !== 'object') {
          this.#unsettled.add(path);
          return done === from ? undefined : reach(done);
        }
        const where = `${path}, at byte ${line.start}`;
        if (line.bytes === null) await this.#tooLong(path, where, line);
        else if (line.bytes.some((byte) => byte > 0x20)) await this.#line(where, line.bytes);
        done = line.end;
      }
      await reach(done);
    }
    await reach(done);
  }

  async #line(where: string, bytes: Buffer): Promise<void> {
    const value = parsed(bytes);
    if (value === undefined) await this.#bad(`${where}: the line is not JSON`, bytes);
    else await this.#report(where, value, bytes);
  }

  async #tooLong(path: string, where: string, { start, end }: { start: number; end: number }): Promise<void> {
    const kept = await bytesOf(path, start, Math.min(end - start, KEPT_ORIGINAL));
    await this.#bad(
      `${where}: a line of ${end - start} bytes is longer than ${this.#limits.lineBytes}`,
      kept,
    );
  }

  /** A file that is one event, or a list of events: CloudEvents' JSON format and its batch format. */
  async #whole(path: string, stats: Stats): Promise<void> {
    this.#unsettled.delete(path);
    const { fileBytes } = this.#limits;
    const bytes = await bytesOf(path, 0, Math.min(stats.size, fileBytes));
    const value = stats.size > fileBytes ? undefined : parsed(bytes);
    if (value === undefined && this.#fresh(stats)) {
      this.#unsettled.add(path);
      return;
    }
    if (stats.size > fileBytes)
      await this.#bad(
        `${path}: holds more than ${fileBytes} bytes; give so many events as lines (.jsonl)`,
        bytes,
      );
    else if (value === undefined) await this.#bad(`${path}: is not JSON`, bytes);
    else if (Array.isArray(value))
      for (const [at, one] of value.entries())
        await this.#report(`${path}, event ${at + 1}`, one, Buffer.from(JSON.stringify(one)));
    else await this.#report(path, value, bytes);
    const { size, mtimeMs } = stats;
    this.#progress.set(path, {
      size,
      mtimeMs,
      offset: size,
      head: await headOf(path, size),
    } satisfies Reading);
    if (this.#events.length >= BATCH_EVENTS) await this.#flush();
  }

  async #report(where: string, value: unknown, bytes: Buffer): Promise<void> {
    const result = normalize(value, this.#normalize);
    if ('unreadable' in result)
      await this.#bad(`${where}: the report cannot be used: ${result.unreadable}`, bytes);
    else if (!this.#recent.add(result.dedupeKey)) this.#context.ignored('duplicate');
    else this.#events.push(...result.changes);
  }

  async #bad(reason: string, original: Buffer): Promise<void> {
    if (++this.#letters <= LETTERS_PER_READING) await this.#letter(reason, original);
  }

  #letter(reason: string, original: Buffer): Promise<void> {
    return this.#context.deadLetter({ code: 'DM_INPUT_INVALID', reason, original });
  }

  /** Written so lately that more may come. */
  #fresh(stats: Stats): boolean {
    const settleMs = this.#options.oneShot ? 0 : (this.#options.settleMs ?? 5_000);
    return this.#context.clock.now() - stats.mtimeMs < settleMs;
  }

  /** A file that may not be read: reported once, and tried again when its permissions or contents change. */
  async #cannotRead(path: string, stats: Stats, error: unknown): Promise<void> {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EISDIR') throw error;
    this.#unopened.set(path, stats.ctimeMs);
    await this.#letter(
      `${path}: may not be read (${code}); give this process leave to read it`,
      Buffer.alloc(0),
    );
  }

  /** Changes in the order of their times, and with them how far the files were read. */
  async #flush(): Promise<void> {
    const events = this.#events;
    const progress: Progress[] = [...this.#progress].map(([item, value]) => ({ item, progress: value }));
    if (events.length === 0 && progress.length === 0) return;
    this.#events = [];
    this.#progress = new Map();
    events.sort((a, b) => a.time - b.time);
    await this.#context.publish(events, progress);
  }

  #directoryError(error: unknown): unknown {
    if (error instanceof DriftError || (error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
    const named = this.#roots.join(', ');
    return new DriftError(`a directory of reported changes is missing: ${named}`, {
      code: this.#options.oneShot ? 'DM_CONFIG_INVALID' : 'DM_PROVIDER_FAILED',
      retriable: !this.#options.oneShot,
      public: `a directory of reported changes is not there (${named}): create it or correct reported.directories`,
      cause: error,
    });
  }
}

/** Undefined when the bytes are not JSON. */
function parsed(bytes: Buffer | null): unknown {
  try {
    return bytes === null ? undefined : JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function readingOf(value: Json | null | undefined): Reading | null {
  if (value == null || typeof value !== 'object' || Array.isArray(value)) return null;
  const { size, mtimeMs, offset, head } = value;
  return typeof size === 'number' &&
    typeof mtimeMs === 'number' &&
    typeof offset === 'number' &&
    typeof head === 'string'
    ? { size, mtimeMs, offset, head }
    : null;
}
