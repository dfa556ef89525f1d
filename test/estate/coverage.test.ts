// docs/coverage.md says of each type of the estate what is tried: it names every type and every attribute that is edited.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './mutations/index.ts';
import { ESTATE } from './terraform.ts';

const ROWS = new Map(
  [
    ...readFileSync(new URL('../../docs/coverage.md', import.meta.url), 'utf8').matchAll(
      /^\| `(aws_\w+)` \| ([^|]+) \| (.+) \|$/gm,
    ),
  ].map(([, type, told, edits]) => [type!, { told: told!, edits: edits! }]),
);
const TYPES = [...new Set([...ESTATE.matchAll(/^resource "(\w+)"/gm)].map(([, type]) => type!))];

describe('docs/coverage.md', () => {
  it('has a row for each type of the estate, and for no other', () => {
    expect([...ROWS.keys()].sort()).toEqual(TYPES.sort());
  });

  it('names each attribute that is edited, and says why where none is', () => {
    const missing = MUTATIONS.filter(({ type, path }) => !ROWS.get(type)?.edits.includes(`\`${path}\``));
    expect(missing.map(({ type, path }) => `${type} ${path}`)).toEqual([]);
    const edited = new Set(MUTATIONS.map(({ type }) => type));
    const silent = TYPES.filter((type) => !edited.has(type) && !/^– \w/.test(ROWS.get(type)!.edits));
    expect(silent).toEqual([]);
  });

  it('every edit is of a type of the estate', () => {
    expect(MUTATIONS.map(({ type }) => type).filter((type) => !TYPES.includes(type))).toEqual([]);
  });
});
