import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endProcess, launch, lives, remember, remembered, send } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'native-processes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const log = join(folder, 'log');
const file = join(folder, 'pid');

describe('a process that is kept running', () => {
  it('is found again by its file, and ended even when it is paused', async () => {
    const identity = launch({ program: 'sh', args: ['-c', 'echo begun; exec sleep 60'], folder, log });
    remember(file, identity);
    expect(remembered(file)).toEqual(identity);
    await expect.poll(() => readFileSync(log, 'utf8')).toBe('begun\n');
    send(identity, 'SIGSTOP');
    await endProcess(identity, 'SIGTERM', 5_000);
    expect(lives(identity)).toBe(false);
    expect(remembered(file)).toBeNull();
  });

  it('whose id belongs to another one by now gets no signal', () => {
    const another = { pid: process.pid, started: '1' };
    remember(file, another);
    expect(remembered(file)).toBeNull();
    expect(send(another, 'SIGKILL')).toBe(false);
  });

  it('is not believed to run when its file is torn or missing', () => {
    writeFileSync(file, '{"pid": 1');
    expect(remembered(file)).toBeNull();
    expect(remembered(join(folder, 'none'))).toBeNull();
  });

  it('that cannot be started is an error that names it', () => {
    expect(() => launch({ program: join(folder, 'missing'), args: [], folder, log })).toThrow('missing');
  });
});
