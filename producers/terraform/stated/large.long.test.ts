// A stored state of 50,000 instances and more than 100 MB is opened and read while the loop stays free. What is held to
// a limit is the main thread's processor time, which depends little on what else the machine is doing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { StatedFigures } from '../testing/measure-stated.ts';

const LONGEST_BURST_MS = 50;

it('50,000 instances are read, and the loop is never blocked for 50 ms', async () => {
  const program = fileURLToPath(new URL('../testing/measure-stated.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, '50000']);
  const figures = JSON.parse(stdout) as StatedFigures;
  process.stdout.write(stdout);
  expect(figures).toMatchObject({ instances: 50_000 });
  expect(figures.megabytes).toBeGreaterThan(100);
  expect(figures.longestBurstMs).toBeLessThan(LONGEST_BURST_MS);
}, 120_000);
