// Which cloud object a DigitalOcean resource is: object keys and ids as data. Pure; both states and listings use it.
import type { JsonObject } from '../../schemas/index.ts';
import type { Identity, Scope } from '../provider.ts';

/** How one Terraform type is identified where `id` alone, under the type's own name, does not do. */
interface IdentityRow {
  /** Object kind; defaults to the type without its prefix, with dashes. Types of one kind and id share an object. */
  kind?: string;
  /** Attribute that holds the id a listing can tell, where the state's `id` is made up by the provider. */
  idFrom?: string;
  /** Ids are names, unique only inside one account: the account is part of the key. */
  perAccount?: boolean;
  /** Further objects one instance concerns. */
  also?: (attributes: JsonObject) => { kind: string; id: string }[];
}

const ROWS: Record<string, IdentityRow> = {
  // The state's id of a database firewall is the cluster's id and a random suffix.
  digitalocean_database_firewall: { kind: 'database-cluster', idFrom: 'cluster_id' },
  digitalocean_floating_ip: { kind: 'reserved-ip' },
  digitalocean_tag: { perAccount: true },
  digitalocean_certificate: { perAccount: true },
  digitalocean_kubernetes_cluster: {
    also: (attributes) => defaultPools(attributes).map((id) => ({ kind: 'kubernetes-node-pool', id })),
  },
};

/** The default node pool is declared inside its cluster. */
function defaultPools(attributes: JsonObject): string[] {
  const pools = attributes.node_pool;
  if (!Array.isArray(pools)) return [];
  return pools.flatMap((pool) => {
    if (pool === null || typeof pool !== 'object' || Array.isArray(pool)) return [];
    return typeof pool.id === 'string' && pool.id !== '' ? [pool.id] : [];
  });
}

const kindOf = (type: string): string =>
  ROWS[type]?.kind ?? type.replace(/^digitalocean_/, '').replaceAll('_', '-');

/** Object key of a DigitalOcean object; the account stands in it only where ids are not globally unique. */
export function objectKeyOf(org: string, type: string, id: string, account: string | null): string {
  const place = ROWS[type]?.perAccount ? (account ?? '-') : '-';
  return `${org}/digitalocean/${place}/-/${kindOf(type)}/${id}`;
}

export function identify(instance: {
  org: string;
  type: string;
  attributes: JsonObject;
  scope: Scope;
}): Identity {
  const { org, type, attributes, scope } = instance;
  const row = ROWS[type];
  const stated = attributes[row?.idFrom ?? 'id'];
  const known = (typeof stated === 'string' && stated !== '') || typeof stated === 'number';
  const resourceId = known ? String(stated) : '';
  const objectKeys = [objectKeyOf(org, type, resourceId, scope.account)];
  for (const { kind, id } of row?.also?.(attributes) ?? [])
    objectKeys.push(`${org}/digitalocean/-/-/${kind}/${id}`);
  return {
    objectKeys,
    resourceId,
    account: scope.account,
    region: null,
    scopeProblem: known ? null : 'no id',
  };
}
