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
];

describe('policies', () => {
  for (const [what, declared, observed, same] of TABLE)
    it(`${what}: ${same ? 'the same' : 'different'}`, () => {
      expect(samePolicy(declared, observed)).toBe(same);
    });

  it('has at least thirty pairs, of both kinds', () => {
    expect(TABLE.filter(([, , , same]) => same).length).toBeGreaterThan(20);
    expect(TABLE.filter(([, , , same]) => !same).length).toBeGreaterThan(15);
  });

  it('the form of a form is itself', () => {
    for (const [, declared] of TABLE) expect(policyForm(policyForm(declared))).toBe(policyForm(declared));
  });
});
