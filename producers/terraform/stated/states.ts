// Stored versions of states, opened once however many ask, and kept while they are asked for: a few, by their bytes, the
// least recently used given up first. The work is the thread's; this loads, counts and lets go.
import type { Blobs } from '../../../runtime/blobs/blobs.ts';
import { DriftError } from '../../../runtime/errors.ts';
import type { StateHead } from '../decode.ts';
import { shared } from '../decoder.ts';
import { exactText } from '../exact-json.ts';
import { originOf, type StateOrigin, versionOfTable } from '../references.ts';
import type { Binding } from '../scope.ts';
import type { StatedInstance, StatedStates } from './instance.ts';
import type { PlacedInstance } from './open.ts';
import { startThread, type Thread } from './thread.ts';

export interface StatedOptions {
  blobs: Blobs;
  /** Key of the fingerprints that stand for secrets: the one declarations are written with. */
  hmacKey: Uint8Array;
  org: string;
  bindings: readonly Binding[];
  /** Bytes of the states kept open; one larger than that is kept alone. */
  keepBytes?: number;
  /** After so long without a question a state is given up, milliseconds. */
  idleMs?: number;
  heapMb?: number;
  patienceMs?: number;
}

interface Version {
  state: number;
  origin: StateOrigin | null;
  thread: Thread;
  bytes: SharedArrayBuffer;
  head: StateHead;
}

interface Entry {
  reference: string;
  opening: Promise<Version>;
  /** Once it is open. */
  version: Version | null;
  uses: number;
  usedAt: number;
}

const TRIES = 5;

