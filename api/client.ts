// The typed client of the REST API, for the command line and the dashboard. It must run in a browser: fetch only, types only.
import type {
  AcceptBody,
  AcknowledgeBody,
  AtQuery,
  ChangeJson,
  ChangesQuery,
  ConfigurationBody,
  ConfigurationJson,
  CoverageJson,
  CoverageQuery,
  CreatedKey,
  CreateKeyBody,
  DeadLetterJson,
  DriftCount,
  DriftCountsQuery,
  DriftJson,
  DriftsQuery,
  EventsQuery,
  ExposureJson,
  ExposureQuery,
  KeyJson,
  LiveEvent,
  Page,
  PageQuery,
  Problem,
  Readiness,
  RebuildJson,
  ReplayJson,
  RequestJson,
  ResourceDetail,
  ResourceJson,
  ResourcesQuery,
  SnapshotBody,
  SnapshotJson,
  SnapshotsQuery,
  SystemJson,
  Timeline,
  TopologyJson,
  WorkspaceDetail,
  WorkspaceDriftsQuery,
  WorkspaceJson,
  WorkspacesQuery,
} from './types.ts';

export interface ClientOptions {
  /** Where the API is: `http://127.0.0.1:8080`; empty in the dashboard (same origin). */
  url: string;
  /** API key or JWT; asked for at every call, so that it can change. */
  key: () => string | null;
  fetch?: typeof globalThis.fetch;
}

/** The server's answer was a problem; `problem.detail` says what happened and what to do. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.status = problem.status;
    this.problem = problem;
  }
}

/** No answer at all: nothing listens there, or the network failed. */
export class Unreachable extends Error {
  readonly url: string;
  constructor(url: string, cause: unknown) {
    super(`no answer from ${url}`, { cause });
    this.name = 'Unreachable';
    this.url = url;
  }
}

export interface CallOptions {
  signal?: AbortSignal;
}

/** Filters of the list routes: arrays are repeated parameters; undefined ones are left out. */
type Filters = Record<string, string | number | boolean | readonly string[] | undefined>;

