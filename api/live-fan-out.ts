// One API process reads the log for the live streams of all: it publishes what it reads, the others hear it.
//
// What is published are facts about the log: "of this slot, from this offset to that one, these are the items". So it does
// not matter who says it, how often, or what gets lost. Who stands within a fact goes on to its end; who stands before it
// has missed something, and reads that in the log. A beat says how far the facts went, so that what was lost last shows too.
//
// Everybody begins by reading alone and publishing; whoever then hears one with a smaller id relies on it. When the one
// relied on says goodbye, is silent, or nothing can be heard, one reads alone again.
import { randomUUID } from 'node:crypto';
import type { Cache } from '../runtime/cache/cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LiveItem } from './live-items.ts';

/** Everything that is told of a slot from one offset to another. */
export interface Fact {
  /** Which slot, by its place in the list of slots. */
  slot: number;
  from: number;
  next: number;
  /** Each with the offset after it. */
  items: readonly (readonly [item: LiveItem, after: number])[];
}

export interface FanOutOptions {
  cache: Cache;
  clock: Clock;
  slots: number;
  beatMs: number;
  /** What was heard from the one relied on, in order; null: the queue of what was heard so far is not to be used. */
  heard(said: Said): void;
  /** From now on nobody else reads for this process (true), or someone does. */
  turned(alone: boolean): void;
  /** Facts not yet published, and how far they go; null while this process does not get on with reading. */
  standing(): { facts: Fact[]; vector: number[] } | null;
}

export interface Said {
  facts: readonly Fact[];
  /** How far the facts that were published go; null where it is not said. */
  vector: readonly number[] | null;
}

export interface FanOut {
  alone(): boolean;
  publish(fact: Fact): void;
  close(): void;
}

const CHANNEL = 'live';
/** Of the form of messages: others are not understood, and not relied on. */
const VERSION = 1;
const SILENT_BEATS = 3;
/** Not yet taken by the cache; what is more is left out, and shows as missed. */
const MOST_UNDER_WAY = 64;
/** Characters of items in one message. */
const MESSAGE = 256 * 1024;

interface Message extends Said {
  version: number;
  id: string;
  bye: boolean;
}

export function createFanOut(options: FanOutOptions): FanOut {
  const { cache, clock, slots, beatMs } = options;
  const id = randomUUID();
  const closed = new AbortController();
  let reliedOn: { id: string; heardAt: number } | null = null;
  let underWay = 0;

  function send(message: Partial<Message>): void {
    if (underWay >= MOST_UNDER_WAY && !message.bye) return;
    underWay++;
    const text = JSON.stringify({ version: VERSION, id, facts: [], vector: null, bye: false, ...message });
    cache.publish(CHANNEL, text).finally(() => underWay--);
  }

  function relyOn(other: string | null): void {
    const was = reliedOn;
    reliedOn = other === null ? null : { id: other, heardAt: clock.now() };
    if ((was === null) !== (other === null)) options.turned(other === null);
  }

  const unsubscribe = cache.subscribe(CHANNEL, {
    message(text) {
      const message = messageOf(text, slots);
      if (message === null || message.id === id) return;
      if (message.bye) {
        if (message.id === reliedOn?.id) relyOn(null);
        return;
      }
      // The smallest id is the one that all agree on.
      if (message.id < (reliedOn?.id ?? id)) relyOn(message.id);
      if (reliedOn === null) return;
      if (message.id === reliedOn.id) reliedOn.heardAt = clock.now();
      options.heard(message);
    },
    listening(on) {
      if (!on) relyOn(null);
    },
  });

  async function beat(): Promise<void> {
    for (;;) {
      await clock.sleep(beatMs, closed.signal);
      if (closed.signal.aborted) return;
      if (reliedOn === null) {
        const standing = options.standing();
        if (standing !== null) send(standing);
      } else if (clock.now() - reliedOn.heardAt > SILENT_BEATS * beatMs) relyOn(null);
    }
  }
  void beat();

  return {
    alone: () => reliedOn === null,
    publish(fact) {
      for (const part of partsOf(fact)) send({ facts: [part] });
    },
    close() {
      if (closed.signal.aborted) return;
      closed.abort();
      unsubscribe();
      if (reliedOn === null) send({ bye: true });
    },
  };
}

/** The same fact as several that follow each other, each small enough for one message. */
function* partsOf({ slot, from, next, items }: Fact): Generator<Fact> {
  let part: Fact['items'][number][] = [];
  let size = 0;
  let start = from;
  for (const [index, item] of items.entries()) {
    part.push(item);
    size += item[0].text.length;
    if (size < MESSAGE || index === items.length - 1) continue;
    yield { slot, from: start, next: item[1], items: part };
    start = item[1];
    part = [];
    size = 0;
  }
  yield { slot, from: start, next, items: part };
}

/** Null for what is no message of this version about these slots. */
function messageOf(text: string, slots: number): Message | null {
  try {
    const message = JSON.parse(text) as Message;
    const { version, id, facts, vector } = message;
    if (version !== VERSION || typeof id !== 'string') return null;
    if (vector !== null && (vector.length !== slots || !vector.every(Number.isSafeInteger))) return null;
    return facts.every((fact) => isFact(fact, slots)) ? message : null;
  } catch {
    return null;
  }
}

const isFact = ({ slot, from, next, items }: Fact, slots: number): boolean =>
  [slot, from, next].every(Number.isSafeInteger) &&
  slot >= 0 &&
  slot < slots &&
  items.every(([item, after]) => typeof item.text === 'string' && after > from && after <= next);
