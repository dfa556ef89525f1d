// The Terraform http backend over HTTP: GET, POST, DELETE, LOCK and UNLOCK of /tfstate/:workspace. Authenticates, reads
// bodies within their limit, and turns answers into the statuses Terraform and OpenTofu understand. Decides nothing.
//
// Statuses rest on Terraform's client (internal/backend/remote-state/http): 200 for done, 404 for no state, 423 or 409
// with the holder's lock info. Other 4xx are shown to the user; 5xx are tried again.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpBackend, Refused } from '../../producers/terraform/backends/http.ts';
import { sharedBuffer } from '../../producers/terraform/decoder.ts';
import { DriftError } from '../../runtime/errors.ts';
import { handOn, type Ownership } from './tfstate-owner.ts';

export interface TfstateOptions {
  backend: HttpBackend;
  /** Rejects with DM_UNAUTHENTICATED or DM_FORBIDDEN; tells who asks. */
  authorize(
    request: FastifyRequest,
    scope: 'tfstate:read' | 'tfstate:write',
    workspace: string,
  ): Promise<{ name: string | null }>;
  /** Larger states are refused, bytes. */
  maxStateBytes: number;
  /** Which process owns the backend, where there are several; left out: this one. */
  ownership?: Ownership;
}

interface Body {
  bytes: Buffer;
  /** Base64. */
  md5: string;
}

interface Asking {
  Params: { workspace: string };
  Querystring: { ID?: string };
  Body: Body | undefined;
}

const MAX_LOCK_BYTES = 64 * 1024;
/** Bodies being received and states being published at one time, as a multiple of the largest state. */
const ROOM = 2;

/** Registers the routes on `app` and on nothing beside it; errors are left to the error handler around it. */
export async function tfstateRoutes(app: FastifyInstance, options: TfstateOptions): Promise<void> {
  const { backend, authorize, maxStateBytes, ownership } = options;
  const room = createRoom(maxStateBytes * ROOM);
  for (const method of ['LOCK', 'UNLOCK']) app.addHttpMethod(method, { hasBody: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) =>
    receive(payload, request, limitOf(request), room),
  );
  app.addHook('onResponse', async (request) => room.leave(request));
  app.addHook('onRequestAbort', async (request) => room.leave(request));

  const url = '/tfstate/:workspace';
  const limitOf = ({ method }: FastifyRequest): number =>
    method === 'POST' ? maxStateBytes : MAX_LOCK_BYTES;
  /** Answers when another process does. The key was looked at. */
  const elsewhere = async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    if (ownership === undefined) return undefined;
    const bytes = limitOf(request);
    return (await handOn(ownership, request, reply, { bytes, exceeded: tooLarge(bytes) })) ?? undefined;
  };
  const writing = async (request: FastifyRequest<Asking>): Promise<string | null> =>
    (await authorize(request, 'tfstate:write', request.params.workspace)).name;

  app.get<Asking>(url, {
    onRequest: async (request, reply) => {
      await authorize(request, 'tfstate:read', request.params.workspace);
      return elsewhere(request, reply);
    },
    handler: async (request, reply) => {
      const state = await backend.get(request.params.workspace);
      if (state === null) return reply.code(404).send();
      return reply.header('content-md5', state.md5).type('application/json').send(state.bytes);
    },
  });

  // The key is looked at before a byte of the body is taken.
  const askers = new WeakMap<FastifyRequest, string | null>();
  const onRequest = async (
    request: FastifyRequest<Asking>,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    askers.set(request, await writing(request));
    return elsewhere(request, reply);
  };

  app.post<Asking>(url, {
    onRequest,
    handler: async (request, reply) => {
      const { bytes, md5 } = bodyOf(request);
      if (bytes.length === 0) throw invalid('The body is empty: a state is expected.');
      const refused = await backend.put(request.params.workspace, {
        bytes,
        md5,
        lockId: request.query.ID || null,
        by: askers.get(request) ?? null,
      });
      return answer(reply, refused, 423);
    },
  });

  app.delete<Asking>(url, {
    onRequest,
    handler: async (request, reply) => {
      const by = askers.get(request) ?? null;
      const refused = await backend.remove(request.params.workspace, request.query.ID || null, by);
      return answer(reply, refused, 423);
    },
  });

  app.route<Asking>({
    method: 'LOCK',
    url,
    onRequest,
    handler: async (request, reply) =>
      answer(reply, await backend.lock(request.params.workspace, bodyOf(request).bytes), 423),
  });

  app.route<Asking>({
    method: 'UNLOCK',
    url,
    onRequest,
    handler: async (request, reply) =>
      answer(reply, await backend.unlock(request.params.workspace, bodyOf(request).bytes), 409),
  });
}

function answer(reply: FastifyReply, refused: Refused | null, status: number): FastifyReply {
  if (refused === null) return reply.code(200).send();
  return reply.code(status).type('application/json').send(refused.holder);
}

const NOTHING: Body = { bytes: Buffer.alloc(0), md5: '1B2M2Y8AsgTpgAmY7PhCfg==' };

/** The body, after its Content-MD5 was compared where one was sent. */
function bodyOf(request: FastifyRequest<Asking>): Body {
  const body = request.body ?? NOTHING;
  const claimed = request.headers['content-md5'];
  if (claimed === undefined || claimed === body.md5) return body;
  throw invalid('The body does not match its Content-MD5: it was damaged on the way. Send it again.');
}

const invalid = (text: string): DriftError =>
  new DriftError(text, { code: 'DM_INPUT_INVALID', retriable: false, public: text });

const tooLarge = (limit: number): DriftError =>
  new DriftError('a body is too large', {
    code: 'DM_INPUT_TOO_LARGE',
    retriable: false,
    public: `The body is larger than the ${limit} bytes that are taken (terraform.maxStateBytes for states).`,
  });

/** Memory set aside for bodies, so that many large states at once are told to come again instead of ending us. */
interface Room {
  take(request: object, bytes: number): void;
  leave(request: object): void;
}

function createRoom(size: number): Room {
  const taken = new Map<object, number>();
  let used = 0;
  return {
    take(request, bytes) {
      if (used > 0 && used + bytes > size)
        throw new DriftError('too many states at once', {
          code: 'DM_LOG_CLOSED',
          retriable: true,
          public: 'Too many large states are being written at once: try again in a moment.',
        });
      used += bytes;
      taken.set(request, (taken.get(request) ?? 0) + bytes);
    },
    leave(request) {
      used -= taken.get(request) ?? 0;
      taken.delete(request);
    },
  };
}

const SEGMENT = 1 << 20;

/** Receives a body into memory that the decoding thread shares, hashing as it comes. */
async function receive(payload: Readable, request: FastifyRequest, limit: number, room: Room): Promise<Body> {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  const hash = createHash('md5');
  let bytes = sharedBuffer(Number.isSafeInteger(announced) ? announced : SEGMENT);
  room.take(request, bytes.length);
  let length = 0;
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    if (length + chunk.length > limit) throw tooLarge(limit);
    if (length + chunk.length > bytes.length) {
      const larger = sharedBuffer(Math.min(limit, Math.max(bytes.length * 2, length + chunk.length)));
      room.take(request, larger.length - bytes.length);
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    chunk.copy(bytes, length);
    length += chunk.length;
    hash.update(chunk);
  }
  return { bytes: bytes.subarray(0, length), md5: hash.digest('base64') };
}
