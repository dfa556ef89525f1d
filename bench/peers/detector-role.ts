// The detector's role alone, over a log that is already open: what the process of our contestant runs.
import { join } from 'node:path';
import { compare } from '../../processors/drift/compare.ts';
import { createDriftDetector } from '../../processors/drift/index.ts';
import type { Assignments } from '../../runtime/assignment/assignment.ts';
import { createMemoryBlobs } from '../../runtime/blobs/memory-blobs.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { PartitionsHandle } from '../../runtime/run-partitions.ts';
import { runProcessor } from '../../runtime/run-processor.ts';
import { openEmbeddedStates } from '../../runtime/state/embedded-states.ts';
import { createLogger, createMetrics } from '../../runtime/telemetry.ts';
import type { Codec } from '../../schemas/index.ts';

export interface RoleOptions {
  log: Log;
  assignments: Assignments;
  codec: Codec;
  /** Its local state stands here. */
  work: string;
  /** Called once, when it has read its first observation. */
  onFirst(): void;
}

export interface Role {
  /** Rejects when a partition stops before it has restored. */
  ready: Promise<void>;
  status: PartitionsHandle['status'];
  /** What it has processed is committed and stored; the log stays open. */
  stop(): Promise<void>;
}

export function startDetector({ log, assignments, codec, work, onFirst }: RoleOptions): Role {
  const logger = createLogger({ level: process.env.DRIFTMGR_LOG_LEVEL ?? 'silent' });
  const states = openEmbeddedStates({ directory: join(work, 'state'), logger });
  const ending = new AbortController();
  const handle = runProcessor({
    // As in bench/world.ts: no grace, so that a difference is a drift at once.
    processor: createDriftDetector({ compare, graceMs: 0 }),
    log: tellingFirst(log, onFirst),
    assignments,
    states,
    codec,
    // Only dead letters are kept there, and there must be none: the result check would miss their drifts.
    blobs: createMemoryBlobs(),
    org: 'default',
    clock: systemClock,
    logger,
    metrics: createMetrics(),
    signal: ending.signal,
  });
  return {
    ready: handle.ready,
    status: handle.status,
    async stop() {
      ending.abort();
      await handle.stopped;
      await states.close();
    },
  };
}

function tellingFirst(log: Log, onFirst: () => void): Log {
  let told = false;
  const read: Log['read'] = async (topic, ...rest) => {
    const batch = await log.read(topic, ...rest);
    if (!told && topic === 'driftmgr.observations' && batch.records.length > 0) {
      told = true;
      onFirst();
    }
    return batch;
  };
  // Whatever else the log is asked for, it is asked itself.
  return new Proxy(log, { get: (target, name) => (name === 'read' ? read : bound(target, name)) });
}

function bound(log: Log, name: string | symbol): unknown {
  const member = Reflect.get(log, name) as unknown;
  return typeof member === 'function' ? member.bind(log) : member;
}
