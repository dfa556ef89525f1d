// Speaks to the pretend cloud as someone: the provider does, and tests that change things behind Terraform's back.
import { Agent, type RequestOptions, request } from 'node:http';
import type { JsonObject } from '../../../../schemas/index.ts';
import type { JournalEntry, Shown } from './cloud.ts';
import { Refused } from './refused.ts';

export interface CloudClient {
  create(type: string, attributes: JsonObject): Promise<Shown>;
  /** Null when there is none. */
  read(type: string, id: string): Promise<Shown | null>;
  update(type: string, id: string, attributes: JsonObject): Promise<Shown>;
  delete(type: string, id: string): Promise<void>;
  list(type?: string): Promise<Shown[]>;
  caller(): Promise<JsonObject>;
  calls(after?: number): Promise<{ entries: JournalEntry[]; next: number }>;
  set(settings: JsonObject): Promise<void>;
}

export interface CalledBy {
  url: string;
  accessKey: string;
  region?: string;
  userAgent?: string;
  signal?: AbortSignal;
}

/** Many reads at once share few connections. */
const AGENT = new Agent({ keepAlive: true, maxSockets: 16 });

export function cloudClient(by: CalledBy): CloudClient {
  const headers: Record<string, string> = {
    'x-access-key': by.accessKey,
    'content-type': 'application/json',
    ...(by.region === undefined ? {} : { 'x-region': by.region }),
    ...(by.userAgent === undefined ? {} : { 'user-agent': by.userAgent }),
  };
  async function call<T>(method: string, path: string, body?: JsonObject): Promise<T> {
    const { status, text } = await ask(
      `${by.url}${path}`,
      { method, headers, signal: by.signal, agent: AGENT },
      body,
    );
    const answer = JSON.parse(text) as T & { code: string; message: string };
    if (status >= 400) throw new Refused(status, answer.code, answer.message);
    return answer;
  }
  const at = (type: string, id: string): string => `/resources/${type}/${encodeURIComponent(id)}`;
  return {
    create: (type, attributes) => call('POST', `/resources/${type}`, { attributes }),
    async read(type, id) {
      try {
        return await call<Shown>('GET', at(type, id));
      } catch (error) {
        if (error instanceof Refused && error.code === 'NotFound') return null;
        throw error;
      }
    },
    update: (type, id, attributes) => call('PATCH', at(type, id), { attributes }),
    delete: (type, id) => call('DELETE', at(type, id)),
    list: async (type) =>
      (await call<{ items: Shown[] }>('GET', `/resources${type === undefined ? '' : `?type=${type}`}`)).items,
    caller: () => call('GET', '/caller'),
    calls: (after = 0) => call('GET', `/calls?after=${after}`),
    set: (settings) => call('PATCH', '/settings', settings),
  };
}

function ask(
  url: string,
  options: RequestOptions,
  body: JsonObject | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new Refused(0, 'Unreachable', `the pretend cloud at ${url} does not answer: ${error.message}`));
    const asked = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    asked.on('error', fail);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
