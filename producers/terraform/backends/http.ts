// Terraform's http backend as a source: keeps states and locks, and publishes every write before it is acknowledged.
// Knows nothing of HTTP: api/routes/tfstate.ts speaks it.
import { aborted } from '../../../runtime/aborted.ts';
import type { Blobs } from '../../../runtime/blobs/blobs.ts';
import { DriftError } from '../../../runtime/errors.ts';
import type { Source, SourceContext, SourceEvent } from '../../../runtime/source.ts';
import { stableId } from '../../../schemas/index.ts';
import type { Decoder } from '../decoder.ts';
import { StateProblem } from '../problem.ts';
import { PUSHED_SOURCE, pushedReference } from '../references.ts';
import type { Binding } from '../scope.ts';
import type { HeldLock, Workspace, Workspaces } from '../workspaces.ts';
import { createWorkspaces } from '../workspaces.ts';
import { type Claims, createClaims } from './claims.ts';
import { readLockInfo, runBegins } from './lock.ts';
import { rule } from './serial.ts';

export interface HttpBackendOptions {
  blobs: Blobs;
  decoder: Decoder;
  bindings?: readonly Binding[];
  ownerOf?: (workspace: string) => string | null;
  /** Shared with the other sources of states; left out where there are none. */
  claims?: Claims;
}

/** Someone else holds the lock; `holder` is the lock info they sent. */
export interface Refused {
  holder: string;
}

export interface StateWrite {
  bytes: Buffer;
  /** Base64, of the bytes. */
  md5: string;
  /** Id of the lock the writer holds; null when it did not lock. */
  lockId: string | null;
  /** Who is asking, as authenticated. */
  by: string | null;
}

/**
 * All reject with DM_LOG_CLOSED (answered 503, worth trying again) while the source is not running, and with
 * DM_INPUT_INVALID for a workspace whose name cannot be kept.
 */
export interface HttpBackend {
  source: Source;
  /** The newest state; null when there is none. */
  get(workspace: string): Promise<{ bytes: Buffer; md5: string } | null>;
  /** Resolves to null when the state and its declarations are durable. DM_STATE_CONFLICT, DM_STATE_UNREADABLE. */
  put(workspace: string, write: StateWrite): Promise<Refused | null>;
  /** Forgets the state and withdraws what it declared; older versions stay stored. */
  remove(workspace: string, lockId: string | null, by: string | null): Promise<Refused | null>;
  lock(workspace: string, body: Buffer): Promise<Refused | null>;
  /** An empty body breaks the lock, whoever holds it: what force-unlock sends. */
  unlock(workspace: string, body: Buffer): Promise<Refused | null>;
  /** True when the workspace is one of this backend's and a boundary says that its head is current. */
  refresh(workspace: string, since: number): Promise<boolean>;
}

export const SOURCE = PUSHED_SOURCE;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

interface Running {
  workspaces: Workspaces;
  context: SourceContext;
  /** Ends the run: what was in memory may differ from what is durable, so it is read again. */
  fail(error: unknown): void;
}

