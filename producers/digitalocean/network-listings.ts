// Networks: certificates, firewalls, load balancers, domains and records, VPCs, reserved addresses. Pure.
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
  texts,
  told,
} from './fields.ts';
import { field, type Known, type Listing, own, regionSlug } from './listing.ts';

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

/** What the provider puts after the names that records point to. */
const POINTS_TO_NAME = new Set(['CNAME', 'MX', 'NS', 'SRV', 'CAA']);
function recordValue(record: JsonObject): Told {
  const data = text(record.data);
  if (typeof data !== 'string' || !POINTS_TO_NAME.has(String(record.type))) return data;
  return data === '@' || record.tag === 'iodef' || data.endsWith('.') ? data : `${data}.`;
}

function dropletId(item: JsonObject): Told {
  if (item.droplet === undefined) return undefined;
  return isObject(item.droplet) ? number(item.droplet.id) : null;
}

export const NETWORK_LISTINGS: readonly Listing[] = [
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
];
