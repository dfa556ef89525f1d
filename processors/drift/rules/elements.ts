// Blocks that say several things at once, broken up into canonical elements: one per rule, entry or route. Pure.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { EQUIVALENCES } from './equivalence.ts';
import type { ElementsName } from './rule.ts';

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const listOf = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === null || value === undefined || value === '' ? [] : [value];
const cidr = EQUIVALENCES.cidr.form;
const protocolOf = EQUIVALENCES.protocol.form;

/** Members that say nothing are left out. */
function compact(value: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value))
    if (member !== null && member !== '' && !(Array.isArray(member) && member.length === 0))
      kept[key] = member;
  return kept;
}

/** Only these protocols have ports (or ICMP types); for the others AWS stores whatever was sent. */
const WITH_PORTS = new Set(['tcp', 'udp', 'icmp', 'icmpv6']);

/** `self` and other sources as the id of a group: AWS prefixes groups of other accounts with their account. */
const groupId = (value: Json): string => String(value).replace(/^\d{12}\//, '');

/**
 * One rule per address range, prefix list and source group, in the shape of an `ingress` block. A block that observes
 * no source at all (a partial payload) stays one element without a source.
 */
function securityGroupRules(blocks: Json, owner: string): JsonObject[] {
  return listOf(blocks).flatMap((block) => {
    if (!isObject(block)) return [];
    const protocol = protocolOf(block.protocol ?? block.ip_protocol ?? '-1');
    const rule: JsonObject = compact({ protocol, description: block.description ?? null });
    if (WITH_PORTS.has(String(protocol))) {
      rule.from_port = EQUIVALENCES.scalar.form(block.from_port ?? 0);
      rule.to_port = EQUIVALENCES.scalar.form(block.to_port ?? block.from_port ?? 0);
    }
    const sources: JsonObject[] = [];
    for (const range of listOf(block.cidr_blocks ?? block.cidr_ipv4))
      sources.push({ cidr_blocks: [cidr(range)] });
    for (const range of listOf(block.ipv6_cidr_blocks ?? block.cidr_ipv6))
      sources.push({ ipv6_cidr_blocks: [cidr(range)] });
    for (const list of listOf(block.prefix_list_ids ?? block.prefix_list_id))
      sources.push({ prefix_list_ids: [list] });
    const groups = listOf(
      block.security_groups ?? block.source_security_group_id ?? block.referenced_security_group_id,
    ).map(groupId);
    if (block.self === true || block.self === 'true') groups.push(owner);
    for (const group of new Set(groups))
      sources.push(group === owner ? { self: true } : { security_groups: [group] });
    return sources.length === 0 ? [rule] : sources.map((source) => ({ ...rule, ...source }));
  });
}

/** Entries of a network ACL; 32767 and 32768 are the defaults that every ACL ends in. */
function networkAclEntries(blocks: Json): JsonObject[] {
  return listOf(blocks).flatMap((block) => {
    if (!isObject(block)) return [];
    const number = Number(block.rule_no ?? block.rule_number ?? 0);
    if (number >= 32_767) return [];
    const protocol = protocolOf(block.protocol ?? '-1');
    const entry: JsonObject = {
      rule_no: number,
      action: String(block.action ?? block.rule_action ?? '').toLowerCase(),
      protocol,
      cidr_block: cidr(block.cidr_block ?? null),
      ipv6_cidr_block: cidr(block.ipv6_cidr_block ?? null),
    };
    if (protocol !== '-1') {
      entry.from_port = Number(block.from_port ?? 0);
      entry.to_port = Number(block.to_port ?? 0);
      if (protocol === 'icmp' || protocol === 'icmpv6') {
        entry.icmp_type = Number(block.icmp_type ?? 0);
        entry.icmp_code = Number(block.icmp_code ?? 0);
      }
    }
    return [compact(entry)];
  });
}

const DESTINATIONS = {
  cidr_block: 'destination_cidr_block',
  ipv6_cidr_block: 'destination_ipv6_cidr_block',
  destination_prefix_list_id: 'destination_prefix_list_id',
} as const;
const ROUTE_TARGETS = [
  'carrier_gateway_id',
  'core_network_arn',
  'egress_only_gateway_id',
  'gateway_id',
  'local_gateway_id',
  'nat_gateway_id',
  'network_interface_id',
  'transit_gateway_id',
  'vpc_endpoint_id',
  'vpc_peering_connection_id',
];

/** Routes of a table in the shape of its `route` block; the local route belongs to the VPC, propagated ones to a gateway. */
function routes(blocks: Json): JsonObject[] {
  return listOf(blocks).flatMap((block) => {
    if (!isObject(block) || block.gateway_id === 'local' || block.origin === 'EnableVgwRoutePropagation')
      return [];
    const route: JsonObject = {};
    for (const [inline, child] of Object.entries(DESTINATIONS))
      route[inline] = cidr(block[inline] ?? block[child] ?? null);
    for (const target of ROUTE_TARGETS) route[target] = block[target] ?? null;
    return [compact(route)];
  });
}

/** Blocks that a resource of their own may declare as well: by the members that both have. */
const MEMBERS = {
  'azure-subnets': [
    'name',
    'address_prefixes',
    'default_outbound_access_enabled',
    'delegation',
    'private_endpoint_network_policies',
    'private_link_service_network_policies_enabled',
    'service_endpoint_policy_ids',
    'service_endpoints',
  ],
  'azure-routes': ['name', 'address_prefix', 'next_hop_type', 'next_hop_in_ip_address'],
  'azure-security-rules': [
    'name',
    'priority',
    'direction',
    'access',
    'protocol',
    'description',
    ...['source', 'destination'].flatMap((side) => [
      `${side}_address_prefix`,
      `${side}_address_prefixes`,
      `${side}_application_security_group_ids`,
      `${side}_port_range`,
      `${side}_port_ranges`,
    ]),
  ],
} as const satisfies Partial<Record<ElementsName, readonly string[]>>;

/** Order means nothing in the lists of these blocks, and case nothing in Azure's ids and words. */
function azureElements(name: keyof typeof MEMBERS, blocks: Json): JsonObject[] {
  return listOf(blocks).flatMap((block) => {
    if (!isObject(block)) return [];
    const element: JsonObject = {};
    for (const key of MEMBERS[name]) {
      const value = block[key] ?? null;
      const texts = Array.isArray(value) && value.every((one) => typeof one === 'string');
      element[key] = texts ? value.map((one) => EQUIVALENCES['arm-id'].form(one)).sort() : value;
    }
    return [compact(element)];
  });
}

/** Breaks an attribute up. `owner` is the resource's own id, which `self` stands for. */
export function explode(name: ElementsName, blocks: Json, owner: string): JsonObject[] {
  switch (name) {
    case 'security-group-rules':
      return securityGroupRules(blocks, owner);
    case 'network-acl-entries':
      return networkAclEntries(blocks);
    case 'routes':
      return routes(blocks);
    case 'azure-subnets':
    case 'azure-routes':
    case 'azure-security-rules':
      return azureElements(name, blocks);
  }
}
