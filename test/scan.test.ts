// `driftmgr scan` end to end: real command, real embedded system, state and CloudTrail files as Terraform and S3 write
// them, DigitalOcean by its stand-in over HTTP.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { CALLS } from '../producers/aws/fixtures/calls.ts';
import { aws } from '../producers/aws/index.ts';
import {
  type Estate,
  type StandIn,
  sampleEstate,
  sampleState,
  startStandIn,
  TOKEN,
} from '../producers/digitalocean/stand-in.ts';
import type { JsonObject } from '../schemas/index.ts';
import { type Scanned, scan, scanned } from './testing/scans.ts';
import { type Declared, stateFile } from './testing/states.ts';
import { ACCOUNT, CALLERS, type Call, deliveredAs, REGION, recordOf, writeTrail } from './testing/trail.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'driftmgr-scans-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const bucket = (name: string): Declared => ({
  type: 'aws_s3_bucket',
  attributes: { id: name, bucket: name, arn: `arn:aws:s3:::${name}`, region: REGION },
});
const group = 'sg-0cafe00000000beef';
/** What only Terraform, failed calls and readers touch. */
const QUIET: Declared[] = [
  bucket('quiet'),
  { type: 'aws_s3_bucket_policy', attributes: { id: 'quiet', bucket: 'quiet', policy: '{}' } },
  {
    type: 'aws_security_group',
    attributes: {
      id: group,
      arn: `arn:aws:ec2:${REGION}:${ACCOUNT}:security-group/${group}`,
      owner_id: ACCOUNT,
    },
  },
  { type: 'aws_lambda_function', attributes: lambda('quiet') },
];
const SCALED: Declared = {
  type: 'aws_autoscaling_group',
  attributes: {
    id: 'scaled',
    name: 'scaled',
    arn: `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup:u:autoScalingGroupName/scaled`,
  },
};
const STACKED: Declared = { type: 'aws_lambda_function', attributes: lambda('stacked') };
const DEPLOYED: Declared = { type: 'aws_lambda_function', attributes: lambda('deployed') };

