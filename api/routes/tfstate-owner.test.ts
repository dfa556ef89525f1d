// Two processes behind one address: Terraform may ask either, and one owns the states.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDecoder, createHttpBackend, type Decoder } from '../../producers/terraform/index.ts';
import { createRecording, type Recording } from '../../producers/terraform/testing/recording.ts';
import { one, stateBytes } from '../../producers/terraform/testing/states.ts';
import { DriftError } from '../../runtime/errors.ts';
import { problemOf } from '../problems.ts';
import { tfstateRoutes } from './tfstate.ts';
import { FORWARDED } from './tfstate-owner.ts';

const MAX = 64 * 1024;
const stateOf = (...ids: string[]): Buffer =>
  stateBytes({ resources: ids.map((id) => one('terraform_data', id, { id })) });
const STATE = stateOf('a');
const MANY = stateOf(...Array.from({ length: 100 }, (_, n) => `r${n}`));
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');
const KEY = 'tfstate:read tfstate:write';

interface Process {
  app: FastifyInstance;
  url: string;
  owns: boolean;
  /** Whom it takes for the owner. */
  owner: () => Promise<string | null>;
  /** What its own backend was asked. */
  asked: { method: string; headers: NodeJS.Dict<string | string[]> }[];
  /** Whose keys it looked at. */
  authorized: number;
}

let decoder: Decoder;
let recording: Recording;
let running: { stop(): Promise<void> };
let owner: Process;
let other: Process;

beforeAll(() => {
  decoder = createDecoder({ hmacKey: randomBytes(32) });
});
afterAll(() => decoder.close());
beforeEach(async () => {
  recording = createRecording();
  owner = await startProcess(true);
  other = await startProcess(false);
  other.owner = async () => owner.url;
});
afterEach(async () => {
  await running.stop();
  for (const { app } of [other, owner]) await app.close();
});

async function startProcess(owns: boolean): Promise<Process> {
  const backend = createHttpBackend({ blobs: recording.blobs, decoder });
  if (owns) {
    running = recording.start(backend.source);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const app = fastify();
  const made: Process = { app, url: '', owns, owner: async () => null, asked: [], authorized: 0 };
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, { path: request.url, correlationId: request.id });
    return reply.code(problem.status).send(problem);
  });
  app.addHook('preHandler', async ({ method, headers }) => void made.asked.push({ method, headers }));
  await app.register(tfstateRoutes, {
    backend,
    maxStateBytes: MAX,
    ownership: { owns: () => made.owns, owner: () => made.owner() },
    authorize: async ({ headers: { authorization } }, scope, workspace) => {
      made.authorized++;
      if (authorization === undefined)
        throw new DriftError('who', { code: 'DM_UNAUTHENTICATED', retriable: false });
      if (!authorization.includes(scope) || workspace === 'not-mine')
        throw new DriftError('no', { code: 'DM_FORBIDDEN', retriable: false });
      return { name: 'key-1' };
    },
  });
  made.url = await app.listen({ port: 0, host: '127.0.0.1' });
  return made;
}

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
}

