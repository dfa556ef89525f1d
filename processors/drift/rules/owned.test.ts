import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../schemas/index.ts';
import { ownedChild } from './owned.ts';

const OWNED: [type: string, attributes: JsonObject, owner: string][] = [
  ['aws_instance', { tags: { 'aws:autoscaling:groupName': 'web' } }, 'autoscaling group web'],
  ['aws_ebs_volume', { tags_all: { 'aws:autoscaling:groupName': 'web' } }, 'autoscaling group web'],
  ['aws_sqs_queue', { tags: { 'aws:cloudformation:stack-name': 's' } }, 'CloudFormation stack s'],
  ['aws_instance', { tags: { 'elasticbeanstalk:environment-name': 'e' } }, 'Elastic Beanstalk environment e'],
  ['aws_security_group', { tags: { 'aws:eks:cluster-name': 'c' } }, 'EKS cluster c'],
  ['aws_network_interface', { description: 'ELB app/web/50dc6c495c0c9188' }, 'service (ELB)'],
  ['aws_network_interface', { description: 'AWS Lambda VPC ENI-f-1' }, 'service (AWS Lambda VPC ENI)'],
  ['aws_network_interface', { interface_type: 'nat_gateway' }, 'service (nat_gateway)'],
  ['aws_network_interface', { requester_managed: true }, 'service (requester-managed)'],
  ['aws_iam_role', { path: '/aws-service-role/elasticloadbalancing.amazonaws.com/' }, 'service-linked role'],
  ['aws_iam_role_policy_attachment', { role: 'AWSServiceRoleForECS' }, 'service-linked role'],
  ['aws_iam_policy', { arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }, 'AWS'],
  ['aws_kms_key', { key_manager: 'AWS' }, 'AWS'],
  ['aws_kms_alias', { name: 'alias/aws/ebs' }, 'AWS'],
  ['aws_ec2_managed_prefix_list', { name: 'com.amazonaws.us-east-1.s3' }, 'AWS'],
  ['aws_cloudwatch_log_group', { name: '/aws/lambda/f' }, 'service (/aws/lambda)'],
  ['aws_ebs_snapshot', { tags: { 'aws:backup:source-resource': 'vol-1' } }, 'AWS Backup of vol-1'],
  ['aws_ami', { tags: { 'aws:dlm:lifecycle-policy-id': 'policy-1' } }, 'lifecycle policy policy-1'],
  ['aws_vpc', { default: true }, 'account default'],
  ['aws_subnet', { default_for_az: true }, 'account default'],
  ['aws_security_group', { name: 'default', description: 'default VPC security group' }, 'VPC default'],
  ['aws_network_acl', { is_default: true }, 'VPC default'],
  ['aws_route', { gateway_id: 'local' }, 'VPC'],
  ['aws_network_acl_rule', { rule_number: 32767 }, 'network ACL default'],
  ['aws_route53_record', { type: 'SOA' }, 'hosted zone'],
  ['aws_route53_record', { type: 'NS', name: 'example.com', zone_name: 'example.com.' }, 'hosted zone'],
  ['digitalocean_record', { type: 'NS', name: '@', value: 'ns1.digitalocean.com.' }, 'domain'],
  ['digitalocean_vpc', { default: true }, 'account default'],
  [
    'digitalocean_droplet',
    { tags: ['k8s', 'k8s:11111111-2222-4333-8444-555555555555'] },
    'Kubernetes cluster 11111111-2222-4333-8444-555555555555',
  ],
  ['digitalocean_database_user', { role: 'primary', name: 'doadmin' }, 'database cluster'],
  ['azurerm_resource_group', { name: 'MC_team_prod_westeurope' }, 'AKS cluster prod'],
  ['azurerm_lb', { name: 'kubernetes', resource_group_name: 'mc_team_prod_westeurope' }, 'AKS cluster prod'],
  ['azurerm_resource_group', { name: 'databricks-rg-x-1' }, 'Databricks workspace'],
  ['azurerm_resource_group', { name: 'NetworkWatcherRG' }, 'subscription default'],
  ['azurerm_resource_group', { name: 'DefaultResourceGroup-WEU' }, 'subscription default'],
  ['azurerm_resource_group', { name: 'd', managed_by: '/subscriptions/s/x/appliances/a' }, 'service (a)'],
  ['google_compute_network', { name: 'default' }, 'project default'],
  ['google_compute_firewall', { name: 'default-allow-ssh' }, 'project default'],
  ['google_compute_firewall', { name: 'gke-prod-1234-all' }, 'GKE cluster'],
  ['google_compute_disk', { name: 'pvc-11111111-2222-4333-8444-555555555555' }, 'GKE cluster'],
  [
    'google_compute_instance',
    { name: 'web-x1', metadata: { 'created-by': 'projects/1/zones/z/instanceGroupManagers/web' } },
    'instance group web',
  ],
  ['google_compute_route', { name: 'default-route-0123' }, 'network'],
  [
    'google_storage_bucket_iam_member',
    { role: 'roles/storage.legacyBucketOwner', member: 'projectOwner:p' },
    'service agent',
  ],
  [
    'google_project_iam_member',
    { role: 'roles/x', member: 'serviceAccount:service-1@gcp-sa-x.iam.gserviceaccount.com' },
    'service agent',
  ],
];

