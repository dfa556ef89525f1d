// The source `aws-cloudtrail-files`: CloudTrail files in directory trees, as S3 delivers them, into changes. IO.
//
// Guarantees: a file's progress is committed with its last events, so a crash repeats a file but never loses it, and repeated
// records have the same ids. Memory is bounded by one record, one batch, and a window of event ids; nothing is held for
// whole files. A file that cannot be read to its end goes to the dead letters with its fingerprint, and is not tried again
// until it changes; the records before the damage are kept.
import type { Stats } from 'node:fs';
import { resolve, sep } from 'node:path';
import { DriftError } from '../../runtime/errors.ts';
import type { Progress, Source, SourceContext } from '../../runtime/source.ts';
import type { Json } from '../../schemas/index.ts';
import { FileTree, follow, goneOf, statOrNull } from '../file-tree.ts';
import { RecentIds } from '../recent-ids.ts';
import { attribution } from './attribution.ts';
import type { CloudtrailLimits } from './cloudtrail-file.ts';
import { FileReading, firstBytes, refusalOf } from './cloudtrail-file.ts';
import type { ChangeEvent, NormalizeContext } from './normalize.ts';
import { normalize } from './normalize.ts';
import type { Slice } from './record-splitter.ts';

export interface CloudtrailFilesOptions {
  /** Roots of the trees; any layout below. */
  directories: readonly string[];
  /** Read what is there, then return. Default: go on watching. */
  oneShot?: boolean;
  /** Principals of deploy pipelines, `*` allowed: their changes are `via: pipeline`. */
  pipelines?: readonly string[];
  /** Principals that apply Terraform, `*` allowed: their changes are `via: terraform`. */
  applyIdentities?: readonly string[];
  /** How often to look for files that no watch reported, milliseconds. */
  pollMs?: number;
  /** How long a file that ends too early may still be growing, milliseconds since its last write. */
  settleMs?: number;
  limits?: Partial<CloudtrailLimits>;
}

const LIMITS: CloudtrailLimits = {
  fileBytes: 256 * 1024 * 1024,
  recordBytes: 1024 * 1024,
  ratio: 250,
  rememberedIds: 200_000,
};
/** One commit holds at most about this many events or files, or what came together in this time. */
const BATCH_EVENTS = 2_000;
const BATCH_FILES = 256;
const BATCH_MS = 100;

/** What S3 holds under an account: CloudTrail's events, and logs of other products. */
const PRODUCT = /\/AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/([^/]+)$/;
const LEFT_OUT: Readonly<Record<string, string>> = {
  'CloudTrail-Digest': 'digest-files',
  'CloudTrail-Insight': 'insight-files',
};
const WANTED = /\.(?:json|ndjson|jsonl|json\.gz|ndjson\.gz|jsonl\.gz|gz)$/i;

export const CLOUDTRAIL_FILES = 'aws-cloudtrail-files';

export function cloudtrailFiles(options: CloudtrailFilesOptions): Source {
  return { name: CLOUDTRAIL_FILES, run: (context) => new Run(options, context).run() };
}

type Outcome = 'done' | 'unsettled';

class Run {
  readonly #options: CloudtrailFilesOptions;
  readonly #context: SourceContext;
  readonly #limits: CloudtrailLimits;
  readonly #normalize: NormalizeContext;
  readonly #recent: RecentIds;
  readonly #tree: FileTree;
  readonly #roots: string[];
  /** Files that ended too early and may still be growing, as they were then. */
  readonly #unsettled = new Map<string, Stats>();
  /** Files that could not be opened, by their change time, so that each is reported once. */
  readonly #unopened = new Map<string, number>();
  /** Directories of other products in the same trees, counted once. */
  readonly #left = new Set<string>();
  #events: ChangeEvent[] = [];
  #progress: Progress[] = [];
  #batchFrom = 0;
  /** What publishing threw, to tell it from trouble with a file. */
  #publishError: unknown = null;

