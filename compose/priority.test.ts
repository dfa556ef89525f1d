import { execFileSync } from 'node:child_process';
import { platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('./priority.ts', import.meta.url));

describe.skipIf(platform() !== 'linux')('a process that goes behind others', () => {
  it('does so with each of its threads, those that it starts later among them', () => {
    const said = execFileSync(process.execPath, [
      '--input-type=module',
      '-e',
      `import { readdirSync, readFileSync } from 'node:fs';
       import { Worker } from 'node:worker_threads';
       import { goBehind } from ${JSON.stringify(MODULE)};
       const nice = () => readdirSync('/proc/self/task').map((thread) => {
         const stat = readFileSync('/proc/self/task/' + thread + '/stat', 'utf8');
         return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
       });
       const before = nice();
       goBehind();
       const worker = new Worker('setTimeout(() => {}, 10000)', { eval: true });
       worker.once('online', () => {
         console.log(JSON.stringify({ before, after: nice() }));
         process.exit(0);
       });`,
    ]).toString();
    const { before, after } = JSON.parse(said) as { before: number[]; after: number[] };
    expect(after.length).toBeGreaterThan(before.length);
    const base = Math.min(...before);
    expect(new Set(after)).toEqual(new Set([Math.max(base, 5)]));
  });
});
