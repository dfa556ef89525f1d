// Edits of queues, topics, streams, rules and schedules. Data.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { type Call, events, firehose, kinesis, scheduler, sns, sqs } from '../cloud.ts';
import { at, edit, listed, type Mutation, tagging, text, toggled, widened } from '../mutation.ts';

const queue = (a: JsonObject, name: string, value: Json): Call =>
  sqs('SetQueueAttributes', {
    QueueUrl: text(a.queue_url ?? a.url),
    Attributes: {
      // moto forgets the policy when another attribute is set.
      ...(a.policy ? { Policy: text(a.policy) } : {}),
      [name]: typeof value === 'string' ? value : JSON.stringify(value),
    },
  });
const topic = (a: JsonObject, name: string, value: Json): Call =>
  sns('SetTopicAttributes', { TopicArn: text(a.arn), AttributeName: name, AttributeValue: value });
const subscription = (a: JsonObject, name: string, value: Json): Call =>
  sns('SetSubscriptionAttributes', {
    SubscriptionArn: text(a.arn),
    AttributeName: name,
    AttributeValue: value,
  });
const stream = (name: string, a: JsonObject, more: JsonObject): Call =>
  kinesis(name, { StreamName: text(a.name), ...more });
const rule = (a: JsonObject, more: JsonObject): Call =>
  events('PutRule', {
    Name: text(a.name),
    Description: text(a.description ?? ''),
    State: 'ENABLED',
    ...(a.schedule_expression ? { ScheduleExpression: text(a.schedule_expression) } : {}),
    ...(a.event_pattern ? { EventPattern: text(a.event_pattern) } : {}),
    ...(a.event_bus_name === 'default' ? {} : { EventBusName: text(a.event_bus_name) }),
    ...more,
  });
const schedule = (a: JsonObject, more: JsonObject): Call => {
  const [target] = a.target as JsonObject[];
  const body = {
    GroupName: text(a.group_name),
    ScheduleExpression: text(a.schedule_expression),
    FlexibleTimeWindow: { Mode: 'OFF' },
    State: 'ENABLED',
    Target: { Arn: target!.arn!, RoleArn: target!.role_arn! },
    ...more,
  };
  const parameters = { name: text(a.name), groupName: text(a.group_name) };
  return {
    ...scheduler('UpdateSchedule', `PUT /schedules/${a.name}`, body, parameters),
    answered: { scheduleArn: text(a.arn) },
  };
};
const WITHOUT_CHILD = at('aws_sqs_queue.inline', 'aws_sqs_queue.dead', 'aws_sqs_queue.plain[2]');
const QUEUE_NUMBERS: [attribute: string, name: string, value: Json][] = [
  ['visibility_timeout_seconds', 'VisibilityTimeout', 5],
  ['delay_seconds', 'DelaySeconds', 7],
  ['max_message_size', 'MaximumMessageSize', 2048],
  ['message_retention_seconds', 'MessageRetentionPeriod', 3600],
  ['receive_wait_time_seconds', 'ReceiveMessageWaitTimeSeconds', 11],
];

