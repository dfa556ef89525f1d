// CloudTrail records and files for the end-to-end tests, in the shapes S3 delivers them (CloudTrail record reference).
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../schemas/index.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';
/** Noon of a day long gone; calls are told in seconds after it. */
const NOON = Date.parse('2026-03-02T12:00:00Z');

export interface Caller {
  identity: JsonObject;
  userAgent: string;
  sourceIp: string;
  console?: true;
}

export interface Call {
  id: string;
  /** Seconds after noon. */
  at: number;
  /** Without `.amazonaws.com`. */
  source: string;
  name: string;
  by: Caller;
  req?: JsonObject | null;
  resp?: JsonObject | null;
  resources?: JsonObject[];
  errorCode?: string;
  readOnly?: true;
  eventType?: string;
}

const assumedRole = (role: string, session: string, more: JsonObject = {}): JsonObject => ({
  type: 'AssumedRole',
  principalId: `AROAEXAMPLE:${session}`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.split('/').at(-1)}/${session}`,
  accountId: ACCOUNT,
  accessKeyId: 'ASIAEXAMPLE000000000',
  sessionContext: {
    sessionIssuer: {
      type: 'Role',
      principalId: 'AROAEXAMPLE',
      arn: `arn:aws:iam::${ACCOUNT}:role/${role}`,
      accountId: ACCOUNT,
      userName: role.split('/').at(-1)!,
    },
    attributes: { creationDate: '2026-03-02T11:00:00Z', mfaAuthenticated: 'false' },
  },
  ...more,
});

const user = (name: string): JsonObject => ({
  type: 'IAMUser',
  principalId: `AIDAEXAMPLE${name.toUpperCase()}`,
  arn: `arn:aws:iam::${ACCOUNT}:user/${name}`,
  accountId: ACCOUNT,
  accessKeyId: `AKIAEXAMPLE${name.toUpperCase()}`,
  userName: name,
});

const TERRAFORM =
  'APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.90.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.7';
const ci: JsonObject = assumedRole('terraform-apply', 'ci-4711');

export const CALLERS = {
  alice: {
    identity: user('alice'),
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
    sourceIp: '198.51.100.7',
    console: true,
  },
  bob: {
    identity: user('bob'),
    userAgent: 'aws-cli/2.27.1 md/awscrt#0.26.1 ua/2.1 os/linux lang/python#3.13.3',
    sourceIp: '198.51.100.8',
  },
  script: {
    identity: assumedRole('ops-cleanup', 'cron-host-3'),
    userAgent: 'Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux lang/python#3.12.4',
    sourceIp: '203.0.113.20',
  },
  root: {
    identity: { type: 'Root', principalId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT },
    userAgent: '[aws-sdk-java/1.12.700]',
    sourceIp: '2001:db8::7',
  },
  terraform: { identity: ci, userAgent: TERRAFORM, sourceIp: '203.0.113.9' },
  /** S3 puts the agent in brackets. */
  terraformToS3: { identity: ci, userAgent: `[${TERRAFORM}]`, sourceIp: '203.0.113.9' },
  /** Before 3.x the agent stood last. */
  oldTerraform: {
    identity: ci,
    userAgent: 'aws-sdk-go/1.20.4 (go1.12.6; linux; amd64) APN/1.0 HashiCorp/1.0 Terraform/0.12.2',
    sourceIp: '203.0.113.9',
  },
  openTofu: {
    identity: ci,
    userAgent: TERRAFORM.replace('Terraform/1.11.4', 'OpenTofu/1.10.6'),
    sourceIp: '203.0.113.9',
  },
  autoscaling: {
    identity: assumedRole(
      'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling',
      'AutoScaling',
      { invokedBy: 'autoscaling.amazonaws.com' },
    ),
    userAgent: 'autoscaling.amazonaws.com',
    sourceIp: 'autoscaling.amazonaws.com',
  },
  cloudformation: {
    identity: { ...user('alice'), invokedBy: 'cloudformation.amazonaws.com' },
    userAgent: 'cloudformation.amazonaws.com',
    sourceIp: 'cloudformation.amazonaws.com',
  },
  kms: {
    identity: { type: 'AWSService', invokedBy: 'kms.amazonaws.com' },
    userAgent: 'kms.amazonaws.com',
    sourceIp: 'kms.amazonaws.com',
  },
} as const satisfies Record<string, Caller>;

export const recordOf = (call: Call): JsonObject => ({
  eventVersion: '1.11',
  userIdentity: call.by.identity,
  eventTime: new Date(NOON + call.at * 1_000).toISOString().replace('.000Z', 'Z'),
  eventSource: `${call.source}.amazonaws.com`,
  eventName: call.name,
  awsRegion: REGION,
  sourceIPAddress: call.by.sourceIp,
  userAgent: call.by.userAgent,
  requestParameters: call.req ?? null,
  responseElements: call.resp ?? null,
  requestID: `req-${call.id}`,
  eventID: call.id,
  readOnly: call.readOnly ?? false,
  eventType: call.eventType ?? 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: ACCOUNT,
  eventCategory: 'Management',
  ...(call.resources ? { resources: call.resources } : {}),
  ...(call.errorCode ? { errorCode: call.errorCode, errorMessage: 'it did not happen' } : {}),
  ...(call.by.console ? { sessionCredentialFromConsole: 'true' } : {}),
});

/** Where S3 would put the nth file of the day. */
export const deliveredAs = (n: number): string =>
  `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/2026/03/02/${ACCOUNT}_CloudTrail_${REGION}_20260302T12${String(n).padStart(2, '0')}Z_${n}abc.json.gz`;

/** Writes files of records below a directory; those that end in .gz are compressed. */
export async function writeTrail(
  directory: string,
  files: Record<string, readonly JsonObject[]>,
): Promise<void> {
  for (const [name, records] of Object.entries(files)) {
    const path = join(directory, name);
    const text = JSON.stringify({ Records: records });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text);
  }
}