export type Client = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  const base = options.url.replace(/\/+$/, '');

  async function open(method: string, path: string, call: CallOptions, body?: unknown, extra?: HeadersInit) {
    const headers = new Headers(extra);
    const key = options.key();
    if (key) headers.set('authorization', `Bearer ${key}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    let response: Response;
    try {
      response = await send(base + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: call.signal ?? null,
      });
    } catch (cause) {
      if (call.signal?.aborted) throw cause;
      throw new Unreachable(base === '' ? 'the server' : base, cause);
    }
    if (!response.ok) throw new ApiProblem(await problemOf(response, path));
    return response;
  }

  async function ask<T>(method: string, path: string, call: CallOptions = {}, body?: unknown): Promise<T> {
    const response = await open(method, path, call, body);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
  const get = <T>(path: string, filters: Filters = {}, call?: CallOptions) =>
    ask<T>('GET', path + queryText(filters), call);

  return {
    drifts: {
      list: (query: DriftsQuery = {}, call?: CallOptions) =>
        get<Page<DriftJson>>('/api/v1/drifts', query, call),
      get: (id: string, call?: CallOptions) => get<DriftJson>(`/api/v1/drifts/${part(id)}`, {}, call),
      /** Oldest first. */
      timeline: (id: string, query: PageQuery = {}, call?: CallOptions) =>
        get<Timeline>(`/api/v1/drifts/${part(id)}/timeline`, query, call),
      acknowledge: (id: string, body: AcknowledgeBody, call?: CallOptions) =>
        ask<RequestJson>('POST', `/api/v1/drifts/${part(id)}/acknowledge`, call, body),
      accept: (id: string, body: AcceptBody, call?: CallOptions) =>
        ask<RequestJson>('POST', `/api/v1/drifts/${part(id)}/accept`, call, body),
    },
    requests: {
      get: (id: string, call?: CallOptions) => get<RequestJson>(`/api/v1/requests/${part(id)}`, {}, call),
    },
    workspaces: {
      list: (query: WorkspacesQuery = {}, call?: CallOptions) =>
        get<Page<WorkspaceJson>>('/api/v1/workspaces', query, call),
      get: (name: string, call?: CallOptions) =>
        get<WorkspaceDetail>(`/api/v1/workspaces/${part(name)}`, {}, call),
      /** Its drifts that were unresolved at a time (now when left out). */
      drifts: (name: string, query: WorkspaceDriftsQuery = {}, call?: CallOptions) =>
        get<Page<DriftJson>>(`/api/v1/workspaces/${part(name)}/drifts`, query, call),
      /** What is known of its configuration; a problem with status 404: nothing is. */
      configuration: (name: string, call?: CallOptions) =>
        get<ConfigurationJson>(`/api/v1/workspaces/${part(name)}/configuration`, {}, call),
      publishConfiguration: (name: string, body: ConfigurationBody, call?: CallOptions) =>
        ask<ConfigurationJson>('PUT', `/api/v1/workspaces/${part(name)}/configuration`, call, body),
    },
    resources: {
      list: (query: ResourcesQuery = {}, call?: CallOptions) =>
        get<Page<ResourceJson>>('/api/v1/resources', query, call),
      /** Everything declared and observed under one object key, now or as of a time. */
      get: (objectKey: string, query: AtQuery = {}, call?: CallOptions) =>
        get<ResourceDetail>(`/api/v1/resources/${part(objectKey)}`, query, call),
    },
    changes: {
      list: (query: ChangesQuery = {}, call?: CallOptions) =>
        get<Page<ChangeJson>>('/api/v1/changes', query, call),
    },
    coverage: {
      list: (query: CoverageQuery = {}, call?: CallOptions) =>
        get<Page<CoverageJson>>('/api/v1/coverage', query, call),
    },
    snapshots: {
      list: (query: SnapshotsQuery = {}, call?: CallOptions) =>
        get<Page<SnapshotJson>>('/api/v1/snapshots', query, call),
      request: (body: SnapshotBody, call?: CallOptions) =>
        ask<RequestJson>('POST', '/api/v1/snapshots', call, body),
    },
    analytics: {
      /** How many unresolved drifts there are, by owner, workspace, severity, confidence and status. */
      drifts: (query: DriftCountsQuery = {}, call?: CallOptions) =>
        get<{ items: DriftCount[] }>('/api/v1/analytics/drifts', query, call),
      /** For how long confirmed drifts stood open. */
      exposure: (query: ExposureQuery = {}, call?: CallOptions) =>
        get<{ items: ExposureJson[] }>('/api/v1/analytics/exposure', query, call),
    },
    system: {
      ready: (call?: CallOptions) => get<Readiness>('/readyz', {}, call),
      get: (call?: CallOptions) => get<SystemJson>('/api/v1/system', {}, call),
      topology: (call?: CallOptions) => get<TopologyJson>('/api/v1/system/topology', {}, call),
      deadLetters: (query: PageQuery = {}, call?: CallOptions) =>
        get<Page<DeadLetterJson>>('/api/v1/system/dead-letters', query, call),
      replayDeadLetters: (ids: string[] | 'all', call?: CallOptions) =>
        ask<ReplayJson>('POST', '/api/v1/system/dead-letters/replay', call, ids === 'all' ? {} : { ids }),
      rebuild: (projection: string, call?: CallOptions) =>
        ask<RebuildJson>('POST', `/api/v1/system/projections/${part(projection)}/rebuild`, call),
    },
    keys: {
      list: (query: PageQuery = {}, call?: CallOptions) => get<Page<KeyJson>>('/api/v1/keys', query, call),
      create: (body: CreateKeyBody, call?: CallOptions) =>
        ask<CreatedKey>('POST', '/api/v1/keys', call, body),
      revoke: (id: string, call?: CallOptions) => ask<KeyJson>('DELETE', `/api/v1/keys/${part(id)}`, call),
    },
    /**
     * Live events, from now on or from after `lastEventId`. Ends when the server closes the stream or the signal aborts:
     * call again with the id of the last event to read on without a gap. `ready` comes first; `reset` means a gap.
     */
    async *events(
      query: EventsQuery = {},
      call: CallOptions & { lastEventId?: string; onOpen?: () => void } = {},
    ): AsyncGenerator<LiveEvent, void, undefined> {
      const response = await open('GET', `/api/v1/events${queryText(query)}`, call, undefined, {
        accept: 'text/event-stream',
        ...(call.lastEventId ? { 'last-event-id': call.lastEventId } : {}),
      });
      call.onOpen?.();
      if (response.body) yield* readEvents(response.body);
    },
  };
}

const part = encodeURIComponent;

function queryText(filters: Filters): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value === undefined || value === '') continue;
    if (typeof value === 'object') for (const one of value) search.append(name, one);
    else search.append(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function problemOf(response: Response, path: string): Promise<Problem> {
  const fallback: Problem = {
    type: 'about:blank',
    title: response.statusText || 'Unexpected answer',
    status: response.status,
    detail: `The server answered ${response.status} to ${path}.`,
    instance: path,
    code: 'dm_internal',
    correlationId: response.headers.get('x-correlation-id') ?? '',
  };
  if (!response.headers.get('content-type')?.includes('json')) return fallback;
  try {
    const body: unknown = await response.json();
    return { ...fallback, ...(body as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

/** The events of a `text/event-stream`: comments (heartbeats) are passed over, several data lines are joined. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<LiveEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
        const event = parseEvent(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parseEvent(block: string): LiveEvent | null {
  let kind = 'message';
  let id = '';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) kind = line.slice(7);
    else if (line.startsWith('id: ')) id = line.slice(4);
    else if (line.startsWith('data: ')) data.push(line.slice(6));
  }
  return data.length === 0 ? null : ({ kind, id, data: JSON.parse(data.join('\n')) } as LiveEvent);
}
