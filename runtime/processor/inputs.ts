// The inputs of one partition: a buffer a topic, filled from the log when it is used up and the log said there is more.
import type { TopicName } from '../../schemas/index.ts';
import type { Log, LogRecord } from '../log/log.ts';
import { isFingerprinted, READ_LIMITS } from './partition-state.ts';

export interface Input {
  readonly topic: TopicName;
  readonly fingerprinted: boolean;
  buffer: LogRecord[];
  /** Where in the buffer to go on. */
  at: number;
  /** Where in the log to read on when the buffer is used up. */
  next: number;
  /** What `Inputs.told` was when the log had no more. */
  emptyAt: number;
}

export class Inputs {
  readonly all: Input[];
  private readonly log: Log;
  private readonly partition: number;
  private told = 0;
  private turn = 0;
  private wasLive = false;

  constructor(log: Log, partition: number, positions: ReadonlyMap<TopicName, number>) {
    this.log = log;
    this.partition = partition;
    this.all = [...positions].map(([topic, next]) => ({
      topic,
      fingerprinted: isFingerprinted(topic),
      buffer: [],
      at: 0,
      next,
      emptyAt: -1,
    }));
  }

  /** The log has got records: buffers that found nothing look again. */
  tell(): void {
    this.told++;
  }

  /** Whether a buffer is used up and the log may have more for it. */
  wants(): boolean {
    return this.all.some((input) => this.wanting(input));
  }

  /** Whether something waits that is not one of many: a change, a request, not the next instance of a large state. */
  live(): boolean {
    return this.all.some((input) => !input.fingerprinted && input.at < input.buffer.length);
  }

  /** Reads for every used-up buffer that may find something. */
  async fill(): Promise<void> {
    const wanting = this.all.filter((input) => this.wanting(input));
    await Promise.all(wanting.map((input) => this.read(input)));
  }

  private readonly wanting = (input: Input): boolean =>
    input.at >= input.buffer.length && input.emptyAt !== this.told;

  private async read(input: Input): Promise<void> {
    const { told } = this;
    const from = input.next;
    const { records, next } = await this.log.read(input.topic, this.partition, from, READ_LIMITS);
    input.buffer = records;
    input.at = 0;
    input.next = next;
    if (records.length === 0 && next === from) input.emptyAt = told;
  }

  /**
   * Topics whose buffer is used up, and that go on after their position: behind what was read stood what is not for
   * readers (marks of transactions, gaps that compaction left).
   */
  passedOver(positions: ReadonlyMap<TopicName, number>): Input[] {
    return this.all.filter(
      ({ topic, at, buffer, next }) => at >= buffer.length && next > (positions.get(topic) ?? 0),
    );
  }

  /**
   * The input whose turn it is: one after the other, those with nothing in their buffer left out; and before one of many,
   * every other time, what is not one of many.
   */
  pick(): Input | undefined {
    const live = !this.wasLive && this.live();
    for (let i = 0; i < this.all.length; i++) {
      this.turn = (this.turn + 1) % this.all.length;
      const input = this.all[this.turn]!;
      if (input.at >= input.buffer.length || (live && input.fingerprinted)) continue;
      this.wasLive = !input.fingerprinted;
      return input;
    }
    return undefined;
  }

  /** Records in the log that are not processed. */
  async lag(positions: ReadonlyMap<TopicName, number>): Promise<number> {
    let lag = 0;
    for (const { topic } of this.all)
      lag += Math.max(0, (await this.log.end(topic, this.partition)) - (positions.get(topic) ?? 0));
    return lag;
  }
}
