import { describe, expect, test } from 'vitest';
import { ACCOUNT, REGION, SAMPLES } from './fixtures/samples.ts';
import type { KindName } from './objects.ts';
import { KINDS, keyOf, kindOfEc2Id, objectOf, objectOfArn, stateIdOf } from './objects.ts';

const place = { account: ACCOUNT, region: REGION };
const kinds = (Object.keys(KINDS) as KindName[]).filter((kind) => kind !== 'arn');

describe('kinds of objects', () => {
  test('every kind has a sample', () => {
    expect(kinds.filter((kind) => !(kind in SAMPLES))).toEqual([]);
  });

  test.each(kinds)('%s: name and ARN give one key', (kind) => {
    const [plain, arn] = SAMPLES[kind]!;
    const keys = [plain, arn]
      .filter((form) => form !== null)
      .map((form) => keyOf('o', objectOf(kind, form, place)!));
    expect(keys.length).toBeGreaterThan(0);
    expect(new Set(keys).size).toBe(1);
    if (arn !== null) expect(keyOf('o', objectOfArn(arn, place)!)).toBe(keys[0]);
  });

  test.each(kinds)('%s: the key says what the id leaves open, and nothing else', (kind) => {
    const [plain, arn] = SAMPLES[kind]!;
    const [, , account, region] = keyOf('o', objectOf(kind, (plain ?? arn)!, place)!).split('/');
    const { placed } = KINDS[kind];
    expect(account).toBe(placed === 'world' ? '-' : ACCOUNT);
    expect(region).toBe(placed === 'region' ? REGION : '-');
  });

  test('a queue by the address of an endpoint is the same queue; which address its state holds is not known', () => {
    const own = objectOf('sqs-queue', `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/jobs`, place)!;
    const through = `https://vpce-1.sqs.${REGION}.vpce.amazonaws.com/${ACCOUNT}/jobs`;
    for (const url of [through, `http://127.0.0.1:4566/${ACCOUNT}/jobs`]) {
      const object = objectOf('sqs-queue', url, place)!;
      expect(keyOf('o', object)).toBe(keyOf('o', own));
      expect(stateIdOf(object)).toBeNull();
    }
    expect(stateIdOf(own)).toBe(`https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/jobs`);
  });

  test('an ARN overrides the place of the caller', () => {
    const object = objectOf(
      'lambda-function',
      'arn:aws:lambda:us-west-2:999999999999:function:f:live',
      place,
    )!;
    expect(keyOf('o', object)).toBe('o/aws/999999999999/us-west-2/lambda-function/f');
  });

  test('without account or region, a key that needs them is marked incomplete', () => {
    const nowhere = { account: null, region: null };
    expect(objectOf('lambda-function', 'f', nowhere)!.incomplete).toBe(true);
    expect(objectOf('iam-role', 'r', { account: ACCOUNT, region: null })!.incomplete).toBe(false);
    expect(objectOf('s3-bucket', 'b', nowhere)!.incomplete).toBe(false);
  });

  test.each([
    [
      'lambda-function',
      ['f', 'f:live', `${ACCOUNT}:function:f`, `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f:7`],
    ],
    [
      'sqs-queue',
      [
        `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/jobs.fifo`,
        `https://${REGION}.queue.amazonaws.com/${ACCOUNT}/jobs.fifo`,
        'jobs.fifo',
      ],
    ],
    ['db-instance', ['Orders', 'orders']],
    ['route53-zone', ['Z1', '/hostedzone/Z1', 'hostedzone/Z1']],
    [
      'route53-record',
      ['Z1_WWW.Example.com._A', 'Z1_www.example.com_A', '/hostedzone/Z1_www.example.com_A_'],
    ],
    ['route53-record', ['Z1_\\052.example.com._TXT_blue', 'Z1_*.example.com_TXT_blue']],
    ['ssm-parameter', ['/a/b', 'a/b', `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/a/b`]],
    ['log-group', ['/a/b', '/a/b:*', `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/a/b`]],
    ['event-rule', ['/r', 'default/r', 'r']],
    ['sns-topic', [`arn:aws:sns:${REGION}:${ACCOUNT}:t`, `arn:aws:sns:${REGION}:${ACCOUNT}:t:0f5e8a52`, 't']],
    ['secret', ['a/b', `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:a/b-X1y2Z3`]],
  ] as [KindName, string[]][])('%s: %j are one object', (kind, forms) => {
    expect(new Set(forms.map((form) => keyOf('o', objectOf(kind, form, place)!))).size).toBe(1);
  });

  test('a key id is no alias, an alias no key id', () => {
    expect(objectOf('kms-key', 'alias/a', place)).toBeNull();
    expect(objectOf('kms-alias', 'a1b2', place)).toBeNull();
    expect(objectOf('kms-key', `arn:aws:kms:${REGION}:${ACCOUNT}:alias/a`, place)).toBeNull();
  });

  test('EC2 ids tell their kind by the prefix, names that look alike do not', () => {
    expect(kindOfEc2Id('vol-0a1b2c3d4e5f60718')).toBe('ebs-volume');
    expect(kindOfEc2Id('tgw-attach-0a1b2c3d4e5f60718')).toBe('transit-gateway-attachment');
    expect(kindOfEc2Id('i-1a2b3c4d')).toBe('instance');
    expect(kindOfEc2Id('vpc-production')).toBeNull();
    expect(kindOfEc2Id('constructor-0a1b2c3d')).toBeNull();
  });
});
