import { describe, expect, it } from 'vitest';
import { Closing } from './closing.ts';

describe('closing', () => {
  it('closes last opened first, all of them although one fails, and tells the failure', async () => {
    const order: string[] = [];
    const closing = new Closing();
    closing.add(() => order.push('first'));
    closing.add(() => {
      throw new Error('stuck');
    });
    closing.add(() => order.push('third'));
    await expect(closing.close()).rejects.toThrow('stuck');
    expect(order).toEqual(['third', 'first']);
    await closing.close();
    expect(order).toHaveLength(2);
  });
});
