// Networks of the pretend aws provider. Data: attribute names and types are those of terraform-provider-aws 5, fewer of them.
import type { Calls, CtyType, ResourceType } from '../schema.ts';
import { block, made, optional } from './written.ts';

const RULE: CtyType = [
  'set',
  [
    'object',
    {
      cidr_blocks: ['list', 'string'],
      description: 'string',
      from_port: 'number',
      ipv6_cidr_blocks: ['list', 'string'],
      prefix_list_ids: ['list', 'string'],
      protocol: 'string',
      security_groups: ['set', 'string'],
      self: 'bool',
      to_port: 'number',
    },
  ],
];

const tagged: Calls['update'][number] = {
  on: ['tags'],
  name: 'CreateTags',
  request: { resourcesSet: { items: [{ resourceId: '{id}' }] }, tagSet: { items: '{tags}' } },
};

export const AWS_NETWORK: Record<string, ResourceType> = {
  aws_vpc: {
    version: 1,
    id: 'vpc-{#hex:17}',
    placed: 'region',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:ec2:{region}:{account}:vpc/{id}'),
      cidr_block: 'string required new',
      enable_dns_hostnames: optional('bool', false),
      enable_dns_support: optional('bool', true),
      instance_tenancy: 'string optional new',
      main_route_table_id: made('string', 'rtb-{#hex:17}'),
      owner_id: made('string', '{account}'),
      tags: 'map(string) optional',
    }),
    calls: {
      source: 'ec2',
      create: {
        name: 'CreateVpc',
        request: { cidrBlock: '{cidr_block}' },
        response: { vpc: { vpcId: '{id}', cidrBlock: '{cidr_block}' } },
      },
      read: { name: 'DescribeVpcs', request: { vpcSet: { items: [{ vpcId: '{id}' }] } } },
      update: [
        tagged,
        {
          on: ['enable_dns_hostnames'],
          name: 'ModifyVpcAttribute',
          request: { vpcId: '{id}', enableDnsHostnames: { value: '{enable_dns_hostnames}' } },
        },
        {
          on: ['*'],
          name: 'ModifyVpcAttribute',
          request: { vpcId: '{id}', enableDnsSupport: { value: '{enable_dns_support}' } },
        },
      ],
      delete: { name: 'DeleteVpc', request: { vpcId: '{id}' } },
    },
  },

  aws_subnet: {
    version: 1,
    id: 'subnet-{#hex:17}',
    placed: 'region',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:ec2:{region}:{account}:subnet/{id}'),
      availability_zone: { is: 'string optional computed new', made: '{region}a' },
      cidr_block: 'string optional new',
      map_public_ip_on_launch: optional('bool', false),
      owner_id: made('string', '{account}'),
      tags: 'map(string) optional',
      vpc_id: 'string required new',
    }),
    calls: {
      source: 'ec2',
      create: {
        name: 'CreateSubnet',
        request: { vpcId: '{vpc_id}', cidrBlock: '{cidr_block}' },
        response: { subnet: { subnetId: '{id}', vpcId: '{vpc_id}' } },
      },
      read: { name: 'DescribeSubnets', request: { subnetSet: { items: [{ subnetId: '{id}' }] } } },
      update: [
        tagged,
        {
          on: ['*'],
          name: 'ModifySubnetAttribute',
          request: { subnetId: '{id}', mapPublicIpOnLaunch: { value: '{map_public_ip_on_launch}' } },
        },
      ],
      delete: { name: 'DeleteSubnet', request: { subnetId: '{id}' } },
    },
  },

  aws_security_group: {
    version: 1,
    id: 'sg-{#hex:17}',
    placed: 'region',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:ec2:{region}:{account}:security-group/{id}'),
      description: optional('string', 'Managed by Terraform', 'new'),
      egress: { is: 'optional computed', type: RULE, default: [] },
      ingress: { is: 'optional computed', type: RULE, default: [] },
      name: 'string required new',
      owner_id: made('string', '{account}'),
      revoke_rules_on_delete: optional('bool', false),
      tags: 'map(string) optional',
      vpc_id: { is: 'string optional computed new', made: 'vpc-{#hex:17}' },
    }),
    calls: {
      source: 'ec2',
      create: {
        name: 'CreateSecurityGroup',
        request: { groupName: '{name}', groupDescription: '{description}', vpcId: '{vpc_id}' },
        response: { _return: true, groupId: '{id}' },
      },
      read: {
        name: 'DescribeSecurityGroups',
        request: { securityGroupIdSet: { items: [{ groupId: '{id}' }] } },
      },
      update: [
        tagged,
        {
          on: ['ingress'],
          only: 'removed',
          name: 'RevokeSecurityGroupIngress',
          request: { groupId: '{id}', ipPermissions: { items: '{removed}' } },
        },
        {
          on: ['ingress'],
          only: 'added',
          name: 'AuthorizeSecurityGroupIngress',
          request: { groupId: '{id}', ipPermissions: { items: '{added}' } },
        },
        {
          on: ['egress'],
          only: 'removed',
          name: 'RevokeSecurityGroupEgress',
          request: { groupId: '{id}', ipPermissions: { items: '{removed}' } },
        },
        {
          on: ['egress'],
          only: 'added',
          name: 'AuthorizeSecurityGroupEgress',
          request: { groupId: '{id}', ipPermissions: { items: '{added}' } },
        },
      ],
      delete: { name: 'DeleteSecurityGroup', request: { groupId: '{id}' } },
    },
  },
};
