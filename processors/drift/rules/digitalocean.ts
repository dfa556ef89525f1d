// Comparison rules of DigitalOcean resource types, as data. Numbers (O…) are those of the noise reference, § 5; the
// schemas they rest on are those of the provider digitalocean/digitalocean.
import type { Rule, Treatment } from './rule.ts';

const rule = (
  name: string,
  basis: string,
  types: readonly string[],
  paths: readonly string[],
  treatment: Treatment,
): Rule => ({ name: `digitalocean.${name}`, basis, types, paths, treatment });

/** What only the service decides. */
const COMPUTED: Record<string, readonly string[]> = {
  digitalocean_droplet: [
    'status',
    'locked',
    'price_hourly',
    'price_monthly',
    'disk',
    'memory',
    'vcpus',
    'ipv4_address',
    'ipv4_address_private',
  ],
  digitalocean_firewall: ['status', 'pending_changes'],
  digitalocean_loadbalancer: [
    'ip',
    'ipv6',
    'status',
    'domains.verification_error_reasons',
    'domains.ssl_validation_error_reasons',
  ],
  digitalocean_domain: ['ttl'],
  digitalocean_record: ['fqdn'],
  digitalocean_database_cluster: [
    'host',
    'private_host',
    'port',
    'uri',
    'private_uri',
    'database',
    'user',
    'ui_host',
    'ui_port',
    'ui_uri',
    'ui_database',
    'ui_user',
    'ui_password',
    'metrics_endpoints',
  ],
  digitalocean_database_firewall: ['rule.uuid', 'rule.created_at'],
  digitalocean_database_user: ['role'],
  digitalocean_database_connection_pool: ['host', 'private_host', 'port', 'uri', 'private_uri'],
  // O2: the tokens inside rotate by themselves.
  digitalocean_kubernetes_cluster: [
    'kube_config',
    'endpoint',
    'ipv4_address',
    'status',
    'node_pool.id',
    'node_pool.nodes',
    'node_pool.actual_node_count',
  ],
  digitalocean_kubernetes_node_pool: ['nodes', 'actual_node_count'],
  digitalocean_volume: ['droplet_ids', 'filesystem_type'],
  digitalocean_certificate: ['uuid', 'state', 'not_after', 'sha1_fingerprint'],
  digitalocean_project: ['owner_uuid'],
  digitalocean_tag: [
    'total_resource_count',
    'droplets_count',
    'images_count',
    'volumes_count',
    'volume_snapshots_count',
    'databases_count',
  ],
  digitalocean_vpc: ['default'],
};

const OPTIONAL_COMPUTED: Record<string, readonly string[]> = {
  digitalocean_droplet: [
    'region',
    'vpc_uuid',
    'ipv6_address',
    'private_networking',
    'volume_ids',
    'backup_policy',
  ],
  digitalocean_loadbalancer: [
    'healthcheck',
    'sticky_sessions',
    'droplet_ids',
    'vpc_uuid',
    'size_unit',
    'size',
    'http_idle_timeout_seconds',
    'project_id',
    'firewall',
    'domains',
    'glb_settings',
    'target_load_balancer_ids',
    'network_stack',
    'network',
    'type',
    'tls_cipher_policy',
  ],
  digitalocean_record: ['ttl'],
  // Set only where the configuration has a block; the API always tells one.
  digitalocean_database_cluster: [
    'private_network_uuid',
    'project_id',
    'storage_size_mib',
    'maintenance_window',
    'eviction_policy',
    'sql_mode',
  ],
  digitalocean_database_user: ['mysql_auth_plugin', 'settings'],
  // Not set beside autoscaling, the provider leaves node_count out of the state.
  digitalocean_kubernetes_node_pool: ['node_count'],
  digitalocean_kubernetes_cluster: [
    'node_pool.node_count',
    'cluster_subnet',
    'service_subnet',
    'vpc_uuid',
    'maintenance_policy',
    'control_plane_firewall',
    'routing_agent',
    'cluster_autoscaler_configuration',
    'amd_gpu_device_plugin',
    'amd_gpu_device_metrics_exporter_plugin',
    'nvidia_gpu_device_plugin',
    'rdma_shared_device_plugin',
  ],
  digitalocean_vpc: ['ip_range'],
  digitalocean_volume: ['initial_filesystem_type', 'initial_filesystem_label'],
  digitalocean_reserved_ip: ['droplet_id'],
  digitalocean_floating_ip: ['droplet_id'],
  digitalocean_reserved_ipv6: ['droplet_id'],
  digitalocean_project: ['resources', 'environment'],
};

