// What processes tell of themselves is heard by the others, and believed only as far as it can be understood.
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ProcessJson } from '../api/types.ts';
import type { Cache } from '../runtime/cache/cache.ts';
import { createMemoryCache } from '../runtime/cache/memory-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Processes, tellOfProcess } from './processes.ts';

const at = new Date(0).toISOString();
const processOf = (id: string): ProcessJson => ({
  id,
  roles: ['projections'],
  url: null,
  startedAt: at,
  seenAt: at,
  ready: false,
  reasons: ['history: is filling'],
  readers: [{ name: 'history', kind: 'projection', lag: 5, partitions: [] }],
  sources: [{ name: 'terraform-http', status: 'waiting', detail: null }],
});

let cache: Cache;
let told: Processes;
let logged: { level: number; key?: string; why?: string }[];
beforeEach(() => {
  cache = createMemoryCache();
  logged = [];
  told = tellOfProcess({
    cache,
    clock: systemClock,
    logger: pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    self: async () => processOf('mine'),
    owns: () => null,
  });
});
afterEach(() => told.stop());

const say = (id: string, what: unknown): Promise<boolean> =>
  cache.put(`process/${id}`, typeof what === 'string' ? what : JSON.stringify(what), 60_000);
const idsHeard = async (): Promise<string[]> => (await told.list()).map(({ id }) => id);

it('lists every process that says what is known of processes, this one first', async () => {
  await say('other', processOf('other'));
  const [mine, other] = await told.list();
  expect(mine).toMatchObject({ id: 'mine' });
  expect(other).toEqual(processOf('other'));
});

it('lists a process of a newer version that says more, without what is not known here', async () => {
  const newer = processOf('newer');
  await say('newer', { ...newer, mood: 'good', readers: [{ ...newer.readers[0], pace: 7 }] });
  expect(await told.list()).toContainEqual(newer);
});

it.each([
  ['no JSON', '{', 'it is not JSON'],
  ['another thing', [1], 'it must be object'],
  ['a role that is none', { ...processOf('odd'), roles: ['king'] }, '/roles/0 must be'],
  ['a time that is none', { ...processOf('odd'), startedAt: '<script>' }, '/startedAt must match format'],
  ['too little', { id: 'odd' }, 'must have required properties'],
])('passes over %s, says so once, and lists the others', async (_what, said, why) => {
  await say('odd', said);
  await say('other', processOf('other'));
  expect(await idsHeard()).toEqual(['mine', 'other']);
  expect(await idsHeard()).toEqual(['mine', 'other']);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatchObject({ level: 40, key: 'process/odd', why: expect.stringContaining(why) });
});

it('knows the owner of Terraform states by its URL, and takes nothing else for one', async () => {
  expect(await told.backendOwner()).toBeNull();
  await cache.put('terraform/owner', 'http://10.0.0.7:8080/base', 60_000);
  expect(await told.backendOwner()).toBe('http://10.0.0.7:8080/base');
  for (const none of ['nowhere', 'file:///etc/passwd', '']) {
    await cache.put('terraform/owner', none, 60_000);
    expect(await told.backendOwner(), none).toBeNull();
  }
  expect(logged).toHaveLength(1);
});
