// What is listed and how an answer becomes Terraform attributes, as data: a row per list and per resource type. Pure.
//
// Attribute shapes are those of the provider digitalocean/digitalocean; answers are those of the API v2 documentation
// (docs.digitalocean.com/reference/api). Only what the API tells is observed. What changes by itself (status, load) is
// left out, so that an unchanged resource gives an unchanged observation.
import type { JsonObject } from '../../schemas/index.ts';
import {
  block,
  flag,
  idText,
  inside,
  isObject,
  number,
  numbers,
  objects,
  type Told,
  text,
  textMap,
  texts,
  told,
} from './fields.ts';

/** What rows may need from other lists of the same sweep. */
export interface Known {
  /** Certificate id → name; an id that is not there cannot be told. */
  certificates: ReadonlyMap<string, string>;
}

export interface ResourceRow {
  type: string;
  /** The resources in one listed item; by default the item itself. */
  within?: (item: JsonObject) => JsonObject[];
  /** Id in the form the state (or, where the provider makes one up, our identity rule) holds it. */
  id: (item: JsonObject, parent: JsonObject) => string | undefined;
  attributes: Record<string, (item: JsonObject, parent: JsonObject, known: Known) => Told>;
  /** Who owns one that no state declares. */
  ownedBy?: (item: JsonObject, parent: JsonObject) => string | null;
}

export interface Listing {
  /** Unique; other listings name it as `per`. */
  name: string;
  /** The path; for a listing per element of another one, from that element. */
  path: (parent: JsonObject) => string;
  per?: { listing: string; when?: (parent: JsonObject) => boolean };
  /** Member of the answer that holds the items. A listing that is not paged may hold one object's parts. */
  key: string;
  /** The whole answer is one item. */
  single?: boolean;
  resources: readonly ResourceRow[];
}

const field =
  <T extends Told>(read: (value: Told) => T, name: string) =>
  (item: JsonObject): T =>
    read(item[name]);
const regionSlug = (item: JsonObject): Told => text(inside(item, 'region').slug);
const features =
  (name: string) =>
  (item: JsonObject): Told =>
    texts(item.features)?.includes(name);
const own = (item: JsonObject): string | undefined => idText(item.id);
const engineIs =
  (...engines: string[]) =>
  (cluster: JsonObject): boolean =>
    engines.includes(String(cluster.engine));

/** Tags that DigitalOcean and the provider add by themselves; the provider leaves them out of the state too. */
const ownTags = (value: Told): Told =>
  texts(value)?.filter((name) => !/^(k8s:|terraform:)/.test(name) && name !== 'k8s');
const DEFAULT_POOL = 'terraform:default-node-pool';
const kubernetesOwner = (item: JsonObject): string | null => {
  const tag = texts(item.tags)?.find((name) => /^k8s:[0-9a-f-]{36}$/.test(name));
  return tag === undefined ? null : `Kubernetes cluster ${tag.slice(4)}`;
};

/** The API says port 0 for all ports, and for protocols that have none. */
function firewallRules(side: 'source' | 'destination', value: Told): Told {
  return objects(value)?.map((rule) => {
    const peers = inside(rule, side === 'source' ? 'sources' : 'destinations');
    const ports = idText(rule.ports);
    return {
      protocol: text(rule.protocol) ?? '',
      port_range: ports === '0' ? (rule.protocol === 'icmp' ? '' : 'all') : (ports ?? ''),
      [`${side}_addresses`]: texts(peers.addresses) ?? [],
      [`${side}_droplet_ids`]: numbers(peers.droplet_ids) ?? [],
      [`${side}_kubernetes_ids`]: texts(peers.kubernetes_ids) ?? [],
      [`${side}_load_balancer_uids`]: texts(peers.load_balancer_uids) ?? [],
      [`${side}_tags`]: texts(peers.tags) ?? [],
    };
  });
}

function forwardingRules(value: Told, known: Known): Told {
  const rules = objects(value);
  const names = rules?.map((rule) =>
    idText(rule.certificate_id) ? known.certificates.get(String(rule.certificate_id)) : '',
  );
  return rules?.map((rule, i) =>
    told({
      entry_protocol: text(rule.entry_protocol),
      entry_port: number(rule.entry_port),
      target_protocol: text(rule.target_protocol),
      target_port: number(rule.target_port),
      tls_passthrough: flag(rule.tls_passthrough) ?? false,
      // One name that is not known would make the whole set differ: then none is told.
      certificate_name: names?.includes(undefined) ? undefined : names?.[i],
    }),
  );
}

