// Blobs in memory, for tests of what stands before them.
import type { Blobs } from '../blobs/blobs.ts';

export function createTestBlobs(): Blobs {
  const kept = new Map<string, Buffer>();
  return {
    put: async (reference, bytes) => {
      kept.set(reference, Buffer.from(bytes));
    },
    get: async (reference) => kept.get(reference) ?? null,
    list: async (prefix) => [...kept.keys()].filter((reference) => reference.startsWith(prefix)).sort(),
    delete: async (reference) => {
      kept.delete(reference);
    },
  };
}
