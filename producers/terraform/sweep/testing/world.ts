// A sweep's surroundings for tests: a log, the http backend that writes into it, stored states, and a cloud that answers
// reads. Everything but the provider is real.
import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import { createMemoryBlobs } from '../../../../runtime/blobs/memory-blobs.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { createMemoryLog } from '../../../../runtime/log/memory-log.ts';
import { runSource } from '../../../../runtime/run-source.ts';
import type { Source } from '../../../../runtime/source.ts';
import { testCodec } from '../../../../runtime/testing/codec.ts';
import { outputsOf, silent } from '../../../../runtime/testing/loop.ts';
import type { Event, EventOf, EventType, JsonObject } from '../../../../schemas/index.ts';
import { placement, recordKey, topicOf } from '../../../../schemas/index.ts';
import { createDecoder } from '../../decoder.ts';
import { isObject, parseExact, toJsonObject } from '../../exact-json.ts';
import { createHttpBackend } from '../../index.ts';
import type { ReadOutcome } from '../../observer/reader.ts';
import { createStatedStates } from '../../stated/index.ts';
import { type ResourceSpec, stateBytes } from '../../testing/states.ts';
import { SWEEP, terraformSweep } from '../index.ts';
import type { SweepLimits } from '../workspace.ts';

const KEY = Buffer.alloc(32, 7);
const ORG = 'default';

/** What the cloud says of an id, or why it does not; `stated`: what the state has. */
export type Cloud = (
  id: string,
  stated: JsonObject,
  reads: number,
) => JsonObject | 'gone' | Failure | Promise<JsonObject>;
export interface Failure {
  code: string;
  reason: string;
}
const isFailure = (answer: JsonObject | Failure): answer is Failure =>
  'code' in answer && 'reason' in answer && Object.keys(answer).length === 2;

export interface World {
  put(workspace: string, serial: number, ...resources: ResourceSpec[]): Promise<void>;
  /** Ids in the order they were read. */
  readonly reads: string[];
  cloud: Cloud;
  append(...events: Event[]): Promise<void>;
  begin(options?: Partial<Parameters<typeof terraformSweep>[0]>, limits?: Partial<SweepLimits>): Sweeping;
  /** What the sweep has published, in order; broadcasts once. */
  published(): Promise<Event[]>;
  of<T extends EventType>(type: T): Promise<EventOf<T>[]>;
  declared(address: string): Promise<EventOf<'resource.declared'>>;
  close(): Promise<void>;
}

export interface Sweeping {
  /** Asks for a sweep and resolves as the request is settled. */
  ask(scope?: string | null, at?: number): Promise<EventOf<'request.settled'>['body']>;
  stop(): Promise<void>;
  status(): string | null;
}

