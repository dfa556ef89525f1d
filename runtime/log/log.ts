// The log port: partitioned, append-only topics with atomic commits. Adapters: memory, embedded (files), Kafka.
//
// Who owns what: the log owns offsets, durability, atomicity, compaction and expiry. Callers own keys, partitions (by
// schemas' `placement`) and bytes. Records of one partition are read in the order they were appended; offsets grow and
// may have gaps (compaction).
import type { TopicName } from '../../schemas/index.ts';

export interface NewRecord {
  topic: TopicName;
  partition: number;
  key: string;
  /** Null is a tombstone: compaction drops the key. */
  value: Buffer | null;
}

export interface LogRecord {
  offset: number;
  key: string;
  value: Buffer | null;
  /** When it was appended, milliseconds. */
  timestamp: number;
}

export interface Position {
  topic: TopicName;
  partition: number;
  /** The next offset to read. */
  offset: number;
}

export interface Commit {
  /** Whose positions these are: a processor, reactor or projection. */
  group: string;
  records: NewRecord[];
  positions: Position[];
  /** Who writes it; the group, when it is not said. See `takeOver`. */
  writer?: string;
}

export interface Batch {
  records: LogRecord[];
  /** Where to read on; equals `from` when nothing was there. */
  next: number;
}

export interface ReadLimits {
  /** At most so many records. */
  records: number;
  /** Stop after the record that reaches so many bytes; at least one record is returned. */
  bytes: number;
}

export interface Log {
  /** The same for all topics, fixed when the log was created. */
  readonly partitions: number;
  /** For so long what nobody waits for is gathered since the last commit, milliseconds: by what a commit costs here. */
  readonly gatherMs: number;
  /**
   * Makes this process the only one that can write as `writer`: what another wrote as it is committed or gone when this
   * resolves, readable at `partition` (when given), and further writes of the other fail with DM_FENCED. Where the log is
   * one process' own there is no other, and nothing to do. Whoever names a writer takes it over first, and again after a
   * write that failed.
   */
  takeOver(writer: string, partition?: number): Promise<void>;
  /**
   * All of the records become visible and durable together, or none. Resolves when they are durable; they are visible
   * then, or milliseconds later. Calls of one writer stand in the order they were made. No writer named: this process.
   */
  append(records: NewRecord[], writer?: string): Promise<void>;
  /**
   * Records and positions become visible and durable together, or none; otherwise as `append`. Resolves with the end of
   * each place it wrote to, behind its records and before whatever someone else writes under the same name later. Only
   * this tells how far a writer's own records are known to it: `end` may be asked when another has taken over.
   */
  commit(commit: Commit): Promise<Position[]>;
  /** Reads committed records from `from` on; never waits for more. An expired `from` reads on at the first that is kept. */
  read(topic: TopicName, partition: number, from: number, limits: ReadLimits): Promise<Batch>;
  /** Offset after the last committed record. */
  end(topic: TopicName, partition: number): Promise<number>;
  /** First offset that is still kept. */
  start(topic: TopicName, partition: number): Promise<number>;
  /** Committed positions of a group; partitions never committed are absent. */
  positions(group: string): Promise<Position[]>;
  /** Calls back (soon after, coalesced) when any of the topics got records. Returns a function that ends it. */
  subscribe(topics: readonly TopicName[], notify: () => void): () => void;
  /** Drops what retention and compaction allow. Adapters whose server does it by itself do nothing. */
  compact(): Promise<void>;
  close(): Promise<void>;
}
