// Edits of names, load balancers and interfaces to the outside. Data.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { acm, apigateway, type Call, elb, elbv2, route53, wafv2 } from '../cloud.ts';
import { at, block, edit, listed, type Mutation, tagging, text } from '../mutation.ts';

/** A record set of the zone, whole: there is no call that changes a part of one. */
function record(a: JsonObject, more: { ttl?: Json; records?: Json; evaluate?: Json }): Call {
  const { ttl = a.ttl!, records = a.records!, evaluate } = more;
  const alias = block(a, 'alias');
  const quote = (value: Json): string => (a.type === 'TXT' ? `&quot;${value}&quot;` : text(value));
  const body =
    evaluate === undefined
      ? `<TTL>${ttl}</TTL><ResourceRecords>${(records as Json[])
          .map((one) => `<ResourceRecord><Value>${quote(one)}</Value></ResourceRecord>`)
          .join('')}</ResourceRecords>`
      : `<AliasTarget><HostedZoneId>${alias.zone_id}</HostedZoneId><DNSName>${alias.name}</DNSName><EvaluateTargetHealth>${evaluate}</EvaluateTargetHealth></AliasTarget>`;
  return route53(
    'ChangeResourceRecordSets',
    `POST /2013-04-01/hostedzone/${a.zone_id}/rrset/`,
    `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>${a.fqdn}</Name><Type>${a.type}</Type>${body}</ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`,
    {
      hostedZoneId: text(a.zone_id),
      changeBatch: {
        changes: [{ action: 'UPSERT', resourceRecordSet: { name: text(a.fqdn), type: text(a.type) } }],
      },
    },
  );
}
const LB: [attribute: string, key: string, value: Json][] = [
  ['idle_timeout', 'idle_timeout.timeout_seconds', 99],
  ['enable_deletion_protection', 'deletion_protection.enabled', true],
  ['enable_http2', 'routing.http2.enabled', false],
  ['drop_invalid_header_fields', 'routing.http.drop_invalid_header_fields.enabled', true],
];
const TARGETS: [attribute: string, key: string, value: Json][] = [
  ['deregistration_delay', 'deregistration_delay.timeout_seconds', '77'],
  ['slow_start', 'slow_start.duration_seconds', 55],
];
const target = (a: JsonObject, more: JsonObject): Call =>
  elbv2('ModifyTargetGroup', { TargetGroupArn: text(a.arn), ...more });
