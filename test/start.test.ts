// Starting, being refused, being killed and stopping, as processes of their own: what `npm start` runs.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../api/client.ts';
import { createTerraformClient } from '../compose/demo/terraform-client.ts';
import { driftmgr, type Process, processesOn, type Start } from './testing/processes.ts';
import { until } from './testing/running.ts';
import { stateOf } from './testing/states.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let root: string;
const started = new Set<Process>();
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'driftmgr-start-'));
  chmodSync(root, 0o711);
  mkdirSync(compiled());
  chmodSync(compiled(), 0o777);
});
afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all([...started].map(({ ended }) => ended));
  // Were there any, they would live on after this.
  await until('servers to be gone', async () => processesOn(root).length === 0, 15_000);
  rmSync(root, { recursive: true, force: true });
});

/** What Node compiled once, for all processes but the first. */
const compiled = (): string => join(root, 'compiled');

function home(name: string): string {
  const path = join(root, name);
  mkdirSync(path, { recursive: true, mode: 0o711 });
  return path;
}

function start(options: Start): Process {
  const process_ = driftmgr({
    ...options,
    environment: { NODE_COMPILE_CACHE: compiled(), ...options.environment },
  });
  started.add(process_);
  void process_.ended.then(() => started.delete(process_));
  return process_;
}

const up = (name: string, more: Partial<Start> = {}, ...args: string[]): Process =>
  start({
    home: home(name),
    ...more,
    args: ['up', '--port', '0', '--data', join(home(name), 'data'), ...args],
  });
const keyOf = (name: string): string => readFileSync(join(root, name, 'data', 'admin.key'), 'utf8').trim();
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
const clientOf = (url: string, name: string) => createClient({ url, key: () => keyOf(name) });

const ready = (url: string, withinMs = 30_000) =>
  until('it to be ready', async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok, withinMs);

describe('a first start on an empty directory', () => {
  let first: Process;
  let url: string;
  let tookMs: number;
  beforeAll(async () => {
    const began = performance.now();
    first = up('first');
    url = await first.running();
    await ready(url);
    tookMs = performance.now() - began;
  });

  it('is ready within 60 seconds, dashboard and databases made on the way', () => {
    process.stdout.write(`start: ready ${Math.round(tookMs)} ms after a first start\n`);
    expect(tookMs).toBeLessThan(60_000);
    expect(first.err()).not.toMatch(/"level":(40|50|60)/);
  });

  it('says where it serves and where the admin key is, which only its owner may read', () => {
    expect(first.out()).toContain(join(root, 'first', 'data', 'admin.key'));
    expect(first.out() + first.err()).not.toContain(keyOf('first'));
    expect(statSync(join(root, 'first', 'data', 'admin.key')).mode & 0o777).toBe(0o600);
  });

  it('answers about its health without a key, and about itself with one', async () => {
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true, reasons: [] });
    for (const path of ['/metrics', '/openapi.json', '/api/v1/system']) {
      expect((await fetch(url + path)).status, path).toBe(401);
      expect((await fetch(url + path, bearer(keyOf('first')))).status, path).toBe(200);
    }
    expect(await (await fetch(`${url}/metrics`, bearer(keyOf('first')))).text()).toMatch(/^driftmgr_\w+\{/m);
    const document = (await (await fetch(`${url}/openapi.json`, bearer(keyOf('first')))).json()) as {
      openapi: string;
    };
    expect(document.openapi).toMatch(/^3\.1/);
    expect((await fetch(url)).headers.get('content-type')).toContain('text/html');
  });

  it('refuses a second process on the same directory and names the first', async () => {
    const second = up('first');
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.err()).toContain(`is in use by process ${first.child.pid}`);
    expect(second.err()).toContain('DRIFTMGR_DATA');
    expect(second.out()).toBe('');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('refuses a port that is taken, and leaves nothing running', async () => {
    const { port } = new URL(url);
    const second = start({
      home: home('taken'),
      args: ['up', '--port', port, '--data', join(home('taken'), 'data')],
    });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.err()).toMatch(new RegExp(`Cannot listen on 127\\.0\\.0\\.1 port ${port}: .*EADDRINUSE`));
    expect(second.err()).toContain('DRIFTMGR_PORT');
    expect(processesOn(join(root, 'taken'))).toEqual([]);
  });

  it('is killed: the next start is ready within 5 seconds, though Postgres was orphaned, with everything it was told', async () => {
    const terraform = createTerraformClient({ url, key: keyOf('first'), who: 'me@here' });
    const declared = [
      { type: 'aws_sns_topic', attributes: { id: 'arn:aws:sns:eu-central-1:123456789012:t' } },
    ];
    await terraform.apply('prod', stateOf(declared));
    first.child.kill('SIGKILL');
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(processesOn(join(root, 'first')).length, 'Postgres was orphaned').toBeGreaterThan(0);

    // Where a mere `--version` takes long the machine is busy with other things, and this is no measure of the start.
    const version = performance.now();
    await start({ home: home('first'), args: ['--version'] }).ended;
    const began = performance.now();
    first = up('first');
    url = await first.running();
    await ready(url);
    const tookMs = performance.now() - began;
    const versionMs = began - version;
    process.stdout.write(
      `start: ready ${Math.round(tookMs)} ms after kill -9; --version takes ${Math.round(versionMs)} ms\n`,
    );
    expect(tookMs).toBeLessThan(Math.max(5_000, 5 * versionMs));
    const { instances, serial, run } = await clientOf(url, 'first').workspaces.get('prod');
    expect({ instances, serial, run }).toEqual({ instances: 1, serial: 4, run: null });
  });

  it('ends within 10 seconds of SIGTERM, well, and leaves nothing running', async () => {
    const began = performance.now();
    // A reader of the live stream does not hold it up.
    const listening = new AbortController();
    const stream = await fetch(`${url}/api/v1/events`, {
      ...bearer(keyOf('first')),
      signal: listening.signal,
    });
    expect(stream.status).toBe(200);
    first.child.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    process.stdout.write(`start: ended ${Math.round(performance.now() - began)} ms after SIGTERM\n`);
    expect(performance.now() - began).toBeLessThan(10_000);
    listening.abort();
    expect(processesOn(join(root, 'first'))).toEqual([]);
    expect(first.err()).not.toMatch(/"level":(50|60)/);
  });
});

