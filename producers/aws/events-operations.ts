// CloudTrail calls of logging, watching, configuration, names and delivery, as rows (events.ts says what a row is). Data.
import type { EventRow } from './event-row.ts';
import { rowsOf, touch } from './event-row.ts';

const cloudtrail = rowsOf('cloudtrail');
const logs = rowsOf('logs');
const monitoring = rowsOf('monitoring');
const events = rowsOf('events');
const ssm = rowsOf('ssm');
const config = rowsOf('config');
const cloudformation = rowsOf('cloudformation');
const route53 = rowsOf('route53');
const cloudfront = rowsOf('cloudfront');
const scheduler = rowsOf('scheduler');
const tagging = rowsOf('tagging');

const trail = touch('cloudtrail', '{req.trailName|req.name}');
const logGroup = touch('log-group', '{req.logGroupName}');
const inLogGroup = (target: string) => touch('log-group', '{req.logGroupName}', `${target} *`);
const METRIC_FILTER = 'aws_cloudwatch_log_metric_filter={req.logGroupName}:{req.filterName}';
const SUBSCRIPTION_FILTER = 'aws_cloudwatch_log_subscription_filter={req.logGroupName}|{req.filterName}';
const alarm = touch('metric-alarm', '{req.alarmName}');
const alarms = touch('metric-alarm', '{req.alarmNames[]}');
/** A rule of the default bus goes by its name alone, any other by `bus/name` (objects.ts drops `default/`). */
const RULE = ['{resp.ruleArn}', '{req.eventBusName?}/{req.rule|req.name}'];
const rule = touch('event-rule', RULE);
const parameter = touch('ssm-parameter', '{req.name}', 'aws_ssm_parameter={req.name}');
const stack = touch('cloudformation-stack', '{resp.stackId|req.stackName}');
const zone = touch('route53-zone', '{req.hostedZoneId|req.id}');
const distribution = touch('cloudfront-distribution', '{req.id}');

