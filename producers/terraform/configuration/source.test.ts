// Configurations in folders, as a source: published once, again when what they say changed, and as unknown when it cannot be read.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../runtime/testing/temporary-folder.ts';
import { createRecording, type Recording } from '../testing/recording.ts';
import { ConfigurationProblem } from './problem.ts';
import { readInThread } from './reader.ts';
import { configurationSource } from './source.ts';

let folder: ReturnType<typeof temporaryFolder>;
let recording: Recording;
let running: ReturnType<Recording['start']> | null;
beforeEach(() => {
  folder = temporaryFolder();
  recording = createRecording();
  running = null;
  mkdirSync(join(folder.path, 'net'));
  write('net/main.tf', 'resource "t_x" "y" { a = 1 }');
});
afterEach(async () => {
  await running?.stop();
  folder.remove();
});

const write = (path: string, text: string): void => writeFileSync(join(folder.path, path), text);
const net = () => ({ workspace: 'net', directory: join(folder.path, 'net') });
const published = () => recording.of('configuration.published');
const once = async (configurations = [net()]): Promise<void> => {
  running = recording.start(configurationSource({ configurations, everyMs: 60_000, once: true }));
  await running.done;
};

it('publishes what the folder says, to all partitions, under the time the read began', async () => {
  await once();
  const [event] = recording.events();
  expect(event).toMatchObject({
    type: 'configuration.published',
    id: expect.stringMatching(/^cfg_/),
    objectKey: null,
    body: {
      workspace: 'net',
      revision: null,
      by: 'a folder',
      blocks: [{ address: 't_x.y', sets: ['a'], ignores: [], complete: true, provider: 't' }],
      providers: [],
      moves: [],
      problems: [],
    },
  });
});

it('a new start with nothing changed publishes nothing; one after a change does, with an id of its own', async () => {
  await once();
  await once();
  expect(recording.count()).toBe(1);
  write('net/main.tf', '# only a comment more\nresource "t_x" "y" { a = 1 }');
  await once();
  expect(recording.count()).toBe(1);
  write('net/main.tf', 'resource "t_x" "y" { b = 1 }');
  await once();
  write('net/main.tf', 'resource "t_x" "y" { a = 1 }');
  await once();
  expect(published().map(({ blocks }) => blocks[0]!.sets)).toEqual([['a'], ['b'], ['a']]);
  expect(new Set(recording.events().map(({ id }) => id)).size).toBe(3);
});

it('a crash before the commit loses nothing: the next start publishes', async () => {
  recording.beforeCommit = () => {
    throw new Error('crash');
  };
  await expect(once()).rejects.toThrow('crash');
  recording.beforeCommit = () => {};
  await once();
  expect(recording.count()).toBe(1);
});

it('changes are seen while it runs; a folder that is gone is unknown until it is back', async () => {
  running = recording.start(configurationSource({ configurations: [net()], everyMs: 50 }));
  await expect.poll(published).toHaveLength(1);
  write('net/more.tf', 'resource "t_x" "z" {}');
  await expect
    .poll(() =>
      published()
        .at(-1)!
        .blocks.map(({ address }) => address),
    )
    .toEqual(['t_x.y', 't_x.z']);
  renameSync(join(folder.path, 'net'), join(folder.path, 'away'));
  await expect
    .poll(() => published().at(-1))
    .toMatchObject({ blocks: [], problems: ['net: there is no such folder'] });
  renameSync(join(folder.path, 'away'), join(folder.path, 'net'));
  await expect.poll(() => published().at(-1)!.blocks).toHaveLength(2);
  await running.stop();
  expect(published()).toHaveLength(4);
});

it('a workspace that is no longer configured is left as it is, and read anew when it comes back', async () => {
  await once();
  await once([]);
  expect(recording.progress.has('net')).toBe(false);
  await once();
  expect(recording.count()).toBe(2);
});

describe('the thread that reads', () => {
  const read = (patience: object) =>
    readInThread({ directory: net().directory }, new AbortController().signal, patience);

  it('ends when it takes too long or too much, and the loop goes on meanwhile', async () => {
    const nested = `x = ${'[{ a = '.repeat(45)}1${' }]'.repeat(45)}\n`;
    write('net/big.tf', `resource "t_x" "big" {\n${nested.repeat(12_000)}}`.slice(0, (4 << 20) - 200));
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    await expect(read({ patienceMs: 1 })).rejects.toThrow('could not be read in 0.001 s');
    await expect(read({ heapMb: 8 })).rejects.toThrow('needs more memory than is set aside');
    clearInterval(ticking);
    // A machine shared with others: what would block is far longer.
    expect(longest).toBeLessThan(1_000);
  });

  it('tells problems as such, and ends with the signal', async () => {
    await expect(
      readInThread({ directory: join(folder.path, 'nowhere') }, new AbortController().signal),
    ).rejects.toBeInstanceOf(ConfigurationProblem);
    await expect(readInThread({ directory: net().directory }, AbortSignal.abort())).rejects.toThrow('abort');
  });
});
