import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../schemas/index.ts';
import { rowOf } from './events.ts';
import { parametersOf } from './redact.ts';

const kept = (request: JsonObject, call = 'x:Nothing'): unknown => {
  const [source, name] = call.split(':') as [string, string];
  return JSON.parse(parametersOf(request, rowOf(source, name)));
};

describe('request parameters', () => {
  test('ids, names, flags and numbers stay', () => {
    const request = {
      instanceId: 'i-1',
      roleName: 'r',
      publiclyAccessible: true,
      fromPort: 22,
      subnetIds: ['s-1', 's-2'],
    };
    expect(kept(request)).toEqual(request);
  });

  test('what no list names goes', () => {
    expect(kept({ instanceId: 'i-1', whatever: 'x', nested: { other: 'y' }, list: [1, 2] })).toEqual({
      instanceId: 'i-1',
    });
  });

  test('what the row of the call names stays, at any depth', () => {
    expect(
      kept(
        {
          versioning: '',
          bucketName: 'b',
          VersioningConfiguration: { Status: 'Enabled', MfaDelete: 'Disabled' },
        },
        's3:PutBucketVersioning',
      ),
    ).toEqual({ bucketName: 'b', VersioningConfiguration: { Status: 'Enabled', MfaDelete: 'Disabled' } });
  });

  test.each<[string, JsonObject]>([
    ['rds:ModifyDBInstance', { dBInstanceIdentifier: 'd', masterUserPassword: 'SECRET' }],
    ['iam:CreateLoginProfile', { userName: 'u', password: 'SECRET', passwordResetRequired: 'SECRET' }],
    ['secretsmanager:PutSecretValue', { secretId: 'd', secretString: 'SECRET', secretBinary: 'SECRET' }],
    ['ssm:PutParameter', { name: '/n', value: 'SECRET' }],
    [
      'lambda:UpdateFunctionConfiguration20150331v2',
      { functionName: 'f', environment: { variables: { TABLE_NAME: 'SECRET', dbId: 'SECRET' } } },
    ],
    ['ec2:RunInstances', { instanceType: 't3', userData: 'SECRET' }],
    [
      'ec2:CreateTags',
      {
        resourcesSet: { items: [{ resourceId: 'i-1' }] },
        tagSet: { items: [{ key: 'Owner', value: 'SECRET' }] },
      },
    ],
    ['kms:PutKeyPolicy', { keyId: 'k', policy: '{"SECRET":1}' }],
    ['iam:PutRolePolicy', { roleName: 'r', policyDocument: '{"SECRET":1}' }],
    ['sqs:SetQueueAttributes', { queueUrl: 'https://q', attributes: { Policy: 'SECRET' } }],
    ['elasticache:CreateReplicationGroup', { replicationGroupId: 'r', authToken: 'SECRET' }],
    [
      'ecs:RegisterTaskDefinition',
      {
        family: 'f',
        containerDefinitions: [
          {
            name: 'c',
            environment: [{ name: 'A', value: 'SECRET' }],
            secrets: [{ name: 'B', valueFrom: 'SECRET' }],
          },
        ],
      },
    ],
    ['ec2:CreateVpnConnection', { options: { tunnelOptions: [{ preSharedKey: 'SECRET' }] } }],
    ['x:Any', { hostName: 'https://user:SECRET@example.com/' }],
    ['x:Any', { bucketName: 'ghp_SECRETSECRETSECRETSECRETSECRETSECRET' }],
    ['x:Any', { fileName: '-----BEGIN PRIVATE KEY-----SECRET' }],
    ['x:Any', { keyName: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYSECRETKEYX' }],
    ['x:Any', { url: 'https://b.s3.amazonaws.com/o?X-Amz-Signature=SECRET' }],
  ])('%s: no secret stays', (call, request) => {
    expect(JSON.stringify(request)).toContain('SECRET');
    expect(parametersOf(request, rowOf(call.split(':')[0]!, call.split(':')[1]!))).not.toContain('SECRET');
  });

  test('a secret under a secret name stays nowhere, however deep', () => {
    const name = fc.constantFrom(
      'password',
      'masterUserPassword',
      'secretString',
      'authToken',
      'privateKey',
      'userData',
      'environment',
      'credentials',
      'apiKey',
    );
    const wrapper = fc.array(
      fc.constantFrom('VersioningConfiguration', 'ipPermissions', 'items', 'config', 'subnetIds'),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        name,
        wrapper,
        fc.constantFrom('s3:PutBucketVersioning', 'ec2:AuthorizeSecurityGroupIngress', 'x:Any'),
        (secret, path, call) => {
          let request: JsonObject = { [secret]: 'hunter2-hunter2' };
          for (const member of path) request = { [member]: request };
          const [source, operation] = call.split(':') as [string, string];
          expect(parametersOf(request, rowOf(source, operation))).not.toContain('hunter2');
        },
      ),
    );
  });

  test('long texts, many members and much of it are cut', () => {
    expect(kept({ roleName: 'x'.repeat(300) })).toEqual({});
    expect(
      kept(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`n${i}Id`, 'x'.repeat(200)]))),
    ).toEqual({ $truncated: true });
  });
});
