// Comparison rules of Azure resource types (providers azurerm and azapi), as data. Numbers (Z…) are those of the noise
// reference, § 3. What only the service decides is left to the provider's schema.
import type { Rule, Treatment } from './rule.ts';

const rule = (
  name: string,
  basis: string,
  types: readonly string[],
  paths: readonly string[],
  treatment: Treatment,
): Rule => ({ name: `azure.${name}`, basis, types, paths, treatment });

const ALL = ['azurerm_*', 'azapi_*'];

export const AZURE_RULES: readonly Rule[] = [
  rule('ids', 'Z1', ALL, ['**'], { equal: 'arm-id' }),
  rule(
    'locations',
    'Z2',
    ALL,
    [
      '**.location',
      '**.locations',
      '**.secondary_location',
      '**.replica_location',
      '**.region',
      '**.regions',
    ],
    { equal: 'azure-location' },
  ),
  rule('location-sets', 'Z2', ALL, ['locations', 'regions'], { order: 'set' }),
  rule(
    'server',
    'Z5',
    ALL,
    ['number_of_record_sets', 'max_number_of_record_sets', 'provisioning_state', 'system_data'],
    {
      skip: 'server',
    },
  ),
  rule('public-keys', 'Z4 G10', ALL, ['admin_ssh_key.public_key', '**.key_data', 'public_key'], {
    equal: 'ssh-key',
  }),
  // Enumerations that the service answers in another case than it was asked in.
  rule(
    'case',
    'Z4',
    ALL,
    ['sku', 'sku_name', 'tier', 'account_tier', 'account_replication_type', 'access_tier', 'kind'],
    {
      equal: 'case',
    },
  ),
  rule('subnets', 'Z3', ['azurerm_virtual_network'], ['subnet'], { elements: 'azure-subnets' }),
  rule('routes', 'Z3', ['azurerm_route_table'], ['route'], { elements: 'azure-routes' }),
  rule('security-rules', 'Z3', ['azurerm_network_security_group'], ['security_rule'], {
    elements: 'azure-security-rules',
  }),
  rule('sets', 'G3', ['azurerm_virtual_network'], ['address_space', 'dns_servers'], { order: 'set' }),
  rule('co-managed.pool-autoscaling', 'A20', ['azurerm_kubernetes_cluster_node_pool'], ['node_count'], {
    coManaged: { when: 'auto_scaling_enabled' },
  }),
  rule(
    'co-managed.cluster-autoscaling',
    'A20',
    ['azurerm_kubernetes_cluster'],
    ['default_node_pool.node_count'],
    {
      coManaged: { when: 'default_node_pool.auto_scaling_enabled' },
    },
  ),
];
