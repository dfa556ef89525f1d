// Folding one partition: inputs and own outputs into rows, decisions into events, broadcasts into slices. The pure core
// that the loop (run-processor.ts) and the test driver (testing/driver.ts) have in common; no clock, no IO.
//
// Laws it holds, by throwing a plain Error (a defect of the processor) when one is broken:
// - rows come only from what can be folded again: compacted topics, broadcasts, timers, and own outputs in `restores`;
// - an output is one of `emits`, is no broadcast, and stays in the partition of the key it was decided on.
// When `evolve` of an input throws, nothing of it is applied. When `decide` throws (or folding an output does), the
// input stays folded and nothing is put out: the same that folding the input again on restore gives.
import type { Event, EventOf, EventType, TopicName } from '../schemas/index.ts';
import {
  driftKey,
  EVENTS,
  isBroadcast,
  partitionOf,
  recordKey,
  stableId,
  TOPICS,
  timerKey,
  topicOf,
} from '../schemas/index.ts';
import { Drain, indexRows } from './processor/drain.ts';
import { KeyRows } from './processor/key-rows.ts';
import type { Overlay } from './processor/overlay.ts';
import type { Seen } from './processor/seen.ts';
import type { Output, Processor, Rows, Write } from './processor.ts';
import { SEEN, SHARED } from './processor.ts';
import { type Timer, Timers } from './timers.ts';

const TIMERS: TopicName = 'driftmgr.timers';
const SEPARATOR = '\u001f';

// The runtime's own rows stand under keys no object has: object keys start with an organisation.
const TIMER_ROWS = '~timers';
const DRAIN_ROWS = '~drain';
const AWAITED_ROWS = '~awaited';
const timerPart = (objectKey: string, what: string): string => `${objectKey}${SEPARATOR}${what}`;
/** The name under which the progress of a broadcast stands among the partition's timers. */
const DRAIN = '~drain';

const COMPACTED: ReadonlySet<TopicName> = new Set(
  TOPICS.filter((topic) => topic.cleanup === 'compact').map((topic) => topic.name),
);
const WITH_BROADCASTS: ReadonlySet<TopicName> = new Set(
  Object.values(EVENTS)
    .filter((event) => event.broadcast)
    .map((event) => event.topic),
);

/** What is to be appended to the partition, in this order. A null event is a tombstone. */
export interface Emitted {
  topic: TopicName;
  key: string;
  event: Event | null;
  value: Buffer | null;
}

const tombstone = (topic: TopicName, key: string): Emitted => ({ topic, key, event: null, value: null });

/** Which records of a topic are folded when state is caught up or folded anew. */
export type Refold = 'inputs' | 'broadcasts' | 'own' | 'broadcasts-and-own';

/** The topics whose records make up a processor's state, in the order they are folded. */
export function refolds(processor: Processor): Map<TopicName, Refold> {
  const topics = new Map<TopicName, Refold>();
  for (const topic of processor.reads) {
    if (COMPACTED.has(topic)) topics.set(topic, 'inputs');
    else if (WITH_BROADCASTS.has(topic)) topics.set(topic, 'broadcasts');
  }
  for (const topic of processor.restores) {
    const input = topics.get(topic);
    if (input !== 'inputs') topics.set(topic, input ? 'broadcasts-and-own' : 'own');
  }
  topics.set(TIMERS, 'own');
  return topics;
}

/** Whether live state holds what the event folds to: what is not folded on restore may write no row. */
export function isFolded(how: Refold | undefined, event: Event, processor: string): boolean {
  const own = event.source === processor;
  switch (how) {
    case 'inputs':
      return true;
    case 'broadcasts':
      return isBroadcast(event.type);
    case 'own':
      return own;
    case 'broadcasts-and-own':
      return own || isBroadcast(event.type);
    default:
      return false;
  }
}

type TimerRow = { objectKey: string; what: string; at: number; data: string | null; id: string };

export interface PartitionFoldOptions {
  processor: Processor;
  org: string;
  partition: number;
  partitions: number;
  rows: Overlay;
  /** Where `seen/` rows come from. */
  seen: Seen;
  /** An output that does not fit its schema makes its decision fail, so that nothing of it is folded or appended. */
  encode(event: Event): Buffer;
}

