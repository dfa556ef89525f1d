// The pretend cloud over HTTP: what the pretend providers speak to, and what people and tests edit out of band. It pretends
// to be a cloud on this machine and never speaks to one.
//
//   GET    /                               what it has: types and counts
//   GET    /resources[?type=…]             what the caller's account and region hold
//   POST   /resources/{type}               {"attributes": {…}}: makes one; the cloud gives the id
//   GET PATCH DELETE /resources/{type}/{id}   PATCH {"attributes": {…}} sets those (null: back to what the cloud sets)
//   GET    /caller                         who the key belongs to
//   GET    /calls[?after=n]                the journal of every call
//   PATCH  /settings                       settings.ts
//
// `x-access-key` says who calls (principals.ts); `x-region`, `x-source-ip` and `user-agent` what its record will say.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import type { ProviderType } from '../schema.ts';
import { PROVIDERS } from '../types/index.ts';
import { Cloud } from './cloud.ts';
import { type Caller, openFeed } from './feed.ts';
import { PRINCIPALS, type Principal, REGION } from './principals.ts';
import { Refused } from './refused.ts';
import { change, SETTINGS, type Settings } from './settings.ts';
import { openStore } from './store.ts';

export interface CloudOptions {
  /** Holds `cloud.json`. */
  directory: string;
  /** Where the CloudTrail files go; none without. */
  trail?: string;
  /** Where the reports of the other clouds' calls go; none without. */
  reports?: string;
  /** How late both are. */
  feedDelayMs?: number;
  port?: number;
  providers?: readonly ProviderType[];
  /** Beside the built-in ones. */
  principals?: Readonly<Record<string, Principal>>;
  settings?: Partial<Settings>;
}

export interface RunningCloud {
  url: string;
  settings: Settings;
  /** Until every call made so far is in the feed's files. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const MAX_BODY = 8 * 1024 * 1024;

export async function startCloud(options: CloudOptions): Promise<RunningCloud> {
  const providers = options.providers ?? PROVIDERS;
  const principals = { ...PRINCIPALS, ...options.principals };
  const settings: Settings = { ...structuredClone(SETTINGS), ...options.settings };
  const store = openStore(join(options.directory, 'cloud.json'));
  const feed =
    options.trail === undefined && options.reports === undefined
      ? null
      : openFeed({
          trail: options.trail ?? null,
          reports: options.reports ?? null,
          delayMs: options.feedDelayMs ?? 0,
          store,
        });
  const cloud = new Cloud(providers, { store, feed, settings });

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => {
        if (error instanceof Refused)
          send(response, error.status, { code: error.code, message: error.message });
        else {
          process.stderr.write(`the pretend cloud failed: ${(error as Error).stack}\n`);
          send(response, 500, { code: 'InternalError', message: 'see what the pretend cloud printed' });
        }
      },
    );
  });

  async function answer(request: IncomingMessage): Promise<[number, Json]> {
    const url = new URL(request.url ?? '/', 'http://cloud');
    const [kind = '', name, id] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const what = `${request.method} ${kind === '' ? '/' : kind}${name === undefined ? '' : '/type'}${id === undefined ? '' : '/id'}`;
    const by = callerOf(request);
    const given = async (): Promise<JsonObject> => {
      const { attributes } = await bodyOf(request);
      if (attributes === null || typeof attributes !== 'object' || Array.isArray(attributes))
        throw new Refused(400, 'ValidationError', 'the body should be {"attributes": {…}}');
      return attributes as JsonObject;
    };
    switch (what) {
      case 'GET /':
        return [200, overview()];
      case 'GET resources':
        return [200, { items: (await cloud.list(by, url.searchParams.get('type'))) as unknown as Json }];
      case 'POST resources/type':
        return [201, (await cloud.create(by, name!, await given())) as unknown as Json];
      case 'GET resources/type/id':
        return [200, (await cloud.read(by, name!, id!)) as unknown as Json];
      case 'PATCH resources/type/id':
        return [200, (await cloud.update(by, name!, id!, await given())) as unknown as Json];
      case 'DELETE resources/type/id':
        await cloud.delete(by, name!, id!);
        return [200, {}];
      case 'GET caller':
        return [200, await cloud.caller(by)];
      case 'GET calls':
        return [200, cloud.journal(Number(url.searchParams.get('after') ?? 0) || 0) as unknown as Json];
      case 'PATCH settings':
        change(settings, await bodyOf(request));
        return [200, settings as unknown as Json];
      default:
        throw new Refused(404, 'NoSuchCall', `${request.method} ${url.pathname} is nothing this cloud does`);
    }
  }

  function overview(): JsonObject {
    const counts: Record<string, number> = {};
    for (const [, { type }] of store.all()) counts[type] = (counts[type] ?? 0) + 1;
    return {
      pretend: true,
      types: providers.flatMap(({ resources }) => Object.keys(resources)),
      resources: counts,
    };
  }

  function callerOf(request: IncomingMessage): Caller {
    const key = header(request, 'x-access-key') ?? '';
    const principal = principals[key];
    if (!principal)
      throw new Refused(
        401,
        'InvalidClientTokenId',
        'x-access-key holds no key of this cloud; principals.ts lists them',
      );
    return {
      principal,
      accessKey: key,
      region: header(request, 'x-region') ?? REGION,
      // What Node's own client says of itself says nothing of who calls.
      userAgent: nameOfAgent(header(request, 'user-agent')) ?? principal.userAgent,
      sourceIp: header(request, 'x-source-ip') ?? principal.sourceIp,
    };
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // A connection is the client's to give up: one that were closed just as a call is sent on it would lose that call.
    server.keepAliveTimeout = 0;
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    settings,
    flush: async () => {
      await feed?.flush();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await feed?.close();
      await store.close();
    },
  };
}

const header = (request: IncomingMessage, name: string): string | null => {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
};

const nameOfAgent = (agent: string | null): string | null => (agent === 'node' ? null : agent);

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refused(413, 'TooLarge', `a body holds at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Json;
    if (body !== null && typeof body === 'object' && !Array.isArray(body)) return body;
  } catch {
    // Said below.
  }
  throw new Refused(400, 'ValidationError', 'the body is not a JSON object');
}

function send(response: ServerResponse, status: number, body: Json): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
