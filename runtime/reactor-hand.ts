// What a reactor has in hand of one partition: which of it may be written now, and up to where everything is done. Pure.
import type { Event, TopicName } from '../schemas/index.ts';
import type { NewRecord } from './log/log.ts';

/** An event that is being performed, or a stretch of the log without any. */
export interface Held {
  readonly topic: TopicName;
  /** Where to go on behind it. */
  next: number;
  /** Null for what is passed over. */
  readonly event: Event | null;
  /** Its outcomes, once it is done. */
  records: readonly NewRecord[] | null;
  written: boolean;
}

/** Done ones wait for an earlier one that is not: so many for each that may be performed at once. */
const WAITING = 16;

export class Hand {
  private readonly held: Held[] = [];
  private readonly concurrency: number;
  private performing = 0;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  /** Nothing more may be taken: as much as allowed is being performed, or too much waits behind one that takes long. */
  get full(): boolean {
    return this.performing >= this.concurrency || this.held.length >= this.concurrency * WAITING;
  }

  take(topic: TopicName, next: number, event: Event): Held {
    const taken: Held = { topic, next, event, records: null, written: false };
    this.held.push(taken);
    this.performing++;
    return taken;
  }

  /** Records that ask for nothing, with what they leave behind (a dead letter) or nothing at all. */
  pass(topic: TopicName, next: number, records: readonly NewRecord[] = []): void {
    const last = this.held.at(-1);
    if (records.length === 0 && last?.topic === topic && last.event === null && last.written)
      last.next = next;
    else this.held.push({ topic, next, event: null, records, written: records.length === 0 });
  }

  done(one: Held, records: readonly NewRecord[]): void {
    one.records = records;
    this.performing--;
  }

  /**
   * What is done and may be written now, in order; it counts as written from here on. Of an object only what no earlier
   * event of that object stands before that is still being performed.
   */
  writable(): Held[] {
    const waiting = new Set<string | null>();
    const writable: Held[] = [];
    for (const one of this.held) {
      if (one.records === null) waiting.add(one.event!.objectKey);
      else if (!one.written && !(one.event && waiting.has(one.event.objectKey))) writable.push(one);
    }
    for (const one of writable) one.written = true;
    return writable;
  }

  /** Lets go of what is written with everything before it, and says how far that is. */
  leave(): { topic: TopicName; next: number }[] {
    const first = this.held.findIndex(({ written }) => !written);
    return this.held.splice(0, first < 0 ? this.held.length : first);
  }
}
