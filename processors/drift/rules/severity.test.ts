import { describe, expect, it } from 'vitest';
import type { Difference, Json, Severity } from '../../../schemas/index.ts';
import { severityOf } from './severity.ts';

const difference = (path: string, declared: Json, observed: Json): Difference => ({
  path,
  op: declared === null ? 'added' : observed === null ? 'removed' : 'changed',
  declared: declared === null ? null : JSON.stringify(declared),
  observed: observed === null ? null : JSON.stringify(observed),
  configured: null,
});
const rule = (port: number, to: number, range: string): Json => ({
  protocol: 'tcp',
  from_port: port,
  to_port: to,
  [range.includes(':') ? 'ipv6_cidr_blocks' : 'cidr_blocks']: [range],
});
const inbound = (ports: string, ...ranges: string[]): Json => ({
  protocol: 'tcp',
  port_range: ports,
  source_addresses: ranges,
});

const TABLE: [type: string, path: string, declared: Json, observed: Json, expected: Severity][] = [
  ['aws_security_group', 'ingress', null, rule(22, 22, '0.0.0.0/0'), 'critical'],
  ['aws_security_group', 'ingress', null, rule(0, 65535, '::/0'), 'critical'],
  ['aws_security_group', 'ingress', rule(443, 443, '0.0.0.0/0'), rule(5432, 5432, '0.0.0.0/0'), 'critical'],
  [
    'aws_security_group',
    'ingress',
    null,
    [rule(443, 443, '0.0.0.0/0'), rule(3389, 3389, '0.0.0.0/0')],
    'critical',
  ],
  ['aws_security_group', 'ingress', null, { protocol: '-1', cidr_blocks: ['0.0.0.0/0'] }, 'critical'],
  ['aws_security_group', 'ingress', null, rule(443, 443, '0.0.0.0/0'), 'high'],
  ['aws_security_group', 'ingress', null, rule(22, 22, '10.0.0.0/8'), 'high'],
  ['aws_security_group', 'ingress', rule(22, 22, '0.0.0.0/0'), null, 'medium'],
  ['aws_security_group', 'egress', null, rule(443, 443, '0.0.0.0/0'), 'medium'],
  ['aws_vpc_security_group_ingress_rule', 'cidr_ipv4', '10.0.0.0/8', '0.0.0.0/0', 'critical'],
  ['aws_security_group_rule', 'from_port', 443, 22, 'high'],
  ['digitalocean_firewall', 'inbound_rule', null, inbound('22', '0.0.0.0/0'), 'critical'],
  [
    'digitalocean_firewall',
    'inbound_rule',
    null,
    { protocol: 'tcp', source_addresses: ['::/0'] },
    'critical',
  ],
  ['digitalocean_firewall', 'inbound_rule', null, inbound('443', '0.0.0.0/0'), 'high'],
  ['digitalocean_firewall', 'inbound_rule', inbound('22', '10.0.0.0/8'), null, 'medium'],
  ['digitalocean_database_firewall', 'rule', null, { type: 'ip_addr', value: '0.0.0.0/0' }, 'critical'],
  ['digitalocean_database_firewall', 'rule', null, { type: 'ip_addr', value: '1.2.3.4' }, 'high'],
  ['aws_s3_bucket', 'policy', 'a', 'b', 'high'],
  ['aws_s3_bucket', 'acl', 'private', 'public-read', 'high'],
  ['aws_s3_bucket_public_access_block', 'block_public_acls', true, false, 'high'],
  ['aws_s3_bucket', 'versioning[0].enabled', true, false, 'high'],
  ['aws_s3_bucket', 'server_side_encryption_configuration[0].rule', null, [], 'high'],
  ['aws_s3_bucket_versioning', 'versioning_configuration[0].status', 'Enabled', 'Suspended', 'high'],
  ['aws_db_instance', 'publicly_accessible', false, true, 'high'],
  ['aws_db_instance', 'storage_encrypted', true, false, 'high'],
  ['aws_db_instance', 'deletion_protection', true, false, 'high'],
  ['aws_db_instance', 'instance_class', 'a', 'b', 'medium'],
  ['aws_instance', 'metadata_options[0].http_tokens', 'required', 'optional', 'high'],
  ['aws_instance', 'instance_type', 'a', 'b', 'medium'],
  ['aws_iam_role', 'assume_role_policy', 'a', 'b', 'high'],
  ['aws_iam_role', 'max_session_duration', 3600, 43200, 'high'],
  ['aws_iam_role', 'tags.Name', 'a', 'b', 'low'],
  ['aws_iam_role', 'description', 'a', 'b', 'low'],
  ['aws_kms_key', 'enable_key_rotation', true, false, 'high'],
  ['aws_cloudtrail', 'enable_logging', true, false, 'high'],
  ['aws_lb', 'access_logs[0].enabled', true, false, 'high'],
  ['aws_eks_cluster', 'vpc_config[0].public_access_cidrs', null, '0.0.0.0/0', 'high'],
  ['digitalocean_kubernetes_cluster', 'control_plane_firewall[0].enabled', true, false, 'high'],
  ['digitalocean_droplet', 'tags', null, 'x', 'low'],
  ['digitalocean_droplet', 'size', 'a', 'b', 'medium'],
  ['some_type', 'tags["k8s.io/x"]', 'a', 'b', 'low'],
];

describe('severity', () => {
  for (const [type, path, declared, observed, expected] of TABLE)
    it(`${type} ${path}: ${JSON.stringify(declared)} → ${JSON.stringify(observed)} is ${expected}`, () => {
      expect(
        severityOf({ type, kind: 'modified', differences: [difference(path, declared, observed)] }),
      ).toBe(expected);
    });

  it('a drift is as bad as its worst difference', () => {
    const differences = [
      difference('tags.a', 'x', 'y'),
      difference('ingress', null, rule(22, 22, '0.0.0.0/0')),
      difference('name', 'x', 'y'),
    ];
    expect(severityOf({ type: 'aws_security_group', kind: 'modified', differences })).toBe('critical');
  });

  it('missing is high, contested medium, unmanaged low unless it gives access, suspected medium', () => {
    const of = (kind: 'missing' | 'contested' | 'unmanaged' | 'modified', type = 'aws_instance') =>
      severityOf({ type, kind, differences: [] });
    expect([of('missing'), of('contested'), of('unmanaged'), of('modified')]).toEqual([
      'high',
      'medium',
      'low',
      'medium',
    ]);
    expect(of('unmanaged', 'aws_iam_access_key')).toBe('high');
    expect(of('unmanaged', 'aws_vpc_security_group_ingress_rule')).toBe('high');
  });
});
