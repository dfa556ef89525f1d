import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, fitsPath } from './glob.ts';

describe('globs', () => {
  it('stand for any characters with *, for one with ?, for themselves otherwise', () => {
    for (const [pattern, text] of [
      ['*', ''],
      ['*', 'a.b["c"]'],
      ['a*c', 'abbbc'],
      ['a?c', 'abc'],
      ['module.*.aws_*', 'module.net.module.x.aws_instance.web[0]'],
      ['aws_instance.web[0]', 'aws_instance.web[0]'],
      ['*ab*ab', 'abxabab'],
      ['a.b', 'a.b'],
    ] as const)
      expect(fits(pattern, text), `${pattern} ${text}`).toBe(true);
    for (const [pattern, text] of [
      ['', 'a'],
      ['a?c', 'ac'],
      ['a.b', 'axb'],
      ['web[0]', 'web0'],
      ['a*', 'ba'],
      ['*a', 'ab'],
    ] as const)
      expect(fits(pattern, text), `${pattern} ${text}`).toBe(false);
  });

  it('are what regular expressions would say, in time that does not explode', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[') });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', '*', '?') });
    fc.assert(
      fc.property(patterns, letters, (pattern, text) => {
        const escaped = pattern.replace(/[.[]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
        expect(fits(pattern, text)).toBe(new RegExp(`^${escaped}$`, 's').test(text));
      }),
      { numRuns: 2_000 },
    );
    const before = process.cpuUsage();
    expect(fits(`${'*a'.repeat(50)}*b`, 'a'.repeat(5_000))).toBe(false);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(500);
  });

  it('name a path, what is inside it, and any position in a list', () => {
    for (const [pattern, path] of [
      ['tags', 'tags.Name'],
      ['tags', 'tags["a.b"]'],
      ['tags', 'tags'],
      ['tags["a.b"]', 'tags["a.b"]'],
      ['root_block_device.encrypted', 'root_block_device[0].encrypted'],
      ['root_block_device[0]', 'root_block_device[0].encrypted'],
      ['rule.ports', 'rule[3].ports[1]'],
      ['*.encrypted', 'a[0].b[1].encrypted'],
      ['setting["x"].value', 'setting["x"].value'],
      ['tags.Last*', 'tags.LastScanned'],
    ] as const)
      expect(fitsPath(pattern, path), `${pattern} ${path}`).toBe(true);
    for (const [pattern, path] of [
      ['tag', 'tags.Name'],
      ['tags.Name', 'tags'],
      ['tags.Name', 'tags.Names'],
      ['tags["a', 'tags["a.b"]'],
      ['rule[1]', 'rule[0].ports'],
      ['encrypted', 'root_block_device[0].encrypted'],
    ] as const)
      expect(fitsPath(pattern, path), `${pattern} ${path}`).toBe(false);
  });
});
