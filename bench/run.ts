// `npm run bench [letters]`: runs the scenarios one after the other, each in a process of its own; prints table and JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figures.ts';
import { table } from './figures.ts';
import { watchPeakPss } from './memory.ts';
import { SCENARIOS } from './scenarios.ts';

const PEAK_BYTES = 1.5 * 1024 ** 3;
const [first = '', ...rest] = process.argv.slice(2);

if (first === '--child') {
  const scenario = SCENARIOS.find(({ letter }) => letter === rest[0]);
  if (!scenario) throw new Error(`no scenario ${rest[0]}`);
  process.stdout.write(`${JSON.stringify(await scenario.run())}\n`);
  process.exit(0);
}

const chosen = [first, ...rest].join('').split('');
const known = SCENARIOS.map(({ letter, title }) => `  ${letter}  ${title}`).join('\n');
if (chosen.some((each) => !SCENARIOS.some(({ letter }) => letter === each))) {
  process.stderr.write(
    `npm run bench -- LETTERS, for example: npm run bench -- bg; without letters all of\n${known}\n`,
  );
  process.exit(first === '--help' ? 0 : 2);
}
const figures: Figure[] = [];
let failed = false;
for (const scenario of SCENARIOS) {
  if (chosen.length > 0 && !chosen.includes(scenario.letter)) continue;
  process.stderr.write(`(${scenario.letter}) ${scenario.title} …\n`);
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--child', scenario.letter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const peak = watchPeakPss([child.pid!]);
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  const bytes = peak.stop();
  if (code !== 0) {
    failed = true;
    process.stderr.write(`(${scenario.letter}) failed with code ${code}\n`);
    continue;
  }
  const measured = JSON.parse(Buffer.concat(output).toString()) as Figure[];
  measured.push({
    scenario: scenario.letter,
    what: 'peak PSS of all processes',
    value: bytes / 1024 ** 2,
    unit: 'MB',
    target: { atMost: PEAK_BYTES / 1024 ** 2 },
  });
  figures.push(...measured);
  process.stderr.write(`${table(measured)}\n`);
}
process.stdout.write(`${table(figures)}\n${JSON.stringify(figures)}\n`);
const file = process.env.BENCH_OUTPUT;
if (file) writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
process.exitCode = failed ? 1 : 0;
