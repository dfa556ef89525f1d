// What was last seen under each record key: fingerprint and time, in 32 bytes a key. Pure.
//
// An observation whose fingerprint equals the one here says nothing new: it costs a lookup, and only its time is noted.
// The noted time is what makes skipping safe: a different value that is older than it comes late and must not win.
// Nothing is written for an unchanged record. The table is kept as shards; now and then the loop stores the shards that
// changed, with the positions they hold for, and after a crash notes again what the log has after those positions (a
// peek each, no decoding). Noting a record again, or notes that are newer than the position, do no harm: `note` ends
// with the newest record whatever was there before. What was new since the shards were stored can be had one by one, to
// be stored with the rows it changed (seen-rows.ts says why).
//
// A repetition can be news all the same: where the value was overtaken by what another record said, it holds again. Such
// keys are awaited (few are, and they are the processor's to say), and a newer record under one is never unchanged.
//
// Keys are held as 64-bit hashes under a random seed: a million keys collide with a chance of about 3 in 10^8, and no
// one who chooses resource names can aim at it without the seed.
import { NO_FINGERPRINT } from '../../schemas/index.ts';

const SHARDS = 64;
const SLOT_BYTES = 32;
const NONE = NO_FINGERPRINT.toString('latin1');
const NO_WORDS = new Uint32Array(0);

/** What a record is, compared with what was seen before. */
export type Novelty = 'new' | 'unchanged' | 'stale';

interface Shard {
  used: number;
  /** Slots hold: hash (2 words), fingerprint (4 words), time (2 words as a double). A hash of 0,0 is an empty slot. */
  words: Uint32Array;
  times: Float64Array;
  changed: boolean;
}

function emptyShard(slots: number): Shard {
  const buffer = new ArrayBuffer(slots * SLOT_BYTES);
  return { used: 0, words: new Uint32Array(buffer), times: new Float64Array(buffer), changed: false };
}

export class Seen {
  private readonly shards: Shard[] = Array.from({ length: SHARDS }, () => emptyShard(16));
  private readonly awaited = new Set<string>();
  /** Hashes of what was new since it was last taken, two words each; null where nobody takes it. */
  private news: number[] | null = null;
  private readonly seed1: number;
  private readonly seed2: number;
  // The result of the last hash; two words do not fit one number, and an object a lookup would be garbage.
  private low = 0;
  private high = 0;

  constructor(seed: readonly [number, number]) {
    this.seed1 = seed[0] | 0;
    this.seed2 = seed[1] | 0;
  }

  get size(): number {
    return this.shards.reduce((sum, shard) => sum + shard.used, 0);
  }

  /**
   * What the record says beside what was seen, and notes it unless it is stale. A record without fingerprint is never
   * unchanged, but can be stale; a newer repetition of what is awaited is new.
   */
  note(key: string, fingerprint: string, time: number): Novelty {
    this.hash(key);
    const shard = this.shards[this.high >>> 26]!;
    const slot = this.find(shard);
    const { words, times } = shard;
    const at = slot * 8;
    if (words[at] === 0 && words[at + 1] === 0) {
      words[at] = this.low;
      words[at + 1] = this.high;
      this.news?.push(this.low, this.high);
      this.put(shard, slot, fingerprint, time);
      if (++shard.used * 4 > (words.length / 8) * 3) this.grow(shard);
      return 'new';
    }
    const before = times[slot * 4 + 3]!;
    if (this.same(words, at, fingerprint) && fingerprint !== NONE) {
      if (time <= before) return 'unchanged';
      times[slot * 4 + 3] = time;
      shard.changed = true;
      return this.awaited.size > 0 && this.awaited.has(key) ? 'new' : 'unchanged';
    }
    if (time < before) return 'stale';
    this.news?.push(this.low, this.high);
    this.put(shard, slot, fingerprint, time);
    return 'new';
  }

  /** Whether a newer repetition under a record key is news from now on. Not stored with the shards. */
  awaitRepetition(key: string, awaited: boolean): void {
    if (awaited) this.awaited.add(key);
    else this.awaited.delete(key);
  }

  /** The newest time seen under a record key. */
  timeOf(key: string): number | undefined {
    this.hash(key);
    const shard = this.shards[this.high >>> 26]!;
    const slot = this.find(shard);
    if (shard.words[slot * 8] === 0 && shard.words[slot * 8 + 1] === 0) return undefined;
    return shard.times[slot * 4 + 3];
  }