/** Plain HTTP, so that nothing stands between the bytes and the routes. */
function ask(
  at: Process,
  method: string,
  path = '/tfstate/prod',
  body?: Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      at.url,
      { method, path, headers: { authorization: KEY, ...headers }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
const json = { 'content-type': 'application/json' };
const chunked = { ...json, 'transfer-encoding': 'chunked' };

describe('a process that does not own the http backend', () => {
  it('hands every request on and its answer back: what is asked of either is the same', async () => {
    const lock = Buffer.from('{"ID":"mine","Operation":"OperationTypeApply","Who":"me@here"}');
    const yours = Buffer.from('{"ID":"yours","Operation":"OperationTypeApply","Who":"you@there"}');
    expect((await ask(other, 'GET')).status).toBe(404);
    expect((await ask(other, 'LOCK', undefined, lock, json)).status).toBe(200);
    expect(await ask(other, 'LOCK', undefined, yours, json)).toMatchObject({ status: 423, body: lock });
    expect(await ask(other, 'POST', undefined, STATE, json)).toMatchObject({ status: 423, body: lock });
    const checked = { ...json, 'content-md5': md5(STATE) };
    expect((await ask(other, 'POST', '/tfstate/prod?ID=mine', STATE, checked)).status).toBe(200);
    for (const at of [owner, other]) {
      const { status, headers, body } = await ask(at, 'GET');
      expect([status, headers['content-md5'], body]).toEqual([200, md5(STATE), STATE]);
    }
    expect(await ask(other, 'UNLOCK', undefined, yours, json)).toMatchObject({ status: 409, body: lock });
    expect((await ask(other, 'UNLOCK', undefined, lock, json)).status).toBe(200);
    expect((await ask(other, 'DELETE')).status).toBe(200);
    expect((await ask(owner, 'GET')).status).toBe(404);
    expect(other.asked).toEqual([]);
  });

  it('passes bodies on as they come, announced or not, with the name of the key at the owner', async () => {
    expect((await ask(other, 'POST', '/tfstate/a', MANY, json)).status).toBe(200);
    expect((await ask(other, 'POST', '/tfstate/b', MANY, chunked)).status).toBe(200);
    for (const name of ['a', 'b']) expect((await ask(owner, 'GET', `/tfstate/${name}`)).body).toEqual(MANY);
    expect(owner.asked.every(({ headers }) => headers.authorization === KEY)).toBe(true);
    const damaged = { ...json, 'content-md5': md5(MANY) };
    expect((await ask(other, 'POST', '/tfstate/a', STATE, damaged)).status).toBe(400);
  });

  it('refuses what is too large, announced or not, and the owner is given no state', async () => {
    const large = Buffer.alloc(MAX + 1, 0x20);
    expect((await ask(other, 'POST', undefined, large, json)).status).toBe(413);
    expect((await ask(other, 'POST', undefined, large, chunked)).status).toBe(413);
    expect((await ask(other, 'LOCK', undefined, large, chunked)).status).toBe(413);
    expect((await ask(owner, 'GET')).status).toBe(404);
  });

  it('passes no body on where none is taken: nothing in it can pass for another request', async () => {
    await ask(owner, 'POST', undefined, STATE, json);
    const hidden = Buffer.from(
      'DELETE /tfstate/prod HTTP/1.1\r\nhost: x\r\nauthorization: tfstate:write\r\n\r\n',
    );
    for (const method of ['GET', 'DELETE'])
      for (const headers of [chunked, json]) await ask(other, method, '/tfstate/elsewhere', hidden, headers);
    expect((await ask(owner, 'GET')).body).toEqual(STATE);
  });

  it('looks at the key before it asks anybody or takes a byte', async () => {
    let looked = 0;
    other.owner = async () => {
      looked++;
      return owner.url;
    };
    expect((await ask(other, 'POST', undefined, STATE, { authorization: 'tfstate:read' })).status).toBe(403);
    expect((await ask(other, 'POST', '/tfstate/not-mine', STATE)).status).toBe(403);
    expect([looked, owner.authorized]).toEqual([0, 0]);
  });

  it('answers 503 with Retry-After while there is no owner, it is not known, or it cannot be reached', async () => {
    const gone = await startProcess(false);
    await gone.app.close();
    const owners: (() => Promise<string | null>)[] = [
      async () => null,
      async () => 'no address',
      async () => Promise.reject(new Error('the store of owners is away')),
      async () => gone.url,
    ];
    for (const owns of owners) {
      other.owner = owns;
      for (const [method, body] of [['GET'], ['POST', STATE], ['LOCK', STATE]] as const) {
        const answer = await ask(other, method, undefined, body, json);
        expect([method, answer.status, answer.headers['retry-after']]).toEqual([method, 503, '1']);
      }
    }
  });

  it('answers 503 when the owner goes away in the middle of a request, and 200 to the next try', async () => {
    const sockets: Socket[] = [];
    const dying = createServer((socket) => {
      sockets.push(socket);
      socket.once('data', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(dying, 'listening');
    other.owner = async () => `http://127.0.0.1:${(dying.address() as AddressInfo).port}`;
    const answer = await ask(other, 'POST', undefined, MANY, json);
    expect([answer.status, answer.headers['retry-after'], sockets.length]).toEqual([503, '1', 1]);
    dying.close();
    other.owner = async () => owner.url;
    expect((await ask(other, 'POST', undefined, MANY, json)).status).toBe(200);
  });

  it('hands nothing on that was handed on: two that take each other for the owner answer 503', async () => {
    owner.owns = false;
    owner.owner = async () => other.url;
    const answer = await ask(other, 'GET');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect([other.authorized, owner.authorized]).toEqual([1, 1]);
    // Forged, it only makes it no better for who forged it.
    expect((await ask(other, 'GET', undefined, undefined, { [FORWARDED]: '1' })).status).toBe(503);
  });
});
