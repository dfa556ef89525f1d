// Runs the keyed-state contract on every adapter, and tests what only files can suffer.
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../schemas/index.ts';
import type { Position } from '../log/log.ts';
import { createLogger } from '../telemetry.ts';
import { stateContract } from './contract.ts';
import { openEmbeddedStates } from './embedded-states.ts';
import { createMemoryStates } from './memory-states.ts';
import type { StateStore, StateStores } from './state.ts';

stateContract('memory', async () => {
  const stores = createMemoryStates();
  return { stores, reopen: null, dispose: () => stores.close() };
});

// Tiny segments, so that the short contract passes through cleaning and removal of segments.
for (const [name, segmentBytes, slackBytes] of [
  ['embedded', 16 << 20, 32 << 20],
  ['embedded with tiny segments', 200, 0],
] as const)
  stateContract(name, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'driftmgr-state-'));
    const open = () =>
      openEmbeddedStates({ directory, logger: createLogger({ level: 'silent' }), segmentBytes, slackBytes });
    let stores = open();
    return {
      stores,
      async reopen() {
        await stores.close();
        stores = open();
        return stores;
      },
      async dispose() {
        await stores.close();
        await rm(directory, { recursive: true });
      },
    };
  });

describe('embedded state on disk', () => {
  const at = (offset: number): Position => ({ topic: 'driftmgr.changes', partition: 0, offset });
  let directory: string;
  let warnings: string[];
  let stores: StateStores;
  const open = (version = 1): StateStore => {
    const logger = createLogger({
      level: 'warn',
      destination: { write: (line) => void warnings.push(line) },
    });
    stores = openEmbeddedStates({ directory, logger, segmentBytes: 20_000, slackBytes: 10_000 });
    return stores.open('drift', 0, version);
  };
  const files = async (): Promise<string[]> =>
    (await readdir(join(directory, 'drift-0'))).sort().map((file) => join(directory, 'drift-0', file));
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'driftmgr-state-'));
    warnings = [];
  });
  afterEach(async () => {
    await stores.close();
    await rm(directory, { recursive: true });
  });

  it('gives space back: files stay within a small multiple of what is live, however often rows are rewritten', async () => {
    let store = open();
    for (let round = 0; round < 400; round++)
      store.write(
        Array.from({ length: 10 }, (_, i) => ({
          objectKey: `k${(round * 7 + i) % 50}`,
          part: 'a',
          value: `${round}`.padEnd(200, '.'),
        })),
        [at(round)],
      );
    const before = [...store.entries()];
    expect(before).toHaveLength(50);
    let bytes = 0;
    for (const file of await files()) bytes += (await stat(file)).size;
    expect(bytes).toBeLessThan(100_000);
    await stores.close();
    store = open();
    expect([...store.entries()]).toEqual(before);
    expect(store.positions()).toEqual([at(399)]);
  });

  it('keeps rows that are never rewritten while those around them are', async () => {
    let store = open();
    store.write(
      Array.from({ length: 100 }, (_, i) => ({ objectKey: 'still', part: `${i}`, value: i })),
      [],
    );
    store.write([{ objectKey: 'gone', part: '', value: 'x' }], []);
    store.write([{ objectKey: 'gone', part: '', value: undefined }], []);
    for (let round = 0; round < 1000; round++)
      store.write(
        [{ objectKey: 'busy', part: `${round % 3}`, value: `${round}`.padEnd(500, '.') }],
        [at(round)],
      );
    await stores.close();
    store = open();
    expect(
      [...store.list('still', '')].map(([, value]) => value).sort((a, b) => Number(a) - Number(b)),
    ).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(store.get('gone', '')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('drops a last write that is not whole, and goes back to the positions before it', async () => {
    const store = open();
    store.write([{ objectKey: 'k', part: 'a', value: 1 }], [at(1)]);
    store.write([{ objectKey: 'k', part: 'a', value: 2 }], [at(2)]);
    await stores.close();
    const file = (await files()).at(-1)!;
    await truncate(file, (await stat(file)).size - 3);
    const again = open();
    expect(again.get('k', 'a')).toBe(1);
    expect(again.positions()).toEqual([at(1)]);
    again.write([{ objectKey: 'k', part: 'a', value: 3 }], [at(2)]);
    await stores.close();
    expect(open().get('k', 'a')).toBe(3);
  });

  it('empties a store that is damaged in the middle, and says so', async () => {
    const store = open();
    for (let i = 0; i < 100; i++)
      store.write([{ objectKey: `k${i}`, part: 'a', value: 'x'.repeat(1000) }], [at(i)]);
    await stores.close();
    const file = (await files())[0]!;
    const bytes = await readFile(file);
    bytes[500]! ^= 1;
    await writeFile(file, bytes);
    const again = open();
    expect([...again.entries()]).toEqual([]);
    expect(again.positions()).toEqual([]);
    expect(warnings.join()).toContain('folded anew');
    again.write([{ objectKey: 'k', part: 'a', value: 1 }], [at(1)]);
    expect(again.get('k', 'a')).toBe(1);
  });

  it('empties a store of another version when it is opened later', async () => {
    open().write([{ objectKey: 'k', part: 'a', value: 1 }], [at(1)]);
    await stores.close();
    const store = open(2);
    expect(store.positions()).toEqual([]);
    expect([...store.entries()]).toEqual([]);
  });

  it('lists what was there when it began although its file is removed meanwhile', () => {
    const store = open();
    store.write(
      Array.from({ length: 20 }, (_, i) => ({ objectKey: 'k', part: `${i}`.padStart(2, '0'), value: i })),
      [],
    );
    const seen: Json[] = [];
    for (const [, value] of store.list('k', '')) {
      seen.push(value);
      for (let i = 0; i < 50; i++) {
        const rows = Array.from({ length: 20 }, (_, k) => ({
          objectKey: 'k',
          part: `${k}`.padStart(2, '0'),
          value: `new ${i}`.padEnd(100, '.'),
        }));
        store.write(rows, []);
      }
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});
