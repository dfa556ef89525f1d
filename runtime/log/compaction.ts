// Compaction of the embedded log: which records of closed segments may go, and the segments written in their place.
//
// A segment is replaced by renaming a finished file over it; segments merged into it are removed after that and, should
// a crash come first, at the next open. So every instant leaves a valid log. Superseded values may go at any time; a
// tombstone goes only when its key has no other record left, so that no older value can come back.
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Topic } from '../../schemas/index.ts';
import { syncDirectory, UNFINISHED } from '../durable-file.ts';
import type { ChunkList } from './chunk-index.ts';
import { addChunks, emptyIndex } from './chunk-index.ts';
import type { FaultStep } from './faults.ts';
import {
  CHUNK_BYTES,
  CHUNK_HEADER,
  chunkIsWhole,
  chunkKeysEnd,
  decodeChunk,
  encodeSegmentHeader,
  walkKeys,
} from './frame.ts';
import { buildKeptFrame } from './frame-builder.ts';
import type { LogRecord } from './log.ts';
import type { Segment } from './segment.ts';
import { corrupt, newSalt, readAt, removeSegmentFiles, saveIndex, writeAt } from './segment.ts';
import { createSlices } from './slices.ts';

export interface CompactionContext {
  /** The topic of a place; undefined for one that no longer exists, whose records are kept. */
  topicOf(place: number): Topic | undefined;
  now: number;
  segmentBytes: number;
  /** A segment is rewritten when more than this part of it may go. */
  waste: number;
  /** Throws when the log is closed meanwhile. */
  checkOpen(): void;
  fault(step: FaultStep): Promise<void>;
  /** Reads go to `by` from now on. */
  swap(replaced: readonly Segment[], by: Segment): Promise<void>;
}

/** Which records of a chunk list may go: one bit each, in order. */
interface Dead {
  bits: Uint8Array;
  count: number;
}
type Survey = Map<ChunkList, Dead>;

export async function compactSegments(closed: readonly Segment[], context: CompactionContext): Promise<void> {
  const survey = await surveySegments(closed, context);
  for (const group of groupsToRewrite(closed, survey, context)) await rewrite(group, survey, context);
}

async function surveySegments(closed: readonly Segment[], context: CompactionContext): Promise<Survey> {
  const survey: Survey = new Map();
  const places = new Set(closed.flatMap(({ index }) => [...index.lists.keys()]));
  for (const place of places) {
    const topic = context.topicOf(place);
    if (!topic) continue;
    const oldest = topic.retentionMs === null ? Number.NEGATIVE_INFINITY : context.now - topic.retentionMs;
    const holders = closed.flatMap((segment) => {
      const list = segment.index.lists.get(place);
      return list ? [{ segment, list }] : [];
    });
    if (topic.cleanup === 'compact') await surveyKeys(holders, oldest, survey, context);
    else
      for (const holder of holders)
        if (holder.segment.index.oldest < oldest) await surveyTimes(holder, oldest, survey, context);
  }
  return survey;
}

interface Holder {
  segment: Segment;
  list: ChunkList;
}

/** Finds superseded records of one partition of a compacted topic. Holds its keys in memory while it does. */
async function surveyKeys(
  holders: readonly Holder[],
  oldestTombstone: number,
  survey: Survey,
  context: CompactionContext,
): Promise<void> {
  const newest = new Map<string, { dead: Dead; at: number }>();
  for (const { segment, list } of holders) {
    const dead = deadOf(survey, list);
    await walkList(segment, list, context, (at, key, timestamp, isTombstone) => {
      const before = newest.get(key);
      if (before) kill(before.dead, before.at);
      else if (isTombstone && timestamp < oldestTombstone) kill(dead, at);
      newest.set(key, { dead, at });
    });
  }
}

async function surveyTimes(
  { segment, list }: Holder,
  oldest: number,
  survey: Survey,
  context: CompactionContext,
): Promise<void> {
  const dead = deadOf(survey, list);
  await walkList(segment, list, context, (at, _key, timestamp) => {
    if (timestamp < oldest) kill(dead, at);
  });
}

function deadOf(survey: Survey, list: ChunkList): Dead {
  let records = 0;
  for (let i = 0; i < list.size; i++) records += list.countOf(i);
  const dead: Dead = { bits: new Uint8Array((records + 7) >>> 3), count: 0 };
  survey.set(list, dead);
  return dead;
}

const isDead = (dead: Dead, at: number): boolean => (dead.bits[at >>> 3]! & (1 << (at & 7))) !== 0;

function kill(dead: Dead, at: number): void {
  if (isDead(dead, at)) return;
  dead.bits[at >>> 3]! |= 1 << (at & 7);
  dead.count++;
}

