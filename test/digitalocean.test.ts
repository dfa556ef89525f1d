// DigitalOcean end to end without the runtime: the source against the stand-in, compared with the state of a clean apply.
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from '../processors/drift/compare.ts';
import { digitalocean, digitaloceanSnapshots } from '../producers/digitalocean/index.ts';
import { LISTED_TYPES } from '../producers/digitalocean/resources.ts';
import {
  type Estate,
  type StandIn,
  sampleEstate,
  sampleState,
  startStandIn,
  TOKEN,
} from '../producers/digitalocean/stand-in.ts';
import { redactAttributes } from '../producers/terraform/redact.ts';
import { systemClock } from '../runtime/clock.ts';
import type { SourceEvent } from '../runtime/source.ts';
import { testEncoding } from '../runtime/testing/codec.ts';
import type { Json, JsonObject } from '../schemas/index.ts';

const hmac = (value: string): string =>
  `h(${[...value].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7)})`;

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn(sampleEstate());
  standIn.limit = 1_000_000;
});
afterAll(() => standIn.close());

/** Type and id → observed attributes, from one sweep. */
async function observed(): Promise<Map<string, JsonObject>> {
  const events: SourceEvent[] = [];
  const { source } = digitaloceanSnapshots({
    url: standIn.url,
    token: TOKEN,
    account: null,
    everyMs: null,
    hmac,
  });
  await source.run({
    org: 'default',
    clock: systemClock,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    encoding: testEncoding('digitalocean-snapshot'),
    publish: async (batch: SourceEvent[]) => void events.push(...batch),
    progress: () => undefined,
    progressItems: () => [],
    deadLetter: async () => {},
    ignored: () => {},
  });
  expect(events.filter((event) => event.type === 'snapshot.failed')).toEqual([]);
  return new Map(
    events.flatMap((event): [string, JsonObject][] =>
      event.type === 'resource.observed'
        ? [
            [
              `${event.objectKey} ${event.body.type} ${event.body.resourceId}`,
              JSON.parse(event.body.attributes) as JsonObject,
            ],
          ]
        : [],
    ),
  );
}

/** The state as it is declared: redacted by the Terraform source's own rules. */
function declared(): { type: string; attributes: JsonObject; at: string }[] {
  return Object.entries(sampleState()).flatMap(([type, instances]) =>
    instances.map((raw) => {
      const attributes = JSON.parse(redactAttributes(type, raw, hmac)) as JsonObject;
      const { objectKeys, resourceId } = digitalocean.identify({
        org: 'default',
        type,
        attributes,
        scope: { account: null, region: null },
      });
      return { type, attributes, at: `${objectKeys[0]} ${type} ${resourceId}` };
    }),
  );
}

const DECLARED = declared();

async function drifts(): Promise<string[]> {
  const now = await observed();
  return DECLARED.flatMap(({ type, attributes, at }) => {
    const is = now.get(at);
    if (is === undefined) return [`${at} is missing`];
    const result = compare({ type, declared: attributes, observed: is, facts: null, configuration: null });
    return [
      ...result.differences.map(
        ({ path }) => `${type} ${path}${result.ignoredBy ? ` ignored by ${result.ignoredBy}` : ''}`,
      ),
      ...(result.unverifiable ?? []).map((path) => `${type} ${path} cannot be compared`),
    ];
  });
}

type Edit = (item: JsonObject) => void;
const set =
  (path: string, value: Json): Edit =>
  (item) => {
    const steps = path.split('.');
    let at: Json = item;
    for (const step of steps.slice(0, -1)) at = (at as JsonObject)[step]!;
    (at as JsonObject)[steps.at(-1)!] = value;
  };
const push =
  (path: string, value: Json): Edit =>
  (item) => {
    let at: Json = item;
    for (const step of path.split('.')) at = (at as JsonObject)[step]!;
    (at as Json[]).push(value);
  };
const drop =
  (path: string): Edit =>
  (item) => {
    let at: Json = item;
    for (const step of path.split('.')) at = (at as JsonObject)[step]!;
    (at as Json[]).pop();
  };

const DATABASE = '/v2/databases/9cc10173-e9ea-4176-9dbc-a4cee4c4ff30';
const RECORDS = '/v2/domains/example.com/records';