export function createHttpBackend(options: HttpBackendOptions): HttpBackend {
  let running: Running | null = null;
  const claims = options.claims ?? createClaims([SOURCE]);

  const source: Source = {
    name: SOURCE,
    async run(context) {
      const workspaces = createWorkspaces(
        {
          source: SOURCE,
          backend: 'http',
          pushed: true,
          blobs: options.blobs,
          decoder: options.decoder,
          bindings: options.bindings ?? [],
          ownerOf: options.ownerOf ?? (() => null),
        },
        context,
      );
      const held = workspaces.names().filter((name) => isHeld(workspaces.of(name)));
      await claims.begin(SOURCE, held, context.signal);
      await workspaces.recover();
      try {
        const failed = Promise.withResolvers<never>();
        running = { workspaces, context, fail: failed.reject };
        await Promise.race([failed.promise, aborted(context.signal)]);
      } finally {
        running = null;
      }
    },
    notReady: () => (running === null ? 'takes no states yet' : null),
  };

  /** Runs work on one workspace, alone. What fails for another reason than the request ends the run. */
  async function on<T>(workspace: string, work: (at: Running) => Promise<T>): Promise<T> {
    checkName(workspace);
    const at = running;
    if (at === null) throw notRunning();
    return at.workspaces.alone(workspace, async () => {
      if (running !== at) throw notRunning();
      try {
        return await work(at);
      } catch (error) {
        if (!isRefusal(error)) at.fail(restart(error));
        throw error;
      } finally {
        if (!isHeld(at.workspaces.of(workspace))) claims.release(SOURCE, workspace);
      }
    });
  }

  const heldByAnother = (lock: HeldLock | null, id: string | null): Refused | null =>
    lock === null || lock.id === id ? null : { holder: lock.info };

  async function put(workspace: string, write: StateWrite): Promise<Refused | null> {
    const early = running && heldByAnother(running.workspaces.of(workspace).lock, write.lockId);
    if (early) return early;
    return on(workspace, async ({ workspaces, context }) => {
      const known = workspaces.of(workspace);
      const refused = heldByAnother(known.lock, write.lockId);
      if (refused) return refused;
      if (claims.take(SOURCE, workspace) !== null) throw conflict(readFromFile(workspace));
      const state = await options.decoder.open(write.bytes);
      try {
        const { head } = state;
        const operation = known.lock?.operation ?? null;
        const ruling = rule(known.head, { ...head, md5: write.md5, operation });
        if (ruling.may === 'nothing') return null;
        if (ruling.may === 'not') throw conflict(ruling.why);
        if (known.lock && !known.lock.running) {
          const event = runStarted(workspace, known.lock, context.clock.now());
          await workspaces.save(workspace, { lock: { ...known.lock, running: true } }, [event]);
        }
        const blob = pushedReference(workspace, head.serial ?? 0, known.versions + 1);
        await options.blobs.put(blob, write.bytes);
        await workspaces.write(workspace, state, {
          kind: ruling.kind,
          blob,
          md5: write.md5,
          bytes: write.bytes.length,
          runId: known.lock?.id ?? null,
          writtenBy: known.lock?.who ?? write.by,
          keep: true,
          store: async () => blob,
        });
        return null;
      } finally {
        state.release();
      }
    });
  }

  return {
    source,
    put,

    async get(workspace) {
      checkName(workspace);
      if (running === null) throw notRunning();
      const { head } = running.workspaces.of(workspace);
      if (head?.blob == null) return null;
      const bytes = await options.blobs.get(head.blob);
      if (bytes === null) throw gone(workspace);
      return { bytes, md5: head.md5 };
    },

    remove(workspace, lockId, by) {
      return on(workspace, async ({ workspaces }) => {
        const refused = heldByAnother(workspaces.of(workspace).lock, lockId);
        if (refused) return refused;
        await workspaces.remove(workspace, by);
        return null;
      });
    },

    async lock(workspace, body) {
      const info = readLockInfo(body);
      if (info === null) throw new StateProblem('malformed', 'the lock info is missing');
      const early = running && heldByAnother(running.workspaces.of(workspace).lock, info.id);
      if (early) return early;
      return on(workspace, async ({ workspaces, context }) => {
        const held = workspaces.of(workspace).lock;
        if (held) return heldByAnother(held, info.id);
        // Refused before anything is applied: Terraform shows the id of the lock that is in its way.
        if (claims.take(SOURCE, workspace) !== null)
          return { holder: JSON.stringify({ ID: readFromFile(workspace), Who: 'DriftMgr' }) };
        const since = context.clock.now();
        const { text, ...rest } = info;
        const running = runBegins(info.operation) === 'with the lock';
        const lock: HeldLock = { ...rest, info: text, running, since };
        const events = running ? [runStarted(workspace, lock, since)] : [];
        await workspaces.save(workspace, { lock }, events);
        return null;
      });
    },

    unlock(workspace, body) {
      const info = readLockInfo(body);
      return on(workspace, async ({ workspaces, context }) => {
        const held = workspaces.of(workspace).lock;
        // Released already: the answer to the first try may have got lost.
        if (held === null) return null;
        if (info !== null && info.id !== held.id) return { holder: held.info };
        const forced = info === null;
        if (forced) context.log.warn({ workspace, lock: held.id }, 'the lock of a state was broken');
        const events = held.running ? [runFinished(workspace, held, forced, context.clock.now())] : [];
        await workspaces.save(workspace, { lock: null }, events);
        return null;
      });
    },

    async refresh(workspace, since) {
      if (!NAME.test(workspace) || running === null) return false;
      if (running.workspaces.of(workspace).head === null) return false;
      return on(workspace, async ({ workspaces }) => {
        const { head } = workspaces.of(workspace);
        if (head !== null && head.time < since) await workspaces.check(workspace);
        return head !== null;
      });
    },
  };
}

const isHeld = ({ head, underWay, lock }: Workspace): boolean =>
  head !== null || underWay !== null || lock !== null;

const readFromFile = (workspace: string): string =>
  `The workspace ${workspace} is read from a state file, and one workspace has one state. ` +
  'Take that file out of terraform.states, or write to a workspace of another name.';

function runStarted(workspace: string, lock: HeldLock, time: number): SourceEvent {
  const { id: runId, operation, who, terraformVersion } = lock;
  return {
    type: 'run.started',
    time,
    id: stableId('evt', SOURCE, workspace, runId, lock.since, 'run.started'),
    objectKey: null,
    body: { workspace, runId, operation, who, terraformVersion },
  };
}

function runFinished(workspace: string, lock: HeldLock, forced: boolean, time: number): SourceEvent {
  return {
    type: 'run.finished',
    time,
    id: stableId('evt', SOURCE, workspace, lock.id, lock.since, 'run.finished'),
    objectKey: null,
    body: { workspace, runId: lock.id, forced },
  };
}

/** What went wrong in one request must not end the backend for good. */
const restart = (cause: unknown): DriftError =>
  new DriftError('the http backend starts again after a failure', {
    code: 'DM_INTERNAL',
    retriable: true,
    cause,
  });

/** Errors that are the asker's: everything else ends the run. */
const isRefusal = (error: unknown): boolean =>
  error instanceof DriftError &&
  (error instanceof StateProblem || error.code === 'DM_STATE_CONFLICT' || error.code === 'DM_INPUT_INVALID');

function checkName(workspace: string): void {
  if (NAME.test(workspace)) return;
  throw new DriftError('a workspace name is not allowed', {
    code: 'DM_INPUT_INVALID',
    retriable: false,
    public:
      'The name of a workspace has 1 to 128 letters, digits, ".", "_" or "-", and starts with a letter or digit.',
  });
}

const notRunning = (): DriftError =>
  new DriftError('the http backend is not running', {
    code: 'DM_LOG_CLOSED',
    retriable: true,
    public: 'The Terraform backend is starting or stopping: try again in a moment.',
  });

const conflict = (why: string): DriftError =>
  new DriftError('a state conflicts with the head', {
    code: 'DM_STATE_CONFLICT',
    retriable: false,
    public: why,
  });

const gone = (workspace: string): DriftError =>
  new DriftError(`the stored state of ${workspace} is gone`, {
    code: 'DM_INTERNAL',
    retriable: false,
    public: `The stored state of ${workspace} is gone from the blob store.`,
  });
