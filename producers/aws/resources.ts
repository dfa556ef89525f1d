// Which cloud object each Terraform type of the AWS provider describes: identity rules as a table. Data; index.ts reads it.
//
// A row says: kind of object; template of the id that makes the object key; template of the resource id; what else the
// instance concerns. The resource id is the state's `id`, except where that is made up by the provider (a hash, a random
// suffix) or changed between its versions: there it is the id by which `terraform import` names the resource, which the
// feed can tell as well. Source: the documentation of terraform-provider-aws 3 to 6, sections "Import" and "Attributes".
import type { KindName } from './objects.ts';

export interface ResourceRow {
  kind: KindName;
  /** Template over the attributes (path.ts): the object's id in any form. */
  object: string;
  /** Template over the attributes; null: the object's id itself. */
  id: string | null;
  /** Further objects: kind and template; every value counts. */
  also: readonly (readonly [KindName, string])[];
}

const row = (
  kind: KindName,
  object = '{id}',
  id: string | null = '{id}',
  also: ResourceRow['also'] = [],
): ResourceRow => ({ kind, object, id, also });

/** A sub-resource of a bucket: named by `bucket`, in old states by the first part of `id` (`bucket,owner`). */
const ofBucket = row('s3-bucket', '{bucket|id}', '{bucket|id}');
/** Several of these per bucket: `bucket:name`. */
const namedOfBucket = row('s3-bucket', '{bucket}');
const ofRestApi = row('rest-api', '{rest_api_id}');
const ofHttpApi = row('http-api', '{api_id}');
const ofRepository = row('ecr-repository', '{repository}');
const securityGroupRule = row('security-group', '{security_group_id}', '{id}', [
  ['security-group-rule', '{security_group_rule_id|id}'],
]);
const securityGroup = row('security-group');
const vpc = row('vpc');
const subnet = row('subnet');
const routeTable = row('route-table');
const networkAcl = row('network-acl');
const snapshot = row('ebs-snapshot');
const ami = row('ami');

