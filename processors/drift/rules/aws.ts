// Comparison rules of AWS resource types, as data. Numbers (A…) are those of the noise reference, § 2.
import { COMPUTED, OPTIONAL_COMPUTED } from './aws-computed.ts';
import { DEFAULTS } from './aws-defaults.ts';
import type { Rule, Treatment } from './rule.ts';

const rule = (
  name: string,
  basis: string,
  types: readonly string[],
  paths: readonly string[],
  treatment: Treatment,
): Rule => ({ name: `aws.${name}`, basis, types, paths, treatment });

const SECURITY_GROUPS = ['aws_security_group', 'aws_default_security_group'];
const NETWORK_ACLS = ['aws_network_acl', 'aws_default_network_acl'];
const ROUTE_TABLES = ['aws_route_table', 'aws_default_route_table'];

const byType = (
  table: Record<string, readonly string[]>,
  name: string,
  basis: string,
  treatment: Treatment,
): Rule[] =>
  Object.entries(table).map(([type, paths]) => rule(`${name}.${type}`, basis, [type], paths, treatment));

export const AWS_RULES: readonly Rule[] = [
  ...byType(COMPUTED, 'computed', 'A11 A15 A16', { skip: 'computed' }),
  ...byType(OPTIONAL_COMPUTED, 'optional-computed', 'G18', { optionalComputed: true }),
  ...DEFAULTS.map(([types, path, value]) =>
    rule(`default.${types[0]}.${path}`, 'G16', types, [path], { default: value }),
  ),

  // Tags: `tags_all` is handled in compare.ts; what platforms add is not the team's.
  rule('system-tags', 'A2', ['aws_*'], ['tags', 'tags_all'], {
    systemKeys: '^(aws:|kubernetes\\.io/|k8s\\.io/|elasticbeanstalk:|AWSServiceName$)',
  }),

  // Rules, entries and routes, whoever wrote them in whatever grouping.
  rule('security-group-rules', 'A3', SECURITY_GROUPS, ['ingress', 'egress'], {
    elements: 'security-group-rules',
  }),
  rule('network-acl-entries', 'A4', NETWORK_ACLS, ['ingress', 'egress'], { elements: 'network-acl-entries' }),
  rule('routes', 'A5', ROUTE_TABLES, ['route'], { elements: 'routes' }),
  rule('protocols', 'A3 A4', ['aws_*'], ['protocol', 'ip_protocol'], { equal: 'protocol' }),
  rule(
    'case-kept-protocols',
    'A3',
    ['aws_lb_listener', 'aws_lb_target_group', 'aws_alb_listener'],
    ['protocol'],
    {
      equal: 'case',
    },
  ),

  // Documents.
  rule(
    'policies',
    'A21',
    ['aws_*'],
    [
      'policy',
      'assume_role_policy',
      'inline_policy.policy',
      'access_policy',
      'resource_policy',
      'key_policy',
    ],
    { equal: 'policy' },
  ),
  rule(
    'json-documents',
    'G5',
    ['aws_*'],
    [
      'redrive_policy',
      'redrive_allow_policy',
      'filter_policy',
      'delivery_policy',
      'event_pattern',
      'definition',
      'container_definitions',
      'dashboard_body',
      'pattern',
    ],
    { equal: 'json' },
  ),
  rule('templates', 'G5', ['aws_cloudformation_stack', 'aws_cloudformation_stack_set'], ['template_body'], {
    equal: 'json-or-yaml',
  }),
  rule('api-descriptions', 'G5 A13', ['aws_api_gateway_rest_api', 'aws_apigatewayv2_api'], ['body'], {
    equal: 'json-or-yaml',
  }),
  rule('runbooks', 'G5', ['aws_ssm_document'], ['content'], { equal: 'json-or-yaml' }),
  rule('build-descriptions', 'G5', ['aws_codebuild_project'], ['source.buildspec'], {
    equal: 'json-or-yaml',
  }),
  rule('component-descriptions', 'G5', ['aws_imagebuilder_component'], ['data'], { equal: 'json-or-yaml' }),

  // Numbers and switches that travel as text.
  rule(
    'numbers-as-text',
    'G2',
    ['aws_lb_target_group', 'aws_lb_listener'],
    ['port', 'health_check.port', 'deregistration_delay', 'slow_start', 'health_check.matcher'],
    { equal: 'scalar' },
  ),
  rule(
    'switches-as-text',
    'G2',
    ['aws_lb_target_group'],
    ['load_balancing_cross_zone_enabled', 'preserve_client_ip', 'proxy_protocol_v2'],
    { equal: 'toggle' },
  ),
  rule(
    'switches-as-text-launch',
    'G2',
    ['aws_launch_template', 'aws_launch_configuration'],
    [
      'block_device_mappings.ebs.encrypted',
      'block_device_mappings.ebs.delete_on_termination',
      'ebs_optimized',
    ],
    { equal: 'toggle' },
  ),

  // Sets that do not carry a set's name.
  rule(
    'sets',
    'G3',
    ['aws_*'],
    [
      'ingress.security_groups',
      'egress.security_groups',
      'security_groups',
      'vpc_zone_identifier',
      'target_group_arns',
      'load_balancers',
      'enabled_metrics',
      'enabled_cloudwatch_logs_exports',
      'enabled_cluster_log_types',
      'iam_roles',
      'records',
      'groups',
      'users',
      'roles',
      'inline_policy',
      'grant',
      'grant.permissions',
      'ebs_block_device',
      'ephemeral_block_device',
      'secondary_private_ips',
      'ipv6_addresses',
      'propagating_vgws',
      'subnet_mapping',
      'replica',
      'replica_regions',
      'architectures',
      'event_selector',
      'parameter',
      'server_side_encryption_configuration.rule',
      'condition',
      'target_health_state',
    ],
    { order: 'set' },
  ),
  rule(
    'sets.cors',
    'G3',
    ['aws_s3_bucket_cors_configuration', 'aws_s3_bucket'],
    [
      'cors_rule.allowed_methods',
      'cors_rule.allowed_origins',
      'cors_rule.allowed_headers',
      'cors_rule.expose_headers',
    ],
    { order: 'set' },
  ),
  rule(
    'sets.notification',
    'G3',
    ['aws_s3_bucket_notification'],
    ['lambda_function', 'queue', 'topic', 'lambda_function.events', 'queue.events', 'topic.events'],
    { order: 'set' },
  ),
  rule('keyed.lifecycle', 'G4', ['aws_s3_bucket_lifecycle_configuration'], ['rule'], { keyedBy: 'id' }),
  rule('keyed.lifecycle-inline', 'G4', ['aws_s3_bucket'], ['lifecycle_rule'], { keyedBy: 'id' }),
  rule(
    'keyed.attribute',
    'G4',
    ['aws_dynamodb_table'],
    ['attribute', 'global_secondary_index', 'local_secondary_index'],
    { keyedBy: 'name' },
  ),
  rule(
    'sets.index',
    'G3',
    ['aws_dynamodb_table'],
    ['global_secondary_index.non_key_attributes', 'local_secondary_index.non_key_attributes'],
    { order: 'set' },
  ),
  rule('keyed.devices', 'G4', ['aws_instance'], ['ebs_block_device'], { keyedBy: 'device_name' }),
  rule('keyed.asg-tags', 'G4', ['aws_autoscaling_group'], ['tag'], { keyedBy: 'key' }),

  // Names, times, versions.
  rule(
    'dns-names',
    'A12',
    ['aws_route53_record', 'aws_route53_zone'],
    ['name', 'fqdn', 'alias.name', 'zone_name'],
    { equal: 'dns' },
  ),
  rule('records', 'A12', ['aws_route53_record'], ['records'], { order: 'set' }),
  rule(
    'lower-cased-identifiers',
    'A11',
    [
      'aws_db_instance',
      'aws_rds_cluster',
      'aws_rds_cluster_instance',
      'aws_db_subnet_group',
      'aws_db_parameter_group',
    ],
    [
      'identifier',
      'cluster_identifier',
      'db_subnet_group_name',
      'parameter_group_name',
      'preferred_maintenance_window',
      'maintenance_window',
    ],
    { equal: 'case' },
  ),
  rule(
    'engine-versions',
    'G11',
    [
      'aws_db_instance',
      'aws_rds_cluster',
      'aws_rds_cluster_instance',
      'aws_elasticache_cluster',
      'aws_elasticache_replication_group',
      'aws_eks_addon',
      'aws_mq_broker',
      'aws_msk_cluster',
      'aws_opensearch_domain',
    ],
    ['engine_version', 'addon_version'],
    { equal: 'version' },
  ),
  rule('rates', 'G8', ['aws_cloudwatch_event_rule', 'aws_scheduler_schedule'], ['schedule_expression'], {
    equal: 'duration',
  }),
  rule(
    'instants',
    'G7',
    ['aws_scheduler_schedule', 'aws_autoscaling_schedule', 'aws_acm_certificate'],
    ['start_date', 'end_date', 'start_time', 'end_time', 'not_before', 'not_after'],
    { equal: 'time' },
  ),
  rule(
    'urls',
    'G6',
    ['aws_cognito_user_pool_client', 'aws_iam_openid_connect_provider', 'aws_apigatewayv2_integration'],
    ['url', 'integration_uri', 'default_redirect_uri'],
    { equal: 'url' },
  ),
  rule('texts', 'G6', ['aws_*'], ['description', 'comment'], { equal: 'space' }),
  rule(
    'key-references',
    'A17',
    [
      'aws_cloudtrail',
      'aws_db_instance',
      'aws_rds_cluster',
      'aws_ebs_volume',
      'aws_secretsmanager_secret',
      'aws_sqs_queue',
      'aws_sns_topic',
      'aws_lambda_function',
    ],
    ['kms_key_id', 'kms_key_arn', 'kms_master_key_id'],
    { equal: 'last-part' },
  ),
  rule(
    'function-names',
    'A15',
    ['aws_lambda_permission', 'aws_lambda_alias', 'aws_lambda_event_source_mapping'],
    ['function_name'],
    { equal: 'last-part' },
  ),

  // What cannot be read back.
  rule(
    'write-only.key',
    'A17',
    ['aws_kms_key'],
    ['deletion_window_in_days', 'bypass_policy_lockout_safety_check'],
    { skip: 'provider-only' },
  ),
  rule('write-only.lambda', 'A15', ['aws_lambda_function'], ['s3_bucket', 's3_key', 's3_object_version'], {
    skip: 'write-only',
  }),
  rule(
    'write-only.access-key',
    'G14',
    ['aws_iam_access_key', 'aws_iam_user_login_profile'],
    ['secret', 'encrypted_password', 'pgp_key', 'password_length', 'password_reset_required'],
    { skip: 'write-only' },
  ),
  rule('write-only.ssm', 'G14', ['aws_ssm_parameter'], ['value_wo', 'value_wo_version'], {
    skip: 'write-only',
  }),

  // Something besides Terraform edits these by design (A20).
  rule('co-managed.autoscaling-capacity', 'A20', ['aws_autoscaling_group'], ['desired_capacity'], {
    coManaged: 'always',
  }),
  rule(
    'co-managed.target-registration',
    'A20',
    ['aws_autoscaling_group'],
    ['target_group_arns', 'load_balancers'],
    { coManaged: 'always' },
  ),
  rule('co-managed.ecs-deployments', 'A20', ['aws_ecs_service'], ['desired_count', 'task_definition'], {
    coManaged: 'always',
  }),
  rule(
    'co-managed.dynamodb-autoscaling',
    'A20',
    ['aws_dynamodb_table'],
    [
      'read_capacity',
      'write_capacity',
      'global_secondary_index.read_capacity',
      'global_secondary_index.write_capacity',
    ],
    { coManaged: 'always' },
  ),
  rule('co-managed.eks-scaling', 'A20', ['aws_eks_node_group'], ['scaling_config.desired_size'], {
    coManaged: 'always',
  }),
  rule('co-managed.rds-storage-autoscaling', 'A20', ['aws_db_instance'], ['allocated_storage'], {
    coManaged: { when: 'max_allocated_storage' },
  }),
  rule(
    'co-managed.rds-minor-versions',
    'A20',
    ['aws_db_instance', 'aws_rds_cluster_instance'],
    ['engine_version'],
    {
      coManaged: { when: 'auto_minor_version_upgrade', only: 'minor-versions' },
    },
  ),
  rule('co-managed.lambda-weights', 'A20', ['aws_lambda_alias'], ['routing_config'], { coManaged: 'always' }),
  rule(
    'co-managed.acm-validation',
    'A20',
    ['aws_acm_certificate'],
    ['domain_validation_options', 'status', 'renewal_summary', 'pending_renewal'],
    { coManaged: 'always' },
  ),
];

/** A1: the same resource under its older name. */
export const AWS_ALIASES: Record<string, string> = {
  aws_alb: 'aws_lb',
  aws_alb_listener: 'aws_lb_listener',
  aws_alb_listener_certificate: 'aws_lb_listener_certificate',
  aws_alb_listener_rule: 'aws_lb_listener_rule',
  aws_alb_target_group: 'aws_lb_target_group',
  aws_alb_target_group_attachment: 'aws_lb_target_group_attachment',
};
