import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../runtime/testing/temporary-folder.ts';
import { meaningOf } from './diagnostics.ts';
import type { PluginProblem } from './host/problem.ts';
import { openProvider, type Provider, type ProviderOptions } from './provider.ts';
import { schemaCache } from './schema-cache.ts';
import { type PretendOptions, pretend } from './testing/pretend-options.ts';

const TOKEN = 'tok-51f0c9-very-secret';
const opened: Provider[] = [];
const open = async (options: Partial<PretendOptions> = {}, more: Partial<ProviderOptions> = {}) => {
  const provider = await openProvider({
    name: 'pretend 1.0',
    ...pretend({ things: { a: 1, b: 2 }, ...options }),
    environment: { PRETEND_TOKEN: TOKEN },
    configuration: { token: TOKEN, region: 'r1' },
    cache: schemaCache(null),
    ...more,
  });
  opened.push(provider);
  return provider;
};
const stated = (id: string, schemaVersion = 1) => ({
  type: 'pretend_thing',
  schemaVersion,
  attributes: Buffer.from(JSON.stringify({ id, size: 9 })),
  private: Buffer.from('kept'),
});
const readById = async (provider: Provider, id: string) =>
  provider.read('pretend_thing', await provider.upgrade(stated(id)));
const collected = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const problem = async (promise: Promise<unknown>): Promise<PluginProblem> => {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (failed: unknown) => failed,
  );
  expect(error).toMatchObject({ name: 'PluginProblem' });
  expect(JSON.stringify([(error as Error).message, (error as PluginProblem).public])).not.toContain(TOKEN);
  return error as PluginProblem;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ plugin }) => plugin.kill()));
});

describe.each([5, 6] as const)('over protocol %i', (protocol) => {
  it("a resource is read from the state's own JSON, in the provider's own schema", async () => {
    const provider = await open({ protocol });
    expect(provider.warnings).toEqual(['region is deprecated']);
    const read = await readById(provider, 'a');
    expect(read).toMatchObject({ gone: false, attributes: { id: 'a', size: 1, note: 'r1' } });
    // What the provider kept for itself came to it and back.
    expect(read.gone || String(Buffer.from(read.held.private))).toBe('kept+');
  });

  it('what is no more is gone, and what was never there cannot be imported', async () => {
    const provider = await open({ protocol });
    expect(await readById(provider, 'deleted')).toEqual({ gone: true, warnings: [] });
    const [one] = await provider.importById('pretend_thing', 'b');
    expect(await provider.read(one!.type, one!.held)).toMatchObject({ attributes: { id: 'b', size: 2 } });
    expect((await problem(provider.importById('pretend_thing', 'no'))).message).toMatch(
      /refused an import of a pretend_thing: no does not exist/,
    );
  });

  it('where it can list, it does, with attributes or without', async () => {
    const provider = await open({ protocol, lists: true });
    expect([...provider.schemas.listTypes]).toEqual(['pretend_thing']);
    const all = (attributes: boolean, limit: number) =>
      collected(provider.list('pretend_thing', {}, { attributes, limit }));
    expect(await all(true, 0)).toMatchObject([
      { name: 'a', attributes: { size: 1 } },
      { name: 'b', identity: { id: 'b' } },
    ]);
    expect(await all(false, 1)).toEqual([
      { name: 'a', identity: { id: 'a' }, attributes: null, warnings: [] },
    ]);
  });
});

