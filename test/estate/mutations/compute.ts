// Edits of machines, functions and containers. Data.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { autoscaling, type Call, ec2, ecr, ecs, lambda, states } from '../cloud.ts';
import { block, edit, listed, type Mutation, tagging, text, toggled, widened } from '../mutation.ts';

const instance = (a: JsonObject, more: JsonObject): Call =>
  ec2('ModifyInstanceAttribute', { InstanceId: text(a.id), ...more });
const configured = (a: JsonObject, more: JsonObject): Call =>
  lambda(
    'UpdateFunctionConfiguration20150331v2',
    `PUT /2015-03-31/functions/${a.function_name}/configuration`,
    more,
    { functionName: text(a.function_name) },
  );
const group = (a: JsonObject, more: JsonObject): Call =>
  autoscaling('UpdateAutoScalingGroup', { AutoScalingGroupName: text(a.name), ...more });
const FUNCTIONS: [attribute: string, parameter: string, value: Json][] = [
  ['memory_size', 'MemorySize', 512],
  ['timeout', 'Timeout', 99],
  ['description', 'Description', 'changed'],
  ['handler', 'Handler', 'other.handler'],
  ['runtime', 'Runtime', 'nodejs22.x'],
];
const GROUPS: [attribute: string, parameter: string, value: Json][] = [
  ['max_size', 'MaxSize', 9],
  ['health_check_grace_period', 'HealthCheckGracePeriod', 77],
  ['min_size', 'MinSize', 1],
];

export const COMPUTE: readonly Mutation[] = [
  edit(
    'aws_instance',
    'disable_api_termination',
    (a, v) => instance(a, { DisableApiTermination: { Value: v } }),
    true,
  ),
  edit('aws_instance', 'source_dest_check', (a, v) => instance(a, { SourceDestCheck: { Value: v } }), false),
  // The call names the volume alone, which no resource of its own declares.
  edit(
    'aws_instance',
    'root_block_device',
    (a, v) => ec2('ModifyVolume', { VolumeId: text(block(a, 'root_block_device').volume_id), Size: v }),
    9,
    { was: () => 8 },
  ),
  edit('aws_instance', 'ebs_optimized', (a, v) => instance(a, { EbsOptimized: { Value: v } }), true),
  edit('aws_instance', 'vpc_security_group_ids', (a, v) => instance(a, { GroupId: v }), [
    'sg-0123456789abcdef0',
  ]),
  ...FUNCTIONS.map(([attribute, parameter, value]) =>
    edit('aws_lambda_function', attribute, (a, v) => configured(a, { [parameter]: v }), value),
  ),
  edit(
    'aws_lambda_function',
    'environment',
    (a, v) => configured(a, { Environment: { Variables: v } }),
    { STAGE: 'test', LEVEL: 'debug' },
    { was: (a) => block(a, 'environment').variables! },
  ),
  toggled(
    'aws_lambda_function',
    'reserved_concurrent_executions',
    (a) =>
      lambda(
        'PutFunctionConcurrency20171031',
        `PUT /2017-10-31/functions/${a.function_name}/concurrency`,
        { ReservedConcurrentExecutions: 3 },
        { functionName: text(a.function_name), reservedConcurrentExecutions: 3 },
      ),
    (a) =>
      lambda(
        'DeleteFunctionConcurrency20171031',
        `DELETE /2017-10-31/functions/${a.function_name}/concurrency`,
        null,
        { functionName: text(a.function_name) },
      ),
  ),
  ...tagging(['aws_lambda_function'], (a, tags) =>
    lambda(
      'TagResource20170331v2',
      `POST /2017-03-31/tags/${encodeURIComponent(text(a.arn))}`,
      { Tags: tags },
      { resource: text(a.arn) },
    ),
  ),
  edit(
    'aws_lambda_alias',
    'description',
    (a, v) =>
      lambda(
        'UpdateAlias20150331',
        `PUT /2015-03-31/functions/${functionOf(a)}/aliases/${a.name}`,
        { Description: v },
        { functionName: functionOf(a), name: text(a.name) },
      ),
    'changed',
  ),
  edit(
    'aws_lambda_event_source_mapping',
    'batch_size',
    (a, v) =>
      lambda(
        'UpdateEventSourceMapping20150331',
        `PUT /2015-03-31/event-source-mappings/${a.uuid}`,
        { BatchSize: v },
        { uUID: text(a.uuid), batchSize: v },
      ),
    3,
  ),
  edit(
    'aws_ecr_repository',
    'image_tag_mutability',
    (a, v) => ecr('PutImageTagMutability', { repositoryName: text(a.name), imageTagMutability: v }),
    'MUTABLE',
  ),
  edit(
    'aws_ecr_repository',
    'image_scanning_configuration',
    (a, v) =>
      ecr('PutImageScanningConfiguration', {
        repositoryName: text(a.name),
        imageScanningConfiguration: { scanOnPush: v },
      }),
    false,
    { was: () => true },
  ),
  ...tagging(['aws_ecr_repository'], (a, tags) =>
    ecr('TagResource', { resourceArn: text(a.arn), tags: listed(tags) }),
  ),
  toggled(
    'aws_ecr_repository_policy',
    'policy',
    (a) => ecr('SetRepositoryPolicy', { repositoryName: text(a.repository), policyText: widened(a.policy) }),
    (a) => ecr('SetRepositoryPolicy', { repositoryName: text(a.repository), policyText: text(a.policy) }),
  ),
  edit(
    'aws_ecr_lifecycle_policy',
    'policy',
    (a, v) =>
      ecr('PutLifecyclePolicy', {
        repositoryName: text(a.repository),
        lifecyclePolicyText: text(a.policy).replace('"countNumber":5', `"countNumber":${v}`),
      }),
    50,
    { was: () => 5 },
  ),
  ...tagging(['aws_ecs_cluster'], (a, tags) =>
    ecs('TagResource', { resourceArn: text(a.arn), tags: listed(tags, 'key', 'value') }),
  ),
  edit(
    'aws_ecs_service',
    'desired_count',
    (a, v) => ecs('UpdateService', { cluster: 'estate-0', service: text(a.name), desiredCount: v }),
    4,
    { expects: { ignored: true } },
  ),
  ...GROUPS.map(([attribute, parameter, value]) =>
    edit('aws_autoscaling_group', attribute, (a, v) => group(a, { [parameter]: v }), value),
  ),
  edit('aws_autoscaling_group', 'desired_capacity', (a, v) => group(a, { DesiredCapacity: v }), 2, {
    expects: { ignored: true },
  }),
  edit(
    'aws_autoscaling_group',
    'tag',
    (a, v) =>
      autoscaling('CreateOrUpdateTags', {
        Tags: [
          {
            ResourceId: text(a.name),
            ResourceType: 'auto-scaling-group',
            Key: 'Name',
            Value: v,
            PropagateAtLaunch: true,
          },
        ],
      }),
    'changed',
    { was: () => 'estate' },
  ),
  ...tagging(['aws_sfn_activity'], (a, tags) =>
    states('TagResource', { resourceArn: text(a.id), tags: listed(tags, 'key', 'value') }),
  ),
];

const functionOf = (a: JsonObject): string => text(a.function_name).split(':').at(-1)!;
