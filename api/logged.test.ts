// What is logged as an error is one: a state that is refused, a backend that is not there yet and a caller who went away are
// ordinary, and must not wake anyone.
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDecoder, type Decoder } from '../producers/terraform/decoder.ts';
import { createHttpBackend, type HttpBackend } from '../producers/terraform/index.ts';
import { createRecording, type Recording } from '../producers/terraform/testing/recording.ts';
import { stateBytes } from '../producers/terraform/testing/states.ts';
import type { App } from './dependencies.ts';
import { createHarness, type Harness } from './testing/harness.ts';

const ERROR = 50;
const STATE = Uint8Array.from(stateBytes({ serial: 1, resources: [] }));
const MINE = '{"ID":"mine","Operation":"OperationTypeApply","Who":"me@here"}';

let harness: Harness;
let decoder: Decoder;
let recording: Recording;
let backend: HttpBackend;
let running: { stop(): Promise<void> };
let app: App;
let url: string;
let key: string;

beforeAll(async () => {
  harness = await createHarness();
  decoder = createDecoder({ hmacKey: randomBytes(32) });
  key = await harness.keyWith(['tfstate:read', 'tfstate:write']);
});
afterAll(async () => {
  await decoder.close();
  await harness.close();
});
beforeEach(async () => {
  recording = createRecording();
  backend = createHttpBackend({ blobs: recording.blobs, decoder });
  app = await harness.another({ httpBackend: backend });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
  running = recording.start(backend.source);
  await expect.poll(async () => (await ask('GET')).status).toBe(404);
  harness.logged.length = 0;
});
afterEach(async () => {
  await running.stop();
});

const ask = (method: string, body?: BodyInit): Promise<Response> =>
  fetch(`${url}/tfstate/prod`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });

/** What was logged from a level on, with what was said. */
const loggedFrom = (least: number): { level: number; msg: string; code?: string }[] =>
  harness.logged.map((line) => JSON.parse(line)).filter(({ level }) => level >= least);

it('says nothing of states that are refused, for whatever reason: the writer was told', async () => {
  expect((await ask('POST', STATE)).status).toBe(200);
  const outputs = { a: { value: 'b', type: 'string' } };
  const other = Uint8Array.from(stateBytes({ serial: 1, resources: [], outputs }));
  expect((await ask('POST', other)).status).toBe(409);
  expect((await ask('POST', 'garbage')).status).toBe(422);
  expect((await ask('POST', '')).status).toBe(400);
  expect((await ask('POST', new Blob([Buffer.alloc(2 << 20, ' ')]).stream())).status).toBe(413);
  expect((await ask('LOCK', MINE)).status).toBe(200);
  expect((await ask('POST', other)).status).toBe(423);
  expect(loggedFrom(30)).toEqual([]);
});

it('says that a request was put off while the backend is not running, which is no error', async () => {
  await running.stop();
  expect((await ask('POST', STATE)).status).toBe(503);
  expect(loggedFrom(30)).toEqual([
    expect.objectContaining({ level: 30, msg: 'a request was put off', code: 'dm_log_closed' }),
  ]);
});

it('says that a caller went away in the middle of a state, which is no error', async () => {
  const { hostname, port } = new URL(url);
  const headers = { authorization: `Bearer ${key}`, 'content-length': '100000' };
  const sent = httpRequest({ hostname, port, path: '/tfstate/prod', method: 'POST', headers });
  sent.on('error', () => undefined);
  sent.write(Buffer.alloc(1_000, 'x'));
  await expect.poll(() => app.server.listening && sent.socket?.bytesWritten).toBeGreaterThan(1_000);
  setTimeout(() => sent.destroy(), 100);
  await expect.poll(() => loggedFrom(30).map(({ msg }) => msg)).toEqual(['a caller went away']);
  expect(loggedFrom(ERROR)).toEqual([]);
});

it('says of what fails within the server that it is an error, with its code and cause', async () => {
  await ask('POST', STATE);
  recording.blobs.get = async () => {
    throw new Error('the disk is on fire');
  };
  expect((await ask('GET')).status).toBe(500);
  expect(loggedFrom(ERROR)).toContainEqual(
    expect.objectContaining({
      msg: 'a request failed',
      code: 'dm_internal',
      err: expect.objectContaining({ message: 'the disk is on fire' }),
    }),
  );
});
