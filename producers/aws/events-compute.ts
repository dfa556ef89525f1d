// CloudTrail calls of functions, queues, load balancers, containers, scaling and APIs, as rows (events.ts says what a row is).
import type { EventRow } from './event-row.ts';
import { rowsOf, touch } from './event-row.ts';

const lambda = rowsOf('lambda');
const sqs = rowsOf('sqs');
const sns = rowsOf('sns');
const elb = rowsOf('elasticloadbalancing');
const eks = rowsOf('eks');
const ecs = rowsOf('ecs');
const ecr = rowsOf('ecr');
const autoscaling = rowsOf('autoscaling');
const scaling = rowsOf('application-autoscaling');
const apigateway = rowsOf('apigateway');
const states = rowsOf('states');
const codebuild = rowsOf('codebuild');
const codepipeline = rowsOf('codepipeline');
const cognito = rowsOf('cognito-idp');

const FUNCTION = '{req.functionName|resp.functionName}';
const fn = touch('lambda-function', FUNCTION);
const inFunction = (target: string) => touch('lambda-function', FUNCTION, `${target} *`);
const mapping = touch('lambda-event-source', '{req.uUID|resp.uUID}');

const queue = touch('sqs-queue', '{req.queueUrl|resp.queueUrl}');
const topic = touch('sns-topic', '{req.topicArn|resp.topicArn}');

const balancer = [
  touch('load-balancer', '{req.loadBalancerArn}'),
  touch('classic-load-balancer', '{req.loadBalancerName}'),
];
const classic = touch('classic-load-balancer', '{req.loadBalancerName}');
const listener = touch('lb-listener', '{req.listenerArn}');
const listenerRule = touch('lb-listener-rule', '{req.ruleArn}');
const targetGroup = touch('lb-target-group', '{req.targetGroupArn}');

const cluster = touch('eks-cluster', '{req.name|req.clusterName}');
const NODE_GROUP = '{req.clusterName|req.name}:{req.nodegroupName}';
const ADDON = '{req.clusterName|req.name}:{req.addonName}';
const FARGATE = '{req.clusterName|req.name}:{req.fargateProfileName}';
const ENTRY = '{req.clusterName|req.name}:{req.principalArn}';
const accessEntry = touch('eks-cluster', '{req.clusterName|req.name}', `aws_eks_access_entry=${ENTRY} *`);
const accessPolicy = touch(
  'eks-cluster',
  '{req.clusterName|req.name}',
  'aws_eks_access_policy_association={req.clusterName|req.name}#{req.principalArn}#{req.policyArn} *',
);

const ecsCluster = touch('ecs-cluster', '{req.cluster|req.clusterName|resp.cluster.clusterArn}');
/** `service` is a name beside its cluster, `cluster/name`, or an ARN; without a cluster it is in the one called default. */
const ecsService = touch('ecs-service', [
  '{resp.service.serviceArn}',
  '{req.service}',
  '{req.cluster}/{req.service}',
  'default/{req.service}',
]);
const task = touch('ecs-task-definition', [
  '{resp.taskDefinition.taskDefinitionArn}',
  '{req.taskDefinition}',
  '{req.family}',
]);
const repository = touch('ecr-repository', '{req.repositoryName}');

const group = touch('autoscaling-group', '{req.autoScalingGroupName}');
const inGroup = (target: string) => touch('autoscaling-group', '{req.autoScalingGroupName}', `${target} *`);
const LIFECYCLE_HOOK = 'aws_autoscaling_lifecycle_hook={req.lifecycleHookName}';
const SCALED = '{req.serviceNamespace}/{req.resourceId}/{req.scalableDimension}';
/** A state calls it by the resource alone. */
const SCALABLE_TARGET = 'aws_appautoscaling_target={req.resourceId}';
const SCALED_POLICY = 'aws_appautoscaling_policy={req.policyName}';

