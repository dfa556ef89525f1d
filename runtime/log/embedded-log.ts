// The log in files of one directory: one journal of segments for all topics, one frame and one sync per commit.
//
// Calls made while a write is under way share the next one. A call resolves after its frame is synced, and readers see
// it then. After a crash the log holds every acknowledged call whole, and perhaps calls of the last frame that were not
// acknowledged, whole too. docs/decisions/0001-embedded-log.md says why it is so.
import { join } from 'node:path';
import type { Topic } from '../../schemas/index.ts';
import { TOPICS } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { syncDirectory } from '../durable-file.ts';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import { addChunks } from './chunk-index.ts';
import type { HeldList } from './chunk-reader.ts';
import { readChunks } from './chunk-reader.ts';
import { compactSegments } from './compaction.ts';
import type { FaultStep, Faults } from './faults.ts';
import type { Frame } from './frame-builder.ts';
import { buildFrame, buildSnapshot } from './frame-builder.ts';
import { commitNote, movePositions, snapshotNote } from './group-positions.ts';
import type { Log, NewRecord, Position } from './log.ts';
import { checkCommit, checkPartitions, checkPlace, closedLog } from './log-input.ts';
import { openSegments } from './open-segments.ts';
import { createRecentChunks } from './recent-chunks.ts';
import type { Segment } from './segment.ts';
import { createSegment, retire, saveIndex, segmentPath, writeAt } from './segment.ts';
import { createSlices } from './slices.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface EmbeddedLogOptions {
  directory: string;
  partitions: number;
  clock: Clock;
  logger: Logger;
  /** A segment is closed when the next frame would make it larger. */
  segmentBytes?: number;
  /** Compaction rewrites segments of which more than this part may go. */
  waste?: number;
  /** The newest bytes kept in memory for readers at the end. */
  recentBytes?: number;
  /** Calls waiting for the disk may hold so many bytes; further ones are refused as retriable. */
  queueBytes?: number;
  faults?: Faults;
}

/** One call may hold so many bytes: it must fit one frame. */
const CALL_BYTES = 512 << 20;
/** Calls are gathered into one frame up to this. */
const FRAME_BYTES = 16 << 20;

interface Call {
  records: readonly NewRecord[];
  group: string | null;
  positions: readonly Position[];
  bytes: number;
  resolve: (ends: Position[]) => void;
  reject: (error: unknown) => void;
}

