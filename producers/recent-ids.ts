// The newest so many ids, to leave out copies. Pure; two generations, so that forgetting costs nothing.
export class RecentIds {
  readonly #limit: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  /** Remembers at least half of `limit` ids and at most `limit`. */
  constructor(limit: number) {
    this.#limit = Math.max(1, Math.floor(limit / 2));
  }

  /** True when the id is new; false when it is remembered. */
  add(id: string): boolean {
    if (this.#newer.has(id)) return false;
    const known = this.#older.has(id);
    this.#newer.add(id);
    if (this.#newer.size >= this.#limit) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    return !known;
  }
}
