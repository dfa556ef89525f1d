// A broadcast on its way to the keys it concerns, found through the partition's index of scopes. Pure.
import type { Event } from '../../schemas/index.ts';
import { compareText, firstNotBefore } from '../state/order.ts';
import type { Overlay } from './overlay.ts';

/** Where the members of a scope stand: a row a key. No object key starts like this. */
export const indexRows = (scope: string): string => `~index\u001f${scope}`;

const GATHERED_AT_ONCE = 2_000;

/**
 * A broadcast on its way to its keys, in order of key. Its keys are those in its scopes when their turn comes: a key that
 * joins behind the cursor is not reached, one that leaves before its turn neither. So the cursor alone says how far it is.
 */
export class Drain {
  readonly event: Event;
  cursor: string | null;
  private readonly scopes: readonly string[];
  private gathering: Iterator<string> | null = null;
  private scope = 0;
  private gathered: string[] = [];
  private keys: string[] | null = null;
  private at = 0;
  private changed = false;

  constructor(event: Event, scopes: readonly string[], cursor: string | null) {
    this.event = event;
    this.scopes = scopes;
    this.cursor = cursor;
  }

  /** The next key; null when there is none left; undefined when keys are still being gathered (call again). */
  next(rows: Overlay): string | null | undefined {
    if (this.keys === null) {
      if (!this.gather(rows)) return undefined;
      this.keys = [...new Set(this.gathered.sort(compareText))];
      this.gathered = [];
    }
    for (;;) {
      const key = this.keys[this.at];
      if (key === undefined) return null;
      this.at++;
      if (!this.changed || this.scopes.some((scope) => rows.has(indexRows(scope), key))) return key;
    }
  }

  indexChanged(scope: string, objectKey: string, member: boolean): void {
    if (this.keys === null || !this.scopes.includes(scope)) return;
    this.changed = true;
    if (!member) return;
    const place = firstNotBefore(this.keys, objectKey);
    if (place >= this.at && this.keys[place] !== objectKey) this.keys.splice(place, 0, objectKey);
  }

  /** Some more keys out of the index; true when all are there. No row changes until then. */
  private gather(rows: Overlay): boolean {
    for (let n = 0; n < GATHERED_AT_ONCE; ) {
      const scope = this.scopes[this.scope];
      if (scope === undefined) return true;
      this.gathering ??= rows.parts(indexRows(scope), '').values();
      const row = this.gathering.next();
      if (row.done) {
        this.gathering = null;
        this.scope++;
        continue;
      }
      n++;
      if (this.cursor === null || compareText(row.value, this.cursor) > 0) this.gathered.push(row.value);
    }
    return false;
  }
}
