// The cache port: what API processes share for a while and may lose. Adapters: memory (one process), Redis (all of them).
//
// No call rejects, and none takes longer than about a second: while the server is away, the adapter answers from what this
// process knows by itself, as each method says. Callers need no other path for that, but must take those answers seriously.
export interface Cache {
  /**
   * Counts one more of `key` in its window, which began with the first, and says how many there are in all processes. Never
   * less than this process knows of: while the server is away limits hold for each process alone, going on from what all
   * had counted, and when it comes back empty nobody gets new attempts.
   */
  count(key: string, windowMs: number): Promise<Count>;
  /** How many each key has in its window, counting none. */
  counts(keys: readonly string[]): Promise<number[]>;

  /** True when it was handed on; false while the server is away. Nobody says whether anybody listens. */
  publish(channel: string, text: string): Promise<boolean>;
  /** Listens until the returned function is called. */
  subscribe(channel: string, listener: Listener): () => void;

  /** Keeps a small value until it expires. False when it could not be kept. */
  put(key: string, value: string, expiresMs: number): Promise<boolean>;
  get(key: string): Promise<Found>;
  /** False when it could not be removed: it may be found until it expires. */
  remove(key: string): Promise<boolean>;
  /** Values whose keys start with the prefix, by key; null while that is unknown. Walks through all keys: not for every request. */
  list(prefix: string): Promise<Map<string, string> | null>;

  state(): CacheState;
  close(): Promise<void>;
}

export interface Count {
  count: number;
  /** When the window ends, milliseconds from now. */
  endsInMs: number;
}

/** `known: false` while the server is away: neither there nor not there. Whoever asks for a session must not let it pass. */
export type Found = { known: true; value: string | null } | { known: false };

export interface Listener {
  message(text: string): void;
  /**
   * True: what is published from now on is heard. False: the server is away, and what is published until the next `true`
   * is not heard. Who must miss nothing reads on by itself at both.
   */
  listening(on: boolean): void;
}

export interface CacheState {
  /** Whether processes share what is in here; false for a server that is away. */
  reachable: boolean;
  /** Since when that is so, milliseconds since the epoch. */
  since: number;
  /** Why the server is away; holds no secret. */
  reason: string | null;
}
