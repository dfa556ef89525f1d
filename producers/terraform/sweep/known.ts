// What the log has of states and of what was read, as a sweep must know it: followed from the compacted topics. Values are
// not decoded, but for boundaries and for records without a fingerprint; what is kept of a resource is a few numbers.
import type { Log } from '../../../runtime/log/log.ts';
import { Slice } from '../../../runtime/processor/turns.ts';
import type { Bodies, Codec, Json, TopicName } from '../../../schemas/index.ts';
import { fingerprint, NO_FINGERPRINT, peek } from '../../../schemas/index.ts';
import { READ_REACTOR } from '../observer/reactor.ts';
import { type Finding, type Known, note, nothingKnown } from './news.ts';
import { SWEEP } from './scope.ts';

/** The newest version of a workspace's state. */
export interface Head {
  /** Null when its original is not stored. */
  blob: string | null;
  serial: number;
  problem: string | null;
  time: number;
}

export interface LogKnowledge {
  /** Reads on to the end of the topics. Never holds the loop for long. */
  catchUp(signal: AbortSignal): Promise<void>;
  workspaces(): Iterable<string>;
  head(workspace: string): Head | undefined;
  /** Names of the providers whose resources the workspace has declared, as in object keys. */
  providers(workspace: string): ReadonlySet<string>;
  resource(objectKey: string, type: string, resourceId: string): Known;
  /** Event time of the newest declaration of an instance. */
  declaredAt(objectKey: string, workspace: string, address: string): number;
  /** Takes note of what the sweep itself has published. */
  noted(objectKey: string, type: string, resourceId: string, finding: Finding): void;
  describedTypes(): readonly Bodies['type.described'][];
  close(): void;
}

const DECLARATIONS: TopicName = 'driftmgr.declarations';
const OBSERVATIONS: TopicName = 'driftmgr.observations';
const SEPARATOR = '\u001f';
const BATCH = { records: 4_096, bytes: 1 << 20 };
const NONE = NO_FINGERPRINT.toString('latin1');

export function followLog({ log, codec, org }: { log: Log; codec: Codec; org: string }): LogKnowledge {
  const heads = new Map<string, Head>();
  const providers = new Map<string, Set<string>>();
  const resources = new Map<number, Known>();
  const declared = new Map<number, number>();
  const described = new Map<string, Bodies['type.described']>();
  const positions = new Map<string, number>();
  const broadcast = `${org}/*${SEPARATOR}`;
  let news = true;
  const unsubscribe = log.subscribe([DECLARATIONS, OBSERVATIONS], () => {
    news = true;
  });

  function knownOf(objectKey: string, type: string, resourceId: string): Known {
    const key = hash(`${objectKey}${SEPARATOR}${type}${SEPARATOR}${resourceId}`);
    let known = resources.get(key);
    if (!known) {
      known = nothingKnown();
      resources.set(key, known);
    }
    return known;
  }

  function readDeclaration(partition: number, key: string, value: Buffer | null): void {
    if (!key.startsWith(broadcast)) {
      const first = key.indexOf(SEPARATOR);
      const second = key.indexOf(SEPARATOR, first + 1);
      if (first < 0 || second < 0) return;
      const seen = value && peek(value);
      if (!seen) {
        declared.delete(hash(key));
        return;
      }
      declared.set(hash(key), seen.time);
      const workspace = key.slice(first + 1, second);
      const start = key.indexOf('/') + 1;
      const provider = key.slice(start, key.indexOf('/', start));
      const all = providers.get(workspace);
      if (all) all.add(provider);
      else providers.set(workspace, new Set([provider]));
      return;
    }
    // The same in every partition.
    if (partition !== 0 || value === null || !key.startsWith('state', broadcast.length)) return;
    const event = codec.decode(DECLARATIONS, value);
    if (event.type !== 'state.published') return;
    const { workspace, blob, serial, problem, kind } = event.body;
    if (kind === 'removed') heads.delete(workspace);
    else heads.set(workspace, { blob, serial, problem, time: event.time });
  }

  function readObservation(partition: number, key: string, value: Buffer | null): void {
    if (key.startsWith(broadcast)) {
      if (partition !== 0 || value === null || !key.startsWith('type', broadcast.length)) return;
      const event = codec.decode(OBSERVATIONS, value);
      if (event.type === 'type.described') described.set(event.body.type, event.body);
      return;
    }
    const failed = key.endsWith(`${SEPARATOR}failed`);
    const end = failed ? key.length - `${SEPARATOR}failed`.length : key.length;
    const source = key.slice(key.lastIndexOf(SEPARATOR, end - 1) + 1, end);
    if (source !== SWEEP && source !== READ_REACTOR) return;
    const resource = hash(key.slice(0, end - source.length - 1));
    let known = resources.get(resource);
    if (value === null) {
      resources.delete(resource);
      return;
    }
    if (!known) {
      known = nothingKnown();
      resources.set(resource, known);
    }
    const seen = peek(value);
    if (seen === null) return;
    const print =
      seen.fingerprint === NONE ? printOf(codec.decode(OBSERVATIONS, value).body) : seen.fingerprint;
    note(known, { failed, print, at: seen.time }, source === SWEEP);
  }

  async function catchUp(signal: AbortSignal): Promise<void> {
    if (!news) return;
    news = false;
    const slice = new Slice();
    for (const topic of [DECLARATIONS, OBSERVATIONS]) {
      const read = topic === DECLARATIONS ? readDeclaration : readObservation;
      for (let partition = 0; partition < log.partitions; partition++) {
        const place = `${topic}/${partition}`;
        const end = await log.end(topic, partition);
        for (let from = positions.get(place) ?? 0; from < end; ) {
          signal.throwIfAborted();
          const { records, next } = await log.read(topic, partition, from, BATCH);
          for (const { key, value } of records) {
            if (key.startsWith(`${org}/`)) read(partition, key, value);
            if (slice.due()) await slice.next('patient');
          }
          if (next <= from) break;
          from = next;
          positions.set(place, next);
        }
      }
    }
  }

  return {
    async catchUp(signal) {
      try {
        await catchUp(signal);
      } catch (error) {
        news = true;
        throw error;
      }
    },
    workspaces: () => heads.keys(),
    head: (workspace) => heads.get(workspace),
    providers: (workspace) => providers.get(workspace) ?? new Set(),
    resource: (objectKey, type, resourceId) => knownOf(objectKey, type, resourceId),
    declaredAt: (objectKey, workspace, address) =>
      declared.get(hash([objectKey, workspace, address].join(SEPARATOR))) ?? Number.NEGATIVE_INFINITY,
    noted: (objectKey, type, resourceId, finding) =>
      note(knownOf(objectKey, type, resourceId), finding, true),
    describedTypes: () => [...described.values()],
    close: unsubscribe,
  };
}

/** Fingerprint of what an observation says, as latin1. */
export const printOf = (body: object): string =>
  // Bodies of observations are plain JSON.
  fingerprint(body as Json).toString('latin1');

/** 53 bits: of a million keys two share one with a chance of about one in ten thousand, and then are told anew. */
function hash(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    low = Math.imul(low ^ c, 0x01000193);
    high = Math.imul(high ^ c, 0x85ebca6b) ^ (high >>> 13);
  }
  high ^= low >>> 15;
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
