import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { exclusively, prepared, shapeIn } from './directory.ts';

const root = mkdtempSync(join(tmpdir(), 'native-directory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const made = (name: string): string => prepared(join(root, name));

describe('a cluster’s directory', () => {
  it('keeps the shape that the cluster was made with', () => {
    const directory = made('kept');
    const first = shapeIn(directory, { brokers: 3, portBase: 29_100, only: ['kafka-1'] }, true);
    expect(shapeIn(directory, {}, false)).toEqual(first);
    expect(first.shape).toEqual({ brokers: 3, portBase: 29_100, only: ['kafka-1'], clickHouse: null });
  });

  it('refuses another number of brokers or other ports than its data has', () => {
    const directory = made('other');
    shapeIn(directory, { brokers: 1, portBase: 29_100 }, true);
    expect(() => shapeIn(directory, { brokers: 3 }, true)).toThrow('made with brokers 1, not 3');
    expect(() => shapeIn(directory, { portBase: 29_200 }, true)).toThrow('made with portBase 29100');
  });

  it('with nothing in it is no cluster', () => {
    expect(() => shapeIn(made('empty'), {}, false)).toThrow('there is no cluster');
  });

  it('made for a ClickHouse elsewhere asks for its address again, and keeps no password', () => {
    const directory = made('elsewhere');
    const { shape } = shapeIn(directory, { clickHouse: 'http://u:hidden@c/d' }, true);
    expect(shape.clickHouse).toBe('http://u:hidden@c/d');
    expect(readFileSync(join(directory, 'cluster.json'), 'utf8')).not.toContain('hidden');
    expect(() => shapeIn(directory, {}, false)).toThrow('elsewhere');
  });

  it('is worked on by one at a time, and a lock of a process that is gone stops nobody', async () => {
    const directory = made('locked');
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: process.pid, started: '1' }));
    let inside = 0;
    let most = 0;
    const work = (): Promise<void> =>
      exclusively(directory, async () => {
        most = Math.max(most, ++inside);
        await sleep(20);
        inside--;
      });
    await work();
    await Promise.all([work(), work()]);
    expect(most).toBe(1);
  });
});
