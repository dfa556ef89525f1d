// A provider's process and the connection to it: started, asked, checked for life, and ended cleanly.
import type { ServiceDefinition } from '@grpc/grpc-js';
import { type ProtocolVersion, providerService } from '../protocol/definitions.ts';
import { askedToEnd, type CallOptions, connect, type Method } from './connection.ts';
import { type Exit, type Launch, type Launched, launch } from './launch.ts';
import { PluginProblem } from './problem.ts';

export interface Plugin {
  name: string;
  pid: number;
  protocol: ProtocolVersion;
  /** Whether it speaks TLS with a certificate made for this run; else plaintext on a socket in a private folder. */
  secured: boolean;
  call<Response>(method: string, request: object, options: CallOptions): Promise<Response>;
  stream<Response>(method: string, request: object, options: CallOptions): AsyncIterable<Response>;
  /** The definition of a call: for one whose answer is better kept as bytes. */
  method(name: string): Method;
  callAs<Response>(method: Method, request: object, options: CallOptions): Promise<Response>;
  /** Whether it answers anything at all. */
  alive(withinMs: number): Promise<boolean>;
  exited: Promise<Exit>;
  exit(): Exit | null;
  redact(text: string): string;
  /** Further values that must not appear in a message, from now on. */
  hide(secrets: Iterable<string>): void;
  /** Asks, waits, insists, kills. Resolves when the process is gone, with what it took. */
  stop(times?: Partial<StopTimes>): Promise<StoppedBy>;
  /** At once, without asking. */
  kill(): Promise<void>;
}

export interface StopTimes {
  /** For each of the two calls that ask it to end. */
  callMs: number;
  /** From having been asked to SIGTERM. */
  askedMs: number;
  /** From SIGTERM to SIGKILL. */
  terminateMs: number;
}
export type StoppedBy = 'asked' | 'SIGTERM' | 'SIGKILL' | 'itself';

const STOP: StopTimes = { callMs: 1_000, askedMs: 2_000, terminateMs: 2_000 };

export async function startPlugin(options: Launch): Promise<Plugin> {
  const launched = await launch(options);
  const { protocol } = launched.handshake;
  const service = providerService(protocol);
  const connection = connect(launched);
  launched.exited.then(() => connection.close());
  let stopping: Promise<StoppedBy> | null = null;

  const plugin: Plugin = {
    name: launched.name,
    pid: launched.pid,
    protocol,
    secured: launched.own !== null,
    method: (name) => methodOf(service, name, launched.name),
    call: async (name, request, how) => connection.call(methodOf(service, name, launched.name), request, how),
    callAs: (method, request, how) => connection.call(method, request, how),
    stream: (name, request, how) => connection.stream(methodOf(service, name, launched.name), request, how),
    async alive(withinMs) {
      if (launched.exit() !== null) return false;
      try {
        await plugin.call('GetMetadata', {}, { what: 'a sign of life', withinMs });
        return true;
      } catch (error) {
        return error instanceof PluginProblem && (error.kind === 'unsupported' || error.kind === 'refused');
      }
    },
    exited: launched.exited,
    exit: launched.exit,
    redact: launched.redact,
    hide: launched.hide,
    stop: (times) => {
      stopping ??= end(launched, plugin, { ...STOP, ...times });
      return stopping;
    },
    async kill() {
      launched.signal('SIGKILL');
      await launched.exited;
    },
  };
  return plugin;
}

function methodOf(service: ServiceDefinition, name: string, provider: string): Method {
  const method = service[name];
  if (!method) throw new PluginProblem('unsupported', `${provider} speaks a protocol that has no ${name}`);
  return method as Method;
}

async function end(launched: Launched, plugin: Plugin, times: StopTimes): Promise<StoppedBy> {
  if (launched.exit() !== null) return 'itself';
  const quietly = (asked: Promise<unknown>): Promise<unknown> => asked.catch(() => {});
  const what = 'the end of its work';
  // What it is at is given up first: a shutdown alone would cut calls to the cloud in the middle.
  const stop = plugin.protocol === 5 ? 'Stop' : 'StopProvider';
  await quietly(plugin.call(stop, {}, { what, withinMs: times.callMs }));
  await quietly(plugin.callAs(askedToEnd.method, askedToEnd.request, { what, withinMs: times.callMs }));
  if (await endsWithin(launched, times.askedMs)) return 'asked';
  launched.signal('SIGTERM');
  if (await endsWithin(launched, times.terminateMs)) return 'SIGTERM';
  launched.signal('SIGKILL');
  await launched.exited;
  return 'SIGKILL';
}

async function endsWithin(launched: Launched, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([launched.exited, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
  return launched.exit() !== null;
}
