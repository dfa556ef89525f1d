// One transactional id: everything it writes is in transactions, one after the other, and whoever opens it again later
// shuts out whoever had it before (DM_FENCED).
//
// kafkajs's own producer is not used: after a commit that failed it can neither go on nor be asked what became of it, it
// does not wait for CONCURRENT_TRANSACTIONS where offsets are sent, and it makes several objects of every record.
import { setTimeout as sleep } from 'node:timers/promises';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { Broker, ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { DriftError } from '../../errors.ts';
import { kafkaError, typeOf } from './errors.ts';
import { Killed, type TransactionFaults } from './faults.ts';
import { patiently } from './patience.ts';
import type { At } from './places.ts';
import { boundOf, encodeBatch, type OutgoingRecord } from './record-batch.ts';

/** The broker aborts what a process that stands still has left open, so that readers are not held up for longer. */
const TRANSACTION_MS = 10_000;
/** A transaction is given up before the broker gives it up. */
const PATIENCE_MS = 7_000;
/** Taking over waits for what the one before has left open to be aborted. */
const TAKE_OVER_MS = 30_000;
/** Between two tries while the transaction before is still being finished: a few milliseconds, as a rule. */
const CONCURRENT_WAIT_MS = 3;
/** A batch is closed when it reaches so many bytes. */
const BATCH_BYTES = 900_000;
const TRANSACTION = 1;
const PRODUCE = 0;
const PRODUCE_VERSION = 7;

export interface Outgoing {
  /** As the cluster names it. */
  topic: string;
  partition: number;
  records: OutgoingRecord[];
}

export interface Transaction {
  places: Outgoing[];
  offsets: { groupId: string; at: At[] } | null;
}

/** First offset of what was written at a place, and how many records. */
export interface Written {
  topic: string;
  partition: number;
  /** After the last of them. */
  end: number;
}

interface Producer {
  producerId: string;
  producerEpoch: number;
}

export class TransactionalWriter {
  private readonly cluster: Cluster;
  private readonly transactionalId: string;
  private readonly faults: TransactionFaults | undefined;
  private producer: Producer | null = null;
  private readonly sequences = new Map<string, number>();
  private coordinator: Broker | null = null;
  private readonly groupCoordinators = new Map<string, Broker>();

  constructor(cluster: Cluster, transactionalId: string, faults?: TransactionFaults) {
    this.cluster = cluster;
    this.transactionalId = transactionalId;
    this.faults = faults;
  }

  get isOpen(): boolean {
    return this.producer !== null;
  }

  /** Takes over: what the one before has left open is aborted or finished when it resolves, and it can write no more. */
  async open(): Promise<void> {
    this.producer = null;
    this.coordinator = null;
    this.groupCoordinators.clear();
    this.sequences.clear();
    const transactionalId = this.transactionalId;
    this.producer = await patiently(
      `taking over ${transactionalId}`,
      this.cluster,
      async () =>
        (await this.findCoordinator()).initProducerId({
          transactionalId,
          transactionTimeout: TRANSACTION_MS,
        }),
      { patienceMs: TAKE_OVER_MS },
    );
  }

  /**
   * Writes and commits all of it, or throws. After that nothing can be written before `open` is called again: only then
   * is it known whether a commit that got no answer has happened.
   */
  async write(transaction: Transaction): Promise<Written[]> {
    const { producer } = this;
    if (!producer) throw notOpen(this.transactionalId);
    const ids = { transactionalId: this.transactionalId, ...producer };
    try {
      const { places, offsets } = transaction;
      await this.join(ids, places);
      this.faults?.('partitions-added', this.transactionalId);
      const [written] = await Promise.all([
        this.produce(producer, places),
        offsets === null ? null : this.sendOffsets(ids, offsets),
      ]);
      this.faults?.('before-end', this.transactionalId);
      await this.asking('committing a transaction', async () =>
        (await this.findCoordinator()).endTxn({ ...ids, transactionResult: true }),
      );
      this.faults?.('after-end', this.transactionalId);
      return written;
    } catch (error) {
      this.producer = null;
      // Who was killed aborts nothing, and knows of no error.
      if (error instanceof Killed) throw error;
      void this.abort(ids);
      throw kafkaError(`writing as ${this.transactionalId}`, error);
    }
  }

  /** Lets go of readers that wait for the outcome; when it does not get through, the broker's time limit does. */
  private async abort(ids: Producer & { transactionalId: string }): Promise<void> {
    try {
      await (await this.findCoordinator()).endTxn({ ...ids, transactionResult: false });
    } catch {
      // The broker aborts it by itself, as does the next that opens this id.
    }
  }

  private async join(
    ids: Producer & { transactionalId: string },
    places: readonly Outgoing[],
  ): Promise<void> {
    if (places.length === 0) return;
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of places) {
      const partitions = topics.get(topic);
      if (partitions) partitions.push(partition);
      else topics.set(topic, [partition]);
    }
    await this.asking('adding partitions to a transaction', async () =>
      (await this.findCoordinator()).addPartitionsToTxn({
        ...ids,
        topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
      }),
    );
  }

  private async sendOffsets(
    ids: Producer & { transactionalId: string },
    { groupId, at }: { groupId: string; at: At[] },
  ): Promise<void> {
    await this.asking('adding positions to a transaction', async () =>
      (await this.findCoordinator()).addOffsetsToTxn({ ...ids, groupId }),
    );
    this.faults?.('offsets-added', this.transactionalId);
    const topics = new Map<string, { partition: number; offset: string }[]>();
    for (const { topic, partition, offset } of at) {
      const each = { partition, offset: String(offset) };
      const others = topics.get(topic);
      if (others) others.push(each);
      else topics.set(topic, [each]);
    }
    await this.asking('committing positions', async () => {
      let broker = this.groupCoordinators.get(groupId);
      if (!broker) {
        broker = await this.cluster.findGroupCoordinator({ groupId });
        this.groupCoordinators.set(groupId, broker);
      }
      return broker.txnOffsetCommit({
        ...ids,
        groupId,
        topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
      });
    });
    this.faults?.('offsets-sent', this.transactionalId);
  }

  private async findCoordinator(): Promise<Broker> {
    this.coordinator ??= await this.cluster.findGroupCoordinator({
      groupId: this.transactionalId,
      coordinatorType: TRANSACTION,
    });
    return this.coordinator;
  }

  /** Asks again while the transaction before is being finished, and when coordinators move. */
  private async asking<T>(what: string, call: () => Promise<T>): Promise<T> {
    const began = performance.now();
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (performance.now() - began > PATIENCE_MS) throw error;
        if (typeOf(error) === 'CONCURRENT_TRANSACTIONS') {
          await sleep(CONCURRENT_WAIT_MS);
          continue;
        }
        // What is for good, or says that another has taken over, is thrown; the rest may be a coordinator that moved.
        const known = kafkaError(what, error);
        if (!known.retriable || known.code === 'DM_FENCED') throw error;
        this.coordinator = null;
        this.groupCoordinators.clear();
        await sleep(50);
        await this.cluster.refreshMetadata().catch(() => undefined);
      }
    }
  }

  /** Batch by batch: a request holds one batch a partition, and batches of a partition go out in order. */
  private async produce(producer: Producer, places: readonly Outgoing[]): Promise<Written[]> {
    const ends = new Map<string, Written>();
    const left = places.map((place) => ({ ...place, at: 0 }));
    for (;;) {
      const round: ReadyBatch[] = [];
      for (const place of left) {
        if (place.at >= place.records.length) continue;
        const from = place.at;
        for (let bytes = 0; place.at < place.records.length && (bytes < BATCH_BYTES || place.at === from); )
          bytes += boundOf(place.records[place.at++]!);
        round.push(this.batchOf(producer, place, place.records.slice(from, place.at)));
      }
      if (round.length === 0) {
        this.faults?.('produced', this.transactionalId);
        return [...ends.values()];
      }
      for (const written of await this.sendRound(round))
        ends.set(`${written.topic}/${written.partition}`, written);
    }
  }

  private batchOf(
    producer: Producer,
    { topic, partition }: Outgoing,
    records: readonly OutgoingRecord[],
  ): ReadyBatch {
    const key = `${topic}/${partition}`;
    const sequence = this.sequences.get(key) ?? 0;
    this.sequences.set(key, (sequence + records.length) % 2 ** 31);
    const bytes = encodeBatch(
      records,
      { producerId: BigInt(producer.producerId), producerEpoch: producer.producerEpoch, sequence },
      Date.now(),
    );
    return { topic, partition, bytes, count: records.length };
  }

  /** The same bytes are sent again while leaders move: the broker knows by their sequence what it has already. */
  private async sendRound(round: readonly ReadyBatch[]): Promise<Written[]> {
    const written: Written[] = [];
    let left = round;
    const began = performance.now();
    for (;;) {
      const failed: ReadyBatch[] = [];
      let failure: unknown;
      await Promise.all(
        [...this.byLeader(left)].map(async ([nodeId, batches]) => {
          try {
            const broker = await this.cluster.findBroker({ nodeId });
            for (const answer of await broker.connectionPool.send(
              produceRequest(this.transactionalId, batches),
            )) {
              const batch = batches.find(
                ({ topic, partition }) => topic === answer.topic && partition === answer.partition,
              )!;
              const type = answer.code === 0 ? null : createErrorFromCode(answer.code).type;
              if (type === null) written.push({ ...answer, end: answer.offset + batch.count });
              else if (type !== 'DUPLICATE_SEQUENCE_NUMBER') {
                failure = Object.assign(new Error(type), { type, code: answer.code });
                failed.push(batch);
              }
            }
          } catch (error) {
            failure = error;
            failed.push(...batches);
          }
        }),
      );
      if (failed.length === 0) return written;
      const known = kafkaError('writing records', failure);
      if (!known.retriable || known.code === 'DM_FENCED' || performance.now() - began > PATIENCE_MS)
        throw known;
      left = failed;
      await sleep(50);
      await this.cluster.refreshMetadata().catch(() => undefined);
    }
  }

  private byLeader(batches: readonly ReadyBatch[]): Map<string, ReadyBatch[]> {
    const leaders = new Map<string, ReadyBatch[]>();
    for (const batch of batches) {
      const [leader = '-1'] = Object.keys(
        this.cluster.findLeaderForPartitions(batch.topic, [batch.partition]),
      );
      leaders.set(leader, [...(leaders.get(leader) ?? []), batch]);
    }
    return leaders;
  }
}

