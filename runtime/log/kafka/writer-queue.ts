// Calls of one writer, in the order they were made: what comes while a transaction is under way goes out together with
// the next. Each call is whole within a transaction.
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { TopicName } from '../../../schemas/index.ts';
import type { NewRecord, Position } from '../log.ts';
import type { TransactionFaults } from './faults.ts';
import type { Header, OutgoingRecord } from './record-batch.ts';
import { type Outgoing, TransactionalWriter, type Written } from './writer.ts';

/** Calls are put together up to so many bytes. */
const TOGETHER_BYTES = 8 << 20;

export interface Call {
  records: readonly NewRecord[];
  positions: readonly Position[];
  /** As the cluster names it; null when there are no positions. */
  group: string | null;
}

interface Waiting {
  call: Call;
  bytes: number;
  resolve(written: Written[]): void;
  reject(error: unknown): void;
}

export interface WriterQueueOptions {
  cluster: Cluster;
  transactionalId: string;
  nameOf(topic: TopicName): string;
  headersOf(topic: TopicName, value: Buffer | null): readonly Header[];
  /**
   * True for an id that no other process knows: it opens by itself, also after a failure. Others are opened by whoever
   * takes the work over, and only then: else one that was shut out would let itself in again.
   */
  ownedAlone: boolean;
  /** For crash tests. */
  faults?: TransactionFaults | undefined;
}

export class WriterQueue {
  private readonly options: WriterQueueOptions;
  private readonly writer: TransactionalWriter;
  private waiting: Waiting[] = [];
  private running: Promise<void> | null = null;

  constructor(options: WriterQueueOptions) {
    this.options = options;
    this.writer = new TransactionalWriter(options.cluster, options.transactionalId, options.faults);
  }

  /** Waits for what is under way, and takes the id over. */
  async open(): Promise<void> {
    await this.idle();
    await this.writer.open();
  }

  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  write(call: Call): Promise<Written[]> {
    return new Promise((resolve, reject) => {
      let bytes = 0;
      for (const { key, value } of call.records) bytes += key.length + (value?.length ?? 0);
      this.waiting.push({ call, bytes, resolve, reject });
      this.running ??= this.run().finally(() => {
        this.running = null;
      });
    });
  }

  private async run(): Promise<void> {
    // What is called in the same turn goes out together.
    await null;
    while (this.waiting.length > 0) {
      const together = this.take();
      try {
        if (!this.writer.isOpen && this.options.ownedAlone) await this.writer.open();
        const written = await this.writer.write(this.transactionOf(together));
        for (const { resolve } of together) resolve(written);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
  }

  private take(): Waiting[] {
    const { group } = this.waiting[0]!.call;
    let bytes = 0;
    let count = 0;
    for (const { call, bytes: more } of this.waiting) {
      if (count > 0 && (bytes + more > TOGETHER_BYTES || (call.group ?? group) !== group)) break;
      bytes += more;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private transactionOf(together: readonly Waiting[]) {
    const { nameOf, headersOf } = this.options;
    const places = new Map<string, Outgoing>();
    const positions = new Map<string, Position>();
    let group: string | null = null;
    for (const { call } of together) {
      for (const { topic, partition, key, value } of call.records) {
        const at = `${topic}/${partition}`;
        let place = places.get(at);
        if (!place) {
          place = { topic: nameOf(topic), partition, records: [] };
          places.set(at, place);
        }
        const record: OutgoingRecord = { key, value, headers: headersOf(topic, value) };
        place.records.push(record);
      }
      for (const position of call.positions)
        positions.set(`${position.topic}/${position.partition}`, position);
      group = call.group ?? group;
    }
    const at = [...positions.values()].map(({ topic, partition, offset }) => ({
      topic: nameOf(topic),
      partition,
      offset,
    }));
    return {
      places: [...places.values()],
      offsets: group === null || at.length === 0 ? null : { groupId: group, at },
    };
  }
}
