// Lists of the DigitalOcean API over HTTP: paging, rate limits, retries and limits on what is accepted. IO; the only file
// that holds the token, which goes into one header and nowhere else (not into logs, errors or events).
//
// Guarantees: a list is whole or it is an error. An answer is refused that is redirected, larger than the limit, not the
// documented shape, or that pages to another host. Facts: docs.digitalocean.com/reference/api (5,000 requests an hour,
// 250 a minute, headers ratelimit-limit/-remaining/-reset, retry-after on 429, pages of at most 200).

import type { Clock } from '../../runtime/clock.ts';
import { DriftError, type ErrorCode } from '../../runtime/errors.ts';
import type { Json, JsonObject } from '../../schemas/index.ts';
import { idText, isObject } from './fields.ts';

export interface ApiOptions {
  /** Base URL; a path in it is kept. */
  url: string;
  token: string;
  clock: Clock;
  /** Part of the hourly quota that may be spent: 0.1 is a tenth. */
  share: number;
  /** Longest wait that is sat out after being throttled; a longer one ends the sweep. */
  maxWaitMs: number;
  timeoutMs?: number;
  maxBytes?: number;
}

export interface Page {
  /** When its request began. */
  at: number;
  items: JsonObject[];
}

export interface Api {
  /**
   * All pages of a list. Throws a DriftError: {@link ApiError.stops} tells that no further request makes sense before
   * {@link ApiError.retryAt}.
   */
  list(path: string, key: string, single: boolean, signal: AbortSignal): Promise<Page[]>;
  /** Requests sent in the last hour, and how many an hour the share allows. */
  spent(): { requests: number; allowed: number };
}

export class ApiError extends DriftError {
  readonly stops: boolean;
  readonly retryAt: number | null;
  constructor(
    reason: string,
    options: { code?: ErrorCode; retriable: boolean; stops?: boolean; retryAt?: number | null },
  ) {
    super(reason, {
      code: options.code ?? 'DM_PROVIDER_FAILED',
      retriable: options.retriable,
      public: reason,
    });
    this.stops = options.stops ?? false;
    this.retryAt = options.retryAt ?? null;
  }
}

const HOUR = 3_600_000;
const PAGE_SIZE = 200;
const MAX_PAGES = 1000;
const ATTEMPTS = 3;
/** How often a list that changed while it was read is read again. */
const READINGS = 3;
const DEFAULT_QUOTA = 5000;
const DEFAULT_WAIT = 60_000;

const failed = (reason: string, retriable = false): ApiError => new ApiError(reason, { retriable });