/** One edit of one field in the API, and the one attribute that must differ. */
const MUTATIONS: [list: string, index: number, edit: Edit, expected: string][] = [
  ['/v2/certificates', 0, set('type', 'custom'), 'digitalocean_certificate type'],
  ['/v2/certificates', 0, push('dns_names', 'shop.example.com'), 'digitalocean_certificate domains'],
  ['/v2/droplets', 0, set('name', 'renamed'), 'digitalocean_droplet name'],
  ['/v2/droplets', 0, set('region.slug', 'ams3'), 'digitalocean_droplet region'],
  ['/v2/droplets', 1, set('size_slug', 's-2vcpu-4gb'), 'digitalocean_droplet size'],
  ['/v2/droplets', 0, set('image.slug', 'debian-12-x64'), 'digitalocean_droplet image'],
  [
    '/v2/droplets',
    0,
    set('vpc_uuid', 'e0fe0f4d-596a-465e-a902-571ce57b79fa'),
    'digitalocean_droplet vpc_uuid',
  ],
  ['/v2/droplets', 0, push('tags', 'added'), 'digitalocean_droplet tags'],
  ['/v2/droplets', 0, drop('tags'), 'digitalocean_droplet tags'],
  ['/v2/droplets', 0, set('features', ['private_networking']), 'digitalocean_droplet backups'],
  ['/v2/droplets', 0, push('features', 'ipv6'), 'digitalocean_droplet ipv6'],
  ['/v2/droplets', 0, push('features', 'monitoring'), 'digitalocean_droplet monitoring'],
  ['/v2/droplets', 0, set('volume_ids', []), 'digitalocean_droplet volume_ids'],
  ['/v2/droplets', 0, push('volume_ids', 'another'), 'digitalocean_droplet volume_ids'],
  ['/v2/firewalls', 0, set('name', 'renamed'), 'digitalocean_firewall name'],
  ['/v2/firewalls', 0, push('droplet_ids', 3164446), 'digitalocean_firewall droplet_ids'],
  ['/v2/firewalls', 0, push('tags', 'web'), 'digitalocean_firewall tags'],
  [
    '/v2/firewalls',
    0,
    push('inbound_rules', { protocol: 'tcp', ports: '3306', sources: { addresses: ['0.0.0.0/0'] } }),
    'digitalocean_firewall inbound_rule',
  ],
  ['/v2/firewalls', 0, drop('inbound_rules'), 'digitalocean_firewall inbound_rule'],
  ['/v2/firewalls', 0, set('inbound_rules.0.protocol', 'udp'), 'digitalocean_firewall inbound_rule'],
  ['/v2/firewalls', 0, set('inbound_rules.0.ports', '8443'), 'digitalocean_firewall inbound_rule'],
  [
    '/v2/firewalls',
    0,
    push('inbound_rules.1.sources.addresses', '0.0.0.0/0'),
    'digitalocean_firewall inbound_rule',
  ],
  ['/v2/firewalls', 0, push('inbound_rules.1.sources.tags', 'web'), 'digitalocean_firewall inbound_rule'],
  [
    '/v2/firewalls',
    0,
    set('inbound_rules.1.sources.droplet_ids', [3164446]),
    'digitalocean_firewall inbound_rule',
  ],
  [
    '/v2/firewalls',
    0,
    set('inbound_rules.1.sources.kubernetes_ids', ['k']),
    'digitalocean_firewall inbound_rule',
  ],
  [
    '/v2/firewalls',
    0,
    set('inbound_rules.1.sources.load_balancer_uids', ['lb']),
    'digitalocean_firewall inbound_rule',
  ],
  ['/v2/firewalls', 0, drop('outbound_rules'), 'digitalocean_firewall outbound_rule'],
  ['/v2/firewalls', 0, set('outbound_rules.0.ports', '443'), 'digitalocean_firewall outbound_rule'],
  ['/v2/load_balancers', 0, set('name', 'renamed'), 'digitalocean_loadbalancer name'],
  ['/v2/load_balancers', 0, set('region.slug', 'ams3'), 'digitalocean_loadbalancer region'],
  ['/v2/load_balancers', 0, set('size_unit', 3), 'digitalocean_loadbalancer size_unit'],
  ['/v2/load_balancers', 0, set('algorithm', 'least_connections'), 'digitalocean_loadbalancer algorithm'],
  [
    '/v2/load_balancers',
    0,
    set('forwarding_rules.0.target_port', 81),
    'digitalocean_loadbalancer forwarding_rule',
  ],
  [
    '/v2/load_balancers',
    0,
    set('forwarding_rules.1.certificate_id', ''),
    'digitalocean_loadbalancer forwarding_rule',
  ],
  [
    '/v2/load_balancers',
    0,
    set('forwarding_rules.1.tls_passthrough', true),
    'digitalocean_loadbalancer forwarding_rule',
  ],
  ['/v2/load_balancers', 0, drop('forwarding_rules'), 'digitalocean_loadbalancer forwarding_rule'],
  ['/v2/load_balancers', 0, set('health_check.path', '/'), 'digitalocean_loadbalancer healthcheck[0].path'],
  ['/v2/load_balancers', 0, set('health_check.port', 8080), 'digitalocean_loadbalancer healthcheck[0].port'],
  [
    '/v2/load_balancers',
    0,
    set('health_check.protocol', 'tcp'),
    'digitalocean_loadbalancer healthcheck[0].protocol',
  ],
  [
    '/v2/load_balancers',
    0,
    set('health_check.check_interval_seconds', 20),
    'digitalocean_loadbalancer healthcheck[0].check_interval_seconds',
  ],
  [
    '/v2/load_balancers',
    0,
    set('health_check.response_timeout_seconds', 9),
    'digitalocean_loadbalancer healthcheck[0].response_timeout_seconds',
  ],
  [
    '/v2/load_balancers',
    0,
    set('health_check.unhealthy_threshold', 9),
    'digitalocean_loadbalancer healthcheck[0].unhealthy_threshold',
  ],
  [
    '/v2/load_balancers',
    0,
    set('health_check.healthy_threshold', 9),
    'digitalocean_loadbalancer healthcheck[0].healthy_threshold',
  ],
  [
    '/v2/load_balancers',
    0,
    set('sticky_sessions.type', 'cookies'),
    'digitalocean_loadbalancer sticky_sessions[0].type',
  ],
  ['/v2/load_balancers', 0, drop('droplet_ids'), 'digitalocean_loadbalancer droplet_ids'],
  ['/v2/load_balancers', 0, set('tag', 'web'), 'digitalocean_loadbalancer droplet_tag'],
  [
    '/v2/load_balancers',
    0,
    set('redirect_http_to_https', false),
    'digitalocean_loadbalancer redirect_http_to_https',
  ],
  [
    '/v2/load_balancers',
    0,
    set('enable_proxy_protocol', true),
    'digitalocean_loadbalancer enable_proxy_protocol',
  ],
  [
    '/v2/load_balancers',
    0,
    set('enable_backend_keepalive', true),
    'digitalocean_loadbalancer enable_backend_keepalive',
  ],
  [
    '/v2/load_balancers',
    0,
    set('disable_lets_encrypt_dns_records', true),
    'digitalocean_loadbalancer disable_lets_encrypt_dns_records',
  ],
  ['/v2/load_balancers', 0, set('vpc_uuid', 'other'), 'digitalocean_loadbalancer vpc_uuid'],
  [
    '/v2/load_balancers',
    0,
    set('http_idle_timeout_seconds', 90),
    'digitalocean_loadbalancer http_idle_timeout_seconds',
  ],
  ['/v2/load_balancers', 0, set('project_id', 'other'), 'digitalocean_loadbalancer project_id'],
  ['/v2/load_balancers', 0, push('firewall.allow', 'cidr:0.0.0.0/0'), 'digitalocean_loadbalancer firewall'],
  ['/v2/load_balancers', 0, set('firewall.deny', []), 'digitalocean_loadbalancer firewall'],
  [RECORDS, 1, set('data', '10.0.0.1'), 'digitalocean_record value'],
  [RECORDS, 1, set('name', 'web'), 'digitalocean_record name'],
  [RECORDS, 1, set('ttl', 60), 'digitalocean_record ttl'],
  [RECORDS, 1, set('type', 'AAAA'), 'digitalocean_record type'],
  [RECORDS, 2, set('priority', 20), 'digitalocean_record priority'],
  [RECORDS, 2, set('data', 'evil.example.net'), 'digitalocean_record value'],
  [RECORDS, 3, set('data', 'V=spf1 -all'), 'digitalocean_record value'],
  [RECORDS, 4, set('port', 5061), 'digitalocean_record port'],
  [RECORDS, 4, set('weight', 1), 'digitalocean_record weight'],
  [RECORDS, 5, set('flags', 128), 'digitalocean_record flags'],
  [RECORDS, 5, set('tag', 'issuewild'), 'digitalocean_record tag'],
  ['/v2/databases', 0, set('name', 'renamed'), 'digitalocean_database_cluster name'],
  ['/v2/databases', 1, set('engine', 'redis'), 'digitalocean_database_cluster engine'],
  ['/v2/databases', 0, set('version', '17'), 'digitalocean_database_cluster version'],
  ['/v2/databases', 0, set('num_nodes', 3), 'digitalocean_database_cluster node_count'],
  ['/v2/databases', 0, set('size', 'db-s-4vcpu-8gb'), 'digitalocean_database_cluster size'],
  ['/v2/databases', 0, set('region', 'ams3'), 'digitalocean_database_cluster region'],
  [
    '/v2/databases',
    0,
    set('private_network_uuid', 'other'),
    'digitalocean_database_cluster private_network_uuid',
  ],
  ['/v2/databases', 0, set('project_id', 'other'), 'digitalocean_database_cluster project_id'],
  ['/v2/databases', 0, push('tags', 'x'), 'digitalocean_database_cluster tags'],
  ['/v2/databases', 0, set('storage_size_mib', 81920), 'digitalocean_database_cluster storage_size_mib'],
  [
    '/v2/databases',
    0,
    set('maintenance_window.day', 'monday'),
    'digitalocean_database_cluster maintenance_window[0].day',
  ],
  [
    '/v2/databases',
    0,
    set('maintenance_window.hour', '09:45:12'),
    'digitalocean_database_cluster maintenance_window[0].hour',
  ],
  [
    '/v2/databases',
    0,
    set('connection.password', 'rotated-by-someone'),
    'digitalocean_database_cluster password',
  ],
  [
    `${DATABASE}/firewall`,
    0,
    push('rules', { type: 'ip_addr', value: '0.0.0.0/0' }),
    'digitalocean_database_firewall rule',
  ],
  [`${DATABASE}/firewall`, 0, drop('rules'), 'digitalocean_database_firewall rule'],
  [`${DATABASE}/firewall`, 0, set('rules', []), 'digitalocean_database_firewall rule'],
  [`${DATABASE}/firewall`, 0, set('rules.1.value', '192.168.1.2'), 'digitalocean_database_firewall rule'],
  [`${DATABASE}/users`, 1, set('password', 'rotated-by-someone'), 'digitalocean_database_user password'],
  [`${DATABASE}/pools`, 0, set('mode', 'transaction'), 'digitalocean_database_connection_pool mode'],
  [`${DATABASE}/pools`, 0, set('size', 20), 'digitalocean_database_connection_pool size'],
  [`${DATABASE}/pools`, 0, set('db', 'orders'), 'digitalocean_database_connection_pool db_name'],
  [`${DATABASE}/pools`, 0, set('user', 'app-01'), 'digitalocean_database_connection_pool user'],
  [
    `${DATABASE}/pools`,
    0,
    set('connection.password', 'rotated'),
    'digitalocean_database_connection_pool password',
  ],
  ['/v2/kubernetes/clusters', 0, set('name', 'renamed'), 'digitalocean_kubernetes_cluster name'],
  ['/v2/kubernetes/clusters', 0, set('region', 'ams3'), 'digitalocean_kubernetes_cluster region'],
  ['/v2/kubernetes/clusters', 0, set('version', '1.32.0-do.0'), 'digitalocean_kubernetes_cluster version'],
  ['/v2/kubernetes/clusters', 0, set('vpc_uuid', 'other'), 'digitalocean_kubernetes_cluster vpc_uuid'],
  [
    '/v2/kubernetes/clusters',
    0,
    set('cluster_subnet', '10.1.0.0/16'),
    'digitalocean_kubernetes_cluster cluster_subnet',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('service_subnet', '10.2.0.0/16'),
    'digitalocean_kubernetes_cluster service_subnet',
  ],
  ['/v2/kubernetes/clusters', 0, set('auto_upgrade', true), 'digitalocean_kubernetes_cluster auto_upgrade'],
  [
    '/v2/kubernetes/clusters',
    0,
    set('surge_upgrade', false),
    'digitalocean_kubernetes_cluster surge_upgrade',
  ],
  ['/v2/kubernetes/clusters', 0, set('ha', true), 'digitalocean_kubernetes_cluster ha'],
  ['/v2/kubernetes/clusters', 0, push('tags', 'x'), 'digitalocean_kubernetes_cluster tags'],
  [
    '/v2/kubernetes/clusters',
    0,
    set('maintenance_policy.day', 'monday'),
    'digitalocean_kubernetes_cluster maintenance_policy[0].day',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('maintenance_policy.start_time', '5:00'),
    'digitalocean_kubernetes_cluster maintenance_policy[0].start_time',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('control_plane_firewall.enabled', false),
    'digitalocean_kubernetes_cluster control_plane_firewall[0].enabled',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    push('control_plane_firewall.allowed_addresses', '0.0.0.0/0'),
    'digitalocean_kubernetes_cluster control_plane_firewall[0].allowed_addresses',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.name', 'x'),
    'digitalocean_kubernetes_cluster node_pool[0].name',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.size', 's-4vcpu-8gb'),
    'digitalocean_kubernetes_cluster node_pool[0].size',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.count', 5),
    'digitalocean_kubernetes_cluster node_pool[0].node_count',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.auto_scale', true),
    'digitalocean_kubernetes_cluster node_pool[0].auto_scale',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.min_nodes', 1),
    'digitalocean_kubernetes_cluster node_pool[0].min_nodes',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.max_nodes', 9),
    'digitalocean_kubernetes_cluster node_pool[0].max_nodes',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    push('node_pools.0.tags', 'x'),
    'digitalocean_kubernetes_cluster node_pool[0].tags',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.0.labels.tier', 'back'),
    'digitalocean_kubernetes_cluster node_pool[0].labels.tier',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    drop('node_pools.0.taints'),
    'digitalocean_kubernetes_cluster node_pool[0].taint',
  ],
  ['/v2/kubernetes/clusters', 0, set('node_pools.1.name', 'x'), 'digitalocean_kubernetes_node_pool name'],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.1.size', 's-4vcpu-8gb'),
    'digitalocean_kubernetes_node_pool size',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.1.max_nodes', 50),
    'digitalocean_kubernetes_node_pool max_nodes',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.1.min_nodes', 2),
    'digitalocean_kubernetes_node_pool min_nodes',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.1.auto_scale', false),
    'digitalocean_kubernetes_node_pool auto_scale',
  ],
  ['/v2/kubernetes/clusters', 0, push('node_pools.1.tags', 'x'), 'digitalocean_kubernetes_node_pool tags'],
  [
    '/v2/kubernetes/clusters',
    0,
    set('node_pools.1.labels', { a: 'b' }),
    'digitalocean_kubernetes_node_pool labels.a',
  ],
  [
    '/v2/kubernetes/clusters',
    0,
    push('node_pools.1.taints', { key: 'a', value: 'b', effect: 'NoExecute' }),
    'digitalocean_kubernetes_node_pool taint',
  ],
  ['/v2/vpcs', 0, set('name', 'renamed'), 'digitalocean_vpc name'],
  ['/v2/vpcs', 0, set('description', ''), 'digitalocean_vpc description'],
  ['/v2/vpcs', 0, set('ip_range', '10.10.11.0/24'), 'digitalocean_vpc ip_range'],
  ['/v2/vpcs', 0, set('region', 'ams3'), 'digitalocean_vpc region'],
  ['/v2/volumes', 0, set('name', 'renamed'), 'digitalocean_volume name'],
  ['/v2/volumes', 0, set('size_gigabytes', 20), 'digitalocean_volume size'],
  ['/v2/volumes', 0, set('region.slug', 'ams3'), 'digitalocean_volume region'],
  ['/v2/volumes', 0, set('description', 'x'), 'digitalocean_volume description'],
  ['/v2/volumes', 0, set('filesystem_type', 'xfs'), 'digitalocean_volume initial_filesystem_type'],
  ['/v2/volumes', 0, push('tags', 'x'), 'digitalocean_volume tags'],
  ['/v2/account/keys', 0, set('name', 'renamed'), 'digitalocean_ssh_key name'],
  ['/v2/account/keys', 0, set('public_key', 'ssh-rsa BBBB ops@laptop'), 'digitalocean_ssh_key public_key'],
  ['/v2/reserved_ips', 0, set('droplet', null), 'digitalocean_reserved_ip droplet_id'],
  ['/v2/reserved_ips', 0, set('droplet.id', 3164445), 'digitalocean_reserved_ip droplet_id'],
  ['/v2/reserved_ips', 0, set('region.slug', 'ams3'), 'digitalocean_reserved_ip region'],
  ['/v2/reserved_ipv6', 0, set('region_slug', 'ams3'), 'digitalocean_reserved_ipv6 region_slug'],
  ['/v2/reserved_ipv6', 0, set('droplet', { id: 3164445 }), 'digitalocean_reserved_ipv6 droplet_id'],
  ['/v2/projects', 0, set('name', 'renamed'), 'digitalocean_project name'],
  ['/v2/projects', 0, set('description', 'x'), 'digitalocean_project description'],
  ['/v2/projects', 0, set('purpose', 'Web Application'), 'digitalocean_project purpose'],
  ['/v2/projects', 0, set('environment', 'Staging'), 'digitalocean_project environment'],
  ['/v2/projects', 0, set('is_default', true), 'digitalocean_project is_default'],
];

