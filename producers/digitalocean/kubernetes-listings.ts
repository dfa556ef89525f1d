// Kubernetes: clusters with their inline pool, and the other pools. Pure.
import type { JsonObject } from '../../schemas/index.ts';
import { block, flag, idText, number, objects, type Told, text, textMap, texts, told } from './fields.ts';
import { field, type Listing, own, ownTags } from './listing.ts';

const DEFAULT_POOL = 'terraform:default-node-pool';
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

export const KUBERNETES_LISTINGS: readonly Listing[] = [
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
        // The inline pool too: it may as well be declared by itself.
        within: (cluster) => {
          const inline = inlinePool(cluster);
          return (objects(cluster.node_pools) ?? []).map((pool) => ({
            ...pool,
            cluster_id: cluster.id ?? null,
            inline: pool === inline,
          }));
        },
        ownedBy: (pool) => (pool.inline === true ? `Kubernetes cluster ${String(pool.cluster_id)}` : null),
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
];