  /** A tombstone: whatever comes under the key next is new. */
  forget(key: string): void {
    this.hash(key);
    const shard = this.shards[this.high >>> 26]!;
    const { words } = shard;
    const mask = words.length / 8 - 1;
    let hole = this.find(shard);
    if (words[hole * 8] === 0 && words[hole * 8 + 1] === 0) return;
    shard.used--;
    shard.changed = true;
    // Close the gap: move back every later entry of the run that could no longer be reached over it.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      if (words[slot * 8] === 0 && words[slot * 8 + 1] === 0) break;
      const home = words[slot * 8]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      words.copyWithin(hole * 8, slot * 8, slot * 8 + 8);
      hole = slot;
    }
    words.fill(0, hole * 8, hole * 8 + 8);
  }

  /** Shards that changed since they were last taken, by number. */
  changedShards(): number[] {
    const changed: number[] = [];
    for (let i = 0; i < SHARDS; i++) if (this.shards[i]!.changed) changed.push(i);
    return changed;
  }

  /** One shard as text, to be stored; counts as unchanged from here on. */
  saveShard(number: number): string {
    const shard = this.shards[number]!;
    shard.changed = false;
    const { words } = shard;
    const out = new Uint32Array(shard.used * 8);
    let n = 0;
    for (let at = 0; at < words.length; at += 8) {
      if (words[at] === 0 && words[at + 1] === 0) continue;
      out.set(words.subarray(at, at + 8), n);
      n += 8;
    }
    return Buffer.from(out.buffer).toString('base64');
  }

  /** Puts back what `saveShard` gave, under the same seed. */
  loadShard(number: number, text: string): void {
    const entries = wordsOf(text);
    const count = entries.length / 8;
    let slots = 16;
    while (count * 4 > slots * 3) slots *= 2;
    const shard = emptyShard(slots);
    for (let at = 0; at < entries.length; at += 8) {
      this.low = entries[at]!;
      this.high = entries[at + 1]!;
      shard.words.set(entries.subarray(at, at + 8), this.find(shard) * 8);
    }
    shard.used = count;
    this.shards[number] = shard;
  }

  /** From here on `takeNews` gives what was new. */
  recordNews(): void {
    this.news ??= [];
  }

  /** Slots of the keys that were new since the last time; those forgotten meanwhile are left out. */
  takeNews(): Uint32Array {
    const hashes = this.news ?? [];
    if (hashes.length === 0) return NO_WORDS;
    this.news = [];
    const out = new Uint32Array(hashes.length * 4);
    let n = 0;
    for (let i = 0; i < hashes.length; i += 2) {
      this.low = hashes[i]!;
      this.high = hashes[i + 1]!;
      const { words } = this.shards[this.high >>> 26]!;
      const at = this.find(this.shards[this.high >>> 26]!) * 8;
      if (words[at] === 0 && words[at + 1] === 0) continue;
      out.set(words.subarray(at, at + 8), n);
      n += 8;
    }
    return out.slice(0, n);
  }

  /** Puts back what `takeNews` gave (its bytes as base64), in the order it was taken, under the same seed. */
  loadNews(text: string): void {
    const entries = wordsOf(text);
    const times = new Float64Array(entries.buffer);
    for (let at = 0; at < entries.length; at += 8) {
      this.low = entries[at]!;
      this.high = entries[at + 1]!;
      const shard = this.shards[this.high >>> 26]!;
      const slot = this.find(shard);
      const isKnown = shard.words[slot * 8] !== 0 || shard.words[slot * 8 + 1] !== 0;
      // A shard stored later may hold the time of a repetition.
      const time = Math.max(times[at / 2 + 3]!, isKnown ? shard.times[slot * 4 + 3]! : 0);
      shard.words.set(entries.subarray(at, at + 8), slot * 8);
      shard.times[slot * 4 + 3] = time;
      shard.changed = true;
      if (!isKnown && ++shard.used * 4 > (shard.words.length / 8) * 3) this.grow(shard);
    }
  }

  private put(shard: Shard, slot: number, fingerprint: string, time: number): void {
    const { words } = shard;
    const at = slot * 8 + 2;
    for (let i = 0; i < 4; i++) words[at + i] = wordAt(fingerprint, i * 4);
    shard.times[slot * 4 + 3] = time;
    shard.changed = true;
  }

  private same(words: Uint32Array, at: number, fingerprint: string): boolean {
    for (let i = 0; i < 4; i++) if (words[at + 2 + i] !== wordAt(fingerprint, i * 4) >>> 0) return false;
    return true;
  }

  /** The slot of the hashed key, or the empty one where it belongs. */
  private find(shard: Shard): number {
    const { words } = shard;
    const mask = words.length / 8 - 1;
    let slot = this.low & mask;
    for (;;) {
      const at = slot * 8;
      if (words[at] === this.low && words[at + 1] === this.high) return slot;
      if (words[at] === 0 && words[at + 1] === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(shard: Shard): void {
    const { words } = shard;
    const bigger = emptyShard((words.length / 8) * 2);
    for (let at = 0; at < words.length; at += 8) {
      if (words[at] === 0 && words[at + 1] === 0) continue;
      this.low = words[at]!;
      this.high = words[at + 1]!;
      bigger.words.set(words.subarray(at, at + 8), this.find(bigger) * 8);
    }
    shard.words = bigger.words;
    shard.times = bigger.times;
  }

  /** Two 32-bit lanes of multiply and rotate over the code units, mixed into each other at the end. */
  private hash(key: string): void {
    let a = this.seed1;
    let b = this.seed2;
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x9e3779b1);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ unit, 0x85ebca77);
      b = (b << 17) | (b >>> 15);
    }
    a = Math.imul(a ^ (a >>> 16) ^ b, 0x7feb352d);
    b = Math.imul(b ^ (b >>> 15) ^ a, 0x846ca68b);
    a ^= a >>> 15;
    b ^= b >>> 16;
    this.low = a >>> 0;
    this.high = (b | 1) >>> 0;
  }
}

const wordAt = (text: string, at: number): number =>
  text.charCodeAt(at) |
  (text.charCodeAt(at + 1) << 8) |
  (text.charCodeAt(at + 2) << 16) |
  (text.charCodeAt(at + 3) << 24);

const wordsOf = (text: string): Uint32Array<ArrayBuffer> =>
  new Uint32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);