/** What changes by itself, or is nobody's to declare: none of these is a drift. */
const NOISE: [list: string, index: number, edit: Edit][] = [
  ['/v2/droplets', 0, set('status', 'off')],
  ['/v2/droplets', 0, set('locked', true)],
  ['/v2/droplets', 0, set('disk', 50)],
  ['/v2/droplets', 0, set('size.price_monthly', 7)],
  ['/v2/droplets', 0, set('image.slug', null)],
  ['/v2/droplets', 0, set('networks', { v4: [], v6: [] })],
  ['/v2/firewalls', 0, set('status', 'waiting')],
  ['/v2/firewalls', 0, push('pending_changes', { droplet_id: 1, removing: false, status: 'waiting' })],
  ['/v2/firewalls', 0, set('outbound_rules.0.ports', 'all')],
  ['/v2/firewalls', 0, set('droplet_ids', [3164444, 3164445])],
  ['/v2/load_balancers', 0, set('ip', '1.2.3.4')],
  ['/v2/load_balancers', 0, set('status', 'errored')],
  ['/v2/load_balancers', 0, set('network_stack', 'DUALSTACK')],
  ['/v2/certificates', 0, set('not_after', '2028-01-01T00:00:00Z')],
  ['/v2/domains', 0, set('zone_file', 'x')],
  ['/v2/domains', 0, set('ttl', 60)],
  ['/v2/databases', 0, set('status', 'resizing')],
  ['/v2/databases', 0, set('semantic_version', '16.5')],
  ['/v2/databases', 0, set('version', '16.5')],
  ['/v2/databases', 1, set('maintenance_window.day', 'monday')],
  ['/v2/databases', 0, set('connection', null)],
  [`${DATABASE}/users`, 1, set('password', '')],
  ['/v2/kubernetes/clusters', 0, set('status.state', 'degraded')],
  ['/v2/kubernetes/clusters', 0, set('updated_at', '2027-01-01T00:00:00Z')],
  ['/v2/kubernetes/clusters', 0, set('node_pools.0.nodes', [])],
  ['/v2/kubernetes/clusters', 0, set('node_pools.1.count', 5)],
  ['/v2/volumes', 0, set('droplet_ids', [])],
  ['/v2/account/keys', 0, set('public_key', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQDDHr')],
  ['/v2/tags', 0, set('resources.count', 9)],
  ['/v2/projects', 0, set('updated_at', '2027-01-01T00:00:00Z')],
];

async function edited(list: string, index: number, edit: Edit): Promise<string[]> {
  const estate: Estate = sampleEstate();
  edit(estate[list]![index]!);
  standIn.estate = estate;
  try {
    return await drifts();
  } finally {
    standIn.estate = sampleEstate();
  }
}

describe('DigitalOcean', () => {
  it('a clean apply shows zero drift, for every listed type', async () => {
    expect(new Set(Object.keys(sampleState()))).toEqual(new Set(LISTED_TYPES));
    expect(await drifts()).toEqual([]);
  });

  it('paging changes nothing', async () => {
    standIn.pageSize = 1;
    expect(await drifts()).toEqual([]);
    standIn.pageSize = 200;
  });

  it(`each of ${MUTATIONS.length} mutated fields gives exactly one drift on exactly that attribute`, async () => {
    const wrong: unknown[] = [];
    for (const [list, index, edit, expected] of MUTATIONS) {
      const found = await edited(list, index, edit);
      if (found.length !== 1 || found[0] !== expected) wrong.push({ list, expected, found });
    }
    expect(wrong).toEqual([]);
    const types = new Set(MUTATIONS.map(([, , , expected]) => expected.split(' ')[0]));
    // Names are all that a domain, a database and a tag have: nothing of them can differ.
    const only = ['digitalocean_domain', 'digitalocean_database_db', 'digitalocean_tag'];
    expect([...types, ...only].sort()).toEqual([...LISTED_TYPES].sort());
  }, 120_000);

  it(`each of ${NOISE.length} fields that change by themselves gives none`, async () => {
    const wrong: unknown[] = [];
    for (const [list, index, edit] of NOISE) {
      const found = await edited(list, index, edit);
      if (found.length > 0) wrong.push({ list, found });
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
