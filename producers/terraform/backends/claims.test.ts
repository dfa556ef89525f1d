// One workspace, one source: whichever has it keeps it, and the other declares nothing and says why.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDecoder, type Decoder } from '../decoder.ts';
import { stateClaims } from '../index.ts';
import { createRecording, type Recording } from '../testing/recording.ts';
import { one, stateBytes } from '../testing/states.ts';
import { createClaims } from './claims.ts';
import { createFileBackend } from './file.ts';
import { createHttpBackend, type HttpBackend } from './http.ts';

const a = one('terraform_data', 'a', { id: 'id-a', input: 'x' });
const b = one('terraform_data', 'b', { id: 'id-b', input: 'y' });

let decoder: Decoder;
let folder: string;
let files: Recording;
let pushed: Recording;
let backend: HttpBackend;
let running: { done: Promise<void>; stop(): Promise<void> }[] = [];

beforeAll(() => {
  decoder = createDecoder({ hmacKey: randomBytes(32) });
});
afterAll(() => decoder.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftmgr-claims-'));
  files = createRecording();
  pushed = createRecording();
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(paths = [join(folder, '*.tfstate')]): void {
  const claims = stateClaims({ once: false });
  backend = createHttpBackend({ blobs: pushed.blobs, decoder, claims });
  const read = createFileBackend({
    paths,
    pollMs: 20,
    maxStateBytes: 1 << 20,
    blobs: files.blobs,
    decoder,
    claims,
  });
  running = [pushed.start(backend.source), files.start(read.source)];
}
async function stop(): Promise<void> {
  for (const each of running.splice(0)) await each.stop();
}
const write = (...resources: (typeof a)[]): void =>
  writeFileSync(join(folder, 'prod.tfstate'), stateBytes({ resources }));
async function put(...resources: (typeof a)[]): Promise<unknown> {
  const bytes = stateBytes({ serial: resources.length, resources });
  const md5 = createHash('md5').update(bytes).digest('base64');
  await expect.poll(() => backend.get('prod').catch(() => 'not running')).not.toBe('not running');
  return backend.put('prod', { bytes, md5, lockId: null, by: null });
}
const LOCK = Buffer.from(JSON.stringify({ ID: 'l', Operation: 'OperationTypeApply', Who: 'me' }));

describe('a workspace that is read from a state file', () => {
  beforeEach(async () => {
    write(a);
    start();
    await expect.poll(() => files.of('state.published')).toHaveLength(1);
  });

  it('cannot be written or locked through the http backend, nothing is declared, and what to do is said', async () => {
    await expect(put(b)).rejects.toMatchObject({
      code: 'DM_STATE_CONFLICT',
      public: expect.stringContaining('Take that file out of terraform.states'),
    });
    const refused = await backend.lock('prod', LOCK);
    expect(JSON.parse(refused!.holder).ID).toContain('prod is read from a state file');
    expect(pushed.events()).toEqual([]);
    expect(await backend.get('prod')).toBeNull();
  });

  it('stays refused after a restart, and is free once its file is not configured any more', async () => {
    await stop();
    start();
    await expect(put(b)).rejects.toMatchObject({ code: 'DM_STATE_CONFLICT' });
    await stop();
    start([]);
    await expect
      .poll(() => files.of('state.published').map(({ kind }) => kind))
      .toEqual(['write', 'removed']);
    expect(await put(b)).toBeNull();
    expect(pushed.of('resource.declared')).toHaveLength(1);
  });
});

describe('a workspace that is written through the http backend', () => {
  beforeEach(async () => {
    start();
    await put(a);
    write(b);
    await expect.poll(() => files.deadLetters).toHaveLength(1);
  });

  it('is not read from a state file: nothing is declared, and it is said once what to do', async () => {
    // It is looked at again and again.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(files.events()).toEqual([]);
    expect(files.deadLetters).toEqual([
      expect.stringMatching(/prod.*Take the file out of terraform\.states/),
    ]);
    expect(await put(a, b)).toBeNull();
  });

  it('stays with the http backend after a restart, whatever a file says', async () => {
    await stop();
    start();
    await expect.poll(() => files.deadLetters).toHaveLength(2);
    expect(files.events()).toEqual([]);
    expect(await backend.lock('prod', LOCK)).toBeNull();
  });

  it('is read from its file once the state was deleted there', async () => {
    await backend.remove('prod', null, null);
    await expect.poll(() => files.of('resource.declared')).toHaveLength(1);
  });

  it('is not withdrawn by a file that declared it before, when both had it', async () => {
    await stop();
    // As it was when nobody refused: the file was read by a system of its own.
    const alone = createFileBackend({
      paths: [folder],
      pollMs: 20,
      maxStateBytes: 1 << 20,
      once: true,
      blobs: files.blobs,
      decoder,
    });
    await files.start(alone.source).done;
    files.forget();
    for (const paths of [[folder], []]) {
      start(paths);
      await expect.poll(() => put(a)).toBeNull();
      await stop();
    }
    expect(files.events()).toEqual([]);
  });
});

describe('claims', () => {
  it('do not keep a source that is stopped before the others began', async () => {
    const end = new AbortController();
    const begun = createClaims(['one', 'other']).begin('one', [], end.signal);
    end.abort();
    await begun;
  });
});
