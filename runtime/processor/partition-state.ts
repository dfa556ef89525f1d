// The state of one partition of one processor: rows in memory over the store, what was seen, and how both are stored
// behind the log and put back in front of it. The store is only ever as far as the last commit, or behind it.
import type { Codec, Event, Json, TopicName } from '../../schemas/index.ts';
import { isBroadcast, NO_FINGERPRINT, peek, TOPICS, Undecodable } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import { isBroadcastKey, reasonOf } from '../failure.ts';
import { PartitionFold, type Refold, refolds } from '../fold.ts';
import type { Log, LogRecord, Position } from '../log/log.ts';
import { type Processor, SHARED } from '../processor.ts';
import type { StateStore } from '../state/state.ts';
import type { Logger } from '../telemetry.ts';
import { Overlay } from './overlay.ts';
import type { Novelty, Seen } from './seen.ts';
import { SeenRows } from './seen-rows.ts';
import { Slice } from './turns.ts';

// The runtime's rows, beside those of fold.ts and seen-rows.ts.
const OWN_ROWS = '~own';

/** Records are read in pieces of at most so many records and bytes. */
export const READ_LIMITS = { records: 4_096, bytes: 1 << 20 };
/** Rows are stored when so many are waiting: one write of the store must not hold the loop. */
export const STORE_ROWS = 1_000;
/** After so many notes (or as many as there are keys, if that is more) what was seen is stored. */
const NOTES_BETWEEN_SAVES = 25_000;
/** Places of dead letters kept of a topic. */
const REFUSALS_KEPT = 1_000;
/** An event time further ahead of its record's own time than this is not believed: sources clamp to five minutes. */
const AHEAD_MS = 600_000;

const FINGERPRINTED: ReadonlySet<TopicName> = new Set(['driftmgr.declarations', 'driftmgr.observations']);
const NONE = NO_FINGERPRINT.toString('latin1');
const COMPACTED = new Set(TOPICS.filter((topic) => topic.cleanup === 'compact').map((topic) => topic.name));

export const isFingerprinted = (topic: TopicName): boolean => FINGERPRINTED.has(topic);

/** Compares a declaration or observation with what was seen, and notes it. Broadcasts are always new and never noted. */
export function noteRecord(seen: Seen, record: LogRecord, org: string): Novelty {
  const { key, value } = record;
  if (value === null) {
    seen.forget(key);
    return 'new';
  }
  const head = value[0] === 0 ? peek(value) : null;
  // What cannot be an event's head (the record is garbage, and decoding will say so) must not mark later ones as stale.
  if (head === null || head.time > record.timestamp + AHEAD_MS) return 'new';
  if (head.fingerprint === NONE && isBroadcastKey(key, org)) return 'new';
  return seen.note(key, head.fingerprint, head.time);
}

export interface PartitionStateOptions {
  processor: Processor;
  partition: number;
  org: string;
  log: Log;
  codec: Codec;
  store: StateStore;
  logger: Logger;
  /** Told now and then while state is restored: records read, of about how many. */
  onRestoring?(progress: { read: number; of: number }): void;
  /** Two random 32-bit words, used when there is no state yet. */
  seed(): [number, number];
}

export class PartitionState {
  readonly fold: PartitionFold;
  readonly seen: Seen;
  private readonly seenRows: SeenRows;
  /** Up to where own outputs are folded: all there were when it was restored, and then what it committed itself. */
  private readonly ends: Map<TopicName, number>;
  /** Up to where inputs are folded in memory; the loop moves them on. */
  readonly positions: Map<TopicName, number>;
  /** While it is restored: offsets read, of so many. What is read twice counts twice. */
  private readonly restoring = { read: 0, of: 0 };
  /** Notes since what was seen was last stored; the loop counts them. */
  notes = 0;
  private readonly options: PartitionStateOptions;
  private readonly rows: Overlay;

