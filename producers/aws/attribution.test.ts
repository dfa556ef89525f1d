import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../schemas/index.ts';
import { actorOf, attribution } from './attribution.ts';
import { checkRecord } from './record.ts';

const ACCOUNT = '123456789012';
const known = attribution({
  pipelines: ['arn:aws:iam::*:role/deploy-*', 'release-bot'],
  applyIdentities: [`arn:aws:iam::${ACCOUNT}:role/terraform`],
});

const user: JsonObject = {
  type: 'IAMUser',
  principalId: 'AIDAEXAMPLE',
  arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
  accountId: ACCOUNT,
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  userName: 'alice',
};

const assumed = (role: string, session: string, more: JsonObject = {}): JsonObject => ({
  type: 'AssumedRole',
  principalId: `AROAEXAMPLE:${session}`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.split('/').at(-1)}/${session}`,
  accountId: ACCOUNT,
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  sessionContext: {
    sessionIssuer: {
      type: 'Role',
      arn: `arn:aws:iam::${ACCOUNT}:role/${role}`,
      userName: role.split('/').at(-1)!,
    },
    attributes: { creationDate: '2026-03-01T09:00:00Z', mfaAuthenticated: 'false' },
  },
  ...more,
});

const CLI = 'aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64 prompt/off command/ec2.authorize';
const TERRAFORM =
  'APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.70.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.30.3 os/linux';

function actor(userIdentity: JsonObject, userAgent: string | null, more: JsonObject = {}) {
  const checked = checkRecord({
    eventID: 'e-1',
    eventTime: '2026-03-01T10:00:00Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'RunInstances',
    sourceIPAddress: '198.51.100.7',
    userIdentity,
    userAgent,
    ...more,
  });
  if ('unreadable' in checked) throw new Error(checked.unreadable);
  return actorOf(checked.record, known);
}

describe('who', () => {
  test('an IAM user is the user, by name', () => {
    expect(actor(user, CLI)).toEqual({
      principal: `arn:aws:iam::${ACCOUNT}:user/alice`,
      name: 'alice',
      via: 'cli',
      sourceIp: '198.51.100.7',
      userAgent: CLI,
      session: 'AKIAIOSFODNN7EXAMPLE',
      eventIds: ['e-1'],
      operations: ['RunInstances'],
      certainty: 'high',
    });
  });

  test('a role session is the role, by the name of the session', () => {
    expect(actor(assumed('admins/Ops', 'bob@example.com'), CLI)).toMatchObject({
      principal: `arn:aws:iam::${ACCOUNT}:role/admins/Ops`,
      name: 'bob@example.com',
    });
  });

  test('a single sign-on session is not without a name', () => {
    expect(actor(assumed('aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1', 'carol'), CLI).name).toBe(
      'carol',
    );
  });

  test('root is root', () => {
    const root = { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT };
    expect(actor(root, null)).toMatchObject({ principal: `arn:aws:iam::${ACCOUNT}:root`, name: 'root' });
  });

  test('an Identity Center user is the user it acts for', () => {
    const identity = {
      type: 'IdentityCenterUser',
      accountId: ACCOUNT,
      onBehalfOf: {
        userId: '544894e8-80c1-707f-60e3-3ba6510dfac1',
        identityStoreArn: 'arn:aws:identitystore::1:x',
      },
      credentialId: 'cred-1',
    };
    expect(actor(identity, CLI).principal).toBe('544894e8-80c1-707f-60e3-3ba6510dfac1');
  });

  test('nobody told is unknown, and said so', () => {
    expect(actor({}, null, { sourceIPAddress: null })).toMatchObject({
      principal: 'unknown',
      name: 'unknown',
      via: 'unknown',
      sourceIp: null,
      session: null,
      certainty: 'low',
    });
  });
});

describe('through what', () => {
  test.each<[string, string, JsonObject, string | null, JsonObject, string, string]>([
    [
      'a console session',
      'console',
      user,
      'Mozilla/5.0',
      { sessionCredentialFromConsole: 'true' },
      'high',
      'alice',
    ],
    ['a console action', 'console', user, null, { eventType: 'AwsConsoleAction' }, 'high', 'alice'],
    [
      'an old console call',
      'console',
      { ...user, invokedBy: 'signin.amazonaws.com', accessKeyId: 'ASIA1' },
      'signin.amazonaws.com',
      {},
      'high',
      'alice',
    ],
    ['a console call by agent alone', 'console', user, 'console.ec2.amazonaws.com', {}, 'low', 'alice'],
    ['AWS Internal', 'console', user, 'AWS Internal', { sourceIPAddress: 'AWS Internal' }, 'low', 'alice'],
    ['the CLI', 'cli', user, CLI, {}, 'high', 'alice'],
    ['the CLI, in brackets', 'cli', user, `[${CLI}]`, {}, 'high', 'alice'],
    ['the CLI, no key seen', 'cli', { ...user, accessKeyId: null }, CLI, {}, 'low', 'alice'],
    ['Boto', 'sdk', user, 'Boto3/1.34.0 md/Botocore#1.34.0', {}, 'high', 'alice'],
    ['an SDK', 'sdk', user, 'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22', {}, 'high', 'alice'],
    ['something of its own making', 'unknown', user, 'my-tool_1', {}, 'low', 'alice'],
    [
      'autoscaling for itself',
      'service',
      { type: 'AWSService', invokedBy: 'autoscaling.amazonaws.com' },
      'autoscaling.amazonaws.com',
      { sourceIPAddress: 'autoscaling.amazonaws.com' },
      'high',
      'autoscaling.amazonaws.com',
    ],
    [
      'CloudFormation for someone',
      'service',
      { ...user, invokedBy: 'cloudformation.amazonaws.com' },
      'cloudformation.amazonaws.com',
      { sourceIPAddress: 'cloudformation.amazonaws.com' },
      'high',
      'cloudformation.amazonaws.com for alice',
    ],
    [
      'CloudFormation for someone in the console',
      'service',
      { ...user, invokedBy: 'cloudformation.amazonaws.com' },
      'x',
      { sessionCredentialFromConsole: 'true' },
      'high',
      'cloudformation.amazonaws.com for alice',
    ],
    [
      'a service event',
      'service',
      { type: 'AWSService', invokedBy: 'kms.amazonaws.com' },
      null,
      { eventType: 'AwsServiceEvent', eventSource: 'kms.amazonaws.com' },
      'high',
      'kms.amazonaws.com',
    ],
    [
      'an agent that only says so',
      'service',
      user,
      'cloudformation.amazonaws.com',
      {},
      'low',
      'cloudformation.amazonaws.com for alice',
    ],
    ['Terraform', 'terraform', user, TERRAFORM, {}, 'low', 'alice'],
    ['Terraform of S3, in brackets', 'terraform', user, `[${TERRAFORM}]`, {}, 'low', 'alice'],
    [
      'Terraform of old, at the end',
      'terraform',
      user,
      'aws-sdk-go/1.20.4 (go1.12.5; linux; amd64) APN/1.0 HashiCorp/1.0 Terraform/0.12.2',
      {},
      'low',
      'alice',
    ],
    [
      'OpenTofu',
      'terraform',
      user,
      'APN/1.0 HashiCorp/1.0 OpenTofu/1.8.2 (+https://opentofu.org)',
      {},
      'low',
      'alice',
    ],
    ['Pulumi', 'terraform', user, 'APN/1.0 Pulumi/1.0 PulumiAws/6.5 aws-sdk-go-v2/1.2', {}, 'low', 'alice'],
    ['Terraform as itself', 'terraform', assumed('terraform', 'run-1'), TERRAFORM, {}, 'high', 'run-1'],
    [
      'the apply identity by another tool',
      'terraform',
      assumed('terraform', 'run-1'),
      CLI,
      {},
      'low',
      'run-1',
    ],
    [
      'a person in the console with the apply identity',
      'console',
      assumed('terraform', 'bob'),
      'Mozilla/5.0',
      { sessionCredentialFromConsole: 'true' },
      'high',
      'bob',
    ],
    ['a pipeline', 'pipeline', assumed('deploy-web', 'gha-17'), CLI, {}, 'high', 'gha-17'],
    [
      'a pipeline by the name of its user',
      'pipeline',
      { ...user, arn: `arn:aws:iam::${ACCOUNT}:user/release-bot`, userName: 'release-bot' },
      CLI,
      {},
      'low',
      'release-bot',
    ],
    ['Terraform in a pipeline', 'terraform', assumed('deploy-web', 'gha-17'), TERRAFORM, {}, 'low', 'gha-17'],
  ])('%s is %s', (_, via, identity, agent, more, certainty, name) => {
    expect(actor(identity, agent, more)).toMatchObject({ via, certainty, name });
  });

  test('a service-linked role is its service', () => {
    const identity = assumed('aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS', 's');
    expect(actor(identity, 'x')).toMatchObject({
      via: 'service',
      certainty: 'low',
      name: 'rds.amazonaws.com for s',
    });
  });

  test('a role that only ends like an apply identity is none', () => {
    expect(actor(assumed('not-terraform', 'x'), CLI).via).toBe('cli');
    expect(actor(assumed('nested/deploy-web', 'x'), CLI).via).toBe('cli');
  });
});

describe('sessions', () => {
  test('an access key groups what it did', () => {
    expect(actor(user, CLI).session).toBe('AKIAIOSFODNN7EXAMPLE');
  });

  test('a console session is one session, whatever keys its pages got', () => {
    const page = (key: string) =>
      actor(assumed('Ops', 'bob', { accessKeyId: key }), 'Mozilla/5.0', {
        sessionCredentialFromConsole: 'true',
      }).session;
    expect(page('ASIA1')).toBe(page('ASIA2'));
  });
});
