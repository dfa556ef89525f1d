// Comparison rules of Google Cloud resource types (providers google and google-beta), as data. Numbers (P…) are those of the
// noise reference, § 4. What only the service decides is left to the provider's schema.
import type { Rule, Treatment } from './rule.ts';

const rule = (
  name: string,
  basis: string,
  types: readonly string[],
  paths: readonly string[],
  treatment: Treatment,
): Rule => ({ name: `google.${name}`, basis, types, paths, treatment });

const ALL = ['google_*'];

export const GOOGLE_RULES: readonly Rule[] = [
  rule('links', 'P1', ALL, ['**'], { equal: 'google-link' }),
  rule(
    'server',
    'P2 P7',
    ALL,
    [
      'label_fingerprint',
      'metadata_fingerprint',
      'tags_fingerprint',
      'metageneration',
      'creation_timestamp',
      'current_status',
      'status',
    ],
    { skip: 'server' },
  ),
  // `labels` holds those of the configuration; these hold what others added too, which the provider leaves alone.
  rule('copies-of-labels', 'P3', ALL, ['effective_labels', 'terraform_labels', 'effective_annotations'], {
    skip: 'computed',
  }),
  rule('system-labels', 'P3', ALL, ['labels'], { systemKeys: '^goog-' }),
  rule('system-metadata', 'P5', ['google_compute_instance'], ['metadata'], {
    systemKeys: '^(created-by|instance-template)$',
  }),
  rule('policies', 'P4', ALL, ['policy_data'], { equal: 'google-policy' }),
  rule('members', 'P4', ALL, ['members'], { order: 'set' }),
  rule(
    'ranges',
    'P6 G9',
    ALL,
    ['**.ip_cidr_range', '**.source_ranges', '**.destination_ranges', '**.dest_range'],
    {
      equal: 'cidr',
    },
  ),
  rule('range-sets', 'G3', ALL, ['source_ranges', 'destination_ranges', 'source_tags', 'target_tags'], {
    order: 'set',
  }),
  rule('ports', 'G9', ['google_compute_firewall'], ['allow.ports', 'deny.ports'], { equal: 'ports' }),
  rule('protocols', 'G6', ['google_compute_firewall'], ['allow.protocol', 'deny.protocol'], {
    equal: 'case',
  }),
  rule(
    'domains',
    'P6 G6',
    ['google_dns_record_set', 'google_dns_managed_zone'],
    ['name', 'dns_name', 'rrdatas'],
    {
      equal: 'dns',
    },
  ),
  rule('records', 'G3', ['google_dns_record_set'], ['rrdatas'], { order: 'set' }),
  rule(
    'durations',
    'G8',
    ALL,
    [
      '**.timeout',
      '**.ttl',
      '**.duration',
      '**.interval',
      '**.rotation_period',
      '**.retention_duration',
      '**.message_retention_duration',
      '**.minimum_backoff',
      '**.maximum_backoff',
      '**.max_retry_duration',
    ],
    { equal: 'duration' },
  ),
  rule('co-managed.pool-autoscaling', 'A20', ['google_container_node_pool'], ['node_count'], {
    coManaged: { when: 'autoscaling.max_node_count' },
  }),
  rule('co-managed.autoscaler-size', 'A20', ['google_compute_instance_group_manager'], ['target_size'], {
    coManaged: 'always',
  }),
];