const restApi = touch('rest-api', '{req.restApiId}');
const httpApi = touch('http-api', '{req.apiId}');
/** Calls both generations have under one name: the parameter tells which. */
const inApi = (type: string, v2type: string) => [
  touch('rest-api', '{req.restApiId}', `${type} *`),
  touch('http-api', '{req.apiId}', `${v2type} *`),
];

export const COMPUTE_ROWS: readonly EventRow[] = [
  // Lambda
  lambda('CreateFunction', 'create', fn, ['runtime', 'handler', 'role']),
  lambda('DeleteFunction', 'delete', fn),
  lambda(
    'UpdateFunctionCode UpdateFunctionConfiguration PublishVersion PutFunctionConcurrency DeleteFunctionConcurrency PutFunctionCodeSigningConfig PutRuntimeManagementConfig',
    'update',
    fn,
    ['runtime', 'handler', 'role', 's3Bucket', 'dryRun'],
  ),
  lambda('AddPermission', 'update', inFunction('+aws_lambda_permission={req.statementId}'), [
    'principal',
    'action',
    'sourceArn',
  ]),
  lambda('RemovePermission', 'update', inFunction('-aws_lambda_permission={req.statementId}')),
  lambda('CreateAlias UpdateAlias DeleteAlias', 'update', inFunction('aws_lambda_alias={@id}/{req.name}')),
  lambda(
    'PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig',
    'update',
    inFunction('aws_lambda_function_event_invoke_config'),
  ),
  lambda(
    'CreateFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig',
    'update',
    inFunction('aws_lambda_function_url'),
    ['authType'],
  ),
  lambda(
    'PutProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig',
    'update',
    inFunction('aws_lambda_provisioned_concurrency_config'),
  ),
  lambda('CreateEventSourceMapping', 'create', [mapping]),
  lambda('UpdateEventSourceMapping', 'update', mapping),
  lambda('DeleteEventSourceMapping', 'delete', mapping),
  lambda(
    'PublishLayerVersion',
    'create',
    touch('lambda-layer', '{resp.layerArn|req.layerName}', 'aws_lambda_layer_version={resp.layerVersionArn}'),
  ),
  lambda(
    'DeleteLayerVersion',
    'delete',
    touch('lambda-layer', '{req.layerName}', 'aws_lambda_layer_version'),
  ),
  lambda('TagResource UntagResource', 'tag', touch('by-arn', '{req.resource}')),

  // Queues and topics
  sqs('CreateQueue', 'create', touch('sqs-queue', ['{resp.queueUrl}', '{req.queueName}'])),
  sqs('DeleteQueue', 'delete', queue),
  sqs(
    'SetQueueAttributes AddPermission RemovePermission',
    'update',
    touch(
      'sqs-queue',
      '{req.queueUrl}',
      'aws_sqs_queue_policy={@} aws_sqs_queue_redrive_policy={@} aws_sqs_queue_redrive_allow_policy={@} *',
    ),
    ['attributes.VisibilityTimeout', 'attributes.KmsMasterKeyId', 'attributes.SqsManagedSseEnabled'],
  ),
  sqs('PurgeQueue', 'update', queue),
  sqs('TagQueue UntagQueue', 'tag', queue),
  sns('CreateTopic', 'create', touch('sns-topic', ['{resp.topicArn}', '{req.name}'])),
  sns('DeleteTopic', 'delete', topic),
  sns(
    'SetTopicAttributes AddPermission RemovePermission',
    'update',
    touch('sns-topic', '{req.topicArn}', 'aws_sns_topic_policy={@} *'),
    ['attributeName'],
  ),
  sns(
    'PutDataProtectionPolicy',
    'update',
    touch('sns-topic', '{req.resourceArn}', 'aws_sns_topic_data_protection_policy={@} *'),
  ),
  sns(
    'Subscribe ConfirmSubscription',
    'update',
    touch(
      'sns-topic',
      '{req.topicArn|resp.subscriptionArn}',
      'aws_sns_topic_subscription={resp.subscriptionArn} *',
    ),
    ['protocol'],
  ),
  sns(
    'Unsubscribe SetSubscriptionAttributes',
    'update',
    touch('sns-topic', '{req.subscriptionArn}', 'aws_sns_topic_subscription={req.subscriptionArn} *'),
    ['attributeName'],
  ),
  sns('TagResource UntagResource', 'tag', touch('sns-topic', '{req.resourceArn}'), ['tags[].key', 'tagKeys']),

  // Load balancers
  elb('CreateLoadBalancer', 'create', [
    touch('load-balancer', '{resp.loadBalancers[].loadBalancerArn}'),
    touch('classic-load-balancer', '{req.loadBalancerName}'),
  ]),
  elb('DeleteLoadBalancer', 'delete', balancer),
  elb(
    'ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType ModifyIpPools ModifyCapacityReservation',
    'update',
    balancer,
    ['securityGroups', 'subnets', 'attributes'],
  ),
  elb(
    `ApplySecurityGroupsToLoadBalancer AttachLoadBalancerToSubnets DetachLoadBalancerFromSubnets ConfigureHealthCheck
     CreateLoadBalancerListeners DeleteLoadBalancerListeners SetLoadBalancerListenerSSLCertificate
     SetLoadBalancerPoliciesOfListener SetLoadBalancerPoliciesForBackendServer CreateLoadBalancerPolicy
     DeleteLoadBalancerPolicy EnableAvailabilityZonesForLoadBalancer DisableAvailabilityZonesForLoadBalancer
     CreateAppCookieStickinessPolicy CreateLBCookieStickinessPolicy`,
    'update',
    classic,
    ['securityGroups', 'subnets'],
  ),
  elb(
    'RegisterInstancesWithLoadBalancer DeregisterInstancesFromLoadBalancer',
    'update',
    touch('classic-load-balancer', '{req.loadBalancerName}', 'aws_elb_attachment *'),
  ),
  elb('CreateListener', 'create', touch('lb-listener', '{resp.listeners[].listenerArn}'), [
    'port',
    'protocol',
    'sslPolicy',
  ]),
  elb('DeleteListener', 'delete', listener),
  elb('ModifyListener ModifyListenerAttributes', 'update', listener, ['port', 'protocol', 'sslPolicy']),
  elb(
    'AddListenerCertificates RemoveListenerCertificates',
    'update',
    touch(
      'lb-listener',
      '{req.listenerArn}',
      'aws_lb_listener_certificate={req.listenerArn}_{req.certificates[].certificateArn} aws_alb_listener_certificate={req.listenerArn}_{req.certificates[].certificateArn} *',
    ),
  ),
  elb('CreateRule', 'create', touch('lb-listener-rule', '{resp.rules[].ruleArn}')),
  elb('DeleteRule', 'delete', listenerRule),
  elb('ModifyRule', 'update', listenerRule),
  elb(
    'SetRulePriorities',
    'update',
    touch('lb-listener-rule', '{item.ruleArn}', '*', 'req.rulePriorities[]'),
  ),
  elb('CreateTargetGroup', 'create', touch('lb-target-group', '{resp.targetGroups[].targetGroupArn}')),
  elb('DeleteTargetGroup', 'delete', targetGroup),
  elb('ModifyTargetGroup ModifyTargetGroupAttributes', 'update', targetGroup),
  elb(
    'RegisterTargets DeregisterTargets',
    'update',
    touch(
      'lb-target-group',
      '{req.targetGroupArn}',
      'aws_lb_target_group_attachment aws_alb_target_group_attachment *',
    ),
    ['targets'],
  ),
  elb('AddTags RemoveTags', 'tag', [
    touch('by-arn', '{req.resourceArns[]}'),
    touch('classic-load-balancer', '{req.loadBalancerNames[]}'),
  ]),

  // Kubernetes
  eks('CreateCluster', 'create', cluster),
  eks('DeleteCluster', 'delete', cluster),
  eks(
    'UpdateClusterConfig UpdateClusterVersion AssociateEncryptionConfig RegisterCluster DeregisterCluster',
    'update',
    cluster,
    ['version', 'resourcesVpcConfig'],
  ),
  eks('CreateNodegroup', 'create', touch('eks-node-group', NODE_GROUP)),
  eks('DeleteNodegroup', 'delete', touch('eks-node-group', NODE_GROUP)),
  eks('UpdateNodegroupConfig UpdateNodegroupVersion', 'update', touch('eks-node-group', NODE_GROUP), [
    'scalingConfig',
  ]),
  eks('CreateAddon', 'create', touch('eks-addon', ADDON)),
  eks('DeleteAddon', 'delete', touch('eks-addon', ADDON)),
  eks('UpdateAddon', 'update', touch('eks-addon', ADDON)),
  eks('CreateFargateProfile', 'create', touch('eks-fargate-profile', FARGATE)),
  eks('DeleteFargateProfile', 'delete', touch('eks-fargate-profile', FARGATE)),
  eks('CreateAccessEntry UpdateAccessEntry DeleteAccessEntry', 'update', accessEntry),
  eks('AssociateAccessPolicy DisassociateAccessPolicy', 'update', accessPolicy),
  eks(
    'AssociateIdentityProviderConfig DisassociateIdentityProviderConfig',
    'update',
    touch('eks-cluster', '{req.clusterName|req.name}', 'aws_eks_identity_provider_config *'),
  ),
  eks('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceArn}')),

  // Containers
  ecs('CreateCluster', 'create', touch('ecs-cluster', '{resp.cluster.clusterArn|req.clusterName}')),
  ecs('DeleteCluster', 'delete', ecsCluster),
  ecs('UpdateCluster UpdateClusterSettings', 'update', ecsCluster),
  ecs(
    'PutClusterCapacityProviders',
    'update',
    touch('ecs-cluster', '{req.cluster}', 'aws_ecs_cluster_capacity_providers={@id} *'),
  ),
  ecs('CreateService', 'create', touch('ecs-service', '{resp.service.serviceArn}'), ['desiredCount']),
  ecs('DeleteService', 'delete', ecsService),
  ecs('UpdateService UpdateServicePrimaryTaskSet', 'update', ecsService, ['desiredCount']),
  ecs('RegisterTaskDefinition', 'create', task),
  ecs('DeregisterTaskDefinition', 'delete', task),
  ecs('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceArn}')),
  ecr('CreateRepository', 'create', repository),
  ecr('DeleteRepository', 'delete', repository),
  ecr('PutImageTagMutability PutImageScanningConfiguration', 'update', repository, ['imageTagMutability']),
  ecr(
    'SetRepositoryPolicy DeleteRepositoryPolicy',
    'update',
    touch('ecr-repository', '{req.repositoryName}', 'aws_ecr_repository_policy=* *'),
  ),
  ecr(
    'PutLifecyclePolicy DeleteLifecyclePolicy',
    'update',
    touch('ecr-repository', '{req.repositoryName}', 'aws_ecr_lifecycle_policy=* *'),
  ),
  ecr('PutRegistryPolicy', 'update', touch('ecr-registry', 'policy', '+aws_ecr_registry_policy={@account}')),
  ecr(
    'DeleteRegistryPolicy',
    'delete',
    touch('ecr-registry', 'policy', 'aws_ecr_registry_policy={@account}'),
  ),
  ecr(
    'PutReplicationConfiguration',
    'update',
    touch('ecr-registry', 'replication', 'aws_ecr_replication_configuration'),
  ),
  ecr('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceArn}')),

  // Scaling
  autoscaling('CreateAutoScalingGroup', 'create', group),
  autoscaling('DeleteAutoScalingGroup', 'delete', group),
  autoscaling(
    `UpdateAutoScalingGroup SetDesiredCapacity SuspendProcesses ResumeProcesses EnableMetricsCollection
     DisableMetricsCollection SetInstanceProtection StartInstanceRefresh EnterStandby ExitStandby PutWarmPool DeleteWarmPool`,
    'update',
    group,
    ['minSize', 'maxSize', 'desiredCapacity'],
  ),
  autoscaling(
    `AttachInstances DetachInstances AttachLoadBalancers DetachLoadBalancers AttachLoadBalancerTargetGroups
     DetachLoadBalancerTargetGroups AttachTrafficSources DetachTrafficSources`,
    'update',
    inGroup('aws_autoscaling_attachment'),
  ),
  autoscaling('PutScalingPolicy', 'update', inGroup('+aws_autoscaling_policy={req.policyName}')),
  autoscaling('DeletePolicy', 'update', inGroup('-aws_autoscaling_policy={req.policyName}')),
  autoscaling(
    'PutScheduledUpdateGroupAction DeleteScheduledAction',
    'update',
    inGroup('aws_autoscaling_schedule={req.scheduledActionName}'),
  ),
  autoscaling('PutLifecycleHook', 'update', inGroup(`+${LIFECYCLE_HOOK}`)),
  autoscaling('DeleteLifecycleHook', 'update', inGroup(`-${LIFECYCLE_HOOK}`)),
  autoscaling(
    'PutNotificationConfiguration DeleteNotificationConfiguration',
    'update',
    inGroup('aws_autoscaling_notification'),
  ),
  autoscaling(
    'CreateOrUpdateTags DeleteTags',
    'tag',
    touch('autoscaling-group', '{item.resourceId}', 'aws_autoscaling_group_tag *', 'req.tags[]'),
  ),
  autoscaling(
    'CreateLaunchConfiguration',
    'create',
    touch('launch-configuration', '{req.launchConfigurationName}'),
  ),
  autoscaling(
    'DeleteLaunchConfiguration',
    'delete',
    touch('launch-configuration', '{req.launchConfigurationName}'),
  ),
  scaling('RegisterScalableTarget', 'update', touch('scaling-target', SCALED, `+${SCALABLE_TARGET}`), [
    'minCapacity',
    'maxCapacity',
  ]),
  scaling('DeregisterScalableTarget', 'delete', touch('scaling-target', SCALED, SCALABLE_TARGET)),
  scaling(
    'PutScalingPolicy',
    'update',
    touch('scaling-target', SCALED, `+${SCALED_POLICY} ${SCALABLE_TARGET}`),
  ),
  scaling(
    'DeleteScalingPolicy',
    'update',
    touch('scaling-target', SCALED, `-${SCALED_POLICY} ${SCALABLE_TARGET}`),
  ),

  // APIs
  apigateway('CreateRestApi ImportRestApi', 'create', touch('rest-api', '{resp.id}')),
  apigateway('DeleteRestApi', 'delete', restApi),
  apigateway(
    'UpdateRestApi PutRestApi',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_rest_api_policy=* *'),
  ),
  apigateway(
    'PutMethod UpdateMethod DeleteMethod',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_method *'),
  ),
  apigateway(
    'PutMethodResponse UpdateMethodResponse DeleteMethodResponse',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_method_response *'),
  ),
  apigateway(
    'PutIntegration',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_integration *'),
  ),
  apigateway(
    'PutIntegrationResponse',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_integration_response *'),
  ),
  apigateway(
    'PutGatewayResponse UpdateGatewayResponse DeleteGatewayResponse',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_gateway_response *'),
  ),
  apigateway(
    'CreateResource UpdateResource DeleteResource',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_resource *'),
  ),
  apigateway(
    'CreateRequestValidator UpdateRequestValidator DeleteRequestValidator',
    'update',
    touch('rest-api', '{req.restApiId}', 'aws_api_gateway_request_validator *'),
  ),
  apigateway(
    'CreateIntegration UpdateIntegration DeleteIntegration',
    'update',
    inApi('aws_api_gateway_integration', 'aws_apigatewayv2_integration'),
  ),
  apigateway(
    'CreateAuthorizer UpdateAuthorizer DeleteAuthorizer',
    'update',
    inApi('aws_api_gateway_authorizer', 'aws_apigatewayv2_authorizer'),
  ),
  apigateway(
    'CreateDeployment UpdateDeployment DeleteDeployment',
    'update',
    inApi('aws_api_gateway_deployment', 'aws_apigatewayv2_deployment'),
  ),
  apigateway(
    'CreateModel UpdateModel DeleteModel',
    'update',
    inApi('aws_api_gateway_model', 'aws_apigatewayv2_model'),
  ),
  apigateway('CreateStage UpdateStage DeleteStage', 'update', [
    touch(
      'rest-api',
      '{req.restApiId}',
      'aws_api_gateway_stage={req.restApiId}/{req.stageName} aws_api_gateway_method_settings *',
    ),
    touch('http-api', '{req.apiId}', 'aws_apigatewayv2_stage={req.stageName} *'),
  ]),
  apigateway('CreateApi ImportApi', 'create', touch('http-api', '{resp.apiId}')),
  apigateway('DeleteApi', 'delete', httpApi),
  apigateway('UpdateApi ReimportApi DeleteCorsConfiguration', 'update', httpApi),
  apigateway(
    'CreateRoute UpdateRoute DeleteRoute',
    'update',
    touch('http-api', '{req.apiId}', 'aws_apigatewayv2_route *'),
  ),
  apigateway('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceArn}')),
  apigateway('CreateDomainName', 'create', touch('api-domain', '{req.domainName|resp.domainName}')),
  apigateway('DeleteDomainName', 'delete', touch('api-domain', '{req.domainName}')),
  apigateway('UpdateDomainName', 'update', touch('api-domain', '{req.domainName}')),

  // Delivery and people
  states('CreateStateMachine', 'create', touch('state-machine', ['{resp.stateMachineArn}', '{req.name}'])),
  states('DeleteStateMachine', 'delete', touch('state-machine', '{req.stateMachineArn}')),
  states('UpdateStateMachine', 'update', touch('state-machine', '{req.stateMachineArn}')),
  states('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceArn}')),
  codebuild('CreateProject', 'create', touch('codebuild-project', '{req.name}')),
  codebuild('DeleteProject', 'delete', touch('codebuild-project', '{req.name}')),
  codebuild(
    'UpdateProject UpdateProjectVisibility',
    'update',
    touch('codebuild-project', '{req.projectArn|req.name}'),
  ),
  codepipeline('CreatePipeline', 'create', touch('codepipeline', '{req.pipeline.name}')),
  codepipeline('DeletePipeline', 'delete', touch('codepipeline', '{req.name}')),
  codepipeline('UpdatePipeline', 'update', touch('codepipeline', '{req.pipeline.name}')),
  cognito('CreateUserPool', 'create', touch('cognito-user-pool', '{resp.userPool.id}')),
  cognito('DeleteUserPool', 'delete', touch('cognito-user-pool', '{req.userPoolId}')),
  cognito(
    'UpdateUserPool SetUserPoolMfaConfig AddCustomAttributes',
    'update',
    touch('cognito-user-pool', '{req.userPoolId}'),
  ),
  cognito(
    'CreateUserPoolClient UpdateUserPoolClient DeleteUserPoolClient',
    'update',
    touch(
      'cognito-user-pool',
      '{req.userPoolId}',
      'aws_cognito_user_pool_client={resp.userPoolClient.clientId|req.clientId} *',
    ),
  ),
];
