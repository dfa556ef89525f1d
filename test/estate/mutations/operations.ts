// Edits of what watches the others. Data.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { type Call, cloudtrail, glue, guardduty, logs, monitoring } from '../cloud.ts';
import { edit, listed, type Mutation, tagging, text } from '../mutation.ts';

const ALARM: [attribute: string, parameter: string, value: Json][] = [
  ['threshold', 'Threshold', 500],
  ['evaluation_periods', 'EvaluationPeriods', 7],
  ['alarm_description', 'AlarmDescription', 'changed'],
  ['comparison_operator', 'ComparisonOperator', 'LessThanThreshold'],
  ['actions_enabled', 'ActionsEnabled', false],
];
const alarm = (a: JsonObject, more: JsonObject): Call =>
  monitoring('PutMetricAlarm', {
    AlarmName: text(a.alarm_name),
    AlarmDescription: text(a.alarm_description),
    ComparisonOperator: text(a.comparison_operator),
    EvaluationPeriods: a.evaluation_periods!,
    MetricName: text(a.metric_name),
    Namespace: text(a.namespace),
    Period: a.period!,
    Statistic: text(a.statistic),
    Threshold: a.threshold!,
    ActionsEnabled: true,
    AlarmActions: a.alarm_actions!,
    Dimensions: listed(a.dimensions as Record<string, string>, 'Name'),
    ...more,
  });

export const OPERATIONS: readonly Mutation[] = [
  edit(
    'aws_cloudwatch_log_group',
    'retention_in_days',
    (a, v) => logs('PutRetentionPolicy', { logGroupName: text(a.name), retentionInDays: v }),
    1,
  ),
  ...tagging(['aws_cloudwatch_log_group'], (a, tags) =>
    logs('TagResource', { resourceArn: text(a.arn), tags }),
  ),
  edit(
    'aws_cloudwatch_log_subscription_filter',
    'filter_pattern',
    (a, v) =>
      logs('PutSubscriptionFilter', {
        logGroupName: text(a.log_group_name),
        filterName: text(a.name),
        filterPattern: v,
        destinationArn: text(a.destination_arn),
        roleArn: text(a.role_arn),
      }),
    'WARN',
  ),
  ...ALARM.map(([attribute, parameter, value]) =>
    edit('aws_cloudwatch_metric_alarm', attribute, (a, v) => alarm(a, { [parameter]: v }), value),
  ),
  ...tagging(['aws_cloudwatch_metric_alarm'], (a, tags) =>
    monitoring('TagResource', { ResourceARN: text(a.arn), Tags: listed(tags) }),
  ),
  edit(
    'aws_cloudwatch_dashboard',
    'dashboard_body',
    (a, v) => monitoring('PutDashboard', { DashboardName: text(a.dashboard_name), DashboardBody: v }),
    JSON.stringify({ widgets: [] }),
  ),
  edit(
    'aws_cloudtrail',
    'include_global_service_events',
    (a, v) => cloudtrail('UpdateTrail', { Name: text(a.name), IncludeGlobalServiceEvents: v }),
    false,
  ),
  ...tagging(['aws_cloudtrail'], (a, tags) =>
    cloudtrail('AddTags', { ResourceId: text(a.arn), TagsList: listed(tags) }),
  ),
  edit(
    'aws_glue_catalog_database',
    'description',
    (a, v) =>
      glue('UpdateDatabase', {
        Name: text(a.name),
        DatabaseInput: { Name: text(a.name), Description: v },
      }),
    'changed',
  ),
  edit(
    'aws_guardduty_detector',
    'finding_publishing_frequency',
    (a, v) =>
      guardduty(
        'UpdateDetector',
        `POST /detector/${a.id}`,
        { enable: true, findingPublishingFrequency: v },
        {
          detectorId: text(a.id),
        },
      ),
    'FIFTEEN_MINUTES',
  ),
];
