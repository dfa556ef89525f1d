import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { policyForm, samePolicy } from './policy.ts';

const V = '2012-10-17';
const allow = (more: JsonObject): JsonObject => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: '*',
  ...more,
});
const doc = (...statements: Json[]): string => JSON.stringify({ Version: V, Statement: statements });
const ROOT = 'arn:aws:iam::123456789012:root';
const DELIVERY = {
  Sid: 'AWSLogDeliveryWrite',
  Effect: 'Allow',
  Principal: { Service: 'delivery.logs.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::logs/AWSLogs/123456789012/*',
};

/** What one document says, what another says, and whether that is the same. */
const TABLE: [what: string, declared: string, observed: string, same: boolean][] = [
  ['the same text', doc(allow({})), doc(allow({})), true],
  [
    'order of members and white space',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"}]}',
    '{ "Statement": [ { "Resource": "*", "Action": "a:b", "Effect": "Allow" } ], "Version": "2012-10-17" }',
    true,
  ],
  [
    'one action as text and as array',
    doc(allow({ Action: 's3:GetObject' })),
    doc(allow({ Action: ['s3:GetObject'] })),
    true,
  ],
  [
    'one resource as text and as array',
    doc(allow({ Resource: 'arn:aws:s3:::a' })),
    doc(allow({ Resource: ['arn:aws:s3:::a'] })),
    true,
  ],
  [
    'one not-action as text and as array',
    doc({ Effect: 'Deny', NotAction: 'iam:*', Resource: '*' }),
    doc({ Effect: 'Deny', NotAction: ['iam:*'], Resource: '*' }),
    true,
  ],
  [
    'one principal as text and as array',
    doc(allow({ Principal: { AWS: ROOT } })),
    doc(allow({ Principal: { AWS: [ROOT] } })),
    true,
  ],
  [
    'one condition value as text and as array',
    doc(allow({ Condition: { StringEquals: { 'aws:a': 'x' } } })),
    doc(allow({ Condition: { StringEquals: { 'aws:a': ['x'] } } })),
    true,
  ],
  ['order of actions', doc(allow({ Action: ['a:x', 'a:y'] })), doc(allow({ Action: ['a:y', 'a:x'] })), true],
  ['an action said twice', doc(allow({ Action: ['a:x', 'a:x'] })), doc(allow({ Action: 'a:x' })), true],
  ['case of actions', doc(allow({ Action: 'S3:getObject' })), doc(allow({ Action: 's3:GetObject' })), true],
  [
    'order of resources',
    doc(allow({ Resource: ['r1', 'r2'] })),
    doc(allow({ Resource: ['r2', 'r1'] })),
    true,
  ],
  [
    'a statement as object and as array of one',
    `{"Version":"${V}","Statement":${JSON.stringify(allow({}))}}`,
    doc(allow({})),
    true,
  ],
  [
    'order of statements',
    doc(allow({ Resource: 'r1' }), allow({ Resource: 'r2' })),
    doc(allow({ Resource: 'r2' }), allow({ Resource: 'r1' })),
    true,
  ],
  [
    'an account id and the root of the account',
    doc(allow({ Principal: { AWS: '123456789012' } })),
    doc(allow({ Principal: { AWS: ROOT } })),
    true,
  ],
  [
    'order of principals',
    doc(allow({ Principal: { AWS: ['123456789012', '210987654321'] } })),
    doc(allow({ Principal: { AWS: ['arn:aws:iam::210987654321:root', ROOT] } })),
    true,
  ],
  [
    'order of principal kinds',
    doc(allow({ Principal: { AWS: ROOT, Service: 'a.amazonaws.com' } })),
    doc(allow({ Principal: { Service: 'a.amazonaws.com', AWS: ROOT } })),
    true,
  ],
  ['case of the effect', doc(allow({ Effect: 'allow' })), doc(allow({ Effect: 'Allow' })), true],
  [
    'a quoted boolean in a condition',
    doc(allow({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } })),
    doc(allow({ Condition: { Bool: { 'aws:SecureTransport': false } } })),
    true,
  ],
  [
    'a quoted number in a condition',
    doc(allow({ Condition: { NumericLessThan: { 's3:max-keys': '10' } } })),
    doc(allow({ Condition: { NumericLessThan: { 's3:max-keys': 10 } } })),
    true,
  ],
  [
    'case of a condition key',
    doc(allow({ Condition: { StringEquals: { 'AWS:SourceArn': 'x' } } })),
    doc(allow({ Condition: { StringEquals: { 'aws:SourceArn': 'x' } } })),
    true,
  ],
  ['an empty principal and none', doc(allow({ Principal: {} })), doc(allow({})), true],
  [
    'an empty list of principals of one kind',
    doc(allow({ Principal: { AWS: [], Service: 'a' } })),
    doc(allow({ Principal: { Service: 'a' } })),
    true,
  ],
  ['an empty condition and none', doc(allow({ Condition: {} })), doc(allow({})), true],
  ['an empty Sid and none', doc(allow({ Sid: '' })), doc(allow({})), true],
  ['a number as Sid and none', doc(allow({ Sid: '1' })), doc(allow({})), true],
  ['URL-encoded and plain', encodeURIComponent(doc(allow({}))), doc(allow({})), true],
  ['the default version and none', '{"Version":"2008-10-17","Statement":[]}', '{"Statement":[]}', true],
  [
    'an empty id and none',
    `{"Version":"${V}","Id":"","Statement":[]}`,
    `{"Version":"${V}","Statement":[]}`,
    true,
  ],
  ['what AWS adds for vended logs', doc(allow({})), doc(allow({}), DELIVERY), true],
  ['texts that are no documents, but equal', ' not json ', 'not json', true],
  ['another version', '{"Version":"2008-10-17","Statement":[]}', `{"Version":"${V}","Statement":[]}`, false],
  [
    'NotAction against Action',
    doc({ Effect: 'Allow', NotAction: 'a:x', Resource: '*' }),
    doc({ Effect: 'Allow', Action: 'a:x', Resource: '*' }),
    false,
  ],
  [
    'NotResource against Resource',
    doc({ Effect: 'Allow', Action: 'a:x', NotResource: 'r' }),
    doc({ Effect: 'Allow', Action: 'a:x', Resource: 'r' }),
    false,
  ],
  [
    'NotPrincipal against Principal',
    doc(allow({ NotPrincipal: { AWS: ROOT } })),
    doc(allow({ Principal: { AWS: ROOT } })),
    false,
  ],
  [
    'a missing statement',
    doc(allow({ Resource: 'r1' }), allow({ Resource: 'r2' })),
    doc(allow({ Resource: 'r1' })),
    false,
  ],
  ['another effect', doc(allow({ Effect: 'Deny' })), doc(allow({})), false],
  ['another action', doc(allow({ Action: 's3:*' })), doc(allow({})), false],
  [
    'case of a resource',
    doc(allow({ Resource: 'arn:aws:s3:::A' })),
    doc(allow({ Resource: 'arn:aws:s3:::a' })),
    false,
  ],
  [
    'another account',
    doc(allow({ Principal: { AWS: ROOT } })),
    doc(allow({ Principal: { AWS: 'arn:aws:iam::210987654321:root' } })),
    false,
  ],
  [
    'anyone against one account',
    doc(allow({ Principal: { AWS: ROOT } })),
    doc(allow({ Principal: '*' })),
    false,
  ],
  [
    'a user against the root',
    doc(allow({ Principal: { AWS: ROOT } })),
    doc(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:user/a' } })),
    false,
  ],
  [
    'a principal that was deleted and shows as its unique id',
    doc(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/a' } })),
    doc(allow({ Principal: { AWS: 'AROAEXAMPLEID' } })),
    false,
  ],
  [
    'a condition that is gone',
    doc(allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } })),
    doc(allow({})),
    false,
  ],
  [
    'another condition value',
    doc(allow({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })),
    doc(allow({ Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } } })),
    false,
  ],
  [
    'another condition operator',
    doc(allow({ Condition: { StringEquals: { a: 'x' } } })),
    doc(allow({ Condition: { StringLike: { a: 'x' } } })),
    false,
  ],
  ['another Sid', doc(allow({ Sid: 'Read' })), doc(allow({ Sid: 'Write' })), false],
  [
    'log delivery that may do more',
    doc(allow({})),
    doc(allow({}), { ...DELIVERY, Action: ['s3:PutObject', 's3:DeleteObject'] }),
    false,
  ],
  [
    'log delivery by someone else',
    doc(allow({})),
    doc(allow({}), { ...DELIVERY, Principal: { AWS: '*' } }),
    false,
  ],
  ['log delivery that was declared and is gone', doc(allow({}), DELIVERY), doc(allow({})), false],
  ['texts that are no documents and differ', 'not json', 'nor this', false],
  ['a document against a text', doc(allow({})), 'not json', false],
  // More of the same.
  ['an empty document and none at all', '{}', '', true],
  [
    'an encoded document with encoded white space before it',
    `%0A${encodeURIComponent(doc(allow({})))}`,
    doc(allow({})),
    true,
  ],
  [
    'encoded spaces as plus',
    encodeURIComponent(doc(allow({ Sid: 'a b' }))).replaceAll('%20', '+'),
    doc(allow({ Sid: 'a b' })),
    true,
  ],
  [
    'line ends inside the document',
    JSON.stringify(JSON.parse(doc(allow({}))), null, 2).replaceAll('\n', '\r\n'),
    doc(allow({})),
    true,
  ],
  [
    'an empty list of statements and no member',
    `{"Version":"${V}","Statement":[]}`,
    `{"Version":"${V}"}`,
    true,
  ],
  ['a Sid of digits and another', doc(allow({ Sid: '1' })), doc(allow({ Sid: '20130101' })), true],
  [
    'an empty list of actions and none',
    doc({ Effect: 'Allow', Action: [], NotAction: 'a:b', Resource: '*' }),
    doc({ Effect: 'Allow', NotAction: 'a:b', Resource: '*' }),
    true,
  ],
  [
    'order of not-actions, in another case, one twice',
    doc({ Effect: 'Deny', NotAction: ['IAM:*', 'sts:*', 'sts:*'], Resource: '*' }),
    doc({ Effect: 'Deny', NotAction: ['STS:*', 'iam:*'], Resource: '*' }),
    true,
  ],
  [
    'order of not-resources',
    doc({ Effect: 'Deny', Action: 'a:b', NotResource: ['r1', 'r2'] }),
    doc({ Effect: 'Deny', Action: 'a:b', NotResource: ['r2', 'r1'] }),
    true,
  ],
  [
    'one not-principal as id and as root',
    doc({ Effect: 'Deny', Action: 'a:b', Resource: '*', NotPrincipal: { AWS: '123456789012' } }),
    doc({ Effect: 'Deny', Action: 'a:b', Resource: '*', NotPrincipal: { AWS: [ROOT] } }),
    true,
  ],
  [
    'an account that is said twice, as id and as root',
    doc(allow({ Principal: { AWS: ['123456789012', ROOT] } })),
    doc(allow({ Principal: { AWS: ROOT } })),
    true,
  ],
  [
    'an account of another partition, as id and as root',
    doc(allow({ Principal: { AWS: '123456789012' } })),
    doc(allow({ Principal: { AWS: 'arn:aws-us-gov:iam::123456789012:root' } })),
    true,
  ],
  [
    'an account id as a number',
    doc(allow({ Principal: { AWS: 123456789012 } })),
    doc(allow({ Principal: { AWS: '123456789012' } })),
    true,
  ],
  [
    'order of service principals',
    doc(allow({ Principal: { Service: ['a.amazonaws.com', 'b.amazonaws.com'] } })),
    doc(allow({ Principal: { Service: ['b.amazonaws.com', 'a.amazonaws.com'] } })),
    true,
  ],
  [
    'one federated principal as text and as array',
    doc(allow({ Principal: { Federated: 'cognito-identity.amazonaws.com' } })),
    doc(allow({ Principal: { Federated: ['cognito-identity.amazonaws.com'] } })),
    true,
  ],
  [
    'everyone in both spellings, to a resource',
    doc(allow({ Principal: '*' })),
    doc(allow({ Principal: { AWS: '*' } })),
    true,
  ],
  [
    'everyone as an array, to a resource',
    doc(allow({ Principal: ['*'] })),
    doc(allow({ Principal: { AWS: ['*'] } })),
    true,
  ],
  [
    'order of condition operators and keys',
    doc(allow({ Condition: { Bool: { a: 'true' }, StringEquals: { b: 'x', c: 'y' } } })),
    doc(allow({ Condition: { StringEquals: { c: 'y', b: 'x' }, Bool: { a: 'true' } } })),
    true,
  ],
  [
    'order of condition values, one twice',
    doc(allow({ Condition: { StringLike: { a: ['x', 'y', 'x'] } } })),
    doc(allow({ Condition: { StringLike: { a: ['y', 'x'] } } })),
    true,
  ],
  [
    'case of a condition operator',
    doc(allow({ Condition: { stringEquals: { a: 'x' } } })),
    doc(allow({ Condition: { StringEquals: { a: 'x' } } })),
    true,
  ],
  [
    'a set operator in another case',
    doc(allow({ Condition: { 'forAllValues:StringEquals': { a: 'x' } } })),
    doc(allow({ Condition: { 'ForAllValues:StringEquals': { a: ['x'] } } })),
    true,
  ],
  [
    'a condition operator without keys and none',
    doc(allow({ Condition: { StringEquals: {} } })),
    doc(allow({})),
    true,
  ],
  [
    'a number among condition values',
    doc(allow({ Condition: { NumericEquals: { a: [1, '2'] } } })),
    doc(allow({ Condition: { NumericEquals: { a: ['2', '1'] } } })),
    true,
  ],
  [
    'two vended deliveries',
    doc(allow({})),
    doc(DELIVERY, allow({}), { ...DELIVERY, Sid: 'AWSLogDeliveryAclCheck', Action: 's3:GetBucketAcl' }),
    true,
  ],
  // What truly differs.
  ['one action more', doc(allow({ Action: ['a:x', 'a:y'] })), doc(allow({ Action: 'a:x' })), false],
  [
    'a wildcard for an action',
    doc(allow({ Action: 's3:Get*' })),
    doc(allow({ Action: 's3:GetObject' })),
    false,
  ],
  [
    'a wildcard that covers what was listed',
    doc(allow({ Action: 's3:*' })),
    doc(allow({ Action: ['s3:*', 's3:GetObject'] })),
    false,
  ],
  ['one resource more', doc(allow({ Resource: ['r1', 'r2'] })), doc(allow({ Resource: 'r1' })), false],
  [
    'a resource with a wildcard at its end',
    doc(allow({ Resource: 'arn:aws:s3:::a' })),
    doc(allow({ Resource: 'arn:aws:s3:::a/*' })),
    false,
  ],
  [
    'no resource and any resource',
    doc({ Effect: 'Allow', Action: 'a:b' }),
    doc({ Effect: 'Allow', Action: 'a:b', Resource: '*' }),
    false,
  ],
  [
    'one account more',
    doc(allow({ Principal: { AWS: [ROOT, '210987654321'] } })),
    doc(allow({ Principal: { AWS: ROOT } })),
    false,
  ],
  [
    'another kind of principal with the same text',
    doc(allow({ Principal: { Federated: 'a' } })),
    doc(allow({ Principal: { Service: 'a' } })),
    false,
  ],
  [
    'a principal of one kind against none',
    doc(allow({ Principal: { Service: 'a.amazonaws.com' } })),
    doc(allow({})),
    false,
  ],
  [
    'another service',
    doc(allow({ Principal: { Service: 'ec2.amazonaws.com' } })),
    doc(allow({ Principal: { Service: 'lambda.amazonaws.com' } })),
    false,
  ],
  [
    'a role against a session of it',
    doc(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/a' } })),
    doc(allow({ Principal: { AWS: 'arn:aws:sts::123456789012:assumed-role/a/b' } })),
    false,
  ],
  [
    'case of a principal',
    doc(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/A' } })),
    doc(allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/a' } })),
    false,
  ],
  [
    'everyone in both spellings, in a trust policy',
    doc({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: '*' }),
    doc({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }),
    false,
  ],
  [
    'everyone against every service',
    doc(allow({ Principal: '*' })),
    doc(allow({ Principal: { Service: '*' } })),
    false,
  ],
  [
    'not everyone, in both spellings',
    doc({ Effect: 'Deny', Action: 'a:b', Resource: '*', NotPrincipal: '*' }),
    doc({ Effect: 'Deny', Action: 'a:b', Resource: '*', NotPrincipal: { AWS: '*' } }),
    false,
  ],
  [
    'one condition more',
    doc(allow({ Condition: { Bool: { a: 'true' } } })),
    doc(allow({ Condition: { Bool: { a: 'true', b: 'true' } } })),
    false,
  ],
  [
    'one condition value more',
    doc(allow({ Condition: { StringEquals: { a: ['x', 'y'] } } })),
    doc(allow({ Condition: { StringEquals: { a: 'x' } } })),
    false,
  ],
  [
    'another condition key',
    doc(allow({ Condition: { StringEquals: { a: 'x' } } })),
    doc(allow({ Condition: { StringEquals: { b: 'x' } } })),
    false,
  ],
  [
    'case of a condition value',
    doc(allow({ Condition: { StringEquals: { a: 'X' } } })),
    doc(allow({ Condition: { StringEquals: { a: 'x' } } })),
    false,
  ],
  [
    'a condition that also holds where the key is absent',
    doc(allow({ Condition: { StringEqualsIfExists: { a: 'x' } } })),
    doc(allow({ Condition: { StringEquals: { a: 'x' } } })),
    false,
  ],
  [
    'all values against any value',
    doc(allow({ Condition: { 'ForAllValues:StringEquals': { a: 'x' } } })),
    doc(allow({ Condition: { 'ForAnyValue:StringEquals': { a: 'x' } } })),
    false,
  ],
  [
    'condition keys that differ in case alone, with other values',
    doc(allow({ Condition: { StringEquals: { a: 'x', A: 'y' } } })),
    doc(allow({ Condition: { StringEquals: { a: 'y', A: 'x' } } })),
    false,
  ],
  [
    'a condition of objects that differ',
    doc(allow({ Condition: { StringEquals: { a: [{ b: 1 }] } } })),
    doc(allow({ Condition: { StringEquals: { a: [{ b: 2 }] } } })),
    false,
  ],
  ['a named Sid and none', doc(allow({ Sid: 'Read' })), doc(allow({})), false],
  ['a statement twice', doc(allow({}), allow({})), doc(allow({})), false],
  [
    'another id of the document',
    `{"Version":"${V}","Id":"a","Statement":[]}`,
    `{"Version":"${V}","Id":"b","Statement":[]}`,
    false,
  ],
  ['a document without statements against none', `{"Version":"${V}","Statement":[]}`, '', false],
  [
    'statements split in two',
    doc(allow({ Action: ['a:x', 'a:y'] })),
    doc(allow({ Action: 'a:x' }), allow({ Action: 'a:y' })),
    false,
  ],
  ['a denial added', doc(allow({})), doc(allow({}), allow({ Effect: 'Deny', Resource: 'r1' })), false],
  ['log delivery that denies', doc(allow({})), doc(allow({}), { ...DELIVERY, Effect: 'Deny' }), false],
  [
    'conditions moved between statements',
    doc(allow({ Resource: 'r1', Condition: { Bool: { a: 'true' } } }), allow({ Resource: 'r2' })),
    doc(allow({ Resource: 'r1' }), allow({ Resource: 'r2', Condition: { Bool: { a: 'true' } } })),
    false,
  ],
];

describe('policies', () => {
  for (const [what, declared, observed, same] of TABLE)
    it(`${what}: ${same ? 'the same' : 'different'}`, () => {
      expect(samePolicy(declared, observed)).toBe(same);
    });

  it('has at least a hundred pairs, of both kinds, each with a name of its own', () => {
    expect(TABLE.filter(([, , , same]) => same).length).toBeGreaterThanOrEqual(45);
    expect(TABLE.filter(([, , , same]) => !same).length).toBeGreaterThanOrEqual(45);
    expect(TABLE.length).toBeGreaterThanOrEqual(100);
    expect(new Set(TABLE.map(([what]) => what)).size).toBe(TABLE.length);
  });

  it('the same is the same either way round, but for what AWS adds', () => {
    for (const [what, declared, observed, same] of TABLE)
      if (!what.includes('deliver') && !what.includes('vended'))
        expect(samePolicy(observed, declared), what).toBe(same);
  });

  it('the form of a form is itself', () => {
    for (const [, declared] of TABLE) expect(policyForm(policyForm(declared))).toBe(policyForm(declared));
  });
});