export function createStatedStates(options: StatedOptions): StatedStates {
  const { blobs, hmacKey, org, bindings } = options;
  const { keepBytes = 256 << 20, idleMs = 120_000, heapMb = 512, patienceMs = 120_000 } = options;
  /** Least recently used first. */
  const entries = new Map<string, Entry>();
  let thread: Thread | null = null;
  let numbers = 0;
  let closed = false;
  let sweeping: NodeJS.Timeout | null = null;
  /** One is loaded at a time: a burst of old and new versions must not fill the memory. */
  let loading: Promise<unknown> = Promise.resolve();

  function linked(): Thread {
    if (thread === null || thread.broken())
      thread = startThread({ hmacKey, org, bindings }, { heapMb, patienceMs });
    return thread;
  }

  async function open(reference: string): Promise<Version> {
    const origin = originOf(reference);
    const bytes = await blobs.get(reference);
    if (bytes === null) throw missing(reference);
    const memory = await shared(bytes);
    const table = await tableOf(origin);
    if (closed) throw isClosed();
    makeRoom(memory.byteLength);
    const worker = linked();
    const state = ++numbers;
    const head = await worker.ask({
      ask: 'open',
      state,
      bytes: memory,
      length: bytes.length,
      table: table && (await shared(table)),
    });
    return { state, origin, thread: worker, bytes: memory, head };
  }

  /**
   * The newest table of the workspace: it remembers the secrets of earlier versions, whose copies are secret still. The
   * backend replaces it while we look.
   */
  async function tableOf(origin: StateOrigin | null): Promise<Buffer | null> {
    if (origin === null) return null;
    for (let i = 0; i < TRIES; i++) {
      const newest = (await blobs.list(origin.tables)).sort(
        (a, b) => versionOfTable(b) - versionOfTable(a),
      )[0];
      if (newest === undefined) return null;
      const table = await blobs.get(newest);
      if (table !== null) return table;
    }
    throw new DriftError(`the tables under ${origin.tables} are replaced faster than they can be read`, {
      code: 'DM_BLOB_MISSING',
      retriable: true,
    });
  }

  function entryOf(reference: string): Entry {
    let entry = entries.get(reference);
    // One whose thread is gone is gone with it.
    if (entry?.version?.thread.broken()) {
      entries.delete(reference);
      entry = undefined;
    }
    if (entry) {
      entries.delete(reference);
      entries.set(reference, entry);
      return entry;
    }
    const opening = loading.then(
      () => open(reference),
      () => open(reference),
    );
    loading = opening;
    const made: Entry = { reference, opening, version: null, uses: 0, usedAt: performance.now() };
    entries.set(reference, made);
    opening.then(
      (version) => {
        made.version = version;
      },
      () => {
        if (entries.get(reference) === made) entries.delete(reference);
      },
    );
    return made;
  }

  async function using<T>(reference: string, work: (version: Version) => Promise<T>): Promise<T> {
    if (closed) throw isClosed();
    const entry = entryOf(reference);
    entry.uses++;
    try {
      return await work(await entry.opening);
    } finally {
      entry.uses--;
      entry.usedAt = performance.now();
      makeRoom(0);
      sweepLater();
    }
  }

  function forget(entry: Entry): void {
    if (entries.get(entry.reference) === entry) entries.delete(entry.reference);
    if (entry.version) entry.version.thread.forget(entry.version.state);
  }

  /** True when a newer version of the same workspace is open. */
  const replaced = ({ version }: Entry): boolean =>
    [...entries.values()].some(
      ({ version: other }) =>
        other?.origin != null &&
        other.origin.tables === version?.origin?.tables &&
        other.origin.version > version.origin.version,
    );

  function makeRoom(bytes: number): void {
    let kept = bytes;
    for (const { version } of entries.values()) kept += version?.bytes.byteLength ?? 0;
    for (const entry of [...entries.values()]) {
      if (entry.uses > 0 || entry.version === null) continue;
      const newestOfAll = kept === entry.version.bytes.byteLength;
      if (!replaced(entry) && (kept <= keepBytes || newestOfAll)) continue;
      kept -= entry.version.bytes.byteLength;
      forget(entry);
    }
  }

  function sweepLater(): void {
    if (sweeping !== null || closed) return;
    sweeping = setTimeout(() => {
      sweeping = null;
      const now = performance.now();
      for (const entry of [...entries.values()])
        if (entry.uses === 0 && entry.version !== null && now - entry.usedAt >= idleMs) forget(entry);
      if (entries.size > 0) sweepLater();
      else {
        // Nothing is asked: the thread's memory goes back as well.
        void thread?.end();
        thread = null;
      }
    }, idleMs);
    sweeping.unref();
  }

  return {
    instances: (reference, addresses) =>
      using(reference, async ({ thread: at, state, bytes, origin }) => {
        const workspace = origin?.workspace ?? '';
        const found = await at.ask({ ask: 'instances', state, addresses, workspace });
        return new Map(found.map((placed) => [placed.address, statedOf(placed, bytes)]));
      }),
    observed: (reference, address, attributes, sensitive) =>
      using(reference, async ({ thread: at, state }) => {
        const text = await at.ask({
          ask: 'observed',
          state,
          address,
          text: exactText(attributes),
          sensitive,
        });
        if (text === null) throw noInstance(reference, address);
        return { attributes: text };
      }),
    page: (reference, workspace, after, limit) =>
      using(reference, async ({ thread: at, state, bytes, head }) => {
        const { instances, next } = await at.ask({ ask: 'page', state, workspace, after, limit });
        return {
          instances: instances.map((placed) => {
            const { objectKey, provider, account, region } = placed;
            return { ...statedOf(placed, bytes), objectKey, provider, account, region };
          }),
          next,
          terraformVersion: head.terraformVersion,
        };
      }),
    async close() {
      closed = true;
      if (sweeping) clearTimeout(sweeping);
      entries.clear();
      await thread?.end();
    },
  };
}

function statedOf(placed: PlacedInstance, memory: SharedArrayBuffer): StatedInstance {
  const { address, type, resourceId, providerAddress, schemaVersion, attributes } = placed;
  return {
    address,
    type,
    resourceId,
    providerAddress,
    schemaVersion,
    // Copied: whoever keeps an instance must not keep the whole state.
    attributes: 'flat' in attributes ? attributes : new Uint8Array(memory).slice(...attributes.at),
    private: placed.private === null ? null : Uint8Array.from(Buffer.from(placed.private, 'base64')),
  };
}

const missing = (reference: string): DriftError =>
  new DriftError(`nothing is stored under ${reference}`, {
    code: 'DM_BLOB_MISSING',
    retriable: false,
    public:
      'The stored state is gone from the blob store: a newer one has taken its place, or it was deleted.',
  });

const noInstance = (reference: string, address: string): DriftError =>
  new DriftError(`${reference} has no ${address}`, {
    code: 'DM_NOT_FOUND',
    retriable: false,
    public: `The stored state has no instance ${address}.`,
  });

const isClosed = (): DriftError =>
  new DriftError('stored states are closed', { code: 'DM_LOG_CLOSED', retriable: true });
