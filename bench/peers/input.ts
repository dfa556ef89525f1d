// The input, written once a lot and read by every contestant: declarations, a first observation of each, then unchanged
// and changed ones, with CloudEvents headers, as sources write them. Also keeps what has to come of it.
import type { NewRecord } from '../../runtime/log/log.ts';
import type { Codec, Event } from '../../schemas/index.ts';
import { partitionOf, placement, recordKey, topicOf } from '../../schemas/index.ts';
import type { Feed } from '../world.ts';
import { declared, inBatches, laterCopy, objectKeyOf, observed, published } from '../world.ts';

/** So many records of some 2 KB fit one request, also where all of them go to one partition. */
const BATCH = 400;

type Headers = Record<string, string>;
export interface Message {
  record: NewRecord;
  headers: Headers;
}

/** A change of one object's value: which object, and the how manyeth change it is. */
export interface Change {
  n: number;
  change: number;
}

export interface InputOptions {
  /** Appends records of one topic. */
  send(messages: readonly Message[]): Promise<void>;
  codec: Codec;
  partitions: number;
  keys: number;
}

export class Input {
  /** How often the value of each object has changed. */
  readonly changes: Uint32Array;
  private readonly options: InputOptions;
  /** An observation of each object as it was last observed. */
  private readonly last: Message[] = [];
  private time = 0;
  private turn = 0;
  private next = 0;

  constructor(options: InputOptions) {
    this.options = options;
    this.changes = new Uint32Array(options.keys);
  }

  /** Declares every object and observes it once, as it is declared. */
  async declare(): Promise<void> {
    const { keys } = this.options;
    const time = this.later();
    await inBatches(keys, BATCH, (from, to) =>
      this.options.send(range(from, to).flatMap((n) => this.messagesOf(declared(n, time)))),
    );
    await this.options.send(this.messagesOf(published(time, keys)));
    const seen = this.later();
    for (let n = 0; n < keys; n++) this.last.push(...this.messagesOf(observed(n, seen, 0)));
    await inBatches(keys, BATCH, (from, to) => this.options.send(this.last.slice(from, to)));
  }

  /** Observes objects one after the other, round and round, as they were last observed. */
  async unchanged(count: number): Promise<void> {
    const { keys } = this.options;
    const began = this.later();
    this.changes.forEach((change, n) => {
      if (change > 0) this.last[n] = this.messagesOf(observed(n, began, 0, change))[0]!;
    });
    await inBatches(count, BATCH, (from, to) => {
      this.time = began + Math.floor(to / keys);
      return this.options.send(
        range(from, to).map((i) => {
          const { record, headers } = this.last[i % keys]!;
          return { record: laterCopy(record, began + Math.floor(i / keys)), headers };
        }),
      );
    });
  }

  /** Each observation has a value that its object never had before. */
  async changed(count: number): Promise<void> {
    await inBatches(count, BATCH, async (from, to) => {
      for (let left = to - from; left > 0; ) {
        const changes = this.nextChanges(left);
        await this.sendChanges(changes);
        left -= changes.length;
      }
    });
  }

  /** The next changes, at most so many and one of each object, not sent yet. */
  nextChanges(most: number): Change[] {
    return range(0, Math.min(most, this.options.keys)).map(() => {
      const n = this.next;
      this.next = (n + 1) % this.options.keys;
      return { n, change: this.changes[n]! + 1 };
    });
  }

  /** One change in every partition. */
  onePerPartition(): Change[] {
    const found = new Map<number, Change>();
    for (let n = 0; n < this.options.keys && found.size < this.options.partitions; n++) {
      const partition = partitionOf(objectKeyOf(n), this.options.partitions);
      if (!found.has(partition)) found.set(partition, { n, change: this.changes[n]! + 1 });
    }
    return [...found.values()];
  }

  async sendChanges(changes: readonly Change[]): Promise<void> {
    const time = this.later();
    const messages = changes.flatMap(({ n, change }) => {
      this.changes[n] = change;
      return this.messagesOf(observed(n, time, ++this.turn, change));
    });
    await inBatches(messages.length, BATCH, (from, to) => this.options.send(messages.slice(from, to)));
  }

  /** Later than every time before, so that nothing is stale. */
  private later(): number {
    this.time = Math.max(Date.now(), this.time + 1);
    return this.time;
  }

  private messagesOf({ event, fingerprint }: Feed): Message[] {
    const { codec, partitions } = this.options;
    const [topic, key] = [topicOf(event.type), recordKey(event)];
    // The codec's values share memory, and these are kept.
    const value = Buffer.from(codec.encode(event, fingerprint));
    const headers = headersOf(event);
    return placement(event, partitions).map((partition) => ({
      record: { topic, partition, key, value },
      headers,
    }));
  }
}

const headersOf = (event: Event): Headers => ({
  ce_id: event.id,
  ce_type: event.type,
  ce_source: event.source,
  ce_time: new Date(event.time).toISOString(),
  ce_subject: event.objectKey ?? `${event.org}/*`,
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