/** Look alike, and belong to nobody we know. */
const NOBODYS: [type: string, attributes: JsonObject][] = [
  ['aws_instance', { tags: { Name: 'web' } }],
  ['aws_instance', {}],
  ['aws_network_interface', { description: 'made by hand', interface_type: 'interface' }],
  ['aws_iam_role', { path: '/', arn: 'arn:aws:iam::123456789012:role/admin' }],
  ['aws_iam_policy', { arn: 'arn:aws:iam::123456789012:policy/mine' }],
  ['aws_kms_alias', { name: 'alias/mine' }],
  ['aws_cloudwatch_log_group', { name: '/app/aws/x' }],
  ['aws_security_group', { name: 'default', description: 'mine' }],
  ['aws_route', { gateway_id: 'igw-1', origin: 'CreateRoute' }],
  ['aws_route53_record', { type: 'NS', name: 'sub.example.com', zone_name: 'example.com' }],
  ['digitalocean_record', { type: 'NS', name: 'sub', value: 'ns1.digitalocean.com.' }],
  ['digitalocean_droplet', { tags: ['k8s-lookalike'] }],
  ['digitalocean_database_user', { role: 'normal', name: 'intruder' }],
  ['azurerm_resource_group', { name: 'mc_lookalike' }],
  ['azurerm_lb', { name: 'MC_team', resource_group_name: 'team' }],
  ['azurerm_managed_disk', { name: 'd', managed_by: '/subscriptions/s/x/virtualMachines/v' }],
  ['google_compute_network', { name: 'default', auto_create_subnetworks: false }],
  ['google_compute_firewall', { name: 'default-allow-everything' }],
  ['google_compute_disk', { name: 'pvc-mine' }],
  ['google_compute_instance', { name: 'web', metadata: {} }],
  ['google_project_iam_member', { role: 'roles/owner', member: 'user:a@example.com' }],
  [
    'google_project_iam_member',
    { role: 'roles/owner', member: 'serviceAccount:mine@p.iam.gserviceaccount.com' },
  ],
];

describe('owned children', () => {
  for (const [type, attributes, owner] of OWNED)
    it(`${type} ${JSON.stringify(attributes)} belongs to ${owner}`, () => {
      expect(ownedChild(type, attributes)).toBe(owner);
    });
  for (const [type, attributes] of NOBODYS)
    it(`${type} ${JSON.stringify(attributes)} is nobody's`, () => {
      expect(ownedChild(type, attributes)).toBeNull();
    });
});
