// What is a part of something else in the pretend aws provider: rules of security groups, policies of roles, settings of
// buckets. Made apart, they show up in what the whole reads as; made inline there, they are no resources. Data.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { itself, named } from '../cloud/parts.ts';
import type { Part, ResourceType } from '../schema.ts';
import { block, listOf, made, optional } from './written.ts';

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const some = (value: Json | undefined): Json[] =>
  value === null || value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value];
const bare = (value: JsonObject): JsonObject => ({
  cidr_blocks: [],
  description: '',
  from_port: 0,
  ipv6_cidr_blocks: [],
  prefix_list_ids: [],
  protocol: '-1',
  security_groups: [],
  self: false,
  to_port: 0,
  ...value,
});

const ofGroup = (at: (own: JsonObject) => string, value: (own: JsonObject) => Json): Part => ({
  of: 'aws_security_group',
  whole: (own) => text(own.security_group_id),
  at,
  value,
  key: itself,
});

/** The call's name for the direction that the rule says. */
const directed =
  (call: string) =>
  ({ type }: JsonObject): string =>
    `${call}${type === 'egress' ? 'Egress' : 'Ingress'}`;

/** One rule of its own: `aws_vpc_security_group_ingress_rule` and its like. */
function ruleType(direction: 'ingress' | 'egress'): ResourceType {
  const call = direction === 'ingress' ? 'SecurityGroupIngress' : 'SecurityGroupEgress';
  const request = { groupId: '{security_group_id}' };
  return {
    version: 0,
    id: 'sgr-{#hex:17}',
    placed: 'region',
    part: ofGroup(
      () => direction,
      (own) =>
        bare({
          cidr_blocks: some(own.cidr_ipv4),
          description: text(own.description),
          from_port: own.from_port ?? 0,
          ipv6_cidr_blocks: some(own.cidr_ipv6),
          prefix_list_ids: some(own.prefix_list_id),
          protocol: text(own.ip_protocol),
          security_groups: some(own.referenced_security_group_id),
          to_port: own.to_port ?? 0,
        }),
    ),
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:ec2:{region}:{account}:security-group-rule/{id}'),
      cidr_ipv4: 'string optional',
      cidr_ipv6: 'string optional',
      description: 'string optional',
      from_port: 'number optional',
      ip_protocol: 'string required',
      prefix_list_id: 'string optional',
      referenced_security_group_id: 'string optional',
      security_group_id: 'string required new',
      security_group_rule_id: made('string', '{id}'),
      tags: 'map(string) optional',
      to_port: 'number optional',
    }),
    calls: {
      source: 'ec2',
      create: {
        name: `Authorize${call}`,
        request,
        response: {
          securityGroupRuleSet: { items: [{ groupId: '{security_group_id}', securityGroupRuleId: '{id}' }] },
        },
      },
      read: { name: 'DescribeSecurityGroupRules', request: { securityGroupRuleId: '{id}' } },
      update: [
        {
          on: ['*'],
          name: 'ModifySecurityGroupRules',
          request: {
            ModifySecurityGroupRulesRequest: {
              GroupId: '{security_group_id}',
              groupId: '{security_group_id}',
              securityGroupRule: [{ securityGroupRuleId: '{id}' }],
            },
          },
        },
      ],
      delete: {
        name: `Revoke${call}`,
        request: { ...request, securityGroupRuleIds: { items: [{ securityGroupRuleId: '{id}' }] } },
      },
    },
  };
}

const ofBucket = (at: string, value: Part['value'], from: Part['from']): Part => ({
  of: 'aws_s3_bucket',
  whole: (own) => text(own.bucket),
  at: () => at,
  value,
  from,
});

/** A setting of a bucket, put and deleted under the bucket's name. */
const setting = (put: string, remove: string, get: string): NonNullable<ResourceType['calls']> => {
  const request = { bucketName: '{bucket}' };
  return {
    source: 's3',
    create: { name: put, request },
    read: { name: get, request },
    update: [{ on: ['*'], name: put, request }],
    delete: { name: remove, request },
  };
};

