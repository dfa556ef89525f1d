// CloudTrail calls of EC2 and VPC, as rows (events.ts says what a row is). Data.
import type { EventRow } from './event-row.ts';
import { rowsOf, touch } from './event-row.ts';

const on = rowsOf('ec2');

const RULE_IDS =
  'resp.securityGroupRuleSet.items[].securityGroupRuleId|req.securityGroupRuleIds.items[].securityGroupRuleId|req.securityGroupRules[].securityGroupRuleId';
const GROUP = '{req.groupId|resp.securityGroupRuleSet.items[].groupId}';
const RULES = `aws_security_group_rule={${RULE_IDS}}`;
const INGRESS = touch(
  'security-group',
  GROUP,
  `aws_vpc_security_group_ingress_rule={${RULE_IDS}} ${RULES} *`,
);
const EGRESS = touch('security-group', GROUP, `aws_vpc_security_group_egress_rule={${RULE_IDS}} ${RULES} *`);
const PERMISSIONS = ['ipPermissions', 'securityGroupRules'];

const INSTANCES = touch('instance', '{req.instancesSet.items[].instanceId|req.instanceId}');
const ROUTE = touch(
  'route-table',
  '{req.routeTableId}',
  'aws_route={req.routeTableId}_{req.destinationCidrBlock|req.destinationIpv6CidrBlock|req.destinationPrefixListId} *',
);
const ACL_ENTRY = touch(
  'network-acl',
  '{req.networkAclId}',
  'aws_network_acl_rule={req.networkAclId}:{req.ruleNumber}:{req.egress} *',
);
const ADDRESS = touch('elastic-ip', '{req.allocationId|resp.allocationId}');
const created = (kind: Parameters<typeof touch>[0], path: string) => touch(kind, `{resp.${path}}`);
const named = (kind: Parameters<typeof touch>[0], path: string) => touch(kind, `{req.${path}}`);

