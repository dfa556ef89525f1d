import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../schemas/index.ts';
import { attribution } from './attribution.ts';
import type { Call } from './fixtures/calls.ts';
import { CALLS } from './fixtures/calls.ts';
import { ACCOUNT, REGION } from './fixtures/samples.ts';
import { aws } from './index.ts';
import type { ChangeEvent } from './normalize.ts';
import { normalize } from './normalize.ts';

const context = { org: 'default', attribution: attribution({ pipelines: [], applyIdentities: [] }) };

const recordOf = (call: Call, more: JsonObject = {}): JsonObject => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    principalId: 'AIDAEXAMPLE',
    arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
    accountId: ACCOUNT,
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    userName: 'alice',
  },
  eventTime: '2026-03-01T10:00:00Z',
  eventSource: `${call.source}.amazonaws.com`,
  eventName: call.name,
  awsRegion: REGION,
  sourceIPAddress: '198.51.100.7',
  userAgent: 'aws-cli/2.15.0 Python/3.11.6',
  requestParameters: call.req,
  responseElements: call.resp ?? null,
  ...(call.resources ? { resources: call.resources } : {}),
  requestID: 'req-1',
  eventID: '11111111-2222-3333-4444-555555555555',
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: ACCOUNT,
  eventCategory: 'Management',
  ...more,
});

function changesOf(value: unknown): ChangeEvent[] {
  const result = normalize(value, context);
  if (!('changes' in result)) throw new Error(JSON.stringify(result));
  return result.changes;
}

const first = CALLS[0]!;

