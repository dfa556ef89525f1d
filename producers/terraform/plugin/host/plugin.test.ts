import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../runtime/testing/temporary-folder.ts';
import { type PretendOptions, pretend } from '../testing/pretend-options.ts';
import { ownCertificate } from './certificate.ts';
import { parseHandshake } from './handshake.ts';
import { type Plugin, startPlugin } from './plugin.ts';
import type { PluginProblem } from './problem.ts';

const TOKEN = 'tok-51f0c9-very-secret';
const started: Plugin[] = [];
const start = async (options: Partial<PretendOptions> = {}, startMs = 20_000): Promise<Plugin> => {
  const plugin = await startPlugin({
    name: 'pretend 1.0',
    ...pretend(options),
    environment: { PRETEND_TOKEN: TOKEN },
    startMs,
  });
  started.push(plugin);
  return plugin;
};
const problem = async (promise: Promise<unknown>): Promise<PluginProblem> => {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (failed: unknown) => failed,
  );
  expect(error).toMatchObject({ name: 'PluginProblem' });
  expect((error as Error).message).not.toContain(TOKEN);
  return error as PluginProblem;
};
const runs = (pid: number): boolean => existsSync(`/proc/${pid}/status`);

afterEach(async () => {
  await Promise.all(started.splice(0).map((plugin) => plugin.kill()));
});

