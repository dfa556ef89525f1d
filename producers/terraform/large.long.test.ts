// A state of 50,000 instances and more than 100 MB, through the http backend: the loop stays free, cost follows change.
//
// What is held to the limits is processor time, which depends little on what else the machine is doing: that of all
// threads for the whole, and that of the main thread between two turns of its timer for the loop.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Figures } from './testing/measure-large.ts';

const LONGEST_BURST_MS = 50;
/** Twice what the bench holds it to on a machine of its own: caches shared with others make processor time longer. */
const MOST_SECONDS = 20;
const MOST_MEMORY_MB = 400;

it('50,000 instances are declared in time, in bounded memory, and the loop is never blocked for 50 ms', async () => {
  const program = fileURLToPath(new URL('testing/measure-large.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, '50000']);
  const figures = JSON.parse(stdout) as Figures[];
  process.stdout.write(`${stdout}\n`);
  expect(figures.map((each) => each.declared)).toEqual([50_000, 10]);
  for (const each of figures) {
    expect(each.megabytes).toBeGreaterThan(100);
    expect(each.longestBurstMs).toBeLessThan(LONGEST_BURST_MS);
    expect(each.processorSeconds).toBeLessThan(MOST_SECONDS);
    expect(each.memoryMegabytes).toBeLessThan(MOST_MEMORY_MB);
  }
}, 120_000);