export const RESOURCES: Readonly<Record<string, ResourceRow>> = {
  // EC2
  aws_instance: row('instance', '{id}', '{id}', [
    ['ebs-volume', '{root_block_device[].volume_id}'],
    ['ebs-volume', '{ebs_block_device[].volume_id}'],
    ['network-interface', '{primary_network_interface_id}'],
  ]),
  aws_spot_instance_request: row('instance', '{spot_instance_id|id}'),
  aws_ebs_volume: row('ebs-volume'),
  aws_volume_attachment: row('ebs-volume', '{volume_id}', '{id}', [['instance', '{instance_id}']]),
  aws_ebs_snapshot: snapshot,
  aws_ebs_snapshot_copy: snapshot,
  aws_snapshot_create_volume_permission: row('ebs-snapshot', '{snapshot_id}', '{snapshot_id}-{account_id}'),
  aws_ebs_encryption_by_default: row('ebs-account-settings', 'encryption-by-default'),
  aws_ebs_default_kms_key: row('ebs-account-settings', 'default-kms-key'),
  aws_ami: ami,
  aws_ami_copy: ami,
  aws_ami_from_instance: ami,
  aws_ami_launch_permission: row('ami', '{image_id}', '{image_id}-{account_id|group|organization_arn}'),
  aws_key_pair: row('key-pair', '{key_name|id}', '{id}', [['key-pair-id', '{key_pair_id}']]),
  aws_placement_group: row('placement-group', '{name|id}'),
  aws_launch_template: row('launch-template'),
  aws_launch_configuration: row('launch-configuration', '{name|id}'),
  aws_eip: row('elastic-ip', '{allocation_id|id}'),
  aws_eip_association: row('elastic-ip', '{allocation_id}', '{id}', [
    ['elastic-ip-association', '{id}'],
    ['instance', '{instance_id}'],
  ]),
  aws_network_interface: row('network-interface'),
  aws_network_interface_attachment: row('network-interface', '{network_interface_id}', '{id}', [
    ['instance', '{instance_id}'],
  ]),
  aws_network_interface_sg_attachment: row('network-interface', '{network_interface_id}'),

  // VPC
  aws_vpc: vpc,
  aws_default_vpc: vpc,
  aws_vpc_ipv4_cidr_block_association: row('vpc', '{vpc_id}'),
  aws_vpc_dhcp_options: row('dhcp-options'),
  aws_default_vpc_dhcp_options: row('dhcp-options'),
  aws_vpc_dhcp_options_association: row('vpc', '{vpc_id}'),
  aws_subnet: subnet,
  aws_default_subnet: subnet,
  aws_security_group: securityGroup,
  aws_default_security_group: securityGroup,
  // The state's id is a hash the provider makes up; since 4.49 the rule's own id is an attribute.
  aws_security_group_rule: row('security-group', '{security_group_id}', '{security_group_rule_id|id}', [
    ['security-group-rule', '{security_group_rule_id}'],
  ]),
  aws_vpc_security_group_ingress_rule: securityGroupRule,
  aws_vpc_security_group_egress_rule: securityGroupRule,
  aws_route_table: routeTable,
  aws_default_route_table: routeTable,
  aws_route: row(
    'route-table',
    '{route_table_id}',
    '{route_table_id}_{destination_cidr_block|destination_ipv6_cidr_block|destination_prefix_list_id}',
  ),
  aws_route_table_association: row('route-table', '{route_table_id}', '{id}', [
    ['route-table-association', '{id}'],
    ['subnet', '{subnet_id}'],
  ]),
  aws_main_route_table_association: row('route-table', '{route_table_id}', '{id}', [
    ['route-table-association', '{id}'],
    ['vpc', '{vpc_id}'],
  ]),
  aws_internet_gateway: row('internet-gateway'),
  aws_internet_gateway_attachment: row('internet-gateway', '{internet_gateway_id}'),
  aws_egress_only_internet_gateway: row('egress-only-internet-gateway'),
  aws_nat_gateway: row('nat-gateway'),
  aws_network_acl: networkAcl,
  aws_default_network_acl: networkAcl,
  // Rule number and direction tell a rule apart inside its list; the protocol is missing from deletions.
  aws_network_acl_rule: row('network-acl', '{network_acl_id}', '{network_acl_id}:{rule_number}:{egress}'),
  aws_network_acl_association: row('network-acl', '{network_acl_id}', '{id}', [
    ['network-acl-association', '{id}'],
  ]),
  aws_flow_log: row('flow-log'),
  aws_vpc_endpoint: row('vpc-endpoint'),
  aws_vpc_endpoint_policy: row('vpc-endpoint', '{vpc_endpoint_id}'),
  aws_vpc_endpoint_route_table_association: row('vpc-endpoint', '{vpc_endpoint_id}', '{id}', [
    ['route-table', '{route_table_id}'],
  ]),
  aws_vpc_endpoint_service: row('vpc-endpoint-service'),
  aws_vpc_peering_connection: row('vpc-peering'),
  aws_vpc_peering_connection_accepter: row('vpc-peering'),
  aws_vpc_peering_connection_options: row('vpc-peering', '{vpc_peering_connection_id|id}'),
  aws_ec2_managed_prefix_list: row('prefix-list'),
  aws_ec2_managed_prefix_list_entry: row('prefix-list', '{prefix_list_id}', '{prefix_list_id},{cidr}'),
  aws_ec2_transit_gateway: row('transit-gateway'),
  aws_ec2_transit_gateway_vpc_attachment: row('transit-gateway-attachment'),
  aws_ec2_transit_gateway_route_table: row('transit-gateway-route-table'),
  aws_ec2_transit_gateway_route: row(
    'transit-gateway-route-table',
    '{transit_gateway_route_table_id}',
    '{transit_gateway_route_table_id}_{destination_cidr_block}',
  ),
  aws_vpn_gateway: row('vpn-gateway'),
  aws_vpn_gateway_attachment: row('vpn-gateway', '{vpn_gateway_id}'),
  aws_vpn_gateway_route_propagation: row('route-table', '{route_table_id}', '{id}', [
    ['vpn-gateway', '{vpn_gateway_id}'],
  ]),
  aws_customer_gateway: row('customer-gateway'),
  aws_vpn_connection: row('vpn-connection'),

  // S3
  aws_s3_bucket: row('s3-bucket', '{bucket|id}'),
  aws_s3_bucket_accelerate_configuration: ofBucket,
  aws_s3_bucket_acl: ofBucket,
  aws_s3_bucket_analytics_configuration: namedOfBucket,
  aws_s3_bucket_cors_configuration: ofBucket,
  aws_s3_bucket_intelligent_tiering_configuration: namedOfBucket,
  aws_s3_bucket_inventory: namedOfBucket,
  aws_s3_bucket_lifecycle_configuration: ofBucket,
  aws_s3_bucket_logging: ofBucket,
  aws_s3_bucket_metric: namedOfBucket,
  aws_s3_bucket_notification: ofBucket,
  aws_s3_bucket_object_lock_configuration: ofBucket,
  aws_s3_bucket_ownership_controls: ofBucket,
  aws_s3_bucket_policy: ofBucket,
  aws_s3_bucket_public_access_block: ofBucket,
  aws_s3_bucket_replication_configuration: ofBucket,
  aws_s3_bucket_request_payment_configuration: ofBucket,
  aws_s3_bucket_server_side_encryption_configuration: ofBucket,
  aws_s3_bucket_versioning: ofBucket,
  aws_s3_bucket_website_configuration: ofBucket,
  aws_s3_object: row('s3-object', '{bucket}/{key}', '{bucket}/{key}'),
  aws_s3_bucket_object: row('s3-object', '{bucket}/{key}', '{bucket}/{key}'),
  aws_s3_account_public_access_block: row('s3-account', 'public-access-block'),

  // IAM
  aws_iam_role: row('iam-role', '{name|id}'),
  aws_iam_service_linked_role: row('iam-role', '{name|arn}'),
  aws_iam_role_policy: row('iam-role', '{role}', '{role}:{name}'),
  aws_iam_role_policy_attachment: row('iam-role', '{role}', '{role}/{policy_arn}'),
  aws_iam_role_policies_exclusive: row('iam-role', '{role_name}', '{role_name}'),
  aws_iam_role_policy_attachments_exclusive: row('iam-role', '{role_name}', '{role_name}'),
  aws_iam_user: row('iam-user', '{name|id}'),
  aws_iam_user_policy: row('iam-user', '{user}', '{user}:{name}'),
  aws_iam_user_policy_attachment: row('iam-user', '{user}', '{user}/{policy_arn}'),
  aws_iam_user_login_profile: row('iam-user', '{user|id}'),
  aws_iam_user_group_membership: row('iam-user', '{user}', '{user}', [['iam-group', '{groups[]}']]),
  aws_iam_user_ssh_key: row('iam-user', '{username}'),
  aws_iam_access_key: row('iam-user', '{user}'),
  aws_iam_group: row('iam-group', '{name|id}'),
  aws_iam_group_policy: row('iam-group', '{group}', '{group}:{name}'),
  aws_iam_group_policy_attachment: row('iam-group', '{group}', '{group}/{policy_arn}'),
  aws_iam_group_membership: row('iam-group', '{group}', '{group}'),
  aws_iam_policy: row('iam-policy', '{arn|id}', '{arn|id}'),
  aws_iam_policy_attachment: row('iam-policy', '{policy_arn}'),
  aws_iam_instance_profile: row('iam-instance-profile', '{name|id}'),
  aws_iam_openid_connect_provider: row('iam-oidc-provider', '{arn|id}'),
  aws_iam_saml_provider: row('iam-saml-provider', '{arn|id}'),
  aws_iam_server_certificate: row('iam-server-certificate', '{name}', '{name}'),
  aws_iam_account_alias: row('iam-account', 'alias'),
  aws_iam_account_password_policy: row('iam-account', 'password-policy'),

  // RDS
  aws_db_instance: row('db-instance', '{identifier|id}', null, [['db-instance', '{resource_id}']]),
  aws_rds_cluster_instance: row('db-instance', '{identifier|id}', null, [
    ['db-instance', '{dbi_resource_id}'],
  ]),
  aws_rds_cluster: row('db-cluster', '{cluster_identifier|id}', null),
  aws_rds_cluster_endpoint: row('db-cluster', '{cluster_identifier}'),
  aws_rds_cluster_role_association: row('db-cluster', '{db_cluster_identifier}'),
  aws_rds_global_cluster: row('db-global-cluster', '{global_cluster_identifier|id}'),
  aws_db_snapshot: row('db-snapshot', '{db_snapshot_identifier|id}'),
  aws_db_snapshot_copy: row('db-snapshot', '{target_db_snapshot_identifier|id}'),
  aws_db_cluster_snapshot: row('db-cluster-snapshot', '{db_cluster_snapshot_identifier|id}'),
  aws_db_subnet_group: row('db-subnet-group', '{name|id}'),
  aws_db_parameter_group: row('db-parameter-group', '{name|id}'),
  aws_rds_cluster_parameter_group: row('db-cluster-parameter-group', '{name|id}'),
  aws_db_option_group: row('db-option-group', '{name|id}'),
  aws_db_event_subscription: row('db-event-subscription', '{name|id}'),
  aws_db_instance_role_association: row('db-instance', '{db_instance_identifier}'),
  aws_db_proxy: row('db-proxy', '{name|id}'),
  aws_db_proxy_default_target_group: row('db-proxy', '{db_proxy_name}'),
  aws_db_proxy_target: row('db-proxy', '{db_proxy_name}'),

  // Lambda
  aws_lambda_function: row('lambda-function', '{function_name|id}', '{function_name|id}'),
  aws_lambda_permission: row('lambda-function', '{function_name}', '{statement_id|id}'),
  aws_lambda_alias: row('lambda-function', '{function_name}', '{function_name}/{name}'),
  aws_lambda_function_event_invoke_config: row('lambda-function', '{function_name}'),
  aws_lambda_function_url: row('lambda-function', '{function_name}'),
  aws_lambda_provisioned_concurrency_config: row('lambda-function', '{function_name}'),
  aws_lambda_event_source_mapping: row('lambda-event-source', '{uuid|id}', '{id}', [
    ['lambda-function', '{function_arn|function_name}'],
  ]),
  aws_lambda_layer_version: row('lambda-layer', '{layer_arn|layer_name}'),

  // KMS, SQS, SNS, DynamoDB
  aws_kms_key: row('kms-key', '{arn|key_id|id}', '{key_id|id}'),
  aws_kms_external_key: row('kms-key', '{arn|id}'),
  aws_kms_replica_key: row('kms-key', '{arn|key_id|id}', '{key_id|id}'),
  aws_kms_key_policy: row('kms-key', '{key_id}'),
  aws_kms_grant: row('kms-key', '{key_id}'),
  aws_kms_alias: row('kms-alias', '{name|id}', '{name|id}', [['kms-key', '{target_key_arn|target_key_id}']]),
  aws_sqs_queue: row('sqs-queue', '{url|id|arn}'),
  aws_sqs_queue_policy: row('sqs-queue', '{queue_url|id}'),
  aws_sqs_queue_redrive_policy: row('sqs-queue', '{queue_url|id}'),
  aws_sqs_queue_redrive_allow_policy: row('sqs-queue', '{queue_url|id}'),
  aws_sns_topic: row('sns-topic', '{arn|id}', '{arn|id}'),
  aws_sns_topic_policy: row('sns-topic', '{arn|id}', '{arn|id}'),
  aws_sns_topic_data_protection_policy: row('sns-topic', '{arn|id}'),
  aws_sns_topic_subscription: row('sns-topic', '{topic_arn|arn|id}', '{arn|id}'),
  aws_dynamodb_table: row('dynamodb-table', '{name|id}'),
  aws_dynamodb_table_item: row('dynamodb-table', '{table_name}'),
  aws_dynamodb_contributor_insights: row('dynamodb-table', '{table_name}'),
  aws_dynamodb_kinesis_streaming_destination: row('dynamodb-table', '{table_name}'),
  aws_dynamodb_resource_policy: row('dynamodb-table', '{resource_arn}'),
  aws_dynamodb_global_table: row('dynamodb-global-table', '{name|id}'),

  // Load balancing (aws_alb… rows are these: index.ts)
  aws_lb: row('load-balancer', '{arn|id}', '{arn|id}'),
  aws_lb_listener: row('lb-listener', '{arn|id}', '{arn|id}'),
  aws_lb_listener_certificate: row('lb-listener', '{listener_arn}', '{listener_arn}_{certificate_arn}'),
  aws_lb_listener_rule: row('lb-listener-rule', '{arn|id}', '{arn|id}'),
  aws_lb_target_group: row('lb-target-group', '{arn|id}', '{arn|id}'),
  aws_lb_target_group_attachment: row('lb-target-group', '{target_group_arn}'),
  aws_elb: row('classic-load-balancer', '{name|id}'),
  aws_elb_attachment: row('classic-load-balancer', '{elb}'),

  // Watching and keeping
  aws_cloudtrail: row('cloudtrail', '{arn|name|id}', '{name|id}'),
  aws_cloudwatch_log_group: row('log-group', '{name|id}'),
  aws_cloudwatch_log_stream: row('log-group', '{log_group_name}'),
  aws_cloudwatch_log_metric_filter: row('log-group', '{log_group_name}', '{log_group_name}:{name}'),
  aws_cloudwatch_log_subscription_filter: row('log-group', '{log_group_name}', '{log_group_name}|{name}'),
  aws_cloudwatch_log_destination: row('log-destination', '{name|id}'),
  aws_cloudwatch_log_destination_policy: row('log-destination', '{destination_name}'),
  aws_cloudwatch_log_resource_policy: row('log-resource-policy', '{policy_name|id}'),
  aws_cloudwatch_metric_alarm: row('metric-alarm', '{alarm_name|id}'),
  aws_cloudwatch_composite_alarm: row('metric-alarm', '{alarm_name|id}'),
  aws_cloudwatch_dashboard: row('cloudwatch-dashboard', '{dashboard_name|id}'),
  // The state's id is the name, or `bus/name` of a bus other than the default one: as in the key.
  aws_cloudwatch_event_rule: row('event-rule', '{arn|name|id}', null),
  aws_cloudwatch_event_target: row('event-rule', '{event_bus_name?}/{rule}', '{rule}/{target_id}'),
  aws_cloudwatch_event_bus: row('event-bus', '{name|id}'),
  aws_cloudwatch_event_bus_policy: row('event-bus', '{event_bus_name}'),
  aws_cloudwatch_event_permission: row('event-bus', '{event_bus_name}', '{event_bus_name}/{statement_id}'),
  aws_secretsmanager_secret: row('secret', '{arn|id}', '{arn|id}'),
  aws_secretsmanager_secret_version: row('secret', '{secret_id|arn}', '{secret_id}|{version_id}'),
  aws_secretsmanager_secret_policy: row('secret', '{secret_arn|id}', '{secret_arn|id}'),
  aws_secretsmanager_secret_rotation: row('secret', '{secret_id|id}', '{secret_id|id}'),
  aws_ssm_parameter: row('ssm-parameter', '{name|id}'),
  aws_ssm_document: row('ssm-document', '{name|id}'),
  aws_ssm_maintenance_window: row('ssm-maintenance-window'),
  aws_config_configuration_recorder: row('config-recorder', '{name|id}'),
  aws_config_configuration_recorder_status: row('config-recorder', '{name|id}'),
  aws_config_delivery_channel: row('config-delivery-channel', '{name|id}'),
  aws_config_config_rule: row('config-rule', '{name|id}'),
  aws_guardduty_detector: row('guardduty-detector'),
  aws_backup_vault: row('backup-vault', '{name|id}'),
  aws_backup_vault_policy: row('backup-vault', '{backup_vault_name}'),
  aws_backup_plan: row('backup-plan'),
  aws_backup_selection: row('backup-plan', '{plan_id}'),
  aws_acm_certificate: row('certificate', '{arn|id}', '{arn|id}'),
  aws_acm_certificate_validation: row('certificate', '{certificate_arn}'),
  aws_wafv2_web_acl: row('web-acl', '{id}'),
  aws_wafv2_web_acl_association: row('web-acl', '{web_acl_arn}', '{web_acl_arn},{resource_arn}'),
  aws_wafv2_web_acl_logging_configuration: row('web-acl', '{resource_arn}', '{resource_arn}'),
  aws_wafv2_ip_set: row('waf-ip-set'),

  // Containers and scaling
  aws_eks_cluster: row('eks-cluster', '{name|id}', '{name|id}'),
  aws_eks_access_entry: row('eks-cluster', '{cluster_name}', '{cluster_name}:{principal_arn}'),
  aws_eks_access_policy_association: row(
    'eks-cluster',
    '{cluster_name}',
    '{cluster_name}#{principal_arn}#{policy_arn}',
  ),
  aws_eks_identity_provider_config: row('eks-cluster', '{cluster_name}'),
  aws_eks_node_group: row(
    'eks-node-group',
    '{cluster_name}:{node_group_name}',
    '{cluster_name}:{node_group_name}',
  ),
  aws_eks_addon: row('eks-addon', '{cluster_name}:{addon_name}', '{cluster_name}:{addon_name}'),
  aws_eks_fargate_profile: row(
    'eks-fargate-profile',
    '{cluster_name}:{fargate_profile_name}',
    '{cluster_name}:{fargate_profile_name}',
  ),
  aws_ecr_repository: row('ecr-repository', '{name|id}', '{name|id}'),
  aws_ecr_repository_policy: ofRepository,
  aws_ecr_lifecycle_policy: ofRepository,
  aws_ecr_registry_policy: row('ecr-registry', 'policy'),
  aws_ecr_replication_configuration: row('ecr-registry', 'replication'),
  aws_ecs_cluster: row('ecs-cluster', '{arn|id|name}', '{arn|id}'),
  aws_ecs_cluster_capacity_providers: row('ecs-cluster', '{cluster_name}', '{cluster_name}'),
  aws_ecs_service: row('ecs-service', '{arn|id}', '{arn|id}'),
  aws_ecs_task_definition: row('ecs-task-definition', '{family|id}', '{family|id}'),
  aws_autoscaling_group: row('autoscaling-group', '{name|id}'),
  aws_autoscaling_group_tag: row('autoscaling-group', '{autoscaling_group_name}'),
  aws_autoscaling_attachment: row('autoscaling-group', '{autoscaling_group_name}'),
  aws_autoscaling_policy: row('autoscaling-group', '{autoscaling_group_name}', '{name|id}'),
  aws_autoscaling_schedule: row(
    'autoscaling-group',
    '{autoscaling_group_name}',
    '{scheduled_action_name|id}',
  ),
  aws_autoscaling_lifecycle_hook: row('autoscaling-group', '{autoscaling_group_name}', '{name|id}'),
  aws_autoscaling_notification: row('autoscaling-group', '{group_names[]}'),
  aws_appautoscaling_target: row('scaling-target', '{service_namespace}/{resource_id}/{scalable_dimension}'),
  aws_appautoscaling_policy: row('scaling-target', '{service_namespace}/{resource_id}/{scalable_dimension}'),

  // Names, delivery, APIs
  aws_route53_zone: row('route53-zone', '{zone_id|id}', '{zone_id|id}'),
  aws_route53_zone_association: row('route53-zone', '{zone_id}'),
  // The state's id holds the name as configured, which may be relative to the zone; the object's id is the import form.
  aws_route53_record: row('route53-record', '{zone_id}_{fqdn|name}_{type}_{set_identifier?}', null),
  aws_route53_health_check: row('route53-health-check'),
  aws_cloudfront_distribution: row('cloudfront-distribution'),
  aws_cloudfront_origin_access_identity: row('cloudfront-origin-access-identity'),
  aws_cloudfront_origin_access_control: row('cloudfront-origin-access-control'),
  aws_cloudfront_function: row('cloudfront-function', '{name|id}'),
  aws_cloudfront_cache_policy: row('cloudfront-cache-policy'),
  aws_cloudfront_monitoring_subscription: row('cloudfront-distribution', '{distribution_id}'),
  aws_api_gateway_rest_api: row('rest-api'),
  aws_api_gateway_rest_api_policy: ofRestApi,
  aws_api_gateway_authorizer: ofRestApi,
  aws_api_gateway_deployment: ofRestApi,
  aws_api_gateway_integration: ofRestApi,
  aws_api_gateway_integration_response: ofRestApi,
  aws_api_gateway_method: ofRestApi,
  aws_api_gateway_method_response: ofRestApi,
  aws_api_gateway_method_settings: ofRestApi,
  aws_api_gateway_model: ofRestApi,
  aws_api_gateway_resource: ofRestApi,
  aws_api_gateway_gateway_response: ofRestApi,
  aws_api_gateway_request_validator: ofRestApi,
  aws_api_gateway_stage: row('rest-api', '{rest_api_id}', '{rest_api_id}/{stage_name}'),
  aws_api_gateway_domain_name: row('api-domain', '{domain_name|id}'),
  aws_api_gateway_base_path_mapping: row('api-domain', '{domain_name}'),
  aws_apigatewayv2_api: row('http-api'),
  aws_apigatewayv2_authorizer: ofHttpApi,
  aws_apigatewayv2_deployment: ofHttpApi,
  aws_apigatewayv2_integration: ofHttpApi,
  aws_apigatewayv2_model: ofHttpApi,
  aws_apigatewayv2_route: ofHttpApi,
  aws_apigatewayv2_stage: row('http-api', '{api_id}', '{name|id}'),
  aws_apigatewayv2_domain_name: row('api-domain', '{domain_name|id}'),
  aws_apigatewayv2_api_mapping: row('api-domain', '{domain_name}'),
  aws_cloudformation_stack: row('cloudformation-stack', '{id|name}'),

  // Data
  aws_elasticache_cluster: row('elasticache-cluster', '{cluster_id|id}'),
  aws_elasticache_replication_group: row('elasticache-replication-group', '{replication_group_id|id}'),
  aws_elasticache_subnet_group: row('elasticache-subnet-group', '{name|id}'),
  aws_redshift_cluster: row('redshift-cluster', '{cluster_identifier|id}'),
  aws_opensearch_domain: row('opensearch-domain', '{arn|id|domain_name}', '{arn|id}'),
  aws_opensearch_domain_policy: row('opensearch-domain', '{domain_name}'),
  aws_elasticsearch_domain: row('opensearch-domain', '{arn|id|domain_name}', '{arn|id}'),
  aws_kinesis_stream: row('kinesis-stream', '{arn|id|name}', '{arn|id}'),
  aws_kinesis_firehose_delivery_stream: row('firehose-stream', '{arn|id|name}', '{arn|id}'),
  aws_sfn_state_machine: row('state-machine', '{arn|id}', '{arn|id}'),
  aws_codebuild_project: row('codebuild-project', '{arn|id|name}', '{arn|id}'),
  aws_codepipeline: row('codepipeline', '{name|id}'),
  aws_athena_workgroup: row('athena-workgroup', '{name|id}'),
  aws_glue_catalog_database: row('glue-database', '{name}', '{name}'),
  aws_glue_catalog_table: row('glue-table', '{database_name}/{name}', '{database_name}:{name}'),
  aws_glue_job: row('glue-job', '{name|id}'),
  aws_cognito_user_pool: row('cognito-user-pool'),
  aws_cognito_user_pool_client: row('cognito-user-pool', '{user_pool_id}'),
  aws_cognito_user_pool_domain: row('cognito-user-pool', '{user_pool_id}'),
  aws_efs_file_system: row('file-system'),
  aws_efs_mount_target: row('file-system', '{file_system_id}'),
  aws_efs_file_system_policy: row('file-system', '{file_system_id|id}'),
  aws_efs_backup_policy: row('file-system', '{file_system_id|id}'),
  aws_msk_cluster: row('kafka-cluster', '{arn|id}', '{arn|id}'),
};

/** The row of a type; `aws_alb…` are older names of the same resources. */
export function resourceRowOf(type: string): ResourceRow | undefined {
  const name = type.startsWith('aws_alb') ? `aws_lb${type.slice('aws_alb'.length)}` : type;
  return Object.hasOwn(RESOURCES, name) ? RESOURCES[name] : undefined;
}
