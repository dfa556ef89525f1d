// A stand-in for the DigitalOcean API, for tests and demonstrations: documented answer shapes, paging and rate-limit
// headers over HTTP, on data that can be edited while it runs, also by the calls that a provider makes. It never speaks to
// DigitalOcean.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../schemas/index.ts';
import { answerObject } from './stand-in-objects.ts';

/** Path of a list → its items. A database's firewall is one item that holds its rules. */
export type Estate = Record<string, JsonObject[]>;

export interface Fault {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface StandIn {
  url: string;
  estate: Estate;
  /** Path and query of every request, in order. */
  requests: string[];
  /** Items on a page at most; the client's own wish is honoured below it. */
  pageSize: number;
  /** Quota told in the headers. */
  limit: number;
  /** Asked before every answer: what it returns is sent instead. */
  fault: ((path: string, page: number, nth: number) => Fault | null) | null;
  close(): Promise<void>;
}

export const TOKEN = 'dop_v1_stand-in';

/** Whose token it is, in the shape of https://docs.digitalocean.com/reference/api/#operation/account_get */
export const ACCOUNT = {
  uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
  email: 'ops@example.com',
  email_verified: true,
  status: 'active',
  status_message: '',
  droplet_limit: 25,
  floating_ip_limit: 5,
  volume_limit: 100,
};

/** Member of the answer that holds the items of a path. */
function keyOf(path: string): string {
  if (path.endsWith('/firewall')) return 'rules';
  if (path.endsWith('/records')) return 'domain_records';
  if (path === '/v2/account/keys') return 'ssh_keys';
  if (path === '/v2/kubernetes/clusters') return 'kubernetes_clusters';
  if (path === '/v2/reserved_ipv6') return 'reserved_ipv6s';
  return path.slice(path.lastIndexOf('/') + 1);
}

export async function startStandIn(estate: Estate): Promise<StandIn> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    estate,
    requests: [],
    pageSize: 200,
    limit: 5000,
    fault: null,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', standIn.url);
    standIn.requests.push(`${url.pathname}${url.search}`);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const asked = text === '' ? {} : (JSON.parse(text) as JsonObject);
      send(response, answerTo(url, request.method ?? 'GET', asked, request.headers.authorization));
    });
  }

  function send(response: ServerResponse, { status, body = '{}', headers = {} }: Fault): void {
    response.writeHead(status, {
      'content-type': 'application/json',
      'ratelimit-limit': String(standIn.limit),
      'ratelimit-remaining': String(Math.max(0, standIn.limit - standIn.requests.length)),
      'ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600),
      ...headers,
    });
    response.end(status === 204 ? undefined : body);
  }

  function answerTo(url: URL, method: string, asked: JsonObject, authorization: string | undefined): Fault {
    const page = Number(url.searchParams.get('page') ?? 1);
    const fault = standIn.fault?.(url.pathname, page, standIn.requests.length);
    if (fault) return fault;
    if (authorization !== `Bearer ${TOKEN}`)
      return { status: 401, body: '{"id":"unauthorized","message":"Unable to authenticate you"}' };
    if (url.pathname === '/v2/account') return { status: 200, body: JSON.stringify({ account: ACCOUNT }) };
    if (method !== 'GET' || standIn.estate[url.pathname] === undefined) {
      const call = { method, path: url.pathname, body: asked };
      const answered = answerObject(standIn.estate, call, 1_000 + standIn.requests.length);
      if (answered) return { status: answered.status, body: JSON.stringify(answered.body) };
    }
    const gpus = url.searchParams.get('type') === 'gpus' ? '?type=gpus' : '';
    const items = standIn.estate[url.pathname + gpus] ?? (gpus === '' ? undefined : []);
    if (items === undefined)
      return { status: 404, body: '{"id":"not_found","message":"The resource could not be found."}' };
    const body = url.pathname.endsWith('/firewall') ? (items[0] ?? { rules: [] }) : pageOf(url, items, page);
    return { status: 200, body: JSON.stringify(body) };
  }

  function pageOf(url: URL, items: JsonObject[], page: number): JsonObject {
    const size = Math.min(standIn.pageSize, Number(url.searchParams.get('per_page') ?? 20));
    const last = Math.max(1, Math.ceil(items.length / size));
    const link = (number: number): string => {
      const other = new URL(url);
      other.searchParams.set('page', String(number));
      other.searchParams.set('per_page', String(size));
      return other.href;
    };
    const pages: JsonObject = page < last ? { next: link(page + 1), last: link(last) } : {};
    return {
      [keyOf(url.pathname)]: items.slice((page - 1) * size, page * size),
      links: { pages },
      meta: { total: items.length },
    };
  }

  return standIn;
}

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8');

/** An estate with at least one of every listed type, as the API answers for it; a fresh copy. */
export const sampleEstate = (): Estate => JSON.parse(fixture('estate')) as Estate;

/** The same estate as a Terraform state holds it after a clean apply: attributes by type, as the provider writes them. */
export const sampleState = (): Record<string, JsonObject[]> =>
  JSON.parse(fixture('state')) as Record<string, JsonObject[]>;