const nodePool = (pool: JsonObject): Record<string, Told> => ({
  name: text(pool.name),
  size: text(pool.size),
  node_count: number(pool.count ?? pool.node_count),
  auto_scale: flag(pool.auto_scale),
  min_nodes: number(pool.min_nodes),
  max_nodes: number(pool.max_nodes),
  tags: ownTags(pool.tags),
  labels: textMap(pool.labels),
  taint: objects(pool.taints)?.map((taint) =>
    told({ key: text(taint.key), value: text(taint.value), effect: text(taint.effect) }),
  ),
});
const isDefaultPool = (pool: JsonObject): boolean => texts(pool.tags)?.includes(DEFAULT_POOL) === true;

/** The pool a cluster's state holds inline: the one Terraform marked, or the only one there is. */
function inlinePool(cluster: JsonObject): JsonObject | undefined {
  const pools = objects(cluster.node_pools) ?? [];
  return pools.find(isDefaultPool) ?? (pools.length === 1 ? pools[0] : undefined);
}

/** What the provider puts after the names that records point to. */
const POINTS_TO_NAME = new Set(['CNAME', 'MX', 'NS', 'SRV', 'CAA']);
function recordValue(record: JsonObject): Told {
  const data = text(record.data);
  if (typeof data !== 'string' || !POINTS_TO_NAME.has(String(record.type))) return data;
  return data === '@' || record.tag === 'iodef' || data.endsWith('.') ? data : `${data}.`;
}

const clusterId = (_: JsonObject, cluster: JsonObject): Told => idText(cluster.id);

