// The live stream: the log is followed once for all readers, each is written what it asked for. A reader that resumes, or
// does not keep up, reads from the log at its own pace; one that takes nothing for a while is dropped. Nothing is buffered
// without bound, and nobody holds up anybody.
import type { Cache } from '../runtime/cache/cache.ts';
import { type Clock, WOKEN } from '../runtime/clock.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Logger } from '../runtime/telemetry.ts';
import type { Codec } from '../schemas/index.ts';
import { endsOf, type Following, follow, readSlot } from './live-following.ts';
import type { LiveItem } from './live-items.ts';
import { eventText, idOf, slotsOf, vectorOf } from './live-items.ts';

/** Where a reader's text goes: an HTTP response, or a test's array. */
export interface Sink {
  write(text: string): void;
  /** Bytes written that the reader has not taken yet. */
  waiting(): number;
  /** Resolves when the reader took what was waiting, or went away. */
  drained(): Promise<void>;
  /** Ends the stream; false: at once, what is waiting is lost. */
  end(gently: boolean): void;
}

export interface Reader {
  wants(item: LiveItem): boolean;
  /** `Last-Event-ID`; undefined: from now on. */
  lastEventId: string | undefined;
  /** Asked at every heartbeat; a reader whose key was revoked is sent away. */
  mayStay(): Promise<boolean>;
}

export interface Live {
  /** Begins to write; the returned function takes the reader off. DM_RATE_LIMITED when there are too many. */
  join(reader: Reader, sink: Sink): Promise<() => void>;
  readers(): number;
  close(): void;
}

export interface LiveOptions {
  log: Log;
  codec: Codec;
  clock: Clock;
  logger: Logger;
  /** What one process reads is heard by the others in it, where several serve. */
  cache: Cache;
  /** How often the one that reads says so; three in vain, and others read by themselves. */
  beatMs: number;
  heartbeatMs: number;
  /** A reader with more than this waiting goes on at its own pace, bytes. */
  maxWaiting: number;
  /** One that takes nothing for so long is dropped, milliseconds. */
  stalledMs: number;
  maxReaders: number;
}

interface Joined {
  reader: Reader;
  sink: Sink;
  gone: boolean;
}

export function createLive(options: LiveOptions): Live {
  const { log, clock, logger } = options;
  const slots = slotsOf(log.partitions);
  /** Everyone on the stream; those in `current` were told everything up to where the following stands. */
  const joined = new Set<Joined>();
  const current = new Set<Joined>();
  let following: Promise<Following> | null = null;
  let beating = new AbortController();

  /** From the first reader to the last. */
  function begin(): Promise<Following> {
    beating = new AbortController();
    void beat(beating.signal);
    return follow({
      ...options,
      slots,
      tell(item, positions) {
        const id = idOf(positions);
        for (const one of [...current]) offer(one, item, id, positions);
      },
      failed(error) {
        logger.error(
          { err: error },
          'the live stream cannot read the log; its readers are sent away to resume',
        );
        for (const one of [...joined]) leave(one, true);
      },
    });
  }

  function offer(one: Joined, item: LiveItem, id: string, positions: readonly number[]): void {
    if (!one.reader.wants(item)) return;
    one.sink.write(eventText(item.kind, id, item.text));
    if (one.sink.waiting() <= options.maxWaiting) return;
    current.delete(one);
    catchUp(one, [...positions], positions);
  }

  /** Why the offsets cannot be resumed from; null when they can. */
  async function expired(vector: number[] | null): Promise<string | null> {
    if (vector === null) return 'the id of the last event is not one of this stream';
    const last = await endsOf(log, slots);
    for (let at = 0; at < slots.length; at++) {
      if (vector[at]! > last[at]!) return 'the id of the last event is ahead of the log';
      const slot = slots[at]!;
      // Of a compacted topic only superseded records go, and the newest of each key is still to come.
      if (slot.topic === 'driftmgr.drifts' && vector[at]! < (await log.start(slot.topic, slot.partition)))
        return 'what came after the last event is not kept any more';
    }
    return null;
  }

  function catchUp(one: Joined, vector: number[], positions: readonly number[]): void {
    readOn(one, vector, positions).catch((error: unknown) => {
      logger.error(
        { err: error },
        'a reader of the live stream could not read on; it is sent away to resume',
      );
      leave(one, true);
    });
  }

  /** Reads from the reader's own offsets until it stands where all the others stand; then it is one of them. */
  async function readOn(one: Joined, vector: number[], positions: readonly number[]): Promise<void> {
    while (!one.gone) {
      if (one.sink.waiting() > 0 && !(await takesIt(one))) {
        logger.warn('a reader of the live stream takes nothing; it was dropped');
        return leave(one, false);
      }
      const behind = slots.findIndex((_, at) => vector[at]! < positions[at]!);
      if (behind === -1) {
        if (!one.gone) current.add(one);
        return;
      }
      const limit = positions[behind]!;
      const next = await readSlot(options, slots[behind]!, vector[behind]!, (item, after) => {
        if (one.gone || after > limit) return;
        vector[behind] = after;
        if (one.reader.wants(item)) one.sink.write(eventText(item.kind, idOf(vector), item.text));
      });
      vector[behind] = Math.min(next, limit);
    }
  }

  /** False when what is waiting was not taken in time. */
  async function takesIt(one: Joined): Promise<boolean> {
    const taken = new AbortController();
    const late = clock.sleep(options.stalledMs, taken.signal).then(() => false);
    const took = await Promise.race([one.sink.drained().then(() => true), late]);
    taken.abort(WOKEN);
    return took;
  }

  async function beat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(options.heartbeatMs, signal);
      if (signal.aborted) return;
      // Whatever was not heard and not missed: nobody waits longer for it than this.
      following?.then(
        (mine) => mine.look(),
        () => undefined,
      );
      for (const one of [...joined]) {
        const stays = await one.reader.mayStay().catch(() => false);
        if (stays) one.sink.write(': heartbeat\n\n');
        else leave(one, true);
      }
    }
  }

  function leave(one: Joined, gently: boolean): void {
    if (one.gone) return;
    one.gone = true;
    current.delete(one);
    joined.delete(one);
    one.sink.end(gently);
    if (joined.size > 0) return;
    beating.abort();
    following?.then(
      (mine) => mine.stop(),
      () => undefined,
    );
    following = null;
  }

  return {
    async join(reader, sink) {
      if (joined.size >= options.maxReaders) {
        throw new DriftError('too many readers of the live stream', {
          code: 'DM_RATE_LIMITED',
          retriable: true,
          public: `There are ${options.maxReaders} live streams open, which is the limit: close some, then try again.`,
        });
      }
      const one: Joined = { reader, sink, gone: false };
      joined.add(one);
      try {
        following ??= begin();
        const mine = await following;
        const asked =
          reader.lastEventId === undefined ? undefined : vectorOf(reader.lastEventId, slots.length);
        const reason = asked === undefined ? null : await expired(asked);
        const vector = asked && reason === null ? asked : [...mine.positions];
        const at = new Date(clock.now()).toISOString();
        sink.write(eventText('ready', idOf(vector), JSON.stringify({ at })));
        if (reason !== null) sink.write(eventText('reset', idOf(vector), JSON.stringify({ reason })));
        catchUp(one, vector, mine.positions);
      } catch (error) {
        leave(one, true);
        throw error;
      }
      return () => leave(one, true);
    },
    readers: () => joined.size,
    close() {
      for (const one of [...joined]) leave(one, true);
    },
  };
}
