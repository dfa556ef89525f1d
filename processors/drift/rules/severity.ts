// How bad a drift is, from its kind, type and attributes. The table is data; what it does not name is medium. Pure.
import type { Difference, DriftKind, Json, JsonObject, Severity } from '../../../schemas/index.ts';
import { explode } from './elements.ts';

const RANK: Record<Severity, number> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };
const worse = (a: Severity, b: Severity): Severity => (RANK[a] >= RANK[b] ? a : b);

/** Ports behind which an open door is an incident: remote shells and desktops, databases, cluster and host control. */
const SENSITIVE_PORTS = [
  20, 21, 22, 23, 25, 135, 137, 139, 445, 1433, 1434, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 4333,
  5432, 5500, 5601, 5900, 5985, 5986, 6379, 6443, 7000, 7001, 8020, 8086, 9042, 9092, 9200, 9300, 10250,
  11211, 15672, 27017, 27018,
];
const WORLD = new Set(['0.0.0.0/0', '::/0', '0:0:0:0:0:0:0:0/0']);

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const listOf = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];

interface Row {
  types: RegExp;
  /** Matched against the path without indices. */
  paths: RegExp;
  severity: Severity | ((difference: Difference) => Severity);
}

/** First matching row decides. */
const ROWS: readonly Row[] = [
  { types: /^aws_security_group$|^aws_default_security_group$/, paths: /^ingress$/, severity: openIngress },
  {
    types: /^aws_(vpc_security_group_ingress_rule|security_group_rule|network_acl_rule)$/,
    paths: /^(cidr_|ipv6_cidr|ip_protocol|protocol|from_port|to_port|referenced_|source_security)/,
    severity: (difference) => (holdsWorld(difference.observed) ? 'critical' : 'high'),
  },
  { types: /^digitalocean_firewall$/, paths: /^inbound_rule$/, severity: openInbound },
  {
    types: /^digitalocean_database_firewall$/,
    paths: /^rule$/,
    severity: (difference) => (holdsWorld(difference.observed) ? 'critical' : 'high'),
  },
  { types: /./, paths: /^(tags|tags_all|labels|annotations|description|comment)(\.|\[|$)/, severity: 'low' },
  // Access: policies, principals, public switches, who may reach it.
  {
    types: /./,
    paths:
      /(^|\.|_)(policy|policies|acl|grant|public|public_access_cidrs|publicly_accessible|principal|permissions_boundary|managed_policy_arns|assume_role_policy|source_account|restrict_public_buckets|ignore_public_acls)($|\.|_)/,
    severity: 'high',
  },
  {
    types: /^aws_(network_acl|default_network_acl)$/,
    paths: /^(ingress|egress)$/,
    severity: 'high',
  },
  {
    types:
      /^(aws_iam_|aws_kms_key|aws_s3_bucket_(policy|public_access_block|acl|ownership_controls)|aws_lambda_permission)/,
    paths: /./,
    severity: 'high',
  },
  {
    types: /^digitalocean_/,
    paths: /^(control_plane_firewall|firewall|outbound_rule|ssh_keys)(\.|$)/,
    severity: 'high',
  },
  // Encryption, logging, recoverability.
  {
    types: /./,
    paths:
      /(encrypt|kms|(^|\.)sse|ssl_policy|tls|redirect_http_to_https|http_tokens|logging|access_logs|flow_log|log_file_validation|deletion_protection|enable_key_rotation|is_enabled|versioning|backup_retention|point_in_time_recovery|mfa_delete|block_public|iam_database_authentication|vpc_security_group_ids|(^|\.)security_groups$)/,
    severity: 'high',
  },
  {
    types: /^aws_(cloudtrail|flow_log|s3_bucket_(versioning|server_side_encryption_configuration|logging))$/,
    paths: /./,
    severity: 'high',
  },
];

function parsed(json: string | null): Json {
  return json === null ? null : (JSON.parse(json) as Json);
}

const holdsWorld = (json: string | null): boolean =>
  json !== null && [...WORLD].some((range) => json.includes(`"${range}"`));

/** Only what was opened counts: a rule that is gone closes a door. */
function openIngress(difference: Difference): Severity {
  if (difference.observed === null) return 'medium';
  const rules = explode('security-group-rules', listOf(parsed(difference.observed)), '');
  const exposed = rules.some(
    (rule) =>
      [...listOf(rule.cidr_blocks), ...listOf(rule.ipv6_cidr_blocks)].some((range) =>
        WORLD.has(String(range)),
      ) &&
      (rule.from_port === undefined || reachesSensitive(Number(rule.from_port), Number(rule.to_port))),
  );
  return exposed ? 'critical' : 'high';
}

function openInbound(difference: Difference): Severity {
  if (difference.observed === null) return 'medium';
  const exposed = listOf(parsed(difference.observed)).some((rule) => {
    if (!isObject(rule)) return false;
    if (!listOf(rule.source_addresses).some((range) => WORLD.has(String(range)))) return false;
    if (rule.protocol === 'icmp') return false;
    const [from, to] = String(rule.port_range ?? '1-65535').split('-');
    return reachesSensitive(Number(from), Number(to ?? from));
  });
  return exposed ? 'critical' : 'high';
}

const reachesSensitive = (from: number, to: number): boolean =>
  SENSITIVE_PORTS.some((port) => from <= port && port <= to);

/** Unmanaged objects of these types give someone access. */
const UNMANAGED_HIGH =
  /^aws_(iam_(user|access_key|role|user_policy|role_policy|user_policy_attachment|role_policy_attachment|policy_attachment|group_membership|openid_connect_provider|saml_provider)|vpc_security_group_ingress_rule|security_group_rule|lambda_permission|s3_bucket_policy)$|^digitalocean_(firewall|database_firewall|database_user|ssh_key)$/;

/**
 * Severity of a drift. A missing resource is high; a contested one medium (two states fight over it); an unmanaged one
 * low unless its type gives access; a modified one is as bad as its worst difference. Without differences (suspected,
 * nothing read yet) a modified one is medium.
 */
export function severityOf(drift: {
  type: string;
  kind: DriftKind;
  differences: readonly Difference[];
}): Severity {
  switch (drift.kind) {
    case 'missing':
      return 'high';
    case 'contested':
      return 'medium';
    case 'unmanaged':
      return UNMANAGED_HIGH.test(drift.type) ? 'high' : 'low';
    case 'modified':
      if (drift.differences.length === 0) return 'medium';
      return drift.differences.map((one) => severityOfDifference(drift.type, one)).reduce(worse);
  }
}

function severityOfDifference(type: string, difference: Difference): Severity {
  const path = difference.path.replace(/\[[^\]]*\]/g, '');
  for (const row of ROWS)
    if (row.types.test(type) && row.paths.test(path))
      return typeof row.severity === 'string' ? row.severity : row.severity(difference);
  return 'medium';
}