export class PartitionFold {
  readonly processor: Processor;
  readonly rows: Overlay;
  readonly timers = new Timers();
  private readonly org: string;
  private readonly partition: number;
  private readonly partitions: number;
  private readonly seen: Seen;
  private readonly encode: (event: Event) => Buffer;
  private readonly emits: ReadonlySet<EventType>;
  private readonly folded: Map<TopicName, Refold>;
  private drain: Drain | null = null;
  /** Whether the log holds the progress of a broadcast. */
  private drainRecorded = false;

  constructor(options: PartitionFoldOptions) {
    this.processor = options.processor;
    this.org = options.org;
    this.partition = options.partition;
    this.partitions = options.partitions;
    this.rows = options.rows;
    this.seen = options.seen;
    this.encode = options.encode;
    this.emits = new Set(options.processor.emits);
    this.folded = refolds(options.processor);
    for (const key of this.rows.parts(AWAITED_ROWS, '')) this.seen.awaitRepetition(key, true);
  }

  /** Call once state is as it was at the last commit: sets the timers and takes up a broadcast that was under way. */
  resume(): void {
    for (const [, value] of this.rows.list(TIMER_ROWS, '')) {
      const timer = value as TimerRow;
      this.timers.set(timer.objectKey, timer.what, timer.at);
    }
    const progress = this.rows.get(DRAIN_ROWS, DRAIN);
    if (progress === undefined) return;
    const { event, cursor } = JSON.parse(progress as string) as { event: Event; cursor: string | null };
    this.drain = new Drain(event, this.concerned(event), cursor);
    this.drainRecorded = true;
  }

  /** Whether a broadcast still has keys to reach. While it has, `drainSlice` is the only thing to call. */
  get draining(): boolean {
    return this.drain !== null;
  }

  /**
   * Folds one input and decides. A broadcast is folded into the shared state and becomes pending: `drainSlice` then
   * decides for its keys. An own output that comes back as input was folded when it was decided: nothing happens.
   */
  input(event: Event, now: number): Emitted[] {
    if (this.drain)
      throw new Error('an input was folded before the pending broadcast had reached all its keys');
    if (event.source === this.processor.name) return [];
    const objectKey = keyOf(event);
    this.apply(objectKey, event);
    if (!isBroadcast(event.type)) return this.decide(objectKey, event, now, [event.id]);
    const scopes = this.concerned(event);
    if (scopes.length > 0) this.drain = new Drain(event, scopes, null);
    return [];
  }

  /**
   * The next keys of the pending broadcast, as long as `more()` (asked after each key). A failure is handed back with what
   * the keys before it put out, and the broadcast stays pending at the key that failed.
   */
  drainSlice(now: number, more: () => boolean): { emitted: Emitted[]; failure: unknown } {
    const { drain } = this;
    const emitted: Emitted[] = [];
    while (drain) {
      const objectKey = drain.next(this.rows);
      if (objectKey === undefined) break;
      if (objectKey === null) {
        this.drain = null;
        break;
      }
      try {
        const outputs = this.decide(objectKey, drain.event, now, [drain.event.id, objectKey]);
        for (const output of outputs) emitted.push(output);
      } catch (failure) {
        return { emitted, failure };
      }
      drain.cursor = objectKey;
      if (!more()) break;
    }
    return { emitted, failure: null };
  }

  /** What a commit must hold so that a pending broadcast goes on after the last key that decided. */
  drainRecord(now: number): Emitted[] {
    const { drain } = this;
    const key = timerKey(`${this.org}/*`, this.processor.name, DRAIN);
    if (!drain) {
      if (!this.drainRecorded) return [];
      this.drainRecorded = false;
      this.rows.set(DRAIN_ROWS, DRAIN, undefined);
      return [tombstone(TIMERS, key)];
    }
    this.drainRecorded = true;
    const data = JSON.stringify({ event: drain.event, cursor: drain.cursor });
    this.rows.set(DRAIN_ROWS, DRAIN, data);
    const id = stableId('drn', this.processor.name, drain.event.id, drain.cursor ?? '');
    const body = {
      processor: this.processor.name,
      what: DRAIN,
      at: drain.event.time,
      phase: 'set' as const,
      data,
    };
    const event = this.timerEvent(SHARED, body, id, now);
    return [{ topic: TIMERS, key, event, value: this.encode(event) }];
  }

