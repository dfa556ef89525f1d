// What is known of each workspace of one source, and how a version of its state is published: the part both backends
// share. All it knows is in the source's progress; tables of what was published lie in the blob store.
//
// A version small enough goes out in one commit. A larger one goes out in several, the first of which says that it is
// under way; a start that finds one under way carries it through from its stored original, with the same event ids.
import type { Blobs } from '../../runtime/blobs/blobs.ts';
import { DriftError } from '../../runtime/errors.ts';
import type { Publication, SourceContext, SourceEvent } from '../../runtime/source.ts';
import type { Json, StateWriteKind } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import { IDENTITY_VERSION } from '../providers.ts';
import type { DecodedState, Decoder, Settings } from './decoder.ts';
import { tableReference } from './references.ts';
import type { Binding } from './scope.ts';

/** The newest version of a workspace. */
export interface Head {
  version: number;
  serial: number;
  lineage: string;
  terraformVersion: string | null;
  instances: number;
  /** Base64, of the original bytes. */
  md5: string;
  bytes: number;
  /** Reference of the stored original; null when it is not kept. */
  blob: string | null;
  problem: string | null;
  time: number;
  /** Under which identity rules, bindings and owner it was declared. */
  rules: string;
}

/** A version that is being published in several commits. */
export interface UnderWay {
  version: number;
  blob: string;
  time: number;
  kind: StateWriteKind;
  md5: string;
  bytes: number;
  runId: string | null;
  writtenBy: string | null;
  /** False when the original goes once it is published. */
  keep: boolean;
}

export interface HeldLock {
  id: string;
  /** The lock info as its holder wrote it. */
  info: string;
  operation: string;
  who: string | null;
  terraformVersion: string | null;
  /** True once run.started was published for it. */
  running: boolean;
  since: number;
}

export interface Workspace {
  /** Versions written so far; never goes down. */
  versions: number;
  /** Null when there is no state (any more). */
  head: Head | null;
  /** Reference of the table of what was last declared; null when nothing was. */
  table: string | null;
  underWay: UnderWay | null;
  /** The file it was read from; null for states that are sent. */
  path: string | null;
  /** True while its withdrawals go out. */
  removing: boolean;
  lock: HeldLock | null;
}

export interface WorkspaceOptions {
  source: string;
  backend: string;
  /** True when every write reaches us by itself. */
  pushed: boolean;
  /** Under which the originals of a workspace lie, where only the newest is kept; left out where all stay. */
  originalsOf?(workspace: string): string;
  blobs: Blobs;
  decoder: Decoder;
  bindings: readonly Binding[];
  ownerOf(workspace: string): string | null;
}

/** What is published besides what the state itself says. */
export type Writing = Omit<UnderWay, 'version' | 'time' | 'blob'> & {
  /** When it was written, where that is known; else it is taken to be written now. */
  at?: number;
  blob: string | null;
  /** Stores the original when the version needs several commits; not asked for when `blob` is there. */
  store(): Promise<string>;
};

const EMPTY: Workspace = {
  versions: 0,
  head: null,
  table: null,
  underWay: null,
  path: null,
  removing: false,
  lock: null,
};

export interface Workspaces {
  names(): string[];
  of(workspace: string): Workspace;
  /** Runs one after another what concerns one workspace. */
  alone<T>(workspace: string, work: () => Promise<T>): Promise<T>;
  /** Carries through what a crash interrupted, and declares anew where rules changed. */
  recover(): Promise<void>;
  /** Commits events and a change of what is known, together. */
  save(workspace: string, change: Partial<Workspace>, events: Publication[]): Promise<void>;
  /** Publishes a version; a state that cannot be read leaves its declarations as they were and says why. */
  write(workspace: string, state: DecodedState, writing: Writing): Promise<Head>;
  /** Says that a state which is there cannot be read: not even opened. */
  unreadable(workspace: string, problem: string, content: { md5: string; bytes: number }): Promise<void>;
  /** Withdraws everything: the state is gone. */
  remove(workspace: string, by: string | null): Promise<void>;
  /** Says that the head is still the head. */
  check(workspace: string): Promise<void>;
  /** True when the head was declared under the rules of now. */
  current(workspace: string): boolean;
}

