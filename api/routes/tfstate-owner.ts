// One process owns the Terraform http backend: it alone takes states and holds locks. The others hand a request on to it as
// it came, once its key was looked at and before a byte of its body was taken, and hand the answer back.
//
// Where there is no owner to be reached the answer is 503 with Retry-After, which Terraform tries again. What is tried
// again is safe: the same serial with the same content, a lock that one holds, and a lock that is released already are fine.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DriftError } from '../../runtime/errors.ts';

export interface Ownership {
  /** Whether this process is the owner. */
  owns(): boolean;
  /** Base URL of the owner; null while that is not known. */
  owner(): Promise<string | null>;
}

/** Marks what was handed on: it is not handed on again. Whoever sends it by themselves gets 503 from all but the owner. */
export const FORWARDED = 'x-driftmgr-forwarded';
const RETRY_AFTER_S = '1';
const CONNECT_MS = 2_000;
/** A large state takes a while to be decoded and published; then the owner is taken for dead. */
const SILENT_MS = 120_000;

/** Those of one connection, and what each side says for itself. */
const OF_ONE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Of the others the backend takes none. */
const WITH_BODY = new Set(['POST', 'LOCK', 'UNLOCK']);
const NOT_ASKED = new Set(['host', 'expect', 'x-correlation-id', FORWARDED]);
const NOT_ANSWERED = /^(date|x-ratelimit-.*)$/;

/** Hands the request on when this process is not the owner; null when it is to be answered here. */
export async function handOn(
  ownership: Ownership,
  request: FastifyRequest,
  reply: FastifyReply,
  limit: { bytes: number; exceeded: DriftError },
): Promise<FastifyReply | null> {
  if (ownership.owns()) return null;
  if (request.headers[FORWARDED] !== undefined) throw away(reply, 'This process does not own it any more.');
  const owner = await ownerOf(ownership, request);
  if (owner === null) throw away(reply, 'No process is known to own it at the moment.');
  if (Number(request.headers['content-length'] ?? 0) > limit.bytes) throw limit.exceeded;
  const answer = await ask(owner, request, reply, limit);
  for (const [name, value] of Object.entries(passedOn(answer.headers)))
    if (!NOT_ANSWERED.test(name)) reply.header(name, value);
  return reply.code(answer.statusCode ?? 502).send(answer);
}

async function ownerOf(ownership: Ownership, request: FastifyRequest): Promise<URL | null> {
  try {
    const owner = await ownership.owner();
    return owner === null ? null : new URL(owner);
  } catch (error) {
    request.log.warn({ err: error }, 'the owner of the http backend cannot be found out');
    return null;
  }
}

function ask(
  owner: URL,
  request: FastifyRequest,
  reply: FastifyReply,
  limit: { bytes: number; exceeded: DriftError },
): Promise<IncomingMessage> {
  const { raw, headers } = request;
  const hasBody = WITH_BODY.has(request.method) && isAnnounced(headers);
  return new Promise((resolve, reject) => {
    const asked = (owner.protocol === 'https:' ? httpsRequest : httpRequest)(owner, {
      method: request.method,
      // Not resolved against the owner: it goes on as it came, to the owner and to no other host.
      path: owner.pathname.replace(/\/$/, '') + raw.url!,
      headers: headersFor(headers, request.id, hasBody),
      // One that was kept open may have died with an owner of before.
      agent: false,
      timeout: SILENT_MS,
    });
    const fail = (error: DriftError): void => {
      raw.unpipe();
      raw.resume();
      reply.header('connection', 'close');
      reject(error);
      asked.destroy();
    };
    asked.on('response', resolve);
    asked.on('timeout', () => fail(away(reply, 'The process that owns it does not answer.')));
    asked.on('error', (error) => {
      request.log.warn({ err: error, owner: owner.host }, 'the owner of the http backend cannot be reached');
      fail(away(reply, 'The process that owns it cannot be reached.'));
    });
    asked.on('socket', (socket) => {
      const late = setTimeout(() => asked.destroy(new Error('no connection in time')), CONNECT_MS);
      for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(late));
    });
    reply.raw.once('close', () => asked.destroy());
    if (!hasBody) return void asked.end();
    raw.pipe(upTo(limit.bytes, () => fail(limit.exceeded))).pipe(asked);
  });
}

/** Lets so many bytes through; then says so once, and nothing more comes. */
function upTo(bytes: number, exceeded: () => void): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      passed += chunk.length;
      if (passed <= bytes) next(null, chunk);
      else exceeded();
    },
  });
}

/** All headers but those of one connection, `Connection` names further ones. */
function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(
      (header): header is [string, string | string[]] =>
        header[1] !== undefined && !OF_ONE_CONNECTION.has(header[0]) && !named.includes(header[0]),
    ),
  );
}

const isAnnounced = (headers: IncomingHttpHeaders): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

function headersFor(
  headers: IncomingHttpHeaders,
  correlationId: string,
  hasBody: boolean,
): Record<string, string | string[]> {
  const passed = Object.entries(passedOn(headers)).filter(
    ([name]) => !NOT_ASKED.has(name) && (hasBody || name !== 'content-length'),
  );
  return {
    ...Object.fromEntries(passed),
    // Where the length is not known beforehand the end must be told, or what follows is taken for another request.
    ...(hasBody && headers['content-length'] === undefined ? { 'transfer-encoding': 'chunked' } : {}),
    'x-correlation-id': correlationId,
    [FORWARDED]: '1',
  };
}

function away(reply: FastifyReply, why: string): DriftError {
  reply.header('retry-after', RETRY_AFTER_S);
  return new DriftError(`the http backend is not here: ${why}`, {
    code: 'DM_FENCED',
    retriable: true,
    public: `Terraform states are kept by one of several processes. ${why} Another takes over within seconds: try again.`,
  });
}
