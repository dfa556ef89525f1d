// The real aws provider and a pretend AWS (moto's server) for tests: both found on the machine, never fetched.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isRequired } from '../../../../runtime/testing/servers.ts';
import type { Choice } from '../find/choose.ts';
import { findProvider } from '../find/find.ts';
import { parseSource } from '../find/source.ts';

const SKIPPED = "what needs the real aws provider and moto's server";

/**
 * TF_PLUGIN_MIRROR names a filesystem mirror; else the places of the CLI configuration count. Null, said loudly, when there is
 * none; REQUIRE=aws-provider turns that into a failure.
 */
export async function awsProvider(): Promise<Choice | null> {
  const own = process.env.TF_PLUGIN_MIRROR || null;
  const found = await findProvider(parseSource('hashicorp/aws')!, {
    environment: process.env,
    directory: null,
    own,
  }).catch((error: Error) => error);
  if (!(found instanceof Error)) return found;
  if (isRequired('aws-provider')) throw found;
  process.stderr.write(`SKIPPED ${SKIPPED}: ${found.message}; TF_PLUGIN_MIRROR may name a mirror\n`);
  return null;
}

export interface Moto {
  url: string;
  /** A call of one of AWS's form-encoded APIs; the answer is XML. */
  query(service: 'ec2' | 'iam' | 'sqs', action: string, parameters?: Record<string, string>): Promise<string>;
  s3(method: string, path: string, body?: string): Promise<number>;
  stop(): Promise<void>;
}

const VERSIONS = { ec2: '2016-11-15', iam: '2010-05-08', sqs: '2012-11-05' };
/** Python on a busy machine takes its time. */
const STARTS_WITHIN_MS = 120_000;

/** MOTO_SERVER names the program (default: `moto_server` on PATH), MOTO_PORT its port. Null, said loudly, when there is none. */
export async function startMoto(): Promise<Moto | null> {
  const program = process.env.MOTO_SERVER || 'moto_server';
  const port = Number(process.env.MOTO_PORT) || (await freePort());
  const url = `http://127.0.0.1:${port}`;
  // A group of its own: what starts it may be a script around it.
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore', detached: true });
  const failed = await Promise.race([
    once(child, 'spawn').then(() => null),
    once(child, 'error').then(([e]) => e as Error),
  ]).catch((error: Error) => error);
  if (failed) {
    if (isRequired('moto')) throw failed;
    process.stderr.write(`SKIPPED ${SKIPPED}: ${program} cannot be started (pip install "moto[server]")\n`);
    return null;
  }
  const end = (): boolean => process.kill(-child.pid!, 'SIGKILL');
  process.once('exit', end);
  await answers(child, url);
  const authorization = (service: string): string =>
    `AWS4-HMAC-SHA256 Credential=test/20000101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  return {
    url,
    async query(service, action, parameters = {}) {
      const body = new URLSearchParams({ Action: action, Version: VERSIONS[service], ...parameters });
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: authorization(service) },
        body,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
      return text;
    },
    async s3(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: authorization('s3') },
        body,
      });
      await response.arrayBuffer();
      return response.status;
    },
    async stop() {
      const ended = once(child, 'exit');
      process.off('exit', end);
      end();
      await ended;
    },
  };
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (const end = Date.now() + STARTS_WITHIN_MS; Date.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`moto's server ended with code ${child.exitCode}`);
    if (
      await fetch(`${url}/moto-api/`).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  process.kill(-child.pid!, 'SIGKILL');
  throw new Error(`moto's server did not answer within ${STARTS_WITHIN_MS} ms`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export const ACCOUNT = '123456789012';
export const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** The `provider "aws"` block for moto. */
export const awsConfiguration = (url: string, region = 'us-east-1') => ({
  region,
  access_key: 'AKIAIOSFODNN7EXAMPLE',
  secret_key: SECRET_KEY,
  s3_use_path_style: true,
  skip_metadata_api_check: 'true',
  // What moto does not answer would be asked again and again.
  max_retries: 2,
  endpoints: [Object.fromEntries(ENDPOINTS.map((service) => [service, url]))],
});

/** Services of the provider that moto answers for, as the provider names them. */
const ENDPOINTS =
  'acm apigateway apigatewayv2 autoscaling backup cloudformation cloudtrail cloudwatch cognitoidp dynamodb ec2 ecr ecs efs elasticache elb elbv2 events firehose glue guardduty iam kinesis kms lambda logs rds resourcegroups route53 s3 s3control scheduler secretsmanager sfn sns sqs ssm sts wafv2'.split(
    ' ',
  );

/** A resource as its state would hold it when only the id, and what reads need besides, is known. */
export const awsResource = (type: string, attributes: Record<string, unknown>, schemaVersion: number) => ({
  type,
  schemaVersion,
  attributes: Buffer.from(JSON.stringify(attributes)),
  private: null,
});
