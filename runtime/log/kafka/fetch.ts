// One Fetch request (version 11, https://kafka.apache.org/protocol#The_Messages_Fetch) to one broker, answered in whole
// batches. It says of each partition what it found or why not; trying again is up to the reader.
import type { Broker, ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { READ_COMMITTED } from './connection.ts';
import { type Aborted, type Batches, wholeBatches } from './record-batch.ts';

const FETCH = 1;
const VERSION = 11;
/** A broker answers a little after the longest wait, at the latest. */
const GRACE_MS = 10_000;

export interface Wanted {
  /** As the cluster names it. */
  topic: string;
  partition: number;
  offset: number;
  maxBytes: number;
}

export interface Found {
  topic: string;
  partition: number;
  /** Asked for. */
  from: number;
  /** Type of the broker's error, null when there is none. */
  error: string | null;
  batches: Batches;
  /** Transactions in them that were aborted. */
  aborted: readonly Aborted[];
  /** All before it is decided: committed or aborted. */
  stable: number;
}

/** Waits up to `waitMs` until there is at least a byte for one of the partitions. */
export async function fetchFrom(
  broker: Broker,
  wanted: readonly Wanted[],
  { waitMs, maxBytes }: { waitMs: number; maxBytes: number },
): Promise<Found[]> {
  const from = new Map(wanted.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const request: ProtocolRequest<Found[]> = {
    request: {
      apiKey: FETCH,
      apiVersion: VERSION,
      apiName: 'Fetch',
      encode: async () => {
        const bytes = encodeRequest(wanted, waitMs, maxBytes);
        const encoder = new Encoder(bytes.length + 1);
        encoder.writeBufferInternal(bytes);
        return encoder;
      },
    },
    response: { decode: async (raw) => ({ raw }), parse: async (decoded) => decodeResponse(decoded, from) },
    requestTimeout: waitMs + GRACE_MS,
    logResponseError: false,
  };
  return broker.connectionPool.send(request);
}

function encodeRequest(wanted: readonly Wanted[], waitMs: number, maxBytes: number): Buffer {
  const topics = new Map<string, Wanted[]>();
  for (const each of wanted) {
    const together = topics.get(each.topic);
    if (together) together.push(each);
    else topics.set(each.topic, [each]);
  }
  let size = 64;
  for (const [topic, places] of topics) size += 8 + Buffer.byteLength(topic) + places.length * 32;
  const bytes = Buffer.alloc(size);
  let at = bytes.writeInt32BE(-1, 0);
  at = bytes.writeInt32BE(waitMs, at);
  at = bytes.writeInt32BE(1, at);
  at = bytes.writeInt32BE(maxBytes, at);
  at = bytes.writeInt8(READ_COMMITTED, at);
  // No fetch session: every request stands for itself.
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt32BE(-1, at);
  at = bytes.writeInt32BE(topics.size, at);
  for (const [topic, places] of topics) {
    at = bytes.writeInt16BE(Buffer.byteLength(topic), at);
    at += bytes.write(topic, at);
    at = bytes.writeInt32BE(places.length, at);
    for (const { partition, offset, maxBytes: partitionBytes } of places) {
      at = bytes.writeInt32BE(partition, at);
      at = bytes.writeInt32BE(-1, at);
      at = bytes.writeBigInt64BE(BigInt(offset), at);
      at = bytes.writeBigInt64BE(-1n, at);
      at = bytes.writeInt32BE(partitionBytes, at);
    }
  }
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt16BE(0, at);
  return bytes.subarray(0, at);
}

function decodeResponse(decoded: unknown, from: ReadonlyMap<string, number>): Found[] {
  const { raw } = decoded as { raw: Buffer };
  // How long the broker asks to wait (quota) stands first; the error of the request as a whole next.
  const failed = raw.readInt16BE(4);
  if (failed !== 0) throw createErrorFromCode(failed);
  const found: Found[] = [];
  let at = 10;
  const topics = raw.readInt32BE(at);
  at += 4;
  for (let t = 0; t < topics; t++) {
    const length = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    const partitions = raw.readInt32BE(at);
    at += 4;
    for (let p = 0; p < partitions; p++) {
      const partition = raw.readInt32BE(at);
      const code = raw.readInt16BE(at + 4);
      const stable = Number(raw.readBigInt64BE(at + 14));
      at += 30;
      const aborted: Aborted[] = [];
      const count = raw.readInt32BE(at);
      at += 4;
      for (let i = 0; i < count; i++, at += 16)
        aborted.push({
          producerId: raw.readBigInt64BE(at),
          firstOffset: Number(raw.readBigInt64BE(at + 8)),
        });
      const size = raw.readInt32BE(at + 4);
      at += 8;
      const offset = from.get(`${topic}/${partition}`) ?? 0;
      const bytes = raw.subarray(at, at + Math.max(0, size));
      const batches = wholeBatches(bytes, offset);
      at += bytes.length;
      const error = code === 0 ? null : createErrorFromCode(code).type;
      found.push({ topic, partition, from: offset, error, batches, aborted, stable });
    }
  }
  return found;
}