export const MESSAGING: readonly Mutation[] = [
  ...QUEUE_NUMBERS.map(([attribute, name, value]) =>
    edit('aws_sqs_queue', attribute, (a, v) => queue(a, name, v), value, { fits: WITHOUT_CHILD }),
  ),
  toggled(
    'aws_sqs_queue',
    'policy',
    (a) => queue(a, 'Policy', widened(a.policy)),
    (a) => queue(a, 'Policy', a.policy!),
    { fits: at('aws_sqs_queue.inline') },
  ),
  toggled(
    'aws_sqs_queue_policy',
    'policy',
    (a) => queue(a, 'Policy', widened(a.policy)),
    (a) => queue(a, 'Policy', a.policy!),
  ),
  toggled(
    'aws_sqs_queue',
    'redrive_policy',
    (a) => queue(a, 'RedrivePolicy', text(a.redrive_policy).replace(/5}$/, '9}')),
    (a) => queue(a, 'RedrivePolicy', a.redrive_policy!),
    { fits: at('aws_sqs_queue.plain[2]') },
  ),
  ...tagging(['aws_sqs_queue'], (a, tags) => sqs('TagQueue', { QueueUrl: text(a.url), Tags: tags })),
  edit('aws_sns_topic', 'display_name', (a, v) => topic(a, 'DisplayName', v ?? ''), 'changed'),
  edit('aws_sns_topic', 'kms_master_key_id', (a, v) => topic(a, 'KmsMasterKeyId', v ?? ''), 'alias/aws/sns'),
  ...['aws_sns_topic', 'aws_sns_topic_policy'].map((type) =>
    toggled(
      type,
      'policy',
      (a) => topic(a, 'Policy', widened(a.policy)),
      (a) => topic(a, 'Policy', a.policy!),
      { fits: at('aws_sns_topic.inline', 'aws_sns_topic_policy') },
    ),
  ),
  ...tagging(['aws_sns_topic'], (a, tags) =>
    sns('TagResource', { ResourceArn: text(a.arn), Tags: listed(tags) }),
  ),
  edit(
    'aws_sns_topic_subscription',
    'raw_message_delivery',
    (a, v) => subscription(a, 'RawMessageDelivery', v),
    true,
  ),
  edit(
    'aws_sns_topic_subscription',
    'filter_policy',
    (a, v) => subscription(a, 'FilterPolicy', v),
    JSON.stringify({ kind: ['order'] }),
  ),
  toggled(
    'aws_kinesis_stream',
    'retention_period',
    (a) => stream('IncreaseStreamRetentionPeriod', a, { RetentionPeriodHours: 72 }),
    (a) => stream('DecreaseStreamRetentionPeriod', a, { RetentionPeriodHours: 48 }),
  ),
  toggled(
    'aws_kinesis_stream',
    'shard_level_metrics',
    (a) => stream('EnableEnhancedMonitoring', a, { ShardLevelMetrics: ['IncomingBytes'] }),
    (a) => stream('DisableEnhancedMonitoring', a, { ShardLevelMetrics: ['IncomingBytes'] }),
  ),
  ...tagging(['aws_kinesis_stream'], (a, tags) => stream('AddTagsToStream', a, { Tags: tags })),
  edit(
    'aws_kinesis_firehose_delivery_stream',
    'extended_s3_configuration',
    (a, v) =>
      firehose('UpdateDestination', {
        DeliveryStreamName: text(a.name),
        CurrentDeliveryStreamVersionId: v === 60 ? '1' : '2',
        DestinationId: text(a.destination_id),
        ExtendedS3DestinationUpdate: { BufferingHints: { IntervalInSeconds: v, SizeInMBs: 5 } },
      }),
    60,
    { was: () => 300 },
  ),
  ...tagging(['aws_kinesis_firehose_delivery_stream'], (a, tags) =>
    firehose('TagDeliveryStream', { DeliveryStreamName: text(a.name), Tags: listed(tags) }),
  ),
  edit('aws_cloudwatch_event_rule', 'description', (a, v) => rule(a, { Description: v ?? '' }), 'changed', {
    fits: at('aws_cloudwatch_event_rule.main'),
  }),
  edit(
    'aws_cloudwatch_event_rule',
    'schedule_expression',
    (a, v) => rule(a, { ScheduleExpression: v }),
    'rate(5 minutes)',
    { fits: at('aws_cloudwatch_event_rule.main') },
  ),
  edit('aws_cloudwatch_event_rule', 'state', (a, v) => rule(a, { State: v }), 'DISABLED'),
  edit(
    'aws_cloudwatch_event_rule',
    'event_pattern',
    (a, v) => rule(a, { EventPattern: v }),
    JSON.stringify({ source: ['aws.s3'] }),
    { fits: at('aws_cloudwatch_event_rule.pattern') },
  ),
  ...tagging(['aws_cloudwatch_event_rule', 'aws_cloudwatch_event_bus'], (a, tags) =>
    events('TagResource', { ResourceARN: text(a.arn), Tags: listed(tags) }),
  ),
  edit(
    'aws_cloudwatch_event_target',
    'input',
    (a, v) =>
      events('PutTargets', {
        Rule: text(a.rule),
        Targets: [{ Id: text(a.target_id), Arn: text(a.arn), Input: v }],
      }),
    JSON.stringify({ run: 'always' }),
  ),
  edit(
    'aws_scheduler_schedule',
    'schedule_expression',
    (a, v) => schedule(a, { ScheduleExpression: v }),
    'rate(5 minutes)',
  ),
  edit('aws_scheduler_schedule', 'state', (a, v) => schedule(a, { State: v }), 'DISABLED'),
];
