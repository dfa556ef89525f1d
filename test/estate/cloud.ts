// AWS's own interfaces, spoken to moto's server: the four protocols of its services, and what CloudTrail would tell of a call.
import type { Json, JsonObject } from '../../schemas/index.ts';

/** One call: how it is sent, and what a feed says of it. */
export interface Call {
  /** The name of the service in signatures and, before `.amazonaws.com`, in a feed. */
  service: string;
  name: string;
  /** `requestParameters` of the record. */
  parameters: JsonObject;
  /** `responseElements` of the record, where its target is only told there. */
  answered?: JsonObject;
  request: { method: string; path: string; headers: Record<string, string>; body: string };
}

/** Sends it; throws with what the cloud said against it. */
export async function send(url: string, { service, name, request }: Call): Promise<string> {
  const { method, path, headers, body } = request;
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20000101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization, ...headers },
    ...(method === 'GET' || body === '' ? {} : { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${name}: ${response.status} ${text.slice(0, 600)}`);
  return text;
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Feeds spell the first letter of a member small, and leave the rest as it is. */
export function spelled(value: Json): Json {
  if (Array.isArray(value)) return value.map(spelled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name[0]!.toLowerCase() + name.slice(1), spelled(member)]),
  );
}

/** Nested parameters as the flat names of a form. EC2 numbers the elements of a list, the others put `member` before. */
function flat(value: Json, prefix: string, member: string, into: URLSearchParams): URLSearchParams {
  if (Array.isArray(value))
    value.forEach((one, i) => {
      flat(one, `${prefix}${member}.${i + 1}`, member, into);
    });
  else if (value !== null && typeof value === 'object')
    for (const [name, one] of Object.entries(value))
      flat(one, prefix === '' ? name : `${prefix}.${name}`, member, into);
  else into.set(prefix, String(value));
  return into;
}

/** Of services that take forms and answer in XML. */
export const form =
  (service: string, version: string, member = '.member') =>
  (name: string, parameters: JsonObject, told: JsonObject = {}): Call => ({
    service,
    name,
    parameters: { ...(spelled(parameters) as JsonObject), ...told },
    request: {
      method: 'POST',
      path: '/',
      headers: FORM,
      body: flat(parameters, '', member, new URLSearchParams({ Action: name, Version: version })).toString(),
    },
  });

/** Of services that take JSON and tell the operation in a header. */
export const target =
  (service: string, prefix: string, version = '1.1') =>
  (name: string, parameters: JsonObject, answered?: JsonObject): Call => ({
    service,
    name,
    parameters: spelled(parameters) as JsonObject,
    ...(answered ? { answered } : {}),
    request: {
      method: 'POST',
      path: '/',
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${prefix}.${name}` },
      body: JSON.stringify(parameters),
    },
  });

/** Of services with resources under paths; `body` is JSON, or XML as it stands. */
export const rest =
  (service: string) =>
  (name: string, at: string, body: JsonObject | string | null, parameters: JsonObject): Call => {
    const [method, path] = at.split(' ') as [string, string];
    const text = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'application/xml' : 'application/json';
    return {
      service,
      name,
      parameters,
      request: { method, path, headers: { 'content-type': type }, body: text },
    };
  };

export const ec2 = form('ec2', '2016-11-15', '');
export const iam = form('iam', '2010-05-08');
export const sns = form('sns', '2010-03-31');
export const elb = form('elasticloadbalancing', '2012-06-01');
export const elbv2 = form('elasticloadbalancing', '2015-12-01');
export const autoscaling = form('autoscaling', '2011-01-01');
export const monitoring = form('monitoring', '2010-08-01');
// Its lists have names for their elements, which parameters give.
export const rds = form('rds', '2014-10-31', '');
export const sqs = target('sqs', 'AmazonSQS', '1.0');
export const dynamodb = target('dynamodb', 'DynamoDB_20120810', '1.0');
export const kms = target('kms', 'TrentService');
export const secrets = target('secretsmanager', 'secretsmanager');
export const ecr = target('ecr', 'AmazonEC2ContainerRegistry_V20150921');
export const ecs = target('ecs', 'AmazonEC2ContainerServiceV20141113');
export const logs = target('logs', 'Logs_20140328');
export const events = target('events', 'AWSEvents');
export const kinesis = target('kinesis', 'Kinesis_20131202');
export const firehose = target('firehose', 'Firehose_20150804');
export const glue = target('glue', 'AWSGlue');
export const states = target('states', 'AWSStepFunctions', '1.0');
export const cloudtrail = target('cloudtrail', 'CloudTrail_20131101');
export const wafv2 = target('wafv2', 'AWSWAF_20190729');
export const cognito = target('cognito-idp', 'AWSCognitoIdentityProviderService');
export const acm = target('acm', 'CertificateManager');
export const s3 = rest('s3');
export const lambda = rest('lambda');
export const route53 = rest('route53');
export const efs = rest('elasticfilesystem');
export const apigateway = rest('apigateway');
export const scheduler = rest('scheduler');
export const guardduty = rest('guardduty');
