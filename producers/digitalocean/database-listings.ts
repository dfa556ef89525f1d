// Databases: clusters, and what stands inside each. Pure.
import type { JsonObject } from '../../schemas/index.ts';
import { block, idText, inside, number, objects, type Told, text, texts, told } from './fields.ts';
import { field, type Listing, own } from './listing.ts';

/** An engine that is not known is asked: leaving it out would prove that nothing is there. */
const engineIsNot =
  (...engines: string[]) =>
  (cluster: JsonObject): boolean =>
    !engines.includes(String(cluster.engine));

const clusterId = (_: JsonObject, cluster: JsonObject): Told => idText(cluster.id);

function childId(cluster: JsonObject, kind: string, item: JsonObject): string | undefined {
  const name = idText(item.name);
  return name === undefined ? undefined : `${String(cluster.id)}/${kind}/${name}`;
}

export const DATABASE_LISTINGS: readonly Listing[] = [
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
        // A cluster without any rule is open to all; nobody need have declared that.
        ownedBy: (item) => ((objects(item.rules) ?? []).length === 0 ? 'database cluster' : null),
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
    per: { listing: 'databases', when: engineIsNot('redis', 'valkey', 'kafka', 'opensearch') },
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
    per: { listing: 'databases', when: engineIsNot('redis', 'valkey') },
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
    per: {
      listing: 'databases',
      when: engineIsNot('mysql', 'mongodb', 'redis', 'valkey', 'kafka', 'opensearch'),
    },
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
];
