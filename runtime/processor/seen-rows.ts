// How what was seen is kept among a partition's rows: shards now and then, and with every write of rows what was new.
//
// A record that is new changes rows, so its note is stored in the same write: fingerprints are always as the stored rows
// are. Taking them from the log instead, from where the shards were saved, would not do: compaction may have dropped a
// value in between, and the next record, equal to the value before it, would pass as unchanged. Only the times of
// repetitions are left to be noted again from the log, and they change no row.
import type { Json, TopicName } from '../../schemas/index.ts';
import type { Overlay } from './overlay.ts';
import { Seen } from './seen.ts';

const ROWS = '~seen';
const SHARD = 'shard/';
const NEWS = 'news/';
/** Shards that go with one write. */
const SHARDS_A_WRITE = 8;
/** A row of news is written again with every write until it has so many words (512 notes). */
const NEWS_WORDS = 4_096;

export class SeenRows {
  readonly seen: Seen;
  private readonly rows: Overlay;
  private saving: { shards: number[]; at: Record<string, number>; newsBefore: number } | null = null;
  private newsRow: number;
  private news: Uint32Array[] = [];
  private newsWords = 0;

  constructor(rows: Overlay, newSeed: () => [number, number]) {
    this.rows = rows;
    const stored = rows.get(ROWS, 'seed');
    const seed = Array.isArray(stored) ? (stored as [number, number]) : newSeed();
    if (stored === undefined) rows.set(ROWS, 'seed', seed);
    this.seen = new Seen(seed);
    for (const [part, text] of rows.list(ROWS, SHARD))
      this.seen.loadShard(Number(part.slice(SHARD.length)), text as string);
    let last = -1;
    for (const [part, text] of rows.list(ROWS, NEWS)) {
      this.seen.loadNews(text as string);
      last = Number(part.slice(NEWS.length));
    }
    this.newsRow = last + 1;
    this.seen.recordNews();
  }

  /** The positions from which repetitions have to be noted again. */
  get at(): Json | undefined {
    return this.rows.get(ROWS, 'at');
  }

  /** Whether a saving of shards is under way. */
  get isSaving(): boolean {
    return this.saving !== null;
  }

  /**
   * Puts some shards among the rows. The positions they hold for are those at which saving began: the shards may be newer,
   * and noting the records after that position again does no harm.
   */
  save(positions: ReadonlyMap<TopicName, number>): void {
    if (this.saving === null) {
      this.keepNews();
      this.endNewsRow();
      this.saving = {
        shards: this.seen.changedShards(),
        at: Object.fromEntries(positions),
        newsBefore: this.newsRow,
      };
    }
    for (const number of this.saving.shards.splice(0, SHARDS_A_WRITE))
      this.rows.set(ROWS, `${SHARD}${number}`, this.seen.saveShard(number));
    if (this.saving.shards.length > 0) return;
    this.rows.set(ROWS, 'at', this.saving.at);
    for (const part of this.rows.parts(ROWS, NEWS))
      if (Number(part.slice(NEWS.length)) < this.saving.newsBefore) this.rows.set(ROWS, part, undefined);
    this.saving = null;
  }

  /** Puts what was new since the last time among the rows. Belongs to every write of rows. */
  keepNews(): void {
    const words = this.seen.takeNews();
    if (words.length === 0) return;
    this.news.push(words);
    this.newsWords += words.length;
    const text = Buffer.concat(this.news.map(({ buffer }) => new Uint8Array(buffer))).toString('base64');
    this.rows.set(ROWS, `${NEWS}${String(this.newsRow).padStart(12, '0')}`, text);
    if (this.newsWords >= NEWS_WORDS) this.endNewsRow();
  }

  private endNewsRow(): void {
    if (this.newsWords === 0) return;
    this.newsRow++;
    this.news = [];
    this.newsWords = 0;
  }
}