interface ReadyBatch {
  topic: string;
  partition: number;
  bytes: Buffer;
  count: number;
}

interface Answer {
  topic: string;
  partition: number;
  code: number;
  /** Of the first record. */
  offset: number;
}

/** Produce (version 7, https://kafka.apache.org/protocol#The_Messages_Produce), acknowledged by all replicas in sync. */
function produceRequest(transactionalId: string, batches: readonly ReadyBatch[]): ProtocolRequest<Answer[]> {
  return {
    request: {
      apiKey: PRODUCE,
      apiVersion: PRODUCE_VERSION,
      apiName: 'Produce',
      encode: async () => {
        const bytes = encodeProduce(transactionalId, batches);
        const encoder = new Encoder(bytes.length + 1);
        encoder.writeBufferInternal(bytes);
        return encoder;
      },
    },
    response: { decode: async (raw) => ({ raw }), parse: async (decoded) => decodeProduced(decoded) },
    logResponseError: false,
  };
}

function encodeProduce(transactionalId: string, batches: readonly ReadyBatch[]): Buffer {
  const topics = new Map<string, ReadyBatch[]>();
  let size = 32 + Buffer.byteLength(transactionalId);
  for (const batch of batches) {
    topics.set(batch.topic, [...(topics.get(batch.topic) ?? []), batch]);
    size += 16 + Buffer.byteLength(batch.topic) + batch.bytes.length;
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.writeInt16BE(Buffer.byteLength(transactionalId), 0);
  at += bytes.write(transactionalId, at);
  at = bytes.writeInt16BE(-1, at);
  at = bytes.writeInt32BE(TRANSACTION_MS, at);
  at = bytes.writeInt32BE(topics.size, at);
  for (const [topic, partitions] of topics) {
    at = bytes.writeInt16BE(Buffer.byteLength(topic), at);
    at += bytes.write(topic, at);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const batch of partitions) {
      at = bytes.writeInt32BE(batch.partition, at);
      at = bytes.writeInt32BE(batch.bytes.length, at);
      bytes.set(batch.bytes, at);
      at += batch.bytes.length;
    }
  }
  return bytes.subarray(0, at);
}

function decodeProduced(decoded: unknown): Answer[] {
  const { raw } = decoded as { raw: Buffer };
  const answers: Answer[] = [];
  let at = 4;
  for (let topics = raw.readInt32BE(0); topics > 0; topics--) {
    const length = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    let partitions = raw.readInt32BE(at);
    at += 4;
    for (; partitions > 0; partitions--, at += 30)
      answers.push({
        topic,
        partition: raw.readInt32BE(at),
        code: raw.readInt16BE(at + 4),
        offset: Number(raw.readBigInt64BE(at + 6)),
      });
  }
  return answers;
}

const notOpen = (id: string): DriftError =>
  new DriftError(`${id} is not open: what it wrote last may have failed`, {
    code: 'DM_FENCED',
    retriable: true,
    public: 'Another process may have taken over this work.',
  });
