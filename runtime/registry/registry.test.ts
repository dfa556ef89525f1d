// Runs the registry contract on every adapter.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { registryContract } from './contract.ts';
import { openLocalRegistry } from './local-registry.ts';
import { createMemoryRegistry } from './memory-registry.ts';

registryContract('memory', async () => ({
  open: async (current) => createMemoryRegistry({ current }),
  keeps: false,
  shared: false,
  dispose: async () => {},
}));

registryContract('local', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'driftmgr-registry-'));
  const file = join(directory, 'deep', 'registry.json');
  return {
    open: async (current) => openLocalRegistry({ file, current }),
    keeps: true,
    shared: false,
    dispose: () => rm(directory, { recursive: true }),
  };
});

it('refuses a damaged file, leaves it as it is, and says what to do', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'driftmgr-registry-'));
  const file = join(directory, 'registry.json');
  for (const text of ['', '{', '{"format":2,"schemas":[]}', '{"format":1,"schemas":[{"id":"1"}]}', 'null']) {
    await writeFile(file, text);
    expect(() => openLocalRegistry({ file })).toThrow(expect.objectContaining({ code: 'DM_LOG_CORRUPT' }));
    expect(await readFile(file, 'utf8')).toBe(text);
  }
  await rm(directory, { recursive: true });
});
