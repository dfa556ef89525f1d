// State files as a source: paths and globs, looked at again and again and whenever the system says they changed. Reads,
// never writes; a file that is being written is read again a moment later.
import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Blobs } from '../../../runtime/blobs/blobs.ts';
import type { Source, SourceContext } from '../../../runtime/source.ts';
import type { Decoder } from '../decoder.ts';
import { sharedBuffer } from '../decoder.ts';
import { StateProblem } from '../problem.ts';
import { fileReference, filesReference } from '../references.ts';
import type { Binding } from '../scope.ts';
import type { Head, Workspace, Workspaces } from '../workspaces.ts';
import { createWorkspaces } from '../workspaces.ts';
import { type Claims, createClaims } from './claims.ts';
import { covers, findStates, patternOf, type StateFile } from './paths.ts';

export interface FileBackendOptions {
  /** Files, folders (all *.tfstate below) or globs. */
  paths: readonly string[];
  pollMs: number;
  /** Larger files are not read, bytes. */
  maxStateBytes: number;
  /** Read everything once, then be done. */
  once?: boolean;
  /** Keeps the newest version's original, encrypted, for whoever reads resources anew; else none is kept. */
  keepOriginals?: boolean;
  blobs: Blobs;
  decoder: Decoder;
  bindings?: readonly Binding[];
  ownerOf?: (workspace: string) => string | null;
  /** Shared with the other sources of states; left out where there are none. */
  claims?: Claims;
}

export interface FileBackend {
  source: Source;
  /** Reads the file of the workspace again. True when it is one of this backend's and a boundary says what holds. */
  refresh(workspace: string, since: number): Promise<boolean>;
}

export const SOURCE = 'terraform-file';
/** How often and how soon a file is read again that cannot be read: it may be in the middle of being written. */
const ATTEMPTS = 4;
const AGAIN_MS = 120;
/** Changes come in bursts: a write is several of them. */
const SETTLE_MS = 40;
const MOST_WATCHED = 256;
const READ_SLICE = 4 << 20;

export function createFileBackend(options: FileBackendOptions): FileBackend {
  let running: Reader | null = null;
  const claims = options.claims ?? createClaims([SOURCE]);

  const source: Source = {
    name: SOURCE,
    async run(context) {
      const workspaces = createWorkspaces(
        {
          source: SOURCE,
          backend: 'file',
          pushed: false,
          originalsOf: (workspace) => filesReference(SOURCE, workspace),
          blobs: options.blobs,
          decoder: options.decoder,
          bindings: options.bindings ?? [],
          ownerOf: options.ownerOf ?? (() => null),
        },
        context,
      );
      const held = workspaces.names().filter((name) => isHeld(workspaces.of(name)));
      await claims.begin(SOURCE, held, context.signal);
      for (const workspace of held) {
        if (claims.take(SOURCE, workspace) === null) continue;
        // Forgotten, not withdrawn: what stands under its name is the other's.
        context.log.error(
          { workspace },
          'a workspace is written to the http backend too: its file counts no more',
        );
        await workspaces.save(workspace, { head: null, underWay: null, table: null, removing: false }, []);
      }
      await workspaces.recover();
      const reader = new Reader({ ...options, claims }, workspaces, context);
      running = reader;
      try {
        await reader.look();
        // Without paths there was only to withdraw what is no longer configured.
        if (!options.once && options.paths.length > 0) await reader.watch();
      } finally {
        running = null;
      }
    },
  };

  return { source, refresh: async (workspace, since) => (await running?.refresh(workspace, since)) ?? false };
}

class Reader {
  readonly #options: FileBackendOptions & { claims: Claims };
  readonly #workspaces: Workspaces;
  readonly #context: SourceContext;
  /** What each file looked like when it was last dealt with. */
  readonly #seen = new Map<string, string>();
  /** Files whose workspace another source has; told once. */
  readonly #refused = new Set<string>();
  #files: StateFile[] = [];

  constructor(
    options: FileBackendOptions & { claims: Claims },
    workspaces: Workspaces,
    context: SourceContext,
  ) {
    this.#options = options;
    this.#workspaces = workspaces;
    this.#context = context;
  }

