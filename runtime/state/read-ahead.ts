// Reads values of state segments one at a time, and where they are read in the order in which they were written (as when
// a source lists again what it listed before), many with one call.
//
// What is read ahead stays valid: segments are only appended to, and their numbers are not used again.
import type { StateSegment } from './state-segment.ts';

const WINDOW_BYTES = 64 << 10;
/** A read that begins so soon after the end of the last one goes on from it. */
const NEAR_BYTES = 16 << 10;

export class ReadAhead {
  private readonly window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  /** What of which segment the window holds. */
  private held: StateSegment | null = null;
  private start = 0;
  private end = 0;
  private last: StateSegment | null = null;
  private lastEnd = 0;
  private large = Buffer.alloc(0);

  /** UTF-8 text at a place of a segment. */
  text(segment: StateSegment, position: number, length: number): string {
    const goesOn = segment === this.last && position >= this.lastEnd && position - this.lastEnd <= NEAR_BYTES;
    this.last = segment;
    this.lastEnd = position + length;
    if (segment === this.held && position >= this.start && position + length <= this.end)
      return this.window.toString('utf8', position - this.start, position - this.start + length);
    if (length > WINDOW_BYTES) return this.readLarge(segment, position, length);
    const bytes = goesOn ? Math.min(WINDOW_BYTES, segment.length - position) : length;
    // Before the read: it may fail half way.
    this.held = null;
    segment.read(this.window, position, bytes);
    this.held = segment;
    this.start = position;
    this.end = position + bytes;
    return this.window.toString('utf8', 0, length);
  }

  private readLarge(segment: StateSegment, position: number, length: number): string {
    if (this.large.length < length) this.large = Buffer.allocUnsafeSlow(length);
    segment.read(this.large, position, length);
    return this.large.toString('utf8', 0, length);
  }
}
