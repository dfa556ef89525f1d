// The assignment port: which partitions of a group this process works on. Adapters: whole (one process has them all),
// Kafka groups (processes share them, and take over what another leaves).
import type { TopicName } from '../../schemas/index.ts';

export interface Held {
  partition: number;
  /** Ends when the partition is given up: another process may be at work on it already. */
  signal: AbortSignal;
  /**
   * Resolves when the group has said, after this call, that the partition is held, or when it is given up (the signal has
   * ended then). Whoever was shut out of writing asks before it takes over again: it may have slept through a move.
   */
  confirmed(): Promise<void>;
}

export interface JoinOptions {
  group: string;
  /** What the group reads: partition p of all of them is worked on as one. */
  topics: readonly TopicName[];
  /**
   * Called for each partition that is held, once at a time for one partition. Whatever it throws is its own to report: the
   * partition stays held, and unworked, until it is given up.
   */
  work(held: Held): Promise<void>;
  /** Leaves the group; what was held is given up. */
  signal: AbortSignal;
}

export interface Membership {
  /** Resolves with what is held at first, which may be nothing; rejects when it cannot take part. */
  joined: Promise<readonly number[]>;
  /** Resolves when all work has ended and no more will be given: it has left, or was alone. Never rejects. */
  ended: Promise<void>;
  /** What is held now; null while it is not known. */
  held(): readonly number[] | null;
}

export interface Assignments {
  join(options: JoinOptions): Membership;
  close(): Promise<void>;
}