export const EC2_ROWS: readonly EventRow[] = [
  // Security groups
  on('CreateSecurityGroup', 'create', touch('security-group', '{resp.groupId}')),
  on('DeleteSecurityGroup', 'delete', touch('security-group', '{req.groupId|resp.groupId}')),
  on('AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress', 'update', INGRESS, PERMISSIONS),
  on('AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress', 'update', EGRESS, PERMISSIONS),
  on(
    'ModifySecurityGroupRules UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress',
    'update',
    touch(
      'security-group',
      GROUP,
      `aws_vpc_security_group_ingress_rule={req.securityGroupRule[].securityGroupRuleId} aws_vpc_security_group_egress_rule={req.securityGroupRule[].securityGroupRuleId} aws_security_group_rule={req.securityGroupRule[].securityGroupRuleId} *`,
    ),
    ['SecurityGroupRule', 'ipPermissions'],
  ),

  // Instances
  on('RunInstances', 'create', touch('instance', '{resp.instancesSet.items[].instanceId}')),
  on('TerminateInstances', 'delete', INSTANCES),
  on(
    `StartInstances StopInstances RebootInstances ModifyInstanceAttribute ResetInstanceAttribute
     ModifyInstanceMetadataOptions ModifyInstanceCreditSpecification ModifyInstancePlacement
     ModifyInstanceCapacityReservationAttributes ModifyInstanceEventStartTime ModifyInstanceMaintenanceOptions
     ModifyInstanceCpuOptions ModifyInstanceNetworkPerformanceOptions ModifyPrivateDnsNameOptions`,
    'update',
    touch('instance', [
      '{req.instanceId}',
      '{req.instancesSet.items[].instanceId}',
      '{req.instanceCreditSpecification[].instanceId}',
    ]),
    ['attribute', 'disableApiTermination', 'ebsOptimized', 'sourceDestCheck', 'instanceType', 'groupSet'],
  ),
  on('MonitorInstances UnmonitorInstances', 'update', INSTANCES),
  on(
    'AssociateIamInstanceProfile DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation',
    'update',
    touch('instance', '{req.instanceId|resp.iamInstanceProfileAssociation.instanceId}'),
    ['IamInstanceProfile'],
  ),
  on('ImportKeyPair CreateKeyPair', 'create', [
    touch('key-pair', '{resp.keyName|req.keyName}'),
    touch('key-pair-id', '{resp.keyPairId}', 'aws_key_pair'),
  ]),
  on('DeleteKeyPair', 'delete', [
    touch('key-pair', '{req.keyName}'),
    touch('key-pair-id', '{req.keyPairId|resp.keyPairId}', 'aws_key_pair'),
  ]),
  on('CreatePlacementGroup', 'create', named('placement-group', 'groupName')),
  on('DeletePlacementGroup', 'delete', named('placement-group', 'groupName')),
  on('CreateLaunchTemplate', 'create', created('launch-template', 'launchTemplate.launchTemplateId')),
  on(
    'DeleteLaunchTemplate',
    'delete',
    touch('launch-template', '{req.launchTemplateId|resp.launchTemplate.launchTemplateId}'),
  ),
  on(
    'CreateLaunchTemplateVersion DeleteLaunchTemplateVersions ModifyLaunchTemplate',
    'update',
    touch(
      'launch-template',
      '{req.launchTemplateId|resp.launchTemplateVersion.launchTemplateId|resp.launchTemplate.launchTemplateId}',
    ),
  ),

  // Volumes, snapshots, images
  on('CreateVolume', 'create', created('ebs-volume', 'volumeId')),
  on('DeleteVolume', 'delete', named('ebs-volume', 'volumeId')),
  on('ModifyVolume ModifyVolumeAttribute EnableVolumeIO', 'update', named('ebs-volume', 'volumeId')),
  on('AttachVolume DetachVolume', 'update', [
    touch('ebs-volume', '{req.volumeId}', 'aws_volume_attachment *'),
    touch('instance', '{req.instanceId|resp.instanceId}'),
  ]),
  on('CreateSnapshot CopySnapshot ImportSnapshot', 'create', created('ebs-snapshot', 'snapshotId')),
  on(
    'CreateSnapshots',
    'create',
    created('ebs-snapshot', 'snapshotSet.items[].snapshotId|snapshotSet.item[].snapshotId'),
  ),
  on('DeleteSnapshot', 'delete', named('ebs-snapshot', 'snapshotId')),
  on(
    'ModifySnapshotAttribute ResetSnapshotAttribute',
    'update',
    touch(
      'ebs-snapshot',
      '{req.snapshotId}',
      'aws_snapshot_create_volume_permission={req.snapshotId}-{req.createVolumePermission.add.items[].userId|req.createVolumePermission.remove.items[].userId} *',
    ),
    ['createVolumePermission', 'attributeType'],
  ),
  on(
    'ModifySnapshotTier RestoreSnapshotTier LockSnapshot UnlockSnapshot',
    'update',
    named('ebs-snapshot', 'snapshotId'),
  ),
  on('CreateImage RegisterImage CopyImage ImportImage', 'create', created('ami', 'imageId')),
  on('DeregisterImage', 'delete', named('ami', 'imageId')),
  on(
    'ModifyImageAttribute ResetImageAttribute',
    'update',
    touch(
      'ami',
      '{req.imageId}',
      'aws_ami_launch_permission={req.imageId}-{req.launchPermission.add.items[].userId|req.launchPermission.remove.items[].userId|req.launchPermission.add.items[].group|req.launchPermission.remove.items[].group} *',
    ),
    ['launchPermission', 'attributeType'],
  ),
  on(
    'EnableImageDeprecation DisableImageDeprecation EnableImage DisableImage',
    'update',
    named('ami', 'imageId'),
  ),
  on(
    'EnableEbsEncryptionByDefault DisableEbsEncryptionByDefault',
    'update',
    touch('ebs-account-settings', 'encryption-by-default', 'aws_ebs_encryption_by_default'),
  ),
  on(
    'ModifyEbsDefaultKmsKeyId ResetEbsDefaultKmsKeyId',
    'update',
    touch('ebs-account-settings', 'default-kms-key', 'aws_ebs_default_kms_key'),
  ),

  // Addresses and interfaces
  on('AllocateAddress', 'create', ADDRESS),
  on('ReleaseAddress', 'delete', ADDRESS),
  on('AssociateAddress', 'update', [
    touch('elastic-ip', '{req.allocationId}', 'aws_eip_association={resp.associationId} *'),
    touch('instance', '{req.instanceId}'),
  ]),
  on('DisassociateAddress', 'update', [
    touch('elastic-ip-association', '{req.associationId}', '-*'),
    touch('elastic-ip', '{req.allocationId}', '-aws_eip_association={req.associationId} *'),
  ]),
  on('ModifyAddressAttribute ResetAddressAttribute MoveAddressToVpc', 'update', ADDRESS),
  on('CreateNetworkInterface', 'create', created('network-interface', 'networkInterface.networkInterfaceId')),
  on('DeleteNetworkInterface', 'delete', named('network-interface', 'networkInterfaceId')),
  on(
    'ModifyNetworkInterfaceAttribute ResetNetworkInterfaceAttribute AssignPrivateIpAddresses UnassignPrivateIpAddresses AssignIpv6Addresses UnassignIpv6Addresses',
    'update',
    touch('network-interface', '{req.networkInterfaceId}', 'aws_network_interface_sg_attachment *'),
    ['groupSet', 'sourceDestCheck'],
  ),
  on('AttachNetworkInterface', 'update', [
    touch(
      'network-interface',
      '{req.networkInterfaceId}',
      'aws_network_interface_attachment={resp.attachmentId} *',
    ),
    touch('instance', '{req.instanceId}'),
  ]),

  // VPC, subnets
  on('CreateVpc CreateDefaultVpc', 'create', created('vpc', 'vpc.vpcId')),
  on('DeleteVpc', 'delete', named('vpc', 'vpcId')),
  on('ModifyVpcAttribute ModifyVpcTenancy', 'update', named('vpc', 'vpcId'), [
    'enableDnsHostnames',
    'enableDnsSupport',
  ]),
  on(
    'AssociateVpcCidrBlock DisassociateVpcCidrBlock',
    'update',
    touch(
      'vpc',
      '{req.vpcId|resp.vpcId}',
      'aws_vpc_ipv4_cidr_block_association={resp.cidrBlockAssociation.associationId|req.associationId} *',
    ),
  ),
  on('AssociateDhcpOptions', 'update', touch('vpc', '{req.vpcId}', 'aws_vpc_dhcp_options_association *')),
  on('CreateDhcpOptions', 'create', created('dhcp-options', 'dhcpOptions.dhcpOptionsId')),
  on('DeleteDhcpOptions', 'delete', named('dhcp-options', 'dhcpOptionsId')),
  on('CreateSubnet CreateDefaultSubnet', 'create', created('subnet', 'subnet.subnetId')),
  on('DeleteSubnet', 'delete', named('subnet', 'subnetId')),
  on(
    'ModifySubnetAttribute AssociateSubnetCidrBlock DisassociateSubnetCidrBlock',
    'update',
    touch('subnet', '{req.subnetId|resp.subnetId}'),
    ['mapPublicIpOnLaunch', 'assignIpv6AddressOnCreation'],
  ),

  // Routing
  on('CreateRouteTable', 'create', created('route-table', 'routeTable.routeTableId')),
  on('DeleteRouteTable', 'delete', named('route-table', 'routeTableId')),
  on('CreateRoute ReplaceRoute DeleteRoute', 'update', ROUTE),
  on('AssociateRouteTable ReplaceRouteTableAssociation', 'update', [
    touch(
      'route-table',
      '{req.routeTableId}',
      'aws_route_table_association={resp.associationId|resp.newAssociationId} aws_main_route_table_association={resp.newAssociationId} *',
    ),
    touch('route-table-association', '{req.associationId}'),
    touch(
      'subnet',
      '{req.subnetId}',
      'aws_route_table_association={resp.associationId|resp.newAssociationId}',
    ),
  ]),
  on('DisassociateRouteTable', 'delete', touch('route-table-association', '{req.associationId}')),
  on(
    'EnableVgwRoutePropagation DisableVgwRoutePropagation',
    'update',
    touch('route-table', '{req.routeTableId}', 'aws_vpn_gateway_route_propagation *'),
  ),
  on('CreateInternetGateway', 'create', created('internet-gateway', 'internetGateway.internetGatewayId')),
  on('DeleteInternetGateway', 'delete', named('internet-gateway', 'internetGatewayId')),
  on(
    'AttachInternetGateway DetachInternetGateway',
    'update',
    touch(
      'internet-gateway',
      '{req.internetGatewayId}',
      'aws_internet_gateway_attachment={req.internetGatewayId}:{req.vpcId} *',
    ),
  ),
  on(
    'CreateEgressOnlyInternetGateway',
    'create',
    created('egress-only-internet-gateway', 'egressOnlyInternetGateway.egressOnlyInternetGatewayId'),
  ),
  on(
    'DeleteEgressOnlyInternetGateway',
    'delete',
    named('egress-only-internet-gateway', 'egressOnlyInternetGatewayId'),
  ),
  on('CreateNatGateway', 'create', created('nat-gateway', 'natGateway.natGatewayId')),
  on('DeleteNatGateway', 'delete', touch('nat-gateway', '{req.natGatewayId|resp.natGatewayId}')),
  on(
    'AssociateNatGatewayAddress DisassociateNatGatewayAddress AssignPrivateNatGatewayAddress UnassignPrivateNatGatewayAddress',
    'update',
    named('nat-gateway', 'natGatewayId'),
  ),

  // Network ACLs, flow logs
  on('CreateNetworkAcl', 'create', created('network-acl', 'networkAcl.networkAclId')),
  on('DeleteNetworkAcl', 'delete', named('network-acl', 'networkAclId')),
  on('CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry', 'update', ACL_ENTRY),
  on('ReplaceNetworkAclAssociation', 'update', [
    touch('network-acl', '{req.networkAclId}', 'aws_network_acl_association={resp.newAssociationId} *'),
    touch('network-acl-association', '{req.associationId}'),
  ]),
  on('CreateFlowLogs', 'create', touch('flow-log', '{resp.flowLogIdSet.item[]|resp.flowLogIdSet}')),
  on('DeleteFlowLogs', 'delete', touch('flow-log', '{req.flowLogId[]|req.flowLogIds}')),

  // Endpoints, peering, gateways
  on('CreateVpcEndpoint', 'create', created('vpc-endpoint', 'vpcEndpoint.vpcEndpointId')),
  on('DeleteVpcEndpoints', 'delete', touch('vpc-endpoint', '{req.vpcEndpointId[]|req.vpcEndpointIds}')),
  on(
    'ModifyVpcEndpoint',
    'update',
    touch('vpc-endpoint', '{req.vpcEndpointId}', 'aws_vpc_endpoint_policy={req.vpcEndpointId} *'),
  ),
  on(
    'CreateVpcEndpointServiceConfiguration',
    'create',
    created('vpc-endpoint-service', 'serviceConfiguration.serviceId'),
  ),
  on('DeleteVpcEndpointServiceConfigurations', 'delete', named('vpc-endpoint-service', 'serviceId[]')),
  on(
    'ModifyVpcEndpointServiceConfiguration ModifyVpcEndpointServicePermissions',
    'update',
    named('vpc-endpoint-service', 'serviceId'),
  ),
  on(
    'CreateVpcPeeringConnection',
    'create',
    created('vpc-peering', 'vpcPeeringConnection.vpcPeeringConnectionId'),
  ),
  on('DeleteVpcPeeringConnection', 'delete', named('vpc-peering', 'vpcPeeringConnectionId')),
  on(
    'AcceptVpcPeeringConnection RejectVpcPeeringConnection',
    'update',
    named('vpc-peering', 'vpcPeeringConnectionId'),
  ),
  on(
    'ModifyVpcPeeringConnectionOptions',
    'update',
    touch(
      'vpc-peering',
      '{req.vpcPeeringConnectionId}',
      'aws_vpc_peering_connection_options={req.vpcPeeringConnectionId} *',
    ),
  ),
  on('CreateManagedPrefixList', 'create', created('prefix-list', 'prefixList.prefixListId')),
  on('DeleteManagedPrefixList', 'delete', named('prefix-list', 'prefixListId')),
  on(
    'ModifyManagedPrefixList RestoreManagedPrefixListVersion',
    'update',
    touch('prefix-list', '{req.prefixListId}', 'aws_ec2_managed_prefix_list_entry *'),
  ),
  on('CreateTransitGateway', 'create', created('transit-gateway', 'transitGateway.transitGatewayId')),
  on('DeleteTransitGateway', 'delete', named('transit-gateway', 'transitGatewayId')),
  on('ModifyTransitGateway', 'update', named('transit-gateway', 'transitGatewayId')),
  on(
    'CreateTransitGatewayVpcAttachment',
    'create',
    created('transit-gateway-attachment', 'transitGatewayVpcAttachment.transitGatewayAttachmentId'),
  ),
  on(
    'DeleteTransitGatewayVpcAttachment',
    'delete',
    named('transit-gateway-attachment', 'transitGatewayAttachmentId'),
  ),
  on(
    'ModifyTransitGatewayVpcAttachment AcceptTransitGatewayVpcAttachment RejectTransitGatewayVpcAttachment',
    'update',
    named('transit-gateway-attachment', 'transitGatewayAttachmentId'),
  ),
  on(
    'CreateTransitGatewayRouteTable',
    'create',
    created('transit-gateway-route-table', 'transitGatewayRouteTable.transitGatewayRouteTableId'),
  ),
  on(
    'DeleteTransitGatewayRouteTable',
    'delete',
    named('transit-gateway-route-table', 'transitGatewayRouteTableId'),
  ),
  on(
    'CreateTransitGatewayRoute DeleteTransitGatewayRoute ReplaceTransitGatewayRoute',
    'update',
    touch(
      'transit-gateway-route-table',
      '{req.transitGatewayRouteTableId}',
      'aws_ec2_transit_gateway_route={req.transitGatewayRouteTableId}_{req.destinationCidrBlock} *',
    ),
  ),
  on('CreateVpnGateway', 'create', created('vpn-gateway', 'vpnGateway.vpnGatewayId')),
  on('DeleteVpnGateway', 'delete', named('vpn-gateway', 'vpnGatewayId')),
  on(
    'AttachVpnGateway DetachVpnGateway',
    'update',
    touch('vpn-gateway', '{req.vpnGatewayId}', 'aws_vpn_gateway_attachment *'),
  ),
  on('CreateCustomerGateway', 'create', created('customer-gateway', 'customerGateway.customerGatewayId')),
  on('DeleteCustomerGateway', 'delete', named('customer-gateway', 'customerGatewayId')),
  on('CreateVpnConnection', 'create', created('vpn-connection', 'vpnConnection.vpnConnectionId')),
  on('DeleteVpnConnection', 'delete', named('vpn-connection', 'vpnConnectionId')),
  on(
    'ModifyVpnConnection ModifyVpnConnectionOptions ModifyVpnTunnelOptions',
    'update',
    named('vpn-connection', 'vpnConnectionId'),
  ),

  // Tags, on any of them
  on('CreateTags DeleteTags', 'tag', touch('by-prefix', '{req.resourcesSet.items[].resourceId}'), [
    'tagSet.items[].key',
  ]),
];
