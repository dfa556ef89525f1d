// Stored states as the observer and the sweep use them: through the real backends, blobs and thread.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExactObject } from '../exact-json.ts';
import { createDecoder, createFileBackend, createHttpBackend } from '../index.ts';
import { createRecording } from '../testing/recording.ts';
import { one, type ResourceSpec, stateBytes } from '../testing/states.ts';
import type { StatedStates } from './instance.ts';
import { createStatedStates, type StatedOptions } from './states.ts';

const KEY = Buffer.alloc(32, 7);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function stated(options: Partial<StatedOptions> & Pick<StatedOptions, 'blobs'>): StatedStates {
  const states = createStatedStates({ hmacKey: KEY, org: 'default', bindings: [], ...options });
  closing.push(() => states.close());
  return states;
}

async function http() {
  const recording = createRecording();
  const decoder = createDecoder({ hmacKey: KEY });
  const backend = createHttpBackend({ blobs: recording.blobs, decoder });
  const running = recording.start(backend.source);
  closing.push(async () => {
    await running.stop();
    await decoder.close();
  });
  await expect.poll(() => backend.source.notReady?.()).toBeNull();
  const gets: string[] = [];
  const { get } = recording.blobs;
  recording.blobs.get = (reference) => {
    gets.push(reference);
    return get(reference);
  };
  return {
    recording,
    gets,
    async put(workspace: string, serial: number, ...resources: ResourceSpec[]): Promise<string> {
      const bytes = stateBytes({ serial, resources });
      const md5 = createHash('md5').update(bytes).digest('base64');
      await backend.put(workspace, { bytes, md5, lockId: null, by: null });
      return recording.of('state.published').at(-1)!.blob!;
    },
    declared: (address: string) =>
      recording.of('resource.declared').findLast((body) => body.address === address)!.attributes,
  };
}

const marked = (name: string) => ({ sensitive_attributes: [[{ type: 'get_attr', value: name }]] });
const textOf = (value: Uint8Array | { flat: object } | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : JSON.stringify(value);

describe('a state written to the http backend', () => {
  it('gives its instances, and observations that read like their declarations', async () => {
    const { recording, put, declared } = await http();
    const pin = one('made_up', 'pin', { id: '1', pin: 'once-marked-only' }, marked('pin'));
    const copy = one('made_up', 'copy', { id: '2', note: 'say once-marked-only', n: 5 });
    await put('prod', 1, pin, copy);
    // The marked original goes, its copy stays: a secret for all that is read of this version.
    const reference = await put('prod', 2, copy, one('made_up', 'other', { id: '3' }));
    const states = stated({ blobs: recording.blobs });
    const found = await states.instances(reference, ['made_up.copy', 'made_up.pin']);
    expect([...found.keys()]).toEqual(['made_up.copy']);
    const { attributes, private: kept } = found.get('made_up.copy')!;
    expect(JSON.parse(textOf(attributes))).toEqual({ id: '2', note: 'say once-marked-only', n: 5 });
    expect(kept).toBeNull();
    const answer: ExactObject = { n: 5, id: '2', note: 'say once-marked-only' };
    const { attributes: text } = await states.observed(reference, 'made_up.copy', answer, []);
    expect(text).toBe(declared('made_up.copy'));
    expect(text).not.toContain('once-marked');
    const page = await states.page(reference, 'prod', null, 10);
    expect(page.terraformVersion).toBe('1.11.4');
    expect(page.instances.map(({ address, objectKey }) => [address, objectKey])).toEqual(
      recording
        .events()
        .filter((event) => event.type === 'resource.declared' && event.body.address !== 'made_up.pin')
        .map((event) => [event.type === 'resource.declared' && event.body.address, event.objectKey]),
    );
  });

  it('is loaded and decoded once, however many ask at once', async () => {
    const { recording, gets, put } = await http();
    const reference = await put('prod', 1, one('made_up', 'a', { id: '1' }));
    const states = stated({ blobs: recording.blobs });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? states.instances(reference, ['made_up.a'])
          : states.observed(reference, 'made_up.a', { id: '1' }, []),
      ),
    );
    expect(gets.filter((each) => each === reference)).toHaveLength(1);
  });

  it('gives way to the newer version of its workspace, and to others when there is no room', async () => {
    const { recording, gets, put } = await http();
    const large = one('made_up', 'a', { id: '1', text: 'x'.repeat(10_000) });
    const first = await put('prod', 1, large);
    const other = await put('dev', 1, large);
    const states = stated({ blobs: recording.blobs, keepBytes: 25_000 });
    const ask = (reference: string) => states.instances(reference, ['made_up.a']);
    const loads = (reference: string) => gets.filter((each) => each === reference).length;
    for (const reference of [first, other, first, other]) await ask(reference);
    expect([loads(first), loads(other)]).toEqual([1, 1]);
    const second = await put('prod', 2, large, one('made_up', 'b', { id: '2' }));
    await ask(second);
    await ask(other);
    expect(loads(other), 'there is room for two').toBe(1);
    await ask(first);
    expect(loads(first), 'the older one was given up').toBe(2);
    const third = await put('test', 1, large);
    await ask(third);
    await ask(other);
    await ask(second);
    expect([loads(third), loads(other), loads(second)]).toEqual([1, 2, 2]);
  });

  it('is read again after the thread sat idle and ended', async () => {
    const { recording, put } = await http();
    const reference = await put('prod', 1, one('made_up', 'a', { id: '1' }));
    const states = stated({ blobs: recording.blobs, idleMs: 20 });
    expect((await states.instances(reference, ['made_up.a'])).size).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect((await states.instances(reference, ['made_up.a'])).size).toBe(1);
  });
});

