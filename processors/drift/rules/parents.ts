// Parents and children: which resources are elements of another resource's attribute, and how. Pure, as data.
//
// An attribute of a parent that is not configured inline is compared with the union of what its children declare:
// `elementsOf` gives the elements a parent's attribute holds, `childElements` those that a child adds. Both are in the
// shape of the attribute's own block, so `{ ...parent, [path]: elements }` can be compared like any declaration.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { explode } from './elements.ts';
import { presentType, rulesOf } from './index.ts';

export interface Parent {
  type: string;
  /** Attribute of the parent. */
  path: string;
  children: readonly Child[];
}

interface Child {
  type: string;
  /** Attribute of the child that names the parent by its id, or holds it. */
  parentId: string;
  /** The parent's id, where that attribute holds more. */
  parentOf?: (value: string) => string;
  /** The child as element of the parent's attribute; null when this child is no element of it (an egress rule). */
  element: (child: JsonObject) => Json | null;
}

const listOf = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === null || value === undefined || value === '' ? [] : [value];
const first = (value: Json | undefined): JsonObject => {
  const block = listOf(value)[0];
  return block !== null && typeof block === 'object' && !Array.isArray(block) ? block : {};
};
const members =
  (...names: string[]) =>
  (child: JsonObject): Json => {
    const element: JsonObject = {};
    for (const name of names)
      if (child[name] !== undefined && child[name] !== null) element[name] = child[name];
    return element;
  };
const one = (type: string, parentId: string, element: Child['element']): Child => ({
  type,
  parentId,
  element,
});

const securityGroup = (path: 'ingress' | 'egress'): Parent[] =>
  ['aws_security_group', 'aws_default_security_group'].map((type) => ({
    type,
    path,
    children: [
      one('aws_security_group_rule', 'security_group_id', (child) => (child.type === path ? child : null)),
      one(`aws_vpc_security_group_${path}_rule`, 'security_group_id', (child) => child),
    ],
  }));

const networkAcl = (path: 'ingress' | 'egress'): Parent[] =>
  ['aws_network_acl', 'aws_default_network_acl'].map((type) => ({
    type,
    path,
    children: [
      one('aws_network_acl_rule', 'network_acl_id', (child) =>
        (child.egress === true) === (path === 'egress') ? child : null,
      ),
    ],
  }));

const routeTable = (type: string): Parent => ({
  type,
  path: 'route',
  children: [one('aws_route', 'route_table_id', (child) => child)],
});

/** Azure's children stand under their parent: its id is where theirs begins. */
const azure = (type: string, path: string, child: string): Parent => ({
  type,
  path,
  children: [
    {
      type: child,
      parentId: 'id',
      parentOf: (id) => id.split('/').slice(0, -2).join('/'),
      element: (attributes) => attributes,
    },
  ],
});

const bucket = (path: string, type: string, element: Child['element']): Parent => ({
  type: 'aws_s3_bucket',
  path,
  children: [one(type, 'bucket', element)],
});

