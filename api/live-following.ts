// Following the log for all readers of one process: by reading it, or by hearing what another process reads.
//
// Everything goes through one loop, so that each slot is told in order, once: a position only moves forward, over what
// was told. Positions are those of the log whoever read it, and so are the ids that readers resume with.
import type { Cache } from '../runtime/cache/cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Logger } from '../runtime/telemetry.ts';
import type { Codec } from '../schemas/index.ts';
import { Undecodable } from '../schemas/index.ts';
import { createFanOut, type Said } from './live-fan-out.ts';
import type { LiveItem, Slot } from './live-items.ts';
import { isTold, itemOf } from './live-items.ts';

export interface Following {
  /** How far everything was told, by slot; changes while it follows. */
  readonly positions: readonly number[];
  /** Reads what is in the log, whoever else does. */
  look(): void;
  stop(): void;
}

export interface FollowOptions {
  log: Log;
  codec: Codec;
  clock: Clock;
  logger: Logger;
  cache: Cache;
  slots: readonly Slot[];
  beatMs: number;
  /** The positions stand after the item. */
  tell(item: LiveItem, positions: readonly number[]): void;
  /** The log cannot be read. */
  failed(error: unknown): void;
}

const LIMITS = { records: 1_000, bytes: 1 << 20 };
/** More heard than this and not yet told: it is read instead. */
const MOST_HEARD = 1_000;

export const endsOf = (log: Log, slots: readonly Slot[]): Promise<number[]> =>
  Promise.all(slots.map((slot) => log.end(slot.topic, slot.partition)));

export type Reading = Pick<FollowOptions, 'log' | 'codec' | 'logger'>;

/** Visits what is told of one slot, each with the offset after it; where to read on. */
export async function readSlot(
  { log, codec, logger }: Reading,
  slot: Slot,
  from: number,
  visit: (item: LiveItem, next: number) => void,
): Promise<number> {
  const batch = await log.read(slot.topic, slot.partition, from, LIMITS);
  for (const record of batch.records) {
    if (record.value === null || !isTold(slot.topic, record.key)) continue;
    try {
      const item = itemOf(codec.decode(slot.topic, record.value));
      if (item) visit(item, record.offset + 1);
    } catch (error) {
      // A projection refuses the same record with a dead letter; here it only cannot be told.
      if (!(error instanceof Undecodable)) throw error;
      logger.warn(
        { topic: slot.topic, partition: slot.partition },
        'a record cannot be told: it does not decode',
      );
    }
  }
  return batch.next;
}

/** From what is in the log now on. */
export async function follow(options: FollowOptions): Promise<Following> {
  const { log, clock, logger, slots, tell } = options;
  const topics = [...new Set(slots.map((slot) => slot.topic))];
  const positions = await endsOf(log, slots);
  /** Up to where facts were published: nothing that is told stands between it and the position. */
  let published = [...positions];
  let heard: Said[] = [];
  let again = false;
  let runningSince: number | null = null;
  let stopped = false;
  let unsubscribe: (() => void) | null = null;

  const fanOut = createFanOut({
    ...options,
    slots: slots.length,
    heard(said) {
      heard.push(said);
      if (heard.length > MOST_HEARD) look();
      else void run();
    },
    turned(alone) {
      logger.debug({ alone }, 'live streams: who reads the log has changed');
      if (alone) listen();
      else deafen();
    },
    standing() {
      // Who does not get on with reading must not be relied on.
      if (runningSince !== null && clock.now() - runningSince > options.beatMs) return null;
      const facts = slots.flatMap((_, slot) => {
        const [from, next] = [published[slot]!, positions[slot]!];
        return from < next ? [{ slot, from, next, items: [] }] : [];
      });
      published = [...positions];
      return { facts, vector: published };
    },
  });

  /** Reads by itself. What was heard so far is in the log as well. */
  function listen(): void {
    heard = [];
    published = [...positions];
    unsubscribe ??= log.subscribe(topics, look);
    look();
  }

  function deafen(): void {
    unsubscribe?.();
    unsubscribe = null;
  }

  function look(): Promise<void> {
    again = true;
    if (heard.length > MOST_HEARD) heard = [];
    return run();
  }

  async function run(): Promise<void> {
    if (runningSince !== null) return;
    try {
      while (!stopped && (again || heard.length > 0)) {
        runningSince = clock.now();
        if (again) {
          again = false;
          for (let at = 0; at < slots.length; at++) if (await advance(at)) again = true;
        } else believe(heard.shift()!);
      }
    } catch (error) {
      if (!stopped) options.failed(error);
    } finally {
      runningSince = null;
    }
  }

  /** Reads what came since in one slot; true when there was something. */
  async function advance(slot: number): Promise<boolean> {
    const from = positions[slot]!;
    const items: [LiveItem, number][] = [];
    const next = await readSlot(options, slots[slot]!, from, (item, after) => items.push([item, after]));
    if (stopped) return false;
    pass(slot, items, next);
    if (items.length > 0 && fanOut.alone()) {
      fanOut.publish({ slot, from: published[slot]!, next, items });
      published[slot] = next;
    }
    return next !== from;
  }

  /** Goes on by what another read. Where something is missing in between, it is read here. */
  function believe({ facts, vector }: Said): void {
    for (const { slot, from, next, items } of facts) {
      if (from > positions[slot]!) again = true;
      else if (next > positions[slot]!) pass(slot, items, next);
    }
    if (vector?.some((offset, slot) => offset > positions[slot]!)) again = true;
  }

  /** Tells what stands after the position, and goes on to `next`. */
  function pass(slot: number, items: readonly (readonly [LiveItem, number])[], next: number): void {
    for (const [item, after] of items) {
      if (after <= positions[slot]!) continue;
      positions[slot] = after;
      tell(item, positions);
    }
    positions[slot] = next;
  }

  listen();
  await run();
  return {
    positions,
    look: () => void look(),
    stop() {
      stopped = true;
      deafen();
      fanOut.close();
    },
  };
}
