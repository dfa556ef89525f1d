// Reads records of one topic and partition from segments: few reads of many chunks, checked, from memory where possible.
import type { ChunkList } from './chunk-index.ts';
import { chunkIsWhole, decodeChunk } from './frame.ts';
import type { Batch, LogRecord, ReadLimits } from './log.ts';
import type { Segment } from './segment.ts';
import { corrupt, readAt, release } from './segment.ts';

/** A list of chunks and the segment they are in. */
export interface HeldList {
  segment: Segment;
  list: ChunkList;
}

interface Wanted {
  position: number;
  length: number;
  first: number;
}

/** Chunks less than this apart are read together. */
const GAP = 32 * 1024;
/** One read takes no more than about this, whatever the limits say. */
const MOST = 16 << 20;

/**
 * Reads from `from` on; `held` in order, all of one place. Values of one batch share memory: a caller that keeps a few
 * of them for long copies them.
 */
export async function readChunks(
  held: readonly HeldList[],
  from: number,
  end: number,
  limits: ReadLimits,
): Promise<Batch> {
  const records: LogRecord[] = [];
  const most = { records: Math.max(1, limits.records), bytes: Math.max(1, limits.bytes) };
  const plan = chunksFrom(held, from, most);
  for (const { held } of plan) held.segment.readers++;
  try {
    let bytes = 0;
    for (const { held, wanted } of plan) {
      const chunks = await chunksOf(held, wanted);
      for (const chunk of chunks) {
        if (records.length >= most.records || bytes >= most.bytes) break;
        bytes += decodeChunk(chunk, from, records, { records: most.records, bytes: most.bytes - bytes });
      }
    }
  } finally {
    for (const { held } of plan) await release(held.segment);
  }
  const last = records.at(-1);
  return { records, next: last ? last.offset + 1 : Math.max(from, end) };
}

function chunksFrom(
  held: readonly HeldList[],
  from: number,
  limits: ReadLimits,
): { held: HeldList; wanted: Wanted[] }[] {
  const plan: { held: HeldList; wanted: Wanted[] }[] = [];
  let records = 0;
  let bytes = 0;
  const most = Math.min(limits.bytes, MOST);
  for (let at = firstHolding(held, from); at < held.length; at++) {
    const { list } = held[at]!;
    const wanted: Wanted[] = [];
    plan.push({ held: held[at]!, wanted });
    for (let i = list.find(from); i < list.size; i++) {
      const first = list.firstOf(i);
      const length = list.lengthOf(i);
      const count = list.countOf(i);
      wanted.push({ position: list.positionOf(i), length, first });
      const skipped = Math.min(count - 1, Math.max(0, from - first));
      records += count - skipped;
      bytes += (length * (count - skipped)) / count;
      if (records >= limits.records || bytes >= most) return plan;
    }
  }
  return plan;
}

function firstHolding(held: readonly HeldList[], from: number): number {
  let low = 0;
  let high = held.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (held[middle]!.list.end <= from) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function chunksOf({ segment, list }: HeldList, wanted: readonly Wanted[]): Promise<Buffer[]> {
  const chunks: Buffer[] = new Array(wanted.length);
  const reads: Promise<void>[] = [];
  for (let i = 0; i < wanted.length; ) {
    const recent = segment.recent.get(wanted[i]!.position);
    if (recent) {
      chunks[i++] = recent;
      continue;
    }
    const begin = i;
    let end = wanted[i]!.position + wanted[i]!.length;
    for (i++; i < wanted.length && wanted[i]!.position - end <= GAP; i++) {
      if (segment.recent.has(wanted[i]!.position)) break;
      end = wanted[i]!.position + wanted[i]!.length;
    }
    reads.push(readRun(segment, list.place, wanted, begin, i, chunks));
  }
  await Promise.all(reads);
  return chunks;
}

async function readRun(
  segment: Segment,
  place: number,
  wanted: readonly Wanted[],
  begin: number,
  end: number,
  chunks: Buffer[],
): Promise<void> {
  const start = wanted[begin]!.position;
  const last = wanted[end - 1]!;
  const bytes = await readAt(segment.file, start, last.position + last.length - start);
  for (let i = begin; i < end; i++) {
    const { position, length, first } = wanted[i]!;
    const chunk = bytes.subarray(position - start, position - start + length);
    if (!chunkIsWhole(chunk, segment.salt, { place, first }))
      throw corrupt(segment.path, position, 'its records do not match their checksum');
    chunks[i] = chunk;
  }
}