describe('a plugin that does as it should', () => {
  it.each([5, 6] as const)(
    'is started, asked and ended over protocol %i, and leaves nothing',
    async (protocol) => {
      const plugin = await start({ protocol });
      expect(plugin).toMatchObject({ protocol, secured: false });
      const folder = readlinkSync(`/proc/${plugin.pid}/cwd`);
      const name = protocol === 5 ? 'GetSchema' : 'GetProviderSchema';
      const answer = await plugin.call<{ resource_schemas: object }>(
        name,
        {},
        { what: 'the schema', withinMs: 5_000 },
      );
      expect(Object.keys(answer.resource_schemas)).toEqual(['pretend_thing']);
      expect(await plugin.stop()).toBe('asked');
      expect(runs(plugin.pid)).toBe(false);
      await expect.poll(() => existsSync(folder)).toBe(false);
    },
  );

  it('over TLS only we are let in: without our certificate nothing is answered', async () => {
    const plugin = await start({ secure: true });
    expect(plugin.secured).toBe(true);
    const how = { what: 'the schema', withinMs: 5_000 };
    expect(await plugin.call('GetProviderSchema', {}, how)).toHaveProperty('resource_schemas.pretend_thing');
    const folder = readlinkSync(`/proc/${plugin.pid}/cwd`);
    const inner = readdirSync(folder).find((name) => name.startsWith('p-'))!;
    const socket = connect({
      path: join(folder, inner, 's'),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    // TLS 1.3 tells a client that it lacks a certificate after the handshake.
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/CERTIFICATE_REQUIRED|ECONNRESET|EPIPE/);
  });

  it('that will not end when asked is made to: SIGTERM, then SIGKILL', async () => {
    const times = { callMs: 500, askedMs: 200, terminateMs: 200 };
    const deaf = await start({ ignoresShutdown: true });
    expect(await deaf.stop(times)).toBe('SIGTERM');
    const stubborn = await start({ ignoresShutdown: true, ignoresTerm: true });
    expect(await stubborn.stop(times)).toBe('SIGKILL');
    expect(runs(stubborn.pid)).toBe(false);
  });
});

describe('a plugin that does not', () => {
  it('a file that is not there, or is no program, says which and what to do', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'terraform-provider-x');
    const from = (program: string) => problem(startPlugin({ name: 'x 1.0', program }));
    expect((await from(file)).message).toMatch(/cannot be started from .*there is no such file/);
    writeFileSync(file, 'not a program', { mode: 0o644 });
    expect((await from(file)).message).toMatch(/make the file executable/);
    folder.remove();
  });

  it('garbage in place of the handshake is refused, and not repeated', async () => {
    const refused = await problem(start({ mode: 'garbage' }));
    expect(refused).toMatchObject({ kind: 'not-a-plugin', retriable: false });
    expect(refused.message).toMatch(/no handshake of a Terraform provider/);
  });

  it.each(['silent', 'endless'] as const)('one that prints no line is given up in time: %s', async (mode) => {
    const refused = await problem(start({ mode }, 1_500));
    expect(refused.message).toMatch(/no handshake within 1500 ms/);
  });

  it('one that ends at once tells its code and, without secrets, what it said', async () => {
    const refused = await problem(start({ mode: 'ends' }));
    expect(refused.kind).toBe('not-a-plugin');
    expect(refused.message).toMatch(
      /ended with code 3; the last it said: error: no such region, token \[redacted\]/,
    );
  });

  it.each([
    ['old-protocol', /version 4 of Terraform's plugin protocol, and not 5 or 6/],
    ['old-handshake', /version 2 of the plugin handshake/],
    ['netrpc', /does not speak gRPC/],
    ['open-port', /TCP port without TLS/],
  ] as const)('another protocol is refused with what it speaks: %s', async (mode, message) => {
    const refused = await problem(start({ mode }));
    expect(refused).toMatchObject({ kind: 'protocol', retriable: false });
    expect(refused.message).toMatch(message);
  });

  it('a crash in mid-call is told as one, with how it ended', async () => {
    const plugin = await start();
    const state = { msgpack: Buffer.from('83a26964a56372617368a473697a65c0a46e6f7465c0', 'hex') };
    const config = { msgpack: Buffer.from('82a5746f6b656ec0a6726567696f6ec0', 'hex') };
    await plugin.call('ConfigureProvider', { config }, { what: 'its configuration', withinMs: 5_000 });
    const failed = await problem(
      plugin.call(
        'ReadResource',
        { type_name: 'pretend_thing', current_state: state },
        { what: 'a read', withinMs: 20_000 },
      ),
    );
    expect(failed).toMatchObject({ kind: 'crashed', retriable: true });
    expect(failed.message).toMatch(
      /was ended by SIGKILL; the last it said: panic: nil map, token \[redacted\]/,
    );
    expect(await plugin.alive(1_000)).toBe(false);
  });

  it('one that does not answer is told as hung, and whether it lives can be asked', async () => {
    const plugin = await start();
    const state = (hex: string) => ({ current_state: { msgpack: Buffer.from(hex, 'hex') } });
    const config = { msgpack: Buffer.from('82a5746f6b656ec0a6726567696f6ec0', 'hex') };
    await plugin.call('ConfigureProvider', { config }, { what: 'its configuration', withinMs: 5_000 });
    const hang = state('83a26964a468616e67a473697a65c0a46e6f7465c0');
    const failed = await problem(plugin.call('ReadResource', hang, { what: 'a read', withinMs: 300 }));
    expect(failed).toMatchObject({ kind: 'hung', code: 'DM_TIMEOUT' });
    expect(await plugin.alive(5_000)).toBe(true);
    const stuck = state('83a26964a5737475636ba473697a65c0a46e6f7465c0');
    await problem(plugin.call('ReadResource', stuck, { what: 'a read', withinMs: 300 }));
    expect(await plugin.alive(500)).toBe(false);
  });

  it('an aborted call is given up at once', async () => {
    const plugin = await start();
    const abort = new AbortController();
    const asked = problem(
      plugin.call('GetProviderSchema', {}, { what: 'the schema', withinMs: 5_000, signal: abort.signal }),
    );
    abort.abort();
    expect((await asked).kind).toBe('stopped');
  });
});

describe('the handshake', () => {
  it('a certificate means TLS, and may come on a TCP port of this machine only', () => {
    const der = Buffer.from('certificate').toString('base64').replace(/=+$/, '');
    expect(parseHandshake(`1|5|tcp|127.0.0.1:1234|grpc|${der}`, 'x')).toEqual({
      protocol: 5,
      target: '127.0.0.1:1234',
      certificate: Buffer.from('certificate'),
    });
    expect(() => parseHandshake(`1|5|tcp|10.0.0.1:1234|grpc|${der}`, 'x')).toThrow(/beyond this machine/);
    expect(parseHandshake('1|6|unix|/tmp/a|grpc||true', 'x')).toEqual({
      protocol: 6,
      target: 'unix:/tmp/a',
      certificate: null,
    });
  });

  it('our certificate is what an X.509 reader takes for one: own authority, for localhost, valid now', () => {
    const { certificate } = ownCertificate(Date.now());
    const read = new X509Certificate(certificate);
    expect(read.ca).toBe(true);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkHost('localhost')).toBe('localhost');
    expect(Date.parse(read.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(read.validTo)).toBeGreaterThan(Date.now() + 86_400_000);
    expect(BigInt(`0x${read.serialNumber}`)).toBeGreaterThan(0n);
  });
});
