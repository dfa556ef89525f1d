// What every blob adapter must do, as tests. Run by the adapters' test with fresh blobs each.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Blobs } from './blobs.ts';

export interface BlobsUnderTest {
  blobs: Blobs;
  /** Opens the same data again; null for an adapter that keeps nothing. */
  reopen: (() => Promise<Blobs>) | null;
  dispose(): Promise<void>;
}

export function blobsContract(adapter: string, open: () => Promise<BlobsUnderTest>): void {
  describe(`blobs contract: ${adapter}`, () => {
    let given: BlobsUnderTest;
    let blobs: Blobs;
    beforeEach(async () => {
      given = await open();
      blobs = given.blobs;
    });
    afterEach(() => given.dispose());

    it('gives back what was put, byte for byte, empty and large', async () => {
      for (const [i, bytes] of [Buffer.alloc(0), Buffer.from('x'), randomBytes(3_000_001)].entries()) {
        await blobs.put(`states/w/${i}`, bytes);
        expect((await blobs.get(`states/w/${i}`))!.equals(bytes)).toBe(true);
      }
    });

    it('has nothing under a reference never put, or deleted', async () => {
      expect(await blobs.get('a/b')).toBeNull();
      await blobs.delete('a/b');
      await blobs.put('a/b', Buffer.from('1'));
      await blobs.delete('a/b');
      expect(await blobs.get('a/b')).toBeNull();
      expect(await blobs.list('')).toEqual([]);
    });

    it('replaces what was there, and keeps no tie to the bytes of the caller', async () => {
      const bytes = Buffer.from('first');
      await blobs.put('a', bytes);
      bytes.fill(0);
      expect((await blobs.get('a'))!.toString()).toBe('first');
      await blobs.put('a', Buffer.from('second'));
      expect((await blobs.get('a'))!.toString()).toBe('second');
    });

    it('lists references by prefix, in order, also where one is the beginning of another', async () => {
      const references = ['a', 'a/b', 'a/b/c', 'a-b', 'b/1', 'b/10', 'b/2', 'a.b/c'];
      for (const reference of references) await blobs.put(reference, Buffer.from(reference));
      expect(await blobs.list('')).toEqual([...references].sort());
      expect(await blobs.list('a/')).toEqual(['a/b', 'a/b/c']);
      expect(await blobs.list('b/1')).toEqual(['b/1', 'b/10']);
      expect(await blobs.list('a/b')).toEqual(['a/b', 'a/b/c']);
      expect(await blobs.list('none/')).toEqual([]);
      for (const reference of references) expect((await blobs.get(reference))!.toString()).toBe(reference);
    });

    it('refuses what is not a reference', async () => {
      for (const wrong of [
        '',
        '/',
        'a//b',
        '../a',
        'a/../b',
        './a',
        'a/',
        'a b',
        'ä',
        'a\u0000',
        'x'.repeat(300),
      ]) {
        await expect(blobs.put(wrong, Buffer.from('x'))).rejects.toThrow('not a blob reference');
        await expect(blobs.get(wrong)).rejects.toThrow('not a blob reference');
        await expect(blobs.delete(wrong)).rejects.toThrow('not a blob reference');
      }
    });

    it('keeps concurrent puts apart, and one of several under the same reference', async () => {
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => blobs.put(`many/${i % 20}`, Buffer.from(`${i % 20}:${i}`))),
      );
      for (let i = 0; i < 20; i++)
        expect((await blobs.get(`many/${i}`))!.toString()).toMatch(new RegExp(`^${i}:`));
    });

    it('is the same after it was opened again', async () => {
      if (!given.reopen) return;
      await blobs.put('a/b', Buffer.from('1'));
      const again = await given.reopen();
      expect((await again.get('a/b'))!.toString()).toBe('1');
      expect(await again.list('')).toEqual(['a/b']);
    });
  });
}
