// Writes the generated parts of README.md: the topology's diagram and the table of settings. `npm run readme` runs it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settings } from '../runtime/config-schema.ts';
import { mermaid } from '../runtime/topology.ts';
import { topology } from './topology.ts';

const README = fileURLToPath(new URL('../README.md', import.meta.url));

const PARTS: Record<string, () => string> = {
  topology: () => `\`\`\`mermaid\n${mermaid(topology).trimEnd()}\n\`\`\``,
  configuration: () => {
    const rows = settings().map(({ path, environment, schema }) => {
      const value = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
      return `| \`${path.join('.')}\` | \`${environment}\` | ${value} | ${schema.description} |`;
    });
    return ['| setting | environment | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
  },
};

/** README with its generated parts as they should be. Throws when a marker is missing. */
export function currentReadme(text: string = readFileSync(README, 'utf8')): string {
  return Object.entries(PARTS).reduce((whole, [name, print]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, '<!-- end -->'];
    const from = whole.indexOf(begin);
    const to = whole.indexOf(end, from);
    if (from === -1 || to === -1) throw new Error(`README.md has no part ${name}`);
    return `${whole.slice(0, from + begin.length)}\n${print()}\n${whole.slice(to)}`;
  }, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(README, currentReadme());