describe('a call on a resource', () => {
  test.each(CALLS.map((call) => [`${call.source}:${call.name}`, call] as const))(
    '%s names the resources of the state by key, type and id',
    (_, call) => {
      const changes = changesOf(recordOf(call));
      for (const { type, attributes, unnamed } of call.state) {
        const identity = aws.identify({
          org: 'default',
          type,
          attributes,
          scope: { account: ACCOUNT, region: REGION },
        });
        const mine = changes.filter((change) => identity.objectKeys.includes(change.objectKey!));
        expect(mine, `${type}: ${identity.objectKeys} in ${changes.map((c) => c.objectKey)}`).not.toEqual([]);
        expect(mine.map((change) => change.body.verb)).toContain(call.verb);
        if (!unnamed)
          expect(mine.flatMap((change) => change.body.targets)).toContainEqual({
            type,
            id: identity.resourceId,
          });
      }
    },
  );

  test.each(CALLS.map((call) => [`${call.source}:${call.name}`, call] as const))(
    '%s names a declared instance under one of its keys only',
    (_, call) => {
      const changes = changesOf(recordOf(call));
      for (const { type, attributes } of call.state) {
        const { objectKeys } = aws.identify({
          org: 'default',
          type,
          attributes,
          scope: { account: ACCOUNT, region: REGION },
        });
        const naming = changes.filter(
          ({ objectKey, body }) =>
            objectKeys.includes(objectKey!) && body.targets.some((target) => target.type === type),
        );
        expect(new Set(naming.map(({ objectKey }) => objectKey)).size).toBeLessThan(2);
      }
    },
  );

  const did = (call: Call) =>
    changesOf(recordOf(call)).map(({ body }) => [
      body.verb,
      ...body.targets.map(({ type, id }) => `${type} ${id}`),
    ]);
  const role = { source: 'iam', verb: 'update', state: [] };
  const inline = { roleName: 'deployer', policyName: 'inline' };

  test('that makes a part of an object or writes over it is an update of both and a creation of the part', () => {
    const call = { ...role, name: 'PutRolePolicy', req: inline };
    expect(did(call)).toEqual([
      ['update', 'aws_iam_role_policy deployer:inline', 'aws_iam_role deployer'],
      ['create', 'aws_iam_role_policy deployer:inline', 'aws_iam_role deployer'],
    ]);
    const [first, second] = changesOf(recordOf(call));
    expect(first!.objectKey).toBe(second!.objectKey);
    expect(first!.id).not.toBe(second!.id);
  });

  test('that removes a part of an object is a deletion of the part and an update of the object', () => {
    expect(did({ ...role, name: 'DeleteRolePolicy', req: inline })).toEqual([
      ['update', 'aws_iam_role deployer'],
      ['delete', 'aws_iam_role_policy deployer:inline'],
    ]);
  });

  test('that makes several parts is a creation of each', () => {
    const req = { rule: 'nightly', targets: [{ id: 'a' }, { id: 'b' }] };
    expect(did({ ...role, source: 'events', name: 'PutTargets', req }).slice(1)).toEqual([
      ['create', 'aws_cloudwatch_event_target nightly/a', 'aws_cloudwatch_event_rule nightly'],
      ['create', 'aws_cloudwatch_event_target nightly/b', 'aws_cloudwatch_event_rule nightly'],
    ]);
  });

  test('that does not say which part it made is an update alone', () => {
    expect(did({ ...role, name: 'PutRolePolicy', req: { roleName: 'deployer' } })).toEqual([
      ['update', 'aws_iam_role_policy null', 'aws_iam_role deployer'],
    ]);
  });

  test('gives one change an object, with distinct ids', () => {
    const tags = CALLS.find((call) => call.name === 'CreateTags')!;
    const changes = changesOf(recordOf(tags));
    expect(changes.map((change) => change.objectKey)).toEqual([
      'default/aws/-/-/security-group/sg-0a1b2c3d4e5f60718',
      'default/aws/-/-/elastic-ip/eipalloc-0a1b2c3d4e5f60718',
      'default/aws/-/-/security-group-rule/sgr-0f1e2d3c4b5a69788',
    ]);
    expect(new Set(changes.map((change) => change.id)).size).toBe(3);
  });

  test('carries who, what, when and the evidence', () => {
    const [change] = changesOf(recordOf(first));
    expect(change!.time).toBe(Date.parse('2026-03-01T10:00:00Z'));
    expect(change!.body).toMatchObject({
      provider: 'aws',
      account: ACCOUNT,
      region: REGION,
      service: 'ec2.amazonaws.com',
      operation: 'AuthorizeSecurityGroupIngress',
      requestId: 'req-1',
      providerEventId: '11111111-2222-3333-4444-555555555555',
      actor: {
        name: 'alice',
        via: 'cli',
        sourceIp: '198.51.100.7',
        eventIds: ['11111111-2222-3333-4444-555555555555'],
      },
    });
    expect(JSON.parse(change!.body.parameters)).toMatchObject({ groupId: 'sg-0a1b2c3d4e5f60718' });
    expect(change!.body.parameters).toContain('"cidrIp":"0.0.0.0/0"');
  });

  test('on a global service leaves the region out', () => {
    const [change] = changesOf(
      recordOf(CALLS.find((call) => call.name === 'PutRolePolicy')!, { awsRegion: 'us-east-1' }),
    );
    expect(change!.objectKey).toBe(`default/aws/${ACCOUNT}/-/iam-role/deployer`);
    expect(change!.body.region).toBeNull();
  });

  test('on what no rule identifies is kept under the service, with no candidates', () => {
    const [change, ...more] = changesOf(
      recordOf({ ...first, source: 'braket', name: 'CreateQuantumTask', req: { shots: 3 } }),
    );
    expect(more).toEqual([]);
    expect(change!.objectKey).toBe(`default/aws/${ACCOUNT}/${REGION}/call/braket:CreateQuantumTask`);
    expect(change!.body).toMatchObject({ verb: 'create', targets: [] });
  });

  test('does not take a role that a new thing runs as for what was made', () => {
    const changes = changesOf(
      recordOf({
        ...first,
        source: 'braket',
        name: 'CreateJob',
        req: { roleArn: `arn:aws:iam::${ACCOUNT}:role/r`, jobName: 'j' },
      }),
    );
    expect(changes.map((change) => change.objectKey)).toEqual([
      `default/aws/${ACCOUNT}/${REGION}/call/braket:CreateJob`,
    ]);
  });

  test('several record changes in one call keep their own verbs', () => {
    const change = (action: string, name: string): JsonObject => ({
      action,
      resourceRecordSet: { name, type: 'A' },
    });
    const changes = changesOf(
      recordOf({
        ...first,
        source: 'route53',
        name: 'ChangeResourceRecordSets',
        req: {
          hostedZoneId: 'Z1',
          changeBatch: { changes: [change('DELETE', 'a.example.com'), change('UPSERT', 'b.example.com')] },
        },
      }),
    );
    expect(changes.map(({ objectKey, body }) => [objectKey, body.verb])).toEqual([
      ['default/aws/-/-/route53-record/Z1_a.example.com_A', 'delete'],
      ['default/aws/-/-/route53-record/Z1_b.example.com_A', 'update'],
      // It may have been there before, or not.
      ['default/aws/-/-/route53-record/Z1_b.example.com_A', 'create'],
    ]);
  });
});