  private constructor(
    options: PartitionStateOptions,
    rows: Overlay,
    positions: Map<TopicName, number>,
    ends: Map<TopicName, number>,
  ) {
    const { processor, partition, org, log, codec } = options;
    this.options = options;
    this.rows = rows;
    this.seenRows = new SeenRows(rows, options.seed);
    this.seen = this.seenRows.seen;
    this.positions = positions;
    this.ends = ends;
    const encode = codec.encode;
    this.fold = new PartitionFold({
      processor,
      org,
      partition,
      partitions: log.partitions,
      rows,
      seen: this.seen,
      encode,
    });
  }

  /**
   * State as it was at the last commit of the group: what is stored, caught up by folding. State that is ahead of the
   * commit (the log lost it) is forgotten and folded anew.
   */
  static async restore(options: PartitionStateOptions): Promise<PartitionState> {
    const { processor, partition, log, store, logger } = options;
    const committed = await committedPositions(log, processor, partition);
    const own = ownTopics(processor);
    const ends = new Map<TopicName, number>();
    for (const topic of own) ends.set(topic, await log.end(topic, partition));
    const ahead = [
      ...store.positions().filter(({ topic, offset }) => offset > (committed.get(topic) ?? 0)),
      ...Object.entries(offsetsIn(store.get(OWN_ROWS, 'ends'))).filter(
        ([topic, offset]) => offset > (ends.get(topic as TopicName) ?? 0),
      ),
    ];
    if (ahead.length > 0) {
      logger.warn({ processor: processor.name, partition }, 'state is ahead of the log: it is folded anew');
      store.clear();
    }
    const rows = new Overlay(store, undefined, SHARED);
    const state = new PartitionState(options, rows, committed, ends);
    await state.catchUp(ends);
    state.fold.resume();
    return state;
  }

  /**
   * A record became a dead letter. What was noted of it is forgotten: when its original is appended again, it must not pass
   * as unchanged; nor after a restart, which is why its place is kept for as long as it may be noted from the log again.
   */
  refused(topic: TopicName, { key, offset }: LogRecord): void {
    this.seen.forget(key);
    const all = this.refusals();
    const from = offsetsIn(this.seenRows.at)[topic] ?? 0;
    const others = (all[topic] ?? []).filter((other) => other >= from).slice(-REFUSALS_KEPT);
    this.rows.set(OWN_ROWS, 'refused', { ...all, [topic]: [...others, offset] });
  }

  private refusals(): Record<string, number[]> {
    return (this.rows.get(OWN_ROWS, 'refused') ?? {}) as Record<string, number[]>;
  }

  /** Rows not yet stored. */
  get unstored(): number {
    return this.rows.unstored;
  }

  /** True when `store` has something to do besides rows: what was seen is to be saved. */
  get saves(): boolean {
    return this.seenRows.isSaving || this.notes >= Math.max(NOTES_BETWEEN_SAVES, this.seen.size);
  }

  /**
   * What it folded is in the log up to these ends. They are not asked for when rows are stored: whoever has taken over by
   * then may have written more, and this state, taken up again later, would never fold that.
   */
  committed(ends: readonly Position[]): void {
    for (const { topic, partition, offset } of ends)
      if (partition === this.options.partition && this.ends.has(topic)) this.ends.set(topic, offset);
  }

  /** Stores the rows with the positions. Call only when everything folded is committed. */
  store(): void {
    if (this.saves) this.save();
    this.rows.set(OWN_ROWS, 'ends', Object.fromEntries(this.ends));
    this.write(this.positions);
  }

  /** Stores everything, what was seen too. */
  async storeAll(): Promise<void> {
    this.notes = Number.POSITIVE_INFINITY;
    const slice = new Slice();
    do {
      this.store();
      if (slice.due()) await slice.next();
    } while (this.seenRows.isSaving);
  }

  private save(): void {
    if (!this.seenRows.isSaving) this.notes = 0;
    this.seenRows.save(this.positions);
  }

