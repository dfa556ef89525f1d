// Edits of the network. Data.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { type Call, ec2 } from '../cloud.ts';
import { at, edit, listed, type Mutation, tagging, text, toggled } from '../mutation.ts';

const port = (number: number, cidr: string): JsonObject => ({
  IpPermissions: [{ IpProtocol: 'tcp', FromPort: number, ToPort: number, IpRanges: [{ CidrIp: cidr }] }],
});
const rules =
  (name: string, ...[number, cidr]: [number, string]) =>
  (a: JsonObject): Call =>
    ec2(name, { GroupId: text(a.id), ...port(number, cidr) });
const httpsInside = (a: JsonObject): JsonObject => ({
  GroupId: text(a.id),
  IpPermissions: [
    {
      IpProtocol: 'tcp',
      FromPort: 443,
      ToPort: 443,
      IpRanges: [{ CidrIp: '192.168.0.0/16', Description: 'https' }],
    },
  ],
});
const described = (a: JsonObject, description: Json): Call => {
  const sources: JsonObject = a.referenced_security_group_id
    ? { Groups: [{ GroupId: text(a.referenced_security_group_id), Description: description }] }
    : { IpRanges: [{ CidrIp: text(a.cidr_ipv4 ?? '10.0.0.0/8'), Description: description }] };
  return ec2('UpdateSecurityGroupRuleDescriptionsIngress', {
    GroupId: text(a.security_group_id),
    IpPermissions: [{ IpProtocol: 'tcp', FromPort: a.from_port!, ToPort: a.to_port!, ...sources }],
  });
};
const entry = (name: string, a: JsonObject, more: JsonObject): Call =>
  ec2(name, {
    NetworkAclId: text(a.network_acl_id ?? a.id),
    RuleNumber: 100,
    Protocol: '6',
    RuleAction: 'allow',
    Egress: a.egress === true,
    CidrBlock: '10.0.0.0/8',
    PortRange: { From: 443, To: 443 },
    ...more,
  });
const STRAY_ROUTE = '192.168.77.0/24';

