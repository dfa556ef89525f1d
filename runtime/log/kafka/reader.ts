// Reads from positions: several readers of a process at their own places, requests of one moment in one request a broker,
// what comes next fetched ahead, and partitions that someone has read to the end followed, so that news is at hand when
// its reader is told of it.

import { setTimeout as sleep } from 'node:timers/promises';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { Batch, ReadLimits } from '../log.ts';
import { type Found, fetchFrom } from './fetch.ts';
import { patiently } from './patience.ts';
import { type Aborted, type Batches, decodeBatches } from './record-batch.ts';

/** A request asks for so much of a partition at most (a larger batch comes whole). */
const PARTITION_BYTES = 512 << 10;
const REQUEST_BYTES = 4 << 20;
/** Of what was fetched, over all partitions, so much waits in memory for its first reader; what is dropped is fetched again. */
const WAITING_BYTES = 24 << 20;
/** And so much of what one has read stays for the next, who as a rule comes right after. */
const READ_BYTES = 4 << 20;
/** A partition whose readers leave so much unread is not followed on: they fetch when they get there. */
const UNREAD_BYTES = 2 << 20;
/** A place that begins to be followed waits for the answer under way: a short one while places come and go. */
const FOLLOW_WAIT_MS = 100;
/** Once the same places have been followed for so long, a broker without news is asked less often. */
const STEADY_AFTER_MS = 2_000;
const STEADY_WAIT_MS = 500;
const FOLLOW_BYTES = 4 << 20;
/** A broker that has news all the time is asked so often at most: a request costs more than what waits for it does. */
const FOLLOW_EVERY_MS = 5;
/** Following that fails is tried again after so long, twice as long each time. */
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 500;
const NO_BYTES = Buffer.alloc(0);

/** As it came: records are made when they are read, so that what waits here is a few large buffers. */
interface Chunk {
  from: number;
  batches: Batches;
  aborted: readonly Aborted[];
}

interface Place {
  /** As the cluster names it. */
  topic: string;
  partition: number;
  /** In order of offset, without overlap. */
  chunks: Chunk[];
  /** Up to where it is followed: from there on nothing is known to be. Null: not followed. */
  followedTo: number | null;
  /** All before it was decided when it was last asked for: there may be more, not less. */
  stable: number;
  /** Bytes fetched by following that no one has read. */
  unread: number;
  /** Fetches under way, by the offset they begin at. */
  underWay: Map<number, Promise<Chunk>>;
}

interface Request {
  place: Place;
  from: number;
  resolve(found: Found): void;
  reject(error: unknown): void;
}

export interface ReaderOptions {
  /** For reads. */
  cluster: Cluster;
  /** For following: a broker answers one request of a connection after the other, and these take their time. */
  following: Cluster;
  /** First offset that is kept, of a topic as the cluster names it. */
  earliest(topic: string, partition: number): Promise<number>;
  /** A partition of the topic has records that it had not. */
  announce(topic: string): void;
}

export class Reader {
  private readonly options: ReaderOptions;
  private readonly places = new Map<string, Place>();
  private readonly waiting = new Kept(WAITING_BYTES);
  private readonly alreadyRead = new Kept(READ_BYTES);
  private requests: Request[] = [];
  private flushing = false;
  private readonly followers = new Map<number, Promise<void>>();
  private closed = false;

