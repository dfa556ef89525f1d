import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { compare } from '../compare.ts';
import { childElements, elementsOf, PARENTS, presentType, withElements } from './parents.ts';

/** Every kind of child: its attributes, and the parent's attribute that says the same inline. */
const ROWS: [child: string, attributes: JsonObject, parent: string, path: string, inline: Json][] = [
  [
    'aws_security_group_rule',
    {
      type: 'ingress',
      security_group_id: 'p',
      from_port: 443,
      to_port: 443,
      protocol: 'tcp',
      cidr_blocks: ['10.0.0.0/8', '11.0.0.0/8'],
      self: false,
      source_security_group_id: null,
    },
    'aws_security_group',
    'ingress',
    [
      {
        from_port: 443,
        to_port: 443,
        protocol: 'tcp',
        cidr_blocks: ['11.0.0.0/8', '10.0.0.0/8'],
        self: false,
        description: '',
      },
    ],
  ],
  [
    'aws_security_group_rule',
    { type: 'egress', security_group_id: 'p', from_port: 0, to_port: 0, protocol: 'all', self: true },
    'aws_security_group',
    'egress',
    [{ from_port: 0, to_port: 65535, protocol: '-1', security_groups: ['p'] }],
  ],
  [
    'aws_vpc_security_group_ingress_rule',
    {
      security_group_id: 'p',
      from_port: 22,
      to_port: 22,
      ip_protocol: 'tcp',
      cidr_ipv4: '0.0.0.0/0',
      description: 'ssh',
    },
    'aws_security_group',
    'ingress',
    [{ from_port: 22, to_port: 22, protocol: '6', cidr_blocks: ['0.0.0.0/0'], description: 'ssh' }],
  ],
  [
    'aws_vpc_security_group_ingress_rule',
    {
      security_group_id: 'p',
      from_port: 22,
      to_port: 22,
      ip_protocol: 'tcp',
      referenced_security_group_id: '123456789012/sg-2',
    },
    'aws_security_group',
    'ingress',
    [{ from_port: 22, to_port: 22, protocol: 'tcp', security_groups: ['sg-2'] }],
  ],
  [
    'aws_vpc_security_group_egress_rule',
    { security_group_id: 'p', ip_protocol: '-1', cidr_ipv6: '::/0' },
    'aws_security_group',
    'egress',
    [{ from_port: 0, to_port: 0, protocol: '-1', ipv6_cidr_blocks: ['0:0:0:0:0:0:0:0/0'] }],
  ],
  [
    'aws_network_acl_rule',
    {
      network_acl_id: 'p',
      rule_number: 100,
      egress: false,
      protocol: '6',
      rule_action: 'allow',
      cidr_block: '10.0.0.0/8',
      from_port: 80,
      to_port: 80,
    },
    'aws_network_acl',
    'ingress',
    [
      {
        rule_no: 100,
        action: 'allow',
        protocol: 'tcp',
        cidr_block: '10.0.0.0/8',
        from_port: 80,
        to_port: 80,
        icmp_code: 0,
        icmp_type: 0,
        ipv6_cidr_block: '',
      },
      { rule_no: 32767, action: 'deny', protocol: '-1', cidr_block: '0.0.0.0/0', from_port: 0, to_port: 0 },
    ],
  ],
  [
    'aws_network_acl_rule',
    {
      network_acl_id: 'p',
      rule_number: 100,
      egress: true,
      protocol: '-1',
      rule_action: 'deny',
      ipv6_cidr_block: '::/0',
    },
    'aws_network_acl',
    'egress',
    [{ rule_no: 100, action: 'deny', protocol: '-1', ipv6_cidr_block: '::/0', from_port: 0, to_port: 0 }],
  ],
  [
    'aws_route',
    {
      route_table_id: 'p',
      destination_cidr_block: '0.0.0.0/0',
      gateway_id: 'igw-1',
      state: 'active',
      origin: 'CreateRoute',
    },
    'aws_route_table',
    'route',
    [
      { cidr_block: '0.0.0.0/0', gateway_id: 'igw-1', nat_gateway_id: '', ipv6_cidr_block: '' },
      { cidr_block: '10.0.0.0/16', gateway_id: 'local' },
    ],
  ],
  [
    'aws_iam_role_policy',
    { role: 'p', name: 'n', policy: '{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}' },
    'aws_iam_role',
    'inline_policy',
    [{ name: 'n', policy: '{"Statement":[{"Action":["a:b"],"Effect":"Allow","Resource":"*"}]}' }],
  ],
  [
    'aws_iam_role_policy_attachment',
    { role: 'p', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
    'aws_iam_role',
    'managed_policy_arns',
    ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
  ],
  [
    'aws_s3_bucket_policy',
    { bucket: 'p', policy: '{"Statement":[]}' },
    'aws_s3_bucket',
    'policy',
    '{ "Statement": [] }',
  ],
  ['aws_s3_bucket_acl', { bucket: 'p', acl: 'public-read' }, 'aws_s3_bucket', 'acl', 'public-read'],
  [
    'aws_s3_bucket_request_payment_configuration',
    { bucket: 'p', payer: 'Requester' },
    'aws_s3_bucket',
    'request_payer',
    'Requester',
  ],
  [
    'aws_s3_bucket_accelerate_configuration',
    { bucket: 'p', status: 'Enabled' },
    'aws_s3_bucket',
    'acceleration_status',
    'Enabled',
  ],
  [
    'aws_s3_bucket_versioning',
    { bucket: 'p', versioning_configuration: [{ status: 'Enabled', mfa_delete: '' }] },
    'aws_s3_bucket',
    'versioning',
    [{ enabled: true, mfa_delete: false }],
  ],
  [
    'aws_s3_bucket_logging',
    { bucket: 'p', target_bucket: 'logs', target_prefix: 'a/' },
    'aws_s3_bucket',
    'logging',
    [{ target_bucket: 'logs', target_prefix: 'a/' }],
  ],
  [
    'aws_s3_bucket_cors_configuration',
    { bucket: 'p', cors_rule: [{ allowed_methods: ['GET', 'PUT'], allowed_origins: ['*'] }] },
    'aws_s3_bucket',
    'cors_rule',
    [{ allowed_methods: ['PUT', 'GET'], allowed_origins: ['*'] }],
  ],
  [
    'aws_s3_bucket_server_side_encryption_configuration',
    { bucket: 'p', rule: [{ apply_server_side_encryption_by_default: [{ sse_algorithm: 'AES256' }] }] },
    'aws_s3_bucket',
    'server_side_encryption_configuration',
    [
      {
        rule: [
          {
            apply_server_side_encryption_by_default: [{ sse_algorithm: 'AES256', kms_master_key_id: '' }],
            bucket_key_enabled: false,
          },
        ],
      },
    ],
  ],
  [
    'aws_sqs_queue_policy',
    { queue_url: 'p', policy: '{"Statement":[]}' },
    'aws_sqs_queue',
    'policy',
    '{"Statement": []}',
  ],
  [
    'aws_sns_topic_policy',
    { arn: 'p', policy: '{"Statement":[]}' },
    'aws_sns_topic',
    'policy',
    '{"Statement": []}',
  ],
  [
    'aws_kms_key_policy',
    { key_id: 'p', policy: '{"Statement":[]}' },
    'aws_kms_key',
    'policy',
    '{"Statement": []}',
  ],
  [
    'aws_secretsmanager_secret_policy',
    { secret_arn: 'p', policy: '{"Statement":[]}' },
    'aws_secretsmanager_secret',
    'policy',
    '{"Statement": []}',
  ],
  [
    'aws_autoscaling_attachment',
    { autoscaling_group_name: 'p', lb_target_group_arn: 'arn:tg' },
    'aws_autoscaling_group',
    'target_group_arns',
    ['arn:tg'],
  ],
  [
    'digitalocean_volume_attachment',
    { droplet_id: 'p', volume_id: 'v' },
    'digitalocean_droplet',
    'volume_ids',
    ['v'],
  ],
  [
    'digitalocean_reserved_ip_assignment',
    { ip_address: 'p', droplet_id: 7 },
    'digitalocean_reserved_ip',
    'droplet_id',
    7,
  ],
  [
    'aws_api_gateway_rest_api_policy',
    { rest_api_id: 'p', policy: '{"a":1}' },
    'aws_api_gateway_rest_api',
    'policy',
    '{"a":1}',
  ],
  [
    'azurerm_subnet',
    { id: 'p/subnets/s', name: 's', address_prefixes: ['10.0.0.0/24'], virtual_network_name: 'v' },
    'azurerm_virtual_network',
    'subnet',
    [
      {
        id: 'p/subnets/s',
        name: 's',
        address_prefixes: ['10.0.0.0/24'],
        security_group: '/x',
        delegation: [],
      },
    ],
  ],
  [
    'azurerm_route',
    {
      id: 'p/routes/r',
      name: 'r',
      address_prefix: '0.0.0.0/0',
      next_hop_type: 'Internet',
      route_table_name: 't',
    },
    'azurerm_route_table',
    'route',
    [{ name: 'r', address_prefix: '0.0.0.0/0', next_hop_type: 'Internet', next_hop_in_ip_address: '' }],
  ],
  [
    'azurerm_network_security_rule',
    {
      id: 'p/securityRules/r',
      name: 'r',
      priority: 100,
      source_port_ranges: ['2', '1'],
      network_security_group_name: 'g',
    },
    'azurerm_network_security_group',
    'security_rule',
    [{ name: 'r', priority: 100, description: '', source_port_ranges: ['1', '2'], source_port_range: '' }],
  ],
  [
    'digitalocean_reserved_ipv6_assignment',
    { ip: 'p', droplet_id: 7 },
    'digitalocean_reserved_ipv6',
    'droplet_id',
    7,
  ],
  [
    'digitalocean_project_resources',
    { project: 'p', resources: ['do:droplet:1', 'do:droplet:2'] },
    'digitalocean_project',
    'resources',
    ['do:droplet:2', 'do:droplet:1'],
  ],
];

describe('parents and children', () => {
  for (const [child, attributes, parent, path, inline] of ROWS)
    it(`a ${child} is what ${parent}.${path} says inline`, () => {
      const found = childElements(child, attributes).find(
        (one) => one.parentType === parent && one.path === path,
      );
      expect(found).toMatchObject({ parentId: 'p' });
      const declared = withElements({ id: 'p' }, path, found!.elements);
      const compared = (observed: JsonObject) =>
        compare({ type: parent, declared, observed, facts: null, configuration: null });
      expect(compared({ id: 'p', [path]: inline }).differences).toEqual([]);
      if (path !== 'versioning') expect(compared({ id: 'p', [path]: null }).differences).toHaveLength(1);
    });

  it('every child of the table is tried', () => {
    const tried = new Set(ROWS.map(([child, , parent, path]) => `${child} ${parent} ${path}`));
    const rows = PARENTS.filter(({ type }) => !type.includes('_default_')).flatMap(
      ({ type, path, children }) => children.map((child) => `${child.type} ${type} ${path}`),
    );
    expect(rows.filter((row) => !tried.has(row))).toEqual([]);
  });

  it('an element that no child declares is one difference on the parent', () => {
    const child = childElements('aws_vpc_security_group_ingress_rule', {
      security_group_id: 'sg-1',
      from_port: 443,
      to_port: 443,
      ip_protocol: 'tcp',
      cidr_ipv4: '10.0.0.0/8',
    });
    const observed: JsonObject = {
      id: 'sg-1',
      ingress: [
        { from_port: 443, to_port: 443, protocol: 'tcp', cidr_blocks: ['10.0.0.0/8'] },
        { from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'] },
      ],
    };
    const elements = elementsOf('aws_security_group', 'ingress', observed);
    expect(elements).toHaveLength(2);
    const declared = withElements({ id: 'sg-1', ingress: observed.ingress! }, 'ingress', child[0]!.elements);
    expect(
      compare({ type: 'aws_security_group', declared, observed, facts: null, configuration: null }),
    ).toMatchObject({
      severity: 'critical',
      differences: [{ path: 'ingress', op: 'added' }],
    });
  });

  it('elements of elements are themselves: they can be kept and compared again', () => {
    for (const [child, attributes, parent, path] of ROWS) {
      const [first] = childElements(child, attributes).filter((one) => one.parentType === parent);
      const again = elementsOf(parent, path, withElements({ id: 'p' }, path, first!.elements));
      expect(again).toEqual(first!.elements);
    }
  });

  it('a type with no parent adds nothing, and an ingress rule nothing to egress', () => {
    expect(childElements('aws_instance', {})).toEqual([]);
    expect(
      childElements('aws_security_group_rule', { type: 'ingress', security_group_id: 'p' }).map(
        ({ path }) => path,
      ),
    ).toEqual(['ingress', 'ingress']);
  });

  it('older names of a type stand for its present one', () => {
    expect(presentType('aws_alb_listener')).toBe('aws_lb_listener');
    expect(presentType('digitalocean_floating_ip')).toBe('digitalocean_reserved_ip');
    expect(presentType('aws_lb')).toBe('aws_lb');
  });
});
