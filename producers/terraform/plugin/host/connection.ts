// Calls to a running plugin: each with a deadline, each failure told as what it is — crashed, hung, refused, unsupported.
import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { CONTROLLER, MAX_MESSAGE_BYTES, STDIO } from '../protocol/definitions.ts';
import { pem } from './certificate.ts';
import type { Launched } from './launch.ts';
import { PluginProblem } from './problem.ts';

export type Method = MethodDefinition<object, object>;

export interface Connection {
  call<Response>(method: Method, request: object, options: CallOptions): Promise<Response>;
  stream<Response>(method: Method, request: object, options: CallOptions): AsyncIterable<Response>;
  close(): void;
}

export interface CallOptions {
  /** For messages: `ReadResource of aws_s3_bucket`. */
  what: string;
  withinMs: number;
  signal?: AbortSignal;
}

/** After these, how long the process may take to be seen as ended: its connection is lost, or a call was cut off. */
const EXIT_IS_SEEN_MS: Partial<Record<status, number>> = {
  [status.UNAVAILABLE]: 2_000,
  [status.INTERNAL]: 300,
  [status.CANCELLED]: 300,
};
const LONGEST_DETAIL = 500;

export function connect(plugin: Launched): Connection {
  const { handshake, own } = plugin;
  const secure = handshake.certificate && own;
  const client = new Client(
    handshake.target,
    secure
      ? credentials.createSsl(
          Buffer.from(pem(handshake.certificate!)),
          Buffer.from(own.key),
          Buffer.from(own.certificate),
        )
      : credentials.createInsecure(),
    {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc.default_authority': 'localhost',
      ...(secure ? { 'grpc.ssl_target_name_override': 'localhost' } : {}),
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.service_config_disable_resolution': 1,
    },
  );
  drainOutput(client);

  const start = (method: Method, options: CallOptions) => ({
    path: method.path,
    serialize: method.requestSerialize,
    deserialize: method.responseDeserialize,
    settings: { deadline: Date.now() + options.withinMs },
  });
  return {
    call<Response>(method: Method, request: object, options: CallOptions) {
      return new Promise<Response>((resolve, reject) => {
        const { path, serialize, deserialize, settings } = start(method, options);
        if (options.signal?.aborted) return reject(stopped(plugin, options));
        const call = client.makeUnaryRequest(
          path,
          serialize,
          deserialize,
          request,
          new Metadata(),
          settings,
          (error, response) => {
            options.signal?.removeEventListener('abort', cancel);
            if (error) problemOf(plugin, error, options).then(reject);
            else resolve(response as Response);
          },
        );
        const cancel = (): void => call.cancel();
        options.signal?.addEventListener('abort', cancel, { once: true });
      });
    },
    async *stream<Response>(method: Method, request: object, options: CallOptions) {
      const { path, serialize, deserialize, settings } = start(method, options);
      const call: ClientReadableStream<object> = client.makeServerStreamRequest(
        path,
        serialize,
        deserialize,
        request,
        new Metadata(),
        settings,
      );
      const cancel = (): void => call.cancel();
      options.signal?.addEventListener('abort', cancel, { once: true });
      try {
        for await (const response of call) yield response as Response;
      } catch (error) {
        throw await problemOf(plugin, error as ServiceError, options);
      } finally {
        options.signal?.removeEventListener('abort', cancel);
        call.cancel();
      }
    },
    close: () => client.close(),
  };
}

/** go-plugin routes what the provider prints through this stream; unread, a full pipe would halt the provider. */
function drainOutput(client: Client): void {
  const { path, requestSerialize, responseDeserialize } = STDIO.StreamStdio;
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, Buffer.alloc(0));
  stream.on('data', () => {});
  // Older plugins do not have it, and every one ends it when it ends.
  stream.on('error', () => {});
}

const stopped = (plugin: Launched, { what }: CallOptions): PluginProblem =>
  new PluginProblem('stopped', `${what} was given up before ${plugin.name} answered`);

async function problemOf(
  plugin: Launched,
  error: ServiceError,
  options: CallOptions,
): Promise<PluginProblem> {
  const { what, withinMs, signal } = options;
  const { name } = plugin;
  const detail = plugin.redact(String(error.details ?? '')).slice(0, LONGEST_DETAIL);
  if (signal?.aborted) return stopped(plugin, options);
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return new PluginProblem('hung', `${name} did not answer ${what} within ${withinMs} ms`, error);
    case status.UNIMPLEMENTED:
      return new PluginProblem(
        'unsupported',
        `${name} has no call for ${what}: a newer version of it may`,
        error,
      );
    case status.RESOURCE_EXHAUSTED:
      return new PluginProblem('refused', `${name} could not answer ${what}: ${detail}`, error);
  }
  if (await endsWithin(plugin, EXIT_IS_SEEN_MS[error.code] ?? 0))
    return new PluginProblem(
      'crashed',
      `${name} ended while it was asked for ${what}: it ${plugin.ending()}`,
      error,
    );
  if (error.code === status.CANCELLED) return stopped(plugin, options);
  if (error.code === status.UNAVAILABLE)
    return new PluginProblem('hung', `${name} runs but cannot be reached for ${what}: ${detail}`, error);
  return new PluginProblem(
    'refused',
    `${name} failed at ${what} (${status[error.code] ?? error.code}): ${detail}`,
    error,
  );
}

/** Also an end just seen may still have words on their way. */
async function endsWithin(plugin: Launched, ms: number): Promise<boolean> {
  if (plugin.exit() === null && ms > 0) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([plugin.exited, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
  }
  if (plugin.exit() === null) return false;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return true;
}

export const askedToEnd = { method: CONTROLLER.Shutdown as unknown as Method, request: Buffer.alloc(0) };