export async function createWorld(): Promise<World> {
  const log = createMemoryLog({ partitions: 4, clock: systemClock });
  const blobs = createMemoryBlobs();
  const decoder = createDecoder({ hmacKey: KEY });
  const backend = createHttpBackend({ blobs, decoder });
  const states = createStatedStates({ blobs, hmacKey: KEY, org: ORG, bindings: [] });
  const closing: (() => Promise<void>)[] = [];

  function run(source: Source) {
    const stop = new AbortController();
    const handle = runSource({
      source,
      log,
      codec: testCodec(),
      org: ORG,
      blobs,
      clock: systemClock,
      logger: silent,
      metrics: new Registry(),
      signal: stop.signal,
    });
    let stopped: Promise<void> | null = null;
    const end = (): Promise<void> => {
      stop.abort();
      stopped ??= handle.stopped;
      return stopped;
    };
    closing.push(end);
    return { handle, end };
  }
  await run(backend.source).handle.ready;
  while (backend.source.notReady?.() != null) await new Promise((resolve) => setTimeout(resolve, 2));

  const reads: string[] = [];
  const counts = new Map<string, number>();
  let requests = 0;
  const world: World = {
    reads,
    cloud: (_id, stated) => stated,
    async put(workspace, serial, ...resources) {
      const bytes = stateBytes({ serial, resources });
      const md5 = createHash('md5').update(bytes).digest('base64');
      await backend.put(workspace, { bytes, md5, lockId: null, by: null });
    },
    // As the reactor that reads does: without fingerprints.
    append: (...events) =>
      log.append(
        events.flatMap((event) =>
          placement(event, log.partitions).map((partition) => ({
            topic: topicOf(event.type),
            partition,
            key: recordKey(event),
            value: testCodec().encode(event),
          })),
        ),
      ),
    begin(options = {}, limits = {}) {
      const { source, reactor } = terraformSweep({
        log,
        codec: testCodec(),
        states,
        everyMs: 0,
        readers: [{ workspace: '*', provider: 'pretend', environment: {}, configuration: {}, allow: [] }],
        readsPerSecond: 100_000,
        percent: 100,
        limits: { page: 10, concurrency: 4, pauseMs: 20, longestPauseMs: 40, putOffMs: 60_000, ...limits },
        reader: {
          async read(target, instance): Promise<ReadOutcome> {
            const began = systemClock.now();
            const parsed = parseExact(Buffer.from(instance.attributes as Uint8Array).toString());
            const stated = isObject(parsed) ? toJsonObject(parsed) : {};
            const count = (counts.get(target.resourceId) ?? 0) + 1;
            const answer = await world.cloud(target.resourceId, stated, count);
            if (answer === 'gone') {
              reads.push(target.resourceId);
              return { kind: 'gone', began };
            }
            if (isFailure(answer)) return { kind: 'failed', began, ...answer, again: false };
            reads.push(target.resourceId);
            counts.set(target.resourceId, count);
            return {
              kind: 'observed',
              began,
              attributes: answer,
              sensitive: [],
              described: {
                provider: 'registry.terraform.io/driftmgr/pretend',
                version: '1.0.0',
                type: target.type,
                schemaVersion: 0,
                facts: '{}',
              },
            };
          },
        },
        ...options,
      });
      const { handle, end } = run(source);
      const asking = new AbortController();
      return {
        async ask(scope = null, at = systemClock.now()) {
          const event = {
            type: 'snapshot.requested',
            time: at,
            id: `req_${requests++}`,
            recordedAt: at,
            source: 'api',
            org: ORG,
            objectKey: null,
            correlationId: null,
            clamped: false,
            body: { provider: 'terraform', scope, by: 'tester' },
          } satisfies EventOf<'snapshot.requested'>;
          const [settled] = await reactor.perform(event, asking.signal);
          if (settled?.type !== 'request.settled') throw new Error('not settled');
          return settled.body;
        },
        async stop() {
          asking.abort(new Error('stopped'));
          await end();
        },
        status: () => handle.status().reason,
      };
    },
    async published() {
      const outputs = await outputsOf(log, SWEEP);
      const seen = new Set<string>();
      return outputs
        .flatMap(({ event }) => (event && event.type !== 'source.progressed' ? [event] : []))
        .filter(({ id, objectKey }) => objectKey !== null || (!seen.has(id) && seen.add(id)))
        .sort((a, b) => a.recordedAt - b.recordedAt);
    },
    async of<T extends EventType>(type: T) {
      // TypeScript does not follow that they are of this one member of the union.
      return (await world.published()).filter((event) => event.type === type) as unknown as EventOf<T>[];
    },
    async declared(address) {
      const outputs = await outputsOf(log, 'terraform-http');
      const found = outputs
        .flatMap(({ event }) => (event?.type === 'resource.declared' ? [event] : []))
        .findLast(({ body }) => body.address === address);
      if (!found) throw new Error(`${address} is not declared`);
      return found;
    },
    async close() {
      for (const close of closing.reverse()) await close();
      await states.close();
      await decoder.close();
      await log.close();
    },
  };
  return world;
}