export const LISTINGS: readonly Listing[] = [
  {
    name: 'certificates',
    path: () => '/v2/certificates',
    key: 'certificates',
    resources: [
      {
        type: 'digitalocean_certificate',
        id: (item) => idText(item.name),
        attributes: {
          name: field(text, 'name'),
          type: field(text, 'type'),
          domains: (item) => (item.type === 'lets_encrypt' ? texts(item.dns_names) : undefined),
        },
      },
    ],
  },
  {
    name: 'droplets',
    path: () => '/v2/droplets',
    key: 'droplets',
    resources: [
      {
        type: 'digitalocean_droplet',
        id: own,
        ownedBy: kubernetesOwner,
        attributes: {
          name: field(text, 'name'),
          region: regionSlug,
          size: field(text, 'size_slug'),
          image: (item) => text(inside(item, 'image').slug) ?? idText(inside(item, 'image').id),
          vpc_uuid: field(text, 'vpc_uuid'),
          tags: field(texts, 'tags'),
          backups: features('backups'),
          ipv6: features('ipv6'),
          monitoring: features('monitoring'),
          volume_ids: field(texts, 'volume_ids'),
        },
      },
    ],
  },
  {
    name: 'firewalls',
    path: () => '/v2/firewalls',
    key: 'firewalls',
    resources: [
      {
        type: 'digitalocean_firewall',
        id: own,
        ownedBy: (item) => {
          const cluster = /^k8s-([0-9a-f-]{36})-(public-access|worker)$/.exec(String(item.name));
          return cluster ? `Kubernetes cluster ${cluster[1]}` : null;
        },
        attributes: {
          name: field(text, 'name'),
          droplet_ids: field(numbers, 'droplet_ids'),
          tags: field(texts, 'tags'),
          inbound_rule: (item) => firewallRules('source', item.inbound_rules),
          outbound_rule: (item) => firewallRules('destination', item.outbound_rules),
        },
      },
    ],
  },
  {
    name: 'load balancers',
    path: () => '/v2/load_balancers',
    key: 'load_balancers',
    resources: [
      {
        type: 'digitalocean_loadbalancer',
        id: own,
        attributes: {
          name: field(text, 'name'),
          region: regionSlug,
          // The state holds either one: what the API counts in units has its old size name too.
          size_unit: (item) => (Number(item.size_unit) > 0 ? number(item.size_unit) : undefined),
          size: (item) => (Number(item.size_unit) > 0 ? undefined : text(item.size)),
          algorithm: field(text, 'algorithm'),
          forwarding_rule: (item, _, known) => forwardingRules(item.forwarding_rules, known),
          healthcheck: (item) =>
            block(item.health_check, (check) => ({
              protocol: text(check.protocol),
              port: number(check.port),
              path: text(check.path),
              check_interval_seconds: number(check.check_interval_seconds),
              response_timeout_seconds: number(check.response_timeout_seconds),
              unhealthy_threshold: number(check.unhealthy_threshold),
              healthy_threshold: number(check.healthy_threshold),
            })),
          sticky_sessions: (item) =>
            block(item.sticky_sessions, (sessions) => ({
              type: text(sessions.type),
              cookie_name: text(sessions.cookie_name),
              cookie_ttl_seconds: number(sessions.cookie_ttl_seconds),
            })),
          // Droplets chosen by a tag come and go by themselves.
          droplet_ids: (item) => (text(item.tag) ? undefined : numbers(item.droplet_ids)),
          droplet_tag: field(text, 'tag'),
          redirect_http_to_https: field(flag, 'redirect_http_to_https'),
          enable_proxy_protocol: field(flag, 'enable_proxy_protocol'),
          enable_backend_keepalive: field(flag, 'enable_backend_keepalive'),
          disable_lets_encrypt_dns_records: field(flag, 'disable_lets_encrypt_dns_records'),
          vpc_uuid: field(text, 'vpc_uuid'),
          http_idle_timeout_seconds: field(number, 'http_idle_timeout_seconds'),
          project_id: field(text, 'project_id'),
          firewall: (item) =>
            block(item.firewall, (rules) => ({
              allow: texts(rules.allow) ?? [],
              deny: texts(rules.deny) ?? [],
            })),
          type: field(text, 'type'),
          network: field(text, 'network'),
          network_stack: field(text, 'network_stack'),
        },
      },
    ],
  },
  {
    name: 'domains',
    path: () => '/v2/domains',
    key: 'domains',
    resources: [
      {
        type: 'digitalocean_domain',
        id: (item) => idText(item.name),
        attributes: { name: field(text, 'name') },
      },
    ],
  },
  {
    name: 'records',
    per: { listing: 'domains' },
    path: (domain) => `/v2/domains/${encodeURIComponent(String(domain.name))}/records`,
    key: 'domain_records',
    resources: [
      {
        type: 'digitalocean_record',
        id: own,
        ownedBy: (item) =>
          item.type === 'SOA' ||
          (item.type === 'NS' &&
            item.name === '@' &&
            /^ns[1-3]\.digitalocean\.com\.?$/.test(String(item.data)))
            ? 'domain'
            : null,
        attributes: {
          domain: (_, domain) => text(domain.name),
          type: field(text, 'type'),
          name: field(text, 'name'),
          value: recordValue,
          priority: field(number, 'priority'),
          port: field(number, 'port'),
          ttl: field(number, 'ttl'),
          weight: field(number, 'weight'),
          flags: field(number, 'flags'),
          tag: field(text, 'tag'),
        },
      },
    ],
  },
  {
    name: 'databases',
    path: () => '/v2/databases',
    key: 'databases',
    resources: [
      {
        type: 'digitalocean_database_cluster',
        id: own,
        attributes: {
          name: field(text, 'name'),
          engine: field(text, 'engine'),
          version: field(text, 'version'),
          node_count: field(number, 'num_nodes'),
          size: field(text, 'size'),
          region: field(text, 'region'),
          private_network_uuid: field(text, 'private_network_uuid'),
          project_id: field(text, 'project_id'),
          tags: field(texts, 'tags'),
          storage_size_mib: (item) => idText(item.storage_size_mib),
          maintenance_window: (item) =>
            block(item.maintenance_window, (window) => ({ day: text(window.day), hour: text(window.hour) })),
          host: (item) => text(inside(item, 'connection').host),
          port: (item) => number(inside(item, 'connection').port),
          database: (item) => text(inside(item, 'connection').database),
          user: (item) => text(inside(item, 'connection').user),
          password: (item) => text(inside(item, 'connection').password),
          uri: (item) => text(inside(item, 'connection').uri),
          private_uri: (item) => text(inside(item, 'private_connection').uri),
        },
      },
    ],
  },
  {
    name: 'database firewalls',
    per: { listing: 'databases' },
    path: (cluster) => `/v2/databases/${encodeURIComponent(String(cluster.id))}/firewall`,
    key: 'rules',
    single: true,
    resources: [
      {
        type: 'digitalocean_database_firewall',
        id: (_, cluster) => idText(cluster.id),
        // A cluster without any rule has no firewall resource: it is open.
        within: (item) => ((objects(item.rules) ?? []).length > 0 ? [item] : []),
        attributes: {
          cluster_id: clusterId,
          rule: (item) =>
            objects(item.rules)?.map((rule) => told({ type: text(rule.type), value: text(rule.value) })),
        },
      },
    ],
  },
  {
    name: 'database dbs',
    per: { listing: 'databases', when: engineIs('pg', 'mysql') },
    path: (cluster) => `/v2/databases/${encodeURIComponent(String(cluster.id))}/dbs`,
    key: 'dbs',
    resources: [
      {
        type: 'digitalocean_database_db',
        id: (item, cluster) => childId(cluster, 'database', item),
        ownedBy: (item) => (item.name === 'defaultdb' ? 'database cluster' : null),
        attributes: { cluster_id: clusterId, name: field(text, 'name') },
      },
    ],
  },
  {
    name: 'database users',
    per: { listing: 'databases', when: engineIs('pg', 'mysql', 'mongodb', 'kafka') },
    path: (cluster) => `/v2/databases/${encodeURIComponent(String(cluster.id))}/users`,
    key: 'users',
    resources: [
      {
        type: 'digitalocean_database_user',
        id: (item, cluster) => childId(cluster, 'user', item),
        ownedBy: (item) => (item.role === 'primary' ? 'database cluster' : null),
        attributes: {
          cluster_id: clusterId,
          name: field(text, 'name'),
          role: field(text, 'role'),
          // Some engines tell it only when it is made: nothing then, not an empty one.
          password: (item) => text(item.password) || undefined,
          mysql_auth_plugin: (item) => text(inside(item, 'mysql_settings').auth_plugin),
          access_cert: (item) => text(item.access_cert) || undefined,
          access_key: (item) => text(item.access_key) || undefined,
        },
      },
    ],
  },
  {
    name: 'database pools',
    per: { listing: 'databases', when: engineIs('pg') },
    path: (cluster) => `/v2/databases/${encodeURIComponent(String(cluster.id))}/pools`,
    key: 'pools',
    resources: [
      {
        type: 'digitalocean_database_connection_pool',
        id: (item, cluster) => {
          const name = idText(item.name);
          return name === undefined ? undefined : `${String(cluster.id)}/${name}`;
        },
        attributes: {
          cluster_id: clusterId,
          name: field(text, 'name'),
          user: field(text, 'user'),
          mode: field(text, 'mode'),
          size: field(number, 'size'),
          db_name: field(text, 'db'),
          password: (item) => text(inside(item, 'connection').password) || undefined,
          uri: (item) => text(inside(item, 'connection').uri) || undefined,
          private_uri: (item) => text(inside(item, 'private_connection').uri) || undefined,
        },
      },
    ],
  },
  {
    name: 'Kubernetes clusters',
    path: () => '/v2/kubernetes/clusters',
    key: 'kubernetes_clusters',
    resources: [
      {
        type: 'digitalocean_kubernetes_cluster',
        id: own,
        attributes: {
          name: field(text, 'name'),
          region: field(text, 'region'),
          version: field(text, 'version'),
          vpc_uuid: field(text, 'vpc_uuid'),
          cluster_subnet: field(text, 'cluster_subnet'),
          service_subnet: field(text, 'service_subnet'),
          auto_upgrade: field(flag, 'auto_upgrade'),
          surge_upgrade: field(flag, 'surge_upgrade'),
          ha: field(flag, 'ha'),
          tags: (item) => ownTags(item.tags),
          maintenance_policy: (item) =>
            block(item.maintenance_policy, (policy) => ({
              day: text(policy.day),
              start_time: text(policy.start_time),
            })),
          control_plane_firewall: (item) =>
            block(item.control_plane_firewall, (rules) => ({
              enabled: flag(rules.enabled),
              allowed_addresses: texts(rules.allowed_addresses) ?? [],
            })),
          node_pool: (item) => {
            if (objects(item.node_pools) === undefined) return undefined;
            const pool = inlinePool(item);
            return pool === undefined ? [] : [told({ id: idText(pool.id), ...nodePool(pool) })];
          },
        },
      },
      {
        type: 'digitalocean_kubernetes_node_pool',
        within: (cluster) => {
          const inline = inlinePool(cluster);
          return (objects(cluster.node_pools) ?? [])
            .filter((pool) => pool !== inline)
            .map((pool) => ({ ...pool, cluster_id: cluster.id ?? null }));
        },
        id: own,
        attributes: {
          cluster_id: field(text, 'cluster_id'),
          ...Object.fromEntries(
            Object.keys(nodePool({})).map((name) => [name, (pool: JsonObject) => nodePool(pool)[name]]),
          ),
        },
      },
    ],
  },
  {
    name: 'VPCs',
    path: () => '/v2/vpcs',
    key: 'vpcs',
    resources: [
      {
        type: 'digitalocean_vpc',
        id: own,
        ownedBy: (item) => (item.default === true ? 'account default' : null),
        attributes: {
          name: field(text, 'name'),
          region: field(text, 'region'),
          description: field(text, 'description'),
          ip_range: field(text, 'ip_range'),
        },
      },
    ],
  },
  {
    name: 'volumes',
    path: () => '/v2/volumes',
    key: 'volumes',
    resources: [
      {
        type: 'digitalocean_volume',
        id: own,
        ownedBy: kubernetesOwner,
        attributes: {
          name: field(text, 'name'),
          region: regionSlug,
          size: field(number, 'size_gigabytes'),
          description: field(text, 'description'),
          initial_filesystem_type: (item) => text(item.filesystem_type) || undefined,
          initial_filesystem_label: (item) => text(item.filesystem_label) || undefined,
          tags: field(texts, 'tags'),
        },
      },
    ],
  },
  {
    name: 'SSH keys',
    path: () => '/v2/account/keys',
    key: 'ssh_keys',
    resources: [
      {
        type: 'digitalocean_ssh_key',
        id: own,
        attributes: { name: field(text, 'name'), public_key: field(text, 'public_key') },
      },
    ],
  },
  {
    name: 'reserved IPs',
    path: () => '/v2/reserved_ips',
    key: 'reserved_ips',
    resources: [
      {
        type: 'digitalocean_reserved_ip',
        id: (item) => idText(item.ip),
        attributes: {
          ip_address: field(text, 'ip'),
          region: regionSlug,
          droplet_id: (item) => dropletId(item),
        },
      },
    ],
  },
  {
    name: 'reserved IPv6 addresses',
    path: () => '/v2/reserved_ipv6',
    key: 'reserved_ipv6s',
    resources: [
      {
        type: 'digitalocean_reserved_ipv6',
        id: (item) => idText(item.ip),
        attributes: {
          ip: field(text, 'ip'),
          region_slug: field(text, 'region_slug'),
          droplet_id: (item) => dropletId(item),
        },
      },
    ],
  },
  {
    name: 'tags',
    path: () => '/v2/tags',
    key: 'tags',
    resources: [
      {
        type: 'digitalocean_tag',
        id: (item) => idText(item.name),
        attributes: { name: field(text, 'name') },
      },
    ],
  },
  {
    name: 'projects',
    path: () => '/v2/projects',
    key: 'projects',
    resources: [
      {
        type: 'digitalocean_project',
        id: own,
        ownedBy: (item) => (item.is_default === true ? 'account default' : null),
        attributes: {
          name: field(text, 'name'),
          description: field(text, 'description'),
          purpose: (item) => text(item.purpose)?.replace(/^Other: /, ''),
          environment: field(text, 'environment'),
          is_default: field(flag, 'is_default'),
        },
      },
    ],
  },
];

function dropletId(item: JsonObject): Told {
  if (item.droplet === undefined) return undefined;
  return isObject(item.droplet) ? number(item.droplet.id) : null;
}

function childId(cluster: JsonObject, kind: string, item: JsonObject): string | undefined {
  const name = idText(item.name);
  return name === undefined ? undefined : `${String(cluster.id)}/${kind}/${name}`;
}

/** Every Terraform type a sweep observes. */
export const LISTED_TYPES: readonly string[] = LISTINGS.flatMap(({ resources }) =>
  resources.map(({ type }) => type),
);