  /** Looks for files and reads what changed. */
  async look(): Promise<void> {
    const patterns = await Promise.all(this.#options.paths.map(patternOf));
    const before = this.#files.map((file) => file.workspace);
    this.#files = [];
    for (const file of await findStates(patterns)) if (await this.#isOurs(file)) this.#files.push(file);
    await this.#readChanged();
    const there = new Set(this.#files.map((file) => file.workspace));
    for (const workspace of new Set([...before, ...this.#workspaces.names()])) {
      if (there.has(workspace)) continue;
      const { path } = this.#workspaces.of(workspace);
      const watched = path !== null && patterns.some((pattern) => covers(pattern, path));
      await this.#gone(workspace, watched);
    }
  }

  async #isOurs({ workspace, path }: StateFile): Promise<boolean> {
    if (this.#options.claims.take(SOURCE, workspace) === null) {
      this.#refused.delete(path);
      return true;
    }
    if (!this.#refused.has(path)) {
      this.#refused.add(path);
      const reason = `the state file of ${workspace} is not read: a workspace of that name is written to the http backend. Take the file out of terraform.states, or delete that workspace's state there`;
      // What is kept of it is where it lies: its content is not looked at.
      await this.#context.deadLetter({ code: 'DM_STATE_CONFLICT', reason, original: Buffer.from(path) });
    }
    return false;
  }

  async #readChanged(): Promise<void> {
    for (const file of this.#files) {
      if (this.#context.signal.aborted) return;
      await this.#workspaces.alone(file.workspace, () => this.#read(file));
    }
  }

  /** Looks again every while, and at the known files at once when the system tells that something changed. */
  async watch(): Promise<void> {
    const { signal, clock } = this.#context;
    const watchers = new Map<string, FSWatcher>();
    let touched = Promise.withResolvers<void>();
    try {
      while (!signal.aborted) {
        this.#watchFolders(watchers, () => touched.resolve());
        const enough = new AbortController();
        const either = AbortSignal.any([signal, enough.signal]);
        const woken = await Promise.race([
          clock.sleep(this.#options.pollMs, either).then(() => false),
          touched.promise.then(() => true),
        ]);
        enough.abort();
        if (signal.aborted) return;
        if (woken) {
          await clock.sleep(SETTLE_MS, signal);
          touched = Promise.withResolvers<void>();
          await this.#readChanged();
        } else await this.look();
      }
    } finally {
      for (const watcher of watchers.values()) watcher.close();
    }
  }

  #watchFolders(watchers: Map<string, FSWatcher>, touch: () => void): void {
    const folders = new Set(this.#files.map((file) => dirname(file.path)));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder) || watchers.size >= MOST_WATCHED) continue;
      try {
        const watcher = watch(folder, { persistent: false }, touch);
        // Watching is a shortcut: without it files are still looked at, only later.
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch (error) {
        this.#context.log.debug({ err: error, folder }, 'a folder cannot be watched; its files are polled');
        return;
      }
    }
  }

  async refresh(workspace: string, since: number): Promise<boolean> {
    const file = this.#files.find((each) => each.workspace === workspace);
    if (!file) return false;
    await this.#workspaces.alone(workspace, async () => {
      this.#seen.delete(file.path);
      await this.#read(file);
      const { head } = this.#workspaces.of(workspace);
      if (head !== null && head.time < since) await this.#workspaces.check(workspace);
    });
    return this.#workspaces.of(workspace).head !== null;
  }

  /** Reads a file if it changed. Tries again while it looks like being written. */
  async #read(file: StateFile): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#tryToRead(file);
      if (outcome === null) return;
      if (attempt >= ATTEMPTS) {
        await this.#cannotRead(file, outcome);
        return;
      }
      await this.#context.clock.sleep(AGAIN_MS * attempt, this.#context.signal);
      if (this.#context.signal.aborted) return;
    }
  }

  /** Null when it is dealt with; otherwise why it could not be read just now. */
  async #tryToRead({ workspace, path }: StateFile): Promise<Trouble | null> {
    const look = await lookOf(path);
    if (look === null) return null;
    if (this.#seen.get(path) === look.signature) return null;
    const { head } = this.#workspaces.of(workspace);
    // Terraform makes the file when it takes the lock, and writes it at the end: empty is not there yet.
    if (look.size === 0 && head === null) return null;
    const nothing = { md5: '', bytes: look.size, signature: look.signature };
    if (look.size > this.#options.maxStateBytes) {
      const problem = `the file is larger than ${this.#options.maxStateBytes} bytes (terraform.maxStateBytes)`;
      return { problem, ...nothing };
    }
    let content: { bytes: Buffer; md5: string };
    try {
      content = await readWhole(path, look.size);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return { problem: `the file cannot be read (${code})`, ...nothing };
    }
    const { bytes, md5 } = content;
    const after = await lookOf(path);
    const trouble = { md5, bytes: bytes.length, signature: look.signature };
    if (after?.signature !== look.signature)
      return { problem: 'the file keeps changing while it is read', ...trouble };
    if (head !== null && head.md5 === md5 && this.#workspaces.current(workspace) && this.#isKept(head)) {
      this.#seen.set(path, look.signature);
      return null;
    }
    try {
      await this.#publish(workspace, path, look, content);
    } catch (error) {
      if (error instanceof StateProblem) return { problem: error.message, ...trouble };
      throw error;
    }
    this.#seen.set(path, look.signature);
    return null;
  }

  /** Whether its original is kept or not as it should be: it is not for what cannot be read. */
  #isKept({ blob, problem }: Head): boolean {
    return problem !== null || (blob !== null) === (this.#options.keepOriginals ?? false);
  }

  async #publish(
    workspace: string,
    path: string,
    look: Look,
    { bytes, md5 }: { bytes: Buffer; md5: string },
  ): Promise<void> {
    const state = await this.#options.decoder.open(bytes);
    try {
      const { head, versions } = this.#workspaces.of(workspace);
      const { serial, lineage, problem } = state.head;
      const back = head !== null && (lineage !== head.lineage || (serial ?? head.serial) < head.serial);
      if (this.#workspaces.of(workspace).path !== path) await this.#workspaces.save(workspace, { path }, []);
      const original = fileReference(SOURCE, workspace, versions + 1);
      const keep = (this.#options.keepOriginals ?? false) && problem === null;
      if (keep) await this.#options.blobs.put(original, bytes);
      // Nothing was written: only whether the original is kept has changed.
      const checked = head !== null && head.md5 === md5 && this.#workspaces.current(workspace);
      await this.#workspaces.write(workspace, state, {
        kind: checked ? 'checked' : back && head.lineage !== '' ? 'rollback' : 'write',
        at: Math.trunc(look.mtimeMs),
        blob: keep ? original : null,
        md5,
        bytes: bytes.length,
        runId: null,
        writtenBy: null,
        keep,
        store: async () => {
          await this.#options.blobs.put(original, bytes);
          return original;
        },
      });
    } finally {
      state.release();
    }
  }

  async #cannotRead({ workspace, path }: StateFile, trouble: Trouble): Promise<void> {
    const { problem, md5, bytes, signature } = trouble;
    const { head } = this.#workspaces.of(workspace);
    this.#seen.set(path, signature);
    if (head?.problem === problem && head.md5 === md5) return;
    this.#context.log.warn({ workspace, problem }, 'a state file cannot be read');
    await this.#workspaces.save(workspace, { path }, []);
    await this.#workspaces.unreadable(workspace, problem, { md5, bytes });
  }