/** Opens the directory, or creates it. DM_CONFIG_INVALID when it has other partitions; DM_LOG_CORRUPT names file and byte. */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<Log> {
  const { directory, partitions, clock, logger, faults } = options;
  const segmentBytes = options.segmentBytes ?? 64 << 20;
  const queueBytes = options.queueBytes ?? 256 << 20;
  checkPartitions(partitions);
  const { description, segments, groups, ends } = await openSegments(directory, partitions, logger);
  const numbers = new Map(description.topics.map((topic, number) => [topic, number]));
  const topicOf = new Map<string, Topic>(TOPICS.map((topic) => [topic.name, topic]));
  const placeOf = (at: { topic: string; partition: number }): number =>
    numbers.get(at.topic)! * partitions + at.partition;

  const subscriptions = createSubscriptions();
  const recent = createRecentChunks(options.recentBytes ?? 32 << 20);
  const breathe = createSlices();
  let lists: HeldList[][] = [];
  let queue: Call[] = [];
  let queued = 0;
  let writing: Promise<void> | null = null;
  let compacting: Promise<void> | null = null;
  const saving = new Set<Promise<void>>();
  let closed = false;
  let broken: unknown = null;
  let active = segments.at(-1) ?? (await startSegment(1));
  if (segments.length === 0) segments.push(active);
  arrange();

  /** Which chunk lists hold each place, oldest segment first. */
  function arrange(): void {
    lists = Array.from({ length: ends.length }, () => []);
    for (const segment of segments)
      for (const list of segment.index.lists.values()) lists[list.place]!.push({ segment, list });
  }

  function checkOpen(): void {
    if (closed) throw closedLog();
  }

  async function fault(step: FaultStep): Promise<void> {
    try {
      await faults?.(step);
    } catch (error) {
      broken = error;
      throw error;
    }
  }

  function enqueue(
    records: readonly NewRecord[],
    group: string | null,
    positions: readonly Position[],
  ): Promise<Position[]> {
    checkOpen();
    if (broken !== null) throw failed('an earlier write failed', broken, false);
    checkCommit(records, positions, partitions);
    if (records.length === 0 && positions.length === 0) return Promise.resolve([]);
    let bytes = 64;
    for (const record of records) bytes += record.key.length + (record.value?.length ?? 0) + 16;
    if (bytes > CALL_BYTES)
      throw new DriftError(`one append of ${bytes} bytes`, {
        code: 'DM_INPUT_TOO_LARGE',
        retriable: false,
        public: `One append to the log may hold ${CALL_BYTES} bytes, not ${bytes}: append it in parts.`,
      });
    if (queue.length > 0 && queued + bytes > queueBytes)
      throw new DriftError(`${queued} bytes wait to be written to the log`, {
        code: 'DM_RATE_LIMITED',
        retriable: true,
        public: 'The log takes no more at the moment: the disk is slower than what comes in. Try again.',
      });
    const { promise, resolve, reject } = Promise.withResolvers<Position[]>();
    queue.push({ records, group, positions, bytes, resolve, reject });
    queued += bytes;
    kick();
    return promise;
  }

  /** Sees to it that what waits gets written. */
  function kick(): void {
    if (writing === null && queue.length > 0) writing = exclusive(drain);
  }

  /** Work on the active segment, of which there is one at a time: set in `writing` by the caller. */
  async function exclusive(work: () => Promise<void>): Promise<void> {
    // Calls of this turn of the loop share the first frame.
    await Promise.resolve();
    try {
      await work();
    } finally {
      writing = null;
      kick();
    }
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const calls = takeCalls();
      try {
        if (broken !== null) throw failed('an earlier write failed', broken, false);
        const frame = await writeCalls(calls);
        for (const call of calls) call.resolve(call.group === null ? [] : endsOf(call.records));
        subscriptions.announce(topicsOf(frame));
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
  }

  function takeCalls(): Call[] {
    let count = 0;
    let bytes = 0;
    while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= FRAME_BYTES))
      bytes += queue[count++]!.bytes;
    const calls = queue.slice(0, count);
    queue = queue.slice(count);
    queued -= bytes;
    return calls;
  }

  /** Where the places of the records end, now that they are written. */
  function endsOf(records: readonly NewRecord[]): Position[] {
    const found = new Map<number, Position>();
    for (const record of records) {
      const place = placeOf(record);
      if (!found.has(place))
        found.set(place, { topic: record.topic, partition: record.partition, offset: ends[place]! });
    }
    return [...found.values()];
  }

  const topicsOf = (frame: Frame): Set<Topic['name']> =>
    new Set(
      frame.chunks.map(({ place }) => description.topics[Math.floor(place / partitions)] as Topic['name']),
    );

  async function writeCalls(calls: readonly Call[]): Promise<Frame> {
    const bytes = calls.reduce((sum, call) => sum + call.bytes, 0);
    if (active.length + bytes > segmentBytes && active.index.lists.size > 0) await roll();
    const frame = await buildFrame({
      records: calls.map((call) => call.records),
      placeOf,
      endOf: (place) => ends[place]!,
      note: commitNote(calls, placeOf),
      timestamp: clock.now(),
      salt: active.salt,
    });
    await writeFrame(frame);
    const position = active.length;
    active.length += frame.bytes.length;
    const before = active.index.lists.size;
    addChunks(active.index, frame.chunks, position + frame.headLength, frame.oldest);
    if (active.index.lists.size > before) arrangeActive();
    for (const { place, last } of frame.chunks) ends[place] = last + 1;
    for (const { group, positions } of calls)
      if (group !== null)
        movePositions(
          groups,
          group,
          positions.map((at) => [placeOf(at), at.offset]),
        );
    recent.keep(active, position, frame);
    return frame;
  }

  function arrangeActive(): void {
    for (const list of active.index.lists.values()) {
      const held = lists[list.place]!;
      if (held.at(-1)?.segment !== active) held.push({ segment: active, list });
    }
  }

  /** Writes and syncs a frame at the end of the active segment, or leaves the file as it was. */
  async function writeFrame({ bytes }: Frame): Promise<void> {
    const { file, length } = active;
    await fault('before-write');
    try {
      if (faults) {
        const half = bytes.length >>> 1;
        await writeAt(file, bytes.subarray(0, half), length);
        await fault('after-partial-write');
        await writeAt(file, bytes.subarray(half), length + half);
      } else await writeAt(file, bytes, length);
    } catch (cause) {
      if (broken !== null) throw cause;
      await file.truncate(length).catch((error: unknown) => {
        broken = error;
      });
      throw failed('the disk did not take a write', cause, broken === null);
    }
    await fault('after-write-before-sync');
    try {
      await file.datasync();
    } catch (cause) {
      // What the disk holds is now unknown, and asking again would not tell: only opening the log anew does.
      broken = cause;
      throw failed('the disk did not confirm a write', cause, false);
    }
    await fault('after-sync');
  }

  async function startSegment(sequence: number): Promise<Segment> {
    await fault('roll-before-create');
    const segment = await createSegment(segmentPath(directory, sequence), sequence, (salt) =>
      buildSnapshot(snapshotNote(groups, ends), salt, clock.now()),
    );
    try {
      await fault('roll-after-create');
      await syncDirectory(directory);
      await fault('roll-after-sync');
      return segment;
    } catch (error) {
      await segment.file.close();
      throw error;
    }
  }

  /** Closes the active segment and starts the next. */
  async function roll(): Promise<void> {
    let next: Segment;
    try {
      next = await startSegment(active.last + 1);
    } catch (cause) {
      throw failed('a new log segment could not be created', cause, broken === null);
    }
    const full = active;
    segments.push(next);
    active = next;
    // Only a faster next start depends on the index file: without it, it is made then.
    const saved = saveIndex(full)
      .catch((error: unknown) => logger.warn({ err: error, path: full.path }, 'could not save a log index'))
      .finally(() => saving.delete(saved));
    saving.add(saved);
  }

  async function compactClosed(): Promise<void> {
    if (active.index.lists.size > 0) {
      // Between writes: the active segment changes only when none is under way.
      while (writing) await writing;
      checkOpen();
      if (broken !== null) throw failed('an earlier write failed', broken, false);
      writing = exclusive(roll);
      await writing;
    }
    await Promise.all(saving);
    await compactSegments(segments.slice(0, -1), {
      topicOf: (place) => topicOf.get(description.topics[Math.floor(place / partitions)]!),
      now: clock.now(),
      segmentBytes,
      waste: options.waste ?? 0.25,
      checkOpen,
      fault,
      async swap(replaced, by) {
        segments.splice(segments.indexOf(replaced[0]!), replaced.length, by);
        arrange();
        for (const segment of replaced) await retire(segment);
      },
    });
  }

  function held(topic: Topic['name'], partition: number): { place: number; lists: HeldList[] } {
    checkOpen();
    checkPlace(topic, partition, partitions);
    const place = placeOf({ topic, partition });
    return { place, lists: lists[place]! };
  }

  return {
    partitions,
    gatherMs: 0,
    // The lock on the data directory keeps others out.
    async takeOver() {
      checkOpen();
    },
    append: async (records) => {
      await enqueue(records, null, []);
    },
    commit: async ({ group, records, positions }) => enqueue(records, group, positions),
    async read(topic, partition, from, limits) {
      // Reads answered from memory do no IO: a reader that does nothing else must still let the loop turn.
      await breathe();
      const { place, lists } = held(topic, partition);
      return readChunks(lists, from, ends[place]!, limits);
    },
    async end(topic, partition) {
      return ends[held(topic, partition).place]!;
    },
    async start(topic, partition) {
      const { place, lists } = held(topic, partition);
      return lists[0]?.list.firstOf(0) ?? ends[place]!;
    },
    async positions(group) {
      checkOpen();
      const known = new Set<string>(TOPICS.map(({ name }) => name));
      return [...(groups.get(group) ?? [])].flatMap(([place, offset]) => {
        const topic = description.topics[Math.floor(place / partitions)]!;
        return known.has(topic)
          ? [{ topic: topic as Topic['name'], partition: place % partitions, offset }]
          : [];
      });
    },
    subscribe: (topics, notify) => subscriptions.add(topics, notify),
    async compact() {
      checkOpen();
      compacting ??= compactClosed().finally(() => {
        compacting = null;
      });
      await compacting;
    },
    async close() {
      if (closed) return;
      closed = true;
      subscriptions.clear();
      // Failures are told to those who made the calls.
      while (writing) await writing.catch(() => {});
      await compacting?.catch(() => {});
      await Promise.all(saving);
      for (const segment of segments) await retire(segment);
    },
  };

  function failed(what: string, cause: unknown, retriable: boolean): DriftError {
    logger.error({ err: cause, directory }, `log: ${what}`);
    return new DriftError(`${what} (log in ${join(directory)})`, {
      code: 'DM_LOG_FAILED',
      retriable,
      public: `The log in ${directory} could not be written: ${what}. Check that the disk has room and is healthy${retriable ? '' : ', then start again'}.`,
      cause,
    });
  }
}