const check = (a: JsonObject, more: Record<string, Json>): Call => {
  const values: Record<string, Json> = {
    ResourcePath: text(a.resource_path),
    FailureThreshold: a.failure_threshold!,
    ...more,
  };
  return route53(
    'UpdateHealthCheck',
    `POST /2013-04-01/healthcheck/${a.id}`,
    `<UpdateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">${Object.entries(values)
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('')}</UpdateHealthCheckRequest>`,
    { healthCheckId: text(a.id) },
  );
};
export const EDGE: readonly Mutation[] = [
  edit('aws_route53_record', 'ttl', (a, v) => record(a, { ttl: v }), 61, {
    fits: at('aws_route53_record.plain', 'aws_route53_record.text'),
  }),
  edit('aws_route53_record', 'records', (a, v) => record(a, { records: v }), ['192.0.2.99'], {
    fits: at('aws_route53_record.plain'),
  }),
  edit('aws_route53_record', 'records', (a, v) => record(a, { records: v }), ['three=3'], {
    fits: at('aws_route53_record.text'),
  }),
  edit('aws_route53_record', 'alias', (a, v) => record(a, { evaluate: v }), false, {
    was: () => true,
    fits: at('aws_route53_record.alias'),
  }),
  edit(
    'aws_route53_zone',
    'comment',
    (a, v) =>
      route53(
        'UpdateHostedZoneComment',
        `POST /2013-04-01/hostedzone/${a.zone_id}`,
        `<UpdateHostedZoneCommentRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Comment>${v}</Comment></UpdateHostedZoneCommentRequest>`,
        { id: text(a.zone_id), comment: v },
      ),
    'changed',
  ),
  ...tagging(['aws_route53_zone', 'aws_route53_health_check'], (a, tags) => {
    const kind = a.zone_id ? 'hostedzone' : 'healthcheck';
    return route53(
      'ChangeTagsForResource',
      `POST /2013-04-01/tags/${kind}/${a.id}`,
      `<ChangeTagsForResourceRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><AddTags>${listed(
        tags,
      )
        .map(({ Key, Value }) => `<Tag><Key>${Key}</Key><Value>${Value}</Value></Tag>`)
        .join('')}</AddTags></ChangeTagsForResourceRequest>`,
      { resourceType: kind, resourceId: text(a.id) },
    );
  }),
  edit('aws_route53_health_check', 'failure_threshold', (a, v) => check(a, { FailureThreshold: v }), 5),
  edit('aws_route53_health_check', 'resource_path', (a, v) => check(a, { ResourcePath: v }), '/changed'),
  ...LB.map(([attribute, key, value]) =>
    edit(
      'aws_lb',
      attribute,
      (a, v) =>
        elbv2('ModifyLoadBalancerAttributes', {
          LoadBalancerArn: text(a.arn),
          Attributes: [{ Key: key, Value: String(v) }],
        }),
      value,
    ),
  ),
  ...tagging(['aws_lb', 'aws_lb_target_group', 'aws_lb_listener', 'aws_lb_listener_rule'], (a, tags) =>
    elbv2('AddTags', { ResourceArns: [text(a.arn)], Tags: listed(tags) }),
  ),
  ...TARGETS.map(([attribute, key, value]) =>
    edit(
      'aws_lb_target_group',
      attribute,
      (a, v) =>
        elbv2('ModifyTargetGroupAttributes', {
          TargetGroupArn: text(a.arn),
          Attributes: [{ Key: key, Value: String(v) }],
        }),
      value,
    ),
  ),
  edit('aws_lb_target_group', 'health_check', (a, v) => target(a, { HealthCheckPath: v }), '/changed', {
    was: (a) => block(a, 'health_check').path!,
  }),
  edit('aws_lb_target_group', 'health_check', (a, v) => target(a, { HealthCheckIntervalSeconds: v }), 77, {
    was: (a) => block(a, 'health_check').interval!,
  }),
  edit(
    'aws_lb_listener',
    'port',
    (a, v) => elbv2('ModifyListener', { ListenerArn: text(a.arn), Port: v }),
    8080,
  ),
  edit(
    'aws_lb_listener_rule',
    'priority',
    (a, v) => elbv2('SetRulePriorities', { RulePriorities: [{ RuleArn: text(a.arn), Priority: v }] }),
    77,
    // Two rules of a listener cannot have the same.
    { fits: at('aws_lb_listener_rule.main[0]') },
  ),
  edit(
    'aws_lb_listener_rule',
    'condition',
    (a, v) =>
      elbv2('ModifyRule', {
        RuleArn: text(a.arn),
        Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: v } }],
      }),
    ['/changed/*'],
    { was: (a) => block(a, 'condition', 'path_pattern').values! },
  ),
  edit(
    'aws_elb',
    'health_check',
    (a, v) =>
      elb('ConfigureHealthCheck', {
        LoadBalancerName: text(a.name),
        HealthCheck: {
          HealthyThreshold: 2,
          UnhealthyThreshold: 2,
          Timeout: 3,
          Target: 'HTTP:80/',
          Interval: v,
        },
      }),
    60,
    { was: () => 30 },
  ),
  edit(
    'aws_elb',
    'idle_timeout',
    (a, v) =>
      elb('ModifyLoadBalancerAttributes', {
        LoadBalancerName: text(a.name),
        LoadBalancerAttributes: { ConnectionSettings: { IdleTimeout: v } },
      }),
    99,
  ),
  ...tagging(['aws_elb'], (a, tags) =>
    elb('AddTags', { LoadBalancerNames: [text(a.name)], Tags: listed(tags) }),
  ),
  edit(
    'aws_api_gateway_rest_api',
    'description',
    (a, v) =>
      apigateway(
        'UpdateRestApi',
        `PATCH /restapis/${a.id}`,
        { patchOperations: [{ op: 'replace', path: '/description', value: v }] },
        { restApiId: text(a.id) },
      ),
    'changed',
  ),
  ...(['description', 'name'] as const).map((name) =>
    edit(
      'aws_apigatewayv2_api',
      name,
      (a, v) => apigateway('UpdateApi', `PATCH /v2/apis/${a.id}`, { [name]: v }, { apiId: text(a.id) }),
      'changed',
    ),
  ),
  ...tagging(['aws_apigatewayv2_api'], (a, tags) =>
    apigateway(
      'TagResource',
      `POST /v2/tags/${encodeURIComponent(text(a.arn))}`,
      { tags },
      { resourceArn: text(a.arn) },
    ),
  ),
  ...tagging(['aws_wafv2_ip_set', 'aws_wafv2_web_acl'], (a, tags) =>
    wafv2('TagResource', { ResourceARN: text(a.arn), Tags: listed(tags) }),
  ),
  ...tagging(['aws_acm_certificate'], (a, tags) =>
    acm('AddTagsToCertificate', { CertificateArn: text(a.arn), Tags: listed(tags) }),
  ),
];