  constructor(options: CloudtrailFilesOptions, context: SourceContext) {
    this.#options = options;
    this.#context = context;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#normalize = {
      org: context.org,
      attribution: attribution({
        pipelines: options.pipelines ?? [],
        applyIdentities: options.applyIdentities ?? [],
      }),
    };
    this.#recent = new RecentIds(this.#limits.rememberedIds);
    this.#roots = options.directories.map((directory) => resolve(directory));
    this.#tree = new FileTree(this.#roots, {
      wanted: (path) => WANTED.test(path),
      enter: (directory) => this.#enter(directory),
      now: () => context.clock.now(),
    });
  }

  async run(): Promise<void> {
    const { signal, clock } = this.#context;
    if (this.#options.oneShot) {
      await this.#scan(true);
      return this.#refuseUnsettled();
    }
    await follow(this.#tree, {
      clock,
      signal,
      pollMs: this.#options.pollMs ?? 5_000,
      scan: (everything) => this.#scan(everything),
      look: async () => {
        for await (const { path, stats } of this.#tree.moved()) await this.#look(path, stats);
        await this.#lookAgain();
        await this.#flush();
      },
      againMs: () => (this.#unsettled.size > 0 ? 1_000 : null),
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
    await this.#lookAgain();
    await this.#flush();
  }

  async #lookAgain(): Promise<void> {
    for (const path of [...this.#unsettled.keys()]) {
      const stats = await statOrNull(path);
      if (stats) await this.#look(path, stats);
      else this.#unsettled.delete(path);
    }
  }

  /** At the end of a single look there is no later one: what never held still is a gap, and said to be one. */
  async #refuseUnsettled(): Promise<void> {
    for (const path of this.#unsettled.keys())
      await this.#context.deadLetter({
        code: 'DM_INPUT_INVALID',
        reason: `${path}: changed while it was read, every time; read it again when it is complete`,
        original: Buffer.alloc(0),
      });
  }

  /** Progress of files that are gone, while their directory is there, would be kept for ever. */
  async #forget(seen: ReadonlySet<string>): Promise<void> {
    const known = [...this.#context.progressItems()].map(([item]) => item);
    for (const item of await goneOf(known, this.#roots, seen)) this.#progress.push({ item, progress: null });
  }

  /** False, and counted once, for the directories of other products (or of CloudTrail's digests and insights). */
  #enter(directory: string): boolean {
    const product = PRODUCT.exec(directory.split(sep).join('/'))?.[1];
    if (product === undefined || product === 'CloudTrail') return true;
    if (!this.#left.has(directory)) {
      this.#left.add(directory);
      this.#context.ignored(LEFT_OUT[product] ?? 'other-logs');
    }
    return false;
  }

  /** Reads the file unless it is known as it stands. */
  async #look(path: string, stats: Stats): Promise<void> {
    const known = this.#context.progress(path);
    if (isFingerprint(known) && known.size === stats.size && known.mtimeMs === stats.mtimeMs) return;
    if (this.#unopened.get(path) === stats.ctimeMs) return;
    const waiting = this.#unsettled.get(path);
    if (waiting && same(waiting, stats) && this.#fresh(stats)) return;
    let outcome: Outcome = 'unsettled';
    let now: Stats | null = stats;
    // A file that changes under the reading is read again, at most a few times in a row.
    for (let tries = 0; tries < 3 && now; tries++) {
      const before: Stats = now;
      outcome = await this.#read(path, before);
      if (outcome === 'done') break;
      this.#unsettled.set(path, before);
      now = await statOrNull(path);
      if (now && same(now, before)) break;
    }
    if (outcome === 'done') this.#unsettled.delete(path);
    if (
      this.#events.length >= BATCH_EVENTS ||
      this.#progress.length >= BATCH_FILES ||
      (this.#batchFrom > 0 && this.#context.clock.now() - this.#batchFrom > BATCH_MS)
    )
      await this.#flush();
  }

  async #read(path: string, stats: Stats): Promise<Outcome> {
    const file = new FileReading(path, this.#limits);
    let refusal: string | null = null;
    try {
      await file.read(this.#context.signal, (slices) => this.#take(file, slices));
    } catch (error) {
      if (this.#context.signal.aborted) return 'unsettled';
      if (error === this.#publishError) throw error;
      refusal = refusalOf(error);
      if (refusal === null) return this.#cannotOpen(path, stats, error);
    }
    refusal ??= file.refusal();
    const after = await statOrNull(path);
    const moved = !after || !same(after, stats);
    if (moved || (refusal !== null && file.early && this.#fresh(stats))) return 'unsettled';
    for (const [reason, count] of file.ignored) this.#context.ignored(reason, count);
    await this.#lettersOf(file);
    if (refusal !== null) {
      await this.#context.deadLetter({
        code: 'DM_INPUT_INVALID',
        reason: `${path}: ${refusal}; ${file.records} records before that were read`,
        original: await firstBytes(path),
      });
    }
    this.#finish(path, {
      size: stats.size,
      mtimeMs: stats.mtimeMs,
      hash: file.hash(),
      refused: refusal !== null,
    });
    return 'done';
  }

  /** Written so lately that more may come. */
  #fresh(stats: Stats): boolean {
    const settleMs = this.#options.oneShot ? 0 : (this.#options.settleMs ?? 30_000);
    return this.#context.clock.now() - stats.mtimeMs < settleMs;
  }

  #finish(path: string, fingerprint: Fingerprint): void {
    this.#batchFrom ||= this.#context.clock.now();
    this.#progress.push({ item: path, progress: { ...fingerprint } });
  }

  /** A file that may not be read: reported once, and tried again when its permissions or contents change. */
  async #cannotOpen(path: string, stats: Stats, error: unknown): Promise<Outcome> {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT') return 'done';
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EISDIR')
      throw new DriftError(`reading ${path} failed: ${code}`, {
        code: 'DM_PROVIDER_FAILED',
        retriable: true,
        public: `CloudTrail file ${path} could not be read (${code}); it will be tried again`,
        cause: error,
      });
    this.#unopened.set(path, stats.ctimeMs);
    await this.#context.deadLetter({
      code: 'DM_INPUT_INVALID',
      reason: `${path}: may not be read (${code}); give this process leave to read it`,
      original: Buffer.alloc(0),
    });
    return 'done';
  }

  async #take(file: FileReading, slices: Slice[]): Promise<void> {
    for (const slice of slices) this.#record(file, slice);
    if (this.#events.length >= BATCH_EVENTS) await this.#flush();
  }

  #record(file: FileReading, slice: Slice): void {
    file.records++;
    const { bytes } = slice;
    const value = bytes === null ? undefined : parsed(bytes);
    if (bytes === null) file.bad(`a record of ${slice.size} bytes is larger than allowed`, null);
    else if (value === undefined) file.bad('a record is not JSON', bytes);
    else this.#use(file, value, bytes);
  }

  #use(file: FileReading, value: unknown, bytes: Buffer): void {
    const result = normalize(value, this.#normalize);
    if ('unreadable' in result) file.bad(`a record cannot be used: ${result.unreadable}`, bytes);
    else if ('ignored' in result) file.count(result.ignored);
    else if (!this.#recent.add(result.dedupeKey)) file.count('duplicate');
    else {
      this.#batchFrom ||= this.#context.clock.now();
      for (const change of result.changes) this.#events.push(change);
    }
  }

  async #lettersOf(file: FileReading): Promise<void> {
    for (const { reason, bytes } of file.letters)
      await this.#context.deadLetter({
        code: 'DM_INPUT_INVALID',
        reason: `${file.path}: ${reason}`,
        original: bytes ?? Buffer.alloc(0),
      });
    const more = file.badRecords - file.letters.length;
    if (more > 0)
      await this.#context.deadLetter({
        code: 'DM_INPUT_INVALID',
        reason: `${file.path}: ${more} more records cannot be used`,
        original: Buffer.alloc(0),
      });
  }

  /** Events in time order (files are not), the progress of finished files with them. */
  async #flush(): Promise<void> {
    const events = this.#events;
    const progress = this.#progress;
    if (events.length === 0 && progress.length === 0) return;
    this.#events = [];
    this.#progress = [];
    this.#batchFrom = 0;
    // Changes of one call stay in their order: the object before what was made of it.
    events.sort((a, b) => a.time - b.time || inOrder(a.body.providerEventId, b.body.providerEventId));
    try {
      await this.#context.publish(events, progress);
    } catch (error) {
      this.#publishError = error;
      throw error;
    }
  }

  #directoryError(error: unknown): unknown {
    if (error instanceof DriftError || (error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
    return new DriftError(`a CloudTrail directory is missing: ${this.#roots.join(', ')}`, {
      code: this.#options.oneShot ? 'DM_CONFIG_INVALID' : 'DM_PROVIDER_FAILED',
      retriable: !this.#options.oneShot,
      public: `the CloudTrail directory is not there (${this.#roots.join(', ')}): create it or correct the path`,
      cause: error,
    });
  }
}

interface Fingerprint {
  size: number;
  mtimeMs: number;
  /** First 32 hex digits of the SHA-256 of the bytes as they lie in the file. */
  hash: string;
  refused: boolean;
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const same = (a: Stats, b: Stats): boolean => a.size === b.size && a.mtimeMs === b.mtimeMs;

/** Undefined when the bytes are not JSON. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isFingerprint = (value: Json | undefined): value is Json & { size: number; mtimeMs: number } =>
  value !== null &&
  typeof value === 'object' &&
  !Array.isArray(value) &&
  typeof value.size === 'number' &&
  typeof value.mtimeMs === 'number';