  /**
   * Fires a timer: its record, then what is decided. A failure is handed back and not thrown, because the timer has
   * fired all the same and must not fire again.
   */
  fire(timer: Timer, now: number): { event: Event; emitted: Emitted[]; failure: unknown } {
    const { objectKey, what } = timer;
    const name = timerPart(objectKey, what);
    const row = this.rows.get(TIMER_ROWS, name) as TimerRow;
    this.rows.set(TIMER_ROWS, name, undefined);
    this.timers.clear(objectKey, what);
    const body = {
      processor: this.processor.name,
      what,
      at: row.at,
      phase: 'fired' as const,
      data: row.data,
    };
    const event = this.timerEvent(objectKey, body, stableId('due', row.id), now);
    const emitted = [this.emitted(event)];
    try {
      this.apply(objectKey, event);
      emitted.push(...this.decide(objectKey, event, now, [event.id]));
      return { event, emitted, failure: null };
    } catch (failure) {
      return { event, emitted, failure };
    }
  }

  /** Folds a record of one of `refolds` again, deciding nothing. Timers are set by `resume`, after the last of them. */
  refold(event: Event): void {
    if (!isFolded(this.folded.get(topicOf(event.type)), event, this.processor.name)) return;
    if (event.type === 'clock.due' && this.refoldTimer(event)) return;
    this.apply(keyOf(event), event);
  }

  /** A tombstone met while folding again. Those of other topics have nothing left to forget: see `restore`. */
  refoldTombstone(topic: TopicName, key: string): void {
    if (topic !== TIMERS) return;
    const [at, processor, ...what] = key.split(SEPARATOR);
    if (processor !== this.processor.name) return;
    const name = what.join(SEPARATOR);
    if (name === DRAIN) this.rows.set(DRAIN_ROWS, DRAIN, undefined);
    else this.foldCleared(at === `${this.org}/*` ? SHARED : at!, name, 0);
  }

  /** A cleared timer is over: folded as if it had fired, so that rows that came with it go with it. Nothing decides. */
  private foldCleared(objectKey: string, what: string, now: number): boolean {
    const part = timerPart(objectKey, what);
    const row = this.rows.get(TIMER_ROWS, part) as TimerRow | undefined;
    if (!row) return false;
    this.rows.set(TIMER_ROWS, part, undefined);
    const body = {
      processor: this.processor.name,
      what,
      at: row.at,
      phase: 'fired' as const,
      data: row.data,
    };
    this.apply(objectKey, this.timerEvent(objectKey, body, stableId('due', row.id), now));
    return true;
  }

  private refoldTimer(event: EventOf<'clock.due'>): boolean {
    const { what, at, phase, data } = event.body;
    if (what === DRAIN) {
      this.rows.set(DRAIN_ROWS, DRAIN, data ?? undefined);
      return true;
    }
    const objectKey = keyOf(event);
    const row: TimerRow | undefined =
      phase === 'set' ? { objectKey, what, at, data, id: event.id } : undefined;
    this.rows.set(TIMER_ROWS, timerPart(objectKey, what), row);
    return false;
  }

  private apply(objectKey: string, event: Event): void {
    const writes = this.processor.evolve(this.rowsOf(objectKey), event);
    if (writes.length === 0) return;
    if (!isFolded(this.folded.get(topicOf(event.type)), event, this.processor.name))
      throw new Error(
        `${this.processor.name} wrote rows for ${event.type}, which is not folded again when state is lost: ` +
          'fold an own output of a topic in "restores" instead',
      );
    for (const write of writes) this.write(objectKey, event, write);
  }

  private write(objectKey: string, event: Event, write: Write): void {
    if ('part' in write) {
      if (write.part.startsWith(SEEN)) throw new Error(`${this.processor.name} wrote a row under ${SEEN}`);
      this.rows.set(objectKey, write.part, write.value);
      return;
    }
    if ('awaited' in write) {
      // What a failing decision folded is taken back, and this would not be.
      if (event.source === this.processor.name)
        throw new Error(`${this.processor.name} awaits a repetition because of its own ${event.type}`);
      if (this.rows.has(AWAITED_ROWS, write.awaited) === write.member) return;
      this.rows.set(AWAITED_ROWS, write.awaited, write.member ? 1 : undefined);
      this.seen.awaitRepetition(write.awaited, write.member);
      return;
    }
    const rows = indexRows(write.index);
    const member = this.rows.has(rows, objectKey);
    if (member === write.member) return;
    this.rows.set(rows, objectKey, write.member ? 1 : undefined);
    this.drain?.indexChanged(write.index, objectKey, write.member);
  }

