// The rows of one object key as a processor sees them. Pure.
import type { Json } from '../../schemas/index.ts';
import type { Rows } from '../processor.ts';
import { SEEN, SHARED } from '../processor.ts';
import type { Overlay } from './overlay.ts';
import type { Seen } from './seen.ts';

export class KeyRows implements Rows {
  readonly objectKey: string;
  private readonly rows: Overlay;
  private readonly seen: Seen;

  constructor(objectKey: string, rows: Overlay, seen: Seen) {
    this.objectKey = objectKey;
    this.rows = rows;
    this.seen = seen;
  }

  get(part: string): Json | undefined {
    if (part.startsWith(SEEN)) return this.seen.timeOf(part.slice(SEEN.length));
    return this.rows.get(this.objectKey, part);
  }

  has(part: string): boolean {
    return this.rows.has(this.objectKey, part);
  }

  names(prefix: string, limit?: number): string[] {
    return this.rows.parts(this.objectKey, prefix, limit);
  }

  list(prefix: string): Iterable<[part: string, value: Json]> {
    return this.rows.list(this.objectKey, prefix);
  }

  shared(part: string): Json | undefined {
    return this.rows.get(SHARED, part);
  }

  listShared(prefix: string): Iterable<[part: string, value: Json]> {
    return this.rows.list(SHARED, prefix);
  }
}
