// Drives a processor in memory, without log, codec or loop: for given/when/then and for properties. It folds with the
// same code as the loop, and keeps what a log would keep, so that state can be lost and folded again.
import type { Event, EventOf, EventType, Json, TopicName } from '../../schemas/index.ts';
import { isBroadcast, placement, recordKey, TOPICS, topicOf } from '../../schemas/index.ts';
import { type Emitted, isFolded, PartitionFold, refolds } from '../fold.ts';
import { Overlay } from '../processor/overlay.ts';
import { Seen } from '../processor/seen.ts';
import type { Processor } from '../processor.ts';
import { testCodec } from './codec.ts';
import { fingerprintOf, TEST_ORG, TEST_TIME } from './events.ts';

export interface DriverOptions {
  org?: string;
  /** Partitions the keys are spread over; 1 unless the test is about placement. */
  partitions?: number;
  /** Where the clock stands at first. */
  now?: number;
  /** Keys that decide on a broadcast before its progress is recorded, as at the end of a commit. */
  slice?: number;
}

/** What the driver did with an input. */
export type Taken = 'folded' | 'unchanged' | 'stale';

export interface Driver {
  /**
   * Places the event, folds it, decides, and drains broadcasts. Declarations and observations whose fingerprint equals
   * the last of their record key are skipped as unchanged, older ones as stale, as the loop does.
   */
  input(event: Event): Taken;
  inputs(events: readonly Event[]): void;
  /** Moves the clock, and fires the timers that fall due on the way, in order of time. */
  advanceTo(ms: number): void;
  /** Fires every timer that is set, and those they set, until none is left (at most `limit`). */
  runOut(limit?: number): void;
  now(): number;
  /** Everything put out since the start, timers and tombstones left out. */
  outputs(): Event[];
  outputsOf<T extends EventType>(...types: T[]): EventOf<T>[];
  /** Everything appended, in order per partition: timers and tombstones too. */
  appended(): Emitted[];
  /** The processor's rows of one object (or, for `*`, the shared ones of partition 0). */
  rows(objectKey: string): Record<string, Json>;
  /** Every row of every partition, the runtime's own included: two equal states compare equal. */
  state(): [partition: number, objectKey: string, part: string, value: Json][];
  /**
   * Loses the state and folds it anew, topic after topic, from what a log would still have: with `compacted`, only the
   * newest record of each key of compacted topics, and no tombstones.
   */
  rebuild(options?: { compacted?: boolean }): void;
  /** A crash without loss in the log: the same as `rebuild` from everything. */
  crash(): void;
}

interface Kept {
  key: string;
  event: Event | null;
}

interface Partition {
  fold: PartitionFold;
  seen: Seen;
  /** Per topic, in order, what stands in the log. */
  log: Map<TopicName, Kept[]>;
}

const COMPACTED = new Set(TOPICS.filter((topic) => topic.cleanup === 'compact').map((topic) => topic.name));
const FINGERPRINTED: ReadonlySet<TopicName> = new Set(['driftmgr.declarations', 'driftmgr.observations']);

