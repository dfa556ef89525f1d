// A whole API for tests: embedded Postgres and chDB with the real projections filled, a log in memory, and the server.
import { join } from 'node:path';
import pino from 'pino';
import { PROJECTIONS } from '../../projections/index.ts';
import type { Blobs } from '../../runtime/blobs/blobs.ts';
import { createMemoryCache } from '../../runtime/cache/memory-cache.ts';
import { openChdb } from '../../runtime/clickhouse/open-chdb.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { createMemoryLog } from '../../runtime/log/memory-log.ts';
import { runProjection } from '../../runtime/run-projection.ts';
import { watchServing } from '../../runtime/serving.ts';
import { componentMetrics, createMetrics } from '../../runtime/telemetry.ts';
import { testCodec } from '../../runtime/testing/codec.ts';
import { eventOf, TEST_ORG } from '../../runtime/testing/events.ts';
import { openMadePostgres } from '../../runtime/testing/made-database.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import type { Bodies, Event, RequestSettled } from '../../schemas/index.ts';
import { placement, recordKey, topicOf } from '../../schemas/index.ts';
import type { App, Dependencies } from '../dependencies.ts';
import { createKeys, type Keys, makeKey } from '../keys.ts';
import { createServer } from '../server.ts';
import type { KeyScope } from '../types.ts';

export interface Harness {
  app: App;
  keys: Keys;
  log: Log;
  dependencies: Dependencies;
  /** Lines the server logged, as JSON. */
  logged: string[];
  /** Appends to the log only: what the live stream sees. */
  append(...events: Event[]): Promise<void>;
  /** Appends, and fills the projections. */
  feed(...events: Event[]): Promise<void>;
  /** Stands in for the detector: what it gives is appended as the outcome of every request. */
  answer(decide: (request: Event) => Partial<RequestSettled> | null): () => void;
  keyWith(scopes: readonly KeyScope[], workspaces?: readonly string[]): Promise<string>;
  /** Another server over the same stores, with a cache of its own. */
  another(change: Partial<Dependencies>): Promise<App>;
  close(): Promise<void>;
}

const PARTITIONS = 2;

export async function createHarness(change: Partial<Dependencies> = {}): Promise<Harness> {
  const folder = temporaryFolder();
  const logged: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const silent = pino({ level: 'silent' });
  const postgres = await openMadePostgres({ directory: join(folder.path, 'pg'), logger: silent });
  const clickhouse = await openChdb({ directory: join(folder.path, 'chdb'), logger: silent });
  const log = createMemoryLog({ partitions: PARTITIONS, clock: systemClock });
  const codec = testCodec();
  const stop = new AbortController();
  const clock = systemClock;
  const serving = await watchServing({ postgres, database: clickhouse.database, clock, logger: silent });
  const blobs = memoryBlobs(new Map());
  const metrics = createMetrics();
  const projections = PROJECTIONS.map((projection) =>
    runProjection({
      projection,
      log,
      codec,
      blobs,
      org: TEST_ORG,
      clock,
      logger: silent,
      postgres,
      clickhouse,
      metrics: componentMetrics(metrics, 'projection', projection.name),
      signal: stop.signal,
    }),
  );
  await Promise.all(projections.map(({ ready }) => ready));
  await serving.refresh();
  const keys = createKeys({ postgres, clock: systemClock, logger });
  await keys.prepare();
  const dependencies: Dependencies = {
    org: TEST_ORG,
    version: '0.1.0',
    log,
    codec,
    clock: systemClock,
    logger,
    metrics,
    postgres,
    clickhouse,
    serving,
    keys,
    blobs,
    readiness: () => [],
    readers: async () => [{ name: 'drift', kind: 'processor', lag: 0 }],
    sources: () => [{ name: 'terraform-http', status: 'running', detail: null }],
    cache: createMemoryCache(),
    processes: async () => [],
    ownsBackend: () => true,
    backendOwner: async () => null,
    topology: { diagram: 'flowchart LR\n', elements: [] },
    rebuild: async () => undefined,
    configuration: { partitions: PARTITIONS },
    httpBackend: null,
    maxStateBytes: 1 << 20,
    dashboard: join(folder.path, 'no-dashboard'),
    limits: { outcomeWaitMs: 400, visibleWaitMs: 400, heartbeatMs: 60_000 },
    ...change,
  };
  const app = await createServer(dependencies);
  const others: App[] = [];

  async function append(...events: Event[]): Promise<void> {
    await log.append(
      events.flatMap((event) =>
        placement(event, PARTITIONS).map((partition) => ({
          topic: topicOf(event.type),
          partition,
          key: recordKey(event),
          value: codec.encode(event),
        })),
      ),
    );
  }

  /** Until every projection has read everything there is. */
  async function projected(): Promise<void> {
    for (;;) {
      const states = await Promise.all(projections.map((handle) => handle.status()));
      const stopped = states.find(({ state }) => state === 'stopped');
      if (stopped) throw new Error(`${stopped.name} has stopped: ${stopped.failure}`);
      if (states.every(({ lag }) => lag === 0)) return;
      await clock.sleep(10);
    }
  }

  return {
    app,
    keys,
    log,
    dependencies,
    logged,
    append,
    async feed(...events) {
      await append(...events);
      await projected();
    },
    answer(decide) {
      const seen = new Map<number, number>();
      const look = async (): Promise<void> => {
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const batch = await log.read('driftmgr.requests', partition, seen.get(partition) ?? 0, {
            records: 100,
            bytes: 1 << 20,
          });
          seen.set(partition, batch.next);
          for (const { value } of batch.records) {
            const request = codec.decode('driftmgr.requests', value!);
            const outcome = request.type === 'request.settled' ? null : decide(request);
            if (outcome) await append(settled(request, outcome));
          }
        }
      };
      return log.subscribe(['driftmgr.requests'], () => void look());
    },
    async keyWith(scopes, workspaces) {
      // Tests ask for many of one name: these are not made over the API.
      const key = makeKey();
      await keys.adopt(key, {
        name: scopes.join(' '),
        scopes,
        workspaces: workspaces ?? null,
        expiresAt: null,
        createdBy: 'test',
      });
      return key;
    },
    async another(changed) {
      const other = await createServer({
        ...dependencies,
        metrics: createMetrics(),
        cache: createMemoryCache(),
        ...changed,
      });
      others.push(other);
      return other;
    },
    async close() {
      for (const other of [app, ...others]) await other.close();
      stop.abort();
      await Promise.allSettled(projections.map(({ ended }) => ended));
      serving.close();
      await postgres.close();
      await clickhouse.close();
      folder.remove();
    },
  };
}