  private write(positions: ReadonlyMap<TopicName, number>): void {
    const { partition, store } = this.options;
    this.seenRows.keepNews();
    const upTo: Position[] = [...positions].map(([topic, offset]) => ({ topic, partition, offset }));
    store.write(this.rows.take(), upTo);
  }

  private async catchUp(ends: Map<TopicName, number>): Promise<void> {
    const { processor, store } = this.options;
    const stored = new Map(store.positions().map(({ topic, offset }) => [topic, offset]));
    const seenAt = offsetsIn(this.seenRows.at);
    const ownAt = offsetsIn(this.rows.get(OWN_ROWS, 'ends'));
    const noted = processor.reads
      .filter((topic) => FINGERPRINTED.has(topic))
      .map((topic) => ({ topic, from: seenAt[topic] ?? 0, to: stored.get(topic) ?? 0 }));
    const folded = [...refolds(processor)].map(([topic, how]) => ({
      topic,
      how,
      range: {
        inputsFrom: stored.get(topic) ?? 0,
        inputsTo: processor.reads.includes(topic) ? (this.positions.get(topic) ?? 0) : 0,
        ownFrom: ownAt[topic] ?? 0,
        ownTo: ends.get(topic) ?? 0,
      },
    }));
    this.restoring.of =
      noted.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0) +
      folded.reduce((sum, { how, range }) => sum + lengthOf(how, range), 0);
    for (const { topic, from, to } of noted) await this.noteAgain(topic, from, to);
    for (const { topic, how, range } of folded) await this.foldAgain(topic, how, range);
  }

  /** Notes repetitions between where shards were saved and the rows: no decoding. */
  private async noteAgain(topic: TopicName, from: number, to: number): Promise<void> {
    const refused = new Set(this.refusals()[topic]);
    await this.eachRecord(topic, from, to, (record) => {
      if (!refused.has(record.offset)) noteRecord(this.seen, record, this.options.org);
      this.notes++;
    });
  }

  private async foldAgain(topic: TopicName, how: Refold, range: Range): Promise<void> {
    const own = foldsOwn(how);
    const { from, to } = spanOf(how, range);
    const forgotten = await this.forgottenLater(topic, how, from, to);
    const reached: Record<string, number> = {};
    await this.eachRecord(topic, from, to, (record, next) => {
      this.foldRecordAgain(topic, how, range, record, forgotten);
      if (this.rows.unstored < STORE_ROWS) return;
      // By the law of processors topics may be folded one after the other, so a part of the way is a state too.
      if (own) reached[topic] = next;
      this.rows.set(OWN_ROWS, 'ends', { ...offsetsIn(this.rows.get(OWN_ROWS, 'ends')), ...reached });
      this.write(range.inputsTo > 0 ? new Map([[topic, Math.min(next, range.inputsTo)]]) : new Map());
    });
    if (own) {
      const ends = { ...offsetsIn(this.rows.get(OWN_ROWS, 'ends')), [topic]: range.ownTo };
      this.rows.set(OWN_ROWS, 'ends', ends);
    }
    this.write(range.inputsTo > 0 ? new Map([[topic, range.inputsTo]]) : new Map());
  }

  private foldRecordAgain(
    topic: TopicName,
    how: Refold,
    range: Range,
    record: LogRecord,
    forgotten: ReadonlyMap<string, number>,
  ): void {
    const { org, processor, codec, logger, partition } = this.options;
    const input = record.offset >= range.inputsFrom && record.offset < range.inputsTo;
    const own = record.offset >= range.ownFrom;
    if (input && FINGERPRINTED.has(topic)) {
      this.notes++;
      if (noteRecord(this.seen, record, org) !== 'new') return;
    }
    if (record.value === null) {
      if (own) this.fold.refoldTombstone(topic, record.key);
      return;
    }
    if (how === 'broadcasts' && !isBroadcastKey(record.key, org)) return;
    if ((forgotten.get(record.key) ?? -1) > record.offset) return;
    let event: Event;
    try {
      event = codec.decode(topic, record.value);
    } catch (error) {
      // It was dead-lettered when it was an input.
      if (!(error instanceof Undecodable)) throw error;
      if (input && FINGERPRINTED.has(topic)) this.refused(topic, record);
      return;
    }
    if (!(event.source === processor.name ? own : input)) return;
    try {
      this.fold.refold(event);
    } catch (error) {
      // So was this one; but of what is the processor's own, or concerns every key, nothing may be missing.
      if (event.source === processor.name || isBroadcast(event.type))
        throw new DriftError(
          `${processor.name} cannot fold ${event.type} at ${topic}/${partition}/${record.offset} again: ${reasonOf(error)}`,
          { code: 'DM_INTERNAL', retriable: false, cause: error },
        );
      if (FINGERPRINTED.has(topic)) this.refused(topic, record);
      logger.debug({ topic, partition, offset: record.offset, how }, 'passed over what was dead-lettered');
    }
  }

  /**
   * Keys of own compacted records with the offset of their last tombstone: what stands before it is not folded, whether
   * compaction has dropped it already or not. (Timers have their own way to fold a tombstone; inputs are withdrawn by an
   * event before they are tombstoned.)
   */
  private async forgottenLater(
    topic: TopicName,
    how: Refold,
    from: number,
    to: number,
  ): Promise<Map<string, number>> {
    const last = new Map<string, number>();
    if (how === 'inputs' || topic === 'driftmgr.timers' || !COMPACTED.has(topic)) return last;
    await this.eachRecord(topic, from, to, (record) => {
      if (record.value === null) last.set(record.key, record.offset);
    });
    return last;
  }

  private async eachRecord(
    topic: TopicName,
    from: number,
    to: number,
    each: (record: LogRecord, next: number) => void,
  ): Promise<void> {
    const { log, partition, onRestoring } = this.options;
    const slice = new Slice();
    for (let position = from; position < to; ) {
      const { records, next } = await log.read(topic, partition, position, READ_LIMITS);
      if (slice.due()) await slice.next();
      for (const record of records) {
        if (record.offset >= to) return;
        each(record, record.offset + 1);
        if (slice.due()) await slice.next();
      }
      if (next <= position) return;
      this.restoring.read += Math.min(next, to) - position;
      onRestoring?.({ ...this.restoring });
      position = next;
    }
  }
}