const byType = (
  table: Record<string, readonly string[]>,
  name: string,
  basis: string,
  treatment: Treatment,
): Rule[] =>
  Object.entries(table).map(([type, paths]) => rule(`${name}.${type}`, basis, [type], paths, treatment));

const DEFAULTS: readonly [types: readonly string[], path: string, value: string | number | boolean][] = [
  [['digitalocean_droplet'], 'backups', false],
  [['digitalocean_droplet'], 'ipv6', false],
  [['digitalocean_droplet'], 'monitoring', false],
  [['digitalocean_loadbalancer'], 'algorithm', 'round_robin'],
  [['digitalocean_loadbalancer'], 'redirect_http_to_https', false],
  [['digitalocean_loadbalancer'], 'enable_proxy_protocol', false],
  [['digitalocean_loadbalancer'], 'enable_backend_keepalive', false],
  [['digitalocean_loadbalancer'], 'disable_lets_encrypt_dns_records', false],
  [['digitalocean_loadbalancer'], 'forwarding_rule.tls_passthrough', false],
  [['digitalocean_loadbalancer'], 'sticky_sessions.type', 'none'],
  [['digitalocean_loadbalancer'], 'type', 'REGIONAL'],
  [['digitalocean_loadbalancer'], 'network', 'EXTERNAL'],
  [['digitalocean_loadbalancer'], 'network_stack', 'IPV4'],
  [['digitalocean_loadbalancer'], 'tls_cipher_policy', 'DEFAULT'],
  [['digitalocean_kubernetes_cluster'], 'auto_upgrade', false],
  [['digitalocean_kubernetes_cluster'], 'surge_upgrade', true],
  [['digitalocean_kubernetes_cluster'], 'ha', false],
  [['digitalocean_kubernetes_cluster', 'digitalocean_kubernetes_node_pool'], 'auto_scale', false],
  [['digitalocean_kubernetes_cluster'], 'node_pool.auto_scale', false],
  [['digitalocean_kubernetes_cluster'], 'node_pool.min_nodes', 0],
  [['digitalocean_kubernetes_cluster'], 'node_pool.max_nodes', 0],
  [['digitalocean_kubernetes_node_pool'], 'min_nodes', 0],
  [['digitalocean_kubernetes_node_pool'], 'max_nodes', 0],
  // The provider's placeholders in a state: the API says null.
  [['digitalocean_record'], 'flags', 0],
  [['digitalocean_record'], 'port', 0],
  [['digitalocean_record'], 'priority', 0],
  [['digitalocean_record'], 'weight', 0],
  [['digitalocean_reserved_ip', 'digitalocean_floating_ip', 'digitalocean_reserved_ipv6'], 'droplet_id', 0],
  [['digitalocean_project'], 'is_default', false],
];

