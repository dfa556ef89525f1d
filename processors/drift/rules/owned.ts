// Which resources that no state declares belong to something else (an autoscaling group, a cluster, the provider
// itself) and so are not unmanaged. Pure, as data. Numbers are those of the noise reference (A5, A6, A7, A19, O3, O4, P4, P5, Z7).
import type { Json, JsonObject } from '../../../schemas/index.ts';

interface Row {
  basis: string;
  types: RegExp;
  /** Who owns it, from its attributes; null when this row does not apply. */
  owner: (attributes: JsonObject) => string | null;
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
function tag(attributes: JsonObject, name: string): string | null {
  for (const tags of [attributes.tags_all, attributes.tags])
    if (tags !== null && typeof tags === 'object' && !Array.isArray(tags) && text(tags[name]) !== '')
      return text(tags[name]);
  return null;
}
const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const tagged =
  (name: string, kind: string) =>
  (attributes: JsonObject): string | null => {
    const value = tag(attributes, name);
    return value === null ? null : `${kind} ${value}`;
  };
const when = (owner: string, holds: (attributes: JsonObject) => boolean) => (attributes: JsonObject) =>
  holds(attributes) ? owner : null;

const ROWS: readonly Row[] = [
  {
    basis: 'A19',
    types: /^aws_(instance|ebs_volume|network_interface)$/,
    owner: tagged('aws:autoscaling:groupName', 'autoscaling group'),
  },
  { basis: 'A19', types: /^aws_/, owner: tagged('aws:cloudformation:stack-name', 'CloudFormation stack') },
  { basis: 'A19', types: /^aws_/, owner: tagged('aws:cloudformation:stack-id', 'CloudFormation stack') },
  {
    basis: 'A19',
    types: /^aws_/,
    owner: tagged('elasticbeanstalk:environment-name', 'Elastic Beanstalk environment'),
  },
  {
    basis: 'A19',
    types: /^aws_(security_group|instance|launch_template|network_interface)$/,
    owner: tagged('aws:eks:cluster-name', 'EKS cluster'),
  },
  { basis: 'A19', types: /^aws_/, owner: tagged('eks:cluster-name', 'EKS cluster') },
  {
    basis: 'A19',
    types: /^aws_network_interface$/,
    owner: (attributes) => {
      const kind = text(attributes.interface_type);
      if (kind !== '' && kind !== 'interface' && kind !== 'efa' && kind !== 'trunk')
        return `service (${kind})`;
      const made =
        /^(ELB |AWS Lambda VPC ENI|RDSNetworkInterface|Amazon EKS|arn:aws:ecs:|EFS mount target|Interface for NAT Gateway|VPC Endpoint Interface|ElastiCache|DMSNetworkInterface)/;
      const found = made.exec(text(attributes.description));
      if (found) return `service (${found[1]!.trim()})`;
      return attributes.requester_managed === true ? 'service (requester-managed)' : null;
    },
  },
  {
    basis: 'A7',
    types: /^aws_iam_(role|service_linked_role)$/,
    owner: when(
      'service-linked role',
      (a) => text(a.path).startsWith('/aws-service-role/') || text(a.arn).includes(':role/aws-service-role/'),
    ),
  },
  {
    basis: 'A7',
    types: /^aws_iam_(role_policy_attachment|role_policy)$/,
    owner: when('service-linked role', (a) => /^AWSServiceRoleFor/.test(text(a.role))),
  },
  {
    basis: 'A19',
    types: /^aws_iam_policy$/,
    owner: when('AWS', (a) => text(a.arn).startsWith('arn:aws:iam::aws:')),
  },
  {
    basis: 'A19',
    types: /^aws_kms_(key|alias)$/,
    owner: when('AWS', (a) => text(a.key_manager) === 'AWS' || text(a.name).startsWith('alias/aws/')),
  },
  {
    basis: 'A19',
    types: /^aws_ec2_managed_prefix_list$/,
    owner: when('AWS', (a) => text(a.owner_id) === 'AWS' || text(a.name).startsWith('com.amazonaws.')),
  },
  {
    basis: 'A19',
    types: /^aws_cloudwatch_log_group$/,
    owner: (a) =>
      text(a.name).startsWith('/aws/') ? `service (${text(a.name).split('/').slice(0, 3).join('/')})` : null,
  },
  {
    basis: 'A19',
    types: /^aws_(ebs_snapshot|ami|db_snapshot|db_cluster_snapshot)$/,
    owner: tagged('aws:backup:source-resource', 'AWS Backup of'),
  },
  {
    basis: 'A19',
    types: /^aws_(ebs_snapshot|ami)$/,
    owner: tagged('aws:dlm:lifecycle-policy-id', 'lifecycle policy'),
  },
  {
    basis: 'A6',
    types: /^aws_(vpc|subnet)$/,
    owner: when(
      'account default',
      (a) => a.is_default === true || a.default_for_az === true || a.default === true,
    ),
  },
  {
    basis: 'A6',
    types: /^aws_security_group$/,
    owner: when(
      'VPC default',
      (a) => a.name === 'default' && text(a.description) === 'default VPC security group',
    ),
  },
  {
    basis: 'A6',
    types: /^aws_(network_acl|route_table)$/,
    owner: when('VPC default', (a) => a.is_default === true || a.main === true),
  },
  {
    basis: 'A5',
    types: /^aws_route$/,
    owner: when(
      'VPC',
      (a) =>
        a.gateway_id === 'local' ||
        a.origin === 'CreateRouteTable' ||
        a.origin === 'EnableVgwRoutePropagation',
    ),
  },
  {
    basis: 'A4',
    types: /^aws_network_acl_rule$/,
    owner: when('network ACL default', (a) => Number(a.rule_number ?? 0) >= 32_767),
  },
  {
    basis: 'A12',
    types: /^aws_route53_record$/,
    owner: when(
      'hosted zone',
      (a) =>
        a.type === 'SOA' ||
        (a.type === 'NS' &&
          text(a.name) !== '' &&
          text(a.name).replace(/\.$/, '') === text(a.zone_name).replace(/\.$/, '')),
    ),
  },
  {
    basis: 'O3',
    types: /^digitalocean_record$/,
    owner: when(
      'domain',
      (a) =>
        a.type === 'SOA' ||
        (a.type === 'NS' && a.name === '@' && /^ns[1-3]\.digitalocean\.com\.?$/.test(text(a.value))),
    ),
  },
  {
    basis: 'O4',
    types: /^digitalocean_(vpc|project)$/,
    owner: when('account default', (a) => a.default === true || a.is_default === true),
  },
  {
    basis: 'A19',
    types: /^digitalocean_(droplet|volume|loadbalancer|firewall)$/,
    owner: (a) => {
      const tags = Array.isArray(a.tags) ? a.tags.map(String) : [];
      const cluster = tags.find((name) => /^k8s:[0-9a-f-]{36}$/.test(name));
      return cluster === undefined ? null : `Kubernetes cluster ${cluster.slice(4)}`;
    },
  },
  {
    basis: 'A19',
    types: /^digitalocean_database_(user|db)$/,
    owner: when(
      'database cluster',
      (a) => a.role === 'primary' || a.name === 'defaultdb' || a.name === 'doadmin',
    ),
  },
  {
    basis: 'Z7',
    types: /^azurerm_resource_group$/,
    owner: (a) => (text(a.managed_by) === '' ? null : `service (${text(a.managed_by).split('/').at(-1)!})`),
  },
  {
    basis: 'Z7',
    types: /^azurerm_/,
    owner: (a) => {
      const group = text(a.resource_group_name) || text(a.name);
      if (/^mc_.+_.+_.+$/i.test(group)) return `AKS cluster ${group.split('_').slice(2, -1).join('_')}`;
      if (/^databricks-rg-/i.test(group)) return 'Databricks workspace';
      if (/^networkwatcherrg$|^defaultresourcegroup-/i.test(group)) return 'subscription default';
      return null;
    },
  },
  {
    basis: 'P5',
    types: /^google_compute_(network|subnetwork)$/,
    owner: when('project default', (a) => a.name === 'default' && a.auto_create_subnetworks !== false),
  },
  {
    basis: 'P5',
    types: /^google_compute_firewall$/,
    owner: (a) =>
      text(a.name).startsWith('gke-')
        ? 'GKE cluster'
        : /^default-allow-(internal|ssh|rdp|icmp)$/.test(text(a.name))
          ? 'project default'
          : null,
  },
  {
    basis: 'P5',
    types:
      /^google_compute_(disk|route|instance|instance_group|instance_group_manager|instance_template|target_pool)$/,
    owner: (a) => (/^gke-|^pvc-[0-9a-f]{8}-/.test(text(a.name)) ? 'GKE cluster' : null),
  },
  {
    basis: 'P5',
    types: /^google_compute_instance$/,
    owner: (a) => {
      const metadata = a.metadata;
      const made = isObject(metadata) ? text(metadata['created-by']) : '';
      return made === '' ? null : `instance group ${made.split('/').at(-1)!}`;
    },
  },
  {
    basis: 'P5',
    types: /^google_compute_route$/,
    owner: when('network', (a) => text(a.name).startsWith('default-route-')),
  },
  {
    basis: 'P4',
    types: /^google_(project|storage_bucket)_iam_(member|binding)$/,
    owner: when(
      'service agent',
      (a) =>
        text(a.role).startsWith('roles/storage.legacy') ||
        /^serviceAccount:(service-\d+@|\d+@cloudservices\.|\d+-compute@developer\.).*gserviceaccount\.com$/.test(
          text(a.member),
        ),
    ),
  },
];

/** Who owns a resource that no one declares; null: nobody known, so it is unmanaged. */
export function ownedChild(type: string, attributes: JsonObject): string | null {
  for (const row of ROWS) {
    if (!row.types.test(type)) continue;
    const owner = row.owner(attributes);
    if (owner !== null) return owner;
  }
  return null;
}