export const PARENTS: readonly Parent[] = [
  ...securityGroup('ingress'),
  ...securityGroup('egress'),
  ...networkAcl('ingress'),
  ...networkAcl('egress'),
  routeTable('aws_route_table'),
  routeTable('aws_default_route_table'),
  {
    type: 'aws_iam_role',
    path: 'inline_policy',
    children: [one('aws_iam_role_policy', 'role', members('name', 'policy'))],
  },
  {
    type: 'aws_iam_role',
    path: 'managed_policy_arns',
    children: [one('aws_iam_role_policy_attachment', 'role', (child) => child.policy_arn ?? null)],
  },
  bucket('policy', 'aws_s3_bucket_policy', (child) => child.policy ?? null),
  bucket('acl', 'aws_s3_bucket_acl', (child) => child.acl ?? null),
  bucket('request_payer', 'aws_s3_bucket_request_payment_configuration', (child) => child.payer ?? null),
  bucket('acceleration_status', 'aws_s3_bucket_accelerate_configuration', (child) => child.status ?? null),
  bucket('versioning', 'aws_s3_bucket_versioning', (child) => {
    const { status, mfa_delete } = first(child.versioning_configuration);
    return { enabled: status === 'Enabled', mfa_delete: mfa_delete === 'Enabled' };
  }),
  bucket('logging', 'aws_s3_bucket_logging', members('target_bucket', 'target_prefix')),
  bucket('cors_rule', 'aws_s3_bucket_cors_configuration', (child) => child.cors_rule ?? null),
  bucket(
    'server_side_encryption_configuration',
    'aws_s3_bucket_server_side_encryption_configuration',
    (child) => ({
      rule: listOf(child.rule),
    }),
  ),
  {
    type: 'aws_sqs_queue',
    path: 'policy',
    children: [one('aws_sqs_queue_policy', 'queue_url', (c) => c.policy ?? null)],
  },
  {
    type: 'aws_sns_topic',
    path: 'policy',
    children: [one('aws_sns_topic_policy', 'arn', (c) => c.policy ?? null)],
  },
  {
    type: 'aws_kms_key',
    path: 'policy',
    children: [one('aws_kms_key_policy', 'key_id', (c) => c.policy ?? null)],
  },
  {
    type: 'aws_secretsmanager_secret',
    path: 'policy',
    children: [one('aws_secretsmanager_secret_policy', 'secret_arn', (c) => c.policy ?? null)],
  },
  {
    type: 'aws_autoscaling_group',
    path: 'target_group_arns',
    children: [
      one('aws_autoscaling_attachment', 'autoscaling_group_name', (c) => c.lb_target_group_arn ?? null),
    ],
  },
  {
    type: 'aws_api_gateway_rest_api',
    path: 'policy',
    children: [one('aws_api_gateway_rest_api_policy', 'rest_api_id', (c) => c.policy ?? null)],
  },
  azure('azurerm_virtual_network', 'subnet', 'azurerm_subnet'),
  azure('azurerm_route_table', 'route', 'azurerm_route'),
  azure('azurerm_network_security_group', 'security_rule', 'azurerm_network_security_rule'),
  {
    type: 'digitalocean_droplet',
    path: 'volume_ids',
    children: [one('digitalocean_volume_attachment', 'droplet_id', (c) => c.volume_id ?? null)],
  },
  {
    type: 'digitalocean_reserved_ip',
    path: 'droplet_id',
    children: [one('digitalocean_reserved_ip_assignment', 'ip_address', (c) => c.droplet_id ?? null)],
  },
  {
    type: 'digitalocean_reserved_ipv6',
    path: 'droplet_id',
    children: [one('digitalocean_reserved_ipv6_assignment', 'ip', (c) => c.droplet_id ?? null)],
  },
  {
    type: 'digitalocean_project',
    path: 'resources',
    children: [one('digitalocean_project_resources', 'project', (c) => c.resources ?? null)],
  },
];

/** Attributes whose value is one scalar, not blocks: a child's element stands there as it is. */
const SCALAR_PATHS = new Set(['policy', 'acl', 'request_payer', 'acceleration_status', 'droplet_id']);

/**
 * Elements of a parent's attribute, canonical where a rule breaks its blocks up (security group rules, ACL entries,
 * routes). An unset attribute has none.
 */
export function elementsOf(type: string, path: string, attributes: JsonObject): Json[] {
  const { elements } = rulesOf(type).at(path);
  const value = attributes[path];
  if (elements === null) return listOf(value);
  return explode(elements, value ?? null, typeof attributes.id === 'string' ? attributes.id : '');
}

export interface ChildElements {
  parentType: string;
  /** In the form the parent's state holds its id; empty when the child does not say. */
  parentId: string;
  path: string;
  elements: Json[];
}

/** What a child adds to its parents' attributes: one entry per parent type and attribute it can be an element of. */
export function childElements(type: string, attributes: JsonObject): ChildElements[] {
  return (CHILDREN.get(type) ?? []).flatMap(({ parent, child }) => {
    const element = child.element(attributes);
    if (element === null) return [];
    const named = String(attributes[child.parentId] ?? '');
    const parentId = child.parentOf?.(named) ?? named;
    const { elements } = rulesOf(parent.type).at(parent.path);
    return [
      {
        parentType: parent.type,
        parentId,
        path: parent.path,
        elements: elements === null ? listOf(element) : explode(elements, [element], parentId),
      },
    ];
  });
}

/**
 * A parent's declared attributes with one attribute replaced by elements (its own and its children's): what the
 * observed parent is compared with.
 */
export function withElements(attributes: JsonObject, path: string, elements: readonly Json[]): JsonObject {
  return { ...attributes, [path]: SCALAR_PATHS.has(path) ? (elements[0] ?? null) : [...elements] };
}

const CHILDREN = new Map<string, { parent: Parent; child: Child }[]>();
for (const parent of PARENTS)
  for (const child of parent.children) {
    const rows = CHILDREN.get(child.type);
    if (rows) rows.push({ parent, child });
    else CHILDREN.set(child.type, [{ parent, child }]);
  }

export { presentType };