export function driveProcessor(processor: Processor, options: DriverOptions = {}): Driver {
  const org = options.org ?? TEST_ORG;
  const codec = testCodec();
  const count = options.partitions ?? 1;
  const slice = options.slice ?? Number.POSITIVE_INFINITY;
  let now = options.now ?? TEST_TIME;
  const appended: Emitted[] = [];
  const partitions: Partition[] = Array.from({ length: count }, (_, index) => ({
    ...emptyFold(index),
    log: new Map(),
  }));

  function emptyFold(partition: number): { fold: PartitionFold; seen: Seen } {
    const seen = new Seen([1, 2]);
    const rows = new Overlay();
    return {
      seen,
      fold: new PartitionFold({
        processor,
        org,
        partition,
        partitions: count,
        rows,
        seen,
        encode: codec.encode,
      }),
    };
  }

  function keep(partition: Partition, topic: TopicName, kept: Kept): void {
    const log = partition.log.get(topic);
    if (log) log.push(kept);
    else partition.log.set(topic, [kept]);
  }

  function append(partition: Partition, emitted: readonly Emitted[]): void {
    for (const one of emitted) {
      appended.push(one);
      keep(partition, one.topic, one);
    }
  }

  function novelty(partition: Partition, topic: TopicName, event: Event, key: string): Taken {
    if (!FINGERPRINTED.has(topic) || isBroadcast(event.type)) return 'folded';
    const found = partition.seen.note(key, fingerprintOf(event).toString('latin1'), event.time);
    return found === 'new' ? 'folded' : found;
  }

  function take(partition: Partition, event: Event): Taken {
    const topic = topicOf(event.type);
    if (!processor.reads.includes(topic))
      throw new Error(`${processor.name} does not read ${topic}: it would never get a ${event.type}`);
    const key = recordKey(event);
    keep(partition, topic, { key, event });
    const taken = novelty(partition, topic, event, key);
    if (taken !== 'folded') return taken;
    append(partition, partition.fold.input(event, now));
    while (partition.fold.draining) {
      let left = slice;
      const { emitted, failure } = partition.fold.drainSlice(now, () => --left > 0);
      append(partition, emitted);
      if (failure) throw failure;
      append(partition, partition.fold.drainRecord(now));
    }
    return taken;
  }

  function fireNext(until: number): boolean {
    let first: { partition: Partition; at: number } | null = null;
    for (const partition of partitions) {
      const timer = partition.fold.timers.next();
      if (timer && timer.at <= until && (!first || timer.at < first.at)) first = { partition, at: timer.at };
    }
    if (!first) return false;
    now = Math.max(now, first.at);
    const { fold } = first.partition;
    const { emitted, failure } = fold.fire(fold.timers.next()!, now);
    if (failure) throw failure;
    append(first.partition, emitted);
    return true;
  }

  function rebuild(partition: Partition, index: number, compacted: boolean): void {
    const { fold, seen } = emptyFold(index);
    for (const [topic, how] of refolds(processor)) {
      const records = partition.log.get(topic) ?? [];
      const newest = new Map(records.map((record) => [record.key, record]));
      for (const record of records) {
        // A record that a later tombstone took away is not folded, whether or not compaction has dropped it.
        const last = newest.get(record.key)!;
        if (COMPACTED.has(topic) && last.event === null && topic !== 'driftmgr.timers' && last !== record) {
          if (FINGERPRINTED.has(topic)) seen.forget(record.key);
          continue;
        }
        if (compacted && COMPACTED.has(topic) && (last !== record || record.event === null)) continue;
        if (record.event === null) fold.refoldTombstone(topic, record.key);
        else if (isFolded(how, record.event, processor.name)) {
          const { event } = record;
          if (novelty({ fold, seen, log: partition.log }, topic, event, record.key) === 'folded')
            fold.refold(event);
        }
      }
    }
    fold.resume();
    partition.fold = fold;
    partition.seen = seen;
  }

  const driver: Driver = {
    input(event) {
      let taken: Taken = 'folded';
      for (const index of placement(event, count)) taken = take(partitions[index]!, event);
      return taken;
    },
    inputs(events) {
      for (const event of events) driver.input(event);
    },
    advanceTo(ms) {
      while (fireNext(ms));
      now = Math.max(now, ms);
    },
    runOut(limit = 10_000) {
      for (let fired = 0; fireNext(Number.POSITIVE_INFINITY); fired++)
        if (fired >= limit) throw new Error(`${processor.name} still sets timers after ${limit} have fired`);
    },
    now: () => now,
    outputs: () =>
      appended.flatMap(({ event }) => (event !== null && event.type !== 'clock.due' ? [event] : [])),
    outputsOf: <T extends EventType>(...types: T[]) =>
      driver.outputs().filter((event) => types.some((type) => type === event.type)) as EventOf<T>[],
    appended: () => [...appended],
    rows(objectKey) {
      const found: Record<string, Json> = {};
      for (const { fold } of objectKey === '*' ? partitions.slice(0, 1) : partitions)
        for (const [part, value] of fold.rows.list(objectKey, '')) found[part] = value;
      return found;
    },
    state: () =>
      partitions.flatMap(({ fold }, index) =>
        fold.rows.dump().map((row): [number, string, string, Json] => [index, ...row]),
      ),
    rebuild: ({ compacted = false } = {}) => {
      partitions.forEach((partition, index) => {
        rebuild(partition, index, compacted);
      });
    },
    crash: () => driver.rebuild(),
  };
  return driver;
}