const first = (value: Json | undefined): JsonObject => {
  const [one] = some(value);
  return one !== null && typeof one === 'object' && !Array.isArray(one) ? one : {};
};

export const AWS_PARTS: Record<string, ResourceType> = {
  aws_vpc_security_group_ingress_rule: ruleType('ingress'),
  aws_vpc_security_group_egress_rule: ruleType('egress'),

  aws_security_group_rule: {
    version: 2,
    id: 'sgrule-{#digits:10}',
    placed: 'region',
    part: ofGroup(
      (own) => text(own.type),
      (own) =>
        bare({
          cidr_blocks: some(own.cidr_blocks),
          description: text(own.description),
          from_port: own.from_port ?? 0,
          ipv6_cidr_blocks: some(own.ipv6_cidr_blocks),
          prefix_list_ids: some(own.prefix_list_ids),
          protocol: text(own.protocol),
          security_groups: some(own.source_security_group_id),
          self: own.self ?? false,
          to_port: own.to_port ?? 0,
        }),
    ),
    block: block({
      id: 'string computed',
      cidr_blocks: 'list(string) optional new',
      description: 'string optional',
      from_port: 'number required new',
      ipv6_cidr_blocks: 'list(string) optional new',
      prefix_list_ids: 'list(string) optional new',
      protocol: 'string required new',
      security_group_id: 'string required new',
      security_group_rule_id: made('string', 'sgr-{#hex:17}'),
      self: optional('bool', false, 'new'),
      source_security_group_id: 'string optional new',
      to_port: 'number required new',
      type: 'string required new',
    }),
    calls: {
      source: 'ec2',
      create: {
        name: directed('AuthorizeSecurityGroup'),
        request: { groupId: '{security_group_id}' },
        response: {
          securityGroupRuleSet: {
            items: [{ groupId: '{security_group_id}', securityGroupRuleId: '{security_group_rule_id}' }],
          },
        },
      },
      read: {
        name: 'DescribeSecurityGroupRules',
        request: { securityGroupRuleId: '{security_group_rule_id}' },
      },
      update: [
        {
          on: ['*'],
          name: directed('UpdateSecurityGroupRuleDescriptions'),
          request: {
            groupId: '{security_group_id}',
            securityGroupRule: [{ securityGroupRuleId: '{security_group_rule_id}' }],
          },
        },
      ],
      delete: {
        name: directed('RevokeSecurityGroup'),
        request: {
          groupId: '{security_group_id}',
          securityGroupRuleIds: { items: [{ securityGroupRuleId: '{security_group_rule_id}' }] },
        },
      },
    },
  },

  aws_iam_role_policy: {
    version: 0,
    id: '{role}:{name}',
    placed: 'account',
    part: {
      of: 'aws_iam_role',
      whole: (own) => text(own.role),
      at: () => 'inline_policy',
      value: ({ name = null, policy = null }) => ({ name, policy }),
      key: named,
      from: (held) => ({ policy: (held as JsonObject).policy ?? null }),
    },
    block: block({
      id: 'string computed',
      name: { is: 'string optional computed new', made: 'terraform-{#digits:14}' },
      policy: 'string required',
      role: 'string required new',
    }),
    calls: {
      source: 'iam',
      create: { name: 'PutRolePolicy', request: { roleName: '{role}', policyName: '{name}' } },
      read: { name: 'GetRolePolicy', request: { roleName: '{role}', policyName: '{name}' } },
      update: [{ on: ['*'], name: 'PutRolePolicy', request: { roleName: '{role}', policyName: '{name}' } }],
      delete: { name: 'DeleteRolePolicy', request: { roleName: '{role}', policyName: '{name}' } },
    },
  },

  aws_iam_role_policy_attachment: {
    version: 0,
    id: '{role}-{#digits:26}',
    placed: 'account',
    part: {
      of: 'aws_iam_role',
      whole: (own) => text(own.role),
      at: () => 'managed_policy_arns',
      value: (own) => own.policy_arn ?? null,
      key: itself,
    },
    block: block({
      id: 'string computed',
      policy_arn: 'string required new',
      role: 'string required new',
    }),
    calls: {
      source: 'iam',
      create: { name: 'AttachRolePolicy', request: { roleName: '{role}', policyArn: '{policy_arn}' } },
      read: { name: 'ListAttachedRolePolicies', request: { roleName: '{role}' } },
      update: [],
      delete: { name: 'DetachRolePolicy', request: { roleName: '{role}', policyArn: '{policy_arn}' } },
    },
  },

  aws_s3_bucket_versioning: {
    version: 0,
    id: '{bucket}',
    placed: 'world',
    part: ofBucket(
      'versioning',
      (own) => [
        {
          enabled: first(own.versioning_configuration).status === 'Enabled',
          mfa_delete: first(own.versioning_configuration).mfa_delete === 'Enabled',
        },
      ],
      (held, own) => {
        const { enabled, mfa_delete } = first(held);
        const { status } = first(own.versioning_configuration);
        // A bucket says no more than whether it is on; what it was called where it is not stays.
        const off = status === 'Enabled' || status === undefined ? 'Suspended' : status;
        return {
          versioning_configuration: [
            { mfa_delete: mfa_delete ? 'Enabled' : 'Disabled', status: enabled ? 'Enabled' : off },
          ],
        };
      },
    ),
    block: block(
      {
        id: 'string computed',
        bucket: 'string required new',
        expected_bucket_owner: 'string optional new',
        mfa: 'string optional unreadable',
      },
      {
        versioning_configuration: listOf(
          block({ mfa_delete: optional('string', 'Disabled'), status: 'string required' }),
          { min_items: 1, max_items: 1 },
        ),
      },
    ),
    calls: setting('PutBucketVersioning', 'PutBucketVersioning', 'GetBucketVersioning'),
  },

  aws_s3_bucket_policy: {
    version: 0,
    id: '{bucket}',
    placed: 'world',
    part: ofBucket(
      'policy',
      (own) => own.policy ?? null,
      (held) => (typeof held === 'string' && held !== '' ? { policy: held } : null),
    ),
    block: block({
      id: 'string computed',
      bucket: 'string required new',
      policy: 'string required',
    }),
    calls: setting('PutBucketPolicy', 'DeleteBucketPolicy', 'GetBucketPolicy'),
  },

  aws_s3_bucket_server_side_encryption_configuration: {
    version: 0,
    id: '{bucket}',
    placed: 'world',
    part: ofBucket(
      'server_side_encryption_configuration',
      (own) => [{ rule: own.rule ?? [] }],
      (held) => ({ rule: first(held).rule ?? [] }),
    ),
    block: block(
      {
        id: 'string computed',
        bucket: 'string required new',
        expected_bucket_owner: 'string optional new',
      },
      {
        rule: {
          nesting_mode: 'set',
          min_items: 1,
          block: block(
            { bucket_key_enabled: optional('bool', false) },
            {
              apply_server_side_encryption_by_default: listOf(
                block({
                  kms_master_key_id: optional('string', ''),
                  sse_algorithm: 'string required',
                }),
                { max_items: 1 },
              ),
            },
          ),
        },
      },
    ),
    calls: setting('PutBucketEncryption', 'DeleteBucketEncryption', 'GetBucketEncryption'),
  },

  // Beside the bucket also in the real cloud: the bucket's own read does not show it.
  aws_s3_bucket_public_access_block: {
    version: 0,
    id: '{bucket}',
    placed: 'world',
    block: block({
      id: 'string computed',
      block_public_acls: optional('bool', false),
      block_public_policy: optional('bool', false),
      bucket: 'string required new',
      ignore_public_acls: optional('bool', false),
      restrict_public_buckets: optional('bool', false),
    }),
    calls: setting(
      'PutBucketPublicAccessBlock',
      'DeleteBucketPublicAccessBlock',
      'GetBucketPublicAccessBlock',
    ),
  },
};
