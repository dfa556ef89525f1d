// The kinds of AWS objects: how an object key of each is made from any form of its id. Data first, then a few functions over it.
// Pure. Both sides use it (identities of Terraform resources, changes from CloudTrail), so both arrive at the same key.
//
// Sources: the ARN formats and id forms of the AWS service authorization reference, and the ids CloudTrail records hold.
import { parseArn } from './arn.ts';

/** What a key of the kind holds besides the id: nothing (the id is unique in the world), the account, or both. */
type Placed = 'world' | 'account' | 'region';

interface Kind {
  placed: Placed;
  /** Service of the ARN, and what of its resource part is the id (group 1). Without a group the whole ARN is the id. */
  arn?: readonly [service: string, resource: RegExp];
  /** What of an id that is not an ARN is the id (group 1). */
  plain?: RegExp;
  /** Brings ids of the same object into one form. */
  tidy?: (id: string) => string;
  /** What a Terraform state calls the object, where that is not the id in the key. */
  stateId?: string;
  /** Terraform types that describe the object as a whole, for calls that touch any of it (tags). */
  types: readonly string[];
}

const world = (types: string, arn?: Kind['arn'], plain?: RegExp): Kind => kind('world', types, arn, plain);
const account = (types: string, arn?: Kind['arn'], plain?: RegExp): Kind =>
  kind('account', types, arn, plain);
const region = (types: string, arn?: Kind['arn'], plain?: RegExp): Kind => kind('region', types, arn, plain);

function kind(placed: Placed, types: string, arn?: Kind['arn'], plain?: RegExp): Kind {
  return { placed, types: types === '' ? [] : types.split(' '), arn, plain };
}

/** Empty: the state holds the ARN, parts of which are random, so only a full ARN tells it. */
const named = (stateId: string, of: Kind): Kind => ({ ...of, stateId });

const lower = (id: string): string => id.toLowerCase();
const colons = (id: string): string => id.replace('/', ':');

/** `zone_name_TYPE_set`: the name in lower case, without the trailing dot, `*` unescaped, `_set` only if there is one. */
function recordName(id: string): string {
  const match = /^(?:\/?hostedzone\/)?([A-Z0-9]+)_(.+?)\.?_([A-Z]+)(?:_(.*))?$/.exec(id);
  if (!match) return id;
  const name = match[2]!.toLowerCase().replace('\\052', '*');
  return `${match[1]}_${name}_${match[3]}${match[4] ? `_${match[4]}` : ''}`;
}

const LAST = /([^/]+)$/;

const EC2_KINDS = {
  i: ['instance', 'aws_instance'],
  vol: ['ebs-volume', 'aws_ebs_volume'],
  snap: ['ebs-snapshot', 'aws_ebs_snapshot aws_ebs_snapshot_copy'],
  ami: ['ami', 'aws_ami aws_ami_copy aws_ami_from_instance'],
  sg: ['security-group', 'aws_security_group aws_default_security_group'],
  sgr: ['security-group-rule', 'aws_vpc_security_group_ingress_rule aws_vpc_security_group_egress_rule'],
  eni: ['network-interface', 'aws_network_interface'],
  vpc: ['vpc', 'aws_vpc aws_default_vpc'],
  subnet: ['subnet', 'aws_subnet aws_default_subnet'],
  rtb: ['route-table', 'aws_route_table aws_default_route_table'],
  rtbassoc: ['route-table-association', 'aws_route_table_association aws_main_route_table_association'],
  igw: ['internet-gateway', 'aws_internet_gateway'],
  eigw: ['egress-only-internet-gateway', 'aws_egress_only_internet_gateway'],
  nat: ['nat-gateway', 'aws_nat_gateway'],
  eipalloc: ['elastic-ip', 'aws_eip'],
  eipassoc: ['elastic-ip-association', 'aws_eip_association'],
  acl: ['network-acl', 'aws_network_acl aws_default_network_acl'],
  aclassoc: ['network-acl-association', 'aws_network_acl_association'],
  fl: ['flow-log', 'aws_flow_log'],
  lt: ['launch-template', 'aws_launch_template'],
  pcx: ['vpc-peering', 'aws_vpc_peering_connection aws_vpc_peering_connection_accepter'],
  vpce: ['vpc-endpoint', 'aws_vpc_endpoint'],
  'vpce-svc': ['vpc-endpoint-service', 'aws_vpc_endpoint_service'],
  dopt: ['dhcp-options', 'aws_vpc_dhcp_options aws_default_vpc_dhcp_options'],
  tgw: ['transit-gateway', 'aws_ec2_transit_gateway'],
  'tgw-attach': ['transit-gateway-attachment', 'aws_ec2_transit_gateway_vpc_attachment'],
  'tgw-rtb': ['transit-gateway-route-table', 'aws_ec2_transit_gateway_route_table'],
  vgw: ['vpn-gateway', 'aws_vpn_gateway'],
  cgw: ['customer-gateway', 'aws_customer_gateway'],
  vpn: ['vpn-connection', 'aws_vpn_connection'],
  pl: ['prefix-list', 'aws_ec2_managed_prefix_list'],
  key: ['key-pair-id', 'aws_key_pair'],
  fs: ['file-system', 'aws_efs_file_system'],
} as const;