describe('what a provider will not do is told', () => {
  it('a type it does not have, and a listing it does not offer', async () => {
    const provider = await open();
    expect((await problem(provider.upgrade({ ...stated('a'), type: 'other' }))).kind).toBe('unsupported');
    const listing = collected(provider.list('pretend_thing', {}, { attributes: false, limit: 0 }));
    expect((await problem(listing)).message).toMatch(/cannot list pretend_thing/);
  });

  it('a state that a newer version wrote is not read by an older one', async () => {
    const refused = await problem((await open()).upgrade(stated('a', 2)));
    expect(refused).toMatchObject({ kind: 'too-old', retriable: false });
    expect(refused.message).toMatch(/schema version 2, pretend 1.0 knows up to 1: install/);
  });

  it('credentials that are refused: at the start or at a read, without the credentials', async () => {
    const expired = await problem(open({}, { configuration: { token: 'worn-out-token' } }));
    expect(expired).toMatchObject({ kind: 'denied', retriable: false });
    expect(expired.message).toMatch(/the token \[redacted\] is expired \(check the credentials/);
    const provider = await open();
    const denied = await problem(readById(provider, 'denied'));
    expect(denied).toMatchObject({ kind: 'denied' });
    expect(await readById(provider, 'a')).toMatchObject({ gone: false });
  });

  it('an answer that is no value is a problem, never a missing resource', async () => {
    const provider = await open();
    await expect(readById(provider, 'not-a-value')).rejects.toMatchObject({ name: 'ValueProblem' });
  });

  it('a configuration that its schema does not have', async () => {
    const refused = await problem(open({}, { configuration: { regoin: 'x' } }));
    expect(refused).toMatchObject({ kind: 'not-configurable', code: 'DM_CONFIG_INVALID' });
    expect(refused.message).toMatch(/regoin: the schema has no such attribute/);
  });

  it('a schema that it cannot give', async () => {
    expect((await problem(open({ schemaError: true }))).message).toMatch(
      /refused its schema: the schema is broken/,
    );
  });

  it('words of the clouds are understood: denied, throttled, or neither', () => {
    expect(meaningOf('api error ThrottlingException: Rate exceeded')).toBe('throttled');
    expect(meaningOf('POST: 429 (request "x") Too many requests')).toBe('throttled');
    expect(meaningOf('api error ExpiredToken: The provided token has expired')).toBe('denied');
    expect(meaningOf('googleapi: Error 403: Permission denied')).toBe('denied');
    expect(meaningOf("couldn't find resource")).toBe('refused');
  });
});

describe('schemas', () => {
  it('are asked for once per binary, and kept in a directory; a damaged file is replaced', async () => {
    const folder = temporaryFolder();
    const directory = join(folder.path, 'schemas');
    const program = join(folder.path, 'provider');
    // A binary of its own, so that its fingerprint is too.
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
    const { args } = pretend({ things: { a: 1 } });
    const first = await open({}, { program, args, cache: schemaCache(directory) });
    const [file] = readdirSync(directory);
    const kept = readFileSync(join(directory, file!));
    expect(kept[0]).toBe(6);
    // A schema that differs from what the provider would now give shows where it was taken from.
    const other = { program, args: pretend({ schemaVersion: 7 }).args };
    const second = await open({}, { ...other, cache: schemaCache(directory) });
    expect(second.schemas.resource('pretend_thing')).toEqual(first.schemas.resource('pretend_thing'));
    writeFileSync(join(directory, file!), kept.subarray(0, 40));
    const third = await open({}, { ...other, cache: schemaCache(directory) });
    expect(third.schemas.resource('pretend_thing')?.version).toBe(7);
    expect(readFileSync(join(directory, file!)).length).toBe(kept.length);
    folder.remove();
  });

  it('a directory that cannot be written does not stop a read', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder.path, 'file'), '');
    mkdirSync(join(folder.path, 'there'));
    const provider = await open({}, { cache: schemaCache(join(folder.path, 'file', 'below')) });
    expect(await readById(provider, 'a')).toMatchObject({ gone: false });
    folder.remove();
  });
});

describe('the check of a configuration', () => {
  it.each([5, 6] as const)(
    'is made once for each form, over protocol %i: what is set, not to which value',
    async (protocol) => {
      const cache = schemaCache(null);
      const checks = async (configuration: ProviderOptions['configuration'], environment = {}) => {
        const provider = await open({ protocol }, { cache, configuration, environment });
        // The pretend provider counts the checks it was asked for.
        const seen = await provider.readData('pretend_checks', {});
        return seen?.count;
      };
      expect(await checks({ region: 'r1' })).toBe(1);
      expect(await checks({ region: 'r2' })).toBe(0);
      expect(await checks({ region: 'r2', token: TOKEN })).toBe(1);
      expect(await checks({ region: 'r1' }, { PRETEND_REGION: 'r9' })).toBe(1);
    },
  );
});