export const NETWORK: readonly Mutation[] = [
  ...tagging(
    [
      ...[
        'aws_vpc',
        'aws_vpc_dhcp_options',
        'aws_subnet',
        'aws_internet_gateway',
        'aws_eip',
        'aws_nat_gateway',
      ],
      ...['aws_egress_only_internet_gateway', 'aws_route_table', 'aws_network_acl', 'aws_security_group'],
      ...[
        'aws_vpc_endpoint',
        'aws_vpc_peering_connection',
        'aws_network_interface',
        'aws_ec2_managed_prefix_list',
      ],
      ...[
        'aws_flow_log',
        'aws_ec2_transit_gateway',
        'aws_customer_gateway',
        'aws_vpn_gateway',
        'aws_ebs_volume',
      ],
      // A rule is told of under the key of its own name, and declared under its group's.
      ...['aws_ebs_snapshot', 'aws_instance', 'aws_vpc_security_group_ingress_rule'],
    ],
    (a, tags) =>
      ec2(
        'CreateTags',
        { ResourceId: [text(a.id)], Tag: listed(tags) },
        { resourcesSet: { items: [{ resourceId: text(a.id) }] } },
      ),
  ),
  edit(
    'aws_vpc',
    'enable_dns_hostnames',
    (a, v) => ec2('ModifyVpcAttribute', { VpcId: text(a.id), EnableDnsHostnames: { Value: v } }),
    false,
  ),
  edit(
    'aws_vpc',
    'enable_dns_support',
    (a, v) => ec2('ModifyVpcAttribute', { VpcId: text(a.id), EnableDnsSupport: { Value: v } }),
    false,
  ),
  edit(
    'aws_subnet',
    'map_public_ip_on_launch',
    (a, v) => ec2('ModifySubnetAttribute', { SubnetId: text(a.id), MapPublicIpOnLaunch: { Value: v } }),
    true,
  ),
  toggled(
    'aws_security_group',
    'ingress',
    rules('AuthorizeSecurityGroupIngress', 22, '0.0.0.0/0'),
    rules('RevokeSecurityGroupIngress', 22, '0.0.0.0/0'),
    { fits: at('aws_security_group.inline') },
  ),
  toggled(
    'aws_security_group',
    'ingress',
    (a) => ec2('RevokeSecurityGroupIngress', httpsInside(a)),
    (a) => ec2('AuthorizeSecurityGroupIngress', httpsInside(a)),
    { fits: at('aws_security_group.inline') },
  ),
  toggled(
    'aws_security_group',
    'egress',
    rules('AuthorizeSecurityGroupEgress', 25, '198.51.100.0/24'),
    rules('RevokeSecurityGroupEgress', 25, '198.51.100.0/24'),
    { fits: at('aws_security_group.inline') },
  ),
  toggled(
    'aws_security_group',
    'ingress',
    rules('AuthorizeSecurityGroupIngress', 3389, '0.0.0.0/0'),
    rules('RevokeSecurityGroupIngress', 3389, '0.0.0.0/0'),
    { fits: at('aws_security_group.beside', 'aws_security_group.single'), expects: { kind: 'unmanaged' } },
  ),
  edit('aws_security_group_rule', 'description', described, 'changed', { fits: (a) => a.type === 'ingress' }),
  edit(
    'aws_vpc_security_group_ingress_rule',
    'description',
    (a, v) =>
      ec2('ModifySecurityGroupRules', {
        GroupId: text(a.security_group_id),
        SecurityGroupRule: [
          {
            SecurityGroupRuleId: text(a.id),
            SecurityGroupRule: {
              IpProtocol: 'tcp',
              FromPort: 443,
              ToPort: 443,
              CidrIpv4: text(a.cidr_ipv4),
              Description: v,
            },
          },
        ],
      }),
    'changed',
    { fits: at('aws_vpc_security_group_ingress_rule.single') },
  ),
  toggled(
    'aws_route_table',
    'route',
    (a) =>
      ec2('CreateRoute', {
        RouteTableId: text(a.id),
        DestinationCidrBlock: STRAY_ROUTE,
        GatewayId: text((a.route as JsonObject[])[0]!.gateway_id),
      }),
    (a) => ec2('DeleteRoute', { RouteTableId: text(a.id), DestinationCidrBlock: STRAY_ROUTE }),
    { fits: at('aws_route_table.inline') },
  ),
  toggled(
    'aws_network_acl',
    'ingress',
    (a) => entry('CreateNetworkAclEntry', a, { RuleNumber: 90, PortRange: { From: 22, To: 22 } }),
    (a) => ec2('DeleteNetworkAclEntry', { NetworkAclId: text(a.id), RuleNumber: 90, Egress: false }),
    { fits: at('aws_network_acl.inline') },
  ),
  toggled(
    'aws_network_acl',
    'egress',
    (a) => entry('CreateNetworkAclEntry', a, { RuleNumber: 90, Egress: true, RuleAction: 'deny' }),
    (a) => ec2('DeleteNetworkAclEntry', { NetworkAclId: text(a.id), RuleNumber: 90, Egress: true }),
    { fits: at('aws_network_acl.inline') },
  ),
  edit(
    'aws_network_acl_rule',
    'rule_action',
    (a, v) => entry('ReplaceNetworkAclEntry', a, { RuleAction: v }),
    'deny',
  ),
  edit(
    'aws_network_acl_rule',
    'to_port',
    (a, v) => entry('ReplaceNetworkAclEntry', a, { PortRange: { From: 443, To: v } }),
    444,
  ),
  edit(
    'aws_network_acl_rule',
    'cidr_block',
    (a, v) => entry('ReplaceNetworkAclEntry', a, { CidrBlock: v }),
    '0.0.0.0/0',
  ),
  edit(
    'aws_network_interface',
    'description',
    (a, v) =>
      ec2('ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: text(a.id), Description: { Value: v } }),
    'changed',
  ),
  edit(
    'aws_network_interface',
    'source_dest_check',
    (a, v) =>
      ec2('ModifyNetworkInterfaceAttribute', {
        NetworkInterfaceId: text(a.id),
        SourceDestCheck: { Value: v },
      }),
    false,
  ),
  toggled(
    'aws_vpc_endpoint',
    'security_group_ids',
    (a) =>
      ec2('ModifyVpcEndpoint', { VpcEndpointId: text(a.id), AddSecurityGroupId: ['sg-0123456789abcdef0'] }),
    (a) =>
      ec2('ModifyVpcEndpoint', {
        VpcEndpointId: text(a.id),
        RemoveSecurityGroupId: ['sg-0123456789abcdef0'],
      }),
    { fits: at('aws_vpc_endpoint.sqs') },
  ),
  toggled(
    'aws_ec2_managed_prefix_list',
    'entry',
    (a) =>
      ec2('ModifyManagedPrefixList', {
        PrefixListId: text(a.id),
        PrefixListName: text(a.name),
        CurrentVersion: 1,
        AddEntry: [{ Cidr: '198.51.100.0/24', Description: 'stray' }],
      }),
    (a) =>
      ec2('ModifyManagedPrefixList', {
        PrefixListId: text(a.id),
        PrefixListName: text(a.name),
        CurrentVersion: 2,
        RemoveEntry: [{ Cidr: '198.51.100.0/24' }],
      }),
  ),
  edit(
    'aws_ec2_transit_gateway',
    'description',
    (a, v) => ec2('ModifyTransitGateway', { TransitGatewayId: text(a.id), Description: v }),
    'changed',
  ),
  toggled(
    'aws_vpc_peering_connection',
    'requester',
    (a) => peering(a, true),
    (a) => peering(a, false),
  ),
];

const peering = (a: JsonObject, on: boolean): Call =>
  ec2('ModifyVpcPeeringConnectionOptions', {
    VpcPeeringConnectionId: text(a.id),
    RequesterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: on },
  });
