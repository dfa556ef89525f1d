// The gRPC services of Terraform's plugin protocol, versions 5 and 6: for our host, and for providers of our own.
import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const PROTOCOL_VERSIONS = [5, 6] as const;
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/** Providers serve at most 256 MiB a message; the schema of a large one is tens of MiB. */
export const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** What the environment of a plugin must say, so that nobody starts one by hand and wonders. Not a secret. */
export const MAGIC_COOKIE = {
  name: 'TF_PLUGIN_MAGIC_COOKIE',
  value: 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2',
} as const;

const loaded = new Map<ProtocolVersion, ServiceDefinition>();

/**
 * The `Provider` service of a protocol version. Messages are plain objects with the field names of the definition
 * (snake case), every field present: absent messages null, 64-bit numbers as numbers, enumerations as their names.
 */
export function providerService(version: ProtocolVersion): ServiceDefinition {
  const known = loaded.get(version);
  if (known) return known;
  const file = fileURLToPath(new URL(`tfplugin${version}.proto`, import.meta.url));
  const definitions = loadSync(file, { keepCase: true, longs: Number, enums: String, defaults: true });
  const service = definitions[`tfplugin${version}.Provider`] as ServiceDefinition | undefined;
  if (!service) throw new Error(`${file} defines no service Provider`);
  loaded.set(version, service);
  return service;
}

const bytes = (value: Buffer): Buffer => value;
/** A method whose messages stay bytes: both sides of these hold nothing that we read. */
const opaque = (path: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});

/** go-plugin's own services: asked to end, and what the plugin printed. An empty message is no bytes. */
export const CONTROLLER = { Shutdown: opaque('/plugin.GRPCController/Shutdown', false) } as const;
export const STDIO = { StreamStdio: opaque('/plugin.GRPCStdio/StreamStdio', true) } as const;
