// Who made a change, through what, and how sure that is. Pure; reads the identity and evidence fields of one record.
//
// `via`, first match wins: the console mark AWS itself sets · a service acting (for itself or for someone) · a configured
// apply identity or a Terraform user agent · a configured pipeline · console, CLI, SDK by user agent · unknown.
//
// Certainty is about `via`. A user agent is whatever the caller sends, so for what is *trusted* (terraform, pipeline,
// service) it is `high` only where two things agree of which one cannot be forged: the principal is configured and the agent
// says the same; two of identity type, invokedBy, source address and service-linked role name a service. The console mark
// (`sessionCredentialFromConsole`, AwsConsoleAction) is set by AWS and suffices. Console, CLI and SDK gain nothing by being
// forged: `high` when the agent says so and the record holds an access key of the sort they use. All else is `low`.
import type { Actor, Certainty, Json, JsonObject, Via } from '../../schemas/index.ts';
import { isObject } from './path.ts';
import type { CloudtrailRecord } from './record.ts';

interface AttributionOptions {
  /** Principals (`*` matches any run of characters) of deploy pipelines: ARN of the role or user, or its name. */
  pipelines: readonly string[];
  /** Principals that apply Terraform. */
  applyIdentities: readonly string[];
}

type Matcher = (names: readonly string[]) => boolean;
export interface Attribution {
  pipeline: Matcher;
  apply: Matcher;
}

/** Patterns made ready once. */
export const attribution = (options: AttributionOptions): Attribution => ({
  pipeline: matcher(options.pipelines),
  apply: matcher(options.applyIdentities),
});