function lambda(name: string): JsonObject {
  return { id: name, function_name: name, arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}` };
}

/** Each of them once, in the state of the workspace `calls`. */
const CALLED = [
  ...new Map(
    CALLS.flatMap((call) => call.state).map((one) => [`${one.type} ${String(one.attributes.id)}`, one]),
  ).values(),
];
const HANDS = [CALLERS.alice, CALLERS.bob, CALLERS.script, CALLERS.root] as const;
const byHand = (index: number) => HANDS[index % HANDS.length]!;

const ingress = { groupId: group, ipPermissions: { items: [] } };
const QUIET_CALLS: Call[] = [
  {
    id: 'tf-1',
    at: 1,
    source: 'ec2',
    name: 'AuthorizeSecurityGroupIngress',
    req: ingress,
    by: CALLERS.terraform,
  },
  {
    id: 'tf-2',
    at: 2,
    source: 's3',
    name: 'PutBucketPolicy',
    req: { bucketName: 'quiet' },
    by: CALLERS.terraformToS3,
  },
  {
    id: 'tf-3',
    at: 3,
    source: 's3',
    name: 'DeleteBucketPolicy',
    req: { bucketName: 'quiet' },
    by: CALLERS.oldTerraform,
  },
  {
    id: 'tf-4',
    at: 4,
    source: 'lambda',
    name: 'UpdateFunctionCode20150331v2',
    req: { functionName: 'quiet' },
    by: CALLERS.openTofu,
  },
  {
    id: 'tf-5',
    at: 5,
    source: 's3',
    name: 'CreateBucket',
    req: { bucketName: 'not-in-any-state' },
    by: CALLERS.terraform,
  },
  {
    id: 'failed-1',
    at: 6,
    source: 'ec2',
    name: 'RevokeSecurityGroupIngress',
    req: ingress,
    errorCode: 'Client.UnauthorizedOperation',
    by: CALLERS.alice,
  },
  {
    id: 'failed-2',
    at: 7,
    source: 's3',
    name: 'DeleteBucket',
    req: { bucketName: 'quiet' },
    errorCode: 'AccessDenied',
    by: CALLERS.bob,
  },
  {
    id: 'failed-3',
    at: 8,
    source: 's3',
    name: 'CreateBucket',
    req: { bucketName: 'taken' },
    errorCode: 'BucketAlreadyExists',
    by: CALLERS.bob,
  },
  {
    id: 'dry-1',
    at: 9,
    source: 'ec2',
    name: 'DeleteSecurityGroup',
    req: { groupId: group },
    errorCode: 'Client.DryRunOperation',
    by: CALLERS.script,
  },
  {
    id: 'read-1',
    at: 10,
    source: 'ec2',
    name: 'DescribeSecurityGroups',
    req: ingress,
    readOnly: true,
    by: CALLERS.alice,
  },
  {
    id: 'read-2',
    at: 11,
    source: 's3',
    name: 'GetBucketPolicy',
    req: { bucketName: 'quiet' },
    readOnly: true,
    by: CALLERS.bob,
  },
  { id: 'read-3', at: 12, source: 'lambda', name: 'ListFunctions20150331', req: null, by: CALLERS.script },
  {
    id: 'sign-in',
    at: 13,
    source: 'signin',
    name: 'ConsoleLogin',
    resp: { ConsoleLogin: 'Success' },
    eventType: 'AwsConsoleSignIn',
    by: CALLERS.alice,
  },
];
/** Calls that make something or write over it, those that remove it, and how a state would call what they made. */
const PUT_BY_HAND: {
  source: string;
  name: string;
  remove: string;
  req: (it: string) => JsonObject;
  removal: (it: string) => JsonObject;
  type: string;
  id: (it: string) => string;
  /** Deletes what it is a part of, and with it the part, of which nothing more is told. */
  sweep?: { name: string; req: (it: string) => JsonObject };
}[] = [
  {
    source: 's3',
    name: 'PutBucketPolicy',
    remove: 'DeleteBucketPolicy',
    req: (it) => ({ bucketName: it }),
    removal: (it) => ({ bucketName: it }),
    type: 'aws_s3_bucket_policy',
    id: (it) => it,
    sweep: { name: 'DeleteBucket', req: (it) => ({ bucketName: it }) },
  },
  {
    source: 'logs',
    name: 'PutMetricFilter',
    remove: 'DeleteMetricFilter',
    req: (it) => ({ logGroupName: it, filterName: 'errors' }),
    removal: (it) => ({ logGroupName: it, filterName: 'errors' }),
    type: 'aws_cloudwatch_log_metric_filter',
    id: (it) => `${it}:errors`,
    sweep: { name: 'DeleteLogGroup', req: (it) => ({ logGroupName: it }) },
  },
  {
    source: 'logs',
    name: 'PutSubscriptionFilter',
    remove: 'DeleteSubscriptionFilter',
    req: (it) => ({ logGroupName: it, filterName: 'ship' }),
    removal: (it) => ({ logGroupName: it, filterName: 'ship' }),
    type: 'aws_cloudwatch_log_subscription_filter',
    id: (it) => `${it}|ship`,
    sweep: { name: 'DeleteLogGroup', req: (it) => ({ logGroupName: it }) },
  },
  {
    source: 'autoscaling',
    name: 'PutScalingPolicy',
    remove: 'DeletePolicy',
    req: (it) => ({ autoScalingGroupName: it, policyName: `${it}-cpu` }),
    removal: (it) => ({ autoScalingGroupName: it, policyName: `${it}-cpu` }),
    type: 'aws_autoscaling_policy',
    id: (it) => `${it}-cpu`,
    sweep: { name: 'DeleteAutoScalingGroup', req: (it) => ({ autoScalingGroupName: it, forceDelete: true }) },
  },
  {
    source: 'autoscaling',
    name: 'PutLifecycleHook',
    remove: 'DeleteLifecycleHook',
    req: (it) => ({ autoScalingGroupName: it, lifecycleHookName: `${it}-hook` }),
    removal: (it) => ({ autoScalingGroupName: it, lifecycleHookName: `${it}-hook` }),
    type: 'aws_autoscaling_lifecycle_hook',
    id: (it) => `${it}-hook`,
    sweep: { name: 'DeleteAutoScalingGroup', req: (it) => ({ autoScalingGroupName: it, forceDelete: true }) },
  },
  {
    source: 'lambda',
    name: 'AddPermission20150331v2',
    remove: 'RemovePermission20150331v2',
    req: (it) => ({ functionName: it, statementId: `${it}-all` }),
    removal: (it) => ({ functionName: it, statementId: `${it}-all` }),
    type: 'aws_lambda_permission',
    id: (it) => `${it}-all`,
    sweep: { name: 'DeleteFunction20150331', req: (it) => ({ functionName: it }) },
  },
  {
    source: 'monitoring',
    name: 'PutMetricAlarm',
    remove: 'DeleteAlarms',
    req: (it) => ({ alarmName: it }),
    removal: (it) => ({ alarmNames: [it] }),
    type: 'aws_cloudwatch_metric_alarm',
    id: (it) => it,
  },
  {
    source: 'events',
    name: 'PutRule',
    remove: 'DeleteRule',
    req: (it) => ({ name: it, eventBusName: 'orders' }),
    removal: (it) => ({ name: it, eventBusName: 'orders' }),
    type: 'aws_cloudwatch_event_rule',
    id: (it) => `orders/${it}`,
  },
  {
    source: 'ssm',
    name: 'PutParameter',
    remove: 'DeleteParameters',
    req: (it) => ({ name: `/${it}`, overwrite: true }),
    removal: (it) => ({ names: [`/${it}`] }),
    type: 'aws_ssm_parameter',
    id: (it) => `/${it}`,
  },
  {
    source: 'iam',
    name: 'PutRolePolicy',
    remove: 'DeleteRolePolicy',
    req: (it) => ({ roleName: 'nobodys', policyName: it }),
    removal: (it) => ({ roleName: 'nobodys', policyName: it }),
    type: 'aws_iam_role_policy',
    id: (it) => `nobodys:${it}`,
  },
  {
    source: 'iam',
    name: 'AttachUserPolicy',
    remove: 'DetachUserPolicy',
    req: (it) => ({ userName: 'nobody', policyArn: `arn:aws:iam::aws:policy/${it}` }),
    removal: (it) => ({ userName: 'nobody', policyArn: `arn:aws:iam::aws:policy/${it}` }),
    type: 'aws_iam_user_policy_attachment',
    id: (it) => `nobody/arn:aws:iam::aws:policy/${it}`,
  },
  {
    source: 'logs',
    name: 'PutDestination',
    remove: 'DeleteDestination',
    req: (it) => ({ destinationName: it }),
    removal: (it) => ({ destinationName: it }),
    type: 'aws_cloudwatch_log_destination',
    id: (it) => it,
  },
];
const PUTS: Call[] = [
  ...PUT_BY_HAND.flatMap(({ source, name, remove, req, removal, sweep }, index): Call[] => {
    const put = (id: string, it: string, by: Call['by']): Call => ({
      id: `${id}-${name}`,
      at: 100 + 10 * index,
      source,
      name,
      req: req(it),
      by,
    });
    return [
      put('put', 'kept', CALLERS.alice),
      put('put-and-removed', 'scratch', CALLERS.bob),
      put('put-by-terraform', 'planned', CALLERS.terraform),
      put('put-by-service', 'owned', CALLERS.autoscaling),
      {
        id: `remove-${name}`,
        at: 400 + index,
        source,
        name: remove,
        req: removal('scratch'),
        by: CALLERS.bob,
      },
      ...(sweep
        ? [
            put('put-and-swept', 'swept', CALLERS.alice),
            {
              id: `sweep-${name}`,
              at: 500 + index,
              source,
              name: sweep.name,
              req: sweep.req('swept'),
              by: CALLERS.bob,
            },
          ]
        : []),
    ];
  }),
  {
    id: 'put-into-declared',
    at: 450,
    source: 'iam',
    name: 'PutRolePolicy',
    req: { roleName: 'deployer', policyName: 'backdoor' },
    by: CALLERS.alice,
  },
];
const MADE_BY_HAND = 'sg-0feed00000000f00d';
const CALLS_MADE: Call[] = [
  ...QUIET_CALLS,
  ...PUTS,
  {
    id: 'scaling',
    at: 20,
    source: 'autoscaling',
    name: 'UpdateAutoScalingGroup',
    req: { autoScalingGroupName: 'scaled', desiredCapacity: 6 },
    by: CALLERS.autoscaling,
  },
  {
    id: 'stack',
    at: 21,
    source: 'lambda',
    name: 'UpdateFunctionConfiguration20150331v2',
    req: { functionName: 'stacked' },
    by: CALLERS.cloudformation,
  },
  {
    id: 'deploy',
    at: 22,
    source: 'lambda',
    name: 'UpdateFunctionCode20150331v2',
    req: { functionName: 'deployed' },
    by: CALLERS.script,
  },
  {
    id: 'made',
    at: 30,
    source: 'ec2',
    name: 'CreateSecurityGroup',
    req: { groupName: 'mine' },
    resp: { groupId: MADE_BY_HAND },
    by: CALLERS.alice,
  },
  {
    id: 'made-and-removed',
    at: 31,
    source: 's3',
    name: 'CreateBucket',
    req: { bucketName: 'scratch' },
    by: CALLERS.bob,
  },
  {
    id: 'removed',
    at: 500,
    source: 's3',
    name: 'DeleteBucket',
    req: { bucketName: 'scratch' },
    by: CALLERS.bob,
  },
  ...CALLS.map(
    ({ source, name, req, resp, resources }, index): Call => ({
      id: `call-${index}`,
      at: 1_000 + 10 * index,
      source,
      name,
      req,
      ...(resp ? { resp } : {}),
      ...(resources ? { resources } : {}),
      by: byHand(index),
    }),
  ),
];

const drifting = (drifts: DriftJson[], eventId: string): DriftJson[] =>
  drifts.filter((drift) => drift.actors.some((actor) => actor.eventIds.includes(eventId)));

describe('scan of CloudTrail files', () => {
  let states: string;
  let whole: Scanned;
  let code: number;

  const scanTrail = (trail: string, ...more: string[]) =>
    scan([
      '--state',
      states,
      '--cloudtrail',
      join(directory, trail),
      '--format',
      'json',
      '--config',
      join(directory, 'driftmgr.yaml'),
      ...more,
    ]);

  beforeAll(async () => {
    states = join(directory, 'states');
    await stateFile(join(states, 'calls.tfstate'), CALLED);
    await stateFile(join(states, 'prod.tfstate'), [...QUIET, SCALED, STACKED, DEPLOYED]);
    await writeFile(
      join(directory, 'driftmgr.yaml'),
      `terraform:\n  workspaces:\n    - { name: prod, owner: team-shop }\naws:\n  pipelines: ['arn:aws:iam::*:role/ops-cleanup']\n`,
    );
    const records = CALLS_MADE.map(recordOf);
    const half = records.length >> 1;
    await writeTrail(join(directory, 'trail'), {
      [deliveredAs(1)]: records.slice(0, half),
      [deliveredAs(2)]: records.slice(half),
    });
    const ran = await scanTrail('trail', '--all');
    code = ran.code;
    whole = scanned(ran);
  });

  it('counts what the states declare, and says that nothing is confirmed', () => {
    expect(whole.summary).toMatchObject({
      workspaces: 2,
      resources: CALLED.length + QUIET.length + 3,
      drifts: 0,
      accepted: 0,
    });
    expect(whole.summary.suspected).toBe(
      whole.drifts.filter((drift) => drift.status === 'open' && drift.ignoredBy === null).length,
    );
    expect(code).toBe(3);
  });

  it.each(QUIET_CALLS.map((call) => [call.id, call.name] as const))('%s (%s) opens nothing', (id) => {
    expect(drifting(whole.drifts, id)).toEqual([]);
  });

  it('what only Terraform, failed calls and readers touched has no drift', () => {
    const ids = new Set(QUIET.map((one) => `${one.type} ${String(one.attributes.id)}`));
    expect(whole.drifts.filter((drift) => ids.has(`${drift.type} ${drift.resourceId}`))).toEqual([]);
  });

  it.each(CALLS.map((call, index) => [`${call.source}:${call.name} (${index})`, call, index] as const))(
    '%s by hand is a suspected drift with actor, tool, address and event id',
    (_, call, index) => {
      const found = drifting(whole.drifts, `call-${index}`).filter((drift) => drift.workspace === 'calls');
      const { identity, userAgent, sourceIp } = byHand(index);
      for (const { type, attributes, unnamed, stays } of call.state) {
        // The volume is declared by itself; then it is that which was touched, not the machine it hangs on.
        if (unnamed && call.name === 'ModifyVolume') continue;
        const { resourceId } = aws.identify({
          org: 'default',
          type,
          attributes,
          scope: { account: ACCOUNT, region: REGION },
        });
        const drift = found.find((one) => one.type === type && one.resourceId === resourceId);
        expect(drift, `${type} ${resourceId}`).toMatchObject({
          confidence: 'suspected',
          status: 'open',
          differences: [],
        });
        expect(drift?.kind).toBe(call.verb === 'delete' && !stays ? 'missing' : 'modified');
        expect(drift?.address).toMatch(`${type}.`);
        const actor = drift?.actors.find((one) => one.eventIds.includes(`call-${index}`));
        expect(actor).toMatchObject({ userAgent, sourceIp });
        expect([
          identity.arn,
          (identity as { sessionContext?: { sessionIssuer: JsonObject } }).sessionContext?.sessionIssuer.arn,
        ]).toContain(actor?.principal);
        expect(actor?.via).toBe((['console', 'cli', 'pipeline', 'sdk'] as const)[index % HANDS.length]);
      }
    },
  );

  it.each(CALLS.map((call, index) => [`${call.source}:${call.name} (${index})`, index] as const))(
    '%s by hand is one drift an instance, and none that stands for what is declared nowhere',
    (_, index) => {
      const found = drifting(whole.drifts, `call-${index}`);
      const places = found.filter(({ address }) => address !== null).map(({ address }) => address);
      expect(places).toEqual([...new Set(places)]);
      expect(found.filter(({ kind, status }) => kind === 'unmanaged' && status === 'open')).toEqual([]);
    },
  );

  it.each(PUT_BY_HAND.map((put) => [put.name, put] as const))(
    '%s by hand of what no state declares is unmanaged, and resolved when the same hand removes it',
    (name, { type, id }) => {
      expect(drifting(whole.drifts, `put-${name}`)).toMatchObject([
        {
          kind: 'unmanaged',
          confidence: 'suspected',
          status: 'open',
          workspace: null,
          type,
          resourceId: id('kept'),
        },
      ]);
      expect(drifting(whole.drifts, `put-and-removed-${name}`)).toMatchObject([
        { kind: 'unmanaged', status: 'resolved', resolution: 'removed', type, resourceId: id('scratch') },
      ]);
      expect(drifting(whole.drifts, `put-by-terraform-${name}`)).toEqual([]);
      expect(drifting(whole.drifts, `put-by-service-${name}`)).toMatchObject([
        { kind: 'unmanaged', type, ignoredBy: expect.stringMatching(/^owned by autoscaling/) },
      ]);
    },
  );

  it.each(PUT_BY_HAND.filter(({ sweep }) => sweep).map((put) => [put.name, put] as const))(
    '%s by hand of what no state declares is resolved when what it is a part of is deleted',
    (name, { type, id }) => {
      expect(drifting(whole.drifts, `put-and-swept-${name}`)).toMatchObject([
        { kind: 'unmanaged', status: 'resolved', resolution: 'removed', type, resourceId: id('swept') },
      ]);
      expect(drifting(whole.drifts, `sweep-${name}`)).toEqual([]);
    },
  );

  it('what was put into a declared object is a change of that object, not unmanaged', () => {
    const found = drifting(whole.drifts, 'put-into-declared');
    expect(found.filter(({ status }) => status === 'open')).toMatchObject([
      { kind: 'modified', confidence: 'suspected', type: 'aws_iam_role', resourceId: 'deployer' },
    ]);
  });

  it('what services did is labelled with the service, and with whom it acted for', () => {
    const [scaling, ...others] = drifting(whole.drifts, 'scaling');
    expect(others).toEqual([]);
    expect(scaling).toMatchObject({
      type: 'aws_autoscaling_group',
      confidence: 'suspected',
      owner: 'team-shop',
      actors: [{ via: 'service', name: 'autoscaling.amazonaws.com for AutoScaling', sourceIp: null }],
    });
    expect(drifting(whole.drifts, 'stack')).toMatchObject([
      {
        address: 'aws_lambda_function.r5',
        actors: [{ via: 'service', name: 'cloudformation.amazonaws.com for alice' }],
      },
    ]);
  });

  it('what a configured pipeline did is labelled as such', () => {
    expect(drifting(whole.drifts, 'deploy')).toMatchObject([
      {
        address: 'aws_lambda_function.r6',
        confidence: 'suspected',
        actors: [{ via: 'pipeline', name: 'cron-host-3' }],
      },
    ]);
  });

  it('what was made by hand is unmanaged, and resolved when the same hand removes it', () => {
    expect(drifting(whole.drifts, 'made')).toMatchObject([
      {
        kind: 'unmanaged',
        confidence: 'suspected',
        status: 'open',
        workspace: null,
        resourceId: MADE_BY_HAND,
        actors: [{ name: 'alice' }],
      },
    ]);
    expect(drifting(whole.drifts, 'made-and-removed')).toMatchObject([
      {
        kind: 'unmanaged',
        status: 'resolved',
        resolution: 'removed',
        resourceId: 'scratch',
        actors: [{ name: 'bob' }],
        resolvedBy: expect.stringMatching(/^chg_/),
      },
    ]);
  });

  it('the same files shuffled, duplicated and split, in other layouts: the same drifts with the same ids', async () => {
    const records = shuffled([...CALLS_MADE, ...CALLS_MADE].map(recordOf));
    const files: Record<string, JsonObject[]> = {
      // Digests lie beside the events, and are no events.
      [`AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/2026/03/02/digest.json.gz`]: [],
    };
    for (let at = 0, n = 0; at < records.length; n++) {
      const size = 1 + ((n * 5) % 11);
      const name = [
        `flat-${n}.json`,
        deliveredAs(n),
        `more/o-example/${n}/events.json.gz`,
        `plain/${n}.json`,
      ][n % 4]!;
      files[name] = records.slice(at, at + size);
      at += size;
    }
    expect(Object.keys(files).length).toBeGreaterThan(20);
    await writeTrail(join(directory, 'scattered'), files);
    const ran = await scanTrail('scattered', '--all', '--suspected');
    // Asked to, it fails on what is merely suspected.
    expect(ran.code).toBe(2);
    const again = scanned(ran);
    expect(steady(again.drifts)).toEqual(steady(whole.drifts));
    expect(again.summary).toEqual(whole.summary);
    expect(again.coverage).toEqual(whole.coverage);
  });
});

/**
 * What must not depend on the order of arrival: all but how many steps it took to get there, from when on, and which of
 * several events that could end a resolved one came last (docs/detector.md, "What does"). Files are read while states are.
 */
const steady = (drifts: readonly DriftJson[]) =>
  drifts
    .map(
      ({
        revision: _,
        openedAt: __,
        changedAt: ___,
        declaredAsOf: ____,
        resolvedAt: _____,
        resolvedBy: ______,
        ...drift
      }) => drift,
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));

/** The same order on every run. */
function shuffled<T>(items: T[]): T[] {
  let seed = 4711;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

describe('a scan that cannot read what it was given', () => {
  it('is never in sync: exit code 3, and each unread state and file is named', async () => {
    const trail = join(directory, 'damaged');
    await writeTrail(trail, { [deliveredAs(1)]: [] });
    await writeFile(join(trail, 'damaged.json'), '{"Records":[{');
    const state = join(directory, 'damaged.tfstate');
    await writeFile(state, '{"version":4,');
    const ran = await scan(['--state', state, '--cloudtrail', trail, '--format', 'json']);
    expect(ran.code).toBe(3);
    const { summary, unread } = scanned(ran);
    expect(summary).toMatchObject({ workspaces: 1, resources: 0, drifts: 0, unknown: 0, unread: 2 });
    expect(unread).toMatchObject([
      { what: 'damaged', reason: expect.stringMatching(/cut short/) },
      { what: 'aws-cloudtrail-files', reason: expect.stringMatching(/damaged\.json: ends in the middle/) },
    ]);
  });

  it('is an error where there is nothing to read: exit code 1, and what to do', async () => {
    for (const missing of ['none.tfstate', 'empty', 'none/*.tfstate']) {
      const ran = await scan(['--state', join(directory, missing)]);
      expect(ran).toMatchObject({ code: 1, out: '' });
      expect(ran.err).toContain(`there is no state at ${join(directory, missing)}\n  Give a state file`);
    }
    const withoutToken = await scan(['--state', join(directory, 'states'), '--digitalocean']);
    expect(withoutToken).toMatchObject({ code: 1, out: '' });
    expect(withoutToken.err).toContain('DRIFTMGR_DIGITALOCEAN_TOKEN');
    expect(await scan(['--state', 'x', '--format', 'xml'])).toMatchObject({ code: 1, out: '' });
  });
});

describe('scan of DigitalOcean', () => {
  let standIn: StandIn;
  let state: string;
  beforeAll(async () => {
    standIn = await startStandIn(sampleEstate());
    standIn.limit = 1_000_000;
    state = join(directory, 'edge.tfstate');
    const declared = Object.entries(sampleState()).flatMap(([type, instances]) =>
      instances.map((attributes): Declared => ({ type, attributes })),
    );
    await stateFile(state, declared, 'registry.terraform.io/digitalocean/digitalocean');
  });
  afterAll(() => standIn.close());

  const scanEstate = (estate: Estate, ...more: string[]) => {
    standIn.estate = estate;
    return scan(['--state', state, '--digitalocean', ...more], {
      DRIFTMGR_DIGITALOCEAN_TOKEN: TOKEN,
      DRIFTMGR_DIGITALOCEAN_URL: standIn.url,
    });
  };

  it('a clean estate has no drift: exit code 0, and the table says so', async () => {
    const ran = await scanEstate(sampleEstate());
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^.*\b\d+ resources in 1 workspace · 0 drifts\n/m);
  });

  it('one mutated field is exactly that drift: exit code 2, told in SARIF', async () => {
    const estate = sampleEstate();
    estate['/v2/load_balancers']![0]!.redirect_http_to_https = false;
    const ran = await scanEstate(estate, '--format', 'sarif');
    expect(ran).toMatchObject({ code: 2, err: '' });
    const log = JSON.parse(ran.out) as {
      version: string;
      runs: { results: { message: { text: string }; ruleId: string }[] }[];
    };
    expect(log.version).toBe('2.1.0');
    expect(log.runs[0]!.results).toHaveLength(1);
    expect(log.runs[0]!.results[0]!.message.text).toContain('redirect_http_to_https');
  });

  it('a 500 on one page makes that type unknown, not missing: exit code 3, told in JUnit', async () => {
    standIn.pageSize = 1;
    standIn.fault = (path, page) =>
      path === '/v2/droplets' && page === 2 ? { status: 500, body: '{}' } : null;
    const ran = await scanEstate(sampleEstate(), '--format', 'junit');
    standIn.fault = null;
    standIn.pageSize = 200;
    expect(ran).toMatchObject({ code: 3, err: '' });
    expect(ran.out).toMatch(/^<\?xml version="1.0"/);
    expect(ran.out).not.toContain('declared, but gone');
    expect(ran.out).not.toMatch(/<failure/);
    expect(ran.out.match(/<skipped /g)).toHaveLength(1);
    expect(ran.out).toMatch(
      /name="digitalocean\/-\/-\/digitalocean_droplet"[^>]*><skipped message="unknown: [^"]*500/,
    );
  });
});
