import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDecoder, type Decoder } from '../decoder.ts';
import { createRecording, type Recording } from '../testing/recording.ts';
import { one, type StateSpec, stateBytes } from '../testing/states.ts';
import { createFileBackend, type FileBackend, type FileBackendOptions } from './file.ts';
import { findStates, mayBeState, patternOf, workspaceName } from './paths.ts';

const a = one('terraform_data', 'a', { id: 'id-a', input: 'x' });
const b = one('terraform_data', 'b', { id: 'id-b', input: 'y' });

let decoder: Decoder;
let folder: string;
let recording: Recording;
let backend: FileBackend;
let running: { done: Promise<void>; stop(): Promise<void> };

beforeAll(() => {
  decoder = createDecoder({ hmacKey: randomBytes(32) });
});
afterAll(() => decoder.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftmgr-states-'));
  recording = createRecording();
});
afterEach(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: StateSpec | string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, typeof content === 'string' ? content : stateBytes(content));
  return full;
}

function start(options: Partial<FileBackendOptions> = {}): void {
  backend = createFileBackend({
    paths: [join(folder, '**/*.tfstate')],
    pollMs: 150,
    maxStateBytes: 4 << 20,
    blobs: recording.blobs,
    decoder,
    ...options,
  });
  running = recording.start(backend.source);
}

async function readOnce(options: Partial<FileBackendOptions> = {}): Promise<void> {
  start({ once: true, ...options });
  await running.done;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}
const boundaries = () => recording.of('state.published');

describe('which files are read', () => {
  it('those that match, never what Terraform keeps beside them', async () => {
    const state = { resources: [a] };
    write('net/terraform.tfstate', state);
    write('net/terraform.tfstate.d/dev/terraform.tfstate', state);
    write('prod.tfstate', state);
    write('net/.terraform/terraform.tfstate', state);
    write('net/terraform.tfstate.backup', state);
    write('net/errored.tfstate', state);
    write('net/.terraform.tfstate.lock.info', '{}');
    write('net/.terraform.lock.hcl', '');
    const found = await findStates([await patternOf(join(folder, '**/*'))]);
    expect(found.map((file) => file.workspace).sort()).toEqual(['net', 'net/dev', 'prod']);
    const inFolder = await findStates([await patternOf(folder)]);
    expect(inFolder.map((file) => file.workspace).sort()).toEqual(['net', 'net/dev', 'prod']);
    expect(mayBeState('/x/.terraform/terraform.tfstate')).toBe(false);
    expect(await findStates([await patternOf(join(folder, 'net/terraform.tfstate.backup'))])).toEqual([]);
  });

  it('under names that tell them apart', async () => {
    expect(workspaceName('/infra', '/infra/net/terraform.tfstate')).toBe('net');
    expect(workspaceName('/infra', '/infra/net/prod.tfstate')).toBe('net/prod');
    expect(workspaceName('/infra/net', '/infra/net/terraform.tfstate')).toBe('net');
    expect(workspaceName('/infra/net', '/infra/net/terraform.tfstate.d/dev/terraform.tfstate')).toBe('dev');
    write('x/one.tfstate', { resources: [] });
    write('y/one.tfstate', { resources: [] });
    const patterns = await Promise.all([join(folder, 'x'), join(folder, 'y')].map(patternOf));
    const names = (await findStates(patterns)).map((file) => file.workspace);
    expect(names.map((name) => name.split('/').slice(-2).join('/'))).toEqual(['x/one', 'y/one']);
  });
});

