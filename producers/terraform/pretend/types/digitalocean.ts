// The pretend digitalocean provider. Data: names and types are those of the real one, fewer of them.
import type { ProviderType, Reported } from '../schema.ts';
import { block, CONFIGURATION, listOf, made, optional, setOf } from './written.ts';

const rest = (path: string): Reported => ({
  service: path.split('/', 1)[0]!,
  create: `POST /v2/${path}`,
  update: `PUT /v2/${path}/{id}`,
  delete: `DELETE /v2/${path}/{id}`,
});

export const DIGITALOCEAN: ProviderType = {
  name: 'digitalocean',
  address: 'registry.terraform.io/digitalocean/digitalocean',
  version: '2.60.0',
  protocol: 5,
  block: block({ ...CONFIGURATION, token: 'string optional sensitive' }),
  resources: {
    digitalocean_droplet: {
      version: 1,
      id: '{#digits:9}',
      placed: 'world',
      reported: rest('droplets'),
      block: block({
        id: 'string computed',
        backups: optional('bool', false),
        created_at: made('string', '{#now}'),
        image: 'string required new',
        ipv4_address: made('string', '198.51.100.17'),
        ipv6: optional('bool', false),
        monitoring: optional('bool', false, 'new'),
        name: 'string required',
        price_monthly: made('number', 6),
        region: 'string optional computed new',
        size: 'string required',
        status: made('string', 'active'),
        tags: 'set(string) optional',
        urn: made('string', 'do:droplet:{id}'),
      }),
    },
    digitalocean_firewall: {
      version: 0,
      id: '{#uuid}',
      placed: 'world',
      reported: rest('firewalls'),
      block: block(
        {
          id: 'string computed',
          created_at: made('string', '{#now}'),
          droplet_ids: 'set(number) optional',
          name: 'string required',
          status: made('string', 'succeeded'),
          tags: 'set(string) optional',
        },
        {
          inbound_rule: setOf(
            block({
              port_range: 'string optional',
              protocol: 'string required',
              source_addresses: 'set(string) optional',
            }),
          ),
          outbound_rule: setOf(
            block({
              destination_addresses: 'set(string) optional',
              port_range: 'string optional',
              protocol: 'string required',
            }),
          ),
        },
      ),
    },
    digitalocean_domain: {
      version: 0,
      id: '{name}',
      placed: 'world',
      reported: rest('domains'),
      block: block({
        id: 'string computed',
        ip_address: 'string optional new unreadable',
        name: 'string required new',
        ttl: made('number', 1800),
        urn: made('string', 'do:domain:{name}'),
      }),
    },
    digitalocean_vpc: {
      version: 0,
      id: '{#uuid}',
      placed: 'world',
      reported: rest('vpcs'),
      block: block({
        id: 'string computed',
        created_at: made('string', '{#now}'),
        default: made('bool', false),
        description: 'string optional',
        ip_range: { is: 'string optional computed new', made: '10.114.0.0/20' },
        name: 'string required',
        region: 'string required new',
        urn: made('string', 'do:vpc:{id}'),
      }),
    },
    digitalocean_record: {
      version: 0,
      id: '{#digits:8}',
      placed: 'world',
      reported: rest('domains/{domain}/records'),
      block: block({
        id: 'string computed',
        domain: 'string required new',
        flags: 'number optional',
        fqdn: made('string', '{name}.{domain}'),
        name: 'string required',
        priority: 'number optional',
        ttl: optional('number', 1800),
        type: 'string required new',
        value: 'string required',
      }),
    },
    digitalocean_loadbalancer: {
      version: 0,
      id: '{#uuid}',
      placed: 'world',
      reported: rest('load_balancers'),
      block: block(
        {
          id: 'string computed',
          algorithm: optional('string', 'round_robin'),
          droplet_ids: { is: 'optional computed', type: ['set', 'number'], default: [] },
          enable_proxy_protocol: optional('bool', false),
          ip: made('string', '198.51.100.44'),
          name: 'string required',
          redirect_http_to_https: optional('bool', false),
          region: 'string optional new',
          size_unit: optional('number', 1),
          status: made('string', 'active'),
          urn: made('string', 'do:loadbalancer:{id}'),
        },
        {
          forwarding_rule: setOf(
            block({
              certificate_name: optional('string', ''),
              entry_port: 'number required',
              entry_protocol: 'string required',
              target_port: 'number required',
              target_protocol: 'string required',
              tls_passthrough: optional('bool', false),
            }),
            { min_items: 1 },
          ),
          healthcheck: listOf(
            block({
              check_interval_seconds: optional('number', 10),
              path: 'string optional',
              port: 'number required',
              protocol: 'string required',
            }),
            { max_items: 1 },
          ),
        },
      ),
    },
  },
  data: {
    digitalocean_account: {
      version: 0,
      block: block({
        id: made('string', '{caller.account}'),
        email: made('string', '{caller.name}@example.com'),
        status: made('string', 'active'),
        uuid: made('string', '{caller.account}'),
      }),
    },
  },
};