export function createApi(options: ApiOptions): Api {
  const { clock, share, maxWaitMs, timeoutMs = 20_000, maxBytes = 8 * 1024 * 1024 } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const sent: number[] = [];
  let quota = DEFAULT_QUOTA;
  let blockedUntil = 0;

  const allowed = (): number => Math.max(1, Math.floor(quota * share));

  function forget(now: number): void {
    while (sent.length > 0 && sent[0]! <= now - HOUR) sent.shift();
  }

  /** Waits until the share allows one more request; throws while the provider has said to stay away. */
  async function admit(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    if (now < blockedUntil) throw throttled(blockedUntil);
    forget(now);
    if (sent.length >= allowed()) {
      await clock.sleep(sent[sent.length - allowed()]! + HOUR - now, signal);
      forget(clock.now());
    }
    signal.throwIfAborted();
    sent.push(clock.now());
  }

  function throttled(until: number): ApiError {
    return new ApiError('throttled by DigitalOcean: stopped until its limit allows more', {
      code: 'DM_PROVIDER_THROTTLED',
      retriable: true,
      stops: true,
      retryAt: until,
    });
  }

  /** Reads what the headers say about the quota. */
  function heed(headers: Headers): void {
    const limit = Number(headers.get('ratelimit-limit'));
    if (Number.isInteger(limit) && limit > 0) quota = limit;
    if (headers.get('ratelimit-remaining') === '0')
      blockedUntil = Math.max(blockedUntil, resetAt(headers) ?? 0);
  }

  function resetAt(headers: Headers): number | null {
    const seconds = Number(headers.get('ratelimit-reset') ?? Number.NaN);
    return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, clock.now() + HOUR) : null;
  }

  /** How long a 429 asks to wait: retry-after in seconds or as a date, else the reset, else a minute. */
  function waitOf(headers: Headers): number {
    const stated = headers.get('retry-after');
    if (stated !== null) {
      const seconds = Number(stated);
      const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(stated) - clock.now();
      if (Number.isFinite(ms)) return Math.min(HOUR, Math.max(0, ms));
    }
    const reset = resetAt(headers);
    return reset === null ? DEFAULT_WAIT : Math.max(0, reset - clock.now());
  }

  async function request(url: URL, signal: AbortSignal): Promise<JsonObject> {
    for (let attempt = 1; ; attempt++) {
      await admit(signal);
      try {
        return await once(url, signal);
      } catch (error) {
        signal.throwIfAborted();
        const known =
          error instanceof ApiError ? error : failed('the request failed before an answer came', true);
        if (!known.retriable || attempt >= ATTEMPTS) throw known;
        if (known.code === 'DM_PROVIDER_THROTTLED') {
          const wait = (known.retryAt ?? 0) - clock.now();
          if (wait > maxWaitMs) throw known;
          await clock.sleep(wait, signal);
        } else {
          await clock.sleep(250 * 2 ** attempt * (0.5 + Math.random()), signal);
        }
      }
    }
  }

  async function once(url: URL, signal: AbortSignal): Promise<JsonObject> {
    const response = await fetch(url, {
      headers: {
        authorization: `Bearer ${options.token}`,
        accept: 'application/json',
        'user-agent': 'driftmgr',
      },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    heed(response.headers);
    if (response.status === 200) return parsed(await bytesOf(response));
    await response.body?.cancel();
    throw refusal(response);
  }

  function refusal({ status, headers }: Response): ApiError {
    if (status === 429) {
      blockedUntil = clock.now() + waitOf(headers);
      return throttled(blockedUntil);
    }
    if (status === 401)
      return new ApiError('DigitalOcean refused the token: check digitalocean.token', {
        code: 'DM_UNAUTHENTICATED',
        retriable: false,
        stops: true,
      });
    if (status === 403)
      return new ApiError('the token may not read this list: give it read scope', {
        code: 'DM_FORBIDDEN',
        retriable: false,
      });
    if (status >= 300 && status < 400)
      return failed(`refused an answer that redirects elsewhere (status ${status})`);
    return failed(`DigitalOcean answered with status ${status}`, status >= 500);
  }

  async function bytesOf(response: Response): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw failed(`refused an answer of more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  function parsed(bytes: Buffer): JsonObject {
    let value: Json;
    try {
      value = JSON.parse(bytes.toString('utf8')) as Json;
    } catch {
      throw failed('refused an answer that is not JSON');
    }
    if (!isObject(value)) throw failed('refused an answer that is not a JSON object');
    return value;
  }

  /** Follows the answer's own link, on the same host only, so that the token goes nowhere else. */
  function nextOf(answer: JsonObject): URL | null {
    const links = answer.links;
    const pages = isObject(links) ? links.pages : undefined;
    const next = isObject(pages) ? pages.next : undefined;
    if (next === undefined || next === null || next === '') return null;
    const url = typeof next === 'string' && URL.canParse(next, base) ? new URL(next, base) : null;
    if (url === null || url.origin !== base.origin)
      throw failed('refused a list whose next page is on another host');
    return url;
  }

  async function read(
    path: string,
    key: string,
    single: boolean,
    signal: AbortSignal,
  ): Promise<Page[] | null> {
    const pages: Page[] = [];
    const seen = new Set<string>();
    let total: number | null = null;
    let url: URL | null = new URL(`${prefix}${path}`, base);
    url.searchParams.set('page', '1');
    url.searchParams.set('per_page', String(PAGE_SIZE));
    while (url !== null) {
      const at = clock.now();
      const answer = await request(url, signal);
      const items = answer[key];
      if (!Array.isArray(items) && !(single && items === null))
        throw failed(`refused an answer without the list "${key}"`);
      if (single) return [{ at, items: [answer] }];
      const page = (items as Json[]).filter(isObject);
      if (page.length !== (items as Json[]).length)
        throw failed(`refused a list "${key}" of other things than objects`);
      pages.push({ at, items: page });
      for (const item of page) seen.add(idText(item.id ?? item.ip ?? item.name) ?? `#${seen.size}`);
      const stated = isObject(answer.meta) ? answer.meta.total : undefined;
      if (typeof stated === 'number') {
        // Something came or went between two pages: an item may have slipped from one to the other unseen.
        if (total !== null && total !== stated) return null;
        total = stated;
      }
      if (pages.length >= MAX_PAGES) throw failed(`refused a list of more than ${MAX_PAGES} pages`);
      url = nextOf(answer);
    }
    return total !== null && seen.size < total ? null : pages;
  }

  return {
    async list(path, key, single, signal) {
      for (let reading = 1; reading <= READINGS; reading++) {
        const pages = await read(path, key, single, signal);
        if (pages !== null) return pages;
      }
      throw failed('the list kept changing while it was read, or does not hold what it counts', true);
    },
    spent() {
      forget(clock.now());
      return { requests: sent.length, allowed: allowed() };
    },
  };
}