describe('what is left out', () => {
  test.each<[string, string, JsonObject]>([
    ['a failed call', 'failed-call', { errorCode: 'AccessDenied', errorMessage: 'no' }],
    ['a call with an error message only', 'failed-call', { errorMessage: 'no' }],
    ['a dry run that would have worked', 'dry-run', { errorCode: 'Client.DryRunOperation' }],
    ['a dry run asked for', 'dry-run', { requestParameters: { dryRun: true, groupId: 'sg-1' } }],
    ['a reading call', 'read-only', { readOnly: true }],
    ['a reading call of old records', 'read-only', { readOnly: null, eventName: 'DescribeInstances' }],
    ['a data event', 'not-management', { eventCategory: 'Data', managementEvent: false }],
    ['a network event', 'not-management', { eventCategory: 'NetworkActivity' }],
    ['an insight', 'insight', { eventCategory: 'Insight', eventType: 'AwsCloudTrailInsight' }],
    [
      'a sign-in',
      'sign-in',
      { eventType: 'AwsConsoleSignIn', eventSource: 'signin.amazonaws.com', eventName: 'ConsoleLogin' },
    ],
    ['a session', 'not-a-resource', { eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole' }],
    [
      'a heartbeat',
      'not-a-resource',
      { eventSource: 'ssm.amazonaws.com', eventName: 'UpdateInstanceInformation' },
    ],
  ])('%s is ignored as %s', (_, reason, more) => {
    expect(normalize(recordOf(first, more), context)).toEqual({ ignored: reason });
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /not an object/],
    ['a list', [], /not an object/],
    ['text', 'x', /not an object/],
    ['no id', recordOf(first, { eventID: '' }), /eventID/],
    ['no time', recordOf(first, { eventTime: 'yesterday' }), /eventTime/],
    ['no such time', recordOf(first, { eventTime: '2026-99-99T10:00:00Z' }), /eventTime/],
    ['no source', recordOf(first, { eventSource: 7 }), /eventSource/],
    ['no name', recordOf(first, { eventName: null }), /eventName/],
    ['a LookupEvents item that is not JSON', { CloudTrailEvent: '{' }, /not JSON/],
    ['too many values', recordOf(first, { requestParameters: { list: Array(60_000).fill(1) } }), /more than/],
  ])('%s is unreadable', (_, value, reason) => {
    const result = normalize(value, context);
    expect(result).toHaveProperty('unreadable');
    expect('unreadable' in result && result.unreadable).toMatch(reason);
  });

  test('nesting without end is refused, not walked', () => {
    let deep: JsonObject = {};
    for (let i = 0; i < 5_000; i++) deep = { deep };
    expect(normalize(recordOf(first, { requestParameters: deep }), context)).toEqual({
      unreadable: 'nested more than 64 levels deep',
    });
  });
});

describe('one record, however it comes', () => {
  const record = recordOf(first);
  test.each<[string, unknown]>([
    [
      'EventBridge',
      {
        version: '0',
        id: 'other',
        'detail-type': 'AWS API Call via CloudTrail',
        source: 'aws.ec2',
        detail: record,
      },
    ],
    [
      'LookupEvents',
      { EventId: record.eventID, EventName: record.eventName, CloudTrailEvent: JSON.stringify(record) },
    ],
    ['members in another order', Object.fromEntries(Object.entries(record).reverse())],
  ])('by %s, gives the same changes', (_, value) => {
    expect(changesOf(value)).toEqual(changesOf(record));
  });

  test('copies of one event for two accounts are two facts', () => {
    const other = changesOf(recordOf(first, { recipientAccountId: '999999999999' }));
    expect(other[0]!.id).not.toBe(changesOf(record)[0]!.id);
  });
});

describe('any value', () => {
  const total = (value: unknown): void => {
    const result = normalize(value, context);
    const kinds = ['changes', 'ignored', 'unreadable'].filter((kind) => kind in result);
    expect(kinds).toHaveLength(1);
    if ('changes' in result) {
      expect(result.changes.length).toBeGreaterThan(0);
      for (const change of result.changes)
        expect(change.objectKey).toMatch(/^default\/aws\/[^/]+\/[^/]+\/[^/]+\/./s);
    }
  };

  test('is answered, never thrown at', () => {
    fc.assert(fc.property(fc.jsonValue(), total), { numRuns: 300 });
  });

  test.each(['awsRegion', 'recipientAccountId'])(
    '%s with a separator in it is no part of a key',
    (member) => {
      for (const call of CALLS)
        for (const value of ['/', 'a/b', '']) total({ ...recordOf(call), [member]: value });
    },
  );

  test('in place of any member of a record is answered, never thrown at', () => {
    const paths = (value: unknown, path: string[] = []): string[][] =>
      value !== null && typeof value === 'object'
        ? [path, ...Object.entries(value).flatMap(([name, inner]) => paths(inner, [...path, name]))]
        : [path];
    const records = CALLS.map((call) => recordOf(call));
    const mutation = fc
      .nat(records.length - 1)
      .chain((index) =>
        fc.tuple(
          fc.constant(records[index]!),
          fc.constantFrom(...paths(records[index]).slice(1)),
          fc.jsonValue(),
        ),
      );
    fc.assert(
      fc.property(mutation, ([record, path, value]) => {
        const copy = structuredClone(record);
        let at = copy as Record<string, unknown>;
        for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
        at[path.at(-1)!] = value;
        total(copy);
      }),
      { numRuns: 1_000 },
    );
  });
});
