// What run.ts measures: a program that reads the input topics and writes drifts, started and stopped as often as needed.

export interface Contestant {
  readonly name: string;
  /** The consumer group whose committed offsets tell how far it is. */
  readonly group: string;
  /** The topics it writes, with their prefix. */
  readonly drifts: string;
  readonly openDrifts: string;
  /** Starts it on the local state it left behind. */
  start(): Promise<Running>;
  /** Throws its local state away while it is stopped; its committed offsets stay. */
  forgetState(): Promise<void>;
}

export interface Running {
  /** The roots of its process trees: CPU seconds and memory are those of all of them together. */
  readonly pids: readonly number[];
  /** Resolves, as soon as that is known, when it has taken in its first record after this start: milliseconds. */
  readonly first: Promise<number>;
  /** Rejects when it ends without having been told to. */
  readonly failed: Promise<never>;
  /** Ends it in good order: what it has processed is committed, and it has left its group. */
  stop(): Promise<void>;
}