  private decide(objectKey: string, event: Event, now: number, idParts: string[]): Emitted[] {
    const outputs = this.processor.decide(this.rowsOf(objectKey), event, now);
    if (outputs.length === 0) return [];
    const timerChanges: (() => void)[] = [];
    const emitted = this.rows.atomically(() => {
      const all: Emitted[] = [];
      outputs.forEach((output, index) => {
        const id = (): string => stableId('evt', this.processor.name, ...idParts, index);
        const one = this.putOut(output, objectKey, event, now, id, timerChanges);
        if (one) all.push(one);
      });
      return all;
    });
    for (const change of timerChanges) change();
    return emitted;
  }

  private putOut(
    output: Output,
    objectKey: string,
    input: Event,
    now: number,
    idOf: () => string,
    timerChanges: (() => void)[],
  ): Emitted | null {
    const { name } = this.processor;
    if ('timer' in output) {
      const { timer: what, at } = output;
      const data = output.data === undefined ? null : JSON.stringify(output.data);
      const part = timerPart(objectKey, what);
      const before = this.rows.get(TIMER_ROWS, part) as TimerRow | undefined;
      if (before && before.at === at && before.data === data) return null;
      const id = idOf();
      const event = this.timerEvent(objectKey, { processor: name, what, at, phase: 'set', data }, id, now);
      this.rows.set(TIMER_ROWS, part, { objectKey, what, at, data, id } satisfies TimerRow);
      timerChanges.push(() => this.timers.set(objectKey, what, at));
      this.apply(objectKey, event);
      return this.emitted(event);
    }
    if ('clearTimer' in output) {
      const what = output.clearTimer;
      // The timer that is firing has no row any more, but its record is in the log: that goes too.
      const firing = input.type === 'clock.due' && input.body.what === what;
      if (!this.foldCleared(objectKey, what, now) && !firing) return null;
      timerChanges.push(() => this.timers.clear(objectKey, what));
      const at = objectKey === SHARED ? `${this.org}/*` : objectKey;
      return tombstone(TIMERS, timerKey(at, name, what));
    }
    if ('forgetDrift' in output)
      return tombstone('driftmgr.open-drifts', driftKey(this.org, output.forgetDrift));
    if (!this.emits.has(output.type))
      throw new Error(`${name} put out ${output.type}, which it does not declare`);
    if (isBroadcast(output.type)) throw new Error(`${name} put out ${output.type}: only sources broadcast`);
    const at = output.objectKey ?? objectKey;
    if (at !== objectKey && (at === SHARED || partitionOf(at, this.partitions) !== this.partition))
      throw new Error(`${name} put out ${output.type} under ${at}, which another partition owns`);
    const correlationId = output.correlationId === undefined ? input.correlationId : output.correlationId;
    // One member of the union of events: type and body come from the same member of the union of outputs.
    const event = {
      time: output.time ?? input.time,
      id: output.id ?? idOf(),
      recordedAt: now,
      source: name,
      org: this.org,
      objectKey: at === SHARED ? null : at,
      correlationId,
      clamped: false,
      type: output.type,
      body: output.body,
    } as Event;
    this.apply(at, event);
    return this.emitted(event);
  }

  private emitted(event: Event): Emitted {
    return { topic: topicOf(event.type), key: recordKey(event), event, value: this.encode(event) };
  }

  private timerEvent(
    objectKey: string,
    body: EventOf<'clock.due'>['body'],
    id: string,
    now: number,
  ): EventOf<'clock.due'> {
    return {
      time: body.at,
      id,
      recordedAt: now,
      source: this.processor.name,
      org: this.org,
      objectKey: objectKey === SHARED ? null : objectKey,
      correlationId: null,
      clamped: false,
      type: 'clock.due',
      body,
    };
  }

  private concerned(event: Event): string[] {
    return [...new Set(this.processor.concerns(this.rowsOf(SHARED), event))];
  }

  private rowsOf(objectKey: string): Rows {
    this.rows.focusOn(objectKey);
    return new KeyRows(objectKey, this.rows, this.seen);
  }
}

/** Rows of which object an event folds into: broadcasts, and what belongs to no object, into the shared ones. */
const keyOf = (event: Event): string => event.objectKey ?? SHARED;