const settled = (request: Event, outcome: Partial<RequestSettled>): Event =>
  eventOf(
    'request.settled',
    { requestId: request.id, outcome: 'done', reason: null, driftId: null, ...outcome },
    { objectKey: request.objectKey, correlationId: request.correlationId },
  );

const memoryBlobs = (kept: Map<string, Buffer>): Blobs => ({
  put: async (reference, bytes) => void kept.set(reference, bytes),
  get: async (reference) => kept.get(reference) ?? null,
  list: async (prefix) => [...kept.keys()].filter((reference) => reference.startsWith(prefix)).sort(),
  delete: async (reference) => void kept.delete(reference),
});

/** A whole drift, with defaults for what a test does not care about. */
export function driftOf(
  fields: Partial<Bodies['drift.opened']['drift']> = {},
): Bodies['drift.opened']['drift'] {
  return {
    id: 'drf_1',
    revision: 1,
    kind: 'modified',
    confidence: 'confirmed',
    certainty: 'high',
    status: 'open',
    absorbed: false,
    severity: 'high',
    org: TEST_ORG,
    provider: 'aws',
    account: '123456789012',
    region: 'us-east-1',
    objectKey: 'default/aws/-/-/s3-bucket/logs',
    owner: 'team-data',
    type: 'aws_s3_bucket',
    resourceId: 'logs',
    workspace: 'prod',
    address: 'aws_s3_bucket.logs',
    stateSerial: 1,
    differences: [{ path: 'tags.Team', op: 'changed', declared: '"a"', observed: '"b"', configured: true }],
    actors: [
      {
        principal: 'arn:aws:iam::123456789012:user/alice',
        name: 'alice',
        via: 'console',
        sourceIp: '203.0.113.7',
        userAgent: null,
        session: null,
        eventIds: ['e-1'],
        operations: ['PutBucketPolicy'],
        certainty: 'high',
      },
    ],
    declaredAsOf: 1_789_999_000_000,
    observedAsOf: 1_790_000_000_000,
    openedAt: 1_790_000_000_000,
    changedAt: 1_790_000_000_000,
    resolvedAt: null,
    resolution: null,
    resolvedBy: null,
    ignoredBy: null,
    note: null,
    acknowledgement: null,
    acceptance: null,
    ...fields,
  };
}

/** The transition, and the current drift that follows it. */
export function driftEvents(
  type: 'drift.opened' | 'drift.changed' | 'drift.resolved',
  drift: Bodies['drift.opened']['drift'],
): Event[] {
  const fields = { objectKey: drift.objectKey, time: drift.changedAt };
  return [eventOf(type, { drift, causedBy: 'evt_1' }, fields), eventOf('drift.current', { drift }, fields)];
}