export const DIGITALOCEAN_RULES: readonly Rule[] = [
  ...byType(COMPUTED, 'computed', 'O1 O2', { skip: 'computed' }),
  ...byType(OPTIONAL_COMPUTED, 'optional-computed', 'G18', { optionalComputed: true }),
  ...DEFAULTS.map(([types, path, value]) =>
    rule(`default.${types[0]}.${path}`, 'G16', types, [path], { default: value }),
  ),
  rule('firewall-rules', 'O1', ['digitalocean_firewall'], ['inbound_rule', 'outbound_rule'], {
    order: 'set',
  }),
  rule(
    'firewall-members',
    'O1',
    ['digitalocean_firewall'],
    [
      'inbound_rule.source_droplet_ids',
      'inbound_rule.source_load_balancer_uids',
      'inbound_rule.source_kubernetes_ids',
      'inbound_rule.source_tags',
      'outbound_rule.destination_droplet_ids',
      'outbound_rule.destination_load_balancer_uids',
      'outbound_rule.destination_kubernetes_ids',
      'outbound_rule.destination_tags',
    ],
    { order: 'set' },
  ),
  rule(
    'port-ranges',
    'O1',
    ['digitalocean_firewall'],
    ['inbound_rule.port_range', 'outbound_rule.port_range'],
    {
      equal: 'ports',
    },
  ),
  rule(
    'rule-sets',
    'G3',
    ['digitalocean_loadbalancer'],
    ['forwarding_rule', 'domains', 'firewall', 'target_load_balancer_ids', 'firewall.allow', 'firewall.deny'],
    { order: 'set' },
  ),
  // Either one names the certificate; ids change when a certificate renews itself.
  rule(
    'certificate-ids',
    'G13',
    ['digitalocean_loadbalancer'],
    ['forwarding_rule.certificate_id', 'domains.certificate_id'],
    { skip: 'computed' },
  ),
  rule('images', 'G11', ['digitalocean_droplet'], ['image'], { equal: 'image' }),
  rule('database-rules', 'O1', ['digitalocean_database_firewall'], ['rule'], { order: 'set' }),
  rule('ssh-keys', 'G3', ['digitalocean_droplet'], ['ssh_keys'], { order: 'set' }),
  rule('project-resources', 'G3', ['digitalocean_project'], ['resources'], { order: 'set' }),
  rule(
    'control-plane',
    'G3',
    ['digitalocean_kubernetes_cluster'],
    ['control_plane_firewall.allowed_addresses'],
    { order: 'set' },
  ),
  rule(
    'taints',
    'G3',
    ['digitalocean_kubernetes_cluster', 'digitalocean_kubernetes_node_pool'],
    ['node_pool.taint', 'taint'],
    { order: 'set' },
  ),
  rule('certificate-domains', 'G3', ['digitalocean_certificate'], ['domains'], { order: 'set' }),
  rule('lower-case', 'G6', ['digitalocean_*'], ['region', 'size', 'status', 'ipv6_address', 'environment'], {
    equal: 'case',
  }),
  rule('case-kept', 'G6', ['digitalocean_loadbalancer'], ['type', 'network', 'network_stack'], {
    equal: 'case',
  }),
  rule('record-names', 'G6', ['digitalocean_record', 'digitalocean_domain'], ['name', 'domain'], {
    equal: 'dns',
  }),
  rule('record-values', 'G6', ['digitalocean_record'], ['value'], { equal: 'trailing-dot' }),
  rule('numbers-as-text', 'G2', ['digitalocean_*'], ['droplet_id', 'storage_size_mib', 'size_unit'], {
    equal: 'scalar',
  }),
  rule('hours', 'G7', ['digitalocean_*'], ['maintenance_window.hour', 'maintenance_policy.start_time'], {
    equal: 'time',
  }),
  // A tag is one tag in whatever case it was first written.
  rule('tags', 'G6', ['digitalocean_*'], ['tags', 'node_pool.tags', 'droplet_tag'], { equal: 'case' }),
  rule('days', 'G6', ['digitalocean_*'], ['maintenance_window.day', 'maintenance_policy.day'], {
    equal: 'case',
  }),
  // O2: minor upgrades happen by themselves.
  rule('versions', 'O2', ['digitalocean_database_cluster'], ['version'], { equal: 'version' }),
  rule(
    'provider-only',
    'G15',
    ['digitalocean_*'],
    ['kubeconfig_expire_seconds', 'registry_integration', 'backup_restore', 'keepers'],
    { skip: 'provider-only' },
  ),
  rule('co-managed.kubernetes-upgrades', 'O2', ['digitalocean_kubernetes_cluster'], ['version'], {
    coManaged: { when: 'auto_upgrade' },
  }),
  rule(
    'co-managed.cluster-autoscaling',
    'O2',
    ['digitalocean_kubernetes_cluster'],
    ['node_pool.node_count'],
    {
      coManaged: { when: 'node_pool.auto_scale' },
    },
  ),
  rule('co-managed.pool-autoscaling', 'O2', ['digitalocean_kubernetes_node_pool'], ['node_count'], {
    coManaged: { when: 'auto_scale' },
  }),
];

/** O5: the same resource under its older name. */
export const DIGITALOCEAN_ALIASES: Record<string, string> = {
  digitalocean_floating_ip: 'digitalocean_reserved_ip',
  digitalocean_floating_ip_assignment: 'digitalocean_reserved_ip_assignment',
};
