import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkTopology } from '../runtime/topology.ts';
import { currentReadme } from './readme.ts';
import { topology } from './topology.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

describe('README', () => {
  it('shows the topology and the settings as they are (npm run readme)', () => {
    expect(readme).toBe(currentReadme(readme));
  });

  it('links only to what is there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !existsSync(root + link))).toEqual([]);
  });

  it('the topology holds together', () => {
    expect(checkTopology(topology)).toEqual([]);
  });
});
