// Blobs in memory: for tests and one-shot runs. Nothing is encrypted, since nothing rests anywhere.
import type { Blobs } from './blobs.ts';
import { checkReference } from './reference.ts';

export function createMemoryBlobs(): Blobs {
  const kept = new Map<string, Buffer>();
  return {
    async put(reference, bytes) {
      checkReference(reference);
      kept.set(reference, Buffer.from(bytes));
    },
    async get(reference) {
      checkReference(reference);
      const bytes = kept.get(reference);
      return bytes ? Buffer.from(bytes) : null;
    },
    async list(prefix) {
      return [...kept.keys()].filter((reference) => reference.startsWith(prefix)).sort();
    },
    async delete(reference) {
      checkReference(reference);
      kept.delete(reference);
    },
  };
}