type Ec2Prefix = keyof typeof EC2_KINDS;
type Ec2Kind = (typeof EC2_KINDS)[Ec2Prefix][0];

const ec2Kinds = Object.fromEntries(
  Object.values(EC2_KINDS).map(([name, types]) => [
    name,
    world(types, [name === 'file-system' ? 'elasticfilesystem' : 'ec2', /([^/]+)$/]),
  ]),
) as Record<Ec2Kind, Kind>;

const NAMED_KINDS = {
  's3-bucket': world('aws_s3_bucket', ['s3', /^([^/:*]+)$/]),
  's3-object': world('aws_s3_object aws_s3_bucket_object', ['s3', /^([^/:*]+\/.+)$/]),
  's3-account': account(''),

  'iam-role': account('aws_iam_role', ['iam', /^role\/(?:.*\/)?([^/]+)$/], LAST),
  'iam-user': account('aws_iam_user', ['iam', /^user\/(?:.*\/)?([^/]+)$/], LAST),
  'iam-group': account('aws_iam_group', ['iam', /^group\/(?:.*\/)?([^/]+)$/], LAST),
  'iam-instance-profile': account('aws_iam_instance_profile', [
    'iam',
    /^instance-profile\/(?:.*\/)?([^/]+)$/,
  ]),
  'iam-policy': world('aws_iam_policy', ['iam', /^policy\//]),
  'iam-oidc-provider': world('aws_iam_openid_connect_provider', ['iam', /^oidc-provider\//]),
  'iam-saml-provider': world('aws_iam_saml_provider', ['iam', /^saml-provider\//]),
  'iam-server-certificate': account('aws_iam_server_certificate', [
    'iam',
    /^server-certificate\/(?:.*\/)?([^/]+)$/,
  ]),
  'iam-account': account(''),

  'db-instance': { ...region('aws_db_instance aws_rds_cluster_instance', ['rds', /^db:(.+)$/]), tidy: lower },
  'db-cluster': { ...region('aws_rds_cluster', ['rds', /^cluster:(.+)$/]), tidy: lower },
  'db-snapshot': { ...region('aws_db_snapshot', ['rds', /^snapshot:(.+)$/]), tidy: lower },
  'db-cluster-snapshot': {
    ...region('aws_db_cluster_snapshot', ['rds', /^cluster-snapshot:(.+)$/]),
    tidy: lower,
  },
  'db-subnet-group': { ...region('aws_db_subnet_group', ['rds', /^subgrp:(.+)$/]), tidy: lower },
  'db-parameter-group': { ...region('aws_db_parameter_group', ['rds', /^pg:(.+)$/]), tidy: lower },
  'db-cluster-parameter-group': {
    ...region('aws_rds_cluster_parameter_group', ['rds', /^cluster-pg:(.+)$/]),
    tidy: lower,
  },
  'db-option-group': { ...region('aws_db_option_group', ['rds', /^og:(.+)$/]), tidy: lower },
  'db-event-subscription': region('aws_db_event_subscription', ['rds', /^es:(.+)$/]),
  'db-global-cluster': {
    ...account('aws_rds_global_cluster', ['rds', /^global-cluster:(.+)$/]),
    tidy: lower,
  },
  'db-proxy': region('aws_db_proxy'),

  // Plain: a name, or `account:function:name`, each with or without `:alias`.
  'lambda-function': region(
    'aws_lambda_function',
    ['lambda', /^function:([^:]+)/],
    /^(?:\d{12}:function:|function:)?([^:]+)/,
  ),
  'lambda-layer': region('aws_lambda_layer_version', ['lambda', /^layer:([^:]+)/], /^([^:]+)/),
  'lambda-event-source': region('aws_lambda_event_source_mapping', ['lambda', /^event-source-mapping:(.+)$/]),

  // Multi-Region keys share one id over regions, so the region stays in the key.
  'kms-key': region(
    'aws_kms_key aws_kms_external_key aws_kms_replica_key',
    ['kms', /^key\/(.+)$/],
    /^((?!alias\/).+)$/,
  ),
  'kms-alias': region('aws_kms_alias', ['kms', /^(alias\/.+)$/], /^(alias\/.+)$/),
  'sqs-queue': named(
    'https://sqs.{region}.{domain}/{account}/{id}',
    region('aws_sqs_queue', ['sqs', /^(.+)$/]),
  ),
  // A subscription's ARN is its topic's and one more part.
  'sns-topic': named(
    'arn:{partition}:sns:{region}:{account}:{id}',
    region('aws_sns_topic', ['sns', /^([^:]+)/]),
  ),
  'dynamodb-table': region('aws_dynamodb_table', ['dynamodb', /^table\/([^/]+)/]),
  'dynamodb-global-table': account('aws_dynamodb_global_table', ['dynamodb', /^global-table\/([^/]+)/]),

  'load-balancer': world('aws_lb aws_alb', ['elasticloadbalancing', /^loadbalancer\/(?:app|net|gwy)\//]),
  'lb-listener': world('aws_lb_listener aws_alb_listener', ['elasticloadbalancing', /^listener\//]),
  'lb-listener-rule': world('aws_lb_listener_rule aws_alb_listener_rule', [
    'elasticloadbalancing',
    /^listener-rule\//,
  ]),
  'lb-target-group': world('aws_lb_target_group aws_alb_target_group', [
    'elasticloadbalancing',
    /^targetgroup\//,
  ]),
  'classic-load-balancer': region('aws_elb', ['elasticloadbalancing', /^loadbalancer\/([^/]+)$/]),

  cloudtrail: region('aws_cloudtrail', ['cloudtrail', /^trail\/(.+)$/]),
  'log-group': region('aws_cloudwatch_log_group', ['logs', /^log-group:([^:]+)/], /^([^:]+)/),
  'log-destination': region('aws_cloudwatch_log_destination', ['logs', /^destination:([^:]+)/]),
  'log-resource-policy': region('aws_cloudwatch_log_resource_policy'),
  'metric-alarm': region('aws_cloudwatch_metric_alarm aws_cloudwatch_composite_alarm', [
    'cloudwatch',
    /^alarm:(.+)$/,
  ]),
  'cloudwatch-dashboard': account('aws_cloudwatch_dashboard', ['cloudwatch', /^dashboard\/(.+)$/]),
  // AWS appends six random characters to the name in the ARN.
  secret: named(
    '',
    region('aws_secretsmanager_secret', ['secretsmanager', /^secret:(.+?)(?:-[A-Za-z0-9]{6})?$/]),
  ),
  'ssm-parameter': region('aws_ssm_parameter', ['ssm', /^parameter\/+(.+)$/], /^\/*(.+)$/),
  'ssm-document': region('aws_ssm_document', ['ssm', /^document\/(.+)$/]),
  'ssm-maintenance-window': world('aws_ssm_maintenance_window', ['ssm', /^maintenancewindow\/(.+)$/]),

  'eks-cluster': region('aws_eks_cluster', ['eks', /^cluster\/(.+)$/]),
  'eks-node-group': { ...region('aws_eks_node_group', ['eks', /^nodegroup\/([^/]+\/[^/]+)/]), tidy: colons },
  'eks-addon': { ...region('aws_eks_addon', ['eks', /^addon\/([^/]+\/[^/]+)/]), tidy: colons },
  'eks-fargate-profile': {
    ...region('aws_eks_fargate_profile', ['eks', /^fargateprofile\/([^/]+\/[^/]+)/]),
    tidy: colons,
  },
  'autoscaling-group': region('aws_autoscaling_group', [
    'autoscaling',
    /^autoScalingGroup:[^:]*:autoScalingGroupName\/(.+)$/,
  ]),
  'launch-configuration': region('aws_launch_configuration', [
    'autoscaling',
    /^launchConfiguration:[^:]*:launchConfigurationName\/(.+)$/,
  ]),
  'scaling-target': region('aws_appautoscaling_target'),

  'route53-zone': world('aws_route53_zone', ['route53', /^hostedzone\/(.+)$/], LAST),
  'route53-record': { ...world('aws_route53_record'), tidy: recordName },
  'route53-health-check': world('aws_route53_health_check', ['route53', /^healthcheck\/(.+)$/]),
  'cloudfront-distribution': world('aws_cloudfront_distribution', ['cloudfront', /^distribution\/(.+)$/]),
  'cloudfront-origin-access-identity': world('aws_cloudfront_origin_access_identity', [
    'cloudfront',
    /^origin-access-identity\/(?:cloudfront\/)?(.+)$/,
  ]),
  'cloudfront-origin-access-control': world('aws_cloudfront_origin_access_control', [
    'cloudfront',
    /^origin-access-control\/(.+)$/,
  ]),
  'cloudfront-function': account('aws_cloudfront_function', ['cloudfront', /^function\/(.+)$/]),
  'cloudfront-cache-policy': world('aws_cloudfront_cache_policy', ['cloudfront', /^cache-policy\/(.+)$/]),

  'ecr-repository': region('aws_ecr_repository', ['ecr', /^repository\/(.+)$/]),
  'ecr-registry': region(''),
  'ecs-cluster': named(
    'arn:{partition}:ecs:{region}:{account}:cluster/{id}',
    region('aws_ecs_cluster', ['ecs', /^cluster\/(.+)$/]),
  ),
  // Older ARNs leave the cluster out; the cluster then comes from elsewhere in the call.
  'ecs-service': named(
    'arn:{partition}:ecs:{region}:{account}:service/{id}',
    region('aws_ecs_service', ['ecs', /^service\/([^/]+\/[^/]+)$/], /^([^/]+\/[^/]+)$/),
  ),
  'ecs-task-definition': region('aws_ecs_task_definition', ['ecs', /^task-definition\/([^:]+)/], /^([^:]+)/),

  'event-rule': {
    ...region('aws_cloudwatch_event_rule', ['events', /^rule\/(.+)$/]),
    tidy: (id) => id.replace(/^(?:default)?\//, ''),
  },
  'event-bus': region('aws_cloudwatch_event_bus', ['events', /^event-bus\/(.+)$/]),
  'rest-api': region('aws_api_gateway_rest_api', ['apigateway', /^\/restapis\/([^/]+)/]),
  'http-api': region('aws_apigatewayv2_api', ['apigateway', /^\/apis\/([^/]+)/]),
  'api-domain': region('aws_api_gateway_domain_name aws_apigatewayv2_domain_name', [
    'apigateway',
    /^\/domainnames\/([^/]+)/,
  ]),
  'cloudformation-stack': named(
    '',
    region('aws_cloudformation_stack', ['cloudformation', /^stack\/([^/]+)/], /^([^/]+)/),
  ),
  certificate: world('aws_acm_certificate', ['acm', /^certificate\//]),
  'web-acl': world('aws_wafv2_web_acl', ['wafv2', /\/webacl\/[^/]+\/(.+)$/]),
  'waf-ip-set': world('aws_wafv2_ip_set', ['wafv2', /\/ipset\/[^/]+\/(.+)$/]),
  'config-recorder': region('aws_config_configuration_recorder'),
  'config-delivery-channel': region('aws_config_delivery_channel'),
  'config-rule': region('aws_config_config_rule'),
  'guardduty-detector': world('aws_guardduty_detector', ['guardduty', /^detector\/([^/]+)/]),
  'elasticache-cluster': {
    ...region('aws_elasticache_cluster', ['elasticache', /^cluster:(.+)$/]),
    tidy: lower,
  },
  'elasticache-replication-group': {
    ...region('aws_elasticache_replication_group', ['elasticache', /^replicationgroup:(.+)$/]),
    tidy: lower,
  },
  'elasticache-subnet-group': {
    ...region('aws_elasticache_subnet_group', ['elasticache', /^subnetgroup:(.+)$/]),
    tidy: lower,
  },
  'redshift-cluster': { ...region('aws_redshift_cluster', ['redshift', /^cluster:(.+)$/]), tidy: lower },
  'opensearch-domain': named(
    'arn:{partition}:es:{region}:{account}:domain/{id}',
    region('aws_opensearch_domain aws_elasticsearch_domain', ['es', /^domain\/(.+)$/]),
  ),
  'kinesis-stream': named(
    'arn:{partition}:kinesis:{region}:{account}:stream/{id}',
    region('aws_kinesis_stream', ['kinesis', /^stream\/([^/]+)/]),
  ),
  'firehose-stream': named(
    'arn:{partition}:firehose:{region}:{account}:deliverystream/{id}',
    region('aws_kinesis_firehose_delivery_stream', ['firehose', /^deliverystream\/(.+)$/]),
  ),
  'state-machine': named(
    'arn:{partition}:states:{region}:{account}:stateMachine:{id}',
    region('aws_sfn_state_machine', ['states', /^stateMachine:([^:]+)/]),
  ),
  'codebuild-project': named(
    'arn:{partition}:codebuild:{region}:{account}:project/{id}',
    region('aws_codebuild_project', ['codebuild', /^project\/(.+)$/]),
  ),
  codepipeline: region('aws_codepipeline', ['codepipeline', /^([^/:]+)$/]),
  'backup-vault': region('aws_backup_vault', ['backup', /^backup-vault:(.+)$/]),
  'backup-plan': world('aws_backup_plan', ['backup', /^backup-plan:(.+)$/]),
  'athena-workgroup': region('aws_athena_workgroup', ['athena', /^workgroup\/(.+)$/]),
  'glue-database': region('aws_glue_catalog_database', ['glue', /^database\/(.+)$/]),
  'glue-table': region('aws_glue_catalog_table', ['glue', /^table\/(.+\/.+)$/]),
  'glue-job': region('aws_glue_job', ['glue', /^job\/(.+)$/]),
  'cognito-user-pool': world('aws_cognito_user_pool', ['cognito-idp', /^userpool\/(.+)$/]),
  'kafka-cluster': world('aws_msk_cluster', ['kafka', /^cluster\//]),

  'key-pair': region('aws_key_pair', ['ec2', /^key-pair\/(.+)$/]),
  'placement-group': region('aws_placement_group'),
  'ebs-account-settings': region('aws_ebs_encryption_by_default aws_ebs_default_kms_key'),
} satisfies Record<string, Kind>;

/** What an ARN names that no other kind covers: the ARN itself is the id. */
const BY_ARN = 'arn';

export type KindName = Ec2Kind | keyof typeof NAMED_KINDS | typeof BY_ARN;

export const KINDS: Readonly<Record<KindName, Kind>> = {
  ...ec2Kinds,
  ...NAMED_KINDS,
  [BY_ARN]: world('', ['', /^(?!)/]),
};

interface Place {
  account: string | null;
  region: string | null;
}

/** One cloud object: its kind, its id in the one form keys use, and where it is. */
export interface CloudObject extends Place {
  kind: string;
  id: string;
  placed: Placed;
  /** The full ARN, where the id was given as one. */
  arn: string | null;
  /** Given by an address that is not AWS's own: a state may hold that or another. */
  foreign?: true;
  /** Set when account or region is needed for the key but unknown. */
  incomplete: boolean;
}

/** No id of AWS has control characters, and keys are joined with one. */
const CONTROL = /\p{Cc}/u;

/** Through an endpoint of a network, or of another cloud that speaks the same. */
const FOREIGN_QUEUE_URL = /^https?:\/\/[^/]+\/(\d{12})\/([^/]+)$/;
const QUEUE_URL =
  /^https?:\/\/(?:sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.|queue\.)amazonaws\.com(?:\.cn)?\/(\d{12})\/([^/]+)$/;

/**
 * The object of a kind that an id in any form (ARN, name, URL, path) speaks of. `place` stands in for what the id itself
 * does not say. Null when the text cannot be an id of the kind.
 */
export function objectOf(kindName: KindName, raw: string, place: Place): CloudObject | null {
  const kind = KINDS[kindName];
  let { account, region } = place;
  let id: string | undefined = raw;
  let foreign = false;
  const arn = parseArn(raw);
  if (arn) {
    account = arn.account ?? account;
    region = arn.region ?? region;
    if (kindName !== BY_ARN) {
      const match = kind.arn && kind.arn[0] === arn.service ? kind.arn[1].exec(arn.resource) : null;
      if (!match) return null;
      if (match.length > 1) id = match[1];
    }
  } else {
    const queue = kindName === 'sqs-queue' ? QUEUE_URL.exec(raw) : null;
    const elsewhere = kindName === 'sqs-queue' && !queue ? FOREIGN_QUEUE_URL.exec(raw) : null;
    if (elsewhere) {
      foreign = true;
      account = elsewhere[1]!;
      id = elsewhere[2];
    } else if (queue) {
      region = queue[1] ?? queue[2] ?? 'us-east-1';
      account = queue[3] ?? null;
      id = queue[4];
    } else if (kind.plain) id = kind.plain.exec(raw)?.[1];
  }
  if (!id || id.length > 2_048 || CONTROL.test(id)) return null;
  if (kind.tidy) id = kind.tidy(id);
  return {
    kind: kindName,
    id,
    placed: kind.placed,
    account,
    region: kind.placed === 'account' ? null : region,
    arn: arn ? raw : null,
    ...(foreign ? { foreign } : {}),
    incomplete: (kind.placed !== 'world' && !account) || (kind.placed === 'region' && !region),
  };
}

/** The id under which a Terraform state holds the object; null where only more than is known would tell. */
export function stateIdOf(object: CloudObject): string | null {
  const template = isKind(object.kind) ? KINDS[object.kind].stateId : undefined;
  if (object.foreign) return null;
  if (template === undefined) return object.id;
  if (template === '') return object.arn;
  const { account, region } = object;
  if (!account || !region) return null;
  const china = region.startsWith('cn-');
  const parts: Record<string, string> = {
    account,
    region,
    id: object.id,
    partition: china ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws',
    domain: china ? 'amazonaws.com.cn' : 'amazonaws.com',
  };
  return template.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? '');
}

/** The object key, as every topic spells it. */
export function keyOf(org: string, object: CloudObject): string {
  const { placed } = object;
  const account = placed === 'world' ? '-' : (object.account ?? '-');
  const region = placed === 'region' ? (object.region ?? '-') : '-';
  return `${org}/aws/${account}/${region}/${object.kind}/${object.id}`;
}

const isKind = (name: string): name is KindName => Object.hasOwn(KINDS, name);

/** Terraform types that describe objects of the kind as a whole. */
export const typesOf = (kind: string): readonly string[] => (isKind(kind) ? KINDS[kind].types : []);

const EC2_ID = /^([a-z][a-z-]*?)-[0-9a-fA-F]{8,17}$/;

/** The kind of an EC2 id (`vol-0a1b…`) by its prefix; null for what has no such form. */
export function kindOfEc2Id(id: string): KindName | null {
  const prefix = EC2_ID.exec(id)?.[1];
  return prefix !== undefined && Object.hasOwn(EC2_KINDS, prefix) ? EC2_KINDS[prefix as Ec2Prefix][0] : null;
}

const kindsByService = new Map<string, KindName[]>();
for (const name of Object.keys(NAMED_KINDS) as (keyof typeof NAMED_KINDS)[]) {
  const service = KINDS[name].arn?.[0];
  if (service) kindsByService.set(service, [...(kindsByService.get(service) ?? []), name]);
}

/**
 * The object an ARN names: of the kind the table knows, else by the ARN itself. `place` stands in for what the ARN leaves
 * out. Null when it is no ARN.
 */
export function objectOfArn(text: string, place: Place): CloudObject | null {
  const arn = parseArn(text);
  if (!arn) return null;
  const ec2 = kindOfEc2Id(LAST.exec(arn.resource)?.[1] ?? '');
  if (ec2 && KINDS[ec2].arn?.[0] === arn.service) return objectOf(ec2, text, place);
  for (const kind of kindsByService.get(arn.service) ?? []) {
    const object = objectOf(kind, text, place);
    if (object) return object;
  }
  return objectOf(BY_ARN, text, place);
}