describe('reading once', () => {
  it('declares every state, says so, and ends', async () => {
    const path = write('net/terraform.tfstate', { serial: 4, resources: [a, b] });
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    write('empty.tfstate', '');
    await readOnce({ ownerOf: (workspace) => `team-${workspace}` });
    expect(boundaries()).toMatchObject([
      {
        workspace: 'net',
        serial: 4,
        kind: 'write',
        instances: 2,
        backend: 'file',
        pushed: false,
        owner: 'team-net',
      },
    ]);
    // Declared as of when the file was written, not of when it was read.
    expect(recording.events().map((event) => event.time)).toEqual([
      1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000,
    ]);
  });

  it('a second time publishes nothing, and after a change only the change', async () => {
    write('net.tfstate', { resources: [a, b] });
    await readOnce();
    recording.forget();
    await readOnce();
    expect(recording.events()).toEqual([]);
    write('net.tfstate', { serial: 2, resources: [a] });
    await readOnce();
    expect(recording.events().map((event) => event.type)).toEqual(['resource.withdrawn', 'state.published']);
  });

  it.each([
    ['not JSON', 'what is this', 'not JSON'],
    [
      'cut short',
      stateBytes({ resources: [a] })
        .subarray(0, 300)
        .toString(),
      'cut short',
    ],
    ['encrypted', '{"serial":1,"lineage":"l","encrypted_data":"x"}', 'encrypted'],
    [
      'too large',
      stateBytes({
        resources: [one('terraform_data', 'a', { id: '1', input: 'x'.repeat(4 << 20) })],
      }).toString(),
      'larger than',
    ],
  ])('what is %s is published as unreadable, once, and the others are read', async (_name, text, problem) => {
    write('bad.tfstate', text);
    write('good.tfstate', { resources: [a] });
    await readOnce();
    await readOnce();
    expect(boundaries().filter((each) => each.workspace === 'bad')).toMatchObject([
      { kind: 'unreadable', problem: expect.stringContaining(problem) },
    ]);
    expect(boundaries().filter((each) => each.workspace === 'good')).toMatchObject([{ kind: 'write' }]);
  });

  it('a state that can be read again after it could not is declared as it is', async () => {
    write('net.tfstate', { resources: [a, b] });
    await readOnce();
    write('net.tfstate', 'garbage');
    await readOnce();
    write('net.tfstate', { resources: [a, b] });
    await readOnce();
    expect(boundaries().map((each) => each.kind)).toEqual(['write', 'unreadable', 'write']);
    expect(recording.of('resource.declared')).toHaveLength(2);
    expect(recording.of('resource.withdrawn')).toEqual([]);
  });

  it('a file that is gone makes its workspace unknown; one no longer configured is withdrawn', async () => {
    const net = write('net.tfstate', { resources: [a] });
    write('other.tfstate', { resources: [b] });
    await readOnce();
    rmSync(net);
    recording.forget();
    await readOnce();
    expect(boundaries()).toMatchObject([
      { workspace: 'net', kind: 'unreadable', problem: expect.stringContaining('no longer there') },
    ]);
    recording.forget();
    await readOnce({ paths: [join(folder, 'net.tfstate')] });
    expect(boundaries()).toMatchObject([{ workspace: 'other', kind: 'removed' }]);
    expect(recording.of('resource.withdrawn')).toMatchObject([{ reason: 'workspace_removed' }]);
  });

  it('an older serial is a rollback', async () => {
    write('net.tfstate', { serial: 5, resources: [a] });
    await readOnce();
    write('net.tfstate', { serial: 3, resources: [a, b] });
    await readOnce();
    expect(boundaries().map((each) => each.kind)).toEqual(['write', 'rollback']);
  });

  it('of more than one commit survives a crash between them', async () => {
    const resources = Array.from({ length: 6_400 }, (_, i) => one('terraform_data', `r${i}`, { id: `${i}` }));
    write('net.tfstate', { resources });
    recording.beforeCommit = (commit) => {
      if (commit === 2) throw new Error('crash');
    };
    start({ once: true });
    await expect(running.done).rejects.toThrow('crash');
    recording.beforeCommit = () => {};
    // Before the restart the file changed: what was published of it by then must not be stranded.
    write('net.tfstate', { serial: 2, resources: resources.slice(3_200) });
    await readOnce();
    const standing = new Set<string>();
    for (const event of recording.events()) {
      if (event.type === 'resource.declared') standing.add(event.body.address);
      if (event.type === 'resource.withdrawn') standing.delete(event.body.address);
    }
    expect(standing.size).toBe(3_200);
    expect([...recording.blobs.stored.keys()].filter((key) => key.startsWith('terraform-files/'))).toEqual(
      [],
    );
  });
});

describe('watching', () => {
  it('sees a change soon, also when the file is replaced, and new files', async () => {
    write('net.tfstate', { resources: [a] });
    start();
    await until(() => boundaries().length === 1);
    write('net.tfstate', { serial: 2, resources: [a, b] });
    await until(() => boundaries().length === 2);
    renameSync(write('net.tfstate.new', { serial: 3, resources: [a] }), join(folder, 'net.tfstate'));
    await until(() => boundaries().length === 3);
    write('new/terraform.tfstate', { resources: [b] });
    await until(() => boundaries().length === 4);
    expect(boundaries().map((each) => [each.workspace, each.serial])).toEqual([
      ['net', 1],
      ['net', 2],
      ['net', 3],
      ['new', 1],
    ]);
  });

  it('waits for a file that is being written', async () => {
    const whole = stateBytes({ serial: 2, resources: [a, b] });
    write('net.tfstate', { resources: [a] });
    start();
    await until(() => boundaries().length === 1);
    write('net.tfstate', whole.subarray(0, 200).toString());
    await new Promise((resolve) => setTimeout(resolve, 150));
    write('net.tfstate', whole.toString());
    await until(() => boundaries().length === 2);
    expect(boundaries().map((each) => each.kind)).toEqual(['write', 'write']);
  });

  it('refreshes on request: the head is the head, or is read', async () => {
    write('net.tfstate', { resources: [a] });
    start({ pollMs: 60_000 });
    await until(() => boundaries().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await backend.refresh('net', Date.now())).toBe(true);
    expect(boundaries().map((each) => each.kind)).toEqual(['write', 'checked']);
    expect(await backend.refresh('unheard-of', Date.now())).toBe(false);
  });
});
