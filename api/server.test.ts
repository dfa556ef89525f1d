// What holds for the server as a whole: nobody gets in without a key, every error is a problem, the document is true.
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpBackend } from '../producers/terraform/index.ts';
import { DriftError, ERROR_CODES } from '../runtime/errors.ts';
import type { App } from './dependencies.ts';
import { makeKey } from './keys.ts';
import type { Harness } from './testing/harness.ts';
import { createHarness } from './testing/harness.ts';
import { ProblemSchema } from './types.ts';

let harness: Harness;
let admin: string;
beforeAll(async () => {
  harness = await createHarness({ httpBackend: NO_STATES });
  admin = await harness.keyWith(['admin']);
});
afterAll(() => harness.close());

/** Nothing gets as far as this here. */
const NO_STATES: HttpBackend = {
  source: { name: 'terraform-http', run: async () => undefined },
  get: async () => null,
  put: async () => null,
  remove: async () => null,
  lock: async () => null,
  unlock: async () => null,
  refresh: async () => false,
};

const get = (app: App, url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });
const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[];
  responses: Record<string, { description?: string; content?: Record<string, { schema?: object }> }>;
}
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
};

const documentOf = async (): Promise<Document> =>
  (await get(harness.app, '/openapi.json', bearer(admin))).json<Document>();
const operationsOf = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
const filled = (path: string): string => path.replaceAll(/\{[^}]+\}/g, 'x');