function matcher(patterns: readonly string[]): Matcher {
  const expressions = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .split('*')
          .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}$`,
        's',
      ),
  );
  return (names) => expressions.some((expression) => names.some((name) => expression.test(name)));
}

/** Terraform as the AWS provider, OpenTofu and Pulumi sign; S3 brackets the whole, old SDKs put it last. */
const INFRASTRUCTURE_CODE =
  /(?:^|[\s[(])(?:HashiCorp[\s-]?Terraform|Terraform|OpenTofu|Pulumi(?:Aws)?|terraform-provider-aws\w*|HashiCorp-terraform-exec)\/v?\d/i;
const CONSOLE_AGENT =
  /(?:\bconsole\.(?:[\w-]+\.)*amazonaws\.com|signin\.amazonaws\.com|^\[?AWSConsole|^\[?aws-internal\/|^\[?AWS ?Internal\]?$|S3Console\/|^\[?Mozilla\/|^\[?AWSCloudShell|console\.aws\.amazon\.com)/i;
const CLI_AGENT = /(?:^|[\s[])(?:aws-cli|aws-shell|saml2aws|AWSPowerShell(?:\.\w+)?|eksctl|awscli)\/\d/i;
const SDK_AGENT =
  /(?:^|[\s[])(?:Boto3?|Botocore|aws-sdk-[\w-]+|AWS-SDK-[\w-]+|aws-sdk|S3Manager|APN\/|custom-lambda|exec-env|amplify|Ruby|Java|okhttp|python-requests|Go-http-client|node-fetch|axios|curl)\/?/i;
const SERVICE_NAME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/;
const SERVICE_ROLE = /\/(?:aws-service-role\/([^/]+)\/)?(AWSServiceRoleFor[^/]*)/;
const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)$/;

const text = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' && value.length <= 2_048 ? value : null;
const inner = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const last = (arn: string | null): string | null => arn?.split(/[/:]/).at(-1) || null;

interface Who {
  principal: string;
  name: string;
  /** Name of the role session; null for what has none. */
  session: string | null;
}

/** The principal and what people call it. */
function whoOf(record: CloudtrailRecord): Who {
  const { identity } = record;
  const type = text(identity.type);
  const arn = text(identity.arn);
  const principalId = text(identity.principalId);
  const context = inner(identity.sessionContext);
  const issuer = inner(context.sessionIssuer);
  const issuerArn = text(issuer.arn);
  const userName = text(identity.userName);
  const invokedBy = text(identity.invokedBy);
  switch (type) {
    case 'Root':
      return {
        principal: arn ?? `root of ${text(identity.accountId) ?? 'unknown'}`,
        name: 'root',
        session: null,
      };
    case 'AssumedRole':
    case 'FederatedUser':
    case 'Role': {
      const session = last(arn) ?? principalId?.split(':')[1] ?? null;
      const principal = issuerArn ?? arn ?? principalId ?? 'unknown';
      return { principal, name: session ?? text(issuer.userName) ?? principal, session };
    }
    case 'AWSService': {
      const service = invokedBy ?? principalId ?? 'unknown';
      return { principal: service, name: service, session: null };
    }
    case 'IdentityCenterUser': {
      const behalf = inner(identity.onBehalfOf);
      const user = text(behalf.userId) ?? principalId ?? userName ?? 'unknown';
      return { principal: user, name: userName ?? user, session: text(identity.credentialId) };
    }
    default: {
      const principal = arn ?? principalId ?? userName ?? text(identity.accountId) ?? invokedBy ?? 'unknown';
      return { principal, name: userName ?? last(arn) ?? principal, session: null };
    }
  }
}

/** The service that made the call, and how many fields AWS itself fills say so. */
function serviceOf(record: CloudtrailRecord, principal: string): { name: string; signs: number } | null {
  const { identity } = record;
  let name: string | null = null;
  let signs = 0;
  const sign = (value: string | null): void => {
    if (value === null) return;
    name ??= value;
    signs++;
  };
  const invokedBy = text(identity.invokedBy);
  // Older console calls name the console's own sign-in there.
  if (invokedBy && !CONSOLE_AGENT.test(invokedBy)) sign(invokedBy);
  if (identity.type === 'AWSService') sign(principal);
  if (record.raw.eventType === 'AwsServiceEvent') sign(record.eventSource);
  if (record.sourceIp && SERVICE_NAME.test(record.sourceIp) && !CONSOLE_AGENT.test(record.sourceIp))
    sign(record.sourceIp);
  const role = SERVICE_ROLE.exec(principal);
  if (role) sign(role[1] ?? role[2] ?? null);
  return name === null ? null : { name, signs };
}

interface Means {
  via: Via;
  certainty: Certainty;
  /** The service that acted, when `via` is that. */
  service: string | null;
}

function viaOf(record: CloudtrailRecord, who: Who, known: Attribution): Means {
  const agent = record.userAgent ?? '';
  const answer = (via: Via, sure: boolean, service: string | null = null): Means => ({
    via,
    certainty: sure ? 'high' : 'low',
    service,
  });
  const service = serviceOf(record, who.principal);
  const clicked =
    record.raw.sessionCredentialFromConsole === 'true' ||
    record.raw.sessionCredentialFromConsole === true ||
    record.raw.eventType === 'AwsConsoleAction';
  // What a service does for someone who clicked is the service's doing, so its own marks come first.
  if (service) return answer('service', service.signs > 1 || clicked, service.name);
  if (clicked) return answer('console', true);

  const names = [
    who.principal,
    last(who.principal) ?? who.principal,
    text(record.identity.arn) ?? who.principal,
  ];
  const code = INFRASTRUCTURE_CODE.test(agent);
  const apply = known.apply(names);
  if (code || apply) return answer('terraform', code && apply);
  if (known.pipeline(names))
    return answer('pipeline', record.identity.type === 'AssumedRole' && agent !== '');
  if (SERVICE_NAME.test(agent) && !CONSOLE_AGENT.test(agent)) return answer('service', false, agent);
  if (CONSOLE_AGENT.test(agent))
    return answer('console', CONSOLE_AGENT.test(text(record.identity.invokedBy) ?? ''));
  const keyed = text(record.identity.accessKeyId) !== null;
  if (CLI_AGENT.test(agent)) return answer('cli', keyed);
  if (SDK_AGENT.test(agent)) return answer('sdk', keyed);
  return answer('unknown', false);
}

/** The actor of one record. */
export function actorOf(record: CloudtrailRecord, known: Attribution): Actor {
  const who = whoOf(record);
  const { via, certainty, service } = viaOf(record, who, known);
  const acting = service !== null && service !== who.name && who.principal !== service;
  return {
    principal: who.principal,
    name:
      service === null
        ? who.name
        : acting && who.principal !== 'unknown'
          ? `${service} for ${who.name}`
          : service,
    via,
    sourceIp: record.sourceIp && IP_ADDRESS.test(record.sourceIp) ? record.sourceIp : null,
    userAgent: record.userAgent,
    session: sessionOf(record, who, via),
    eventIds: [record.eventId],
    operations: [record.eventName],
    certainty,
  };
}

/** A console session changes its access key from page to page, so there the role session groups; elsewhere the key. */
function sessionOf(record: CloudtrailRecord, who: Who, via: Via): string | null {
  const key = text(record.identity.accessKeyId);
  const started = text(inner(inner(record.identity.sessionContext).attributes).creationDate);
  const named = who.session !== null ? `${who.principal}/${who.session}` : null;
  if (via === 'console') return named ?? (started ? `${who.principal}@${started}` : key);
  return key ?? named;
}