interface Range {
  inputsFrom: number;
  inputsTo: number;
  ownFrom: number;
  ownTo: number;
}

const foldsOwn = (how: Refold): boolean => how === 'own' || how === 'broadcasts-and-own';

/** From where to where a topic is read again. */
function spanOf(how: Refold, { inputsFrom, inputsTo, ownFrom, ownTo }: Range): { from: number; to: number } {
  if (!foldsOwn(how)) return { from: inputsFrom, to: inputsTo };
  return { from: inputsTo > 0 ? Math.min(ownFrom, inputsFrom) : ownFrom, to: Math.max(inputsTo, ownTo) };
}

const lengthOf = (how: Refold, range: Range): number => {
  const { from, to } = spanOf(how, range);
  return Math.max(0, to - from);
};

/** Topics whose own records are folded again. */
function ownTopics(processor: Processor): TopicName[] {
  return [...refolds(processor)].filter(([, how]) => foldsOwn(how)).map(([topic]) => topic);
}

async function committedPositions(
  log: Log,
  processor: Processor,
  partition: number,
): Promise<Map<TopicName, number>> {
  const committed = new Map<TopicName, number>(processor.reads.map((topic) => [topic, 0]));
  for (const position of await log.positions(processor.name))
    if (position.partition === partition && committed.has(position.topic))
      committed.set(position.topic, position.offset);
  return committed;
}

const offsetsIn = (row: Json | undefined): Record<string, number> => (row ?? {}) as Record<string, number>;