  constructor(options: ReaderOptions) {
    this.options = options;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const place of this.places.values()) place.followedTo = null;
    await Promise.allSettled(this.followers.values());
  }

  /** Whole records from `from` on; nothing when there is none yet: it is told when there is. */
  async read(topic: string, partition: number, from: number, limits: ReadLimits): Promise<Batch> {
    const place = this.place(topic, partition);
    const kept = this.chunkAt(place, from);
    if (!kept && place.followedTo === from) return { records: [], next: from };
    const chunk = kept ?? (await this.fetched(place, from));
    const batch = decodeBatches(chunk.batches, from, chunk.aborted, limits);
    this.use(place, chunk, batch.next);
    this.fetchAhead(place, chunk.batches.next);
    return batch;
  }

  /** The one chunk after the one that is being read: its reader finds it there. */
  private fetchAhead(place: Place, from: number): void {
    if (this.closed || from >= place.stable || place.underWay.has(from) || this.chunkAt(place, from)) return;
    // Whoever asks for it meets what this failed with by asking itself.
    this.fetched(place, from).catch(() => undefined);
  }

  private place(topic: string, partition: number): Place {
    const key = `${topic}/${partition}`;
    let place = this.places.get(key);
    if (!place) {
      place = { topic, partition, chunks: [], followedTo: null, stable: 0, unread: 0, underWay: new Map() };
      this.places.set(key, place);
    }
    return place;
  }

  private chunkAt(place: Place, from: number): Chunk | undefined {
    const chunk = place.chunks[firstAfter(place.chunks, from) - 1];
    return chunk && from < chunk.batches.next ? chunk : undefined;
  }

  /** Someone has read of it up to an offset. */
  private use(place: Place, chunk: Chunk, upTo: number): void {
    const was = this.waiting.has(chunk) ? this.waiting : this.alreadyRead;
    if (!was.has(chunk)) return;
    place.unread = 0;
    was.delete(chunk);
    this.hold(upTo >= chunk.batches.next ? this.alreadyRead : was, place, chunk);
  }

  private hold(kept: Kept, place: Place, chunk: Chunk): void {
    for (const [dropped, of] of kept.set(chunk, place))
      of.chunks.splice(firstAfter(of.chunks, dropped.from) - 1, 1);
  }

  /** What begins at `from`, asked for once by all who want it. */
  private async fetched(place: Place, from: number): Promise<Chunk> {
    const underWay = place.underWay.get(from);
    if (underWay) return underWay;
    const fetching = this.fetch(place, from);
    place.underWay.set(from, fetching);
    try {
      return await fetching;
    } finally {
      place.underWay.delete(from);
    }
  }

  private async fetch(place: Place, from: number): Promise<Chunk> {
    const { batches, aborted, stable } = await patiently(
      `reading ${place.topic}/${place.partition} from ${from}`,
      this.options.cluster,
      () => this.find(place, from),
      { isOver: () => this.closed },
    );
    const chunk: Chunk = { from, batches, aborted };
    place.stable = Math.max(place.stable, stable);
    if (batches.next > from) this.keep(place, chunk);
    else this.follow(place, from);
    return chunk;
  }

  /** Goes on at the first kept offset where records have expired. */
  private async find(place: Place, asked: number): Promise<Found> {
    let from = asked;
    for (;;) {
      const found = await this.request(place, from);
      if (found.error === 'OFFSET_OUT_OF_RANGE') {
        const first = await this.options.earliest(place.topic, place.partition);
        if (first <= from)
          return { ...found, error: null, batches: { bytes: NO_BYTES, next: asked }, stable: asked };
        from = first;
        continue;
      }
      if (found.error !== null) throw Object.assign(new Error(found.error), { type: found.error });
      // Nothing though there is something: others in the request took all the room.
      if (found.batches.next > from || found.stable <= from) return found;
    }
  }

  private request(place: Place, from: number): Promise<Found> {
    return new Promise((resolve, reject) => {
      this.requests.push({ place, from, resolve, reject });
      if (this.flushing) return;
      this.flushing = true;
      setImmediate(() => void this.flush());
    });
  }

  /** One request a broker; a partition asked for at two places waits for the next round with the second. */
  private async flush(): Promise<void> {
    this.flushing = false;
    const { requests } = this;
    this.requests = [];
    const rounds = new Map<string, Request[]>();
    for (const request of requests) {
      const { topic, partition } = request.place;
      try {
        const [leader] = Object.keys(this.options.cluster.findLeaderForPartitions(topic, [partition]));
        if (leader === undefined)
          throw Object.assign(new Error('no leader'), { type: 'LEADER_NOT_AVAILABLE' });
        for (let round = 0; ; round++) {
          const at = `${leader} ${round}`;
          const others = rounds.get(at) ?? [];
          if (others.some((other) => other.place === request.place)) continue;
          rounds.set(at, [...others, request]);
          break;
        }
      } catch (error) {
        request.reject(error);
      }
    }
    await Promise.all([...rounds].map(([at, round]) => this.send(at.split(' ')[0]!, round)));
  }

  private async send(nodeId: string, requests: readonly Request[]): Promise<void> {
    try {
      const broker = await this.options.cluster.findBroker({ nodeId });
      const wanted = requests.map(({ place: { topic, partition }, from }) => ({
        topic,
        partition,
        offset: from,
        maxBytes: PARTITION_BYTES,
      }));
      const found = await fetchFrom(broker, wanted, { waitMs: 0, maxBytes: REQUEST_BYTES });
      const answers = new Map(found.map((each) => [`${each.topic}/${each.partition}`, each]));
      for (const { place, resolve, reject } of requests) {
        const answer = answers.get(`${place.topic}/${place.partition}`);
        if (answer) resolve(answer);
        else reject(Object.assign(new Error('left out of the answer'), { type: 'LEADER_NOT_AVAILABLE' }));
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }

  private keep(place: Place, chunk: Chunk): void {
    // Two readers may fetch what overlaps: the chunk that is there stays.
    const { chunks } = place;
    const at = firstAfter(chunks, chunk.from);
    const [before, after] = [chunks[at - 1], chunks[at]];
    if ((before && before.batches.next > chunk.from) || (after && after.from < chunk.batches.next)) return;
    chunks.splice(at, 0, chunk);
    this.hold(this.waiting, place, chunk);
  }

  private follow(place: Place, from: number): void {
    if (this.closed || (place.followedTo !== null && place.followedTo >= from)) return;
    place.followedTo = from;
    place.unread = 0;
    this.ensureFollowers();
  }

  private ensureFollowers(): void {
    for (const place of this.places.values()) {
      if (place.followedTo === null) continue;
      const node = this.leaderOf(place);
      if (node === null || this.followers.has(node)) continue;
      this.followers.set(
        node,
        this.followAt(node).finally(() => this.followers.delete(node)),
      );
    }
  }

  private leaderOf({ topic, partition }: Place): number | null {
    try {
      const [leader] = Object.keys(this.options.following.findLeaderForPartitions(topic, [partition]));
      return leader === undefined ? null : Number(leader);
    } catch {
      return null;
    }
  }

  /** Ends when nothing is followed at the broker any more. */
  private async followAt(node: number): Promise<void> {
    let followed = { places: '', since: 0 };
    for (let failures = 0; !this.closed; ) {
      const places = [...this.places.values()].filter(
        (place) => place.followedTo !== null && this.leaderOf(place) === node,
      );
      if (places.length === 0) return;
      const began = performance.now();
      const names = places.map(({ topic, partition }) => `${topic}/${partition}`).join();
      if (names !== followed.places) followed = { places: names, since: began };
      const waitMs = began - followed.since < STEADY_AFTER_MS ? FOLLOW_WAIT_MS : STEADY_WAIT_MS;
      try {
        const broker = await this.options.following.findBroker({ nodeId: node });
        const wanted = places.map(({ topic, partition, followedTo }) => ({
          topic,
          partition,
          offset: followedTo!,
          maxBytes: PARTITION_BYTES,
        }));
        const found = await fetchFrom(broker, wanted, { waitMs, maxBytes: FOLLOW_BYTES });
        failures = 0;
        if (found.map((each) => this.take(each)).includes('moved')) await this.refresh();
        const left = FOLLOW_EVERY_MS - (performance.now() - began);
        if (left > 0 && !this.closed) await sleep(left);
      } catch {
        // Readers that ask meanwhile fetch by themselves, and meet the error if it lasts.
        await sleep(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures++, 10)));
        await this.refresh();
      }
    }
  }

  private async refresh(): Promise<void> {
    if (this.closed) return;
    await this.options.following.refreshMetadata().catch(() => undefined);
    this.ensureFollowers();
  }

  private take({ topic, partition, from, error, batches, aborted }: Found): 'moved' | null {
    const place = this.place(topic, partition);
    if (place.followedTo !== from) return null;
    if (error === 'OFFSET_OUT_OF_RANGE') {
      place.followedTo = null;
      this.options.announce(topic);
      return null;
    }
    if (error !== null) return 'moved';
    if (batches.next === from) return null;
    const chunk: Chunk = { from, batches, aborted };
    this.keep(place, chunk);
    place.unread += sizeOf(chunk);
    place.followedTo = place.unread > UNREAD_BYTES ? null : batches.next;
    this.options.announce(topic);
    return null;
  }
}

/** Index of the first chunk that begins after the offset. There may be thousands, of a few records each. */
function firstAfter(chunks: readonly Chunk[], offset: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunks[middle]!.from <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A chunk that holds next to nothing is an object all the same. */
const sizeOf = ({ batches }: Chunk): number => batches.bytes.length + 512;

/** Chunks up to so many bytes, in order of their last use. */
class Kept {
  private readonly limit: number;
  private readonly chunks = new Map<Chunk, Place>();
  private bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  has(chunk: Chunk): boolean {
    return this.chunks.has(chunk);
  }

  delete(chunk: Chunk): void {
    if (this.chunks.delete(chunk)) this.bytes -= sizeOf(chunk);
  }

  /** Returns what has to go for it. */
  set(chunk: Chunk, place: Place): [Chunk, Place][] {
    this.chunks.set(chunk, place);
    this.bytes += sizeOf(chunk);
    const dropped: [Chunk, Place][] = [];
    for (const kept of this.chunks) {
      if (this.bytes <= this.limit || kept[0] === chunk) break;
      dropped.push(kept);
      this.delete(kept[0]);
    }
    return dropped;
  }
}