/** Reads headers and keys of a list's chunks, not their values. `at` counts the records of the list. */
async function walkList(
  segment: Segment,
  list: ChunkList,
  context: CompactionContext,
  visit: (at: number, key: string, timestamp: number, isTombstone: boolean) => void,
): Promise<void> {
  const breathe = createSlices();
  let at = 0;
  for (let i = 0; i < list.size; i++) {
    context.checkOpen();
    const position = list.positionOf(i);
    const guess = Math.min(list.lengthOf(i), CHUNK_HEADER + list.countOf(i) * 160);
    let bytes = await readAt(segment.file, position, guess);
    if (bytes.length >= CHUNK_HEADER && chunkKeysEnd(bytes) > bytes.length)
      bytes = await readAt(segment.file, position, Math.min(chunkKeysEnd(bytes), list.lengthOf(i)));
    const keys = bytes.length >= CHUNK_HEADER ? bytes.subarray(0, chunkKeysEnd(bytes)) : bytes;
    if (!chunkIsWhole(keys, segment.salt, { place: list.place, first: list.firstOf(i) }, true))
      throw corrupt(segment.path, position, 'its keys do not match their checksum');
    walkKeys(keys, (key, timestamp, isTombstone) => visit(at++, key, timestamp, isTombstone));
    await breathe();
  }
}

/** Bytes of a segment that may go, taking records of a list to be equally large. */
function wasteOf(segment: Segment, survey: Survey): number {
  let waste = 0;
  for (const list of segment.index.lists.values()) {
    const dead = survey.get(list)?.count ?? 0;
    if (dead === 0) continue;
    let bytes = 0;
    let records = 0;
    for (let i = 0; i < list.size; i++) {
      bytes += list.lengthOf(i);
      records += list.countOf(i);
    }
    waste += (bytes * dead) / records;
  }
  return waste;
}

/**
 * Neighbours whose live records fit one segment become one, when that drops enough or, so that small segments do not
 * pile up, when none of them is larger than the others together.
 */
function groupsToRewrite(
  closed: readonly Segment[],
  survey: Survey,
  context: CompactionContext,
): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let live = 0;
  let waste = 0;
  const end = (): void => {
    const bytes = group.reduce((sum, { length }) => sum + length, 0);
    const largest = Math.max(...group.map(({ length }) => length));
    if ((waste > 0 && waste >= context.waste * bytes) || (group.length > 1 && largest <= bytes / 2))
      groups.push(group);
    group = [];
    live = 0;
    waste = 0;
  };
  for (const segment of closed) {
    const dropped = wasteOf(segment, survey);
    const kept = segment.length - dropped;
    if (group.length > 0 && live + kept > context.segmentBytes) end();
    group.push(segment);
    live += kept;
    waste += dropped;
  }
  if (group.length > 0) end();
  return groups;
}

async function rewrite(group: readonly Segment[], survey: Survey, context: CompactionContext): Promise<void> {
  const path = group[0]!.path;
  const beside = `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
  const salt = newSalt();
  const header = { salt, first: group[0]!.first, last: group.at(-1)!.last };
  const file = await open(beside, 'wx+', 0o600);
  const by: Segment = {
    ...header,
    path,
    file,
    length: 0,
    index: emptyIndex(),
    readers: 0,
    replaced: false,
    recent: new Map(),
  };
  try {
    const bytes = encodeSegmentHeader(header);
    await writeAt(file, bytes, 0);
    by.length = bytes.length;
    await context.fault('compact-before-write');
    await copyLive(group, survey, by, context);
    await context.fault('compact-before-sync');
    await file.sync();
    await context.fault('compact-before-rename');
    await rename(beside, path);
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
  await context.swap(group, by);
  await context.fault('compact-after-rename');
  await syncDirectory(dirname(path));
  await context.fault('compact-before-remove');
  for (const merged of group.slice(1)) {
    await removeSegmentFiles(merged);
    await context.fault('compact-after-remove');
  }
  await saveIndex(by);
}

/** Writes what is live, topic by topic and partition by partition, so that readers find it in long runs. */
async function copyLive(
  group: readonly Segment[],
  survey: Survey,
  by: Segment,
  context: CompactionContext,
): Promise<void> {
  const breathe = createSlices();
  const places = [...new Set(group.flatMap(({ index }) => [...index.lists.keys()]))].sort((a, b) => a - b);
  let frame: { place: number; records: LogRecord[] }[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (frame.length === 0) return;
    const { bytes, headLength, chunks, oldest } = buildKeptFrame(frame, by.salt);
    await writeAt(by.file, bytes, by.length);
    addChunks(by.index, chunks, by.length + headLength, oldest);
    by.length += bytes.length;
    frame = [];
    size = 0;
  };
  for (const place of places)
    for (const segment of group) {
      const list = segment.index.lists.get(place);
      if (!list) continue;
      const dead = survey.get(list);
      let ordinal = 0;
      for (let i = 0; i < list.size; i++) {
        context.checkOpen();
        const from = ordinal;
        ordinal += list.countOf(i);
        if (dead && allDead(dead, from, ordinal)) continue;
        const position = list.positionOf(i);
        const chunk = await readAt(segment.file, position, list.lengthOf(i));
        if (!chunkIsWhole(chunk, segment.salt, { place, first: list.firstOf(i) }))
          throw corrupt(segment.path, position, 'its records do not match their checksum');
        const records: LogRecord[] = [];
        size += decodeChunk(chunk, 0, records, { records: Infinity, bytes: Infinity });
        const live = dead ? records.filter((_, k) => !isDead(dead, from + k)) : records;
        if (live.length === 0) continue;
        const last = frame.at(-1);
        if (last?.place === place) last.records.push(...live);
        else frame.push({ place, records: live });
        if (size >= 4 * CHUNK_BYTES) await flush();
        await breathe();
      }
    }
  await flush();
}

function allDead(dead: Dead, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isDead(dead, at)) return false;
  return true;
}
