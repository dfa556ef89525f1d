// The newest chunks, still in memory from being written, so that readers at the end of the log do no IO. Bounded bytes.
import type { Frame } from './frame-builder.ts';
import type { Segment } from './segment.ts';

export interface RecentChunks {
  /** Keeps the chunks of a frame just written at `position`; lets go of the oldest ones beyond the bound. */
  keep(segment: Segment, position: number, frame: Frame): void;
}

export function createRecentChunks(maxBytes: number): RecentChunks {
  let frames: { segment: Segment; from: number; to: number; bytes: number }[] = [];
  let dropped = 0;
  let held = 0;
  return {
    keep(segment, position, frame) {
      if (frame.bytes.length > maxBytes) return;
      let at = frame.headLength;
      for (const { length } of frame.chunks) {
        segment.recent.set(position + at, frame.bytes.subarray(at, at + length));
        at += length;
      }
      const bytes = frame.bytes.buffer.byteLength;
      frames.push({ segment, from: position, to: position + at, bytes });
      held += bytes;
      while (held > maxBytes) {
        const oldest = frames[dropped++]!;
        held -= oldest.bytes;
        // Positions were added in growing order, so those of the oldest frame come first.
        for (const known of oldest.segment.recent.keys()) {
          if (known >= oldest.to) break;
          oldest.segment.recent.delete(known);
        }
      }
      if (dropped > 256 && dropped * 2 > frames.length) {
        frames = frames.slice(dropped);
        dropped = 0;
      }
    },
  };
}
