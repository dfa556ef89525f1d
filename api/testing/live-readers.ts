// Processes that serve live streams over one log and one cache, each of which can lose what is said, or its connection.
import pino from 'pino';
import type { Cache, Listener } from '../../runtime/cache/cache.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { testCodec } from '../../runtime/testing/codec.ts';
import { eventOf } from '../../runtime/testing/events.ts';
import type { Event } from '../../schemas/index.ts';
import { placement, recordKey, topicOf } from '../../schemas/index.ts';
import { createLive } from '../live.ts';
import { slotsOf, vectorOf } from '../live-items.ts';
import { driftOf } from './harness.ts';

const codec = testCodec();

/** One reader of one stream: what it was told, in order. */
export interface Reader {
  /** `drf_1`, …; `reset` stands for itself. */
  told: string[];
  lastId: string;
  ended: boolean;
  leave(): void;
}

export interface Process {
  join(lastEventId?: string): Promise<Reader>;
  /** How often it has read the log. */
  reads(): number;
  cache: LossyCache;
  close(): void;
}

export function startProcess(log: Log, shared: Cache, options: { beatMs: number }): Process {
  let reads = 0;
  const cache = lossy(shared);
  const live = createLive({
    log: {
      partitions: log.partitions,
      subscribe: (...asked) => log.subscribe(...asked),
      start: (...asked) => log.start(...asked),
      end: (...asked) => log.end(...asked),
      read: (...asked) => {
        reads++;
        return log.read(...asked);
      },
    } as Log,
    codec,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    cache,
    // Nothing but what this is about helps.
    heartbeatMs: 3_600_000,
    maxWaiting: 1 << 20,
    stalledMs: 60_000,
    maxReaders: 10,
    ...options,
  });
  return {
    cache,
    reads: () => reads,
    close: () => live.close(),
    async join(lastEventId) {
      const reader: Reader = { told: [], lastId: '', ended: false, leave: () => undefined };
      reader.leave = await live.join(
        { wants: () => true, lastEventId, mayStay: async () => true },
        {
          write(text) {
            const [, kind, id, data] = /^event: (.*)\nid: (.*)\ndata: (.*)\n\n$/.exec(text) ?? [];
            if (vectorOf(id!, slotsOf(log.partitions).length) === null) throw new Error(`no id: ${id}`);
            reader.lastId = id!;
            if (kind === 'drift') reader.told.push((JSON.parse(data!) as { drift: { id: string } }).drift.id);
            if (kind === 'reset') reader.told.push('reset');
          },
          waiting: () => 0,
          drained: async () => undefined,
          end() {
            reader.ended = true;
          },
        },
      );
      return reader;
    },
  };
}

export interface LossyCache extends Cache {
  /** Nothing gets through either way, and listeners are told; until `back`. */
  away(): void;
  back(): void;
  /** What is published is lost, and nobody is told. */
  losing: boolean;
  /** What others publish does not get here, and nobody is told. */
  deaf: boolean;
}

function lossy(shared: Cache): LossyCache {
  const listeners = new Set<Listener>();
  let isAway = false;
  const cache: LossyCache = {
    ...shared,
    losing: false,
    deaf: false,
    async publish(channel, text) {
      if (isAway) return false;
      return cache.losing ? true : shared.publish(channel, text);
    },
    subscribe(channel, listener) {
      listeners.add(listener);
      const off = shared.subscribe(channel, {
        message: (text) => isAway || cache.deaf || listener.message(text),
        listening: (on) => isAway || listener.listening(on),
      });
      return () => {
        listeners.delete(listener);
        off();
      };
    },
    away() {
      isAway = true;
      for (const listener of listeners) listener.listening(false);
    },
    back() {
      isAway = false;
      for (const listener of listeners) listener.listening(true);
    },
  };
  return cache;
}

/** Appends openings of `drf_<n>`; their objects lie in all partitions. */
export async function open(log: Log, ...numbers: number[]): Promise<void> {
  await log.append(numbers.flatMap((n) => recordsOf(openingOf(n), log.partitions)));
}

export const partitionOf = (id: string, partitions: number): number =>
  placement(openingOf(Number(id.slice('drf_'.length))), partitions)[0]!;

function openingOf(n: number): Event {
  const drift = driftOf({ id: `drf_${n}`, objectKey: `default/aws/-/-/s3-bucket/${n}` });
  return eventOf('drift.opened', { drift, causedBy: 'e' }, { objectKey: drift.objectKey, id: `evt_${n}` });
}

const recordsOf = (event: Event, partitions: number): Parameters<Log['append']>[0] =>
  placement(event, partitions).map((partition) => ({
    topic: topicOf(event.type),
    partition,
    key: recordKey(event),
    value: codec.encode(event),
  }));
