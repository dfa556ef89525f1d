// The one line a plugin prints when it is ready: `1|5|unix|/path/of/socket|grpc|<certificate>`. Parsed here. Pure.
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../protocol/definitions.ts';
import { PluginProblem } from './problem.ts';

export interface Handshake {
  protocol: ProtocolVersion;
  /** What gRPC connects to: `unix:/path`, or `127.0.0.1:port`. */
  target: string;
  /** DER of the certificate it serves with; null when it serves in plaintext. */
  certificate: Buffer | null;
}

const CORE = '1';
const LONGEST_TARGET = 4096;

/** Throws a PluginProblem that says what came instead, without repeating it: it may be anything. */
export function parseHandshake(line: string, provider: string): Handshake {
  const [core = '', version = '', network = '', address = '', wire = 'netrpc', certificate = ''] = line
    .trim()
    .split('|');
  if (!/^\d+$/.test(core) || !/^\d+$/.test(version) || network === '' || address === '')
    throw new PluginProblem(
      'not-a-plugin',
      `${provider} printed ${line.length} characters that are no handshake of a Terraform provider: check that the file is the provider's binary`,
    );
  const refuse = (what: string): never => {
    throw new PluginProblem('protocol', `${provider} ${what}: use a version of the provider that does`);
  };
  if (core !== CORE)
    refuse(`speaks version ${core.slice(0, 8)} of the plugin handshake, and not version ${CORE}`);
  const protocol = PROTOCOL_VERSIONS.find((known) => String(known) === version);
  if (!protocol)
    return refuse(
      `speaks version ${version.slice(0, 8)} of Terraform's plugin protocol, and not ${PROTOCOL_VERSIONS.join(' or ')}`,
    );
  if (wire !== 'grpc') refuse(`does not speak gRPC`);
  if (address.length > LONGEST_TARGET) refuse(`gives an address that is no address`);
  const own = certificate === '' ? null : Buffer.from(certificate, 'base64');
  return { protocol, target: targetOf(network, address, own !== null, refuse), certificate: own };
}

function targetOf(
  network: string,
  address: string,
  secured: boolean,
  refuse: (what: string) => never,
): string {
  if (network === 'unix')
    return address.startsWith('/') ? `unix:${address}` : refuse('gives no absolute socket');
  if (network !== 'tcp') return refuse(`serves on a network of the kind "${network.slice(0, 16)}"`);
  if (!/^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost):\d+$/.test(address))
    return refuse('serves beyond this machine');
  // Anyone on this machine could listen or ask, and credentials pass here.
  return secured ? address : refuse('serves on a TCP port without TLS, where a unix socket or TLS is needed');
}