describe('a start that is stopped before it is ready', () => {
  it('ends by itself and leaves nothing running', async () => {
    const early = up('early');
    await until('Postgres to start', async () => processesOn(join(root, 'early', 'data')).length > 1, 30_000);
    early.child.kill('SIGINT');
    const { code, signal } = await early.ended;
    expect({ signal, isWell: code === 0 || code === 130 }).toEqual({ signal: null, isWell: true });
    expect(processesOn(join(root, 'early'))).toEqual([]);
  });
});

/** Run as root, another user stands in; below a closed home that user cannot read the program. */
const ordinary = isRoot ? NOBODY : undefined;
const mayRead = ordinary === undefined || canRead(ordinary, fileURLToPath(import.meta.url));
if (!mayRead)
  process.stderr.write(
    `\n*** SKIPPED: uid ${ordinary} cannot read this checkout; starting as an ordinary user was not tried. ***\n\n`,
  );

function canRead(uid: number, path: string): boolean {
  const read = `require('node:fs').readFileSync(${JSON.stringify(path)})`;
  return spawnSync(process.execPath, ['-e', read], { uid, gid: uid, cwd: '/' }).status === 0;
}

describe.runIf(mayRead)('an ordinary user', () => {
  it('starts and stops it like anyone else', async () => {
    const path = home('ordinary');
    if (ordinary !== undefined) chownSync(path, ordinary, ordinary);
    const theirs = up('ordinary', ordinary === undefined ? {} : { uid: ordinary });
    const url = await theirs.running();
    await ready(url);
    const owner = statSync(join(path, 'data')).uid;
    expect(owner).toBe(ordinary ?? process.getuid?.());
    expect(statSync(join(path, 'data')).mode & 0o777).toBe(0o700);
    expect((await clientOf(url, 'ordinary').system.get()).ready).toBe(true);
    theirs.child.kill('SIGTERM');
    expect(await theirs.ended).toEqual({ code: 0, signal: null });
    expect(processesOn(path)).toEqual([]);
  });
});

describe('a configuration', () => {
  const validate = async (yaml: string, environment: Record<string, string> = {}) => {
    const file = join(home('configured'), 'driftmgr.yaml');
    writeFileSync(file, yaml);
    const process_ = start({
      home: home('configured'),
      environment,
      args: ['up', '--validate', '--config', file],
    });
    const { code } = await process_.ended;
    return { code, out: process_.out(), err: process_.err() };
  };

  it('with mistakes is refused with all of them at once, each with its place', async () => {
    const { code, out, err } = await validate(
      `port: 99999
colour: blue
log: { level: loud }
terraform:
  workspaces: [{ name: prod }]
  pollMs: soon
`,
      { DRIFTMGR_PARTITIONS: '0', DRIFTMGR_NOTHING: '1', DRIFTMGR_DETECTOR_RULES: 'not json' },
    );
    expect(code).toBe(1);
    expect(out).toBe('');
    for (const place of [
      'port',
      'colour',
      'log.level',
      'terraform.workspaces.0',
      'terraform.pollMs',
      'partitions',
      'DRIFTMGR_NOTHING',
      'DRIFTMGR_DETECTOR_RULES',
    ])
      expect(err, place).toMatch(new RegExp(`^ {2}${place.replaceAll('.', '\\.')}\\b`, 'm'));
    expect(err).toMatch(/has 8 mistakes/);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('without mistakes is said to be valid, and starts nothing', async () => {
    const { code, out } = await validate('port: 9090\nlog: { level: warn }\n');
    expect({ code, out }).toEqual({ code: 0, out: 'The configuration is valid.\n' });
  });
});