describe('what cannot be read', () => {
  it('says why, to all who ask, and is tried again by the next', async () => {
    const { recording } = await http();
    const states = stated({ blobs: recording.blobs });
    const reference = 'tfstate/prod/1-1';
    const both = await Promise.allSettled([
      states.instances(reference, []),
      states.page(reference, 'prod', null, 5),
    ]);
    for (const each of both)
      expect(each).toMatchObject({
        status: 'rejected',
        reason: { code: 'DM_BLOB_MISSING', retriable: false },
      });
    await recording.blobs.put(reference, Buffer.from('{"version": 4, "serial": 1'));
    await expect(states.instances(reference, [])).rejects.toMatchObject({ kind: 'malformed' });
    await recording.blobs.put(reference, Buffer.from('{"version": 3, "serial": 1}'));
    await expect(states.instances(reference, [])).rejects.toMatchObject({ kind: 'unsupported' });
    await recording.blobs.put(reference, stateBytes({ resources: [one('made_up', 'a', { id: '1' })] }));
    expect((await states.instances(reference, ['made_up.a'])).size).toBe(1);
    await expect(states.observed(reference, 'made_up.none', {}, [])).rejects.toMatchObject({
      code: 'DM_NOT_FOUND',
    });
  });

  it('is refused before it is parsed when one instance holds millions of values: no heap is large enough for that', async () => {
    const { recording } = await http();
    const hostile = `{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"managed","type":"t","name":"n","instances":[{"attributes":{"l":[${'{},'.repeat(6_000_000)}{}]}}]}]}`;
    await recording.blobs.put('tfstate/hostile/1-1', Buffer.from(hostile));
    const states = stated({ blobs: recording.blobs });
    await expect(states.instances('tfstate/hostile/1-1', [])).rejects.toMatchObject({ kind: 'too-large' });
    const decoder = createDecoder({ hmacKey: KEY });
    await expect(decoder.open(Buffer.from(hostile))).rejects.toMatchObject({ code: 'DM_INPUT_TOO_LARGE' });
    await decoder.close();
  });

  it('because it needs too much memory ends the thread, not the process, and the next is read', async () => {
    const { recording, put } = await http();
    const reference = await put('prod', 1, one('made_up', 'a', { id: '1' }));
    const instances = Array.from({ length: 400_000 }, (_, i) => `{"index_key":${i},"attributes":{}}`);
    const large = `{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"managed","type":"t","name":"n","instances":[${instances.join(',')}]}]}`;
    await recording.blobs.put('tfstate/hostile/1-1', Buffer.from(large));
    const states = stated({ blobs: recording.blobs, heapMb: 48 });
    await expect(states.instances('tfstate/hostile/1-1', [])).rejects.toMatchObject({ kind: 'too-large' });
    expect((await states.instances(reference, ['made_up.a'])).size).toBe(1);
  });
});

describe('the original of a state file', () => {
  async function files(keepOriginals: boolean, recording = createRecording()) {
    const folder = await mkdtemp(join(tmpdir(), 'stated-'));
    const path = join(folder, 'prod.tfstate');
    const decoder = createDecoder({ hmacKey: KEY });
    closing.push(async () => {
      await decoder.close();
      await rm(folder, { recursive: true });
    });
    const options = {
      paths: [path],
      pollMs: 50,
      maxStateBytes: 1e9,
      once: true,
      blobs: recording.blobs,
      decoder,
    };
    return {
      recording,
      originals: () => [...recording.blobs.stored.keys()].filter((key) => key.startsWith('terraform-files/')),
      async read(bytes: Buffer | null, keep = keepOriginals) {
        if (bytes) await writeFile(path, bytes);
        else await rm(path);
        await recording.start(createFileBackend({ ...options, keepOriginals: keep }).source).done;
        return recording.of('state.published').at(-1)!;
      },
    };
  }
  const version = (serial: number, attributes = {}) =>
    stateBytes({ serial, resources: [one('made_up', 'a', { id: '1', ...attributes })] });

  it('is kept where reading is on: the newest and, for who is about to read it, the one before', async () => {
    const { recording, originals, read } = await files(true);
    const first = await read(version(1));
    const second = await read(version(2, { n: 2 }));
    expect(originals()).toEqual([first.blob, second.blob]);
    const third = await read(version(3, { n: 3 }));
    expect(originals()).toEqual([second.blob, third.blob]);
    const states = stated({ blobs: recording.blobs });
    const found = await states.instances(third.blob!, ['made_up.a']);
    expect(JSON.parse(textOf(found.get('made_up.a')?.attributes))).toEqual({ id: '1', n: 3 });
    const page = await states.page(third.blob!, 'prod', null, 5);
    expect(page.instances).toMatchObject([
      { address: 'made_up.a', objectKey: 'default/terraform/-/-/made_up/1' },
    ]);
  });

  it('is kept once reading is switched on, and goes when it is switched off', async () => {
    const { originals, read } = await files(false);
    expect((await read(version(1))).blob).toBeNull();
    expect(originals()).toEqual([]);
    const kept = await read(version(1), true);
    expect(kept).toMatchObject({ kind: 'checked', serial: 1, blob: originals()[0] });
    await read(version(1), true);
    expect(originals()).toEqual([kept.blob]);
    expect(await read(version(1), false)).toMatchObject({ kind: 'checked', blob: null });
    expect(originals()).toEqual([]);
  });

  it('of what cannot be read is never kept', async () => {
    const { originals, read } = await files(true);
    expect(await read(Buffer.from('{"version":3,"serial":1}'))).toMatchObject({
      kind: 'unreadable',
      blob: null,
    });
    expect(await read(Buffer.from('{"version":4,'))).toMatchObject({ kind: 'unreadable', blob: null });
    expect(originals()).toEqual([]);
  });
});
