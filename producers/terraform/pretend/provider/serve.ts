// A plugin as go-plugin wants it: the cookie, a unix socket, one line on standard output, the services beside the provider's
// own, and an end when it is told to, or when nobody is left to tell it.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ownCertificate } from '../../plugin/host/certificate.ts';
import {
  CONTROLLER,
  MAGIC_COOKIE,
  MAX_MESSAGE_BYTES,
  type ProtocolVersion,
  providerService,
  STDIO,
} from '../../plugin/protocol/definitions.ts';
import type { ProviderType } from '../schema.ts';
import { handlersOf } from './handlers.ts';
import { PretendProvider } from './provider.ts';

const bytes = (value: Buffer): Buffer => value;
const HEALTH: Record<string, MethodDefinition<Buffer, Buffer>> = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};
/** Field 1, value 1: serving. */
const SERVING = Buffer.of(0x08, 0x01);

/** Nothing it prints is for Terraform's user. */
const NO_OUTPUT = {
  StreamStdio: (call: ServerWritableStream<Buffer, Buffer>) => call.end(),
};

/** How often it looks whether who started it is still there. */
const ORPHAN_MS = 1_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Serves until it is told to stop; then ends the process. */
export async function servePlugin(
  type: ProviderType,
  environment: Environment,
  options: { lists: boolean },
): Promise<void> {
  if (environment[MAGIC_COOKIE.name] !== MAGIC_COOKIE.value) {
    process.stderr.write(
      'This is a provider for Terraform, made to pretend. Terraform starts it; it does nothing by hand.\n',
    );
    process.exit(1);
  }
  const version = versionFor(type.protocol, environment.PLUGIN_PROTOCOL_VERSIONS);
  const provider = new PretendProvider(type, environment);
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
  const socket = join(
    environment.PLUGIN_UNIX_SOCKET_DIR || tmpdir(),
    `plugin${randomBytes(6).toString('hex')}`,
  );
  const end = (): void => {
    provider.stop();
    server.forceShutdown();
    rmSync(socket, { force: true });
    process.exit(0);
  };
  server.addService(providerService(version), handlersOf(provider, version, options.lists));
  server.addService(HEALTH, {
    Check: (_: unknown, callback: sendUnaryData<Buffer>) => callback(null, SERVING),
  });
  server.addService(STDIO, NO_OUTPUT);
  server.addService(CONTROLLER, {
    Shutdown: (_: unknown, callback: sendUnaryData<Buffer>) => {
      callback(null, Buffer.alloc(0));
      // Not before the answer is out.
      setTimeout(end, 20);
    },
  });
  const { credentials, certificate } = securityFor(environment.PLUGIN_CLIENT_CERT);
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, credentials, (error) => (error ? reject(error) : resolve())),
  );
  // go-plugin's clients send it to children of a terminal whose user pressed Ctrl-C; Terraform itself decides what follows.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', end);
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, ORPHAN_MS).unref();
  process.stdout.write(`1|${version}|unix|${socket}|grpc|${certificate}\n`);
}

/** The version it is made for if the other side speaks it, else one that does. */
function versionFor(own: ProtocolVersion, offered: string | undefined): ProtocolVersion {
  const spoken = (offered ?? '').split(',').map(Number);
  if (spoken.includes(own) || offered === undefined) return own;
  const other = own === 5 ? 6 : 5;
  return spoken.includes(other) ? other : own;
}

/** Mutual TLS if the other side shows a certificate, as Terraform does; plaintext if not, as go-plugin has it. */
function securityFor(clientCertificate: string | undefined): {
  credentials: ServerCredentials;
  /** DER in base64 without padding: the last part of the handshake. */
  certificate: string;
} {
  if (!clientCertificate) return { credentials: ServerCredentials.createInsecure(), certificate: '' };
  const own = ownCertificate(Date.now());
  const pair = { cert_chain: Buffer.from(own.certificate), private_key: Buffer.from(own.key) };
  return {
    credentials: ServerCredentials.createSsl(Buffer.from(clientCertificate), [pair], true),
    certificate: own.certificate.replaceAll(/-----[A-Z ]+-----|\s|=/g, ''),
  };
}
