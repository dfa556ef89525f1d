// What is asked of a Confluent-compatible registry, and what its failures mean.
//
// Of the library this is the HTTP client alone. Its SchemaRegistry hides the text of schemas, sets the compatibility only after
// the first registration, and loads the parsers of other formats.
import { createRequire } from 'node:module';
import { DriftError } from '../errors.ts';

// It is a CommonJS file with a default export, which Node and Vitest import differently; both require it alike.
const { default: registryApi } = createRequire(import.meta.url)(
  '@kafkajs/confluent-schema-registry/dist/api/index.js',
) as typeof import('@kafkajs/confluent-schema-registry/dist/api/index.js');

export interface Version {
  id: number;
  /** Counts from 1 within the subject. */
  version: number;
  /** Avro, JSON text; some registries write it anew. */
  schema: string;
}

export interface RegistryClient {
  /** All versions of a subject that were not deleted; none for a subject that is not there. */
  versions(subject: string): Promise<Version[]>;
  /** Makes every new version of the subject one that reads what all earlier ones wrote. */
  protect(subject: string): Promise<void>;
  /** Its id, or why the registry refuses it. */
  register(subject: string, schema: string): Promise<{ id: number } | { refused: string }>;
  /** The schema of an id; null when there is none. */
  schema(id: number): Promise<string | null>;
}

const COMPATIBILITY = 'BACKWARD_TRANSITIVE';
/** A server that is silent for so long counts as away. */
const SILENT_MS = 5_000;
/** With all its repetitions, no question takes longer. */
const LONGEST_MS = 20_000;
const ATTEMPTS = 3;

/** What the library's failures look like. A connection that failed has status 400. */
interface Failure extends Error {
  status?: number;
}

export function createRegistryClient(text: string, silentMs = SILENT_MS): RegistryClient {
  const url = parsed(text);
  const { username, password } = url;
  const api = registryApi({
    host: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    clientId: 'driftmgr',
    retry: { retries: ATTEMPTS - 1 },
    ...(username === '' && password === ''
      ? {}
      : { auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }),
    middlewares: [() => ({ request: (request) => Promise.resolve(request.enhance({ timeout: silentMs })) })],
  });

  /** What the registry answers; `otherwise` says which refusals are answers. */
  async function ask<T>(
    question: Promise<{ data(): unknown }>,
    otherwise: (failure: Failure) => T | undefined = () => undefined,
  ): Promise<T> {
    const late = new AbortController();
    try {
      const answer = await Promise.race([question, lateness(late.signal)]);
      return answer.data() as T;
    } catch (error) {
      const known = otherwise(error as Failure);
      if (known !== undefined) return known;
      throw registryError(error as Failure, url.host);
    } finally {
      late.abort();
    }
  }

  async function isProtected(subject: string): Promise<boolean> {
    const question = api.Subject.config({ subject });
    const current = await ask<{ compatibilityLevel?: string } | null>(question, ifMissing(null));
    return current?.compatibilityLevel === COMPATIBILITY;
  }

  return {
    async versions(subject) {
      const newest = await ask<Version | null>(api.Subject.latestVersion({ subject }), ifMissing(null));
      if (newest === null) return [];
      const earlier = await Promise.all(
        Array.from({ length: newest.version - 1 }, (_, at) =>
          ask<Version | null>(api.Subject.version({ subject, version: at + 1 }), ifMissing(null)),
        ),
      );
      return [...earlier, newest].filter((version) => version !== null);
    },
    async protect(subject) {
      if (await isProtected(subject)) return;
      try {
        await ask(api.Subject.updateConfig({ subject, body: { compatibility: COMPATIBILITY } }));
      } catch (error) {
        // Of processes that start at once, registries let one do it, and tell the others that it is there already.
        if (!(await isProtected(subject))) throw error;
      }
    },
    register: (subject, schema) =>
      ask<{ id: number } | { refused: string }>(
        api.Subject.register({ subject, body: { schema } }),
        ({ status, message }) => (status === 409 || status === 422 ? { refused: message } : undefined),
      ),
    async schema(id) {
      const answer = await ask<{ schema: string } | null>(api.Schema.find({ id }), ifMissing(null));
      return answer?.schema ?? null;
    },
  };
}

const ifMissing =
  <T>(value: T) =>
  ({ status }: Failure): T | undefined =>
    status === 404 ? value : undefined;

/** A connection that breaks in the middle of an answer would leave the library waiting. */
const lateness = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${LONGEST_MS} ms`)), LONGEST_MS);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new DriftError('the registry URL does not parse', {
    code: 'DM_CONFIG_INVALID',
    retriable: false,
    public: 'The URL of the schema registry is not one: write it as http://user:password@host:8081.',
  });
}

function registryError(failure: Failure, host: string): DriftError {
  const { status, message } = failure;
  if (status === 401 || status === 403)
    return new DriftError(`the registry at ${host} refuses: ${message}`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `The schema registry at ${host} refuses (HTTP ${status}): check user and password in registry.url, and that they may register schemas and set compatibility.`,
      cause: failure,
    });
  if (status === 404 || status === 405)
    return new DriftError(`at ${host} is no registry: ${message}`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `At registry.url (${host}) there is no Confluent-compatible schema registry (HTTP ${status}): check the path, which for Apicurio is /apis/ccompat/v7.`,
      cause: failure,
    });
  return new DriftError(`the registry at ${host} does not answer: ${message}`, {
    code: 'DM_REGISTRY_UNREACHABLE',
    retriable: true,
    public: `The schema registry at ${host} does not answer: look whether it is up, and whether registry.url is right.`,
    cause: failure,
  });
}
