import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createDecoder,
  createHttpBackend,
  type Decoder,
  type HttpBackend,
} from '../../producers/terraform/index.ts';
import { createRecording, type Recording } from '../../producers/terraform/testing/recording.ts';
import { one, stateBytes } from '../../producers/terraform/testing/states.ts';
import { DriftError } from '../../runtime/errors.ts';
import { problemOf } from '../problems.ts';
import { tfstateRoutes } from './tfstate.ts';

const MAX = 64 * 1024;
const STATE = stateBytes({ resources: [one('terraform_data', 'a', { id: '1' })] });
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');

let decoder: Decoder;
let recording: Recording;
let backend: HttpBackend;
let running: { stop(): Promise<void> };
let app: FastifyInstance;

beforeAll(() => {
  decoder = createDecoder({ hmacKey: randomBytes(32) });
});
afterAll(() => decoder.close());
beforeEach(async () => {
  recording = createRecording();
  backend = createHttpBackend({ blobs: recording.blobs, decoder });
  app = fastify();
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, { path: request.url, correlationId: request.id });
    return reply.code(problem.status).send(problem);
  });
  await app.register(tfstateRoutes, {
    backend,
    maxStateBytes: MAX,
    authorize: async (request, scope, workspace) => {
      const { authorization } = request.headers;
      if (authorization === undefined)
        throw new DriftError('who', { code: 'DM_UNAUTHENTICATED', retriable: false });
      if (!authorization.includes(scope) || workspace === 'not-mine')
        throw new DriftError('no', { code: 'DM_FORBIDDEN', retriable: false });
      return { name: 'key-1' };
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  running = recording.start(backend.source);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
afterEach(async () => {
  await app.close();
  await running.stop();
});

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
}

/** Plain HTTP, so that nothing stands between the bytes and the routes. */
function ask(
  method: string,
  path = '/tfstate/prod',
  body?: Buffer | null,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        headers: { authorization: 'tfstate:read tfstate:write', ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    sent.on('error', reject);
    if (body === null) {
      // As Terraform does to break a lock: announced as chunks, and none comes.
      sent.setHeader('content-type', 'application/json');
      sent.setHeader('transfer-encoding', 'chunked');
      sent.end();
    } else sent.end(body);
  });
}
const json = { 'content-type': 'application/json' };

describe('/tfstate/:workspace', () => {
  it('gives 404 before the first state, then the state with its Content-MD5', async () => {
    expect((await ask('GET')).status).toBe(404);
    expect((await ask('POST', undefined, STATE, json)).status).toBe(200);
    const answer = await ask('GET');
    expect(answer).toMatchObject({ status: 200, body: STATE });
    expect(answer.headers['content-md5']).toBe(md5(STATE));
  });

  it('takes bodies with and without a length or a type', async () => {
    expect((await ask('POST', undefined, STATE)).status).toBe(200);
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await ask('POST', '/tfstate/other', STATE, chunked)).status).toBe(200);
    expect((await ask('GET', '/tfstate/other')).body).toEqual(STATE);
  });

  it('refuses a body that does not match its Content-MD5', async () => {
    const headers = { ...json, 'content-md5': md5(Buffer.from('other')) };
    expect((await ask('POST', undefined, STATE, headers)).status).toBe(400);
    expect((await ask('POST', undefined, STATE, { ...json, 'content-md5': md5(STATE) })).status).toBe(200);
  });

  it('refuses what is too large, announced or not, and what is empty or no state', async () => {
    const large = Buffer.alloc(MAX + 1, 0x20);
    expect((await ask('POST', undefined, large, json)).status).toBe(413);
    expect((await ask('POST', undefined, large, { 'transfer-encoding': 'chunked' })).status).toBe(413);
    expect((await ask('POST', undefined, Buffer.alloc(0), json)).status).toBe(400);
    const garbage = await ask('POST', undefined, Buffer.from('garbage'), json);
    expect(garbage.status).toBe(422);
    expect(garbage.body.toString()).toContain('not JSON');
    expect((await ask('GET')).status).toBe(404);
  });

  it('locks, shows the holder to others, releases, and breaks the lock when nothing is said', async () => {
    const mine = Buffer.from('{"ID":"mine","Operation":"OperationTypeApply","Who":"me@here"}');
    const yours = Buffer.from('{"ID":"yours","Operation":"OperationTypeApply","Who":"you@there"}');
    expect((await ask('LOCK', undefined, mine, json)).status).toBe(200);
    expect(await ask('LOCK', undefined, yours, json)).toMatchObject({ status: 423, body: mine });
    expect(await ask('POST', undefined, STATE, json)).toMatchObject({ status: 423, body: mine });
    expect(await ask('POST', '/tfstate/prod?ID=yours', STATE, json)).toMatchObject({
      status: 423,
      body: mine,
    });
    expect((await ask('POST', '/tfstate/prod?ID=mine', STATE, json)).status).toBe(200);
    expect(await ask('UNLOCK', undefined, yours, json)).toMatchObject({ status: 409, body: mine });
    expect((await ask('UNLOCK', undefined, null)).status).toBe(200);
    expect((await ask('LOCK', undefined, yours, json)).status).toBe(200);
  });

  it('forgets a state on DELETE', async () => {
    await ask('POST', undefined, STATE, json);
    expect((await ask('DELETE')).status).toBe(200);
    expect((await ask('GET')).status).toBe(404);
  });

  it('answers 409 to a serial that is there with other content', async () => {
    await ask('POST', undefined, STATE, json);
    const other = stateBytes({ resources: [] });
    const answer = await ask('POST', undefined, other, json);
    expect(answer.status).toBe(409);
    expect(answer.body.toString()).toContain('Serial 1 is stored already');
  });

  it('asks for tfstate:read to read and tfstate:write for everything else, before it takes a body', async () => {
    const only = (scope: string): Record<string, string> => ({ ...json, authorization: scope });
    expect((await ask('GET', undefined, undefined, only('tfstate:write'))).status).toBe(403);
    for (const method of ['POST', 'DELETE', 'LOCK', 'UNLOCK'])
      expect((await ask(method, undefined, undefined, only('tfstate:read'))).status, method).toBe(403);
    expect((await ask('POST', '/tfstate/not-mine', STATE, json)).status).toBe(403);
    expect(recording.events()).toEqual([]);
  });

  it('answers 503, which Terraform tries again, while the source is not running', async () => {
    await running.stop();
    for (const method of ['GET', 'DELETE']) expect((await ask(method)).status, method).toBe(503);
    expect((await ask('POST', undefined, STATE, json)).status).toBe(503);
  });

  it('refuses names that are none', async () => {
    expect((await ask('GET', '/tfstate/%2e%2e')).status).toBe(400);
    expect((await ask('POST', '/tfstate/a%2Fb', STATE, json)).status).toBe(400);
  });
});
