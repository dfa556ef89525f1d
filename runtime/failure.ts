// What happens when something fails: how long to wait before it is tried again, and how it is recorded when it is not.
import type { Codec, Event, TopicName } from '../schemas/index.ts';
import { placement, recordKey, stableId, Undecodable, UnknownBody } from '../schemas/index.ts';
import type { Blobs } from './blobs/blobs.ts';
import { DriftError, isRetriable } from './errors.ts';
import type { NewRecord } from './log/log.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

/** Milliseconds before attempt `attempt` (from 0): doubling, capped, the second half of it random (`random` in 0..1). */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 20));
  return full * (0.5 + random / 2);
}

/** `retry`: the same may succeed later. `stop`: this process must not go on. `letter`: this record alone is at fault. */
export type Verdict = 'retry' | 'stop' | 'letter';

export function verdictOn(error: unknown): Verdict {
  if (error instanceof UnknownBody) return 'stop';
  return isRetriable(error) ? 'retry' : 'letter';
}

/** The code under which an error is counted and recorded. */
export function codeOf(error: unknown): string {
  if (error instanceof DriftError) return error.code;
  if (error instanceof Undecodable) return 'DM_EVENT_UNDECODABLE';
  if (error instanceof UnknownBody) return 'DM_EVENT_NEWER';
  return 'DM_INTERNAL';
}

const LONGEST_REASON = 500;

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_REASON);

/** The object a record key belongs to; null for broadcasts and for what belongs to no object. */
export function objectOfKey(key: string, org: string): string | null {
  const end = key.indexOf('\u001f');
  const objectKey = end < 0 ? key : key.slice(0, end);
  return objectKey.startsWith(`${org}/`) && objectKey !== `${org}/*` ? objectKey : null;
}

/** True for the record key of a broadcast; it can be told without decoding the record. */
export const isBroadcastKey = (key: string, org: string): boolean => key.startsWith(`${org}/*\u001f`);

export interface Letter {
  /** Which source, processor, reactor or projection refused it. */
  reader: string;
  org: string;
  /** Where it stood in the log; null for what never got there. */
  at: { topic: TopicName; partition: number; offset: number; recordKey: string } | null;
  objectKey: string | null;
  code: string;
  reason: string;
  /** The bytes as they came. */
  original: Buffer;
  time: number;
}

export interface LetterBox {
  codec: Codec;
  blobs: Blobs;
  partitions: number;
}

/**
 * Stores the original under a name that is the same however often this is repeated, and returns the record to append in
 * the same commit as the position. When the process dies in between, the original is stored again over itself.
 */
export async function writeLetter(letter: Letter, box: LetterBox, now: number): Promise<NewRecord[]> {
  const { at, reader, org } = letter;
  const id = at
    ? stableId('dlq', reader, at.topic, at.partition, at.offset)
    : stableId('dlq', reader, letter.code, letter.original.toString('base64'));
  const blob = `dead-letters/${safeName(reader)}/${id}`;
  await box.blobs.put(blob, letter.original);
  const event: Event = {
    type: 'dead-letter.recorded',
    time: letter.time,
    id,
    recordedAt: now,
    source: reader,
    org,
    objectKey: letter.objectKey,
    correlationId: null,
    clamped: false,
    body: {
      reader,
      topic: at?.topic ?? null,
      partition: at?.partition ?? null,
      offset: at?.offset ?? null,
      recordKey: at?.recordKey ?? null,
      code: letter.code,
      reason: letter.reason,
      blob,
    },
  };
  const value = box.codec.encode(event);
  const key = recordKey(event);
  return placement(event, box.partitions).map((partition) => ({
    topic: 'driftmgr.dead-letters',
    partition,
    key,
    value,
  }));
}

const safeName = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
