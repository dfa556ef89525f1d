// What runs, speaks and is allowed to, in the pretend aws provider. Data; see aws-network.ts.
import type { ResourceType } from '../schema.ts';
import { block, listOf, made, optional } from './written.ts';

export const AWS_COMPUTE: Record<string, ResourceType> = {
  aws_sqs_queue: {
    version: 0,
    id: 'https://sqs.{region}.amazonaws.com/{account}/{name}',
    placed: 'world',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:sqs:{region}:{account}:{name}'),
      delay_seconds: optional('number', 0),
      fifo_queue: optional('bool', false, 'new'),
      kms_master_key_id: 'string optional',
      max_message_size: optional('number', 262144),
      message_retention_seconds: optional('number', 345600),
      name: 'string required new',
      policy: 'string optional',
      sqs_managed_sse_enabled: optional('bool', true),
      tags: 'map(string) optional',
      url: made('string', '{id}'),
      visibility_timeout_seconds: optional('number', 30),
    }),
    calls: {
      source: 'sqs',
      create: {
        name: 'CreateQueue',
        request: { queueName: '{name}' },
        response: { queueUrl: '{id}' },
      },
      read: { name: 'GetQueueAttributes', request: { queueUrl: '{id}' } },
      update: [
        { on: ['tags'], name: 'TagQueue', request: { queueUrl: '{id}', tags: '{tags}' } },
        {
          on: ['*'],
          name: 'SetQueueAttributes',
          request: {
            queueUrl: '{id}',
            attributes: {
              DelaySeconds: '{delay_seconds}',
              MessageRetentionPeriod: '{message_retention_seconds}',
              Policy: '{policy}',
              VisibilityTimeout: '{visibility_timeout_seconds}',
            },
          },
        },
      ],
      delete: { name: 'DeleteQueue', request: { queueUrl: '{id}' } },
    },
  },

  aws_sns_topic: {
    version: 0,
    id: 'arn:aws:sns:{region}:{account}:{name}',
    placed: 'world',
    block: block({
      id: 'string computed',
      arn: made('string', '{id}'),
      display_name: 'string optional',
      fifo_topic: optional('bool', false, 'new'),
      kms_master_key_id: 'string optional',
      name: 'string required new',
      owner: made('string', '{account}'),
      tags: 'map(string) optional',
    }),
    calls: {
      source: 'sns',
      create: { name: 'CreateTopic', request: { name: '{name}' }, response: { topicArn: '{id}' } },
      read: { name: 'GetTopicAttributes', request: { topicArn: '{id}' } },
      update: [
        { on: ['tags'], name: 'TagResource', request: { resourceArn: '{id}' } },
        {
          on: ['*'],
          name: 'SetTopicAttributes',
          request: { topicArn: '{id}', attributeName: 'DisplayName', attributeValue: '{display_name}' },
        },
      ],
      delete: { name: 'DeleteTopic', request: { topicArn: '{id}' } },
    },
  },

  aws_iam_role: {
    version: 0,
    id: '{name}',
    placed: 'account',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:iam::{account}:role{path}{name}'),
      assume_role_policy: 'string required',
      create_date: made('string', '{#now}'),
      description: 'string optional',
      inline_policy: {
        is: 'optional computed',
        type: ['set', ['object', { name: 'string', policy: 'string' }]],
        default: [],
      },
      managed_policy_arns: { is: 'optional computed', type: ['set', 'string'], default: [] },
      max_session_duration: optional('number', 3600),
      name: 'string required new',
      path: optional('string', '/', 'new'),
      permissions_boundary: 'string optional',
      tags: 'map(string) optional',
      unique_id: made('string', 'AROA{#upper:17}'),
    }),
    calls: {
      source: 'iam',
      create: {
        name: 'CreateRole',
        request: { roleName: '{name}', assumeRolePolicyDocument: '{assume_role_policy}' },
        response: { role: { roleName: '{name}', arn: '{arn}', roleId: '{unique_id}' } },
      },
      read: { name: 'GetRole', request: { roleName: '{name}' } },
      update: [
        { on: ['tags'], name: 'TagRole', request: { roleName: '{name}' } },
        {
          on: ['assume_role_policy'],
          name: 'UpdateAssumeRolePolicy',
          request: { roleName: '{name}', policyDocument: '{assume_role_policy}' },
        },
        {
          on: ['inline_policy'],
          only: 'removed',
          each: true,
          name: 'DeleteRolePolicy',
          request: { roleName: '{name}', policyName: '{one.name}' },
        },
        {
          on: ['inline_policy'],
          only: 'added',
          each: true,
          name: 'PutRolePolicy',
          request: { roleName: '{name}', policyName: '{one.name}', policyDocument: '{one.policy}' },
        },
        {
          on: ['managed_policy_arns'],
          only: 'removed',
          each: true,
          name: 'DetachRolePolicy',
          request: { roleName: '{name}', policyArn: '{one}' },
        },
        {
          on: ['managed_policy_arns'],
          only: 'added',
          each: true,
          name: 'AttachRolePolicy',
          request: { roleName: '{name}', policyArn: '{one}' },
        },
        {
          on: ['permissions_boundary'],
          name: 'PutRolePermissionsBoundary',
          request: { roleName: '{name}', permissionsBoundary: '{permissions_boundary}' },
        },
        {
          on: ['*'],
          name: 'UpdateRole',
          request: { roleName: '{name}', maxSessionDuration: '{max_session_duration}' },
        },
      ],
      delete: { name: 'DeleteRole', request: { roleName: '{name}' } },
    },
  },

  aws_cloudwatch_log_group: {
    version: 0,
    id: '{name}',
    placed: 'region',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:logs:{region}:{account}:log-group:{name}'),
      kms_key_id: 'string optional',
      log_group_class: optional('string', 'STANDARD', 'new'),
      name: 'string required new',
      retention_in_days: optional('number', 0),
      skip_destroy: optional('bool', false),
      tags: 'map(string) optional',
    }),
    calls: {
      source: 'logs',
      create: { name: 'CreateLogGroup', request: { logGroupName: '{name}' } },
      read: { name: 'DescribeLogGroups', request: { logGroupNamePrefix: '{name}' } },
      update: [
        { on: ['tags'], name: 'TagLogGroup', request: { logGroupName: '{name}' } },
        {
          on: ['*'],
          name: 'PutRetentionPolicy',
          request: { logGroupName: '{name}', retentionInDays: '{retention_in_days}' },
        },
      ],
      delete: { name: 'DeleteLogGroup', request: { logGroupName: '{name}' } },
    },
  },

  aws_lambda_function: {
    version: 0,
    id: '{function_name}',
    placed: 'region',
    block: block(
      {
        id: 'string computed',
        arn: made('string', 'arn:aws:lambda:{region}:{account}:function:{function_name}'),
        description: 'string optional',
        filename: 'string optional unreadable',
        function_name: 'string required new',
        handler: 'string optional',
        last_modified: made('string', '{#now}', 'changing'),
        layers: 'list(string) optional',
        memory_size: optional('number', 128),
        reserved_concurrent_executions: optional('number', -1),
        role: 'string required',
        runtime: 'string optional',
        tags: 'map(string) optional',
        timeout: optional('number', 3),
      },
      {
        environment: listOf(block({ variables: 'map(string) optional sensitive' }), { max_items: 1 }),
        vpc_config: listOf(
          block({ security_group_ids: 'set(string) required', subnet_ids: 'set(string) required' }),
          { max_items: 1 },
        ),
      },
    ),
    calls: {
      source: 'lambda',
      create: {
        name: 'CreateFunction20150331',
        request: { functionName: '{function_name}', runtime: '{runtime}', role: '{role}' },
        response: { functionName: '{function_name}', functionArn: '{arn}' },
      },
      read: { name: 'GetFunction20150331v2', request: { functionName: '{function_name}' } },
      update: [
        { on: ['tags'], name: 'TagResource20170331v2', request: { resource: '{arn}' } },
        {
          on: ['filename'],
          name: 'UpdateFunctionCode20150331v2',
          request: { functionName: '{function_name}' },
        },
        {
          on: ['*'],
          name: 'UpdateFunctionConfiguration20150331v2',
          request: {
            functionName: '{function_name}',
            memorySize: '{memory_size}',
            timeout: '{timeout}',
            handler: '{handler}',
          },
        },
      ],
      delete: { name: 'DeleteFunction20150331', request: { functionName: '{function_name}' } },
    },
  },
};