export function createWorkspaces(options: WorkspaceOptions, context: SourceContext): Workspaces {
  const { blobs, decoder, source } = options;
  const known = new Map<string, Workspace>();
  const queues = new Map<string, Promise<unknown>>();
  for (const [item, progress] of context.progressItems()) {
    if (item.startsWith('workspace/')) known.set(item.slice('workspace/'.length), workspaceOf(progress));
  }

  const of = (workspace: string): Workspace => known.get(workspace) ?? EMPTY;
  const rulesOf = (workspace: string): string =>
    stableId('rules', IDENTITY_VERSION, JSON.stringify(options.bindings), options.ownerOf(workspace) ?? '');
  /** Times of one workspace never go back, whatever the clock does. */
  const nowFor = (workspace: string): number => Math.max(context.clock.now(), of(workspace).head?.time ?? 0);

  async function alone<T>(workspace: string, work: () => Promise<T>): Promise<T> {
    const before = queues.get(workspace) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => {});
    queues.set(workspace, settled);
    try {
      return await mine;
    } finally {
      if (queues.get(workspace) === settled) queues.delete(workspace);
    }
  }

  async function save(workspace: string, change: Partial<Workspace>, events: Publication[]): Promise<void> {
    const next = { ...of(workspace), ...change };
    await context.publish(events, [{ item: `workspace/${workspace}`, progress: jsonOf(next) }]);
    known.set(workspace, next);
  }

  function boundary(
    workspace: string,
    head: Head,
    what: {
      kind: StateWriteKind;
      previousSerial: number | null;
      runId?: string | null;
      writtenBy?: string | null;
    },
    time: number,
  ): SourceEvent {
    return {
      type: 'state.published',
      time,
      id: stableId('evt', source, workspace, head.version, what.kind, time, 'state.published'),
      objectKey: null,
      body: {
        workspace,
        owner: options.ownerOf(workspace),
        backend: options.backend,
        serial: head.serial,
        lineage: head.lineage,
        previousSerial: what.previousSerial,
        terraformVersion: head.terraformVersion,
        kind: what.kind,
        problem: head.problem,
        runId: what.runId ?? null,
        writtenBy: what.writtenBy ?? null,
        instances: head.instances,
        contentMd5: head.md5,
        blob: head.blob,
        pushed: options.pushed,
      },
    };
  }

  /**
   * The table of what stands; null when nothing does. Were it lost, everything would be declared anew: what vanished
   * meanwhile could not be withdrawn, which the log says.
   */
  async function tableOf(workspace: string): Promise<Buffer | null> {
    const reference = of(workspace).table;
    if (reference === null) return null;
    const table = await blobs.get(reference);
    if (table !== null) return table;
    context.log.error(
      { workspace, reference },
      'the table of what was declared is gone: all is declared anew',
    );
    return null;
  }

  async function forget(reference: string | null): Promise<void> {
    if (reference === null) return;
    try {
      await blobs.delete(reference);
    } catch (error) {
      context.log.warn({ err: error, reference }, 'a blob that is not needed any more could not be deleted');
    }
  }

  async function write(workspace: string, state: DecodedState, writing: Writing): Promise<Head> {
    const version = of(workspace).versions + 1;
    const { now } = context.clock;
    const time = Math.max(Math.min(writing.at ?? now(), now()), of(workspace).head?.time ?? 0);
    return publish(workspace, state, writing, version, time);
  }

  async function publish(
    workspace: string,
    state: DecodedState,
    writing: Writing,
    version: number,
    time: number,
  ): Promise<Head> {
    const before = of(workspace);
    const { head: told } = state;
    const head: Head = {
      version,
      serial: told.serial ?? before.head?.serial ?? 0,
      lineage: told.lineage,
      terraformVersion: told.terraformVersion,
      instances: told.problem === null ? told.instances : (before.head?.instances ?? 0),
      md5: writing.md5,
      bytes: writing.bytes,
      blob: writing.keep ? writing.blob : null,
      problem: told.problem,
      time,
      rules: rulesOf(workspace),
    };
    const what = {
      kind: told.problem === null ? writing.kind : ('unreadable' as const),
      previousSerial: before.head?.serial ?? null,
      runId: writing.runId,
      writtenBy: writing.writtenBy,
    };
    const next = { versions: version, head, underWay: null };
    if (told.problem !== null) {
      await save(workspace, next, [boundary(workspace, head, what, time)]);
      return head;
    }
    let ready: Publication[] = [];
    let stored = before.underWay?.version === version ? before.underWay.blob : writing.blob;
    const take = async (events: Publication[]): Promise<void> => {
      const due = ready;
      ready = events;
      if (due.length === 0) return;
      if (of(workspace).underWay?.version === version) return context.publish(due);
      stored ??= await writing.store();
      const { kind, md5, bytes, runId, writtenBy, keep } = writing;
      const underWay = { version, blob: stored, time, kind, md5, bytes, runId, writtenBy, keep };
      await save(workspace, { underWay }, due);
    };
    const settings: Settings = {
      org: context.org,
      workspace,
      owner: options.ownerOf(workspace),
      bindings: options.bindings,
      version,
    };
    const receiver = { encoding: context.encoding, clock: context.clock, time, take };
    const rows = await state.declare(settings, await tableOf(workspace), receiver);
    const table = tableReference(source, workspace, version);
    await blobs.put(table, rows);
    await save(workspace, { ...next, table }, [...ready, boundary(workspace, head, what, time)]);
    if (before.table !== table) await forget(before.table);
    if (!writing.keep) await forget(stored);
    // The one before stays a while: someone may be about to read it.
    const had = before.head?.blob ?? null;
    await tidy(workspace, had, head.blob === null ? [] : [head.blob, had]);
    return head;
  }

  /** Deletes originals that are not needed any more, where not all are to stay. */
  async function tidy(
    workspace: string,
    had: string | null,
    needed: readonly (string | null)[],
  ): Promise<void> {
    const folder = options.originalsOf?.(workspace);
    if (folder === undefined || (of(workspace).head?.blob == null && had === null)) return;
    for (const reference of await blobs.list(folder))
      if (!needed.includes(reference)) await forget(reference);
  }

  async function unreadable(
    workspace: string,
    problem: string,
    content: { md5: string; bytes: number },
  ): Promise<void> {
    const before = of(workspace);
    const time = nowFor(workspace);
    const head: Head = {
      version: before.versions + 1,
      serial: before.head?.serial ?? 0,
      lineage: before.head?.lineage ?? '',
      terraformVersion: before.head?.terraformVersion ?? null,
      instances: before.head?.instances ?? 0,
      ...content,
      blob: null,
      problem,
      time,
      rules: rulesOf(workspace),
    };
    const what = { kind: 'unreadable' as const, previousSerial: before.head?.serial ?? null };
    await save(workspace, { versions: head.version, head, underWay: null }, [
      boundary(workspace, head, what, time),
    ]);
  }

  async function remove(workspace: string, by: string | null): Promise<void> {
    const before = of(workspace);
    if (before.head === null) return;
    const time = nowFor(workspace);
    const version = before.versions + 1;
    let ready: Publication[] = [];
    const table = await tableOf(workspace);
    if (table !== null) {
      const of = { workspace, version, serial: before.head.serial, table };
      const take = async (events: Publication[]): Promise<void> => {
        const due = ready;
        ready = events;
        if (due.length > 0) await save(workspace, { removing: true }, due);
      };
      await decoder.withdraw(of, { encoding: context.encoding, clock: context.clock, time, take });
    }
    const head: Head = { ...before.head, version, instances: 0, problem: null, blob: null };
    const what = { kind: 'removed' as const, previousSerial: before.head.serial, writtenBy: by };
    await save(workspace, { versions: version, head: null, table: null, removing: false }, [
      ...ready,
      boundary(workspace, head, what, time),
    ]);
    await forget(before.table);
    await tidy(workspace, before.head.blob, []);
  }

  async function check(workspace: string): Promise<void> {
    const { head } = of(workspace);
    if (head === null) return;
    const time = nowFor(workspace);
    const kind = head.problem === null ? ('checked' as const) : ('unreadable' as const);
    const what = { kind, previousSerial: head.serial };
    await save(workspace, { head: { ...head, time } }, [boundary(workspace, head, what, time)]);
  }

  const current = (workspace: string): boolean => of(workspace).head?.rules === rulesOf(workspace);

  async function recover(): Promise<void> {
    for (const [workspace, { underWay, removing }] of [...known]) {
      try {
        if (removing) await remove(workspace, null);
        else if (underWay !== null) await finish(workspace, underWay);
        else if (!current(workspace)) await redeclare(workspace);
      } catch (error) {
        if (!(error instanceof DriftError) || error.retriable) throw error;
        // One workspace that cannot be read again must not keep the others from being read.
        context.log.error({ err: error, workspace }, 'a stored state cannot be read again');
        const { head } = of(workspace);
        const content = { md5: underWay?.md5 ?? head?.md5 ?? '', bytes: underWay?.bytes ?? head?.bytes ?? 0 };
        await unreadable(workspace, error.public ?? 'the stored state cannot be read again', content);
      }
    }
  }

  async function finish(workspace: string, underWay: UnderWay): Promise<void> {
    context.log.info(
      { workspace, version: underWay.version },
      'a state that was being published is carried through',
    );
    const { version, time, ...writing } = underWay;
    await fromBlob(workspace, underWay.blob, (state) =>
      publish(workspace, state, { ...writing, store: async () => underWay.blob }, version, time),
    );
  }

  /** Identity rules, bindings or owner changed: the same state is declared anew, and what differs is published. */
  async function redeclare(workspace: string): Promise<void> {
    const { head } = of(workspace);
    if (head?.blob == null || head.problem !== null) return;
    const { blob, md5, bytes } = head;
    const writing = { blob, md5, bytes, kind: 'checked' as const, runId: null, writtenBy: null, keep: true };
    await fromBlob(workspace, blob, (state) =>
      write(workspace, state, { ...writing, store: async () => blob }),
    );
  }

  async function fromBlob(
    workspace: string,
    blob: string,
    work: (state: DecodedState) => Promise<unknown>,
  ): Promise<void> {
    const bytes = await blobs.get(blob);
    if (bytes === null)
      throw new DriftError(`the stored state ${blob} of ${workspace} is gone`, {
        code: 'DM_BLOB_MISSING',
        retriable: false,
        public: `The stored state of ${workspace} is gone from the blob store.`,
      });
    const state = await decoder.open(bytes);
    try {
      await work(state);
    } finally {
      state.release();
    }
  }

  return {
    names: () => [...known.keys()],
    of,
    alone,
    recover,
    save,
    write,
    unreadable,
    remove,
    check,
    current,
  };
}

// What this source wrote itself is read back as it was written; the runtime keeps other sources' progress apart.
const jsonOf = (workspace: Workspace): Json => JSON.parse(JSON.stringify(workspace)) as Json;
const workspaceOf = (progress: Json): Workspace => ({
  ...EMPTY,
  ...(progress as Partial<Workspace>),
});