export const OPERATIONS_ROWS: readonly EventRow[] = [
  // Trails and logs
  cloudtrail('CreateTrail', 'create', touch('cloudtrail', '{req.name}'), [
    'isMultiRegionTrail',
    'enableLogFileValidation',
  ]),
  cloudtrail('DeleteTrail', 'delete', trail),
  cloudtrail('UpdateTrail StartLogging StopLogging PutEventSelectors PutInsightSelectors', 'update', trail, [
    'isMultiRegionTrail',
    'enableLogFileValidation',
    'includeGlobalServiceEvents',
    'eventSelectors',
  ]),
  cloudtrail('AddTags RemoveTags', 'tag', touch('by-arn', '{req.resourceId}')),
  logs('CreateLogGroup', 'create', logGroup),
  logs('DeleteLogGroup', 'delete', logGroup),
  logs(
    'PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey PutDataProtectionPolicy DeleteDataProtectionPolicy',
    'update',
    touch('log-group', ['{req.logGroupName}', '{req.logGroupIdentifier}']),
    ['retentionInDays'],
  ),
  logs('PutMetricFilter', 'update', inLogGroup(`+${METRIC_FILTER}`)),
  logs('DeleteMetricFilter', 'update', inLogGroup(`-${METRIC_FILTER}`)),
  logs('PutSubscriptionFilter', 'update', inLogGroup(`+${SUBSCRIPTION_FILTER}`), ['destinationArn']),
  logs('DeleteSubscriptionFilter', 'update', inLogGroup(`-${SUBSCRIPTION_FILTER}`)),
  logs('PutResourcePolicy', 'update', touch('log-resource-policy', '{req.policyName}', '+*')),
  logs('DeleteResourcePolicy', 'delete', touch('log-resource-policy', '{req.policyName}')),
  logs('PutDestination', 'update', touch('log-destination', '{req.destinationName}', '+*')),
  logs('DeleteDestination', 'delete', touch('log-destination', '{req.destinationName}')),
  logs(
    'PutDestinationPolicy',
    'update',
    touch('log-destination', '{req.destinationName}', 'aws_cloudwatch_log_destination_policy=* *'),
  ),
  logs('TagLogGroup UntagLogGroup', 'tag', logGroup),
  logs('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceArn}')),

  // Alarms and rules
  monitoring(
    'PutMetricAlarm',
    'update',
    touch(
      'metric-alarm',
      '{req.alarmName}',
      '+aws_cloudwatch_metric_alarm=* aws_cloudwatch_composite_alarm=*',
    ),
  ),
  monitoring(
    'PutCompositeAlarm',
    'update',
    touch(
      'metric-alarm',
      '{req.alarmName}',
      '+aws_cloudwatch_composite_alarm=* aws_cloudwatch_metric_alarm=*',
    ),
  ),
  monitoring('DeleteAlarms', 'delete', alarms),
  monitoring('EnableAlarmActions DisableAlarmActions', 'update', alarms),
  monitoring('SetAlarmState', 'update', alarm),
  monitoring('PutDashboard', 'update', touch('cloudwatch-dashboard', '{req.dashboardName}', '+*')),
  monitoring('DeleteDashboards', 'delete', touch('cloudwatch-dashboard', '{req.dashboardNames[]}')),
  monitoring('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceARN}')),
  events('PutRule', 'update', touch('event-rule', RULE, '+*'), ['scheduleExpression', 'state']),
  events('DeleteRule', 'delete', rule),
  events('EnableRule DisableRule', 'update', rule),
  events(
    'PutTargets',
    'update',
    touch('event-rule', RULE, '+aws_cloudwatch_event_target={req.rule}/{item.id} *', 'req.targets[]'),
  ),
  events(
    'RemoveTargets',
    'update',
    touch('event-rule', RULE, '-aws_cloudwatch_event_target={req.rule}/{item} *', 'req.ids[]'),
  ),
  events('CreateEventBus', 'create', touch('event-bus', '{req.name}')),
  events('DeleteEventBus', 'delete', touch('event-bus', '{req.name}')),
  events(
    'PutPermission RemovePermission',
    'update',
    touch(
      'event-bus',
      ['{req.eventBusName}', 'default'],
      'aws_cloudwatch_event_permission={@id}/{req.statementId} aws_cloudwatch_event_bus_policy=* *',
    ),
  ),
  events('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceARN}')),
  scheduler('UpdateSchedule', 'update', touch('by-arn', '{resp.scheduleArn}')),

  // Systems Manager, Config
  ssm('PutParameter', 'update', touch('ssm-parameter', '{req.name}', '+aws_ssm_parameter={req.name}'), [
    'type',
    'overwrite',
    'tier',
  ]),
  ssm('DeleteParameter', 'delete', parameter),
  ssm(
    'DeleteParameters',
    'delete',
    touch('ssm-parameter', '{item}', 'aws_ssm_parameter={item}', 'req.names[]'),
  ),
  ssm('LabelParameterVersion UnlabelParameterVersion', 'update', parameter),
  ssm('CreateDocument', 'create', touch('ssm-document', '{req.name}')),
  ssm('DeleteDocument', 'delete', touch('ssm-document', '{req.name}')),
  ssm(
    'UpdateDocument UpdateDocumentDefaultVersion ModifyDocumentPermission',
    'update',
    touch('ssm-document', '{req.name}'),
  ),
  ssm('CreateMaintenanceWindow', 'create', touch('ssm-maintenance-window', '{resp.windowId}')),
  ssm('DeleteMaintenanceWindow', 'delete', touch('ssm-maintenance-window', '{req.windowId}')),
  ssm('UpdateMaintenanceWindow', 'update', touch('ssm-maintenance-window', '{req.windowId}')),
  config(
    'PutConfigurationRecorder',
    'update',
    touch('config-recorder', '{req.configurationRecorder.name}', '+*'),
  ),
  config(
    'StartConfigurationRecorder StopConfigurationRecorder',
    'update',
    touch(
      'config-recorder',
      '{req.configurationRecorderName}',
      'aws_config_configuration_recorder_status=* *',
    ),
  ),
  config(
    'DeleteConfigurationRecorder',
    'delete',
    touch('config-recorder', '{req.configurationRecorderName}'),
  ),
  config(
    'PutDeliveryChannel',
    'update',
    touch('config-delivery-channel', '{req.deliveryChannel.name}', '+*'),
  ),
  config('DeleteDeliveryChannel', 'delete', touch('config-delivery-channel', '{req.deliveryChannelName}')),
  config('PutConfigRule', 'update', touch('config-rule', '{req.configRule.configRuleName}', '+*')),
  config('DeleteConfigRule', 'delete', touch('config-rule', '{req.configRuleName}')),

  // Stacks
  cloudformation('CreateStack', 'create', stack),
  cloudformation('DeleteStack', 'delete', stack),
  cloudformation(
    'UpdateStack ExecuteChangeSet CancelUpdateStack ContinueUpdateRollback RollbackStack SetStackPolicy UpdateTerminationProtection',
    'update',
    touch('cloudformation-stack', ['{resp.stackId}', '{req.stackName}']),
  ),

  // Names and delivery
  route53('CreateHostedZone', 'create', touch('route53-zone', '{resp.hostedZone.id}')),
  route53('DeleteHostedZone', 'delete', zone),
  route53('UpdateHostedZoneComment', 'update', zone),
  route53(
    'AssociateVPCWithHostedZone DisassociateVPCFromHostedZone',
    'update',
    touch('route53-zone', '{req.hostedZoneId|req.id}', 'aws_route53_zone_association *'),
  ),
  route53('ChangeResourceRecordSets', 'update', {
    ...touch(
      'route53-record',
      '{req.hostedZoneId}_{item.resourceRecordSet.name}_{item.resourceRecordSet.type}_{item.resourceRecordSet.setIdentifier?}',
      '*',
      'req.changeBatch.changes[]',
    ),
    verb: 'item.action',
  }),
  route53('ChangeTagsForResource', 'tag', [
    touch('route53-zone', '{req.resourceId}'),
    touch('route53-health-check', '{req.resourceId}'),
  ]),
  route53('CreateHealthCheck', 'create', touch('route53-health-check', '{resp.healthCheck.id}')),
  route53('DeleteHealthCheck', 'delete', touch('route53-health-check', '{req.healthCheckId}')),
  route53('UpdateHealthCheck', 'update', touch('route53-health-check', '{req.healthCheckId}')),
  cloudfront(
    'CreateDistribution CreateDistributionWithTags CopyDistribution',
    'create',
    touch('cloudfront-distribution', '{resp.distribution.id}'),
  ),
  cloudfront('DeleteDistribution', 'delete', distribution),
  cloudfront('UpdateDistribution UpdateDistributionWithStagingConfig', 'update', distribution),
  cloudfront('TagResource UntagResource', 'tag', touch('by-arn', '{req.resource}')),
  cloudfront(
    'CreateMonitoringSubscription DeleteMonitoringSubscription',
    'update',
    touch('cloudfront-distribution', '{req.distributionId}', 'aws_cloudfront_monitoring_subscription=* *'),
  ),
  cloudfront(
    'CreateCloudFrontOriginAccessIdentity',
    'create',
    touch('cloudfront-origin-access-identity', '{resp.cloudFrontOriginAccessIdentity.id}'),
  ),
  cloudfront(
    'DeleteCloudFrontOriginAccessIdentity',
    'delete',
    touch('cloudfront-origin-access-identity', '{req.id}'),
  ),
  cloudfront(
    'UpdateCloudFrontOriginAccessIdentity',
    'update',
    touch('cloudfront-origin-access-identity', '{req.id}'),
  ),
  cloudfront(
    'CreateOriginAccessControl',
    'create',
    touch('cloudfront-origin-access-control', '{resp.originAccessControl.id}'),
  ),
  cloudfront('DeleteOriginAccessControl', 'delete', touch('cloudfront-origin-access-control', '{req.id}')),
  cloudfront('UpdateOriginAccessControl', 'update', touch('cloudfront-origin-access-control', '{req.id}')),
  cloudfront('CreateFunction', 'create', touch('cloudfront-function', '{req.name}')),
  cloudfront('DeleteFunction', 'delete', touch('cloudfront-function', '{req.name}')),
  cloudfront('UpdateFunction PublishFunction', 'update', touch('cloudfront-function', '{req.name}')),
  cloudfront('CreateCachePolicy', 'create', touch('cloudfront-cache-policy', '{resp.cachePolicy.id}')),
  cloudfront('DeleteCachePolicy', 'delete', touch('cloudfront-cache-policy', '{req.id}')),
  cloudfront('UpdateCachePolicy', 'update', touch('cloudfront-cache-policy', '{req.id}')),

  // Any resource, by ARN
  tagging('TagResources UntagResources', 'tag', touch('by-arn', '{req.resourceARNList[]}'), ['tagKeys']),
];
