// Reads values of state segments one at a time, and where they are read in the order in which they were written (as when
// a source lists again what it listed before), many with one call. Several such sequences may take turns: declarations,
// and the drifts that stand on them.
//
// What is read ahead stays valid: a segment is only appended to.
import type { StateSegment } from './state-segment.ts';

const SEQUENCES = 4;
const WINDOW_BYTES = 64 << 10;
/** A read that begins so soon after the end of the last one of a sequence goes on from it. */
const NEAR_BYTES = 16 << 10;

interface Sequence {
  window: Buffer;
  /** Null: holds nothing. */
  segment: StateSegment | null;
  start: number;
  end: number;
  /** Where its last value ended. */
  next: number;
}

export class ReadAhead {
  /** The one used last stands last. */
  private readonly sequences: Sequence[] = Array.from({ length: SEQUENCES }, () => ({
    window: Buffer.allocUnsafeSlow(WINDOW_BYTES),
    segment: null,
    start: 0,
    end: 0,
    next: 0,
  }));
  private large = Buffer.alloc(0);

  /** UTF-8 text at a place of a segment. */
  text(segment: StateSegment, position: number, length: number): string {
    if (length > WINDOW_BYTES) return this.readLarge(segment, position, length);
    const end = position + length;
    for (let i = SEQUENCES - 1; i >= 0; i--) {
      const sequence = this.sequences[i]!;
      if (sequence.segment !== segment || position < sequence.start) continue;
      if (end > sequence.end) {
        const ahead = position - sequence.next;
        if (ahead < 0 || ahead > NEAR_BYTES) continue;
        fill(sequence, segment, position, Math.min(WINDOW_BYTES, segment.length - position));
      }
      return this.taken(i, position, end);
    }
    fill(this.sequences[0]!, segment, position, length);
    return this.taken(0, position, end);
  }

  private taken(index: number, position: number, end: number): string {
    const [sequence] = this.sequences.splice(index, 1) as [Sequence];
    this.sequences.push(sequence);
    sequence.next = end;
    return sequence.window.toString('utf8', position - sequence.start, end - sequence.start);
  }

  private readLarge(segment: StateSegment, position: number, length: number): string {
    if (this.large.length < length) this.large = Buffer.allocUnsafeSlow(length);
    segment.read(this.large, position, length);
    return this.large.toString('utf8', 0, length);
  }
}

function fill(sequence: Sequence, segment: StateSegment, position: number, bytes: number): void {
  // The read may fail half way.
  sequence.segment = null;
  segment.read(sequence.window, position, bytes);
  sequence.segment = segment;
  sequence.start = position;
  sequence.end = position + bytes;
}
