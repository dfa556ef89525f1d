// The pretend azurerm provider. Data: names and types are those of the real one, fewer of them.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { named } from '../cloud/parts.ts';
import type { CtyType, ProviderType, Reported, ResourceType } from '../schema.ts';
import { block, CONFIGURATION, listOf, made, optional } from './written.ts';

const NSG_RULE = [
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
] satisfies CtyType;

/** As Azure's activity log has it: the ARM type, and what was done. */
const arm = (type: string): Reported => ({
  service: type.split('/', 1)[0]!,
  create: `${type}/write`,
  update: `${type}/write`,
  delete: `${type}/delete`,
});

const IN_GROUP = '/subscriptions/{subscription}/resourceGroups/{resource_group_name}/providers';

const RULE_MEMBERS = Object.keys((NSG_RULE[1] as ['object', object])[1]);

/** What a state of version 3 of the provider called it. */
function renamedHttps({ enable_https_traffic_only, ...rest }: JsonObject): JsonObject {
  return enable_https_traffic_only === undefined
    ? rest
    : { ...rest, https_traffic_only_enabled: enable_https_traffic_only };
}

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
      reported: arm('Microsoft.Resources/subscriptions/resourceGroups'),
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
      reported: arm('Microsoft.Network/networkSecurityGroups'),
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
      reported: arm('Microsoft.Storage/storageAccounts'),
      upgrade: (version, attributes) => (version < 4 ? renamedHttps(attributes) : attributes),
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
    azurerm_network_security_rule: {
      version: 0,
      id: `${IN_GROUP}/Microsoft.Network/networkSecurityGroups/{network_security_group_name}/securityRules/{name}`,
      placed: 'world',
      reported: arm('Microsoft.Network/networkSecurityGroups/securityRules'),
      part: {
        of: 'azurerm_network_security_group',
        whole: ({ id }) => String(id).replace(/\/securityRules\/[^/]+$/, ''),
        at: () => 'security_rule',
        value: (own) =>
          Object.fromEntries(
            RULE_MEMBERS.map((name) => [
              name,
              own[name] ?? (name === 'source_address_prefixes' ? [] : name === 'description' ? '' : null),
            ]),
          ),
        key: named,
        from: (held) => {
          const { description, source_address_prefixes, ...rest } = held as JsonObject;
          return {
            ...rest,
            description: description || null,
            source_address_prefixes: (source_address_prefixes as Json[]).length
              ? source_address_prefixes!
              : null,
          };
        },
      },
      block: block({
        id: 'string computed',
        access: 'string required',
        description: 'string optional',
        destination_address_prefix: 'string optional',
        destination_port_range: 'string optional',
        direction: 'string required',
        name: 'string required new',
        network_security_group_name: 'string required new',
        priority: 'number required',
        protocol: 'string required',
        resource_group_name: 'string required new',
        source_address_prefix: 'string optional',
        source_address_prefixes: 'set(string) optional',
        source_port_range: 'string optional',
      }),
    },
    azurerm_virtual_network: {
      version: 0,
      id: `${IN_GROUP}/Microsoft.Network/virtualNetworks/{name}`,
      placed: 'world',
      reported: arm('Microsoft.Network/virtualNetworks'),
      block: block({
        id: 'string computed',
        address_space: 'set(string) required',
        dns_servers: { is: 'optional computed', type: ['list', 'string'], default: [] },
        flow_timeout_in_minutes: 'number optional',
        guid: made('string', '{#uuid}'),
        location: 'string required new',
        name: 'string required new',
        resource_group_name: 'string required new',
        subnet: {
          is: 'optional computed',
          type: ['set', ['object', { address_prefixes: ['list', 'string'], id: 'string', name: 'string' }]],
          default: [],
        },
        tags: 'map(string) optional',
      }),
    },
    azurerm_subnet: {
      version: 0,
      id: `${IN_GROUP}/Microsoft.Network/virtualNetworks/{virtual_network_name}/subnets/{name}`,
      placed: 'world',
      reported: arm('Microsoft.Network/virtualNetworks/subnets'),
      part: {
        of: 'azurerm_virtual_network',
        whole: ({ id }) => String(id).replace(/\/subnets\/[^/]+$/, ''),
        at: () => 'subnet',
        value: ({ id = null, name = null, address_prefixes = null }) => ({ address_prefixes, id, name }),
        key: named,
        from: (held) => ({ address_prefixes: (held as JsonObject).address_prefixes ?? null }),
      },
      block: block(
        {
          id: 'string computed',
          address_prefixes: 'list(string) required',
          name: 'string required new',
          private_endpoint_network_policies: optional('string', 'Disabled'),
          resource_group_name: 'string required new',
          service_endpoints: 'set(string) optional',
          virtual_network_name: 'string required new',
        },
        {
          delegation: listOf(
            block(
              { name: 'string required' },
              {
                service_delegation: listOf(
                  block({ actions: 'set(string) optional', name: 'string required' }),
                  { min_items: 1, max_items: 1 },
                ),
              },
            ),
          ),
        },
      ),
    },
    azurerm_key_vault: {
      version: 2,
      id: `${IN_GROUP}/Microsoft.KeyVault/vaults/{name}`,
      placed: 'world',
      reported: arm('Microsoft.KeyVault/vaults'),
      block: block(
        {
          id: 'string computed',
          access_policy: {
            is: 'optional computed',
            type: [
              'list',
              [
                'object',
                {
                  application_id: 'string',
                  key_permissions: ['list', 'string'],
                  object_id: 'string',
                  secret_permissions: ['list', 'string'],
                  tenant_id: 'string',
                },
              ],
            ],
            default: [],
          },
          location: 'string required new',
          name: 'string required new',
          public_network_access_enabled: optional('bool', true),
          purge_protection_enabled: 'bool optional',
          resource_group_name: 'string required new',
          sku_name: 'string required',
          soft_delete_retention_days: optional('number', 90),
          tags: 'map(string) optional',
          tenant_id: 'string required',
          vault_uri: made('string', 'https://{name}.vault.azure.net/'),
        },
        {
          network_acls: listOf(
            block({
              bypass: 'string required',
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

/** As it was a major version ago: another name for one attribute, in an older version of that type's schema. */
export const AZURERM_3: ProviderType = {
  ...AZURERM,
  version: '3.117.0',
  resources: { ...AZURERM.resources, azurerm_storage_account: olderAccount() },
};

function olderAccount(): ResourceType {
  const { upgrade: _, ...account } = AZURERM.resources.azurerm_storage_account!;
  const { https_traffic_only_enabled, ...rest } = account.block.attributes!;
  const renamed = { ...https_traffic_only_enabled!, cloud_name: 'https_traffic_only_enabled' };
  return {
    ...account,
    version: 3,
    block: { ...account.block, attributes: { ...rest, enable_https_traffic_only: renamed } },
  };
}