  /**
   * A file that is gone proves nothing about what it declared: unknown, unless it declared nothing. One that is no longer
   * configured is withdrawn.
   */
  async #gone(workspace: string, watched: boolean): Promise<void> {
    await this.#workspaces.alone(workspace, async () => {
      const { head, path } = this.#workspaces.of(workspace);
      if (head === null) return this.#options.claims.release(SOURCE, workspace);
      if (path !== null) this.#seen.delete(path);
      if (!watched || head.instances === 0) {
        await this.#workspaces.remove(workspace, null);
        this.#options.claims.release(SOURCE, workspace);
      } else if (head.problem !== GONE)
        await this.#workspaces.unreadable(workspace, GONE, { md5: '', bytes: 0 });
    });
  }
}

const isHeld = ({ head, underWay }: Workspace): boolean => head !== null || underWay !== null;

const GONE = 'the state file is no longer there: put it back, or take it out of terraform.states';

interface Trouble {
  problem: string;
  md5: string;
  bytes: number;
  signature: string;
}

interface Look {
  size: number;
  mtimeMs: number;
  signature: string;
}

/** What a file looks like from outside; null when it is not there. */
async function lookOf(path: string): Promise<Look | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return { size, mtimeMs, signature: `${ino}-${size}-${mtimeMs}` };
  } catch {
    return null;
  }
}

async function readWhole(path: string, size: number): Promise<{ bytes: Buffer; md5: string }> {
  const file = await open(path, 'r');
  try {
    const bytes = sharedBuffer(size);
    const hash = createHash('md5');
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, Math.min(READ_SLICE, size - length), length);
      if (bytesRead === 0) break;
      hash.update(bytes.subarray(length, length + bytesRead));
      length += bytesRead;
    }
    return { bytes: bytes.subarray(0, length), md5: hash.digest('base64') };
  } finally {
    await file.close();
  }
}