describe('without a valid key', () => {
  it('every route but health answers 401, whatever is sent instead of a key', async () => {
    const operations = operationsOf(await documentOf());
    expect(operations.length).toBeGreaterThan(20);
    const open: string[] = [];
    for (const { path, method } of operations) {
      const answer = await harness.app.inject({ url: filled(path), method: method.toUpperCase() as 'GET' });
      if (answer.statusCode !== 401) open.push(path);
    }
    expect(open).toEqual(['/healthz', '/readyz']);
  });

  it.each([
    ['nothing', {}],
    ['an empty bearer', { authorization: 'Bearer ' }],
    ['a made-up key', bearer(makeKey())],
    ['no key at all', bearer('letmein')],
    ['basic without a password', { authorization: `Basic ${Buffer.from('admin:').toString('base64')}` }],
    ['another scheme', { authorization: 'Digest x' }],
    ['an unsigned token', bearer(`${b64({ alg: 'none' })}.${b64({ sub: 'a', scopes: ['admin'] })}.`)],
  ])('%s is told how to authenticate, not why it failed', async (_name, headers) => {
    const answer = await get(harness.app, '/api/v1/drifts', headers as Record<string, string>);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(Value.Errors(ProblemSchema, answer.json())).toEqual([]);
  });

  it('a right id with a wrong secret is as wrong as any', async () => {
    const [, id] = admin.split('_');
    const answer = await get(
      harness.app,
      '/api/v1/drifts',
      bearer(`dmk_${id}_${randomBytes(32).toString('base64url')}`),
    );
    expect(answer.statusCode).toBe(401);
  });

  it('guessing is slowed down, and a key that works elsewhere still works', async () => {
    const app = await harness.another({});
    expect((await get(app, '/api/v1/drifts', bearer(admin))).statusCode).toBe(200);
    const wrong = bearer(makeKey());
    const codes = [];
    for (let n = 0; n < 12; n++) codes.push((await get(app, '/api/v1/drifts', wrong)).statusCode);
    expect(codes.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(codes.slice(10)).toEqual([429, 429]);
    for (let n = 0; n < 100; n++) await get(app, '/api/v1/drifts', bearer(makeKey()));
    expect((await get(app, '/api/v1/drifts', bearer(makeKey()))).statusCode).toBe(429);
    expect((await get(app, '/api/v1/drifts', bearer(admin))).statusCode).toBe(200);
  });

  it('nobody gets in while keys cannot be looked up', async () => {
    const down = async (): Promise<never> => {
      throw new DriftError('down', { code: 'DM_DATABASE_UNREACHABLE', retriable: true });
    };
    // One that was right here before is looked up by another name; any other is not known here.
    for (const verifyKnown of [down, async () => null]) {
      const app = await harness.another({ keys: { ...harness.keys, verify: down, verifyKnown } });
      expect((await get(app, '/api/v1/drifts', bearer(admin))).statusCode).toBe(503);
    }
  });

  it('too many requests are refused, with the time to wait', async () => {
    const app = await harness.another({ limits: { requestsPerMinute: 3 } });
    const codes = [];
    for (let n = 0; n < 4; n++)
      codes.push((await get(app, '/api/v1/system/topology', bearer(admin))).statusCode);
    expect(codes).toEqual([200, 200, 200, 429]);
    const answer = await get(app, '/api/v1/system/topology', bearer(admin));
    expect(answer.json()).toMatchObject({ code: 'dm_rate_limited' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await get(app, '/healthz')).statusCode).toBe(200);
  });
});

function b64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('tokens', () => {
  const secret = 'a secret of at least thirty-two characters';
  const soon = Math.floor(Date.now() / 1_000) + 600;
  const hs256 = (claims: object, key = secret): string => {
    const head = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64(claims)}`;
    return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
  };
  let app: App;
  beforeAll(async () => {
    app = await harness.another({ jwt: { secret } });
  });
  const status = async (token: string, at = app): Promise<number> =>
    (await get(at, '/api/v1/drifts', bearer(token))).statusCode;

  it('are taken when signed, in time, and for this organisation, with the scopes they claim', async () => {
    const claims = { sub: 'alice', exp: soon, scopes: ['read', 'nonsense'] };
    expect(await status(hs256(claims))).toBe(200);
    expect(await status(hs256({ ...claims, scopes: undefined, scope: 'read other' }))).toBe(200);
    expect(await status(hs256({ ...claims, scopes: ['metrics:read'] }))).toBe(403);
    expect(await status(hs256({ ...claims, org: 'default' }))).toBe(200);
    for (const bad of [
      hs256({ ...claims, exp: soon - 10_000 }),
      hs256({ ...claims, exp: undefined }),
      hs256({ ...claims, sub: undefined }),
      hs256({ ...claims, org: 'other' }),
      hs256({ ...claims, workspaces: 'prod' }),
      hs256(claims, 'another secret of thirty-two characters'),
    ])
      expect(await status(bad)).toBe(401);
  });

  it('signed with a private key are taken by the public one, which is never taken for a secret', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const rsa = await harness.another({ jwt: { publicKey } });
    const head = `${b64({ alg: 'RS256', typ: 'JWT' })}.${b64({ sub: 'ci', exp: soon, scopes: ['read'] })}`;
    const token = `${head}.${sign('sha256', Buffer.from(head), pair.privateKey).toString('base64url')}`;
    expect(await status(token, rsa)).toBe(200);
    expect(await status(hs256({ sub: 'ci', exp: soon, scopes: ['admin'] }, publicKey), rsa)).toBe(401);
  });
});

describe('the OpenAPI document', () => {
  it('says of every route what it is for, what it takes and what it answers', async () => {
    const document = await documentOf();
    expect(document.openapi).toBe('3.1.0');
    const tags = new Set(document.tags.map(({ name }) => name));
    const ids = new Set<string>();
    for (const { path, method, operation } of operationsOf(document)) {
      const at = `${method} ${path}`;
      expect([at, operation.summary]).not.toEqual([at, undefined]);
      expect([at, operation.tags?.every((tag) => tags.has(tag))]).toEqual([at, true]);
      expect([at, ids.has(operation.operationId ?? '')]).toEqual([at, false]);
      ids.add(operation.operationId!);
      const success = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
      expect([at, success.length > 0]).toEqual([at, true]);
      for (const [, response] of success)
        expect([
          at,
          Object.values(response.content ?? {}).every(({ schema }) => schema !== undefined),
        ]).toEqual([at, true]);
      const named = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect([at, declared.map(({ name }) => name)]).toEqual([at, named]);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });

  it('is a valid OpenAPI 3.1 document: every field is one the specification knows, every schema is a JSON Schema', async () => {
    const document: unknown = await documentOf();
    expect(mistakesIn(document)).toEqual([]);
    // The check itself must be able to fail.
    expect(mistakesIn({ openapi: '3.1.0', info: { title: 'x' }, paths: { x: {} } }).length).toBeGreaterThan(
      1,
    );
  });
});

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** The rules of OpenAPI 3.1.0 § 4.8 that apply to what this document uses. */
function mistakesIn(document: unknown): string[] {
  const mistakes: string[] = [];
  const fields = (
    value: unknown,
    at: string,
    known: string[],
    required: string[],
  ): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      mistakes.push(`${at} is no object`);
      return {};
    }
    for (const name of Object.keys(value))
      if (!known.includes(name)) mistakes.push(`${at}.${name} is not known`);
    for (const name of required) if (!(name in value)) mistakes.push(`${at}.${name} is missing`);
    return value as Record<string, unknown>;
  };
  const schema = (value: unknown, at: string): void => {
    if (typeof value === 'boolean') return;
    const found = fields(value, at, SCHEMA_WORDS, []);
    for (const name of ['properties', 'patternProperties'])
      for (const [member, one] of Object.entries((found[name] ?? {}) as object))
        schema(one, `${at}.${member}`);
    for (const name of ['items', 'additionalProperties'])
      if (name in found) schema(found[name], `${at}.${name}`);
    for (const one of (found.anyOf ?? []) as unknown[]) schema(one, `${at}.anyOf`);
    if ('type' in found && !JSON_TYPES.includes(found.type as string))
      mistakes.push(`${at}.type ${String(found.type)}`);
    if ('required' in found && !Array.isArray(found.required)) mistakes.push(`${at}.required is no list`);
    if ('enum' in found && !Array.isArray(found.enum)) mistakes.push(`${at}.enum is no list`);
  };
  const media = (value: unknown, at: string): void => {
    for (const [type, one] of Object.entries((value ?? {}) as object)) {
      if (!/^[a-z]+\/[a-z+.-]+$/.test(type)) mistakes.push(`${at} media type ${type}`);
      schema(fields(one, `${at}.${type}`, ['schema'], ['schema']).schema, `${at}.${type}`);
    }
  };
  const root = fields(
    document,
    '#',
    ['openapi', 'info', 'paths', 'tags', 'components', 'security'],
    ['openapi', 'info'],
  );
  fields(root.info, 'info', ['title', 'version', 'description'], ['title', 'version']);
  for (const [path, item] of Object.entries((root.paths ?? {}) as object)) {
    if (!path.startsWith('/')) mistakes.push(`path ${path} does not begin with /`);
    for (const [method, value] of Object.entries(fields(item, path, METHODS, []))) {
      const at = `${method} ${path}`;
      const known = [
        'operationId',
        'summary',
        'description',
        'tags',
        'parameters',
        'requestBody',
        'responses',
        'security',
      ];
      const operation = fields(value, at, known, ['responses']);
      for (const one of (operation.parameters ?? []) as unknown[]) {
        const parameter = fields(
          one,
          at,
          ['name', 'in', 'description', 'required', 'schema'],
          ['name', 'in', 'schema'],
        );
        if (!['query', 'path', 'header'].includes(String(parameter.in)))
          mistakes.push(`${at} in ${parameter.in}`);
        schema(parameter.schema, `${at} ${parameter.name}`);
      }
      if (operation.requestBody)
        media(
          fields(operation.requestBody, at, ['content', 'required', 'description'], ['content']).content,
          at,
        );
      for (const [status, response] of Object.entries(operation.responses as object)) {
        if (!/^[1-5]\d\d$/.test(status)) mistakes.push(`${at} status ${status}`);
        media(
          fields(response, `${at} ${status}`, ['description', 'content', 'headers'], ['description']).content,
          at,
        );
      }
    }
  }
  return mistakes;
}

const JSON_TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'];
const SCHEMA_WORDS = [
  'type',
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'items',
  'anyOf',
  'enum',
  'const',
  'format',
  'description',
  'default',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'pattern',
];

describe('errors', () => {
  it('never tell what is inside: that is in the log, under the correlation id', async () => {
    const app = await harness.another({
      rebuild: async () => {
        throw new Error('password=hunter2 at db-1.internal');
      },
    });
    const answer = await app.inject({
      url: '/api/v1/system/projections/resources/rebuild',
      method: 'POST',
      headers: { ...bearer(admin), 'x-correlation-id': 'find-me-again' },
    });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('hunter2');
    expect(answer.json()).toMatchObject({ code: 'dm_internal', correlationId: 'find-me-again' });
    expect(
      harness.logged.find((line) => line.includes('find-me-again') && line.includes('hunter2')),
    ).toBeDefined();
  });

  it.each([
    [
      'a body that is no JSON',
      { payload: '{"reason":', headers: { 'content-type': 'application/json' } },
      400,
    ],
    ['a body of another type', { payload: '<x/>', headers: { 'content-type': 'application/xml' } }, 400],
    [
      'a body over the limit',
      {
        payload: JSON.stringify({ reason: 'x'.repeat(1 << 20) }),
        headers: { 'content-type': 'application/json' },
      },
      413,
    ],
  ])('%s is a problem with its code', async (_name, { payload, headers }, status) => {
    const answer = await harness.app.inject({
      url: '/api/v1/drifts/x/accept',
      method: 'POST',
      payload,
      headers: { ...headers, ...bearer(admin) },
    });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json().code).toMatch(/^dm_input_/);
    expect(answer.statusCode).toBe(status);
  });

  it('a caller’s trace is the correlation id, unless it sends one of its own', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const idFor = async (headers: Record<string, string>) =>
      (await get(harness.app, '/healthz', headers)).headers['x-correlation-id'];
    expect(await idFor({ traceparent })).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(await idFor({ traceparent, 'x-correlation-id': 'ticket-1204' })).toBe('ticket-1204');
    expect(await idFor({ traceparent: 'no trace' })).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('a correlation id that could harm the log is replaced', async () => {
    const answer = await get(harness.app, '/healthz', { 'x-correlation-id': 'x"} injected {"' });
    expect(answer.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('every code is explained where its problem points to', async () => {
    const { body, statusCode } = await get(harness.app, '/docs/errors.md');
    expect(statusCode).toBe(200);
    const explained = [...body.matchAll(/^### (dm_\w+)$/gm)].map(([, code]) => code);
    expect(explained.sort()).toEqual(ERROR_CODES.map((code) => code.toLowerCase()).sort());
  });
});

describe('a server that stops', () => {
  it('ends what it is answering first, and is not held up by connections that ask nothing', async () => {
    let answer: (() => void) | null = null;
    const app = await harness.another({
      readers: () =>
        new Promise((resolve) => {
          answer = () => resolve([]);
        }),
    });
    const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
    const idle = connect({ host: url.hostname, port: Number(url.port) });
    const gone = new Promise((resolve) => idle.once('close', resolve));
    const asked = fetch(new URL('/api/v1/system', url), { headers: bearer(admin) });
    await expect.poll(() => answer).not.toBeNull();
    const stopped = app.close();
    setTimeout(() => answer?.(), 50);
    expect((await asked).status).toBe(200);
    await Promise.all([stopped, gone]);
  });
});

describe('health and metrics', () => {
  it('not ready is a 503 that says what is missing', async () => {
    const app = await harness.another({ readiness: () => ['resources is filled for the first time'] });
    const answer = await get(app, '/readyz');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ ready: false, reasons: ['resources is filled for the first time'] });
  });

  it('metrics count requests by route, never by address', async () => {
    await get(harness.app, '/api/v1/drifts/drf_of_someone', bearer(admin));
    const answer = await get(harness.app, '/metrics', bearer(await harness.keyWith(['metrics:read'])));
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('route="/api/v1/drifts/:id"');
    expect(answer.body).not.toContain('drf_of_someone');
  });
});

describe('the dashboard', () => {
  it('that is not built is replaced by a page that says how to build it', async () => {
    const answer = await get(harness.app, '/', { accept: 'text/html' });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('vite build');
  });

  it('is served with its assets, and its page for every address that is not the API', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'driftmgr-dashboard-'));
    mkdirSync(join(directory, 'assets'));
    writeFileSync(join(directory, 'index.html'), '<title>the page</title>');
    writeFileSync(join(directory, 'assets', 'a-1f.js'), 'export {}');
    const app = await harness.another({ dashboard: directory });
    const html = { accept: 'text/html' };
    for (const path of ['/', '/drifts/drf_1', '/workspaces/a%2Fb?x=1']) {
      const answer = await get(app, path, html);
      expect([path, answer.statusCode, answer.body]).toEqual([path, 200, '<title>the page</title>']);
      expect(answer.headers['cache-control']).toBe('no-cache');
      expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
    }
    const asset = await get(app, '/assets/a-1f.js');
    expect([asset.statusCode, asset.headers['cache-control']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    for (const path of ['/api/v1/nothing', '/tfstate', '/assets/none.js', '/../../etc/passwd', '/.env'])
      expect([path, (await get(app, path)).statusCode]).toEqual([path, 404]);
    expect((await get(app, '/api/v1/nothing', html)).headers['content-type']).toContain('problem+json');
    rmSync(directory, { recursive: true });
  });
});
