// The pretend azurerm, google and digitalocean providers. Data: names and types are those of the real providers, fewer of them.
import type { CtyType, ProviderType } from '../schema.ts';
import { block, CONFIGURATION, listOf, made, optional, setOf } from './written.ts';

const NSG_RULE: CtyType = [
  'set',
  [
    'object',
    {
      access: 'string',
      description: 'string',
      destination_address_prefix: 'string',
      destination_port_range: 'string',
      direction: 'string',
      name: 'string',
      priority: 'number',
      protocol: 'string',
      source_address_prefix: 'string',
      source_address_prefixes: ['set', 'string'],
      source_port_range: 'string',
    },
  ],
];

const IN_GROUP = '/subscriptions/{subscription}/resourceGroups/{resource_group_name}/providers';

export const AZURERM: ProviderType = {
  name: 'azurerm',
  address: 'registry.terraform.io/hashicorp/azurerm',
  version: '4.40.0',
  protocol: 5,
  block: block(
    { ...CONFIGURATION, subscription_id: 'string optional', tenant_id: 'string optional' },
    { features: listOf(block({}), { max_items: 1 }) },
  ),
  resources: {
    azurerm_resource_group: {
      version: 0,
      id: '/subscriptions/{subscription}/resourceGroups/{name}',
      placed: 'world',
      block: block({
        id: 'string computed',
        location: 'string required new',
        managed_by: 'string optional',
        name: 'string required new',
        tags: 'map(string) optional',
      }),
    },
    azurerm_network_security_group: {
      version: 0,
      id: `${IN_GROUP}/Microsoft.Network/networkSecurityGroups/{name}`,
      placed: 'world',
      block: block({
        id: 'string computed',
        location: 'string required new',
        name: 'string required new',
        resource_group_name: 'string required new',
        security_rule: { is: 'optional computed', type: NSG_RULE, default: [] },
        tags: 'map(string) optional',
      }),
    },
    azurerm_storage_account: {
      version: 4,
      id: `${IN_GROUP}/Microsoft.Storage/storageAccounts/{name}`,
      placed: 'world',
      block: block(
        {
          id: 'string computed',
          access_tier: optional('string', 'Hot'),
          account_replication_type: 'string required',
          account_tier: 'string required new',
          https_traffic_only_enabled: optional('bool', true),
          location: 'string required new',
          min_tls_version: optional('string', 'TLS1_2'),
          name: 'string required new',
          primary_access_key: made('string', '{#hex:64}', 'sensitive'),
          primary_blob_endpoint: made('string', 'https://{name}.blob.core.windows.net/'),
          public_network_access_enabled: optional('bool', true),
          resource_group_name: 'string required new',
          tags: 'map(string) optional',
        },
        {
          network_rules: listOf(
            block({
              bypass: { is: 'optional computed', type: ['set', 'string'], default: ['AzureServices'] },
              default_action: 'string required',
              ip_rules: 'set(string) optional',
            }),
            { max_items: 1 },
          ),
        },
      ),
    },
  },
  data: {
    azurerm_client_config: {
      version: 0,
      block: block({
        id: made('string', '{caller.subscription}'),
        client_id: made('string', '{caller.name}'),
        subscription_id: made('string', '{caller.subscription}'),
        tenant_id: made('string', '{caller.tenant}'),
      }),
    },
  },
};

export const GOOGLE: ProviderType = {
  name: 'google',
  address: 'registry.terraform.io/hashicorp/google',
  version: '6.40.0',
  protocol: 5,
  block: block({ ...CONFIGURATION, project: 'string optional' }),
  resources: {
    google_storage_bucket: {
      version: 4,
      id: '{name}',
      placed: 'world',
      block: block(
        {
          id: 'string computed',
          force_destroy: optional('bool', false),
          labels: 'map(string) optional',
          location: 'string required new',
          name: 'string required new',
          project: { is: 'string optional computed new', made: '{project}' },
          public_access_prevention: optional('string', 'inherited'),
          self_link: made('string', 'https://www.googleapis.com/storage/v1/b/{name}'),
          storage_class: optional('string', 'STANDARD'),
          uniform_bucket_level_access: optional('bool', false),
          url: made('string', 'gs://{name}'),
        },
        {
          versioning: listOf(block({ enabled: 'bool required' }), { max_items: 1 }),
          lifecycle_rule: listOf(
            block(
              {},
              {
                action: setOf(block({ storage_class: 'string optional', type: 'string required' }), {
                  min_items: 1,
                  max_items: 1,
                }),
                condition: setOf(block({ age: 'number optional', with_state: optional('string', 'ANY') }), {
                  min_items: 1,
                  max_items: 1,
                }),
              },
            ),
          ),
        },
      ),
    },
    google_compute_firewall: {
      version: 1,
      id: 'projects/{project}/global/firewalls/{name}',
      placed: 'world',
      block: block(
        {
          id: 'string computed',
          creation_timestamp: made('string', '{#now}'),
          description: 'string optional',
          direction: optional('string', 'INGRESS', 'new'),
          disabled: 'bool optional',
          name: 'string required new',
          network: 'string required new',
          priority: optional('number', 1000),
          project: { is: 'string optional computed new', made: '{project}' },
          self_link: made('string', 'https://www.googleapis.com/compute/v1/{id}'),
          source_ranges: { is: 'optional computed', type: ['set', 'string'], default: [] },
          target_tags: 'set(string) optional',
        },
        { allow: setOf(block({ ports: 'list(string) optional', protocol: 'string required' })) },
      ),
    },
    google_pubsub_topic: {
      version: 0,
      id: 'projects/{project}/topics/{name}',
      placed: 'world',
      block: block({
        id: 'string computed',
        kms_key_name: 'string optional',
        labels: 'map(string) optional',
        message_retention_duration: 'string optional',
        name: 'string required new',
        project: { is: 'string optional computed new', made: '{project}' },
      }),
    },
  },
  data: {
    google_client_config: {
      version: 0,
      block: block({
        id: made('string', 'projects/{caller.project}'),
        project: made('string', '{caller.project}'),
        region: made('string', '{caller.region}'),
      }),
    },
  },
};

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
      block: block({
        id: 'string computed',
        ip_address: 'string optional new unreadable',
        name: 'string required new',
        ttl: made('number', 1800),
        urn: made('string', 'do:domain:{name}'),
      }),
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
